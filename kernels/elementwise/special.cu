// kernels/elementwise/special.cu
// The elementwise ops of gpugrad/ops/special.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The error function.
template <typename T> GG_FN T erf(T input) {
  return gg::erf(input);
}

// Saves input.
template <typename T> GG_FN T erf_vjp(T g, T input) {
  return (g * gg::exp(-(input * input))) * T(1.1283791670955126);
}

// 1 - erf(input) without cancellation.
template <typename T> GG_FN T erfc(T input) {
  return gg::erfc(input);
}

// Saves input.
template <typename T> GG_FN T erfc_vjp(T g, T input) {
  return (g * gg::exp(-(input * input))) * T(-1.1283791670955126);
}

// Inverse of erf; infinite at -1 and 1.
template <typename T> GG_FN T erfinv(T input) {
  return gg::erfinv(input);
}

// Saves result.
template <typename T> GG_FN T erfinv_vjp(T g, T y) {
  return (g * gg::exp(y * y)) * T(0.8862269254527579);
}

// Logarithm of the absolute value of the gamma function.
template <typename T> GG_FN T lgamma(T input) {
  return gg::lgamma(input);
}

// Saves input.
template <typename T> GG_FN T lgamma_vjp(T g, T input) {
  return g * gg::digamma(input);
}

// Derivative of lgamma.
template <typename T> GG_FN T digamma(T input) {
  return gg::digamma(input);
}

// Saves input.
template <typename T> GG_FN T digamma_vjp(T g, T input) {
  return g * gg::zeta(T(2), input);
}

// scale times Hurwitz's zeta function of that order.
template <typename T> GG_FN T scaled_zeta(T input, T order, T scale) {
  return scale * gg::zeta(order, input);
}

// Saves input.
template <typename T> GG_FN T scaled_zeta_vjp(T g, T input, T order, T scale) {
  return -(g * ((scale * order) * gg::zeta(order + T(1), input)));
}

// sin(pi x) / (pi x), 1 at 0.
template <typename T> GG_FN T sinc(T input) {
  const T t0 = input * T(3.141592653589793);
  return (input == T(0)) ? T(1) : (gg::sin(t0) / t0);
}

// Saves input.
template <typename T> GG_FN T sinc_vjp(T g, T input) {
  const T t0 = input * T(3.141592653589793);
  const T t1 = ((g / t0) * (gg::cos(t0) - (gg::sin(t0) / t0))) * T(3.141592653589793);
  return (input == T(0)) ? T(0) : t1;
}

// log(x / (1 - x)).
template <typename T> GG_FN T plain_logit(T input) {
  return gg::log(input) - gg::log1p(-input);
}

// Saves input.
template <typename T> GG_FN T plain_logit_vjp(T g, T input) {
  return (g / (T(1) - input)) + (g / input);
}

// log(x / (1 - x)) of x clamped to eps..1-eps.
template <typename T> GG_FN T clamped_logit(T input, T eps) {
  const T t0 = gg::minimum(gg::maximum(input, eps), T(1) - eps);
  return gg::log(t0 / (T(1) - t0));
}

// Saves input.
template <typename T> GG_FN T clamped_logit_vjp(T g, T input, T eps) {
  const T t0 = T(1) - eps;
  const T t1 = gg::minimum(gg::maximum(input, eps), t0);
  const T t2 = T(1) - t1;
  const T t3 = t1 / t2;
  const T t4 = (g / t3) / t2;
  return ((input >= eps) && (input <= t0)) ? (t4 + (t4 * t3)) : T(0);
}

}  // namespace op
}  // namespace gg

// kernels/elementwise/elementary.cu
// The elementwise ops of gpugrad/ops/elementary.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// e to the power of each element.
template <typename T> GG_FN T exp(T input) {
  return gg::exp(input);
}

// Saves result.
template <typename T> GG_FN T exp_vjp(T g, T y) {
  return g * y;
}

// 2 to the power of each element.
template <typename T> GG_FN T exp2(T input) {
  return gg::exp2(input);
}

// Saves result.
template <typename T> GG_FN T exp2_vjp(T g, T y) {
  return (g * y) * T(0.6931471805599453);
}

// exp(input) - 1, exact for small elements.
template <typename T> GG_FN T expm1(T input) {
  return gg::expm1(input);
}

// Saves result.
template <typename T> GG_FN T expm1_vjp(T g, T y) {
  return g * (y + T(1));
}

// Natural logarithm; -inf at 0, NaN below.
template <typename T> GG_FN T log(T input) {
  return gg::log(input);
}

// Saves input.
template <typename T> GG_FN T log_vjp(T g, T input) {
  return g / input;
}

// Logarithm to base 2.
template <typename T> GG_FN T log2(T input) {
  return gg::log2(input);
}

// Saves input.
template <typename T> GG_FN T log2_vjp(T g, T input) {
  return g / (input * T(0.6931471805599453));
}

// Logarithm to base 10.
template <typename T> GG_FN T log10(T input) {
  return gg::log10(input);
}

// Saves input.
template <typename T> GG_FN T log10_vjp(T g, T input) {
  return g / (input * T(2.302585092994046));
}

// log(1 + input), exact for small elements.
template <typename T> GG_FN T log1p(T input) {
  return gg::log1p(input);
}

// Saves input.
template <typename T> GG_FN T log1p_vjp(T g, T input) {
  return g / (input + T(1));
}

// log(exp(input) + exp(other)) without overflow.
template <typename T> GG_FN T logaddexp(T input, T other) {
  return gg::logaddexp(input, other);
}

// Saves input, other.
template <typename T> GG_FN void logaddexp_vjp(T g, T input, T other, T& o0, T& o1) {
  o0 = g * gg::sigmoid(input - other);
  o1 = g * gg::sigmoid(other - input);
}

// Saves input, other.
template <typename T> GG_FN T logaddexp_vjp_input(T g, T input, T other) {
  return g * gg::sigmoid(input - other);
}

// Saves input, other.
template <typename T> GG_FN T logaddexp_vjp_other(T g, T input, T other) {
  return g * gg::sigmoid(other - input);
}

// log2(2**input + 2**other) without overflow.
template <typename T> GG_FN T logaddexp2(T input, T other) {
  return gg::logaddexp2(input, other);
}

// Saves input, other.
template <typename T> GG_FN void logaddexp2_vjp(T g, T input, T other, T& o0, T& o1) {
  o0 = g * gg::sigmoid((input - other) * T(0.6931471805599453));
  o1 = g * gg::sigmoid((other - input) * T(0.6931471805599453));
}

// Saves input, other.
template <typename T> GG_FN T logaddexp2_vjp_input(T g, T input, T other) {
  return g * gg::sigmoid((input - other) * T(0.6931471805599453));
}

// Saves input, other.
template <typename T> GG_FN T logaddexp2_vjp_other(T g, T input, T other) {
  return g * gg::sigmoid((other - input) * T(0.6931471805599453));
}

// input * log(other), 0 where input is 0.
template <typename T> GG_FN T xlogy(T input, T other) {
  return gg::xlogy(input, other);
}

// Saves input, other.
template <typename T> GG_FN void xlogy_vjp(T g, T input, T other, T& o0, T& o1) {
  o0 = ((input == T(0)) && (other <= T(0))) ? T(0) : gg::xlogy(g, other);
  o1 = (g * input) / other;
}

// Saves input, other.
template <typename T> GG_FN T xlogy_vjp_input(T g, T input, T other) {
  return ((input == T(0)) && (other <= T(0))) ? T(0) : gg::xlogy(g, other);
}

// Saves input, other.
template <typename T> GG_FN T xlogy_vjp_other(T g, T input, T other) {
  return (g * input) / other;
}

// Square root; its derivative at 0 is infinite.
template <typename T> GG_FN T sqrt(T input) {
  return gg::sqrt(input);
}

// Saves result.
template <typename T> GG_FN T sqrt_vjp(T g, T y) {
  return g / (T(2) * y);
}

// 1 / sqrt(input).
template <typename T> GG_FN T rsqrt(T input) {
  return gg::rsqrt(input);
}

// Saves result.
template <typename T> GG_FN T rsqrt_vjp(T g, T y) {
  return (T(-0.5) * g) * ((y * y) * y);
}

// sqrt(input**2 + other**2) without overflow on the way.
template <typename T> GG_FN T hypot(T input, T other) {
  return gg::hypot(input, other);
}

// Saves input, other.
template <typename T> GG_FN void hypot_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = gg::hypot(input, other);
  o0 = g * (input / t0);
  o1 = g * (other / t0);
}

// Saves input, other.
template <typename T> GG_FN T hypot_vjp_input(T g, T input, T other) {
  return g * (input / gg::hypot(input, other));
}

// Saves input, other.
template <typename T> GG_FN T hypot_vjp_other(T g, T input, T other) {
  return g * (other / gg::hypot(input, other));
}

// Sine of an angle in radians.
template <typename T> GG_FN T sin(T input) {
  return gg::sin(input);
}

// Saves input.
template <typename T> GG_FN T sin_vjp(T g, T input) {
  return g * gg::cos(input);
}

// Cosine of an angle in radians.
template <typename T> GG_FN T cos(T input) {
  return gg::cos(input);
}

// Saves input.
template <typename T> GG_FN T cos_vjp(T g, T input) {
  return -(g * gg::sin(input));
}

// Tangent of an angle in radians.
template <typename T> GG_FN T tan(T input) {
  return gg::tan(input);
}

// Saves result.
template <typename T> GG_FN T tan_vjp(T g, T y) {
  return g * ((y * y) + T(1));
}

// Inverse of the sine; NaN outside -1..1.
template <typename T> GG_FN T asin(T input) {
  return gg::asin(input);
}

// Saves input.
template <typename T> GG_FN T asin_vjp(T g, T input) {
  return g * gg::rsqrt(T(1) - (input * input));
}

// Inverse of the cosine; NaN outside -1..1.
template <typename T> GG_FN T acos(T input) {
  return gg::acos(input);
}

// Saves input.
template <typename T> GG_FN T acos_vjp(T g, T input) {
  return -(g * gg::rsqrt(T(1) - (input * input)));
}

// Inverse of the tangent.
template <typename T> GG_FN T atan(T input) {
  return gg::atan(input);
}

// Saves input.
template <typename T> GG_FN T atan_vjp(T g, T input) {
  return g / ((input * input) + T(1));
}

// Angle of the point (other, input); its gradient at the origin is 0.
template <typename T> GG_FN T atan2(T input, T other) {
  return gg::atan2(input, other);
}

// Saves input, other.
template <typename T> GG_FN void atan2_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = (input * input) + (other * other);
  const bool t1 = t0 == T(0);
  o0 = t1 ? T(0) : (g * (other / t0));
  o1 = -(t1 ? T(0) : (g * (input / t0)));
}

// Saves input, other.
template <typename T> GG_FN T atan2_vjp_input(T g, T input, T other) {
  const T t0 = (input * input) + (other * other);
  return (t0 == T(0)) ? T(0) : (g * (other / t0));
}

// Saves input, other.
template <typename T> GG_FN T atan2_vjp_other(T g, T input, T other) {
  const T t0 = (input * input) + (other * other);
  return -((t0 == T(0)) ? T(0) : (g * (input / t0)));
}

// Hyperbolic sine.
template <typename T> GG_FN T sinh(T input) {
  return gg::sinh(input);
}

// Saves input.
template <typename T> GG_FN T sinh_vjp(T g, T input) {
  return g * gg::cosh(input);
}

// Hyperbolic cosine.
template <typename T> GG_FN T cosh(T input) {
  return gg::cosh(input);
}

// Saves input.
template <typename T> GG_FN T cosh_vjp(T g, T input) {
  return g * gg::sinh(input);
}

// Hyperbolic tangent.
template <typename T> GG_FN T tanh(T input) {
  return gg::tanh(input);
}

// Saves result.
template <typename T> GG_FN T tanh_vjp(T g, T y) {
  return g * (T(1) - (y * y));
}

// Inverse of the hyperbolic sine.
template <typename T> GG_FN T asinh(T input) {
  return gg::asinh(input);
}

// Saves input.
template <typename T> GG_FN T asinh_vjp(T g, T input) {
  return g * gg::rsqrt((input * input) + T(1));
}

// Inverse of the hyperbolic cosine; NaN below 1.
template <typename T> GG_FN T acosh(T input) {
  return gg::acosh(input);
}

// Saves input.
template <typename T> GG_FN T acosh_vjp(T g, T input) {
  return g * gg::rsqrt((input * input) - T(1));
}

// Inverse of the hyperbolic tangent; infinite at -1 and 1.
template <typename T> GG_FN T atanh(T input) {
  return gg::atanh(input);
}

// Saves input.
template <typename T> GG_FN T atanh_vjp(T g, T input) {
  return g / (T(1) - (input * input));
}

}  // namespace op
}  // namespace gg

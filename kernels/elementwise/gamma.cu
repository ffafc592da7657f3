// kernels/elementwise/gamma.cu
// The elementwise ops of gpugrad/ops/gamma.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The lower incomplete gamma function, on arrays.
template <typename T> GG_FN T gamma_below(T input, T other) {
  return gg::gammainc(input, other);
}

// The upper incomplete gamma function, on arrays.
template <typename T> GG_FN T gamma_above(T input, T other) {
  return gg::gammaincc(input, other);
}

// other**(input - 1) * exp(-other) / gamma(input).
template <typename T> GG_FN T gamma_density(T input, T other) {
  const T t0 = (((input - T(1)) * gg::log(other)) - other) - gg::lgamma(input);
  return gg::exp(t0);
}

// Saves input, other.
template <typename T> GG_FN void gamma_density_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = input - T(1);
  const T t1 = gg::log(other);
  const T t2 = g * gg::exp(((t0 * t1) - other) - gg::lgamma(input));
  o0 = (t2 * t1) - (t2 * gg::digamma(input));
  o1 = ((t2 * t0) / other) - t2;
}

// Saves input, other.
template <typename T> GG_FN T gamma_density_vjp_input(T g, T input, T other) {
  const T t0 = gg::log(other);
  const T t1 = gg::exp((((input - T(1)) * t0) - other) - gg::lgamma(input)) * (t0 - gg::digamma(input));
  return g * t1;
}

// Saves input, other.
template <typename T> GG_FN T gamma_density_vjp_other(T g, T input, T other) {
  const T t0 = input - T(1);
  const T t1 = g * gg::exp(((t0 * gg::log(other)) - other) - gg::lgamma(input));
  return ((t1 * t0) / other) - t1;
}

// Hurwitz's zeta function, on arrays.
template <typename T> GG_FN T zeta_of(T input, T other) {
  return gg::zeta(input, other);
}

}  // namespace op
}  // namespace gg

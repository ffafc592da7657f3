// kernels/elementwise/bessel.cu
// The elementwise ops of gpugrad/ops/bessel.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// Modified, first kind, order 0.
template <typename T> GG_FN T i0(T input) {
  return gg::i0(input);
}

// Saves input.
template <typename T> GG_FN T i0_vjp(T g, T input) {
  return g * gg::i1(input);
}

// exp(-abs(input)) * i0(input).
template <typename T> GG_FN T i0e(T input) {
  return gg::i0e(input);
}

// Saves input.
template <typename T> GG_FN T i0e_vjp(T g, T input) {
  return g * (gg::i1e(input) - (gg::sign(input) * gg::i0e(input)));
}

// Modified, first kind, order 1.
template <typename T> GG_FN T i1(T input) {
  return gg::i1(input);
}

// Saves input.
template <typename T> GG_FN T i1_vjp(T g, T input) {
  const T t0 = (input == T(0)) ? T(0.5) : (gg::i0(input) - (gg::i1(input) / input));
  return g * t0;
}

// exp(-abs(input)) * i1(input).
template <typename T> GG_FN T i1e(T input) {
  return gg::i1e(input);
}

// Saves input.
template <typename T> GG_FN T i1e_vjp(T g, T input) {
  const T t0 = gg::i0e(input) - (gg::i1e(input) * (gg::sign(input) + gg::reciprocal(input)));
  return g * ((input == T(0)) ? T(0.5) : t0);
}

// sin(input) / input, 1 at 0 and 0 at infinity.
template <typename T> GG_FN T spherical_bessel_j0(T input) {
  return gg::isinf(input) ? T(0) : ((input == T(0)) ? T(1) : (gg::sin(input) / input));
}

// Saves input.
template <typename T> GG_FN T spherical_bessel_j0_vjp(T g, T input) {
  const T t0 = (input == T(0)) ? T(0) : ((g / input) * (gg::cos(input) - (gg::sin(input) / input)));
  return gg::isinf(input) ? T(0) : t0;
}

// First kind, order 0; no gradient.
template <typename T> GG_FN T bessel_j0(T input) {
  return gg::bessel_j0(input);
}

// First kind, order 1; no gradient.
template <typename T> GG_FN T bessel_j1(T input) {
  return gg::bessel_j1(input);
}

// Second kind, order 0; no gradient.
template <typename T> GG_FN T bessel_y0(T input) {
  return gg::bessel_y0(input);
}

// Second kind, order 1; no gradient.
template <typename T> GG_FN T bessel_y1(T input) {
  return gg::bessel_y1(input);
}

// Modified, second kind, order 0; no gradient.
template <typename T> GG_FN T modified_bessel_k0(T input) {
  return gg::modified_bessel_k0(input);
}

// Modified, second kind, order 1; no gradient.
template <typename T> GG_FN T modified_bessel_k1(T input) {
  return gg::modified_bessel_k1(input);
}

// exp(input) * modified_bessel_k0(input); no gradient.
template <typename T> GG_FN T scaled_modified_bessel_k0(T input) {
  return gg::scaled_modified_bessel_k0(input);
}

// exp(input) * modified_bessel_k1(input); no gradient.
template <typename T> GG_FN T scaled_modified_bessel_k1(T input) {
  return gg::scaled_modified_bessel_k1(input);
}

}  // namespace op
}  // namespace gg

// kernels/elementwise/numbers.cu
// The elementwise ops of gpugrad/ops/numbers.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The next number from input towards other, of 4 or 8 bytes.
template <typename T> GG_FN T neighbour(T input, T other) {
  return gg::nextafter(input, other);
}

// input times 2 to the power of other.
template <typename T> GG_FN T ldexp(T input, T other) {
  const T t0 = gg::floor(other * T(0.5));
  return (input * gg::exp2(t0)) * gg::exp2(other - t0);
}

// Saves input, other.
template <typename T> GG_FN void ldexp_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = gg::floor(other * T(0.5));
  const T t1 = gg::exp2(other - t0);
  const T t2 = gg::exp2(t0);
  o0 = (g * t1) * t2;
  o1 = ((g * (input * t2)) * t1) * T(0.6931471805599453);
}

// Saves other.
template <typename T> GG_FN T ldexp_vjp_input(T g, T other) {
  const T t0 = gg::floor(other * T(0.5));
  return (g * gg::exp2(other - t0)) * gg::exp2(t0);
}

// Saves input, other.
template <typename T> GG_FN T ldexp_vjp_other(T g, T input, T other) {
  const T t0 = gg::floor(other * T(0.5));
  return ((g * (input * gg::exp2(t0))) * gg::exp2(other - t0)) * T(0.6931471805599453);
}

// The angle in the complex plane: 0, or pi for negative elements.
template <typename T> GG_FN T angle(T input) {
  return gg::angle(input);
}

}  // namespace op
}  // namespace gg

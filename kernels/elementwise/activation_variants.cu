// kernels/elementwise/activation_variants.cu
// The elementwise ops of gpugrad/ops/activation_variants.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// 1 above zero, lower + width * drawn below.
template <typename T> GG_FN T random_slope(T input, T drawn, T lower, T width) {
  return (input > T(0)) ? T(1) : (lower + (width * drawn));
}

// Saves input.
template <typename T> GG_FN T random_slope_vjp(T g, T input, T width) {
  return (input > T(0)) ? T(0) : (g * width);
}

// Saves input.
template <typename T> GG_FN T random_slope_vjp_drawn(T g, T input, T width) {
  return (input > T(0)) ? T(0) : (g * width);
}

// input * sigmoid(gate).
template <typename T> GG_FN T gated(T input, T gate) {
  return input * gg::sigmoid(gate);
}

// Saves input, gate.
template <typename T> GG_FN void gated_vjp(T g, T input, T gate, T& o0, T& o1) {
  const T t0 = gg::sigmoid(gate);
  o0 = g * t0;
  o1 = ((g * input) * (T(1) - t0)) * t0;
}

// Saves gate.
template <typename T> GG_FN T gated_vjp_input(T g, T gate) {
  return g * gg::sigmoid(gate);
}

// Saves input, gate.
template <typename T> GG_FN T gated_vjp_gate(T g, T input, T gate) {
  const T t0 = gg::sigmoid(gate);
  return ((g * input) * (T(1) - t0)) * t0;
}

}  // namespace op
}  // namespace gg

// kernels/elementwise/normalization.cu
// The elementwise ops of gpugrad/ops/normalization.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// (input - mean) / sqrt(var + eps).
template <typename T> GG_FN T standardize(T input, T mean, T var, T eps) {
  return (input - mean) * gg::rsqrt(var + eps);
}

// Saves input, mean, var.
template <typename T> GG_FN void standardize_vjp(T g, T input, T mean, T var, T eps, T& o0, T& o1,
    T& o2) {
  const T t0 = gg::rsqrt(var + eps);
  const T t1 = g * t0;
  o0 = t1;
  o1 = -t1;
  o2 = (T(-0.5) * (g * (input - mean))) * ((t0 * t0) * t0);
}

// (input - mean) / sqrt(var + eps) * weight + bias.
template <typename T> GG_FN T standardize_affine(T input, T mean, T var, T weight, T bias, T eps) {
  return ((input - mean) * (gg::rsqrt(var + eps) * weight)) + bias;
}

// Saves input, mean, var, weight.
template <typename T> GG_FN void standardize_affine_vjp(T g, T input, T mean, T var, T weight,
    T eps, T& o0, T& o1, T& o2, T& o3) {
  const T t0 = gg::rsqrt(var + eps);
  const T t1 = g * (t0 * weight);
  const T t2 = g * (input - mean);
  o0 = t1;
  o1 = -t1;
  o2 = (T(-0.5) * (t2 * weight)) * ((t0 * t0) * t0);
  o3 = t2 * t0;
}

}  // namespace op
}  // namespace gg

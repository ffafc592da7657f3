// kernels/elementwise/dropout.cu
// The elementwise ops of gpugrad/ops/dropout.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// scale * input where keep holds, 0 elsewhere.
template <typename T> GG_FN T kept_part(T input, bool keep, T scale) {
  return keep ? (scale * input) : T(0);
}

// Saves keep.
template <typename T> GG_FN T kept_part_vjp_input(T g, bool keep, T scale) {
  return keep ? (g * scale) : T(0);
}

// scale * input + shift where keep holds, floor elsewhere.
template <typename T> GG_FN T kept_or_floor(T input, bool keep, T scale, T shift, T floor) {
  return keep ? ((scale * input) + shift) : floor;
}

// Saves keep.
template <typename T> GG_FN T kept_or_floor_vjp_input(T g, bool keep, T scale) {
  return keep ? (g * scale) : T(0);
}

}  // namespace op
}  // namespace gg

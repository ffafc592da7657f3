// kernels/elementwise/bits.cu
// The elementwise ops of gpugrad/ops/bits.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// input times 2 to the power of other.
template <typename T> GG_FN T left_shift(T input, T other) {
  return gg::left_shift(input, other);
}

// input divided by 2 to the power of other, rounded down.
template <typename T> GG_FN T right_shift(T input, T other) {
  return gg::right_shift(input, other);
}

// The greatest common divisor.
template <typename T> GG_FN T common_divisor(T input, T other) {
  return gg::gcd(input, other);
}

// The least common multiple.
template <typename T> GG_FN T common_multiple(T input, T other) {
  return gg::lcm(input, other);
}

}  // namespace op
}  // namespace gg

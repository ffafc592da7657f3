// kernels/elementwise/normal.cu
// The elementwise ops of gpugrad/ops/normal.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The normal distribution function: the area left of each element.
template <typename T> GG_FN T ndtr(T input) {
  return T(0.5) * gg::erfc(input * T(-0.7071067811865476));
}

// Saves input.
template <typename T> GG_FN T ndtr_vjp(T g, T input) {
  const T t0 = T(0.3989422804014327) * gg::exp(T(-0.5000000000000001) * (input * input));
  return g * t0;
}

// log(ndtr(input)), exact far out on both sides.
template <typename T> GG_FN T log_ndtr(T input) {
  return gg::log_ndtr(input);
}

// Saves input.
template <typename T> GG_FN T log_ndtr_vjp(T g, T input) {
  return (g / gg::erfcx(input * T(-0.7071067811865476))) * T(0.7978845608028654);
}

// The inverse of ndtr; infinite at 0 and 1, NaN outside.
template <typename T> GG_FN T ndtri(T input) {
  return gg::ndtri(input);
}

// Saves result.
template <typename T> GG_FN T ndtri_vjp(T g, T y) {
  return (g * gg::exp((y * y) * T(0.5))) * T(2.5066282746310002);
}

// exp(input**2) * erfc(input).
template <typename T> GG_FN T erfcx(T input) {
  return gg::erfcx(input);
}

// Saves input.
template <typename T> GG_FN T erfcx_vjp(T g, T input) {
  return g * (((T(2) * input) * gg::erfcx(input)) - T(1.1283791670955126));
}

// -input * log(input): 0 at 0, -inf below.
template <typename T> GG_FN T entr(T input) {
  return gg::entr(input);
}

// Saves input.
template <typename T> GG_FN T entr_vjp(T g, T input) {
  return g * ((-gg::log(input)) - T(1));
}

// input * log1p(other), 0 where input is 0.
template <typename T> GG_FN T xlog1py(T input, T other) {
  return gg::xlog1py(input, other);
}

// Saves input, other.
template <typename T> GG_FN void xlog1py_vjp(T g, T input, T other, T& o0, T& o1) {
  o0 = ((input == T(0)) && (other <= T(-1))) ? T(0) : gg::xlog1py(g, other);
  o1 = (g * input) / (other + T(1));
}

// Saves input, other.
template <typename T> GG_FN T xlog1py_vjp_input(T g, T input, T other) {
  return ((input == T(0)) && (other <= T(-1))) ? T(0) : gg::xlog1py(g, other);
}

// Saves input, other.
template <typename T> GG_FN T xlog1py_vjp_other(T g, T input, T other) {
  return (g * input) / (other + T(1));
}

}  // namespace op
}  // namespace gg

// kernels/elementwise/compare.cu
// The elementwise ops of gpugrad/ops/compare.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// Whether elements of input are equal.
template <typename T> GG_FN bool eq(T input, T other) {
  return input == other;
}

// Whether elements of input are different.
template <typename T> GG_FN bool ne(T input, T other) {
  return input != other;
}

// Whether elements of input are greater.
template <typename T> GG_FN bool gt(T input, T other) {
  return input > other;
}

// Whether elements of input are greater or equal.
template <typename T> GG_FN bool ge(T input, T other) {
  return input >= other;
}

// Whether elements of input are less.
template <typename T> GG_FN bool lt(T input, T other) {
  return input < other;
}

// Whether elements of input are less or equal.
template <typename T> GG_FN bool le(T input, T other) {
  return input <= other;
}

// Whether elements differ by at most atol + rtol * abs(other).
template <typename T> GG_FN bool isclose(T input, T other, T rtol, T atol, bool equal_nan) {
  const bool t0 = (gg::abs(input - other) <= (atol + (rtol * gg::abs(other)))) && gg::isfinite(other);
  return ((input == other) || t0) || ((gg::isnan(input) && gg::isnan(other)) && equal_nan);
}

// Whether elements are NaN.
template <typename T> GG_FN bool isnan(T input) {
  return gg::isnan(input);
}

// Whether elements are infinite.
template <typename T> GG_FN bool isinf(T input) {
  return gg::isinf(input);
}

// Whether elements are neither infinite nor NaN.
template <typename T> GG_FN bool isfinite(T input) {
  return gg::isfinite(input);
}

// Whether elements are +inf.
template <typename T> GG_FN bool isposinf(T input) {
  return gg::isinf(input) && (input > T(0));
}

// Whether elements are -inf.
template <typename T> GG_FN bool isneginf(T input) {
  return gg::isinf(input) && (input < T(0));
}

// Whether elements carry a minus sign, -0.0 included.
template <typename T> GG_FN bool signbit(T input) {
  return gg::signbit(input);
}

// Whether both elements are not zero.
template <typename T> GG_FN bool logical_and(T input, T other) {
  return (input != T(0)) && (other != T(0));
}

// Whether at least one element is not zero.
template <typename T> GG_FN bool logical_or(T input, T other) {
  return (input != T(0)) || (other != T(0));
}

// Whether exactly one element is not zero.
template <typename T> GG_FN bool logical_xor(T input, T other) {
  return (input != T(0)) != (other != T(0));
}

// Whether elements are zero.
template <typename T> GG_FN bool logical_not(T input) {
  return !(input != T(0));
}

// Bitwise and of integers or booleans.
template <typename T> GG_FN T bitwise_and(T input, T other) {
  return input & other;
}

// Bitwise or of integers or booleans.
template <typename T> GG_FN T bitwise_or(T input, T other) {
  return input | other;
}

// Bitwise exclusive or of integers or booleans.
template <typename T> GG_FN T bitwise_xor(T input, T other) {
  return input ^ other;
}

// All bits of integers, or booleans, inverted.
template <typename T> GG_FN T bitwise_not(T input) {
  return gg::bitwise_not(input);
}

// input where the condition holds, other elsewhere.
template <typename T> GG_FN T where(bool condition, T input, T other) {
  return condition ? input : other;
}

// Saves condition.
template <typename T> GG_FN void where_vjp_input_other(T g, bool condition, T& o0, T& o1) {
  o0 = condition ? g : T(0);
  o1 = condition ? T(0) : g;
}

// Saves condition.
template <typename T> GG_FN T where_vjp_input(T g, bool condition) {
  return condition ? g : T(0);
}

// Saves condition.
template <typename T> GG_FN T where_vjp_other(T g, bool condition) {
  return condition ? T(0) : g;
}

// value where the mask holds, input elsewhere.
template <typename T> GG_FN T masked_fill(T input, bool mask, T value) {
  return mask ? value : input;
}

// Saves mask.
template <typename T> GG_FN void masked_fill_vjp_input_value(T g, bool mask, T& o0, T& o1) {
  o0 = mask ? T(0) : g;
  o1 = mask ? g : T(0);
}

// Saves mask.
template <typename T> GG_FN T masked_fill_vjp_input(T g, bool mask) {
  return mask ? T(0) : g;
}

// Saves mask.
template <typename T> GG_FN T masked_fill_vjp_value(T g, bool mask) {
  return mask ? g : T(0);
}

// The larger of two elements; NaN if one is. Equal ones share the gradient.
template <typename T> GG_FN T maximum(T input, T other) {
  return gg::maximum(input, other);
}

// Saves input, other.
template <typename T> GG_FN void maximum_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = (input == other) ? (g * T(0.5)) : g;
  o0 = (input < other) ? T(0) : t0;
  o1 = (other < input) ? T(0) : t0;
}

// Saves input, other.
template <typename T> GG_FN T maximum_vjp_input(T g, T input, T other) {
  return (input < other) ? T(0) : ((input == other) ? (g * T(0.5)) : g);
}

// Saves input, other.
template <typename T> GG_FN T maximum_vjp_other(T g, T input, T other) {
  return (other < input) ? T(0) : ((input == other) ? (g * T(0.5)) : g);
}

// The smaller of two elements; NaN if one is. Equal ones share the gradient.
template <typename T> GG_FN T minimum(T input, T other) {
  return gg::minimum(input, other);
}

// Saves input, other.
template <typename T> GG_FN void minimum_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = (input == other) ? (g * T(0.5)) : g;
  o0 = (input > other) ? T(0) : t0;
  o1 = (other > input) ? T(0) : t0;
}

// Saves input, other.
template <typename T> GG_FN T minimum_vjp_input(T g, T input, T other) {
  return (input > other) ? T(0) : ((input == other) ? (g * T(0.5)) : g);
}

// Saves input, other.
template <typename T> GG_FN T minimum_vjp_other(T g, T input, T other) {
  return (other > input) ? T(0) : ((input == other) ? (g * T(0.5)) : g);
}

// The larger of two elements; the other one if one is NaN.
template <typename T> GG_FN T fmax(T input, T other) {
  return gg::fmax(input, other);
}

// Saves input, other.
template <typename T> GG_FN void fmax_vjp(T g, T input, T other, T& o0, T& o1) {
  const bool t0 = (input >= other) || gg::isnan(other);
  o0 = t0 ? g : T(0);
  o1 = t0 ? T(0) : g;
}

// Saves input, other.
template <typename T> GG_FN T fmax_vjp_input(T g, T input, T other) {
  return ((input >= other) || gg::isnan(other)) ? g : T(0);
}

// Saves input, other.
template <typename T> GG_FN T fmax_vjp_other(T g, T input, T other) {
  return ((input >= other) || gg::isnan(other)) ? T(0) : g;
}

// The smaller of two elements; the other one if one is NaN.
template <typename T> GG_FN T fmin(T input, T other) {
  return gg::fmin(input, other);
}

// Saves input, other.
template <typename T> GG_FN void fmin_vjp(T g, T input, T other, T& o0, T& o1) {
  const bool t0 = (input <= other) || gg::isnan(other);
  o0 = t0 ? g : T(0);
  o1 = t0 ? T(0) : g;
}

// Saves input, other.
template <typename T> GG_FN T fmin_vjp_input(T g, T input, T other) {
  return ((input <= other) || gg::isnan(other)) ? g : T(0);
}

// Saves input, other.
template <typename T> GG_FN T fmin_vjp_other(T g, T input, T other) {
  return ((input <= other) || gg::isnan(other)) ? T(0) : g;
}

// input between two bounds; the gradient is input's at the bounds.
template <typename T> GG_FN T clamp_both(T input, T min, T max) {
  return gg::minimum(gg::maximum(input, min), max);
}

// Saves input, min, max.
template <typename T> GG_FN void clamp_both_vjp(T g, T input, T min, T max, T& o0, T& o1, T& o2) {
  o0 = ((input >= min) && (input <= max)) ? g : T(0);
  o1 = ((min < max) && (input < min)) ? g : T(0);
  o2 = ((max < min) || (input > max)) ? g : T(0);
}

// input not below a bound; the gradient is input's at the bound.
template <typename T> GG_FN T clamp_min(T input, T min) {
  return gg::maximum(input, min);
}

// Saves input, min.
template <typename T> GG_FN void clamp_min_vjp(T g, T input, T min, T& o0, T& o1) {
  o0 = (input >= min) ? g : T(0);
  o1 = (input < min) ? g : T(0);
}

// Saves input, min.
template <typename T> GG_FN T clamp_min_vjp_input(T g, T input, T min) {
  return (input >= min) ? g : T(0);
}

// Saves input, min.
template <typename T> GG_FN T clamp_min_vjp_min(T g, T input, T min) {
  return (input < min) ? g : T(0);
}

// input not above a bound; the gradient is input's at the bound.
template <typename T> GG_FN T clamp_max(T input, T max) {
  return gg::minimum(input, max);
}

// Saves input, max.
template <typename T> GG_FN void clamp_max_vjp(T g, T input, T max, T& o0, T& o1) {
  o0 = (input <= max) ? g : T(0);
  o1 = (input > max) ? g : T(0);
}

// Saves input, max.
template <typename T> GG_FN T clamp_max_vjp_input(T g, T input, T max) {
  return (input <= max) ? g : T(0);
}

// Saves input, max.
template <typename T> GG_FN T clamp_max_vjp_max(T g, T input, T max) {
  return (input > max) ? g : T(0);
}

}  // namespace op
}  // namespace gg

// kernels/elementwise/arithmetic.cu
// The elementwise ops of gpugrad/ops/arithmetic.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The sum.
template <typename T> GG_FN T add(T input, T other) {
  return input + other;
}

// The difference.
template <typename T> GG_FN T sub(T input, T other) {
  return input - other;
}

// Saves nothing.
template <typename T> GG_FN T sub_vjp(T g) {
  return -g;
}

// Saves nothing.
template <typename T> GG_FN T sub_vjp_other(T g) {
  return -g;
}

// other - input.
template <typename T> GG_FN T rsub(T input, T other) {
  return other - input;
}

// Saves nothing.
template <typename T> GG_FN T rsub_vjp(T g) {
  return -g;
}

// Saves nothing.
template <typename T> GG_FN T rsub_vjp_input(T g) {
  return -g;
}

// input + alpha * other in one pass: what add with alpha is.
template <typename T> GG_FN T add_scaled(T input, T other, T alpha) {
  return input + (alpha * other);
}

// Saves nothing.
template <typename T> GG_FN T add_scaled_vjp(T g, T alpha) {
  return g * alpha;
}

// Saves nothing.
template <typename T> GG_FN T add_scaled_vjp_other(T g, T alpha) {
  return g * alpha;
}

// input - alpha * other in one pass: what sub with alpha is.
template <typename T> GG_FN T sub_scaled(T input, T other, T alpha) {
  return input - (alpha * other);
}

// Saves nothing.
template <typename T> GG_FN T sub_scaled_vjp(T g, T alpha) {
  return -(g * alpha);
}

// Saves nothing.
template <typename T> GG_FN T sub_scaled_vjp_other(T g, T alpha) {
  return -(g * alpha);
}

// The product.
template <typename T> GG_FN T mul(T input, T other) {
  return input * other;
}

// Saves input, other.
template <typename T> GG_FN void mul_vjp(T g, T input, T other, T& o0, T& o1) {
  o0 = g * other;
  o1 = g * input;
}

// Saves other.
template <typename T> GG_FN T mul_vjp_input(T g, T other) {
  return g * other;
}

// Saves input.
template <typename T> GG_FN T mul_vjp_other(T g, T input) {
  return g * input;
}

// The quotient; integers are divided as floating point numbers.
template <typename T> GG_FN T div(T input, T other) {
  return input / other;
}

// Saves input, other.
template <typename T> GG_FN void div_vjp(T g, T input, T other, T& o0, T& o1) {
  const T t0 = g / other;
  o0 = t0;
  o1 = -(t0 * (input / other));
}

// Saves other.
template <typename T> GG_FN T div_vjp_input(T g, T other) {
  return g / other;
}

// Saves input, other.
template <typename T> GG_FN T div_vjp_other(T g, T input, T other) {
  return -((g / other) * (input / other));
}

// The negative.
template <typename T> GG_FN T neg(T input) {
  return -input;
}

// Saves nothing.
template <typename T> GG_FN T neg_vjp(T g) {
  return -g;
}

// The absolute value; its derivative at 0 is 0.
template <typename T> GG_FN T abs(T input) {
  return gg::abs(input);
}

// Saves input.
template <typename T> GG_FN T abs_vjp(T g, T input) {
  return g * gg::sign(input);
}

// 1 / input.
template <typename T> GG_FN T reciprocal(T input) {
  return gg::reciprocal(input);
}

// Saves result.
template <typename T> GG_FN T reciprocal_vjp(T g, T y) {
  return -(g * (y * y));
}

// input * input.
template <typename T> GG_FN T square(T input) {
  return input * input;
}

// Saves input.
template <typename T> GG_FN T square_vjp(T g, T input) {
  const T t0 = g * input;
  return t0 + t0;
}

// input + value * tensor1 * tensor2 in one pass.
template <typename T> GG_FN T addcmul(T input, T tensor1, T tensor2, T value) {
  return input + (value * (tensor1 * tensor2));
}

// Saves tensor1, tensor2.
template <typename T> GG_FN void addcmul_vjp(T g, T tensor1, T tensor2, T value, T& o0, T& o1) {
  const T t0 = g * value;
  o0 = t0 * tensor2;
  o1 = t0 * tensor1;
}

// input + value * tensor1 / tensor2 in one pass.
template <typename T> GG_FN T addcdiv(T input, T tensor1, T tensor2, T value) {
  return input + (value * (tensor1 / tensor2));
}

// Saves tensor1, tensor2.
template <typename T> GG_FN void addcdiv_vjp(T g, T tensor1, T tensor2, T value, T& o0, T& o1) {
  const T t0 = (g * value) / tensor2;
  o0 = t0;
  o1 = -(t0 * (tensor1 / tensor2));
}

// input + weight * (end - input): from input at weight 0 to end at weight 1.
template <typename T> GG_FN T lerp(T input, T end, T weight) {
  return input + (weight * (end - input));
}

// Saves input, end, weight.
template <typename T> GG_FN void lerp_vjp(T g, T input, T end, T weight, T& o0, T& o1, T& o2) {
  const T t0 = g * weight;
  o0 = g - t0;
  o1 = t0;
  o2 = g * (end - input);
}

// Degrees to radians.
template <typename T> GG_FN T deg2rad(T input) {
  return input * T(0.017453292519943295);
}

// Saves nothing.
template <typename T> GG_FN T deg2rad_vjp(T g) {
  return g * T(0.017453292519943295);
}

// Radians to degrees.
template <typename T> GG_FN T rad2deg(T input) {
  return input * T(57.29577951308232);
}

// Saves nothing.
template <typename T> GG_FN T rad2deg_vjp(T g) {
  return g * T(57.29577951308232);
}

// input to the power of exponent; one of them may be a number.
template <typename T> GG_FN T pow(T input, T exponent) {
  return gg::pow(input, exponent);
}

// Saves input, exponent.
template <typename T> GG_FN void pow_vjp(T g, T input, T exponent, T& o0, T& o1) {
  o0 = (exponent == T(0)) ? T(0) : (g * (exponent * gg::pow(input, exponent - T(1))));
  o1 = ((input == T(0)) && (exponent >= T(0))) ? T(0) : (g * (gg::pow(input, exponent) * gg::log(input)));
}

// Saves input, exponent.
template <typename T> GG_FN T pow_vjp_input(T g, T input, T exponent) {
  return (exponent == T(0)) ? T(0) : (g * (exponent * gg::pow(input, exponent - T(1))));
}

// Saves input, exponent.
template <typename T> GG_FN T pow_vjp_exponent(T g, T input, T exponent) {
  return ((input == T(0)) && (exponent >= T(0))) ? T(0) : (g * (gg::pow(input, exponent) * gg::log(input)));
}

// The quotient rounded down.
template <typename T> GG_FN T floor_divide(T input, T other) {
  return gg::floor_divide(input, other);
}

// The quotient rounded towards zero: div(rounding_mode="trunc").
template <typename T> GG_FN T trunc_divide(T input, T other) {
  return gg::trunc_divide(input, other);
}

// The remainder with the sign of other, as Python's %.
template <typename T> GG_FN T remainder(T input, T other) {
  return gg::remainder(input, other);
}

// Saves input, other.
template <typename T> GG_FN T remainder_vjp(T g, T input, T other) {
  return -(g * gg::floor(input / other));
}

// Saves input, other.
template <typename T> GG_FN T remainder_vjp_other(T g, T input, T other) {
  return -(g * gg::floor(input / other));
}

// The remainder with the sign of input.
template <typename T> GG_FN T fmod(T input, T other) {
  return gg::fmod(input, other);
}

// Saves input, other.
template <typename T> GG_FN T fmod_vjp(T g, T input, T other) {
  return -(g * gg::trunc(input / other));
}

// Saves input, other.
template <typename T> GG_FN T fmod_vjp_other(T g, T input, T other) {
  return -(g * gg::trunc(input / other));
}

// -1, 0 or 1; NaN stays NaN.
template <typename T> GG_FN T sign(T input) {
  return gg::sign(input);
}

// Rounded down.
template <typename T> GG_FN T floor(T input) {
  return gg::floor(input);
}

// Rounded up.
template <typename T> GG_FN T ceil(T input) {
  return gg::ceil(input);
}

// Rounded towards zero.
template <typename T> GG_FN T trunc(T input) {
  return gg::trunc(input);
}

// Rounded to the nearest whole number, ties to even.
template <typename T> GG_FN T round(T input) {
  return gg::round(input);
}

// Rounded to multiples of divisor / factor: one of the two is 1, so that both are exact.
template <typename T> GG_FN T round_scaled(T input, T factor, T divisor) {
  return (gg::round((input * factor) / divisor) / factor) * divisor;
}

// What trunc leaves.
template <typename T> GG_FN T frac(T input) {
  return input - gg::trunc(input);
}

// The size of input with the sign of other.
template <typename T> GG_FN T copysign(T input, T other) {
  return gg::copysign(input, other);
}

// Saves input, other.
template <typename T> GG_FN T copysign_vjp(T g, T input, T other) {
  return (input == T(0)) ? T(0) : (g * (gg::copysign(input, other) / input));
}

// Saves input, other.
template <typename T> GG_FN T copysign_vjp_input(T g, T input, T other) {
  return (input == T(0)) ? T(0) : (g * (gg::copysign(input, other) / input));
}

// NaN and infinities replaced by numbers.
template <typename T> GG_FN T nan_to_num(T input, T nan, T posinf, T neginf) {
  const T t0 = (input == (T(1) / T(0))) ? posinf : ((input == (-T(1) / T(0))) ? neginf : input);
  return gg::isnan(input) ? nan : t0;
}

// Saves input.
template <typename T> GG_FN T nan_to_num_vjp(T g, T input) {
  const T t0 = (input == (T(1) / T(0))) ? T(0) : ((input == (-T(1) / T(0))) ? T(0) : g);
  return gg::isnan(input) ? T(0) : t0;
}

}  // namespace op
}  // namespace gg

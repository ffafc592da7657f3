// kernels/elementwise/activation.cu
// The elementwise ops of gpugrad/ops/activation.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// The positive part; its derivative at 0 is 0.
template <typename T> GG_FN T relu(T input) {
  return gg::relu(input);
}

// Saves result.
template <typename T> GG_FN T relu_vjp(T g, T y) {
  return (y <= T(0)) ? T(0) : g;
}

// input clamped to 0..6; flat at both ends.
template <typename T> GG_FN T relu6(T input) {
  return (input <= T(0)) ? T(0) : ((input >= T(6)) ? T(6) : input);
}

// Saves input.
template <typename T> GG_FN T relu6_vjp(T g, T input) {
  return (input <= T(0)) ? T(0) : ((input >= T(6)) ? T(0) : g);
}

// Identity above zero, negative_slope * input below.
template <typename T> GG_FN T leaky_relu(T input, T negative_slope) {
  return (input > T(0)) ? input : (negative_slope * input);
}

// Saves input.
template <typename T> GG_FN T leaky_relu_vjp(T g, T input, T negative_slope) {
  return (input > T(0)) ? g : (g * negative_slope);
}

// leaky_relu whose slope is a tensor, of a shape that broadcasts.
template <typename T> GG_FN T prelu(T input, T weight) {
  return (input > T(0)) ? input : (weight * input);
}

// Saves input, weight.
template <typename T> GG_FN void prelu_vjp(T g, T input, T weight, T& o0, T& o1) {
  const bool t0 = input > T(0);
  o0 = t0 ? g : (g * weight);
  o1 = t0 ? T(0) : (g * input);
}

// Saves input, weight.
template <typename T> GG_FN T prelu_vjp_input(T g, T input, T weight) {
  return (input > T(0)) ? g : (g * weight);
}

// Saves input.
template <typename T> GG_FN T prelu_vjp_weight(T g, T input) {
  return (input > T(0)) ? T(0) : (g * input);
}

// input above the threshold, value elsewhere.
template <typename T> GG_FN T threshold(T input, T threshold, T value) {
  return (input <= threshold) ? value : input;
}

// Saves input.
template <typename T> GG_FN T threshold_vjp(T g, T input, T threshold) {
  return (input <= threshold) ? T(0) : g;
}

// input clamped between two numbers; flat at both ends.
template <typename T> GG_FN T hardtanh(T input, T min_val, T max_val) {
  return (input <= min_val) ? min_val : ((input >= max_val) ? max_val : input);
}

// Saves input.
template <typename T> GG_FN T hardtanh_vjp(T g, T input, T min_val, T max_val) {
  return (input <= min_val) ? T(0) : ((input >= max_val) ? T(0) : g);
}

// input / 6 + 1/2 clamped to 0..1.
template <typename T> GG_FN T hardsigmoid(T input) {
  return (input <= T(-3)) ? T(0) : ((input >= T(3)) ? T(1) : ((input / T(6)) + T(0.5)));
}

// Saves input.
template <typename T> GG_FN T hardsigmoid_vjp(T g, T input) {
  return (input <= T(-3)) ? T(0) : ((input >= T(3)) ? T(0) : (g * T(0.16666666666666666)));
}

// input * hardsigmoid(input).
template <typename T> GG_FN T hardswish(T input) {
  return (input <= T(-3)) ? T(0) : ((input >= T(3)) ? input : ((input * (input + T(3))) / T(6)));
}

// Saves input.
template <typename T> GG_FN T hardswish_vjp(T g, T input) {
  const T t0 = (T(0.16666666666666666) * (input + T(3))) + (T(0.16666666666666666) * input);
  return (input <= T(-3)) ? T(0) : ((input >= T(3)) ? g : (g * t0));
}

// input outside -lambd..lambd, 0 inside.
template <typename T> GG_FN T hardshrink(T input, T lambd) {
  return ((input >= (-lambd)) && (input <= lambd)) ? T(0) : input;
}

// Saves input.
template <typename T> GG_FN T hardshrink_vjp(T g, T input, T lambd) {
  return ((input >= (-lambd)) && (input <= lambd)) ? T(0) : g;
}

// input moved towards 0 by lambd, 0 inside -lambd..lambd.
template <typename T> GG_FN T softshrink(T input, T lambd) {
  return ((input >= (-lambd)) && (input <= lambd)) ? T(0) : ((input > T(0)) ? (input - lambd) : (input + lambd));
}

// Saves input.
template <typename T> GG_FN T softshrink_vjp(T g, T input, T lambd) {
  return ((input >= (-lambd)) && (input <= lambd)) ? T(0) : g;
}

// The logistic function; neither tail overflows.
template <typename T> GG_FN T sigmoid(T input) {
  return gg::sigmoid(input);
}

// Saves result.
template <typename T> GG_FN T sigmoid_vjp(T g, T y) {
  return (g * (T(1) - y)) * y;
}

// log(sigmoid(input)) without overflow.
template <typename T> GG_FN T logsigmoid(T input) {
  return -gg::softplus(-input);
}

// Saves input.
template <typename T> GG_FN T logsigmoid_vjp(T g, T input) {
  return g * gg::sigmoid(-input);
}

// log(1 + exp(beta * input)) / beta; the identity where beta * input > threshold.
template <typename T> GG_FN T softplus(T input, T beta, T threshold) {
  const T t0 = input * beta;
  return (t0 > threshold) ? input : (gg::softplus(t0) / beta);
}

// Saves input.
template <typename T> GG_FN T softplus_vjp(T g, T input, T beta, T threshold) {
  const T t0 = input * beta;
  return (t0 > threshold) ? g : (g * ((gg::reciprocal(beta) * gg::sigmoid(t0)) * beta));
}

// Swish, input * sigmoid(input).
template <typename T> GG_FN T silu(T input) {
  return input * gg::sigmoid(input);
}

// Saves input.
template <typename T> GG_FN T silu_vjp(T g, T input) {
  const T t0 = gg::sigmoid(input);
  return g * (t0 * (T(1) + (input * (T(1) - t0))));
}

// input * tanh(softplus(input)).
template <typename T> GG_FN T mish(T input) {
  return input * gg::tanh(gg::softplus(input));
}

// Saves input.
template <typename T> GG_FN T mish_vjp(T g, T input) {
  const T t0 = gg::tanh(gg::softplus(input));
  return g * (t0 + ((input * (T(1) - (t0 * t0))) * gg::sigmoid(input)));
}

// Identity above zero, alpha * (exp(input) - 1) below.
template <typename T> GG_FN T elu(T input, T alpha) {
  return (input > T(0)) ? input : (alpha * gg::expm1(input));
}

// Saves input.
template <typename T> GG_FN T elu_vjp(T g, T input, T alpha) {
  return (input > T(0)) ? g : ((g * alpha) * (gg::expm1(input) + T(1)));
}

// Identity above zero, alpha * (exp(input / alpha) - 1) below.
template <typename T> GG_FN T celu(T input, T alpha) {
  return (input > T(0)) ? input : (alpha * gg::expm1(input / alpha));
}

// Saves input.
template <typename T> GG_FN T celu_vjp(T g, T input, T alpha) {
  return (input > T(0)) ? g : (((g * alpha) * (gg::expm1(input / alpha) + T(1))) / alpha);
}

// Scaled elu that keeps mean 0 and variance 1.
template <typename T> GG_FN T selu(T input) {
  return (input > T(0)) ? (input * T(1.0507009873554805)) : (gg::expm1(input) * T(1.7580993408473766));
}

// Saves input.
template <typename T> GG_FN T selu_vjp(T g, T input) {
  return (input > T(0)) ? (g * T(1.0507009873554805)) : ((g * T(1.7580993408473766)) * (gg::expm1(input) + T(1)));
}

// input / (1 + abs(input)).
template <typename T> GG_FN T softsign(T input) {
  return input / (gg::abs(input) + T(1));
}

// Saves input.
template <typename T> GG_FN T softsign_vjp(T g, T input) {
  const T t0 = gg::abs(input) + T(1);
  const T t1 = g / t0;
  return t1 - ((t1 * (input / t0)) * gg::sign(input));
}

// input - tanh(input).
template <typename T> GG_FN T tanhshrink(T input) {
  return input - gg::tanh(input);
}

// Saves input.
template <typename T> GG_FN T tanhshrink_vjp(T g, T input) {
  const T t0 = gg::tanh(input);
  return g * (t0 * t0);
}

// input times the normal distribution function of it.
template <typename T> GG_FN T exact_gelu(T input) {
  return (T(0.5) * input) * (T(1) + gg::erf(input * T(0.7071067811865476)));
}

// Saves input.
template <typename T> GG_FN T exact_gelu_vjp(T g, T input) {
  const T t0 = T(0.3989422804014327) * (input * gg::exp(T(-0.5000000000000001) * (input * input)));
  const T t1 = t0 + (T(0.5) * (T(1) + gg::erf(input * T(0.7071067811865476))));
  return g * t1;
}

// input times an approximation of the normal distribution function of it.
template <typename T> GG_FN T tanh_gelu(T input) {
  const T t0 = T(0.7978845608028654) * (input + (T(0.044715) * ((input * input) * input)));
  return (T(0.5) * input) * (T(1) + gg::tanh(t0));
}

// Saves input.
template <typename T> GG_FN T tanh_gelu_vjp(T g, T input) {
  const T t0 = input * input;
  const T t1 = gg::tanh(T(0.7978845608028654) * (input * (T(1) + (T(0.044715) * t0))));
  const T t2 = (T(1) - (t1 * t1)) * (T(0.3989422804014327) + (T(0.053516112204450184) * t0));
  return g * ((input * t2) + (T(0.5) * (T(1) + t1)));
}

}  // namespace op
}  // namespace gg

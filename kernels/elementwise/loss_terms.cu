// kernels/elementwise/loss_terms.cu
// The elementwise ops of gpugrad/ops/loss_terms.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// Squared difference.
template <typename T> GG_FN T mse_term(T input, T target) {
  const T t0 = input - target;
  return t0 * t0;
}

// Saves input, target.
template <typename T> GG_FN void mse_term_vjp(T g, T input, T target, T& o0, T& o1) {
  const T t0 = g * (input - target);
  const T t1 = t0 + t0;
  o0 = t1;
  o1 = -t1;
}

// Saves input, target.
template <typename T> GG_FN T mse_term_vjp_input(T g, T input, T target) {
  const T t0 = g * (input - target);
  return t0 + t0;
}

// Saves input, target.
template <typename T> GG_FN T mse_term_vjp_target(T g, T input, T target) {
  return T(-2) * (g * (input - target));
}

// d * d / (2 beta) below beta, d - beta / 2 above; d the absolute difference.
template <typename T> GG_FN T smooth_l1_term(T input, T target, T beta) {
  const T t0 = gg::abs(input - target);
  return (t0 < beta) ? (((T(0.5) * t0) * t0) / beta) : (t0 - (T(0.5) * beta));
}

// Saves input, target.
template <typename T> GG_FN void smooth_l1_term_vjp(T g, T input, T target, T beta, T& o0, T& o1) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  const T t2 = ((t1 < beta) ? ((g / beta) * t1) : g) * gg::sign(t0);
  o0 = t2;
  o1 = -t2;
}

// Saves input, target.
template <typename T> GG_FN T smooth_l1_term_vjp_input(T g, T input, T target, T beta) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  const T t2 = ((t1 < beta) ? (gg::reciprocal(beta) * t1) : T(1)) * gg::sign(t0);
  return g * t2;
}

// Saves input, target.
template <typename T> GG_FN T smooth_l1_term_vjp_target(T g, T input, T target, T beta) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  const T t2 = (g * ((t1 < beta) ? (gg::reciprocal(beta) * t1) : T(1))) * gg::sign(t0);
  return -t2;
}

// d * d / 2 up to delta, delta * (d - delta / 2) above; d the absolute difference.
template <typename T> GG_FN T huber_term(T input, T target, T delta) {
  const T t0 = gg::abs(input - target);
  return (t0 <= delta) ? ((T(0.5) * t0) * t0) : (delta * (t0 - (T(0.5) * delta)));
}

// Saves input, target.
template <typename T> GG_FN void huber_term_vjp(T g, T input, T target, T delta, T& o0, T& o1) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  const T t2 = ((t1 <= delta) ? (g * t1) : (g * delta)) * gg::sign(t0);
  o0 = t2;
  o1 = -t2;
}

// Saves input, target.
template <typename T> GG_FN T huber_term_vjp_input(T g, T input, T target, T delta) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  return g * (((t1 <= delta) ? t1 : delta) * gg::sign(t0));
}

// Saves input, target.
template <typename T> GG_FN T huber_term_vjp_target(T g, T input, T target, T delta) {
  const T t0 = input - target;
  const T t1 = gg::abs(t0);
  return -((g * ((t1 <= delta) ? t1 : delta)) * gg::sign(t0));
}

// Negative log-likelihood of counts; input is the logarithm of the rate.
template <typename T> GG_FN T poisson_nll_log_term(T input, T target) {
  return gg::exp(input) - (target * input);
}

// Saves input, target.
template <typename T> GG_FN void poisson_nll_log_term_vjp(T g, T input, T target, T& o0, T& o1) {
  o0 = g * (gg::exp(input) - target);
  o1 = -(g * input);
}

// Saves input, target.
template <typename T> GG_FN T poisson_nll_log_term_vjp_input(T g, T input, T target) {
  return g * (gg::exp(input) - target);
}

// Saves input.
template <typename T> GG_FN T poisson_nll_log_term_vjp_target(T g, T input) {
  return -(g * input);
}

// Negative log-likelihood of counts; input is the rate.
template <typename T> GG_FN T poisson_nll_term(T input, T target, T eps) {
  return input - (target * gg::log(input + eps));
}

// Saves input, target.
template <typename T> GG_FN void poisson_nll_term_vjp(T g, T input, T target, T eps, T& o0, T& o1) {
  const T t0 = input + eps;
  o0 = g - ((g * target) / t0);
  o1 = -(g * gg::log(t0));
}

// Saves input, target.
template <typename T> GG_FN T poisson_nll_term_vjp_input(T g, T input, T target, T eps) {
  return g - ((g * target) / (input + eps));
}

// Saves input.
template <typename T> GG_FN T poisson_nll_term_vjp_target(T g, T input, T eps) {
  return -(g * gg::log(input + eps));
}

// Stirling's approximation of log(target!) above 1, else 0.
template <typename T> GG_FN T stirling_term(T target) {
  const T t0 = ((target * gg::log(target)) - target) + (T(0.5) * gg::log(T(6.283185307179586) * target));
  return (target > T(1)) ? t0 : T(0);
}

// Saves target.
template <typename T> GG_FN T stirling_term_vjp(T g, T target) {
  const T t0 = (T(0.5) / (T(6.283185307179586) * target)) * T(6.283185307179586);
  return (target > T(1)) ? (g * (((t0 - T(1)) + gg::log(target)) + (target / target))) : T(0);
}

// (log(var) + difference ** 2 / var) / 2.
template <typename T> GG_FN T gaussian_nll_term(T difference, T var) {
  return T(0.5) * (gg::log(var) + ((difference * difference) / var));
}

// Saves difference, var.
template <typename T> GG_FN void gaussian_nll_term_vjp(T g, T difference, T var, T& o0, T& o1) {
  const T t0 = (g * T(0.5)) / var;
  const T t1 = t0 * difference;
  o0 = t1 + t1;
  o1 = t0 - (t0 * ((difference * difference) / var));
}

// Saves difference, var.
template <typename T> GG_FN T gaussian_nll_term_vjp_difference(T g, T difference, T var) {
  const T t0 = ((g * T(0.5)) / var) * difference;
  return t0 + t0;
}

// Saves difference, var.
template <typename T> GG_FN T gaussian_nll_term_vjp_var(T g, T difference, T var) {
  const T t0 = (g * T(0.5)) / var;
  return t0 - (t0 * ((difference * difference) / var));
}

// Cross entropy of a probability; logarithms are at least -100.
template <typename T> GG_FN T binary_cross_entropy_term(T input, T target) {
  return ((target - T(1)) * gg::maximum(gg::log1p(-input), T(-100))) - (target * gg::maximum(gg::log(input), T(-100)));
}

// Saves input, target.
template <typename T> GG_FN void binary_cross_entropy_term_vjp(T g, T input, T target, T& o0,
    T& o1) {
  const T t0 = gg::log(input);
  const T t1 = gg::log1p(-input);
  const T t2 = ((t0 >= T(-100)) ? (-(target / input)) : T(0)) + ((t1 >= T(-100)) ? (-((target - T(1)) / (T(1) - input))) : T(0));
  o0 = g * t2;
  o1 = g * (gg::maximum(t1, T(-100)) - gg::maximum(t0, T(-100)));
}

// Saves input, target.
template <typename T> GG_FN T binary_cross_entropy_term_vjp_input(T g, T input, T target) {
  const T t0 = (gg::log1p(-input) >= T(-100)) ? (-((target - T(1)) / (T(1) - input))) : T(0);
  const T t1 = ((gg::log(input) >= T(-100)) ? (-(target / input)) : T(0)) + t0;
  return g * t1;
}

// Saves input.
template <typename T> GG_FN T binary_cross_entropy_term_vjp_target(T g, T input) {
  const T t0 = gg::maximum(gg::log1p(-input), T(-100)) - gg::maximum(gg::log(input), T(-100));
  return g * t0;
}

// Cross entropy of sigmoid(input), without overflow.
template <typename T> GG_FN T bce_with_logits_term(T input, T target) {
  return gg::softplus(input) - (input * target);
}

// Saves input, target.
template <typename T> GG_FN void bce_with_logits_term_vjp(T g, T input, T target, T& o0, T& o1) {
  o0 = g * (gg::sigmoid(input) - target);
  o1 = -(g * input);
}

// Saves input, target.
template <typename T> GG_FN T bce_with_logits_term_vjp_input(T g, T input, T target) {
  return g * (gg::sigmoid(input) - target);
}

// Saves input.
template <typename T> GG_FN T bce_with_logits_term_vjp_target(T g, T input) {
  return -(g * input);
}

// bce_with_logits_term with the positive part weighted.
template <typename T> GG_FN T weighted_bce_with_logits_term(T input, T target, T pos_weight) {
  return ((T(1) - target) * input) + ((((pos_weight - T(1)) * target) + T(1)) * gg::softplus(-input));
}

// Saves input, target, pos_weight.
template <typename T> GG_FN void weighted_bce_with_logits_term_vjp(T g, T input, T target,
    T pos_weight, T& o0, T& o1, T& o2) {
  const T t0 = pos_weight - T(1);
  const T t1 = -input;
  const T t2 = gg::softplus(t1);
  o0 = g * ((T(1) - target) - (((t0 * target) + T(1)) * gg::sigmoid(t1)));
  o1 = g * ((t2 * t0) - input);
  o2 = (g * t2) * target;
}

// target * (log(target) - input); input is a log-probability.
template <typename T> GG_FN T kl_div_term(T input, T target) {
  return gg::xlogy(target, target) - (target * input);
}

// Saves input, target.
template <typename T> GG_FN void kl_div_term_vjp(T g, T input, T target, T& o0, T& o1) {
  const T t0 = g * target;
  const T t1 = ((target == T(0)) && (target <= T(0))) ? T(0) : gg::xlogy(g, target);
  o0 = -t0;
  o1 = (t1 - (g * input)) + (t0 / target);
}

// Saves target.
template <typename T> GG_FN T kl_div_term_vjp_input(T g, T target) {
  return -(g * target);
}

// Saves input, target.
template <typename T> GG_FN T kl_div_term_vjp_target(T g, T input, T target) {
  const T t0 = ((target == T(0)) && (target <= T(0))) ? T(0) : gg::xlogy(T(1), target);
  return g * ((t0 - input) + (target / target));
}

// exp(target) * (target - input); both are log-probabilities.
template <typename T> GG_FN T kl_div_log_target_term(T input, T target) {
  return gg::exp(target) * (target - input);
}

// Saves input, target.
template <typename T> GG_FN void kl_div_log_target_term_vjp(T g, T input, T target, T& o0, T& o1) {
  const T t0 = gg::exp(target);
  const T t1 = g * t0;
  o0 = -t1;
  o1 = t1 + ((g * (target - input)) * t0);
}

// Saves target.
template <typename T> GG_FN T kl_div_log_target_term_vjp_input(T g, T target) {
  return -(g * gg::exp(target));
}

// Saves input, target.
template <typename T> GG_FN T kl_div_log_target_term_vjp_target(T g, T input, T target) {
  return g * (gg::exp(target) * (T(1) + (target - input)));
}

// log(1 + exp(-target * input)) without overflow; targets are -1 or 1.
template <typename T> GG_FN T soft_margin_term(T input, T target) {
  return gg::softplus(-(target * input));
}

// Saves input, target.
template <typename T> GG_FN void soft_margin_term_vjp(T g, T input, T target, T& o0, T& o1) {
  const T t0 = g * gg::sigmoid(-(target * input));
  o0 = -(t0 * target);
  o1 = -(t0 * input);
}

// Saves input, target.
template <typename T> GG_FN T soft_margin_term_vjp_input(T g, T input, T target) {
  return -((g * gg::sigmoid(-(target * input))) * target);
}

// Saves input, target.
template <typename T> GG_FN T soft_margin_term_vjp_target(T g, T input, T target) {
  return -((g * gg::sigmoid(-(target * input))) * input);
}

// input where near, and max(0, margin - input) where far.
template <typename T> GG_FN T hinge_embedding_term(T input, bool near, bool far, T margin) {
  return (near ? input : T(0)) + (far ? gg::maximum(margin - input, T(0)) : T(0));
}

// Saves input, near, far.
template <typename T> GG_FN T hinge_embedding_term_vjp_input(T g, T input, bool near, bool far,
    T margin) {
  return (far ? (((margin - input) >= T(0)) ? (-g) : T(0)) : T(0)) + (near ? g : T(0));
}

// max(0, margin - target * difference); targets are -1 or 1.
template <typename T> GG_FN T margin_ranking_term(T difference, T target, T margin) {
  return gg::maximum(margin - (target * difference), T(0));
}

// Saves difference, target.
template <typename T> GG_FN void margin_ranking_term_vjp(T g, T difference, T target, T margin,
    T& o0, T& o1) {
  const bool t0 = (margin - (target * difference)) >= T(0);
  o0 = t0 ? (-(g * target)) : T(0);
  o1 = t0 ? (-(g * difference)) : T(0);
}

// Saves difference, target.
template <typename T> GG_FN T margin_ranking_term_vjp_difference(T g, T difference, T target,
    T margin) {
  return ((margin - (target * difference)) >= T(0)) ? (-(g * target)) : T(0);
}

// Saves difference, target.
template <typename T> GG_FN T margin_ranking_term_vjp_target(T g, T difference, T target,
    T margin) {
  return ((margin - (target * difference)) >= T(0)) ? (-(g * difference)) : T(0);
}

// 1 - cos where near, max(0, cos - margin) where far.
template <typename T> GG_FN T cosine_embedding_term(T product, T square1, T square2, bool near,
    bool far, T margin) {
  const T t0 = product / gg::sqrt((square1 + T(1e-12)) * (square2 + T(1e-12)));
  return (near ? (T(1) - t0) : T(0)) + (far ? gg::maximum(t0 - margin, T(0)) : T(0));
}

// Saves product, square1, square2, near, far.
template <typename T> GG_FN void cosine_embedding_term_vjp_product_square1_square2(T g, T product,
    T square1, T square2, bool near, bool far, T margin, T& o0, T& o1, T& o2) {
  const T t0 = square1 + T(1e-12);
  const T t1 = square2 + T(1e-12);
  const T t2 = gg::sqrt(t0 * t1);
  const T t3 = product / t2;
  const bool t4 = (t3 - margin) >= T(0);
  const bool t5 = (far && t4) || near;
  const T t6 = ((far ? (t4 ? g : T(0)) : T(0)) + (near ? (-g) : T(0))) / t2;
  const T t7 = (t6 * t3) / (T(2) * t2);
  o0 = t5 ? t6 : T(0);
  o1 = t5 ? (-(t7 * t1)) : T(0);
  o2 = t5 ? (-(t7 * t0)) : T(0);
}

// The cotangent of own in own . other and in own . own, per row of both.
template <typename T> GG_FN T inner_products_slope(T across, T other, T within, T own) {
  return (across * other) + ((T(2) * within) * own);
}

// Saves across, other, within, own.
template <typename T> GG_FN void inner_products_slope_vjp(T g, T across, T other, T within, T own,
    T& o0, T& o1, T& o2, T& o3) {
  o0 = g * other;
  o1 = g * across;
  o2 = (g * own) * T(2);
  o3 = g * (T(2) * within);
}

// max(0, margin + difference).
template <typename T> GG_FN T triplet_term(T difference, T margin) {
  return gg::maximum(margin + difference, T(0));
}

// Saves difference.
template <typename T> GG_FN T triplet_term_vjp(T g, T difference, T margin) {
  return ((margin + difference) >= T(0)) ? g : T(0);
}

// The derivative of max(0, margin - own + input) by input.
template <typename T> GG_FN T hinge_slope(T input, T own, T margin) {
  return (((margin - own) + input) > T(0)) ? T(1.0) : T(0.0);
}

// The derivative of max(0, margin - own + input) ** 2 by input.
template <typename T> GG_FN T squared_hinge_slope(T input, T own, T margin) {
  return T(2) * gg::maximum((margin - own) + input, T(0));
}

// Saves input, own.
template <typename T> GG_FN void squared_hinge_slope_vjp(T g, T input, T own, T margin, T& o0,
    T& o1) {
  const bool t0 = ((margin - own) + input) >= T(0);
  const T t1 = g * T(2);
  o0 = t0 ? t1 : T(0);
  o1 = t0 ? (-t1) : T(0);
}

// Saves input, own.
template <typename T> GG_FN T squared_hinge_slope_vjp_input(T g, T input, T own, T margin) {
  return (((margin - own) + input) >= T(0)) ? (g * T(2)) : T(0);
}

// Saves input, own.
template <typename T> GG_FN T squared_hinge_slope_vjp_own(T g, T input, T own, T margin) {
  return (((margin - own) + input) >= T(0)) ? (T(-2) * g) : T(0);
}

}  // namespace op
}  // namespace gg

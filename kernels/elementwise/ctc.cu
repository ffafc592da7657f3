// kernels/elementwise/ctc.cu
// The elementwise ops of gpugrad/ops/ctc.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// log(exp(stay) + exp(step) + exp(skip)) + emitted, without the last where not skips.
template <typename T> GG_FN T ctc_step(T stay, T step, T skip, T emitted, bool skips) {
  const T t0 = gg::maximum(stay, step);
  const T t1 = gg::maximum(skips ? gg::maximum(t0, skip) : t0, T(-1e+30));
  const T t2 = (gg::exp(stay - t1) + gg::exp(step - t1)) + (skips ? gg::exp(skip - t1) : T(0));
  return (t1 + gg::log(t2)) + emitted;
}

// Saves stay, step, skip, skips.
template <typename T> GG_FN void ctc_step_vjp_stay_step_skip_emitted(T g, T stay, T step, T skip,
    bool skips, T& o0, T& o1, T& o2) {
  const T t0 = gg::maximum(stay, step);
  const T t1 = skips ? gg::maximum(t0, skip) : t0;
  const T t2 = gg::maximum(t1, T(-1e+30));
  const T t3 = gg::exp(stay - t2);
  const T t4 = gg::exp(step - t2);
  const T t5 = gg::exp(skip - t2);
  const T t6 = g / ((t3 + t4) + (skips ? t5 : T(0)));
  const T t7 = t6 * t3;
  const bool t8 = t1 >= T(-1e+30);
  const T t9 = t6 * t5;
  const T t10 = t6 * t4;
  const T t11 = ((g + (skips ? (-t9) : T(0))) - t10) - t7;
  const T t12 = (t0 == skip) ? (t11 * T(0.5)) : t11;
  const T t13 = skips ? ((t0 < skip) ? T(0) : t12) : t11;
  const T t14 = (stay == step) ? (t13 * T(0.5)) : t13;
  o0 = t7 + (t8 ? ((stay < step) ? T(0) : t14) : T(0));
  o1 = t10 + (t8 ? ((step < stay) ? T(0) : t14) : T(0));
  o2 = (skips ? t9 : T(0)) + (t8 ? (skips ? ((skip < t0) ? T(0) : t12) : T(0)) : T(0));
}

}  // namespace op
}  // namespace gg

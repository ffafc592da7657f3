// kernels/attention.cu
// Scaled dot product attention: gpugrad.ops.attention_cuda.
//
// Matrix products are cuBLAS's; here is what lies between them, for a block of query rows: the
// scores are (number, rows, keys), contiguous, in float or double. Row i of the block is query
// first + i. A causal mask lets query i see the keys 0..i.
#include "rows.cuh"

namespace gg {

// A mask, or null: (outer, heads, rows, keys) by strides, which are 0 where it is broadcast.
// Booleans let pass, numbers are added.
template <typename M, typename A> struct Mask {
  const M* values;
  Count heads, outer, head, row, key;
  GG_FN A operator()(A score, Count n, Count i, Count j) const {
    if (!values) return score;
    return score + A(values[n / heads * outer + n % heads * head + i * row + j * key]);
  }
};

template <typename A> struct Mask<bool, A> {
  const bool* values;
  Count heads, outer, head, row, key;
  GG_FN A operator()(A score, Count n, Count i, Count j) const {
    return values[n / heads * outer + n % heads * head + i * row + j * key] ? score
                                                                            : -A(1) / A(0);
  }
};

// NOTE [pairs that are dropped] in gpugrad/ops/attention_kernels.py: bound is 0 without dropout.
struct Drop {
  unsigned long long seed, bound;
  Count rows, keys;
  GG_FN bool keeps(Count n, Count i, Count j) const {
    if (!bound) return true;
    unsigned long long z = (n * rows + i) * keys + j;
    z = (z + 1) * 0x9E3779B97F4A7C15ull + seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
    return ((z ^ (z >> 31)) >> 40) >= bound;
  }
};

// Scores become shares: exp(score - log), dropped and scaled; the row's log is written. A row
// without keys has shares 0 and the log +inf.
template <typename A, class M, class Team>
GG_FN void share_row(A* scores, A* logs, M mask, Drop drop, A scale, A kept, bool causal, Count n,
                     Count i, Count at, Count keys, Team team) {
  const Count seen = causal && i + 1 < keys ? i + 1 : keys;
  Online<A> run = nothing_yet<A>();
  for (Count j = team.lane(); j < seen; j += team.lanes())
    run.add(mask(scores[j] * scale, n, i, j));
  run = team.all(run, Join());
  const bool dead = run.max == -A(1) / A(0);
  const A log_sum = dead ? A(1) / A(0) : run.max + log(run.sum);
  for (Count j = team.lane(); j < keys; j += team.lanes()) {
    A share = A(0);
    if (j < seen && !dead) share = exp(mask(scores[j] * scale, n, i, j) - log_sum);
    scores[j] = drop.keeps(n, i, j) ? share * kept : A(0);
  }
  if (team.lane() == 0) logs[at] = log_sum;
}

// From scores and dp = g @ v.T: shares for the cotangent of v, and the cotangent of the scores.
template <typename A, class M>
GG_FN void pull_pair(A* score, A* dp, A log_sum, A dot, M mask, Drop drop, A scale, A kept,
                     bool causal, Count n, Count i, Count j) {
  A share = A(0);
  if (!causal || j <= i) share = exp(mask(*score * scale, n, i, j) - log_sum);
  const A factor = drop.keeps(n, i, j) ? kept : A(0);
  *score = share * factor;
  *dp = share * (*dp * factor - dot);
}

#ifdef GG_ON_DEVICE
template <typename A, typename M, class Team>
__global__ void share(A* __restrict__ scores, A* __restrict__ logs, const M* __restrict__ values,
                      Count heads, Count outer, Count head, Count row, Count key,
                      unsigned long long seed, unsigned long long bound, double scale, double kept,
                      int causal, Count number, Count rows, Count keys, Count first,
                      Count all_rows, Count all_keys) {
  const Mask<M, A> mask = {values, heads, outer, head, row, key};
  const Drop drop = {seed, bound, all_rows, all_keys};
  for (Count r = Team::row(); r < number * rows; r += Team::rows()) {
    const Count n = r / rows, i = first + r % rows;
    share_row(scores + r * keys, logs, mask, drop, A(scale), A(kept), causal != 0, n, i,
              n * all_rows + i, keys, Team());
  }
}

template <typename A, typename M>
__global__ void pull(A* __restrict__ scores, A* __restrict__ dp, const A* __restrict__ logs,
                     const A* __restrict__ dots, const M* __restrict__ values, Count heads,
                     Count outer, Count head, Count row, Count key, unsigned long long seed,
                     unsigned long long bound, double scale, double kept, int causal,
                     Count number, Count rows, Count keys, Count first, Count all_rows,
                     Count all_keys) {
  const Mask<M, A> mask = {values, heads, outer, head, row, key};
  const Drop drop = {seed, bound, all_rows, all_keys};
  for (Count p = Count(blockIdx.x) * blockDim.x + threadIdx.x; p < number * rows * keys;
       p += Count(gridDim.x) * blockDim.x) {
    const Count r = p / keys, n = r / rows, i = first + r % rows, at = n * all_rows + i;
    pull_pair(scores + p, dp + p, logs[at], dots[at], mask, drop, A(scale), A(kept), causal != 0,
              n, i, p % keys);
  }
}
#endif

}  // namespace gg

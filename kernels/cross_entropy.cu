// kernels/cross_entropy.cu
// cross_entropy and nll_loss of integer targets, forward and backward: gpugrad.ops.loss.
//
// Input is contiguous and seen as (outer, count, inner) with the classes in the middle, as rows.cuh
// says; target holds one class for each of the outer * inner rows, weight one factor per class or
// nothing (null). A row whose target is `ignore` counts for nothing. A class outside 0..count-1 is
// never used as an index: its loss and its gradient are NaN, which shows without a synchronisation.
//
// Forward is one launch for any reduction: blocks leave partial sums, and the block that finishes
// last adds them up in a fixed order, so that a loss has the same bits in every run.
#include "rows.cuh"

namespace gg {

enum Reduction { NONE = 0, MEAN = 1, SUM = 2 };

// What a row adds to the loss, and to the divisor of the mean.
template <typename A> struct Part {
  A loss, weight;
  GG_FN Part operator+(Part other) const { return Part{loss + other.loss, weight + other.weight}; }
};

// Keyword arguments of the ops. Row j of the target distribution, before normalisation, is
//   (1 - smoothing) * weight[target] * [j == target] + smoothing / count * weight[j].
template <typename T> struct Options {
  const T* weight;
  Count count, inner, ignore;
  double smoothing;
  GG_FN Sum<T> of(Count j) const { return weight ? Sum<T>(weight[j]) : Sum<T>(1); }
  GG_FN bool outside(Count target) const { return target < 0 || target >= count; }
};

// -log(softmax(x)[target]). The maximum is subtracted first, so neither part is large.
struct CrossEntropy {
  template <typename T, class Team>
  GG_FN Part<Sum<T>> operator()(const T* x, Count target, Options<T> o, Team team) const {
    typedef Sum<T> A;
    const Online<A> run = exponentials(x, o.count, o.inner, team);
    const A log_sum = log(run.sum);
    const A w = o.of(target);
    A loss = w * (log_sum - (A(x[target * o.inner]) - run.max));
    if (o.smoothing != 0.0) {
      A all = A(0);
      for (Count j = team.lane(); j < o.count; j += team.lanes())
        all += o.of(j) * (log_sum - (A(x[j * o.inner]) - run.max));
      all = team.all(all, Add());
      loss = A(1.0 - o.smoothing) * loss + A(o.smoothing / o.count) * all;
    }
    return Part<A>{loss, w};
  }
};

// x already holds log-probabilities.
struct LogLikelihood {
  template <typename T, class Team>
  GG_FN Part<Sum<T>> operator()(const T* x, Count target, Options<T> o, Team) const {
    const Sum<T> w = o.of(target);
    return Part<Sum<T>>{-w * Sum<T>(x[target * o.inner]), w};
  }
};

// scale * (softmax(x) * sum(q) - q), with q the row's target distribution.
struct CrossEntropyBackward {
  template <typename T, class Team>
  GG_FN void operator()(const T* x, T* out, Count target, Sum<T> scale, Options<T> o,
                        Team team) const {
    typedef Sum<T> A;
    const A hit = A(1.0 - o.smoothing) * o.of(target), each = A(o.smoothing / o.count);
    A mass = A(o.count);
    if (o.weight && o.smoothing != 0.0) {
      mass = A(0);
      for (Count j = team.lane(); j < o.count; j += team.lanes()) mass += o.of(j);
      mass = team.all(mass, Add());
    }
    const Online<A> run = exponentials(x, o.count, o.inner, team);
    const A factor = (hit + each * mass) / run.sum;
    for (Count j = team.lane(); j < o.count; j += team.lanes()) {
      const A q = (j == target ? hit : A(0)) + each * o.of(j);
      out[j * o.inner] = T(scale * (exp(A(x[j * o.inner]) - run.max) * factor - q));
    }
  }
};

struct LogLikelihoodBackward {
  template <typename T, class Team>
  GG_FN void operator()(const T*, T* out, Count target, Sum<T> scale, Options<T> o,
                        Team team) const {
    const Sum<T> hit = -scale * o.of(target);
    for (Count j = team.lane(); j < o.count; j += team.lanes())
      out[j * o.inner] = T(j == target ? hit : Sum<T>(0));
  }
};

template <typename T, class Row, class Team>
GG_FN Part<Sum<T>> row_loss(const T* x, Count target, Options<T> o, Team team) {
  typedef Sum<T> A;
  if (target == o.ignore) return Part<A>{A(0), A(0)};
  if (o.outside(target)) return Part<A>{A(0) / A(0), A(0)};
  return Row()(x, target, o, team);
}

template <typename T, class Row, class Team>
GG_FN void row_gradient(const T* x, T* out, Count target, Sum<T> scale, Options<T> o, Team team) {
  typedef Sum<T> A;
  const bool ignored = target == o.ignore;
  if (!ignored && !o.outside(target)) return Row()(x, out, target, scale, o, team);
  const T fill = T(ignored ? A(0) : A(0) / A(0));
  for (Count j = team.lane(); j < o.count; j += team.lanes()) out[j * o.inner] = fill;
}

#ifdef GG_ON_DEVICE
// NOTE [tickets] The last block to draw from a ticket sees gridDim.x - 1 and sets it back to zero.
// The host goes round the tickets, one per launch, so that launches on different streams do not
// share one unless a thousand launches lie between them.
__device__ unsigned tickets[1024];

template <typename A> __device__ Part<A> lane_xor(Part<A> v, int mask) {
  return Part<A>{lane_xor(v.loss, mask), lane_xor(v.weight, mask)};
}

template <typename A>
__device__ bool last_to_leave(Part<A>* partials, Part<A> mine, unsigned ticket) {
  __shared__ bool last;
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = mine;
    __threadfence();
    last = atomicInc(&tickets[ticket], gridDim.x - 1) == gridDim.x - 1;
  }
  __syncthreads();
  __threadfence();
  return last;
}

// out: one loss per row (NONE) or one in all; divisor: what it was divided by, 1 but for a mean.
template <typename T, typename Class, class Row, class Team>
__global__ void forward(const T* __restrict__ x, const Class* __restrict__ target, const T* weight,
                        T* out, Sum<T>* divisor, Part<Sum<T>>* partials, Count rows, Count count,
                        Count inner, Count ignore, double smoothing, int reduction,
                        unsigned ticket) {
  typedef Sum<T> A;
  const Options<T> o{weight, count, inner, ignore, smoothing};
  const Team team{};
  Part<A> sum{A(0), A(0)};
  for (Count r = Team::row(); r < rows; r += Team::rows()) {
    const T* row = x + first_of_row(r, count, inner);
    const Part<A> part = row_loss<T, Row>(row, Count(target[r]), o, team);
    if (team.lane() != 0) continue;
    if (reduction == NONE) out[r] = T(part.loss);
    sum = sum + part;
  }
  if (reduction != MEAN && blockIdx.x == 0 && threadIdx.x == 0) *divisor = A(1);
  if (reduction == NONE) return;
  sum = Block().all(sum, Add());
  if (!last_to_leave(partials, sum, ticket)) return;
  sum = Part<A>{A(0), A(0)};
  for (unsigned b = threadIdx.x; b < gridDim.x; b += blockDim.x) sum = sum + partials[b];
  sum = Block().all(sum, Add());
  if (threadIdx.x != 0) return;
  out[0] = T(reduction == MEAN ? sum.loss / sum.weight : sum.loss);
  if (reduction == MEAN) *divisor = sum.weight;
}

// g: one cotangent per row, or one in all (step 0); divisor: as forward left it.
template <typename T, typename Class, class Row, class Team>
__global__ void backward(const T* g, const T* __restrict__ x, const Class* __restrict__ target,
                         const T* weight, const Sum<T>* divisor, T* __restrict__ out, Count rows,
                         Count count, Count inner, Count ignore, double smoothing, Count step) {
  typedef Sum<T> A;
  const Options<T> o{weight, count, inner, ignore, smoothing};
  for (Count r = Team::row(); r < rows; r += Team::rows()) {
    const Count at = first_of_row(r, count, inner);
    const A scale = A(g[r * step]) / *divisor;
    row_gradient<T, Row>(x + at, out + at, Count(target[r]), scale, o, Team());
  }
}
#endif

}  // namespace gg

// kernels/softmax.cu
// softmax and log_softmax along one dimension, forward and backward: gpugrad.ops.softmax.
//
// Tensors are contiguous and seen as (outer, count, inner), as rows.cuh says. Forward reads x twice
// (the second time from cache when a row fits) and writes y once; backward reads g and y twice.
// Half types are summed in float and rounded once.
#include "rows.cuh"

namespace gg {

// Each writes one row. exp() only ever sees a non-positive argument.
struct Softmax {
  template <typename T, class Team>
  GG_FN void operator()(const T* x, T* y, Count count, Count stride, Team team) const {
    typedef Sum<T> A;
    const Online<A> run = exponentials(x, count, stride, team);
    const A scale = A(1) / run.sum;
    for (Count j = team.lane(); j < count; j += team.lanes())
      y[j * stride] = T(exp(A(x[j * stride]) - run.max) * scale);
  }
};

// (x - max) - log(sum): the two parts are never large and nearly equal.
struct LogSoftmax {
  template <typename T, class Team>
  GG_FN void operator()(const T* x, T* y, Count count, Count stride, Team team) const {
    typedef Sum<T> A;
    const Online<A> run = exponentials(x, count, stride, team);
    const A log_sum = log(run.sum);
    for (Count j = team.lane(); j < count; j += team.lanes())
      y[j * stride] = T((A(x[j * stride]) - run.max) - log_sum);
  }
};

// y * (g - sum(g * y))
struct SoftmaxBackward {
  template <typename T, class Team>
  GG_FN void operator()(const T* g, const T* y, T* out, Count count, Count stride,
                        Team team) const {
    typedef Sum<T> A;
    A dot = A(0);
    for (Count j = team.lane(); j < count; j += team.lanes())
      dot += A(g[j * stride]) * A(y[j * stride]);
    dot = team.all(dot, Add());
    for (Count j = team.lane(); j < count; j += team.lanes())
      out[j * stride] = T(A(y[j * stride]) * (A(g[j * stride]) - dot));
  }
};

// g - exp(y) * sum(g)
struct LogSoftmaxBackward {
  template <typename T, class Team>
  GG_FN void operator()(const T* g, const T* y, T* out, Count count, Count stride,
                        Team team) const {
    typedef Sum<T> A;
    A total = A(0);
    for (Count j = team.lane(); j < count; j += team.lanes()) total += A(g[j * stride]);
    total = team.all(total, Add());
    for (Count j = team.lane(); j < count; j += team.lanes())
      out[j * stride] = T(A(g[j * stride]) - exp(A(y[j * stride])) * total);
  }
};

#ifdef GG_ON_DEVICE
template <typename T, class Row, class Team>
__global__ void map_rows(const T* __restrict__ x, T* __restrict__ y,
                         Count rows, Count count, Count inner) {
  for (Count r = Team::row(); r < rows; r += Team::rows()) {
    const Count at = first_of_row(r, count, inner);
    Row()(x + at, y + at, count, inner, Team());
  }
}

template <typename T, class Row, class Team>
__global__ void map_row_pairs(const T* __restrict__ g, const T* __restrict__ y,
                              T* __restrict__ out, Count rows, Count count, Count inner) {
  for (Count r = Team::row(); r < rows; r += Team::rows()) {
    const Count at = first_of_row(r, count, inner);
    Row()(g + at, y + at, out + at, count, inner, Team());
  }
}
#endif

}  // namespace gg

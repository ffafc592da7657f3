// kernels/normalization.cu
// layer_norm, rms_norm, group_norm, instance_norm and batch_norm: gpugrad.ops.norm_kernels.
//
// Tensors are contiguous and seen as (batch, groups, channels, inner). A row is what shares a mean:
// a group of one sample, or, in batch_norm, a channel of all samples. Forward reads x three times
// (from cache when a row fits) and writes y once; backward reads g and x twice. Half types are
// summed in float and rounded once. No sum depends on the order in which blocks finish.
#include "rows.cuh"

namespace gg {

// Row r holds `count` elements: runs of `span` neighbours, `stride` apart. The weight of element j
// is that of channel j / inner of the row's group.
struct Layout {
  Count count, span, stride, groups, channels, inner;
  GG_FN Count place(Count row, Count j) const {
    return span == count ? row * count + j : row * span + j / span * stride + j % span;
  }
  GG_FN Count weight(Count row, Count j) const {
    return channels == 1 ? row % groups : row % groups * channels + j / inner;
  }
};

// y = (x - mean) * rstd * weight + bias; without Centred the mean is taken to be 0.
template <bool Centred> struct Normalize {
  template <typename T, typename W, class Team>
  GG_FN void operator()(const T* x, const W* weight, const W* bias, T* y, Sum<T>* mean,
                        Sum<T>* rstd, Sum<T>* var, double eps, Layout at, Count row,
                        Team team) const {
    typedef Sum<T> A;
    A middle = A(0), squares = A(0);
    if (Centred) {
      for (Count j = team.lane(); j < at.count; j += team.lanes())
        middle += A(x[at.place(row, j)]);
      middle = team.all(middle, Add()) / A(at.count);
    }
    for (Count j = team.lane(); j < at.count; j += team.lanes()) {
      const A c = A(x[at.place(row, j)]) - middle;
      squares += c * c;
    }
    const A spread = team.all(squares, Add()) / A(at.count);
    const A scale = A(1) / sqrt(spread + A(eps));
    for (Count j = team.lane(); j < at.count; j += team.lanes()) {
      const Count p = at.place(row, j), w = at.weight(row, j);
      A value = (A(x[p]) - middle) * scale;
      if (weight) value *= A(weight[w]);
      if (bias) value += A(bias[w]);
      y[p] = T(value);
    }
    if (team.lane() == 0) {
      if (mean) mean[row] = middle;
      rstd[row] = scale;
      if (var) var[row] = spread;
    }
  }
};

// dx = rstd * (h - mean(h) - xhat * mean(h * xhat)) with h = g * weight. With one channel a row,
// the sums of g * xhat and g go to products and sums, where those are wanted.
template <bool Centred> struct NormalizeBackward {
  template <typename T, typename W, class Team>
  GG_FN void operator()(const T* g, const T* x, const Sum<T>* mean, const Sum<T>* rstd,
                        const W* weight, T* dx, Sum<T>* products, Sum<T>* sums, Layout at,
                        Count row, Team team) const {
    typedef Sum<T> A;
    const A middle = Centred ? mean[row] : A(0), scale = rstd[row];
    const bool each = weight && at.channels > 1;
    A total = A(0), product = A(0);
    for (Count j = team.lane(); j < at.count; j += team.lanes()) {
      const Count p = at.place(row, j);
      A h = A(g[p]);
      if (each) h *= A(weight[at.weight(row, j)]);
      total += h;
      product += h * (A(x[p]) - middle);
    }
    total = team.all(total, Add());
    product = team.all(product, Add()) * scale;
    if (products && team.lane() == 0) {
      products[row] = product;
      sums[row] = total;
    }
    if (!dx) return;
    const A same = weight && !each ? A(weight[at.weight(row, 0)]) : A(1);
    const A slope = product / A(at.count) * scale, offset = Centred ? total / A(at.count) : A(0);
    for (Count j = team.lane(); j < at.count; j += team.lanes()) {
      const Count p = at.place(row, j);
      A h = A(g[p]);
      if (each) h *= A(weight[at.weight(row, j)]);
      dx[p] = T(scale * same * (h - offset - (A(x[p]) - middle) * slope));
    }
  }
};

#ifdef GG_ON_DEVICE
template <typename T, typename W, bool Centred, class Team>
__global__ void normalize(const T* __restrict__ x, const W* __restrict__ weight,
                          const W* __restrict__ bias, T* __restrict__ y, Sum<T>* mean,
                          Sum<T>* rstd, Sum<T>* var, double eps, Count rows, Count count,
                          Count span, Count stride, Count groups, Count channels, Count inner) {
  const Layout at = {count, span, stride, groups, channels, inner};
  for (Count r = Team::row(); r < rows; r += Team::rows())
    Normalize<Centred>()(x, weight, bias, y, mean, rstd, var, eps, at, r, Team());
}

template <typename T, typename W, bool Centred, class Team>
__global__ void normalize_backward(const T* __restrict__ g, const T* __restrict__ x,
                                   const Sum<T>* __restrict__ mean,
                                   const Sum<T>* __restrict__ rstd, const W* __restrict__ weight,
                                   T* __restrict__ dx, Sum<T>* products, Sum<T>* sums, Count rows,
                                   Count count, Count span, Count stride, Count groups,
                                   Count channels, Count inner) {
  const Layout at = {count, span, stride, groups, channels, inner};
  for (Count r = Team::row(); r < rows; r += Team::rows())
    NormalizeBackward<Centred>()(g, x, mean, rstd, weight, dx, products, sums, at, r, Team());
}

// Where every element of a row has a weight of its own (inner is 1): a thread adds up a column of
// one chunk of samples. parts is (2, chunks, columns): the sums of g * xhat, then those of g.
template <typename T, bool Centred>
__global__ void column_parts(const T* __restrict__ g, const T* __restrict__ x,
                             const Sum<T>* __restrict__ mean, const Sum<T>* __restrict__ rstd,
                             Sum<T>* __restrict__ parts, Count samples, Count columns,
                             Count groups, Count channels, Count chunk) {
  typedef Sum<T> A;
  const Count column = Count(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  const Count first = blockIdx.y * chunk, end = first + chunk < samples ? first + chunk : samples;
  A products = A(0), sums = A(0);
  for (Count s = first; s < end; ++s) {
    const Count p = s * columns + column, r = s * groups + column / channels;
    const A value = A(g[p]), middle = Centred ? mean[r] : A(0);
    products += value * ((A(x[p]) - middle) * rstd[r]);
    sums += value;
  }
  const Count at = blockIdx.y * columns + column;
  parts[at] = products;
  parts[gridDim.y * columns + at] = sums;
}

// Where a channel has several pixels: a team adds up those of one sample. parts is
// (2, samples, columns).
template <typename T, class Team>
__global__ void pixel_parts(const T* __restrict__ g, const T* __restrict__ x,
                            const Sum<T>* __restrict__ mean, const Sum<T>* __restrict__ rstd,
                            Sum<T>* __restrict__ parts, Count rows, Count inner, Count channels) {
  typedef Sum<T> A;
  const Team team;
  for (Count r = Team::row(); r < rows; r += Team::rows()) {
    const A middle = mean[r / channels];
    A products = A(0), sums = A(0);
    for (Count j = team.lane(); j < inner; j += team.lanes()) {
      const A value = A(g[r * inner + j]);
      products += value * (A(x[r * inner + j]) - middle);
      sums += value;
    }
    products = team.all(products, Add()) * rstd[r / channels];
    sums = team.all(sums, Add());
    if (team.lane() == 0) {
      parts[r] = products;
      parts[rows + r] = sums;
    }
  }
}

// The cotangents of weight and bias from their parts, in the order of the parts.
template <typename A, typename W>
__global__ void sum_parts(const A* __restrict__ parts, W* __restrict__ dweight,
                          W* __restrict__ dbias, Count number, Count columns) {
  const Count column = Count(blockIdx.x) * blockDim.x + threadIdx.x;
  if (column >= columns) return;
  A products = A(0), sums = A(0);
  for (Count i = 0; i < number; ++i) {
    products += parts[i * columns + column];
    sums += parts[(number + i) * columns + column];
  }
  dweight[column] = W(products);
  dbias[column] = W(sums);
}
#endif

}  // namespace gg

// kernels/resample.cu
// Linear maps along up to three dimensions, and their transposes: gpugrad.ops.spatial.apply.
//
// Arrays are contiguous, (planes, size, size, size) with sizes of 1 in front. A thread makes one
// entry of the result and writes it once: `collect` adds up the entries an output is made of,
// `spread` finds the outputs that an entry is part of by bisection, because first() and last() of a
// map never decrease. The formulas are those of gpugrad/ops/spatial/axis_maps.py. Half types are
// summed in float and rounded once. Positions in a plane are of type I: int where that is enough,
// because long long divides slowly.
#include "planes.cuh"

namespace gg {

template <typename I> struct Axis {
  I size, out, kernel, stride, padding, flag;
  double scale;
};

template <typename I> GG_FN I least(I a, I b) { return a < b ? a : b; }
template <typename I> GG_FN I most(I a, I b) { return a > b ? a : b; }
template <typename I> GG_FN I clamped(I i, I size) { return i < 0 ? 0 : i < size ? i : size - 1; }

// A map, at output o: the entries first .. last, and the weight of each.
template <typename A, typename I> struct Window {
  I first, last;
  A share;
  GG_FN Window(const Axis<I>& axis, I o) {
    const I start = o * axis.stride - axis.padding;
    const I end = least(start + axis.kernel, axis.size + axis.padding);
    first = most(start, I(0));
    last = least(end, axis.size) - 1;
    const I count = axis.flag == 0 ? 1 : axis.flag == 1 ? end - start : last - first + 1;
    share = A(1) / A(count);
  }
  GG_FN A operator()(I) const { return share; }
};

template <typename A, typename I> struct Adaptive {
  I first, last;
  GG_FN Adaptive(const Axis<I>& axis, I o) {
    first = I(Count(o) * axis.size / axis.out);
    last = I((Count(o + 1) * axis.size + axis.out - 1) / axis.out - 1);
  }
  GG_FN A operator()(I) const { return A(1) / A(last - first + 1); }
};

// In float whatever A is, rounded as PyTorch does: the entries that it takes.
template <typename A, typename I> struct Nearest {
  I first, last;
  GG_FN Nearest(const Axis<I>& axis, I o) {
    float at = float(o) * float(axis.scale);
    if (axis.flag) {
      at = ::fmaf(float(o) + 0.5f, float(axis.scale), -0.5f);
      at = (at > 0.0f ? at : 0.0f) + 0.5f;
    }
    first = last = least(I(floor(at)), axis.size - 1);
  }
  GG_FN A operator()(I) const { return A(1); }
};

template <typename A, typename I> GG_FN A centre_of(const Axis<I>& axis, I o) {
  const A scale = A(axis.scale);
  return axis.flag ? A(o) * scale : (A(o) + A(0.5)) * scale - A(0.5);
}

template <typename A, typename I> struct Linear {
  I first, last;
  A rest;
  GG_FN Linear(const Axis<I>& axis, I o) {
    const A centre = centre_of<A, I>(axis, o);
    first = centre > A(0) ? least(I(centre), axis.size - 1) : I(0);
    last = least(first + I(1), axis.size - 1);
    rest = last > first && centre > A(0) ? centre - A(first) : A(0);
    if (rest > A(1)) rest = A(1);
  }
  GG_FN A operator()(I i) const { return i == first ? A(1) - rest : rest; }
};

// Cubic convolution at distance x (Keys 1981).
template <typename A> GG_FN A keys(A x, A a) {
  x = fabs(x);
  if (x < A(1)) return ((a + A(2)) * x - (a + A(3))) * x * x + A(1);
  return x < A(2) ? ((x - A(5)) * x + A(8)) * x * a - A(4) * a : A(0);
}

template <typename A, typename I> struct Cubic {
  I first, last, base, size;
  A factors[4];
  GG_FN Cubic(const Axis<I>& axis, I o) {
    const A centre = centre_of<A, I>(axis, o);
    size = axis.size;
    base = I(floor(centre));
    first = clamped(I(base - 1), size);
    last = clamped(I(base + 2), size);
    for (int k = 0; k < 4; ++k) factors[k] = keys(centre - A(base - 1 + k), A(-0.75));
  }
  GG_FN A operator()(I i) const {
    A sum = A(0);
    for (int k = 0; k < 4; ++k)
      if (clamped(I(base - 1 + k), size) == i) sum += factors[k];
    return sum;
  }
};

template <typename A> GG_FN A sinc(A x) {
  const A angle = A(3.14159265358979323846) * x;
  return x == A(0) ? A(1) : sin(angle) / angle;
}

// As wide as what is left out between two outputs. flag: 0 triangle, 1 cubic, 2 Lanczos.
template <typename A, typename I> struct Smooth {
  I first, last, shape;
  A stretch, centre, total;
  GG_FN Smooth(const Axis<I>& axis, I o) {
    shape = axis.flag;
    stretch = axis.scale > 1.0 ? A(axis.scale) : A(1);
    const A support = A(shape + 1) * stretch;
    centre = A(axis.scale) * (A(o) + A(0.5));
    first = most(I(centre - support + A(0.5)), I(0));
    last = least(I(centre + support + A(0.5)), axis.size) - 1;
    total = A(0);
    for (I i = first; i <= last; ++i) total += filter(i);
  }
  GG_FN A filter(I i) const {
    const A x = fabs(A(i) - centre + A(0.5)) / stretch;
    if (shape == 1) return keys(x, A(-0.5));
    if (shape == 2) return x < A(3) ? sinc(x) * sinc(x / A(3)) : A(0);
    return x < A(1) ? A(1) - x : A(0);
  }
  GG_FN A operator()(I i) const { return filter(i) / total; }
};

// ------------------------------------------------------------------------------- one entry of each
template <typename T, typename I, template <typename, typename> class Map>
GG_FN Sum<T> collected(const T* x, const Axis<I>* axes, I o0, I o1, I o2) {
  typedef Sum<T> A;
  const Map<A, I> m0(axes[0], o0), m1(axes[1], o1), m2(axes[2], o2);
  A total = A(0);
  for (I i = m0.first; i <= m0.last; ++i) {
    A plane = A(0);
    for (I j = m1.first; j <= m1.last; ++j) {
      const T* row = x + (i * axes[1].size + j) * axes[2].size;
      A line = A(0);
      for (I k = m2.first; k <= m2.last; ++k) line += m2(k) * A(row[k]);
      plane += m1(j) * line;
    }
    total += m0(i) * plane;
  }
  return total;
}

// The first output whose last entry is not before i (or whose first one is behind i).
template <class Map, typename I> GG_FN I bisect(const Axis<I>& axis, I i, bool behind) {
  I low = 0, high = axis.out;
  while (low < high) {
    const I middle = (low + high) / 2;
    const Map at(axis, middle);
    if (behind ? at.first > i : at.last >= i) high = middle;
    else low = middle + 1;
  }
  return low;
}

template <typename T, typename I, template <typename, typename> class Map>
GG_FN Sum<T> spread_to(const T* g, const Axis<I>* axes, I i0, I i1, I i2) {
  typedef Sum<T> A;
  typedef Map<A, I> M;
  const I entry[3] = {i0, i1, i2};
  I low[3], high[3];
  for (int d = 0; d < 3; ++d) {
    low[d] = bisect<M>(axes[d], entry[d], false);
    high[d] = bisect<M>(axes[d], entry[d], true);
  }
  A total = A(0);
  for (I o0 = low[0]; o0 < high[0]; ++o0) {
    A plane = A(0);
    for (I o1 = low[1]; o1 < high[1]; ++o1) {
      const T* row = g + (o0 * axes[1].out + o1) * axes[2].out;
      A line = A(0);
      for (I o2 = low[2]; o2 < high[2]; ++o2) line += M(axes[2], o2)(i2) * A(row[o2]);
      plane += M(axes[1], o1)(i1) * line;
    }
    total += M(axes[0], o0)(i0) * plane;
  }
  return total;
}

#ifdef GG_ON_DEVICE
#define GG_AXES                                                                                  \
  Count s0, Count o0, Count k0, Count t0, Count p0, Count f0, Count s1, Count o1, Count k1,      \
      Count t1, Count p1, Count f1, Count s2, Count o2, Count k2, Count t2, Count p2, Count f2,  \
      double c0, double c1, double c2
#define GG_THREE                                            \
  {{I(s0), I(o0), I(k0), I(t0), I(p0), I(f0), c0},          \
   {I(s1), I(o1), I(k1), I(t1), I(p1), I(f1), c1},          \
   {I(s2), I(o2), I(k2), I(t2), I(p2), I(f2), c2}}

template <typename T, typename I, template <typename, typename> class Map>
__global__ void collect(const T* __restrict__ x, T* __restrict__ y, Count count, GG_AXES) {
  const Axis<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> to(at, axes[0].out, axes[1].out, axes[2].out);
    const T* source = x + to.plane * s0 * s1 * s2;
    y[at] = T(collected<T, I, Map>(source, axes, to.i0, to.i1, to.i2));
  }
}

template <typename T, typename I, template <typename, typename> class Map>
__global__ void spread(const T* __restrict__ g, T* __restrict__ out, Count count, GG_AXES) {
  const Axis<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> to(at, axes[0].size, axes[1].size, axes[2].size);
    const T* source = g + to.plane * o0 * o1 * o2;
    out[at] = T(spread_to<T, I, Map>(source, axes, to.i0, to.i1, to.i2));
  }
}
#endif

}  // namespace gg

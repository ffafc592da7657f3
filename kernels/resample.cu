// kernels/resample.cu
// Linear maps along up to three dimensions, and their transposes: gpugrad.ops.spatial.apply.
//
// Arrays are contiguous, (planes, size, size, size) with sizes of 1 in front. A thread makes one
// entry of the result and writes it once: `collect` adds up the entries an output is made of,
// `spread` finds the outputs that an entry is part of by bisection, because first() and last() of a
// map never decrease. The formulas are those of gpugrad/ops/spatial/axis_maps.py. Half types are
// summed in float and rounded once.
#include "rows.cuh"

namespace gg {

struct Axis {
  Count size, out, kernel, stride, padding, flag;
  double scale;
};

GG_FN Count least(Count a, Count b) { return a < b ? a : b; }
GG_FN Count most(Count a, Count b) { return a > b ? a : b; }
GG_FN Count clamped(Count i, Count size) { return i < 0 ? 0 : i < size ? i : size - 1; }

// A map, at output o: the entries first .. last, and the weight of each.
template <typename A> struct Window {
  Count first, last;
  A share;
  GG_FN Window(const Axis& axis, Count o) {
    const Count start = o * axis.stride - axis.padding;
    const Count end = least(start + axis.kernel, axis.size + axis.padding);
    first = most(start, 0);
    last = least(end, axis.size) - 1;
    const Count count = axis.flag == 0 ? 1 : axis.flag == 1 ? end - start : last - first + 1;
    share = A(1) / A(count);
  }
  GG_FN A operator()(Count) const { return share; }
};

template <typename A> struct Adaptive {
  Count first, last;
  GG_FN Adaptive(const Axis& axis, Count o) {
    first = o * axis.size / axis.out;
    last = ((o + 1) * axis.size + axis.out - 1) / axis.out - 1;
  }
  GG_FN A operator()(Count) const { return A(1) / A(last - first + 1); }
};

// In float whatever A is: the entries that PyTorch takes.
template <typename A> struct Nearest {
  Count first, last;
  GG_FN Nearest(const Axis& axis, Count o) {
    const float at = (float(o) + (axis.flag ? 0.5f : 0.0f)) * float(axis.scale);
    first = last = least(Count(floor(at)), axis.size - 1);
  }
  GG_FN A operator()(Count) const { return A(1); }
};

template <typename A> GG_FN A centre_of(const Axis& axis, Count o) {
  const A scale = A(axis.scale);
  return axis.flag ? A(o) * scale : (A(o) + A(0.5)) * scale - A(0.5);
}

template <typename A> struct Linear {
  Count first, last;
  A rest;
  GG_FN Linear(const Axis& axis, Count o) {
    const A centre = centre_of<A>(axis, o);
    first = centre > A(0) ? least(Count(centre), axis.size - 1) : 0;
    last = least(first + 1, axis.size - 1);
    rest = last > first && centre > A(0) ? centre - A(first) : A(0);
    if (rest > A(1)) rest = A(1);
  }
  GG_FN A operator()(Count i) const { return i == first ? A(1) - rest : rest; }
};

// Cubic convolution at distance x (Keys 1981).
template <typename A> GG_FN A keys(A x, A a) {
  x = fabs(x);
  if (x < A(1)) return ((a + A(2)) * x - (a + A(3))) * x * x + A(1);
  return x < A(2) ? ((x - A(5)) * x + A(8)) * x * a - A(4) * a : A(0);
}

template <typename A> struct Cubic {
  Count first, last, base, size;
  A factors[4];
  GG_FN Cubic(const Axis& axis, Count o) {
    const A centre = centre_of<A>(axis, o);
    size = axis.size;
    base = Count(floor(centre));
    first = clamped(base - 1, size);
    last = clamped(base + 2, size);
    for (int k = 0; k < 4; ++k) factors[k] = keys(centre - A(base - 1 + k), A(-0.75));
  }
  GG_FN A operator()(Count i) const {
    A sum = A(0);
    for (int k = 0; k < 4; ++k)
      if (clamped(base - 1 + k, size) == i) sum += factors[k];
    return sum;
  }
};

template <typename A> GG_FN A sinc(A x) {
  const A angle = A(3.14159265358979323846) * x;
  return x == A(0) ? A(1) : sin(angle) / angle;
}

// As wide as what is left out between two outputs. flag: 0 triangle, 1 cubic, 2 Lanczos.
template <typename A> struct Smooth {
  Count first, last, shape;
  A stretch, centre, total;
  GG_FN Smooth(const Axis& axis, Count o) {
    shape = axis.flag;
    stretch = axis.scale > 1.0 ? A(axis.scale) : A(1);
    const A support = A(shape + 1) * stretch;
    centre = A(axis.scale) * (A(o) + A(0.5));
    first = most(Count(centre - support + A(0.5)), 0);
    last = least(Count(centre + support + A(0.5)), axis.size) - 1;
    total = A(0);
    for (Count i = first; i <= last; ++i) total += filter(i);
  }
  GG_FN A filter(Count i) const {
    const A x = fabs(A(i) - centre + A(0.5)) / stretch;
    if (shape == 1) return keys(x, A(-0.5));
    if (shape == 2) return x < A(3) ? sinc(x) * sinc(x / A(3)) : A(0);
    return x < A(1) ? A(1) - x : A(0);
  }
  GG_FN A operator()(Count i) const { return filter(i) / total; }
};

// ------------------------------------------------------------------------------- one entry of each
template <typename T, template <typename> class Map>
GG_FN Sum<T> collected(const T* x, const Axis* axes, Count o0, Count o1, Count o2) {
  typedef Sum<T> A;
  const Map<A> m0(axes[0], o0), m1(axes[1], o1), m2(axes[2], o2);
  A total = A(0);
  for (Count i = m0.first; i <= m0.last; ++i) {
    A plane = A(0);
    for (Count j = m1.first; j <= m1.last; ++j) {
      const T* row = x + (i * axes[1].size + j) * axes[2].size;
      A line = A(0);
      for (Count k = m2.first; k <= m2.last; ++k) line += m2(k) * A(row[k]);
      plane += m1(j) * line;
    }
    total += m0(i) * plane;
  }
  return total;
}

// The first output whose last entry is not before i (or whose first one is behind i).
template <class Map> GG_FN Count bisect(const Axis& axis, Count i, bool behind) {
  Count low = 0, high = axis.out;
  while (low < high) {
    const Count middle = (low + high) / 2;
    const Map at(axis, middle);
    if (behind ? at.first > i : at.last >= i) high = middle;
    else low = middle + 1;
  }
  return low;
}

template <typename T, template <typename> class Map>
GG_FN Sum<T> spread_to(const T* g, const Axis* axes, Count i0, Count i1, Count i2) {
  typedef Sum<T> A;
  const Count entry[3] = {i0, i1, i2};
  Count low[3], high[3];
  for (int d = 0; d < 3; ++d) {
    low[d] = bisect<Map<A>>(axes[d], entry[d], false);
    high[d] = bisect<Map<A>>(axes[d], entry[d], true);
  }
  A total = A(0);
  for (Count o0 = low[0]; o0 < high[0]; ++o0) {
    A plane = A(0);
    for (Count o1 = low[1]; o1 < high[1]; ++o1) {
      const T* row = g + (o0 * axes[1].out + o1) * axes[2].out;
      A line = A(0);
      for (Count o2 = low[2]; o2 < high[2]; ++o2) line += Map<A>(axes[2], o2)(i2) * A(row[o2]);
      plane += Map<A>(axes[1], o1)(i1) * line;
    }
    total += Map<A>(axes[0], o0)(i0) * plane;
  }
  return total;
}

#ifdef GG_ON_DEVICE
#define GG_AXES                                                                                  \
  Count s0, Count o0, Count k0, Count t0, Count p0, Count f0, Count s1, Count o1, Count k1,      \
      Count t1, Count p1, Count f1, Count s2, Count o2, Count k2, Count t2, Count p2, Count f2,  \
      double c0, double c1, double c2
#define GG_THREE                                                                                 \
  {{s0, o0, k0, t0, p0, f0, c0}, {s1, o1, k1, t1, p1, f1, c1}, {s2, o2, k2, t2, p2, f2, c2}}

template <typename T, template <typename> class Map>
__global__ void collect(const T* __restrict__ x, T* __restrict__ y, Count count, GG_AXES) {
  const Axis axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / (o0 * o1 * o2), rest = at / o2;
    const T* source = x + plane * s0 * s1 * s2;
    y[at] = T(collected<T, Map>(source, axes, rest / o1 % o0, rest % o1, at % o2));
  }
}

template <typename T, template <typename> class Map>
__global__ void spread(const T* __restrict__ g, T* __restrict__ out, Count count, GG_AXES) {
  const Axis axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / (s0 * s1 * s2), rest = at / s2;
    const T* source = g + plane * o0 * o1 * o2;
    out[at] = T(spread_to<T, Map>(source, axes, rest / s1 % s0, rest % s1, at % s2));
  }
}
#endif

}  // namespace gg

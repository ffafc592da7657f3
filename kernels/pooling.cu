// kernels/pooling.cu
// The largest entries of windows, and both ways between them and the input:
// gpugrad.ops.spatial.max_kernels.
//
// Arrays are contiguous, (planes, size, size, size) with sizes of 1 in front. A thread makes one
// entry of the result and writes it once. The code of a winner is its number in the window, so an
// entry of the input finds the results it won by comparing numbers: no atomics.
#include "planes.cuh"

namespace gg {

template <typename I> struct Slide {
  I size, out, kernel, stride, padding, dilation;
  GG_FN I entry(I o, I j) const { return o * stride - padding + j * dilation; }
  GG_FN bool within(I i) const { return i >= 0 && i < size; }
  // The windows that reach entry i are among first(i) .. last(i); number() is its place in one of
  // them, or -1.
  GG_FN I first(I i) const {
    const I from = i + padding - (kernel - 1) * dilation;
    return from <= 0 ? 0 : (from + stride - 1) / stride;
  }
  GG_FN I last(I i) const {
    const I to = (i + padding) / stride;
    return to < out ? to : out - 1;
  }
  GG_FN I number(I i, I o) const {
    const I from = i + padding - o * stride;
    if (dilation == 1) return from;
    return from % dilation ? -1 : from / dilation;
  }
};

// Halves are compared, and added up, in float.
template <typename T> struct Widened { typedef T type; };
#if defined(GG_ON_DEVICE) && __has_include(<cuda_fp16.h>)
template <> struct Widened<__half> { typedef float type; };
template <> struct Widened<__nv_bfloat16> { typedef float type; };
#endif

// Of equal entries the first wins; NaN wins over all, and the last NaN over the others.
template <typename A, typename I> struct Winner {
  A value = A();
  I where = -1;
  GG_FN void meet(A v, I at) {
    if (where >= 0 && !(v > value) && v == v) return;
    value = v;
    where = at;
  }
};

template <typename T, typename Code, typename I>
GG_FN void largest(const T* x, const Slide<I>* axes, I o0, I o1, I o2, T* value, Code* code) {
  typedef typename Widened<T>::type A;
  Winner<A, I> winner;
  for (I j0 = 0; j0 < axes[0].kernel; ++j0) {
    const I i0 = axes[0].entry(o0, j0);
    if (!axes[0].within(i0)) continue;
    for (I j1 = 0; j1 < axes[1].kernel; ++j1) {
      const I i1 = axes[1].entry(o1, j1);
      if (!axes[1].within(i1)) continue;
      const T* row = x + (i0 * axes[1].size + i1) * axes[2].size;
      const I number = (j0 * axes[1].kernel + j1) * axes[2].kernel;
      for (I j2 = 0; j2 < axes[2].kernel; ++j2) {
        const I i2 = axes[2].entry(o2, j2);
        if (axes[2].within(i2)) winner.meet(A(row[i2]), number + j2);
      }
    }
  }
  *value = T(winner.value);
  if (code) *code = Code(winner.where);
}

// The same over part o of as many as there are results; keeps the position in the plane.
template <typename T, typename Code, typename I>
GG_FN void largest_of_part(const T* x, const Slide<I>* axes, I o0, I o1, I o2, T* value,
                           Code* position) {
  typedef typename Widened<T>::type A;
  const I o[3] = {o0, o1, o2};
  I low[3], high[3];
  for (int d = 0; d < 3; ++d) {
    const Count size = axes[d].size, out = axes[d].out;
    low[d] = I(o[d] * size / out);
    high[d] = I(((o[d] + 1) * size + out - 1) / out);
  }
  Winner<A, I> winner;
  for (I i0 = low[0]; i0 < high[0]; ++i0)
    for (I i1 = low[1]; i1 < high[1]; ++i1)
      for (I i2 = low[2]; i2 < high[2]; ++i2) {
        const I at = (i0 * axes[1].size + i1) * axes[2].size + i2;
        winner.meet(A(x[at]), at);
      }
  *value = T(winner.value);
  *position = Code(winner.where);
}

template <typename T, typename Code, typename I>
GG_FN typename Widened<T>::type received(const T* g, const Code* codes, const Slide<I>* axes,
                                         I i0, I i1, I i2) {
  typedef typename Widened<T>::type A;
  A total = A();
  const I last0 = axes[0].last(i0), last1 = axes[1].last(i1), last2 = axes[2].last(i2);
  for (I o0 = axes[0].first(i0); o0 <= last0; ++o0) {
    const I j0 = axes[0].number(i0, o0);
    if (j0 < 0) continue;
    for (I o1 = axes[1].first(i1); o1 <= last1; ++o1) {
      const I j1 = axes[1].number(i1, o1);
      if (j1 < 0) continue;
      for (I o2 = axes[2].first(i2); o2 <= last2; ++o2) {
        const I j2 = axes[2].number(i2, o2);
        if (j2 < 0) continue;
        const I at = (o0 * axes[1].out + o1) * axes[2].out + o2;
        const I code = (j0 * axes[1].kernel + j1) * axes[2].kernel + j2;
        if (I(codes[at]) == code) total += A(g[at]);
      }
    }
  }
  return total;
}

// Where in its plane the winner of a window is.
template <typename I> GG_FN I position(const Slide<I>* axes, I o0, I o1, I o2, I code) {
  const I rest = code / axes[2].kernel;
  const I i2 = axes[2].entry(o2, code - rest * axes[2].kernel);
  const I i1 = axes[1].entry(o1, rest % axes[1].kernel);
  const I i0 = axes[0].entry(o0, rest / axes[1].kernel);
  return (i0 * axes[1].size + i1) * axes[2].size + i2;
}

#ifdef GG_ON_DEVICE
#define GG_AXES                                                                                  \
  Count n0, Count o0, Count k0, Count s0, Count p0, Count d0, Count n1, Count o1, Count k1,      \
      Count s1, Count p1, Count d1, Count n2, Count o2, Count k2, Count s2, Count p2, Count d2
#define GG_THREE                                              \
  {{I(n0), I(o0), I(k0), I(s0), I(p0), I(d0)},                \
   {I(n1), I(o1), I(k1), I(s1), I(p1), I(d1)},                \
   {I(n2), I(o2), I(k2), I(s2), I(p2), I(d2)}}

template <typename T, typename Code, typename I>
__global__ void max_pool(const T* __restrict__ x, Code* codes, T* __restrict__ y, Count count,
                         GG_AXES) {
  const Slide<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> o(at, axes[0].out, axes[1].out, axes[2].out);
    largest(x + o.plane * n0 * n1 * n2, axes, o.i0, o.i1, o.i2, y + at, codes ? codes + at : codes);
  }
}

template <typename T, typename Code, typename I>
__global__ void adaptive_max(const T* __restrict__ x, Code* positions, T* __restrict__ y,
                             Count count, GG_AXES) {
  const Slide<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> o(at, axes[0].out, axes[1].out, axes[2].out);
    largest_of_part(x + o.plane * n0 * n1 * n2, axes, o.i0, o.i1, o.i2, y + at, positions + at);
  }
}

template <typename T, typename Code, typename I>
__global__ void put(const T* __restrict__ g, const Code* __restrict__ codes, T* __restrict__ out,
                    Count count, GG_AXES) {
  const Slide<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> i(at, axes[0].size, axes[1].size, axes[2].size);
    const Count first = i.plane * o0 * o1 * o2;
    out[at] = T(received(g + first, codes + first, axes, i.i0, i.i1, i.i2));
  }
}

template <typename T, typename Code, typename I>
__global__ void pick(const T* __restrict__ x, const Code* __restrict__ codes, T* __restrict__ out,
                     Count count, GG_AXES) {
  const Slide<I> axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Place<I> o(at, axes[0].out, axes[1].out, axes[2].out);
    const I from = position(axes, o.i0, o.i1, o.i2, I(codes[at]));
    out[at] = x[o.plane * n0 * n1 * n2 + from];
  }
}
#endif

}  // namespace gg

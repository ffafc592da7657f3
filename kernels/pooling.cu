// kernels/pooling.cu
// The largest entries of windows, and both ways between them and the input:
// gpugrad.ops.spatial.max_kernels.
//
// Arrays are contiguous, (planes, size, size, size) with sizes of 1 in front. A thread makes one
// entry of the result and writes it once. The place of a winner is its number in the window, so an
// entry of the input finds the results it won by comparing numbers: no atomics.
#include "rows.cuh"

namespace gg {

struct Slide {
  Count size, out, kernel, stride, padding, dilation;
  GG_FN Count entry(Count o, Count j) const { return o * stride - padding + j * dilation; }
  // The window whose entry j is i, or -1.
  GG_FN Count window(Count i, Count j) const {
    const Count from = i + padding - j * dilation;
    return from < 0 || from % stride || from / stride >= out ? -1 : from / stride;
  }
};

GG_FN bool within(Count i, Count size) { return i >= 0 && i < size; }

// Halves are compared, and added up, in float.
template <typename T> struct Widened { typedef T type; };
#if defined(GG_ON_DEVICE) && __has_include(<cuda_fp16.h>)
template <> struct Widened<__half> { typedef float type; };
template <> struct Widened<__nv_bfloat16> { typedef float type; };
#endif

// Of equal entries the first wins; NaN wins over all, and the last NaN over the others.
template <typename T, typename Place>
GG_FN void largest(const T* x, const Slide* axes, Count o0, Count o1, Count o2, T* value,
                   Place* place) {
  typedef typename Widened<T>::type A;
  A best = A();
  Count where = -1;
  for (Count j0 = 0; j0 < axes[0].kernel; ++j0) {
    const Count i0 = axes[0].entry(o0, j0);
    if (!within(i0, axes[0].size)) continue;
    for (Count j1 = 0; j1 < axes[1].kernel; ++j1) {
      const Count i1 = axes[1].entry(o1, j1);
      if (!within(i1, axes[1].size)) continue;
      for (Count j2 = 0; j2 < axes[2].kernel; ++j2) {
        const Count i2 = axes[2].entry(o2, j2);
        if (!within(i2, axes[2].size)) continue;
        const A v = A(x[(i0 * axes[1].size + i1) * axes[2].size + i2]);
        if (where >= 0 && !(v > best) && v == v) continue;
        best = v;
        where = (j0 * axes[1].kernel + j1) * axes[2].kernel + j2;
      }
    }
  }
  *value = T(best);
  if (place) *place = Place(where);
}

template <typename T, typename Place>
GG_FN typename Widened<T>::type received(const T* g, const Place* places, const Slide* axes,
                                         Count i0, Count i1, Count i2) {
  typedef typename Widened<T>::type A;
  A total = A();
  for (Count j0 = 0; j0 < axes[0].kernel; ++j0) {
    const Count o0 = axes[0].window(i0, j0);
    if (o0 < 0) continue;
    for (Count j1 = 0; j1 < axes[1].kernel; ++j1) {
      const Count o1 = axes[1].window(i1, j1);
      if (o1 < 0) continue;
      for (Count j2 = 0; j2 < axes[2].kernel; ++j2) {
        const Count o2 = axes[2].window(i2, j2);
        if (o2 < 0) continue;
        const Count at = (o0 * axes[1].out + o1) * axes[2].out + o2;
        const Count number = (j0 * axes[1].kernel + j1) * axes[2].kernel + j2;
        if (Count(places[at]) == number) total += A(g[at]);
      }
    }
  }
  return total;
}

// Where in its plane the winner of a window is.
GG_FN Count position(const Slide* axes, Count o0, Count o1, Count o2, Count place) {
  const Count i2 = axes[2].entry(o2, place % axes[2].kernel), rest = place / axes[2].kernel;
  const Count i1 = axes[1].entry(o1, rest % axes[1].kernel);
  const Count i0 = axes[0].entry(o0, rest / axes[1].kernel);
  return (i0 * axes[1].size + i1) * axes[2].size + i2;
}

#ifdef GG_ON_DEVICE
#define GG_AXES                                                                                  \
  Count n0, Count o0, Count k0, Count s0, Count p0, Count d0, Count n1, Count o1, Count k1,      \
      Count s1, Count p1, Count d1, Count n2, Count o2, Count k2, Count s2, Count p2, Count d2
#define GG_THREE                                                                                 \
  {{n0, o0, k0, s0, p0, d0}, {n1, o1, k1, s1, p1, d1}, {n2, o2, k2, s2, p2, d2}}

template <typename T, typename Place>
__global__ void max_pool(const T* __restrict__ x, Place* places, T* __restrict__ y, Count count,
                         GG_AXES) {
  const Slide axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / (o0 * o1 * o2), rest = at / o2;
    largest(x + plane * n0 * n1 * n2, axes, rest / o1 % o0, rest % o1, at % o2, y + at,
            places ? places + at : places);
  }
}

template <typename T, typename Place>
__global__ void put(const T* __restrict__ g, const Place* __restrict__ places,
                    T* __restrict__ out, Count count, GG_AXES) {
  const Slide axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count first = at / (n0 * n1 * n2) * o0 * o1 * o2, rest = at / n2;
    out[at] = T(received(g + first, places + first, axes, rest / n1 % n0, rest % n1, at % n2));
  }
}

template <typename T, typename Place>
__global__ void pick(const T* __restrict__ x, const Place* __restrict__ places,
                     T* __restrict__ out, Count count, GG_AXES) {
  const Slide axes[3] = GG_THREE;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / (o0 * o1 * o2), rest = at / o2;
    const Count from = position(axes, rest / o1 % o0, rest % o1, at % o2, Count(places[at]));
    out[at] = x[plane * n0 * n1 * n2 + from];
  }
}
#endif

}  // namespace gg

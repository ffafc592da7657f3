// kernels/grid.cu
// Reading arrays at places between their entries, the transpose of that, and the slopes along the
// coordinates: gpugrad.ops.spatial.grid_kernels, whose formulas these are.
//
// Arrays are contiguous: x and its cotangent (N, C, size, size, size) with sizes of 1 in front, the
// grid (N, P, dims) with the coordinate of the last dimension first, results (N, C, P). Half types
// are computed in float; what is added up atomically is of type A.
#include "rows.cuh"

namespace gg {

struct How {
  int mode;      // 0 linear, 1 nearest, 2 cubic
  int padding;   // 0 zeros, 1 border, 2 reflection
  int corners;
};

// The entries read along one dimension: where they are, the order-th derivative of their weights by
// the coordinate, and the derivative after that.
template <typename A> struct Reading {
  int count, at[4];
  A weight[4], slope[4];
  GG_FN void take(A entry, int size, A w, A s) {
    const bool exists = entry >= A(0) && entry < A(size);
    at[count] = exists ? int(entry) : 0;
    weight[count] = exists ? w : A(0);
    slope[count++] = exists ? s : A(0);
  }
};

// A position brought inside, and the direction in which it still moves, or 0.
template <typename A> GG_FN A inside(A at, int size, How how, A* turn) {
  *turn = A(1);
  if (how.padding == 2) {
    const A low = how.corners ? A(0) : A(-0.5), span = how.corners ? A(size - 1) : A(size);
    if (span == A(0)) {
      *turn = A(0);
      return A(0);
    }
    const A off = at - low, away = fabs(off), extra = fmod(away, span);
    const bool back = fmod(floor(away / span), A(2)) == A(1);
    at = (back ? span - extra : extra) + low;
    *turn = back == (off < A(0)) ? A(1) : A(-1);
  }
  const A end = A(size - 1);
  if (!(at > A(0) && at < end)) *turn = A(0);
  return at > A(0) ? (at < end ? at : end) : A(0);
}

// The order-th derivative of a cubic.
template <typename A> GG_FN A derived(A c3, A c2, A c1, A c0, A x, int order) {
  if (order == 0) return ((c3 * x + c2) * x + c1) * x + c0;
  if (order == 1) return (A(3) * c3 * x + A(2) * c2) * x + c1;
  if (order == 2) return A(6) * c3 * x + A(2) * c2;
  return order == 3 ? A(6) * c3 : A(0);
}

// The weight of entry k of the four around a place (Keys 1981, a = -3/4), t behind the second.
template <typename A> GG_FN A keys(int k, A t, int order) {
  const A a = A(-0.75);
  const A x = k == 0 ? t + A(1) : k == 1 ? t : k == 2 ? A(1) - t : A(2) - t;
  const A value = k == 0 || k == 3 ? derived(a, A(-5) * a, A(8) * a, A(-4) * a, x, order)
                                   : derived(a + A(2), -(a + A(3)), A(0), A(1), x, order);
  return k > 1 && order % 2 ? -value : value;
}

template <typename A> GG_FN A power(A x, int exponent) {
  A result = A(1);
  for (int i = 0; i < exponent; ++i) result *= x;
  return result;
}

template <typename A> GG_FN Reading<A> reading(A g, int size, How how, int order) {
  Reading<A> found;
  found.count = 0;
  A at = how.corners ? (g + A(1)) / A(2) * A(size - 1) : ((g + A(1)) * A(size) - A(1)) / A(2);
  A speed = how.corners ? A(size - 1) / A(2) : A(size) / A(2), turn;
  if (how.mode == 2) {
    const A base = floor(at), t = at - base;
    for (int k = 0; k < 4; ++k) {
      A entry = base + A(k - 1);
      if (how.padding) entry = t == t ? inside(entry, size, how, &turn) : A(-1);
      found.take(entry, size, keys(k, t, order) * power(speed, order),
                 keys(k, t, order + 1) * power(speed, order + 1));
    }
    return found;
  }
  if (how.padding) {
    at = inside(at, size, how, &turn);
    speed *= turn;
  }
  if (how.mode == 1) {
    found.take(rint(at), size, order == 0 ? A(1) : A(0), A(0));
    return found;
  }
  const A base = floor(at), t = at - base, still = A(0);
  const A first = order == 0 ? speed : still;
  found.take(base, size, order == 0 ? A(1) - t : order == 1 ? -speed : still, -first);
  found.take(base + A(1), size, order == 0 ? t : order == 1 ? speed : still, first);
  return found;
}

// Coordinates of one place, in the order of dimensions; one that is not there has a single entry.
template <typename T, typename A>
GG_FN void readings(const T* place, int dims, const int* sizes, How how, const int* orders,
                    Reading<A>* found) {
  for (int d = 0; d < 3; ++d) {
    const int which = 2 - d;
    if (which < dims) {
      found[d] = reading(A(place[which]), sizes[d], how, orders[which]);
    } else {
      found[d].count = 0;
      found[d].take(A(0), 1, A(1), A(0));
    }
  }
}

// Calls visit(position in the plane, weight, three slopes) for every entry that is read.
template <typename A, class Visit>
GG_FN void visit_all(const Reading<A>* r, const int* sizes, Visit visit) {
  for (int i = 0; i < r[0].count; ++i)
    for (int j = 0; j < r[1].count; ++j)
      for (int k = 0; k < r[2].count; ++k) {
        const A w0 = r[0].weight[i], w1 = r[1].weight[j], w2 = r[2].weight[k];
        visit((Count(r[0].at[i]) * sizes[1] + r[1].at[j]) * sizes[2] + r[2].at[k], w0 * w1 * w2,
              r[0].slope[i] * w1 * w2, w0 * r[1].slope[j] * w2, w0 * w1 * r[2].slope[k]);
      }
}

#ifdef GG_ON_DEVICE
#define GG_PLACES                                                                             \
  Count count, Count channels, Count places, int dims, int s0, int s1, int s2, int mode,      \
      int padding, int corners, int r0, int r1, int r2
#define GG_READ(place)                                                                        \
  const int sizes[3] = {s0, s1, s2}, orders[3] = {r0, r1, r2};                                \
  Reading<A> found[3];                                                                        \
  readings(place, dims, sizes, How{mode, padding, corners}, orders, found);

// A thread is one result: (n, c, p).
template <typename T>
__global__ void sample(const T* __restrict__ x, const T* __restrict__ grid, T* __restrict__ y,
                       GG_PLACES) {
  typedef Sum<T> A;
  const Count volume = Count(s0) * s1 * s2;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / places, n = plane / channels;
    GG_READ(grid + (n * places + at - plane * places) * dims)
    const T* source = x + plane * volume;
    A total = A(0);
    visit_all(found, sizes, [&](Count i, A w, A, A, A) { total += w * A(source[i]); });
    y[at] = T(total);
  }
}

// A thread is one cotangent: (n, c, p). Atomic additions come in any order.
template <typename T>
__global__ void spread(const T* __restrict__ g, const T* __restrict__ grid, Sum<T>* out,
                       GG_PLACES) {
  typedef Sum<T> A;
  const Count volume = Count(s0) * s1 * s2;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count plane = at / places, n = plane / channels;
    GG_READ(grid + (n * places + at - plane * places) * dims)
    A* target = out + plane * volume;
    const A value = A(g[at]);
    visit_all(found, sizes, [&](Count i, A w, A, A, A) {
      if (w != A(0)) atomicAdd(target + i, w * value);
    });
  }
}

// A thread is one place: (n, p). Writes the cotangents of its coordinates.
template <typename T>
__global__ void slopes(const T* __restrict__ g, const T* __restrict__ x,
                       const T* __restrict__ grid, T* __restrict__ out, GG_PLACES) {
  typedef Sum<T> A;
  const Count volume = Count(s0) * s1 * s2;
  for (Count at = Solo::row(); at < count; at += Solo::rows()) {
    const Count n = at / places, p = at - n * places;
    GG_READ(grid + at * dims)
    A totals[3] = {A(0), A(0), A(0)};
    for (Count c = 0; c < channels; ++c) {
      const T* source = x + (n * channels + c) * volume;
      const A value = A(g[(n * channels + c) * places + p]);
      visit_all(found, sizes, [&](Count i, A, A d0, A d1, A d2) {
        const A v = value * A(source[i]);
        totals[0] += d0 * v;
        totals[1] += d1 * v;
        totals[2] += d2 * v;
      });
    }
    for (int d = 0; d < dims; ++d) out[at * dims + d] = T(totals[2 - d]);
  }
}
#endif

}  // namespace gg

// kernels/common.cuh
// What every kernel needs: the qualifier of functions, the C library's functions by type, and
// 16-byte accesses.
//
// The text is CUDA C++ under NVRTC and plain C++ otherwise, where tests compare it with NumPy.
#pragma once

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA_ARCH__)
#define GG_FN __device__ inline
#else
#include <math.h>
#define GG_FN inline
#endif

namespace gg {

// gg::exp and its like take float or double and compute in that type: an integer, or a half that
// somebody forgot to widen, does not compile.
#define GG_MATH1(name)                                 \
  GG_FN float name(float x) { return ::name##f(x); }   \
  GG_FN double name(double x) { return ::name(x); }
#define GG_MATH2(name)                                                  \
  GG_FN float name(float x, float y) { return ::name##f(x, y); }        \
  GG_FN double name(double x, double y) { return ::name(x, y); }

GG_MATH1(exp) GG_MATH1(exp2) GG_MATH1(expm1)
GG_MATH1(log) GG_MATH1(log2) GG_MATH1(log10) GG_MATH1(log1p)
GG_MATH1(sqrt) GG_MATH1(fabs)
GG_MATH1(sin) GG_MATH1(cos) GG_MATH1(tan) GG_MATH1(asin) GG_MATH1(acos) GG_MATH1(atan)
GG_MATH1(sinh) GG_MATH1(cosh) GG_MATH1(tanh) GG_MATH1(asinh) GG_MATH1(acosh) GG_MATH1(atanh)
GG_MATH1(erf) GG_MATH1(erfc) GG_MATH1(lgamma) GG_MATH1(j0) GG_MATH1(j1) GG_MATH1(y0) GG_MATH1(y1)
GG_MATH1(floor) GG_MATH1(ceil) GG_MATH1(trunc) GG_MATH1(rint)
GG_MATH2(fmod) GG_MATH2(atan2) GG_MATH2(hypot) GG_MATH2(copysign) GG_MATH2(pow)
GG_MATH2(nextafter)

#undef GG_MATH1
#undef GG_MATH2

// ---------------------------------------------------------------------------- 16 bytes at a time
template <typename T, int N> struct alignas(sizeof(T) * N) Pack { T value[N]; };

template <int N, typename T> GG_FN Pack<T, N> load_pack(const T* from, long long index) {
  return reinterpret_cast<const Pack<T, N>*>(from)[index];
}

template <int N, typename T> GG_FN void store_pack(T* to, long long index, const Pack<T, N>& pack) {
  reinterpret_cast<Pack<T, N>*>(to)[index] = pack;
}

// A view may begin anywhere; packs may not.
GG_FN bool aligned(const void* pointer) {
  return reinterpret_cast<unsigned long long>(pointer) % 16 == 0;
}

}  // namespace gg

// kernels/rows.cuh
// Who works on a row: one thread alone, a warp or a block; and the running sum of exponentials.
//
// A tensor is seen as (outer, count, inner). Row r holds the `count` elements from
// first_of_row(r) on, each `inner` apart; inner is 1 when the reduced dimension is the last one.
// Row functions (softmax.cu, cross_entropy.cu) are written once, over a Team: a Team's threads
// stand at lane() of lanes(), and all(value, join) gives every one of them the joined value. The
// host check compiles the same functions as plain C++, with the team Solo.
#pragma once
#include "common.cuh"

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA_ARCH__)
#define GG_ON_DEVICE 1
#if __has_include(<cuda_fp16.h>)   // NVRTC alone has no headers; float and double need none
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif
#endif

namespace gg {

typedef long long Count;

// Sums of half types are kept in float and rounded once, when they are stored.
template <typename T> struct Summing { typedef float type; };
template <> struct Summing<double> { typedef double type; };
template <typename T> using Sum = typename Summing<T>::type;

GG_FN Count first_of_row(Count row, Count count, Count inner) {
  return inner == 1 ? row * count : row / inner * count * inner + row % inner;
}

struct Add {
  template <typename V> GG_FN V operator()(V a, V b) const { return a + b; }
};

// Sum of exp(x - max) while the maximum is still growing (Milakov & Gimelshein 2018).
// A row of -inf alone, one with +inf and one with NaN end as NaN, as they do when the maximum is
// taken first; -inf among finite values counts as zero.
template <typename A> struct Online {
  A max, sum;
  GG_FN void add(A x) {
    if (x > max) {
      sum = sum * exp(max - x) + exp(x - x);   // x - x is NaN for +inf
      max = x;
    } else if (x != -A(1) / A(0)) {
      sum += exp(x - max);
    }
  }
};

template <typename A> GG_FN Online<A> nothing_yet() { return Online<A>{-A(1) / A(0), A(0)}; }

// exp(-inf - -inf) would be NaN: what already has the common maximum is not rescaled.
struct Join {
  template <typename A> GG_FN Online<A> operator()(Online<A> a, Online<A> b) const {
    const A max = a.max > b.max ? a.max : b.max;
    const A left = a.max == max ? a.sum : a.sum * exp(a.max - max);
    const A right = b.max == max ? b.sum : b.sum * exp(b.max - max);
    return Online<A>{max, left + right};
  }
};

// ------------------------------------------------------------------------------------------- teams
struct Solo {
  GG_FN int lane() const { return 0; }
  GG_FN int lanes() const { return 1; }
  template <typename V, class J> GG_FN V all(V value, J) const { return value; }
#ifdef GG_ON_DEVICE
  __device__ static Count row() { return Count(blockIdx.x) * blockDim.x + threadIdx.x; }
  __device__ static Count rows() { return Count(gridDim.x) * blockDim.x; }
#endif
};

#ifdef GG_ON_DEVICE
__device__ inline float lane_xor(float v, int mask) { return __shfl_xor_sync(~0u, v, mask); }
__device__ inline double lane_xor(double v, int mask) { return __shfl_xor_sync(~0u, v, mask); }
template <typename A> __device__ Online<A> lane_xor(Online<A> v, int mask) {
  return Online<A>{lane_xor(v.max, mask), lane_xor(v.sum, mask)};
}

// Blocks are whole warps, and all lanes of a warp have the same row.
struct Warp {
  __device__ int lane() const { return threadIdx.x & 31; }
  __device__ int lanes() const { return 32; }
  template <typename V, class J> __device__ V all(V value, J join) const {
    for (int mask = 16; mask; mask >>= 1) value = join(value, lane_xor(value, mask));
    return value;
  }
  __device__ static Count row() { return (Count(blockIdx.x) * blockDim.x + threadIdx.x) >> 5; }
  __device__ static Count rows() { return (Count(gridDim.x) * blockDim.x) >> 5; }
};

// Every thread joins the warps' values in the same order, so all get the same bits.
struct Block {
  __device__ int lane() const { return threadIdx.x; }
  __device__ int lanes() const { return blockDim.x; }
  template <typename V, class J> __device__ V all(V value, J join) const {
    __shared__ V warps[32];
    value = Warp().all(value, join);
    __syncthreads();   // the last call's values have been read
    if ((threadIdx.x & 31) == 0) warps[threadIdx.x >> 5] = value;
    __syncthreads();
    value = warps[0];
    for (unsigned w = 1; w < blockDim.x >> 5; ++w) value = join(value, warps[w]);
    return value;
  }
  __device__ static Count row() { return blockIdx.x; }
  __device__ static Count rows() { return gridDim.x; }
};
#endif

// -------------------------------------------------------------------------------------------- rows
template <typename T, class Team>
GG_FN Online<Sum<T>> exponentials(const T* x, Count count, Count stride, Team team) {
  Online<Sum<T>> run = nothing_yet<Sum<T>>();
  for (Count j = team.lane(); j < count; j += team.lanes()) run.add(Sum<T>(x[j * stride]));
  return team.all(run, Join());
}

}  // namespace gg

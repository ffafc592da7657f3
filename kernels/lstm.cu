// kernels/lstm.cu
// The elementwise part of an LSTM's recurrence: gpugrad.ops.recurrent.lstm. The matrix products
// between the steps are cuBLAS's.
//
// gates (T, B, 4H) in the order input, forget, candidate, output; everything else (T, B, H) or
// (B, H), contiguous. One thread has one unit of one row: element e of (B, H) is unit e % H of row
// e / H. Half types are computed in float and rounded once.
#include "common.cuh"
#include "scalar.cuh"

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA_ARCH__)
#define GG_ON_DEVICE 1
#if __has_include(<cuda_fp16.h>)   // NVRTC alone has no headers; float and double need none
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif
#endif

namespace gg {

template <typename T> struct Unit { typedef float type; };
template <> struct Unit<double> { typedef double type; };

// A unit's next cell and output from its activated gates.
template <typename C> GG_FN C next_cell(C i, C f, C g, C cell) { return f * cell + i * g; }

// Cotangents of a unit's four pre-activations; dc is that of the cell after the step, and becomes
// that of the cell before it.
template <typename C>
GG_FN void unit_backward(C i, C f, C g, C o, C before, C flat, C dh, C& dc, const C (&extra)[4],
                         C (&pre)[4]) {
  dc += dh * o * (C(1) - flat * flat);
  pre[0] = (dc * g + extra[0]) * i * (C(1) - i);
  pre[1] = (dc * before + extra[1]) * f * (C(1) - f);
  pre[2] = (dc * i + extra[2]) * (C(1) - g * g);
  pre[3] = (dh * flat + extra[3]) * o * (C(1) - o);
  dc *= f;
}

#ifdef GG_ON_DEVICE

// One step forward: gates = act(x + share), next cell and output.
template <typename T>
__global__ void lstm_step(const T* x, const T* share, const T* cell, T* gates, T* output, T* next,
                          long long size, long long hidden) {
  typedef typename Unit<T>::type C;
  const long long e = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= size) return;
  const long long at = e / hidden * 4 * hidden + e % hidden;
  C a[4];
  for (int k = 0; k < 4; ++k) {
    const long long p = at + k * hidden;
    const C z = C(x[p]) + C(share[p]);
    a[k] = k == 2 ? tanh(z) : sigmoid(z);
    gates[p] = T(a[k]);
  }
  const C c = next_cell(a[0], a[1], a[2], C(cell[e]));
  next[e] = T(c);
  output[e] = T(a[3] * tanh(c));
}

// Output and cell before every step and tanh of the cell after it, again from the gates.
template <typename T>
__global__ void lstm_states(const T* gates, const T* output, const T* cell, T* before,
                            T* cell_before, T* flat, long long steps, long long size,
                            long long hidden, long long reverse) {
  typedef typename Unit<T>::type C;
  const long long e = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= size) return;
  const long long at = e / hidden * 4 * hidden + e % hidden;
  C h = C(output[e]), c = C(cell[e]);
  for (long long k = 0; k < steps; ++k) {
    const long long t = reverse ? steps - 1 - k : k;
    const T* a = gates + t * 4 * size + at;
    before[t * size + e] = T(h);
    cell_before[t * size + e] = T(c);
    c = next_cell(C(a[0]), C(a[hidden]), C(a[2 * hidden]), c);
    const C y = tanh(c);
    flat[t * size + e] = T(y);
    h = C(a[3 * hidden]) * y;
  }
}

// One step backward. g_output, g_gates and dh may be null; dc is read and written.
template <typename T>
__global__ void lstm_pull(const T* gates, const T* cell_before, const T* flat, const T* g_output,
                          const T* g_gates, const T* dh, T* dc, T* pre, long long size,
                          long long hidden) {
  typedef typename Unit<T>::type C;
  const long long e = (long long)blockIdx.x * blockDim.x + threadIdx.x;
  if (e >= size) return;
  const long long at = e / hidden * 4 * hidden + e % hidden;
  C a[4], extra[4], out[4];
  for (int k = 0; k < 4; ++k) {
    a[k] = C(gates[at + k * hidden]);
    extra[k] = g_gates ? C(g_gates[at + k * hidden]) : C(0);
  }
  const C d = (dh ? C(dh[e]) : C(0)) + (g_output ? C(g_output[e]) : C(0));
  C cotangent = C(dc[e]);
  unit_backward(a[0], a[1], a[2], a[3], C(cell_before[e]), C(flat[e]), d, cotangent, extra, out);
  for (int k = 0; k < 4; ++k) pre[at + k * hidden] = T(out[k]);
  dc[e] = T(cotangent);
}

#endif
}  // namespace gg

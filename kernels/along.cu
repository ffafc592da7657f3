// kernels/along.cu
// Entries at an index along one dimension, and sums into them: gpugrad/ops/along.py.
//
// The table is (outer, size, inner) around that dimension, the index and what goes with it
// (outer, count, inner); all are contiguous. An index counts modulo size, so every place exists.
#include "rows.cuh"

namespace gg {

// Where element i of the index points to.
template <typename Index>
GG_FN Count place(Count i, Index index, Count size, Count count, Count inner) {
  Count k = Count(index) % size;
  if (k < 0) k += size;
  return (i / (count * inner) * size + k) * inner + i % inner;
}

#ifdef GG_ON_DEVICE
// T is any type as wide as an element: bits are copied.
template <typename T, typename Index>
__global__ void gather(T* __restrict__ out, const T* __restrict__ table,
                       const Index* __restrict__ index, Count number, Count size, Count count,
                       Count inner) {
  const Count step = Count(gridDim.x) * blockDim.x;
  for (Count i = Count(blockIdx.x) * blockDim.x + threadIdx.x; i < number; i += step)
    out[i] = table[place(i, index[i], size, count, inner)];
}

// A is float, double, int or unsigned long long. Where an index repeats, sums come in any order.
template <typename A, typename T, typename Index>
__global__ void add(A* table, const T* __restrict__ values, const Index* __restrict__ index,
                    Count number, Count size, Count count, Count inner) {
  const Count step = Count(gridDim.x) * blockDim.x;
  for (Count i = Count(blockIdx.x) * blockDim.x + threadIdx.x; i < number; i += step)
    atomicAdd(table + place(i, index[i], size, count, inner), A(values[i]));
}
#endif

}  // namespace gg

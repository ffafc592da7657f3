// kernels/scatter.cu
// out[index[i], :] += rows[i, :] with repeated indices: gradients of embedding and of indexing.
//
// out is (table, width), rows is (number, width), both contiguous; index counts back from the end
// when negative. An index outside the table is skipped: nothing is read or written out of bounds.
// A is float, double, int or unsigned long long, whichever the host chose to sum T in. Atomic
// additions come in any order, so sums of floats may differ in the last bit from run to run.
#include "rows.cuh"

namespace gg {

template <typename Index> GG_FN Count row_of(Index index, Count table) {
  const Count at = Count(index) < 0 ? Count(index) + table : Count(index);
  return at < table ? at : -1;
}

#ifdef GG_ON_DEVICE
// A block is (columns, rows): neighbouring threads write neighbouring addresses.
template <typename A, typename T, typename Index>
__global__ void add_rows(A* out, const Index* __restrict__ index, const T* __restrict__ rows,
                         Count number, Count width, Count table) {
  const Count step = Count(gridDim.x) * blockDim.y;
  for (Count i = Count(blockIdx.x) * blockDim.y + threadIdx.y; i < number; i += step) {
    const Count at = row_of(index[i], table);
    if (at < 0) continue;
    for (Count j = threadIdx.x; j < width; j += blockDim.x)
      atomicAdd(out + at * width + j, A(rows[i * width + j]));
  }
}
#endif

}  // namespace gg

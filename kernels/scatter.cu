// kernels/scatter.cu
// out[index[i], :] += rows[i, :] with repeated indices: gradients of embedding and of indexing.
// out[position[i]] = how(out[position[i]], values[i]): scatter_reduce and index_reduce.
//
// out is (table, width), rows is (number, width), both contiguous; index counts back from the end
// when negative. An index outside the table is skipped: nothing is read or written out of bounds.
// A is float, double, int or (unsigned) long long, whichever the host chose to combine T in. Atomic
// operations come in any order, so sums and products of floats may differ in the last bit from run
// to run.
#include "rows.cuh"

namespace gg {

template <typename Index> GG_FN Count row_of(Index index, Count table) {
  const Count at = Count(index) < 0 ? Count(index) + table : Count(index);
  return at < table ? at : -1;
}

struct Multiply {
  template <typename V> GG_FN V operator()(V a, V b) const { return a * b; }
};
// NaN, which no comparison holds for, is handed on from either side.
struct Maximum {
  template <typename V> GG_FN V operator()(V a, V b) const { return b > a || b != b ? b : a; }
};
struct Minimum {
  template <typename V> GG_FN V operator()(V a, V b) const { return b < a || b != b ? b : a; }
};

// Unsigned integers as wide as A: what a compare-and-swap swaps.
template <int Bytes> struct WordOf { typedef unsigned int type; };
template <> struct WordOf<8> { typedef unsigned long long type; };
template <typename A> union Bits {
  A value;
  typename WordOf<sizeof(A)>::type word;
};

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

template <class How, typename A> __device__ void combine_one(A* at, A value) {
  typedef typename WordOf<sizeof(A)>::type Word;
  Word* const place = reinterpret_cast<Word*>(at);
  Bits<A> before, after;
  before.value = *at;
  while (true) {
    after.value = How()(before.value, value);
    if (after.word == before.word) return;
    const Word seen = atomicCAS(place, before.word, after.word);
    if (seen == before.word) return;
    before.word = seen;
  }
}

template <class How, typename A>
__global__ void combine(A* out, const Count* __restrict__ positions, const A* __restrict__ values,
                        Count number, Count table) {
  const Count step = Count(gridDim.x) * blockDim.x;
  for (Count i = Count(blockIdx.x) * blockDim.x + threadIdx.x; i < number; i += step) {
    const Count at = row_of(positions[i], table);
    if (at >= 0) combine_one<How>(out + at, values[i]);
  }
}
#endif

}  // namespace gg

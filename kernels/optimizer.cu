// kernels/optimizer.cu
// Updates many tensors in one launch: gpugrad.optim.SGD, Adam and AdamW, nn.utils.clip_grad_*.
//
// A launch takes a Table by value: the addresses of up to `capacity` tensors in each of R roles
// (parameter, state, gradient, ...). The tensors of one column have one size, any length, and are
// dense in the same element order. Block b owns SPAN elements of the tensor t with
// first[t] <= b < first[t + 1]. Half types are computed in float and rounded once.
//
// gpugrad/array/multi_tensor.py packs the Table: layout, SPAN and BLOCK are repeated there.
#include "common.cuh"

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA_ARCH__)
#define GG_ON_DEVICE 1
#if __has_include(<cuda_fp16.h>)   // NVRTC alone has no headers; float and double need none
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#endif
#endif

namespace gg {

constexpr int LANES = 4;              // elements of a thread
constexpr int BLOCK = 256;            // threads of a block
constexpr int SPAN = LANES * BLOCK;   // elements of a block

template <int R> struct Table {
  static constexpr int capacity = (4096 - 160) / (8 * R + 12);   // 4 KiB of arguments in all
  unsigned long long address[R][capacity];   // 0: no tensor in this role
  long long size[capacity];
  unsigned first[capacity + 1];
  unsigned count;
};

template <typename T> struct Compute { using type = float; };
template <> struct Compute<double> { using type = double; };

// ---------------------------------------------------------------------------- one element's update
// Each reads and writes x[role]; the last role is the gradient, which is only read.

// x = p, m, v, peak, g. Kingma & Ba 2015; weight decay L2 (Adam) or decoupled (Loshchilov & Hutter
// 2019). `rate` is lr * sqrt(1 - beta2^t) / (1 - beta1^t) and `eps` is scaled by the same root, so
// the division by it is done once on the host.
template <typename C> struct Adam {
  C rate, beta1, beta2, rest1, rest2, eps, shrink, l2, sign;   // rest1 = 1 - beta1, in double
  GG_FN void operator()(C (&x)[5], bool peaks) const {
    C g = sign * x[4];
    if (l2 != C(0)) g += l2 * x[0];
    x[1] += rest1 * (g - x[1]);
    x[2] = beta2 * x[2] + rest2 * g * g;
    C second = x[2];
    if (peaks) second = x[3] = (x[3] != x[3] || x[3] > second) ? x[3] : second;
    x[0] = shrink * x[0] - rate * x[1] / (sqrt(second) + eps);
  }
};

// x = p, buffer, g. `fresh` marks the first step, when the buffer becomes the gradient itself.
template <typename C> struct Sgd {
  C rate, momentum, rest, l2, sign;   // rest = 1 - dampening
  bool nesterov, fresh;
  GG_FN void operator()(C (&x)[3], bool buffered) const {
    C g = sign * x[2];
    if (l2 != C(0)) g += l2 * x[0];
    if (buffered) {
      x[1] = fresh ? g : momentum * x[1] + rest * g;
      g = nesterov ? g + momentum * x[1] : x[1];
    }
    x[0] -= rate * g;
  }
};

template <typename C> struct Scale {
  const double* factor;
  GG_FN void operator()(C (&x)[1], bool) const { x[0] *= C(*factor); }
};

template <typename C> struct Clamp {
  C bound;
  GG_FN void operator()(C (&x)[1], bool) const {
    x[0] = x[0] < -bound ? -bound : x[0] > bound ? bound : x[0];
  }
};

// ------------------------------------------------------------------------------- walking the table
// The tensor that block `b` works on: the last one that starts at or before it.
template <int R> GG_FN int owner(const Table<R>& table, unsigned b) {
  int low = 0, high = int(table.count) - 1;
  while (low < high) {
    const int middle = (low + high + 1) / 2;
    if (table.first[middle] <= b) low = middle; else high = middle - 1;
  }
  return low;
}

#ifdef GG_ON_DEVICE

// The elements of one thread: which tensor, from where, how many, and whether 4 move at once.
template <typename T, int R> struct Share {
  T* at[R];
  int count;
  bool whole;

  __device__ Share(const Table<R>& table) {
    const int t = owner(table, blockIdx.x);
    const long long begin =
        (long long)(blockIdx.x - table.first[t]) * SPAN + (long long)threadIdx.x * LANES;
    const long long left = table.size[t] - begin;
    unsigned long long low_bits = 0;
    for (int r = 0; r < R; ++r) {
      const unsigned long long a = table.address[r][t];
      at[r] = a ? (T*)a + begin : nullptr;
      low_bits |= a;
    }
    count = left < 0 ? 0 : left < LANES ? int(left) : LANES;
    whole = count == LANES && low_bits % sizeof(Pack<T, LANES>) == 0;
  }

  template <typename C> __device__ void load(int r, C (&x)[LANES]) const {
    if (!at[r]) return;
    if (whole) {
      const Pack<T, LANES> pack = load_pack<LANES>(at[r], 0);
      for (int i = 0; i < LANES; ++i) x[i] = C(pack.value[i]);
    } else {
      for (int i = 0; i < count; ++i) x[i] = C(at[r][i]);
    }
  }

  template <typename C> __device__ void store(int r, const C (&x)[LANES]) const {
    if (!at[r]) return;
    if (whole) {
      Pack<T, LANES> pack;
      for (int i = 0; i < LANES; ++i) pack.value[i] = T(x[i]);
      store_pack(at[r], 0, pack);
    } else {
      for (int i = 0; i < count; ++i) at[r][i] = T(x[i]);
    }
  }
};

// Applies `update` to every element; roles below `written` are stored again.
template <typename T, int R, typename Update>
__device__ void update_all(const Table<R>& table, const Update& update, int written, int optional) {
  using C = typename Compute<T>::type;
  const Share<T, R> share(table);
  if (share.count == 0) return;
  C roles[R][LANES] = {};
  for (int r = 0; r < R; ++r) share.load(r, roles[r]);
  const bool present = share.at[optional] != nullptr;
  for (int i = 0; i < LANES; ++i) {
    C x[R];
    for (int r = 0; r < R; ++r) x[r] = roles[r][i];
    update(x, present);
    for (int r = 0; r < R; ++r) roles[r][i] = x[r];
  }
  for (int r = 0; r < written; ++r) share.store(r, roles[r]);
}

// Sum (or, for `largest`, maximum, NaN winning) over the block; the value is thread 0's.
__device__ inline double join(double a, double b, bool largest) {
  return largest ? (a != a || a > b ? a : b) : a + b;
}
__device__ inline double reduce_block(double value, bool largest) {
  __shared__ double part[BLOCK];
  part[threadIdx.x] = value;
  for (int width = BLOCK / 2; width > 0; width /= 2) {
    __syncthreads();
    if (threadIdx.x < width)
      part[threadIdx.x] = join(part[threadIdx.x], part[threadIdx.x + width], largest);
  }
  return part[0];
}

// One block's share of sum |x|^order, or of max |x| for infinite order, in double.
template <typename T>
__device__ void partial_norm(const Table<1>& table, double* partial, double order) {
  using C = typename Compute<T>::type;
  const Share<T, 1> share(table);
  C x[LANES] = {};
  share.load(0, x);
  const bool largest = isinf(order);
  double sum = 0;
  for (int i = 0; i < share.count; ++i) {
    const double a = fabs(double(x[i]));
    const double term = largest || order == 1 ? a : order == 2 ? a * a : pow(a, order);
    sum = join(sum, term, largest);
  }
  sum = reduce_block(sum, largest);
  if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

// ----------------------------------------------------------------------------------------- kernels
// Constants come as double and are rounded to the computing type once; flags come as long long.

template <typename T>
__global__ void adam(const __grid_constant__ Table<5> table, double rate, double beta1,
                     double beta2, double eps, double shrink, double l2, double sign) {
  using C = typename Compute<T>::type;
  const Adam<C> update = {C(rate), C(beta1),  C(beta2), C(1 - beta1), C(1 - beta2),
                          C(eps),  C(shrink), C(l2),    C(sign)};
  update_all<T>(table, update, 4, 3);
}

template <typename T>
__global__ void sgd(const __grid_constant__ Table<3> table, double rate, double momentum,
                    double rest, double l2, double sign, long long nesterov, long long fresh) {
  using C = typename Compute<T>::type;
  const Sgd<C> update = {C(rate), C(momentum),   C(rest),   C(l2),
                         C(sign), nesterov != 0, fresh != 0};
  update_all<T>(table, update, 2, 1);
}

template <typename T>
__global__ void scale(const __grid_constant__ Table<1> table, const double* factor) {
  if (*factor == 1) return;
  update_all<T>(table, Scale<typename Compute<T>::type>{factor}, 1, 0);
}

template <typename T>
__global__ void clamp(const __grid_constant__ Table<1> table, double bound) {
  using C = typename Compute<T>::type;
  update_all<T>(table, Clamp<C>{C(bound)}, 1, 0);
}

template <typename T>
__global__ void norm(const __grid_constant__ Table<1> table, double* partial, double order) {
  partial_norm<T>(table, partial, order);
}

// The norm of everything from its `count` partial values, and the factor that brings it down to
// `max_norm`. One block: result[0] = norm, result[1] = factor (NaN where the norm is).
template <typename T>
__global__ void finish_norm(const T* partial, long long count, double order, double max_norm,
                            T* result) {
  const bool largest = isinf(order);
  T sum = 0;
  for (long long i = threadIdx.x; i < count; i += BLOCK) sum = join(sum, partial[i], largest);
  sum = reduce_block(sum, largest);
  if (threadIdx.x) return;
  const T norm = largest || order == 1 ? sum : order == 2 ? sqrt(sum) : pow(sum, 1 / order);
  const T factor = max_norm / (norm + 1e-6);
  result[0] = norm;
  result[1] = factor < 1 ? factor : norm == norm ? T(1) : norm;
}

#endif
}  // namespace gg

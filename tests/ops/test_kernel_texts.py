"""The kernels of softmax, losses, scattering, pooling under NVIDIA's compiler, without a GPU."""

from __future__ import annotations

import pytest
from kernels.nvrtc import compile_text

# float and double only: NVRTC alone has no headers for half types.
TEXTS = {
    "softmax": """
#include "softmax.cu"
#define MAP(T, Row, Team)                                                        \\
  template __global__ void gg::map_rows<T, gg::Row, gg::Team>(                   \\
      const T* __restrict__, T* __restrict__, gg::Count, gg::Count, gg::Count);
#define PAIRS(T, Row, Team)                                                      \\
  template __global__ void gg::map_row_pairs<T, gg::Row, gg::Team>(              \\
      const T* __restrict__, const T* __restrict__, T* __restrict__, gg::Count,  \\
      gg::Count, gg::Count);
MAP(float, Softmax, Warp) MAP(double, LogSoftmax, Block) MAP(float, LogSoftmax, Solo)
PAIRS(float, SoftmaxBackward, Block) PAIRS(double, LogSoftmaxBackward, Warp)
""",
    "cross_entropy": """
#include "cross_entropy.cu"
#define FORWARD(T, Class, Row, Team)                                             \\
  template __global__ void gg::forward<T, Class, gg::Row, gg::Team>(             \\
      const T* __restrict__, const Class* __restrict__, const T*, T*, T*,        \\
      gg::Part<T>*, gg::Count, gg::Count, gg::Count, gg::Count, double, int, unsigned);
#define BACKWARD(T, Class, Row, Team)                                            \\
  template __global__ void gg::backward<T, Class, gg::Row, gg::Team>(            \\
      const T*, const T* __restrict__, const Class* __restrict__, const T*,      \\
      const T*, T* __restrict__, gg::Count, gg::Count, gg::Count, gg::Count, double, gg::Count);
FORWARD(float, long long, CrossEntropy, Warp) FORWARD(double, int, LogLikelihood, Solo)
BACKWARD(float, long long, CrossEntropyBackward, Block)
BACKWARD(double, unsigned char, LogLikelihoodBackward, Solo)
""",
    "along": """
#include "along.cu"
template __global__ void gg::gather<unsigned short, long long>(unsigned short* __restrict__,
    const unsigned short* __restrict__, const long long* __restrict__, gg::Count, gg::Count,
    gg::Count, gg::Count);
template __global__ void gg::add<double, double, int>(double*, const double* __restrict__,
    const int* __restrict__, gg::Count, gg::Count, gg::Count, gg::Count);
""",
    "scatter": """
#include "scatter.cu"
#define ADD(A, T, Index)                                                         \\
  template __global__ void gg::add_rows<A, T, Index>(A*, const Index* __restrict__, \\
      const T* __restrict__, gg::Count, gg::Count, gg::Count);
#define COMBINE(How, A)                                                          \\
  template __global__ void gg::combine<gg::How, A>(A*, const gg::Count* __restrict__, \\
      const A* __restrict__, gg::Count, gg::Count);
ADD(float, float, long long) ADD(double, double, int) ADD(unsigned long long, long long, int)
COMBINE(Multiply, float) COMBINE(Maximum, double) COMBINE(Minimum, int)
COMBINE(Maximum, long long)
""",
    "pooling": """
#include "pooling.cu"
#define AXES gg::Count, gg::Count, gg::Count, gg::Count, gg::Count, gg::Count
#define POOL(T, Code, I)                                                         \\
  template __global__ void gg::max_pool<T, Code, I>(                             \\
      const T* __restrict__, Code*, T* __restrict__, gg::Count, AXES, AXES, AXES);  \\
  template __global__ void gg::put<T, Code, I>(const T* __restrict__,            \\
      const Code* __restrict__, T* __restrict__, gg::Count, AXES, AXES, AXES);   \\
  template __global__ void gg::pick<T, Code, I>(const T* __restrict__,           \\
      const Code* __restrict__, T* __restrict__, gg::Count, AXES, AXES, AXES);   \\
  template __global__ void gg::adaptive_max<T, Code, I>(                         \\
      const T* __restrict__, Code*, T* __restrict__, gg::Count, AXES, AXES, AXES);
POOL(float, unsigned char, int) POOL(double, int, long long) POOL(long long, short, int)
""",
    "grid": """
#include "grid.cu"
#define PLACES gg::Count, gg::Count, gg::Count, int, int, int, int, int, int, int, int, int, int
#define GRID(T)                                                                  \\
  template __global__ void gg::sample<T>(const T* __restrict__,                  \\
      const T* __restrict__, T* __restrict__, PLACES);                           \\
  template __global__ void gg::spread<T>(const T* __restrict__,                  \\
      const T* __restrict__, gg::Sum<T>*, PLACES);                               \\
  template __global__ void gg::slopes<T>(const T* __restrict__,                  \\
      const T* __restrict__, const T* __restrict__, T* __restrict__, PLACES);
GRID(float) GRID(double)
""",
    "resample": """
#include "resample.cu"
#define AXES gg::Count, gg::Count, gg::Count, gg::Count, gg::Count, gg::Count
#define BOTH(T, I, Map)                                                          \\
  template __global__ void gg::collect<T, I, gg::Map>(const T* __restrict__,     \\
      T* __restrict__, gg::Count, AXES, AXES, AXES, double, double, double);     \\
  template __global__ void gg::spread<T, I, gg::Map>(const T* __restrict__,      \\
      T* __restrict__, gg::Count, AXES, AXES, AXES, double, double, double);
BOTH(float, int, Window) BOTH(double, int, Adaptive) BOTH(float, long long, Nearest)
BOTH(float, int, Linear) BOTH(double, int, Cubic) BOTH(float, int, Smooth)
""",
}


@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90", "sm_100"])
@pytest.mark.parametrize("name", TEXTS)
def test_kernels_compile_with_nvrtc(name: str, architecture: str) -> None:
    assert not compile_text(TEXTS[name], architecture)

"""kernels/convolution.cu compiled as plain C++: every element is what NumPy's lowering gives."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kernels.nvrtc import compile_text

from gpugrad.array.kernel_files import kernel_directory, kernel_text
from gpugrad.ops.convolution import on_cpu, on_cuda
from gpugrad.ops.convolution.arguments import geometry_of
from gpugrad.ops.convolution.geometry import Geometry, Part

# Loops in the place of a GPU's threads: f(line, place's number, place) for all of them.
CALLS = """
#include "convolution.cu"
using namespace gg;
template <typename F> void all(Count lines, const int (&sizes)[3], F f) {
  for (Count line = 0; line < lines; ++line)
    for (Count i = 0; i < Count(sizes[0]) * sizes[1] * sizes[2]; ++i)
      f(line, i, place_of(i, sizes));
}
extern "C" {
void im2col(const Geometry* g, const Columns* c, const double* x, double* out, Count lines) {
  all(lines, g->out, [&](Count l, Count i, Place p) { gather(*g, *c, x, out, l, i, p); });
}
void col2im(const Geometry* g, const Columns* c, const double* columns, const double* bias,
            double* x, Count lines) {
  all(lines, g->size, [&](Count l, Count i, Place p) {
    collect(*g, *c, columns, bias, x, l, i, p);
  });
}
void forward(const Geometry* g, const double* x, const double* w, const double* bias, double* y,
             int channels, int filters, Count lines) {
  all(lines, g->out, [&](Count l, Count i, Place p) {
    depthwise(*g, x, w, bias, y, channels, filters, l, i, p);
  });
}
void backward(const Geometry* g, const double* y, const double* w, const double* bias, double* x,
              int channels, int filters, Count lines) {
  all(lines, g->size, [&](Count l, Count i, Place p) {
    depthwise_input(*g, y, w, bias, x, channels, filters, l, i, p);
  });
}
void weights(const Geometry* g, const double* x, const double* y, double* w, int channels,
             int filters, Count samples, Count elements) {
  for (Count e = 0; e < elements; ++e)
    depthwise_weight(*g, x, y, w, channels, filters, samples, e, Solo());
}
}
"""

CASES = [
    ((3, 4, 5, 6), (6, 2, 2, 3), (2, 1), (1, 2), (2, 1), 2),
    ((2, 4, 7), (8, 1, 3), (2,), (1,), (1,), 4),
    ((2, 3, 3, 4, 3), (6, 1, 2, 2, 2), (1, 2, 1), (1, 0, 1), (1, 1, 2), 3),
]


INSTANCES = """
template __global__ void gg::im2col<T>(GC, const __grid_constant__ gg::Columns, const T*, T*,
                                       gg::Count, gg::Count);
template __global__ void gg::col2im<T, T>(GC, const __grid_constant__ gg::Columns, const T*,
                                          const T*, T*, gg::Count);
template __global__ void gg::depthwise_forward<T>(GC, const T*, const T*, const T*, T*, int, int,
                                                  gg::Count);
template __global__ void gg::depthwise_backward<T>(GC, const T*, const T*, const T*, T*, int, int,
                                                   gg::Count);
template __global__ void gg::depthwise_weights<T>(GC, const T*, const T*, T*, int, int, gg::Count,
                                                  gg::Count);
""".replace("GC", "const __grid_constant__ gg::Geometry")


@pytest.mark.parametrize("architecture", ["sm_75", "sm_90"])
def test_every_kernel_compiles_with_nvrtc(architecture: str) -> None:
    names = [("T, T", "float, float"), ("<T>", "<float>"), ("T*", "float*")]
    text = kernel_text("convolution.cu")
    for element in ("float", "double"):
        made = INSTANCES
        for old, new in names:
            made = made.replace(old, new.replace("float", element))
        text += made
    assert compile_text(text, architecture) == ""


@pytest.fixture(scope="module")
def host_kernels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    folder: Path = tmp_path_factory.mktemp("convolution")
    source, library = folder / "calls.cpp", folder / "calls.so"
    source.write_text(CALLS, "utf-8")
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC",
               f"-I{kernel_directory()}", source, "-o", library]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))


def call(function: Any, *arguments: Any) -> None:
    function(*(
        ctypes.c_void_p(a.ctypes.data) if isinstance(a, np.ndarray)
        else a if isinstance(a, ctypes.c_int) else ctypes.c_longlong(a)
        for a in arguments
    ))  # fmt: skip


def drawn(case: Any) -> tuple[Geometry, Any, Any, Any]:
    image, kernel, *arguments = case
    geometry = geometry_of(image, kernel, None, *arguments)
    rng = np.random.default_rng(0)
    g = rng.standard_normal((image[0], kernel[0], *geometry.out))
    return geometry, rng.standard_normal(image), rng.standard_normal(kernel), g


@pytest.mark.parametrize("case", CASES, ids=str)
@pytest.mark.parametrize("merged", [False, True])
def test_columns_and_their_sum_are_numpys(host_kernels: Any, case: Any, merged: bool) -> None:
    geometry, x, _, _ = drawn(case)
    batch, channels = x.shape[:2]
    part = Part(slice(0, batch), batch, slice(0, channels // geometry.groups))
    layout = on_cuda._layout_of(geometry, part, channels, part.inner.stop, merged)
    packed, wanted = on_cuda._packed(geometry), on_cpu.unfold(x, geometry)
    columns = np.empty((batch, channels * geometry.taps, geometry.positions))
    if merged:
        columns = np.empty((columns.shape[1], batch, geometry.positions))
    call(host_kernels.im2col, packed, layout, x, columns, batch * channels)
    found = columns.swapaxes(0, 1) if merged else columns
    assert np.array_equal(found.reshape(wanted.shape), wanted)
    image, bias = np.empty_like(x), np.arange(float(channels))
    call(host_kernels.col2im, packed, layout, columns, bias, image, batch * channels)
    expected = on_cpu.fold(wanted, geometry) + bias.reshape(-1, *(1,) * (x.ndim - 2))
    np.testing.assert_allclose(image, expected, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("case", CASES[1:], ids=str)
def test_depthwise_kernels_compute_what_numpy_does(host_kernels: Any, case: Any) -> None:
    geometry, x, w, g = drawn(case)
    packed, bias = on_cuda._packed(geometry), np.arange(float(g.shape[1]))
    channels, filters = x.shape[1], g.shape[1] // x.shape[1]
    numbers = ctypes.c_int(channels), ctypes.c_int(filters)
    y, back, weight = np.empty_like(g), np.empty_like(x), np.empty_like(w)
    call(host_kernels.forward, packed, x, w, bias, y, *numbers, len(x) * g.shape[1])
    call(host_kernels.backward, packed, g, w, bias, back, *numbers, len(x) * channels)
    call(host_kernels.weights, packed, x, g, weight, *numbers, len(x), w.size)
    for found, wanted in (
        (y, on_cpu.convolve(x, w, bias, geometry)),
        (back, on_cpu.input_gradient(g, w, bias[:channels], geometry)),
        (weight, on_cpu.weight_gradient(x, g, geometry)),
    ):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)

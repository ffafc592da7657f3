"""softmax's kernels on raw arrays: against a float64 reference, and devices against each other."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpugrad.array import as_dtype, cupy, quiet
from gpugrad.array.kernel_files import kernel_directory
from gpugrad.ops import softmax_kernels as kernels

DTYPES = ("float64", "float32", "float16", "bfloat16")
TOLERANCE = {"float64": 1e-13, "float32": 3e-6, "float16": 2e-3, "bfloat16": 1.6e-2}
# One for each team of threads and each walk over memory: rows of a thread, a warp and a block,
# neighbours side by side and apart, several blocks of the CPU's cache.
SHAPES = [
    ((5,), 0), ((3, 40), 1), ((3, 4), 0), ((2, 70, 4), 1), ((), 0), ((0, 3), 1), ((3, 0), 0),
    ((7, 1500), -1), ((100, 100, 3), 1), ((3, 100, 3000), 1), ((200, 700), 1),
]  # fmt: skip
EXTREMES = [
    [1.0, np.inf, 2.0, 3.0], [-np.inf] * 4, [1.0, -np.inf, 2.0, 3.0], [-np.inf, -np.inf, 0.0, 1.0],
    [np.nan, 1.0, 2.0, 3.0], [1e4, -1e4, 89.0, -89.0], [0.0, 0.0, 1e-30, -1e-30], [-1e4] * 4,
    [np.inf, np.inf, 0.0, 0.0],
]  # fmt: skip


def softmax_reference(x: Any, dim: int) -> Any:
    e = np.exp(x - x.max(dim, keepdims=True, initial=-np.inf))
    return e / e.sum(dim, keepdims=True)


def draw(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    rng = np.random.default_rng(seed)
    return np.asarray(rng.standard_normal(shape) * 4).astype(as_dtype(dtype).numpy)


def assert_close(got: Any, want: Any, tolerance: float) -> None:
    got, want = got.astype(np.float64), want.astype(np.float64)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_softmax_and_its_logarithm_match_float64(shape: Any, dim: int, dtype: str) -> None:
    x = draw(shape, dtype)
    wide = x.astype(np.float64).reshape(shape or (1,))
    want = softmax_reference(wide, dim).reshape(shape)
    y, logs = kernels.softmax(x, dim), kernels.log_softmax(x, dim)
    assert y.dtype == logs.dtype == x.dtype
    assert y.flags.c_contiguous
    assert_close(y, want, TOLERANCE[dtype])
    assert_close(logs, np.log(want), 8 * TOLERANCE[dtype])


@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_backward_is_the_product_with_the_jacobian(shape: Any, dim: int) -> None:
    x, g = draw(shape, "float64"), draw(shape, "float64", seed=1)
    wide = x.reshape(shape or (1,))
    y = softmax_reference(wide, dim)
    dot = (y * g.reshape(y.shape)).sum(dim, keepdims=True)
    total = g.reshape(y.shape).sum(dim, keepdims=True)
    got = kernels.softmax_backward(g, y.reshape(shape), dim)
    assert_close(got, (y * (g.reshape(y.shape) - dot)).reshape(shape), 1e-12)
    got = kernels.log_softmax_backward(g, np.log(y).reshape(shape), dim)
    assert_close(got, (g.reshape(y.shape) - y * total).reshape(shape), 1e-12)


def test_strided_input_gives_the_values_of_its_copy() -> None:
    x = draw((6, 8, 10), "float64")[::2, :, 1::3].transpose(2, 0, 1)
    for dim in range(3):
        assert np.array_equal(kernels.softmax(x, dim), kernels.softmax(x.copy(), dim))


@pytest.mark.parametrize("row", EXTREMES, ids=str)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_extremes_follow_the_definition(row: list[float], dtype: str) -> None:
    x = np.array([row], dtype)
    with quiet():
        want = softmax_reference(x.astype(np.float64), 1)
        got = kernels.softmax(x, 1)
        logs = kernels.log_softmax(x, 1)
    assert_close(got, want, 1e-6)
    assert np.array_equal(np.isnan(logs), np.isnan(want))


# -------------------------------------------------------------- the kernels' text on this machine
@pytest.fixture(scope="module")
def host_kernels(tmp_path_factory: pytest.TempPathFactory) -> Any:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    return build(Path(compiler), tmp_path_factory.mktemp("softmax"))


CALLS = """
#include "softmax.cu"
#define GG_ROWS(Row, T)                                                         \\
  extern "C" void Row##_##T(const T* x, T* y, long long rows, long long count) { \\
    for (long long r = 0; r < rows; ++r)                                         \\
      gg::Row()(x + r * count, y + r * count, count, 1, gg::Solo());             \\
  }
GG_ROWS(Softmax, float) GG_ROWS(Softmax, double)
GG_ROWS(LogSoftmax, float) GG_ROWS(LogSoftmax, double)
"""


def build(compiler: Path, folder: Path) -> Any:
    source, library = folder / "calls.cpp", folder / "calls.so"
    source.write_text(CALLS, "utf-8")
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC",
               f"-I{kernel_directory()}", source, "-o", library]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(library))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", ["Softmax", "LogSoftmax"])
def test_kernel_text_compiled_as_cpp_agrees_with_numpy(
    host_kernels: Any, name: str, dtype: str
) -> None:
    x = np.array(EXTREMES, dtype)
    x = np.concatenate([x, draw((5, 4), dtype)])
    y = np.empty_like(x)
    call = host_kernels[f"{name}_{'float' if dtype == 'float32' else 'double'}"]
    call(x.ctypes.data_as(ctypes.c_void_p), y.ctypes.data_as(ctypes.c_void_p),
         ctypes.c_longlong(len(x)), ctypes.c_longlong(4))  # fmt: skip
    with quiet():
        want = (kernels.softmax if name == "Softmax" else kernels.log_softmax)(x, 1)
    assert_close(y, want, TOLERANCE[dtype] * 10)


# --------------------------------------------------------------------------------------- on a GPU
@pytest.mark.cuda
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "dim"), SHAPES)
def test_gpu_agrees_with_cpu(shape: Any, dim: int, dtype: str) -> None:
    x, g = draw(shape, dtype), draw(shape, dtype, seed=1)
    y, logs = kernels.softmax(x, dim), kernels.log_softmax(x, dim)
    on_gpu = [cupy().asarray(a) for a in (x, g, y, logs)]
    pairs = [
        (kernels.softmax(on_gpu[0], dim), y),
        (kernels.log_softmax(on_gpu[0], dim), logs),
        (kernels.softmax_backward(on_gpu[1], on_gpu[2], dim), kernels.softmax_backward(g, y, dim)),
        (kernels.log_softmax_backward(on_gpu[1], on_gpu[3], dim),
         kernels.log_softmax_backward(g, logs, dim)),
    ]  # fmt: skip
    for got, want in pairs:
        assert got.dtype == want.dtype
        assert got.shape == want.shape
        assert_close(cupy().asnumpy(got), want, 4 * TOLERANCE[dtype])


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gpu_agrees_with_cpu_on_extremes(dtype: str) -> None:
    # 4 elements are a thread's work; repeated to 64 they are a warp's, to 2048 a block's.
    for times in (1, 16, 512):
        x = np.tile(np.array(EXTREMES, dtype), (1, times))
        with quiet():
            want = kernels.softmax(x, 1), kernels.log_softmax(x, 1)
        on_gpu = cupy().asarray(x)
        got = kernels.softmax(on_gpu, 1), kernels.log_softmax(on_gpu, 1)
        for a, b in zip(got, want, strict=True):
            assert_close(cupy().asnumpy(a), b, 1e-5)


@pytest.mark.cuda
@pytest.mark.parametrize(("shape", "dim"), [((64, 100), 1), ((64, 5000), 1), ((9, 10, 11), 1)])
def test_one_launch_forward_and_one_backward(shape: Any, dim: int) -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    x = cupy().asarray(draw(shape, "float32"))
    for forward, backward in (
        (kernels.softmax, kernels.softmax_backward),
        (kernels.log_softmax, kernels.log_softmax_backward),
    ):
        with cudasim.measure() as counted:
            y = forward(x, dim)
        assert counted.launches == 1
        with cudasim.measure() as counted:
            backward(x, y, dim)
        assert counted.launches == 1

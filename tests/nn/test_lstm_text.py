"""kernels/lstm.cu compiles everywhere, and its unit is the one that the NumPy path computes."""

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
from gpugrad.ops.recurrent_kernels import lstm_backward, lstm_forward

INSTANCES = """
template __global__ void gg::lstm_step<T>(const T*, const T*, const T*, T*, T*, T*, long long,
                                          long long);
template __global__ void gg::lstm_states<T>(const T*, const T*, const T*, T*, T*, T*, long long,
                                            long long, long long, long long);
template __global__ void gg::lstm_pull<T>(const T*, const T*, const T*, const T*, const T*,
                                          const T*, T*, T*, long long, long long);
"""

HOST = """
#include "lstm.cu"
extern "C" void unit(const double* a, double before, double flat, double dh, double* dc,
                     const double* extra, double* pre) {
  double more[4], out[4];
  for (int k = 0; k < 4; ++k) more[k] = extra[k];
  gg::unit_backward(a[0], a[1], a[2], a[3], before, flat, dh, *dc, more, out);
  for (int k = 0; k < 4; ++k) pre[k] = out[k];
}
extern "C" double cell(const double* a, double c) { return gg::next_cell(a[0], a[1], a[2], c); }
extern "C" double logistic(double x) { return gg::sigmoid(x); }
"""


@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90", "sm_100"])
def test_every_kernel_compiles_with_nvrtc(architecture: str) -> None:
    text = kernel_text("lstm.cu")
    for element in ("float", "double"):
        text += INSTANCES.replace("<T>", f"<{element}>").replace("T*", f"{element}*")
    assert compile_text(text, architecture) == ""


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Any:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    directory: Path = tmp_path_factory.mktemp("lstm")
    source, target = directory / "lstm.cpp", directory / "lstm.so"
    source.write_text(HOST)
    flags = ["-std=c++17", "-O1", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror"]
    command = [compiler, *flags, f"-I{kernel_directory()}", str(source), "-o", str(target)]
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    library = ctypes.CDLL(str(target))
    library.cell.restype = library.logistic.restype = ctypes.c_double
    return library


def pointer(array: Any) -> Any:
    return array.ctypes.data_as(ctypes.c_void_p)


@pytest.mark.parametrize("size", [0.3, 30.0, 1000.0])
def test_a_unit_of_the_device_text_equals_the_numpy_path(size: float, host: Any) -> None:
    rng = np.random.default_rng(0)
    x = size * rng.standard_normal((1, 1, 4))
    w, h, c = np.zeros((4, 1)), np.zeros((1, 1)), rng.standard_normal((1, 1))
    gates, outputs, _, cell = lstm_forward(np, x, w, h, c, False)
    z = x.reshape(-1)
    expected = [host.logistic(ctypes.c_double(v)) for v in z]
    expected[2] = np.tanh(z[2])
    np.testing.assert_allclose(gates.reshape(-1), expected, rtol=0, atol=1e-15)
    assert host.cell(pointer(gates), ctypes.c_double(c.item())) == pytest.approx(cell.item())

    g = rng.standard_normal(6)
    extra, pre, dc = g[:4].copy(), np.empty(4), np.array([g[5]])
    flat = np.tanh(cell)
    host.unit(pointer(gates), ctypes.c_double(c.item()), ctypes.c_double(flat.item()),
              ctypes.c_double(g[4]), pointer(dc), pointer(extra), pointer(pre))  # fmt: skip
    cotangents = [extra.reshape(1, 1, 4), np.full((1, 1, 1), g[4]), None, np.full((1, 1), g[5])]
    dx, _, _, d_cell = lstm_backward(cotangents, w, h, c, gates, False, False)
    np.testing.assert_allclose(dx.reshape(-1), pre, rtol=1e-12, atol=1e-15)
    assert d_cell.item() == pytest.approx(dc.item(), rel=1e-12)
    assert outputs.item() == pytest.approx((gates[0, 0, 3] * flat).item())

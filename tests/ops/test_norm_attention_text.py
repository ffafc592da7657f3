"""The kernels of normalization and attention, compiled as plain C++, agree with NumPy."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from typing import Any

import numpy as np
import pytest

from gpugrad.array import quiet
from gpugrad.array.kernel_files import kernel_directory
from gpugrad.ops import attention_kernels, norm_kernels
from gpugrad.ops.attention_kernels import AttentionOptions
from gpugrad.ops.norm_kernels import Layout

CALLS = """
#include "normalization.cu"
#include "attention.cu"
typedef long long Count;
extern "C" void normalize(const double* x, const double* g, const double* w, const double* b,
    double* y, double* dx, double* mean, double* rstd, double* var, const Count* at, Count rows) {
  const gg::Layout layout = {at[0], at[1], at[2], at[3], at[4], at[5]};
  double *none = 0;
  for (Count r = 0; r < rows; ++r) {
    gg::Normalize<true>()(x, w, b, y, mean, rstd, var, 1e-5, layout, r, gg::Solo());
    gg::NormalizeBackward<true>()(g, x, mean, rstd, w, dx, none, none, layout, r, gg::Solo());
  }
}
extern "C" void shares(double* scores, double* logs, const bool* seen, Count number, Count rows,
    Count keys, double scale, int causal, unsigned long long seed, unsigned long long bound,
    double kept, double* again, double* dp, const double* dots) {
  const gg::Mask<bool, double> mask = {seen, number, 0, 0, keys, 1};
  const gg::Drop drop = {seed, bound, rows, keys};
  for (Count r = 0; r < number * rows; ++r) {
    const Count n = r / rows, i = r % rows;
    gg::share_row(scores + r * keys, logs, mask, drop, scale, kept, causal != 0, n, i, r, keys,
                  gg::Solo());
    for (Count j = 0; j < keys; ++j)
      gg::pull_pair(again + r * keys + j, dp + r * keys + j, logs[r], dots[r], mask, drop, scale,
                    kept, causal != 0, n, i, j);
  }
}
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Any:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    folder = tmp_path_factory.mktemp("text")
    (folder / "calls.cpp").write_text(CALLS, "utf-8")
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC",
               f"-I{kernel_directory()}", folder / "calls.cpp", "-o", folder / "calls.so"]
    subprocess.run(command, check=True, capture_output=True, text=True)
    return ctypes.CDLL(str(folder / "calls.so"))


def pointers(*arrays: Any) -> list[Any]:
    return [a.ctypes.data_as(ctypes.c_void_p) for a in arrays]


@pytest.mark.parametrize("layout", [Layout(6, 1, 7, 1), Layout(3, 2, 2, 5), Layout(2, 4, 1, 6),
                                    Layout(3, 4, 1, 5, True)], ids=str)  # fmt: skip
def test_a_row_is_normalized_as_on_the_cpu(library: Any, layout: Layout) -> None:
    rng = np.random.default_rng(0)
    x, g = rng.standard_normal((2, *layout[:4]))
    w, b = rng.standard_normal((2, layout.groups * layout.channels))
    y, dx = np.empty_like(x), np.empty_like(x)
    mean, rstd, var = np.empty((3, layout.rows))
    at = np.array(norm_kernels._geometry(layout)[1:], np.int64)
    library.normalize(*pointers(x, g, w, b, y, dx, mean, rstd, var, at),
                      ctypes.c_longlong(layout.rows))  # fmt: skip
    wanted, stats = norm_kernels.normalize(x, w, b, 1e-5, layout)
    pulled, *_ = norm_kernels.normalize_backward(g, x, stats, w, layout, (True, None))
    np.testing.assert_allclose(y, wanted, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dx, pulled, rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(rstd, stats.rstd, rtol=1e-12)


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_scores_become_shares_as_on_the_cpu(library: Any, causal: bool, dropout: float) -> None:
    rng = np.random.default_rng(1)
    options = AttentionOptions(0.6, causal, dropout, 99)
    q, k = rng.standard_normal((2, 2, 4, 4))
    g, eye = rng.standard_normal((2, 4, 4)), np.broadcast_to(np.eye(4), (2, 4, 4))
    seen = rng.random((4, 4)) < 0.7
    seen[2] = False
    scores = q @ k.swapaxes(1, 2)
    added = np.where(seen, 0.0, -np.inf)
    with quiet():
        out, logs = attention_kernels.attend(q, k, eye, seen, options)
        saved = (q, k, eye, out, logs)
        pulled = attention_kernels.attend_backward(g, saved, added, options, True)
    found, again, dp = scores.copy(), scores.copy(), g.copy()
    got, dots = np.empty((2, 4)), (g * out).sum(2)
    library.shares(
        *pointers(found, got, seen), *map(ctypes.c_longlong, (2, 4, 4)), ctypes.c_double(0.6),
        int(causal), *map(ctypes.c_ulonglong, (options.seed, options.bound)),
        ctypes.c_double(options.growth), *pointers(again, dp, dots),
    )  # fmt: skip
    np.testing.assert_allclose(found, out, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(again, out, rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(got, logs, rtol=1e-12)
    np.testing.assert_allclose(dp.sum(0), pulled[3], rtol=1e-11, atol=1e-13)

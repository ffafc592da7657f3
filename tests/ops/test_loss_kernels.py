"""cross_entropy's and nll_loss's kernels on raw arrays, against loops and finite differences."""

from __future__ import annotations

import ctypes
import itertools
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gpugrad.array import as_dtype, cupy, quiet
from gpugrad.array.kernel_files import kernel_directory
from gpugrad.errors import IndexRangeError
from gpugrad.ops import loss_kernels as kernels
from gpugrad.ops.loss_kernels import LossOptions

IGNORED = 2
DTYPES = ("float64", "float32", "float16", "bfloat16")
TOLERANCE = {"float64": 1e-12, "float32": 1e-5, "float16": 3e-3, "bfloat16": 2.5e-2}
SHAPES = [((6, 5), (6,)), ((5,), ()), ((3, 5, 4), (3, 4)), ((2, 4, 3, 3), (2, 3, 3)),
          ((300, 70), (300,)), ((2, 1500), (2,))]  # fmt: skip
VARIANTS = list(itertools.product(("mean", "sum", "none"), (False, True), (0.0, 0.1)))


def case(shape: Any, rows: Any, dtype: str, weighted: bool) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    classes = shape[0] if len(shape) == 1 else shape[1]
    x = np.asarray(rng.standard_normal(shape) * 3).astype(as_dtype(dtype).numpy)
    target = rng.integers(0, classes, rows)
    target = np.where(rng.random(rows) < 0.3, IGNORED, target)
    weight = (rng.random(classes) + 0.1).astype(x.dtype) if weighted else None
    return x, np.asarray(target), weight


def reference(x: Any, target: Any, weight: Any, options: LossOptions) -> Any:
    """The definition, one row at a time, in float64."""
    wide = np.asarray(x, np.float64)
    rows = wide[:, None] if wide.ndim == 1 else np.moveaxis(wide, 1, 0).reshape(wide.shape[1], -1)
    classes = len(rows)
    w = np.ones(classes) if weight is None else weight.astype(np.float64)
    losses, weights = [], []
    for row, t in zip(rows.T, target.reshape(-1), strict=True):
        logs = row - row.max() - np.log(np.exp(row - row.max()).sum())
        q = np.full(classes, options.label_smoothing / classes)
        q[t] += 1 - options.label_smoothing
        kept = t != options.ignore_index
        losses.append(-(q * w * logs).sum() if kept else 0.0)
        weights.append(w[t] if kept else 0.0)
    if options.reduction == "none":
        return np.reshape(losses, target.shape)
    return np.sum(losses) / (np.sum(weights) if options.reduction == "mean" else 1)


def assert_close(got: Any, want: Any, tolerance: float) -> None:
    got, want = np.asarray(got, np.float64), np.asarray(want, np.float64)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize(("reduction", "weighted", "smoothing"), VARIANTS)
@pytest.mark.parametrize(("shape", "rows"), SHAPES)
def test_cross_entropy_is_its_definition(
    shape: Any, rows: Any, reduction: str, weighted: bool, smoothing: float
) -> None:
    options = LossOptions(IGNORED, reduction, smoothing)
    for dtype in ("float64", "float16"):
        x, target, weight = case(shape, rows, dtype, weighted)
        loss, _ = kernels.cross_entropy(x, target, weight, options)
        assert loss.dtype == x.dtype
        tolerance = TOLERANCE[dtype] * (1 + abs(np.asarray(loss, np.float64)).max())
        assert_close(loss, reference(x, target, weight, options), tolerance)


@pytest.mark.parametrize(("reduction", "weighted", "smoothing"), VARIANTS)
@pytest.mark.parametrize(("shape", "rows"), SHAPES[:4])
def test_backward_is_the_finite_difference(
    shape: Any, rows: Any, reduction: str, weighted: bool, smoothing: float
) -> None:
    options = LossOptions(IGNORED, reduction, smoothing)
    x, target, weight = case(shape, rows, "float64", weighted)
    loss, divisor = kernels.cross_entropy(x, target, weight, options)
    g = np.asarray(np.random.default_rng(1).standard_normal(loss.shape))
    got = kernels.cross_entropy_backward(g, x, target, weight, divisor, options)

    def value(at: Any) -> float:
        return float((kernels.cross_entropy(at, target, weight, options)[0] * g).sum())

    direction = np.random.default_rng(2).standard_normal(shape)
    step = 1e-6
    slope = (value(x + step * direction) - value(x - step * direction)) / (2 * step)
    assert_close((got * direction).sum(), slope, 1e-7)


@pytest.mark.parametrize(("reduction", "weighted"), [("mean", 0), ("mean", 1), ("none", 1)])
def test_nll_loss_is_cross_entropy_of_log_probabilities(reduction: str, weighted: bool) -> None:
    options = LossOptions(IGNORED, reduction)
    for shape, rows in SHAPES:
        x, target, weight = case(shape, rows, "float64", weighted)
        axis = min(1, x.ndim - 1)
        logs = x - np.log(np.exp(x).sum(axis, keepdims=True))
        loss, divisor = kernels.nll_loss(logs, target, weight, options)
        want, same = kernels.cross_entropy(x, target, weight, options)
        assert_close(loss, want, 1e-12)
        assert divisor == same
        g = np.asarray(np.ones(loss.shape))
        picked = kernels.nll_loss_backward(g, x.shape, target, weight, divisor, options)
        assert_close((picked * logs).sum(), np.sum(loss), 1e-12)  # linear in its input


def test_ignored_rows_have_no_loss_and_no_gradient_even_with_nan() -> None:
    x = np.array([[np.nan, 1.0, 2.0], [0.0, 1.0, 2.0]])
    target = np.array([-100, 1])
    with quiet():
        loss, divisor = kernels.cross_entropy(x, target)
        g = kernels.cross_entropy_backward(np.ones(()), x, target, None, divisor)
    assert np.isfinite(loss)
    assert divisor == 1
    assert np.array_equal(g[0], np.zeros(3))


def test_a_mean_over_nothing_is_nan() -> None:
    with quiet():
        assert np.isnan(kernels.cross_entropy(np.zeros((2, 3)), np.array([-100, -100]))[0])
        assert np.isnan(kernels.cross_entropy(np.zeros((0, 3)), np.zeros(0, int))[0])
    added = LossOptions(reduction="sum")
    assert kernels.cross_entropy(np.zeros((0, 3)), np.zeros(0, int), None, added)[0] == 0


@pytest.mark.parametrize("bad", [5, -1, 7000])
def test_a_class_out_of_range_is_named_on_the_cpu(bad: int) -> None:
    for run in (kernels.cross_entropy, kernels.nll_loss):
        with pytest.raises(IndexRangeError, match=f"Target {bad} is out of bounds"):
            run(np.zeros((2, 5)), np.array([1, bad]))


def test_large_logits_keep_their_difference() -> None:
    x = np.array([[1e4, 1e4 + 1.0]], np.float32)
    loss, _ = kernels.cross_entropy(x, np.array([0]))
    assert_close(loss, np.log1p(np.e), 1e-6)


# -------------------------------------------------------------- the kernel's text on this machine
CALLS = """
#include "cross_entropy.cu"
using Options = gg::Options<double>;
extern "C" void run(const double* x, const long long* target, const double* weight, double* loss,
                    double* out, long long rows, long long count, double smoothing) {
  for (long long r = 0; r < rows; ++r) {
    const Options o{weight, count, 1, 2, smoothing};
    const double* row = x + r * count;
    loss[r] = gg::row_loss<double, gg::CrossEntropy>(row, target[r], o, gg::Solo()).loss;
    gg::row_gradient<double, gg::CrossEntropyBackward>(row, out + r * count, target[r], 1.0, o,
                                                       gg::Solo());
  }
}
"""


def address(array: Any) -> Any:
    return None if array is None else array.ctypes.data_as(ctypes.c_void_p)


def test_kernel_text_compiled_as_cpp_agrees_with_numpy(tmp_path: Path) -> None:
    compiler = shutil.which("g++") or shutil.which("c++")
    if compiler is None:
        pytest.skip("no C++ compiler")
    (tmp_path / "calls.cpp").write_text(CALLS, "utf-8")
    command = [compiler, "-std=c++17", "-O1", "-Wall", "-Werror", "-shared", "-fPIC",
               f"-I{kernel_directory()}", "calls.cpp", "-o", "calls.so"]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, text=True, cwd=tmp_path)
    run = ctypes.CDLL(str(tmp_path / "calls.so")).run
    for weighted, smoothing in itertools.product((False, True), (0.0, 0.1)):
        x, target, weight = case((6, 5), (6,), "float64", weighted)
        loss, out = np.empty(6), np.empty((6, 5))
        run(*map(address, (x, target, weight, loss, out)), ctypes.c_longlong(6),
            ctypes.c_longlong(5), ctypes.c_double(smoothing))  # fmt: skip
        options = LossOptions(IGNORED, "none", smoothing)
        want, divisor = kernels.cross_entropy(x, target, weight, options)
        assert_close(loss, want, 1e-13)
        want = kernels.cross_entropy_backward(np.ones(6), x, target, weight, divisor, options)
        assert_close(out, want, 1e-13)


# --------------------------------------------------------------------------------------- on a GPU
def on_gpu(*arrays: Any) -> list[Any]:
    return [None if a is None else cupy().asarray(a) for a in arrays]


@pytest.mark.cuda
@pytest.mark.parametrize(("reduction", "weighted", "smoothing"), VARIANTS)
@pytest.mark.parametrize("dtype", DTYPES)
def test_gpu_agrees_with_cpu(dtype: str, reduction: str, weighted: bool, smoothing: float) -> None:
    options = LossOptions(IGNORED, reduction, smoothing)
    for shape, rows in SHAPES:
        x, target, weight = case(shape, rows, dtype, weighted)
        loss, divisor = kernels.cross_entropy(x, target, weight, options)
        g = np.asarray(np.random.default_rng(1).standard_normal(loss.shape)).astype(x.dtype)
        gx, gt, gw, gg = on_gpu(x, target, weight, g)
        got, got_divisor = kernels.cross_entropy(gx, gt, gw, options)
        assert_close(cupy().asnumpy(got), loss, TOLERANCE[dtype])
        assert_close(cupy().asnumpy(got_divisor), divisor, TOLERANCE[dtype])
        back = kernels.cross_entropy_backward(gg, gx, gt, gw, got_divisor, options)
        want = kernels.cross_entropy_backward(g, x, target, weight, divisor, options)
        assert_close(cupy().asnumpy(back), want, TOLERANCE[dtype])


@pytest.mark.cuda
@pytest.mark.parametrize("reduction", ["mean", "none"])
def test_nll_loss_on_gpu_agrees_with_cpu(reduction: str) -> None:
    options = LossOptions(IGNORED, reduction)
    for shape, rows in SHAPES:
        x, target, weight = case(shape, rows, "float32", True)
        loss, divisor = kernels.nll_loss(x, target, weight, options)
        g = np.ones(loss.shape, np.float32)
        gx, gt, gw, gg = on_gpu(x, target.astype(np.int32), weight, g)
        got, got_divisor = kernels.nll_loss(gx, gt, gw, options)
        assert_close(cupy().asnumpy(got), loss, 1e-5)
        back = kernels.nll_loss_backward(gg, x.shape, gt, gw, got_divisor, options)
        want = kernels.nll_loss_backward(g, x.shape, target, weight, divisor, options)
        assert_close(cupy().asnumpy(back), want, 1e-5)


@pytest.mark.cuda
def test_a_class_out_of_range_is_nan_on_a_gpu() -> None:
    x, target = on_gpu(np.zeros((4, 5)), np.array([0, 7, -3, 4]))
    options = LossOptions(reduction="none")
    loss, divisor = kernels.cross_entropy(x, target, None, options)
    assert cupy().isnan(loss).tolist() == [False, True, True, False]
    assert cupy().isnan(kernels.cross_entropy(x, target)[0])
    g = kernels.cross_entropy_backward(cupy().ones(4), x, target, None, divisor, options)
    assert cupy().isnan(g).all(axis=1).tolist() == [False, True, True, False]
    assert not cupy().isnan(g[::3]).any()


@pytest.mark.cuda
def test_a_ticket_can_be_drawn_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernels, "_TICKETS", 1)
    x, target = on_gpu(np.random.default_rng(0).standard_normal((700, 30)), np.zeros(700, int))
    losses = {float(kernels.cross_entropy(x, target)[0]) for _ in range(5)}
    assert len(losses) == 1


@pytest.mark.cuda
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_one_launch_forward_and_one_backward(reduction: str) -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    options = LossOptions(reduction=reduction)
    x, target = on_gpu(np.zeros((700, 30), np.float32), np.zeros(700, int))
    with cudasim.measure() as counted:
        loss, divisor = kernels.cross_entropy(x, target, None, options)
    assert counted.launches == 1
    with cudasim.measure() as counted:
        kernels.cross_entropy_backward(loss, x, target, None, divisor, options)
    assert counted.launches == 1

"""Normalization: calls and errors beside PyTorch's, running statistics, devices, saved bytes."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.array import as_dtype, cupy
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)
from gpugrad.ops import norm_kernels as kernels
from gpugrad.ops.norm_kernels import Layout
from tests.beside import refused_alike, results

CALLS = [
    "F.layer_norm(x, [3, 3])", "F.layer_norm(x, (3,), None, v[:3])", "torch.rms_norm(x, (3, 3))",
    "F.layer_norm(x, (3, 3), torch.ones(3, 3), torch.ones(3, 3), 0.5)",
    "torch.native_layer_norm(x, [3, 3], None, None, 1e-5)[0]",
    "torch.native_layer_norm(x, [3, 3], None, None, 1e-5)[1]",
    "torch.native_layer_norm(x, [3, 3], None, None, 1e-5)[2]",
    "F.layer_norm(torch.ones(0, 3), (3,))", "F.rms_norm(x, (3,), v[:3], 0.1)",
    "F.group_norm(x, 1)", "F.group_norm(x, 6, v)", "torch.group_norm(x, 3, v, v, 0.1, True)",
    "torch.native_group_norm(x, v, None, 2, 6, 9, 3, 1e-5)[1]",
    "torch.native_group_norm(x, v, v, 2, 6, 9, 3, 1e-5)[2]",
    "torch.group_norm(torch.ones(1, 3), 3)", "F.group_norm(torch.ones(0, 4, 2), 2)",
    "F.batch_norm(x, v, v * v)", "F.batch_norm(x, v, v * v, None, v)",
    "F.batch_norm(x[:, :, 0, 0], v + 0, v * v, v, v, True)",
    "F.batch_norm(x[:, :, 0], None, None, v, v, True, eps=0.1)",
    "torch.batch_norm(x, v, v, None, None, True, 0.1, 1e-5, True)",
    "torch.native_batch_norm(x, v, v, None, None, True, 0.1, 1e-5)[1]",
    "torch.native_batch_norm(x, v, v, None, None, True, 0.1, 1e-5)[2]",
    "torch.native_batch_norm(x, v, v, v, v, False, 0.1, 1e-5)[1]",
    "F.batch_norm(torch.ones(0, 6), v, v * v)", "F.batch_norm(torch.ones(0, 6), v, v * v, "
    "training=True)", "F.instance_norm(x)", "F.instance_norm(x[:, :, 0], v + 0, v * v, v, v)",
    "F.instance_norm(x, v, v * v, v, v, False)",
    "torch.instance_norm(x, v, None, None, None, True, 0.1, 1e-5, False)",
    "F.normalize(x)", "F.normalize(x, 1.0, -1)", "F.normalize(x, dim=(1, 2))",
    "F.normalize(x, float('inf'), 0, 0.5)", "F.normalize(torch.zeros(2, 3))",
    "F.normalize(x[0, 0], out=torch.empty(3, 3))", "F.local_response_norm(x, 1)",
    "F.local_response_norm(x, 4, 0.1, 0.5, 2.0)", "F.local_response_norm(x[0], 9)",
]  # fmt: skip

WRONG = [
    "F.layer_norm(x, [5])", "F.layer_norm(x, 3)", "F.layer_norm(x, [])",
    "F.layer_norm(x, [3], torch.ones(2))", "F.layer_norm(x, [3], None, torch.ones(2))",
    "F.layer_norm(x[0, 0], (2, 3, 3))", "F.rms_norm(x, [5])", "F.rms_norm(x, [3], torch.ones(2))",
    "F.group_norm(x, 4)", "F.group_norm(x, 0)", "F.group_norm(x, -2)",
    "F.group_norm(x[0, 0, 0], 3)",
    "F.group_norm(x, 3, torch.ones(5))", "F.group_norm(torch.ones(1, 3), 3)",
    "F.group_norm(torch.ones(1, 3, 1), 3)", "F.instance_norm(torch.ones(2, 3, 1))",
    "F.instance_norm(torch.ones(2, 3))", "F.instance_norm(x, use_input_stats=False)",
    "F.instance_norm(x, torch.zeros(6), None)", "F.batch_norm(torch.ones(1, 3), None, None, "
    "training=True)", "F.batch_norm(torch.ones(1, 3, 1, 1), None, None, training=True)",
    "F.batch_norm(x, None, None)", "F.batch_norm(x, torch.zeros(5), torch.ones(5))",
    "F.batch_norm(x, torch.zeros(5), torch.ones(5), training=True)",
    "F.batch_norm(x, torch.zeros(6), None)", "F.batch_norm(x, v, v, torch.ones(3))",
    "F.local_response_norm(x[0, 0], 2)", "F.local_response_norm(x, 0)",
]  # fmt: skip


def names(module: Any) -> dict[str, Any]:
    x = np.random.default_rng(3).standard_normal((2, 6, 3, 3)).astype(np.float32)
    v = np.linspace(0.5, 2, 6).astype(np.float32)
    return {"x": module.tensor(x), "v": module.tensor(v)}


test_calls_give_what_pytorch_gives = results(CALLS, names, 2e-6)


@pytest.mark.oracle
@pytest.mark.parametrize("call", WRONG)
def test_wrong_calls_raise_what_pytorch_raises(call: str) -> None:
    ours, theirs = refused_alike(call, names)
    words = " ".join(str(theirs).split())[:40]
    assert " ".join(str(ours).split()).startswith(words.replace("got kH", "got"))


# ------------------------------------------------------------------------------ running statistics
@pytest.mark.oracle
@pytest.mark.parametrize("momentum", [0.1, 1.0, 0.0])
@pytest.mark.parametrize("name", ["batch_norm", "instance_norm"])
@pytest.mark.parametrize("shape", [(5, 3), (4, 3, 7), (2, 3, 5, 6)])
def test_running_statistics_move_as_pytorchs(name: str, shape: Any, momentum: float) -> None:
    torch = pytest.importorskip("torch")
    if name == "instance_norm" and len(shape) == 2:
        return
    x = np.random.default_rng(0).standard_normal(shape) * 2 + 1
    found = []
    for lib in (gpugrad, torch):
        mean = lib.tensor([0.5, 0.0, -1.0], dtype=lib.float64)
        var = lib.tensor([1.0, 2.0, 0.5], dtype=lib.float64)
        getattr(lib.nn.functional, name)(
            lib.tensor(x), mean, var, None, None, True, momentum=momentum
        )
        found.append((mean.tolist(), var.tolist()))
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


def test_running_statistics_are_written_in_place_and_stay_out_of_the_graph() -> None:
    x = gpugrad.randn(4, 3, device="cpu", requires_grad=True)
    mean, var = gpugrad.zeros(3, device="cpu"), gpugrad.ones(3, device="cpu")
    bytes_of, version = mean.array, mean._version
    y = F.batch_norm(x, mean, var, training=True)
    assert mean.array is bytes_of
    assert mean._version == version + 1
    assert not mean.requires_grad
    F.batch_norm(x, mean, var, training=True)
    y.sum().backward()


def test_the_half_type_of_an_input_is_kept_beside_float32_weights() -> None:
    w = gpugrad.ones(3, device="cpu", requires_grad=True)
    for dtype in (gpugrad.float16, gpugrad.bfloat16):
        x = gpugrad.randn(4, 3, device="cpu").to(dtype).requires_grad_()
        for y in (F.layer_norm(x, (3,), w, w), F.batch_norm(x, None, None, w, w, True),
                  F.rms_norm(x, (3,), w), F.batch_norm(x, w, w, w, w)):  # fmt: skip
            assert y.dtype is dtype
            found = gpugrad.autograd.grad(y.sum(), (x, w))
            assert [g.dtype for g in found] == [dtype, gpugrad.float32]


# ------------------------------------------------------------------------------------ bytes, orders
BYTES = {  # a call on (64, 32) elements, bytes per element beside the input's 4
    "F.layer_norm(x, (32,), v, v)": 8 / 32 + 4 / 64,
    "F.rms_norm(x, (32,), v)": 4 / 32 + 4 / 64,
    "F.batch_norm(x, None, None, v, v, True)": 12 / 64,
    "F.group_norm(x, 4, v, v)": 8 / 8 + 4 / 64,
}


@pytest.mark.parametrize("call", BYTES)
def test_the_input_and_two_numbers_per_row_are_saved(call: str) -> None:
    x = gpugrad.randn(64, 32, device="cpu", requires_grad=True)
    v = gpugrad.ones(32, device="cpu", requires_grad=True)
    y = eval(call, {"F": F, "x": x, "v": v})
    assert memory.graph(y).unique_bytes == round(x.nelement() * (4 + BYTES[call]))


def composed(x: Any, w: Any) -> Any:
    c = x - x.mean(-1, keepdim=True)
    return c / ((c * c).mean(-1, keepdim=True) + 1e-5).sqrt() * w


def test_a_third_derivative_is_that_of_the_composition() -> None:
    """PyTorch's is not: its second derivative takes the saved mean and rstd for constants."""
    x0, w0 = np.random.default_rng(1).standard_normal((2, 3, 4))
    found = []
    for norm in (lambda x, w: F.layer_norm(x, (4,), w), composed):
        x, w = (gpugrad.tensor(a, device="cpu", requires_grad=True) for a in (x0, w0[0]))
        y = (norm(x, w) ** 3).sum()
        for _ in range(3):
            y = sum((g**2).sum() for g in gpugrad.autograd.grad(y, (x, w), create_graph=True))
        found.append(y.item())
    assert found[0] == pytest.approx(found[1], rel=1e-10)


def test_statistics_of_numbers_far_from_zero_keep_their_digits() -> None:
    x = gpugrad.tensor(np.random.default_rng(0).standard_normal((6, 4, 50)) + 1e4, device="cpu")
    exact = F.layer_norm(x, (50,))
    assert np.abs(F.layer_norm(x.float(), (50,)).numpy() - exact.numpy()).max() < 5e-3
    exact = F.batch_norm(x, None, None, training=True)
    ours = F.batch_norm(x.float(), None, None, training=True)
    assert np.abs(ours.numpy() - exact.numpy()).max() < 5e-3


# ----------------------------------------------------------------------------------- large, on GPUs
LAYOUTS = [
    Layout(300, 1, 70, 1), Layout(3, 1, 5000, 1), Layout(70, 1, 5, 1), Layout(4, 3, 2, 600),
    Layout(4, 6, 1, 30), Layout(50, 3, 4, 1), Layout(5, 4, 3, 7), Layout(6, 5, 1, 40, True),
    Layout(200, 9, 1, 1, True), Layout(40, 9, 1, 3, True), Layout(1, 4, 1, 900, True),
]  # fmt: skip
DTYPES = {"float64": 1e-11, "float32": 2e-5, "float16": 4e-3, "bfloat16": 3e-2}


def draw(layout: Layout, dtype: str) -> list[Any]:
    """Input, cotangent, weight, bias."""
    rng = np.random.default_rng(0)
    channels = layout.groups * layout.channels
    shapes = [layout[:4], layout[:4], channels, channels]
    return [rng.standard_normal(s).astype(as_dtype(dtype).numpy) for s in shapes]


def reference(layout: Layout, x: Any, g: Any, w: Any, b: Any) -> list[Any]:
    """Value and cotangents in float64."""
    x, g, w, b = (a.astype(np.float64) for a in (x, g, w, b))
    axes = (0, 2, 3) if layout.across else (2, 3)
    w, b = (a.reshape(1, layout.groups, layout.channels, 1) for a in (w, b))
    c = x - x.mean(axes, keepdims=True)
    rstd = 1 / np.sqrt((c * c).mean(axes, keepdims=True) + 1e-5)
    xhat, h = c * rstd, g * w
    cross = (h * xhat).mean(axes, keepdims=True)
    dx = rstd * (h - h.mean(axes, keepdims=True) - xhat * cross)
    return [xhat * w + b, dx, (g * xhat).sum((0, 3)).ravel(), g.sum((0, 3)).ravel()]


def both_ways(layout: Layout, arrays: list[Any]) -> list[Any]:
    x, g, w, b = arrays
    y, stats = kernels.normalize(x, w, b, 1e-5, layout)
    dtype = None if w is None else w.dtype
    return [y, *kernels.normalize_backward(g, x, stats, w, layout, (True, dtype))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_every_layout_matches_float64(layout: Layout, dtype: str) -> None:
    arrays = draw(layout, dtype)
    for got, want in zip(both_ways(layout, arrays), reference(layout, *arrays), strict=True):
        assert got.dtype == arrays[0].dtype
        scale = max(1.0, float(np.abs(want).max()))
        assert np.abs(got.astype(np.float64).reshape(want.shape) - want).max() / scale < (
            DTYPES[dtype]
        )


@pytest.mark.parametrize("layout", [Layout(5000, 1, 64, 1), Layout(40, 8, 2, 900),
                                    Layout(4000, 70, 1, 1, True)], ids=str)  # fmt: skip
def test_many_blocks_on_several_threads_match_float64(layout: Layout) -> None:
    arrays = draw(layout, "float64")
    first, again = both_ways(layout, arrays), both_ways(layout, arrays)
    for got, same, want in zip(first, again, reference(layout, *arrays), strict=True):
        assert np.array_equal(got, same)
        assert np.abs(got.reshape(want.shape) - want).max() / np.abs(want).max() < 1e-12


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("layout", LAYOUTS, ids=str)
def test_a_gpu_agrees(layout: Layout, dtype: str) -> None:
    arrays = draw(layout, dtype)
    on_gpu = [cupy().asarray(a) for a in arrays]
    for got, want in zip(both_ways(layout, on_gpu), reference(layout, *arrays), strict=True):
        assert got.dtype == arrays[0].dtype
        scale = max(1.0, float(np.abs(want).max()))
        values = cupy().asnumpy(got).astype(np.float64).reshape(want.shape)
        assert np.abs(values - want).max() / scale < DTYPES[dtype]


@pytest.mark.cuda
def test_a_gpu_normalizes_in_one_launch_and_goes_back_in_at_most_three() -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    for layout, most in ((Layout(100, 1, 50, 1), 3), (Layout(8, 4, 1, 30, True), 1)):
        x, g, w, b = (cupy().asarray(a) for a in draw(layout, "float32"))
        both_ways(layout, [x, g, w, b])
        with cudasim.measure() as counted:
            _, stats = kernels.normalize(x, w, b, 1e-5, layout)
        assert counted.launches == 1
        with cudasim.measure() as counted:
            kernels.normalize_backward(g, x, stats, w, layout, (True, w.dtype))
        assert counted.launches == most


def test_nothing_warns_about_arithmetic() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        x = gpugrad.tensor([[float("inf"), 1.0], [1.0, 2.0]], device="cpu", requires_grad=True)
        F.layer_norm(x, (2,)).sum().backward()
        F.batch_norm(x, None, None, training=True).sum().backward()

"""The family of dropout and gumbel_softmax: shares, moments, gradients, bytes, errors."""

from __future__ import annotations

import re
import warnings
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)
from tests.beside import both, dtype_name, refused_alike

N = 20_000
SIZES = {"flat": (N,), "sequences": (100, 40, 5), "images": (50, 40, 5, 2), "one": (400, 5),
         "volumes": (20, 50, 2, 3, 2), "volume": (400, 2, 3, 2)}  # fmt: skip

# A call, and over how many dimensions a whole channel stretches.
ZEROING = {
    "F.dropout(flat, 0.25)": 0, "torch.dropout(flat, 0.25, True)": 0,
    "torch.native_dropout(flat, 0.25, None)[0]": 0, "F.dropout1d(sequences, 0.25)": 1,
    "F.dropout1d(one, 0.25)": 1, "F.dropout2d(images, 0.25)": 2, "F.dropout3d(volumes, 0.25)": 3,
    "F.dropout3d(volume, 0.25)": 3, "torch.feature_dropout(sequences, 0.25, True)": 1,
    "F.dropout(flat * 1, 0.25, inplace=True)": 0, "torch.dropout_(flat * 1, 0.25, True)": 0,
    "F.dropout1d(one * 1, 0.25, inplace=True)": 1,
    "torch.feature_dropout_(images * 1, 0.25, True)": 2,
}  # fmt: skip
TO_THE_FLOOR = {
    "F.alpha_dropout(flat, 0.25, True)": 0, "torch.alpha_dropout(flat, 0.25, True)": 0,
    "F.feature_alpha_dropout(images, 0.25, True)": 2,
    "torch.feature_alpha_dropout(sequences, 0.25, True)": 1,
    "F.alpha_dropout(flat * 1, 0.25, True, True)": 0,
    "torch.alpha_dropout_(flat * 1, 0.25, True)": 0,
    "torch.feature_alpha_dropout_(images * 1, 0.25, True)": 2,
}  # fmt: skip


def evaluate(call: str, leaves: dict[str, Any]) -> Any:
    return eval(call, {"torch": gpugrad, "F": F, **leaves})


def ones(device: str = "cpu") -> dict[str, Any]:
    return {n: gpugrad.ones(s, device=device, requires_grad=True) for n, s in SIZES.items()}


def channels(values: Any, dims: int) -> Any:
    """One row for each channel."""
    return values.reshape(-1, int(np.prod(values.shape[values.ndim - dims :])))


@pytest.mark.parametrize("call", ZEROING)
def test_a_share_becomes_zero_and_the_rest_grows(call: str, device: str) -> None:
    gpugrad.manual_seed(0)
    leaves = ones(device)
    y = evaluate(call, leaves)
    rows = channels(y.detach().cpu().numpy(), ZEROING[call])
    assert (rows == rows[:, :1]).all()
    assert set(np.unique(rows).tolist()) == {0.0, np.float32(1 / 0.75).item()}
    assert (rows[:, 0] == 0).mean() == pytest.approx(0.25, abs=1.5 / len(rows) ** 0.5)
    (leaf,) = [t for n, t in leaves.items() if re.search(rf"\({n}\b", call)]
    y.sum().backward()
    assert (leaf.grad == y).all()


@pytest.mark.parametrize("call", TO_THE_FLOOR)
def test_dropping_to_the_floor_keeps_mean_and_variance(call: str, device: str) -> None:
    gpugrad.manual_seed(1)
    drawn = {n: gpugrad.randn(s, device=device, requires_grad=True) for n, s in SIZES.items()}
    y = evaluate(call, drawn)
    values = y.detach().double().cpu().numpy()
    number = len(channels(values, TO_THE_FLOOR[call]))
    assert values.mean() == pytest.approx(0, abs=6 / number**0.5)
    assert values.var() == pytest.approx(1, abs=12 / number**0.5)
    scale = 1 / np.sqrt((1.7580993408473766**2 * 0.25 + 1) * 0.75)
    (leaf,) = [t for n, t in drawn.items() if re.search(rf"\({n}\b", call)]
    (g,) = gpugrad.autograd.grad(y.sum(), leaf)
    slopes = np.unique(g.cpu().numpy())
    assert slopes.tolist() == pytest.approx([0, scale], rel=1e-6)


@pytest.mark.parametrize("call", [*ZEROING, *TO_THE_FLOOR])
@pytest.mark.usefixtures("device")
def test_the_same_seed_drops_the_same(call: str) -> None:
    def run() -> Any:
        return evaluate(call, ones()).tolist()

    gpugrad.manual_seed(3)
    first, second = run(), run()
    gpugrad.manual_seed(3)
    assert run() == first != second


def test_a_byte_for_each_element_or_channel_is_saved() -> None:
    x = gpugrad.ones(10, 20, 3, 3, device="cpu", requires_grad=True)
    assert memory.graph(F.dropout(x, 0.5)).unique_bytes == 1800
    assert memory.graph(F.alpha_dropout(x, 0.5, True)).unique_bytes == 1800
    assert memory.graph(F.dropout2d(x, 0.5)).unique_bytes == 200
    assert memory.graph(F.feature_alpha_dropout(x, 0.5, True)).unique_bytes == 200


IDENTITY = [
    "F.dropout(x, 0.5, training=False)", "F.dropout(x, 0.0)", "F.alpha_dropout(x)",
    "F.feature_alpha_dropout(x, 0.5)", "F.dropout2d(x, 0.5, False)", "torch.dropout(x, 0.5, False)",
    "F.dropout(x, 0.5, False, True)", "torch.alpha_dropout_(x, 0.3, False)",
]  # fmt: skip


@pytest.mark.parametrize("call", IDENTITY)
def test_nothing_is_done_out_of_training(call: str) -> None:
    x = gpugrad.ones(2, 3, 4, 5, device="cpu", requires_grad=True)
    assert evaluate(call, {"x": x}) is x


def test_everything_is_dropped_with_probability_one() -> None:
    x = gpugrad.ones(2, 3, 4, device="cpu")
    for name in ("dropout", "dropout1d", "alpha_dropout", "feature_alpha_dropout"):
        assert not getattr(F, name)(x, 1.0, True).any()


def test_native_dropout_tells_what_it_kept() -> None:
    x = gpugrad.ones(100, device="cpu")
    y, kept = gpugrad.native_dropout(x, 0.5, True)
    assert ((y > 0) == kept).all()
    assert gpugrad.native_dropout(x, 0.5, False)[1].all()


# ---------------------------------------------------------------------------------- beside PyTorch
WRONG = [
    "F.dropout(x, 1.5)", "F.dropout1d(x, -1.0)", "F.dropout2d(x, -0.5)", "F.dropout3d(x, 2.0)",
    "F.alpha_dropout(x, 2.0)", "F.feature_alpha_dropout(x, 2.0)", "torch.dropout(x, 2.5, True)",
    "torch.alpha_dropout(x, 2.5, True)", "torch.native_dropout(x, 2.5, True)", "F.dropout1d(x)",
    "torch.feature_dropout(x[0, 0, 0], 0.5, True)", "F.gumbel_softmax(x.long())",
    "torch.softmax(x)", "x.log_softmax()", "F.softmax(x, 4)",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", WRONG)
def test_wrong_calls_raise_what_pytorch_raises(call: str) -> None:
    ours, theirs = refused_alike(call, lambda module: {"x": module.ones(2, 3, 4, 5)})
    if "long" not in call:
        assert str(ours)[:20] == str(theirs)[:20]


WARNED = [
    "F.dropout2d(x[0], 0.5)", "F.dropout2d(x[0, 0], 0.5)", "F.dropout3d(x[0], 0.5)",
    "F.softmax(x)", "F.softmin(x)", "F.log_softmax(x)", "F.gumbel_softmax(x, eps=0.1)",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", WARNED)
def test_calls_warn_as_pytorchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    texts = []
    for lib in (torch, gpugrad):
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            y = eval(call, {"torch": lib, "F": lib.nn.functional, "x": lib.ones(2, 3, 4, 5)})
        texts.append((str(caught[0].message)[:60], tuple(y.shape)))
    assert texts[0] == texts[1]


@pytest.mark.oracle
@pytest.mark.parametrize("call", [
    "torch.softmax(x, 1, torch.float64)", "F.softmax(x, 1, 3, torch.float64)", "F.softmin(x, -1)",
    "F.log_softmax(x, 0, dtype=torch.float64)", "x.softmax(-1)", "torch.log_softmax(x[0, 0, 0], 0)",
    "F.softmin(x.long(), 1, dtype=torch.float32)",
    "torch.softmax(x, 1, out=torch.empty(2, 3, 4, 5))",
])  # fmt: skip
def test_arguments_of_softmax_mean_what_they_mean_in_pytorch(call: str) -> None:
    x = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    ours, theirs = both(call, lambda module: {"x": module.tensor(x)})
    assert dtype_name(ours.dtype) == dtype_name(theirs.dtype)
    np.testing.assert_allclose(ours.cpu().numpy(), theirs.numpy(), rtol=1e-6)


# ---------------------------------------------------------------------------------- gumbel_softmax
def test_hard_samples_follow_the_softmax_of_the_logits(device: str) -> None:
    gpugrad.manual_seed(0)
    logits = gpugrad.tensor([0.0, 1.0, 2.0], device=device).expand(N, 3).clone().requires_grad_()
    y = F.gumbel_softmax(logits, tau=0.7, hard=True)
    values = y.detach().cpu().numpy()
    assert ((values == 0) | (abs(values - 1) < 1e-6)).all()
    assert values.sum(1) == pytest.approx(1)
    expected = np.exp([0, 1, 2]) / np.exp([0, 1, 2]).sum()
    assert values.mean(0) == pytest.approx(expected, abs=0.015)
    (y * gpugrad.tensor([1.0, 2.0, 3.0], device=device)).sum().backward()
    assert logits.grad.abs().sum().item() > 0
    assert abs(logits.grad.cpu().numpy().sum(1)).max() < 1e-5


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64"])
def test_soft_samples_are_distributions_of_the_dtype(dtype: str) -> None:
    x = gpugrad.zeros(4, 5, 3, device="cpu", dtype=getattr(gpugrad, dtype))
    for dim in (0, 1, -1):
        y = F.gumbel_softmax(x, dim=dim)
        assert y.dtype is x.dtype
        assert abs(y.double().sum(dim).numpy() - 1).max() < 0.02
        assert F.gumbel_softmax(x, hard=True, dim=dim).sum(dim).double().eq(1).all()

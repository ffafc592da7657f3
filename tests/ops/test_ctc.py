"""ctc_loss beside a sum over all alignments, PyTorch, and itself on another device."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.errors import IndexRangeError
from gpugrad.graph import reachable, saved_slots
from gpugrad.nn import functional
from tests.ops.walk import assert_close, host

LABELS = [[1, 2, 2], [3, 1, 0]]
INPUTS, TARGETS = (6, 5), (3, 2)


def logits(seed: int = 0, dtype: Any = gpugrad.float64, device: str = "cpu") -> Any:
    values = np.random.default_rng(seed).standard_normal((6, 2, 4))
    return gpugrad.tensor(values, dtype=dtype, device=device).requires_grad_()


def loss(x: Any, reduction: str = "none") -> Any:
    labels = gpugrad.tensor(LABELS, device=x.device)
    return functional.ctc_loss(x.log_softmax(2), labels, INPUTS, TARGETS, reduction=reduction)


def collapsed(path: tuple[int, ...]) -> list[int]:
    """The labels of an alignment: repetitions once, then without blanks."""
    return [label for label, _ in itertools.groupby(path) if label]


def test_the_loss_is_the_sum_over_all_alignments() -> None:
    log_probs = logits().detach().log_softmax(2).numpy()
    for row, found in enumerate(loss(logits()).tolist()):
        steps, wanted = INPUTS[row], LABELS[row][: TARGETS[row]]
        total = sum(
            np.exp(sum(log_probs[t, row, label] for t, label in enumerate(path)))
            for path in itertools.product(range(4), repeat=steps) if collapsed(path) == wanted
        )  # fmt: skip
        assert found == pytest.approx(-np.log(total), rel=1e-12)


def test_the_gradient_is_the_slope_of_the_loss() -> None:
    x, direction = logits(), logits(1).detach()
    (grad,) = gpugrad.autograd.grad(loss(x, "mean"), x)
    step = 1e-5
    ends = [loss(x.detach() + sign * step * direction, "mean").item() for sign in (1, -1)]
    assert (grad * direction).sum().item() == pytest.approx((ends[0] - ends[1]) / (2 * step), 1e-8)


def test_a_second_derivative_is_refused_as_in_pytorch() -> None:
    x = logits()
    (grad,) = gpugrad.autograd.grad(loss(x, "sum"), x, create_graph=True)
    with pytest.raises(RuntimeError, match="derivative for _ctc_loss_backward is not"):
        grad.sum().backward()


def test_it_keeps_the_sums_and_no_more_than_pytorch() -> None:
    value = functional.ctc_loss(logits(), gpugrad.tensor(LABELS), INPUTS, TARGETS)
    kept = {
        slot: storage.nbytes
        for node in reachable(value) if node.rule.name == "CtcLoss"
        for slot, _, storage in saved_slots(node)
    }  # fmt: skip
    # PyTorch: log_probs, targets, the losses, and 2 S + 1 sums per step and sequence.
    assert sorted(kept.values()) == sorted([6 * 2 * 4 * 8, 6 * 8, 2 * 8, 2 * 6 * 7 * 8])


@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_half_types_are_computed_in_float32(name: str) -> None:
    dtype = getattr(gpugrad, name)
    half = logits(dtype=dtype)
    exact = half.detach().float().requires_grad_()
    for value, x in ((a := loss(half, "sum"), half), (b := loss(exact, "sum"), exact)):
        value.backward()
        assert value.dtype is x.dtype
        assert x.grad.dtype is x.dtype
    precision = 1e-3 if name == "float16" else 8e-3
    assert_close(host(a), host(b), 8 * precision)
    assert_close(host(half.grad), host(exact.grad), 16 * precision)


def test_a_label_outside_the_classes_is_an_index_error_unless_it_is_padding() -> None:
    x = logits().detach()
    padded = gpugrad.tensor([[1, 2, 2], [3, 1, 99]])
    found = functional.ctc_loss(x, padded, INPUTS, TARGETS)
    assert found.item() == functional.ctc_loss(x, gpugrad.tensor(LABELS), INPUTS, TARGETS).item()
    with pytest.raises(IndexRangeError):
        functional.ctc_loss(x, padded, INPUTS, (3, 3))


@pytest.mark.cuda
@pytest.mark.parametrize("reduction", ["none", "mean"])
def test_a_gpu_agrees(reduction: str) -> None:
    results = []
    for device in ("cpu", "cuda"):
        x = logits(device=device)
        value = loss(x, reduction)
        value.sum().backward()
        results.append((host(value), host(x.grad)))
    for a, b in zip(*results, strict=True):
        assert_close(b, a, 1e-12)


@pytest.mark.cuda
@pytest.mark.parametrize("zero", [False, True])
def test_a_gpu_agrees_where_a_target_does_not_fit(zero: bool) -> None:
    results = []
    for device in ("cpu", "cuda"):
        x = logits(device=device)
        labels = gpugrad.tensor([1, 2, 2, 3, 1, 2], device=device)
        lengths = gpugrad.tensor([3, 6], device=device)
        value = functional.ctc_loss(x, labels, lengths, (3, 3), reduction="none",
                                    zero_infinity=zero)  # fmt: skip
        value.sum().backward()
        results.append((host(value), host(x.grad)))
    for a, b in zip(*results, strict=True):
        assert_close(b, a, 1e-12)

"""Gradient clipping: against PyTorch, over several dtypes and devices at once, and its errors."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.nn.utils import (
    clip_grad_norm_,
    clip_grad_value_,
    get_total_norm,
    parameters_to_vector,
    vector_to_parameters,
)

SHAPES = [(3,), (7, 5), (), (40, 60), (0,)]


def with_gradients(library: Any, scale: float = 1.0, **where: Any) -> list[Any]:
    rng = np.random.default_rng(0)
    made = []
    for shape in SHAPES:
        p = library.zeros(shape, dtype=library.float64, requires_grad=True, **where)
        p.grad = library.tensor(np.asarray(scale * rng.standard_normal(shape)), **where)
        made.append(p)
    made.append(library.zeros(2, requires_grad=True, **where))  # without a gradient
    return made


def gradients(params: list[Any]) -> list[Any]:
    return [p.grad.cpu().numpy() for p in params if p.grad is not None]


@pytest.mark.oracle
@pytest.mark.parametrize("order", [2.0, 1.0, 3.0, 0.5, math.inf])
@pytest.mark.parametrize("max_norm", [0.1, 1e9])
def test_the_norm_is_clipped_as_pytorch_does(order: float, max_norm: float, device: str) -> None:
    torch = pytest.importorskip("torch")
    mine, theirs = with_gradients(gpugrad, device=device), with_gradients(torch)
    got = clip_grad_norm_(iter(mine), max_norm, norm_type=order)
    # PyTorch takes the largest of no numbers as an error
    theirs = [p for p in theirs if p.numel()] if order == math.inf else theirs
    expected = torch.nn.utils.clip_grad_norm_(theirs, max_norm, norm_type=order)
    assert got.shape == ()
    assert got.device.type == device
    assert got.item() == pytest.approx(expected.item(), rel=1e-12)
    kept = [g for g in gradients(mine) if g.size or order != math.inf]
    for a, b in zip(kept, gradients(theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_gradients_below_the_limit_stay_as_they_are(device: str) -> None:
    params = with_gradients(gpugrad, device=device)
    before = gradients(params)
    clip_grad_norm_(params, 1e6)
    for a, b in zip(gradients(params), before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_mixed_dtypes_share_one_norm(device: str) -> None:
    half = gpugrad.zeros(3, dtype=gpugrad.float16, requires_grad=True, device=device)
    double = gpugrad.zeros(4, dtype=gpugrad.float64, requires_grad=True, device=device)
    half.grad, double.grad = gpugrad.ones_like(half), gpugrad.ones_like(double)
    total = clip_grad_norm_([double, half], 1.0)
    assert total.item() == pytest.approx(math.sqrt(7))
    assert double.grad[0].item() == pytest.approx(1 / math.sqrt(7), rel=1e-5)
    assert half.grad[0].item() == pytest.approx(1 / math.sqrt(7), rel=1e-3)
    assert half.grad.dtype is gpugrad.float16


def test_transposed_gradients_are_scaled_in_place(device: str) -> None:
    p = gpugrad.zeros(2, 3, device=device, requires_grad=True)
    p.grad = gpugrad.ones(3, 2, device=device).t()
    grad, version = p.grad, p.grad._version
    clip_grad_norm_(p, 1.0)
    assert p.grad is grad
    assert grad._version > version
    assert grad.flatten().tolist() == pytest.approx([1 / math.sqrt(6)] * 6, rel=1e-5)


def test_a_norm_that_is_not_finite_raises_only_if_asked(device: str) -> None:
    p = gpugrad.zeros(2, device=device, requires_grad=True)
    p.grad = gpugrad.tensor([1.0, math.inf], device=device)
    with pytest.raises(RuntimeError, match="is non-finite, so it cannot be clipped"):
        clip_grad_norm_([p], 1.0, error_if_nonfinite=True)
    assert p.grad.tolist() == [1.0, math.inf]
    assert clip_grad_norm_([p], 1.0).item() == math.inf
    assert p.grad[0].item() == 0.0
    p.grad = gpugrad.tensor([1.0, math.nan], device=device)
    assert math.isnan(clip_grad_norm_([p], 1.0).item())
    assert math.isnan(p.grad[0].item())


def test_no_gradients_have_norm_zero() -> None:
    assert clip_grad_norm_([gpugrad.zeros(2, requires_grad=True)], 1.0).item() == 0.0
    assert get_total_norm([]).item() == 0.0


def test_the_total_norm_changes_nothing(device: str) -> None:
    x = gpugrad.tensor([3.0, 4.0], device=device)
    assert get_total_norm([x]).item() == 5.0
    assert get_total_norm(x, norm_type=math.inf).item() == 4.0
    assert x.tolist() == [3.0, 4.0]


def test_values_are_brought_into_the_bounds(device: str) -> None:
    p = gpugrad.zeros(3, device=device, requires_grad=True)
    p.grad = gpugrad.tensor([-3.0, 0.5, 2.0], device=device)
    clip_grad_value_(p, 1)
    assert p.grad.tolist() == [-1.0, 0.5, 1.0]


def test_parameters_as_a_vector_and_back() -> None:
    layer = gpugrad.nn.Linear(2, 3)
    vector = parameters_to_vector(layer.parameters())
    assert vector.shape == (9,)
    vector_to_parameters(gpugrad.arange(9.0), layer.parameters())
    assert layer.weight.tolist() == [[0.0, 1.0], [2.0, 3.0], [4.0, 5.0]]
    assert layer.bias.tolist() == [6.0, 7.0, 8.0]
    assert layer.bias.requires_grad

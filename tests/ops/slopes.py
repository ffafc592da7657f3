"""Directional derivatives of any order, by graphs and by finite differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

import gpugrad

__all__ = ["check_orders", "sample", "slope"]

Scalar = Callable[[Any], Any]


def sample(shape: tuple[int, ...], device: str = "cpu", seed: int = 0) -> Any:
    """A float64 leaf of normal numbers."""
    values = np.asarray(np.random.default_rng(seed).standard_normal(shape) * 2)
    return gpugrad.tensor(values, dtype=gpugrad.float64, device=device, requires_grad=True)


def slope(function: Scalar, x: Any, directions: Sequence[Any]) -> Any:
    """``function(x)``, or its derivative along the directions, as a graph of the leaf ``x``."""
    value = function(x)
    for direction in directions:
        (g,) = gpugrad.autograd.grad(value, x, create_graph=True)
        value = (g * direction).sum()
    return value


def check_orders(function: Scalar, x: Any, orders: int = 3, tolerance: float = 1e-6) -> None:
    """Each order's derivative equals the central difference of the order below."""
    device = str(x.device)
    directions = [sample(x.shape, device, seed + 10).detach() for seed in range(orders)]
    for order, direction in enumerate(directions):

        def below(at: Any, order: int = order) -> float:
            leaf = at.detach().requires_grad_()
            return float(slope(function, leaf, directions[:order]).item())

        got = float(slope(function, x, directions[: order + 1]).item())
        step = 1e-5
        here = x.detach()
        want = (below(here + step * direction) - below(here - step * direction)) / (2 * step)
        assert got == pytest.approx(want, rel=tolerance, abs=10 * tolerance), f"order {order + 1}"

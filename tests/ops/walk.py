"""What the suites do with a row of the table: values, gradients of both orders, differences.

Holds:     the same steps run on gpugrad and on PyTorch; results are float64 NumPy arrays.
Must not:  know any op.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

import gpugrad
from tests.cases import Case

__all__ = ["Orders", "assert_close", "both_orders", "difference", "gradient", "host", "random_like"]

Arrays = dict[str, Any]


def host(tensor: Any) -> Any:
    """The values of a tensor of either library, halves included."""
    values = (tensor.detach().cpu().double() + 0).tolist()
    return np.array(values, np.float64).reshape(tuple(tensor.shape))


def random_like(array: Any, seed: int) -> Any:
    return np.asarray(np.random.default_rng(seed).standard_normal(np.shape(array)))


def assert_close(ours: Any, theirs: Any, tolerance: float, what: str = "value") -> None:
    """Equal shapes and patterns of nan and inf; the rest within ``tolerance``, absolute below 1."""
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    assert ours.shape == theirs.shape, f"{what}: {ours.shape} is not {theirs.shape}"
    with np.errstate(all="ignore"):
        error = np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1)
    same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
    bad = ~same & ~(error <= tolerance)
    assert not bad.any(), f"{what}: {ours[bad][:4]} is not {theirs[bad][:4]}"


# -------------------------------------------------------------------------------------- gradients
def gradient(case: Case, tensors: Arrays, seed: Any, module: Any = gpugrad, *,
             create_graph: bool = False) -> list[Any]:  # fmt: skip
    """Cotangents of all inputs that require a gradient, for the cotangent ``seed`` of the value."""
    value = case(tensors, module)
    wanted = [t for t in tensors.values() if t.requires_grad]
    return list(module.autograd.grad(
        value, wanted, seed, create_graph=create_graph, allow_unused=True, materialize_grads=True
    ))  # fmt: skip


class Orders:
    """A value, its gradients for a random cotangent, and the gradients of a random sum of those."""

    def __init__(self, value: Any, first: list[Any], second: list[Any]) -> None:
        self.value, self.first, self.second = value, first, second


def both_orders(case: Case, arrays: Arrays, module: Any = gpugrad, device: str = "cpu") -> Orders:
    """Through ``create_graph``; the second order has the cotangent's gradient in front."""
    tensors = case.tensors(arrays, module=module, device=device)
    leaves = [t for t in tensors.values() if t.requires_grad]
    value = case(tensors, module)
    seed = module.tensor(
        random_like(value, 1), dtype=value.dtype, device=device, requires_grad=True
    )
    options = {"allow_unused": True, "materialize_grads": True}
    first = module.autograd.grad(value, leaves, seed, create_graph=True, **options)
    weights = [module.tensor(random_like(g, 2 + i), dtype=g.dtype, device=device)
               for i, g in enumerate(first)]  # fmt: skip
    total = sum(((w * g).sum() for w, g in zip(weights, first, strict=True)), start=0.0)
    second = [module.zeros_like(t) for t in (seed, *leaves)]
    if total.requires_grad:
        second = module.autograd.grad(total, [seed, *leaves], **options)
    return Orders(host(value), list(map(host, first)), list(map(host, second)))


# ------------------------------------------------------------------------------------ differences
_STENCIL = ((-2, 1 / 12), (-1, -8 / 12), (1, 8 / 12), (2, -1 / 12))


def difference(function: Callable[[Arrays], float], arrays: Arrays, name: str,
               step: float = 1e-4) -> Any:
    """The derivative of a number with respect to every element of ``arrays[name]``.

    Four points each, so that the error is of the order of the step's fourth power.
    """
    slopes = np.zeros(arrays[name].shape)
    for place in np.ndindex(slopes.shape):
        for steps, factor in _STENCIL:
            moved = arrays[name].copy()
            moved[place] += steps * step
            slopes[place] += factor * function({**arrays, name: moved}) / step
    return slopes



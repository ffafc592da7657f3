"""Random programs, run by gpugrad and by PyTorch: the same gradients, of first and second order."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import gpugrad

pytestmark = pytest.mark.oracle

OPS = [
    lambda a, b: a * b,
    lambda a, b: a + b,
    lambda a, b: a - 2 * b,
    lambda a, b: a / (b * b + 1),
    lambda a, b: (a * 0.3).exp(),
    lambda a, b: a.sin() * b.cos(),
    lambda a, b: (a + b).tanh(),
    lambda a, b: a[1:].sum() * b,
    lambda a, b: a.reshape(3, 4).t().reshape(4, 3) + b,
    lambda a, b: a @ (b.t() @ a),
    lambda a, b: a.mean(0) + b,
    lambda a, b: a.unsqueeze(0).expand(2, 4, 3).sum(0) * b,
    lambda a, b: a[[0, 2, 2, 1]] * b,
    lambda a, b: a.clone() * a,
]


def run(library: Any, seed: int, device: str) -> list[np.ndarray]:
    """First gradients, accumulated over two roots and a retained pass; and second ones."""
    rng = random.Random(seed)
    numbers = np.random.default_rng(seed).uniform(-1, 1, (3, 4, 3))
    leaves = [library.tensor(n, dtype=library.float64, device=device) for n in numbers]
    for leaf in leaves:
        leaf.requires_grad_()
    values = list(leaves)
    for _ in range(rng.randrange(3, 12)):
        value = rng.choice(OPS)(rng.choice(values[-4:]), rng.choice(values))
        values.append(value / (value.detach().abs().max() + 1))
    roots = [values[-1].sum(), (values[-2] * values[-1]).mean()]
    library.autograd.backward(roots, retain_graph=True)
    roots[0].backward(retain_graph=True)
    first = [leaf.grad for leaf in leaves]
    grads = library.autograd.grad(roots[1], leaves, create_graph=True, allow_unused=True)
    penalty = sum((g * g).sum() for g in grads if g is not None)
    second = [None] * len(leaves)
    if getattr(penalty, "requires_grad", False):
        second = library.autograd.grad(penalty, leaves, allow_unused=True)
    return [None if g is None else np.asarray(g.detach().numpy()) for g in [*first, *second]]


@pytest.mark.parametrize("seed", range(40))
def test_gradients_equal_pytorchs(seed: int, device: str) -> None:
    torch = pytest.importorskip("torch")
    pairs = zip(run(gpugrad, seed, device), run(torch, seed, "cpu"), strict=True)
    for ours, theirs in pairs:
        assert (ours is None) == (theirs is None)
        if ours is not None:
            np.testing.assert_allclose(ours, theirs, rtol=1e-10, atol=1e-12)

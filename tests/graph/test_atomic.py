"""A backward that cannot finish changes nothing: no gradient, no saved value."""

from __future__ import annotations

import random

import pytest

import gpugrad
from gpugrad import autograd, memory
from gpugrad.graph import reachable


def leaves(count: int) -> list[gpugrad.Tensor]:
    made = [gpugrad.linspace(0.1, 1 + i, 6, device="cpu").requires_grad_() for i in range(count)]
    for leaf in made:
        leaf.grad = gpugrad.full((6,), 0.25, device="cpu")
    return made


def random_graph(rng: random.Random, sources: list[gpugrad.Tensor]) -> list[gpugrad.Tensor]:
    """Values made from each other at random; every value is used by a later one or is the last."""
    values = list(sources)
    ops = [
        lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a.sin(), lambda a, b: b.exp() * 0.1,
        lambda a, b: (a * 0.5).tanh() + b, lambda a, b: a / (b * b + 1),
    ]  # fmt: skip
    for _ in range(rng.randrange(5, 25)):
        values.append(rng.choice(ops)(rng.choice(values[-4:]), rng.choice(values)))
    return values


def state_of(sources: list[gpugrad.Tensor], root: gpugrad.Tensor) -> tuple:
    """All that a backward might change."""
    grads = [(id(leaf.grad), leaf.grad._version, leaf.grad.tolist()) for leaf in sources]
    saved = [(node.seq, node.saved is None, len(node.edges)) for node in reachable(root)]
    return grads, sorted(saved), memory.graph(root).unique_bytes


def spoil(rng: random.Random, values: list[gpugrad.Tensor], root: gpugrad.Tensor) -> None:
    """Makes a backward from ``root`` impossible: releases a part, or writes to what is saved."""
    on_the_way = set(reachable(root))
    inner = [v for v in values if v.node in on_the_way and v.node.saved]
    victim = rng.choice(inner or [root])
    if rng.random() < 0.5:
        victim.sum().release_graph()
    else:
        with gpugrad.no_grad():
            for value in values:
                value.mul_(1)


@pytest.mark.parametrize("seed", range(200))
def test_a_backward_that_fails_changes_nothing(seed: int) -> None:
    rng = random.Random(seed)
    sources = leaves(3)
    values = random_graph(rng, sources)
    root = values[-1].sum() + (values[-2] * values[-2]).sum()
    spoil(rng, values, root)
    before = state_of(sources, root)
    for attempt in (root.backward, lambda: autograd.grad(root, sources, allow_unused=True)):
        with pytest.raises(RuntimeError):
            attempt()
        assert state_of(sources, root) == before


def test_a_request_that_is_refused_changes_nothing() -> None:
    (x, unused) = leaves(2)
    root = x.exp()
    before = state_of([x, unused], root)
    for attempt in (
        root.backward,
        lambda: root.backward(gpugrad.ones(2, device="cpu")),
        lambda: autograd.grad(root.sum(), [x, unused]),
    ):
        with pytest.raises(RuntimeError):
            attempt()
        assert state_of([x, unused], root) == before

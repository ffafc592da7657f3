"""A backward that cannot finish changes nothing: no gradient, no saved value."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

import gpugrad
from gpugrad import autograd, memory
from gpugrad.graph import reachable
from gpugrad.utils.checkpoint import checkpoint


def leaves(count: int) -> list[gpugrad.Tensor]:
    made = [gpugrad.linspace(0.1, 1 + i, 6, device="cpu").requires_grad_() for i in range(count)]
    for leaf in made:
        leaf.grad = gpugrad.full((6,), 0.25, device="cpu")
    return made


def bits(t: gpugrad.Tensor) -> bytes:
    return t.detach().cpu().numpy().tobytes()


def twice(t: gpugrad.Tensor) -> gpugrad.Tensor:
    return (t * 2).tanh()


def packed(a: gpugrad.Tensor, b: gpugrad.Tensor) -> gpugrad.Tensor:
    with autograd.graph.saved_tensors_hooks(lambda t: t.clone(), lambda t: t):
        return a * b


def halves_swapped(a: gpugrad.Tensor, b: gpugrad.Tensor) -> gpugrad.Tensor:
    first, second = (a * 0.5).split(3)
    return gpugrad.cat([second, first]) + b


def written(a: gpugrad.Tensor, b: gpugrad.Tensor) -> gpugrad.Tensor:
    c = a * 1.5
    c[2:4] = b[:2]
    c.mul_(0.5)
    return c


OPS = [
    lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a.sin(), lambda a, b: b.exp() * 0.1,
    lambda a, b: (a * 0.5).tanh() + b, lambda a, b: a / (b * b + 1), packed, halves_swapped,
    written, lambda a, b: checkpoint(twice, a) + b,
    lambda a, b: a.reshape(2, 3).t().reshape(6) * b,
]  # fmt: skip


def random_graph(rng: random.Random, sources: list[gpugrad.Tensor]) -> list[gpugrad.Tensor]:
    """Values made from each other at random; every value is used by a later one or is the last."""
    values = list(sources)
    for _ in range(rng.randrange(4, 14)):
        values.append(rng.choice(OPS)(rng.choice(values[-4:]), rng.choice(values)))
    return values


def root_of(values: list[gpugrad.Tensor]) -> gpugrad.Tensor:
    return values[-1].sum() + (values[-2] * values[-2]).sum()


def state_of(sources: list[gpugrad.Tensor], root: gpugrad.Tensor) -> tuple:
    """All that a backward might change."""
    grads = [(id(leaf.grad), leaf.grad._version, bits(leaf.grad)) for leaf in sources]
    saved = [(node.seq, node.saved is None, len(node.edges)) for node in reachable(root)]
    return grads, sorted(saved), memory.graph(root).unique_bytes


def release_a_part(rng: random.Random, values: list[gpugrad.Tensor], root: gpugrad.Tensor) -> None:
    on_the_way = set(reachable(root))
    inner = [v for v in values if v.node in on_the_way and v.node.saved]
    rng.choice(inner or [root]).sum().release_graph()


def write_over_everything(rng: random.Random, values: list[gpugrad.Tensor],
                          root: gpugrad.Tensor) -> None:
    with gpugrad.no_grad():
        for value in values:
            value.mul_(1)


def wrong_seed(rng: random.Random, root: gpugrad.Tensor) -> Callable[[], None]:
    """A backward from ``root`` that cannot be started."""
    return rng.choice([
        lambda: root.backward(gpugrad.ones(2, device="cpu")),
        lambda: autograd.backward([root, root], [gpugrad.ones((), device="cpu")]),
        lambda: autograd.backward([root, gpugrad.ones(2, device="cpu")]),
        lambda: autograd.backward([root], [gpugrad.ones(1, 1, device="cpu")]),
        lambda: autograd.grad(root, gpugrad.ones(3, device="cpu")),
    ])  # fmt: skip


def gradients_without_failure(seed: int) -> list[bytes]:
    rng, sources = random.Random(seed), leaves(3)
    root_of(random_graph(rng, sources)).backward()
    return [bits(leaf.grad) for leaf in sources]


def fail_and_repair(seed: int) -> None:
    rng, sources = random.Random(seed), leaves(3)
    values = random_graph(rng, sources)
    root = root_of(values)
    spoil = rng.choice([release_a_part, write_over_everything, None])
    attempts = [wrong_seed(rng, root)]
    if spoil is not None:
        spoil(rng, values, root)
        attempts = [root.backward, lambda: autograd.grad(root, sources, allow_unused=True)]
    before = state_of(sources, root)
    for attempt in attempts:
        with pytest.raises(RuntimeError):
            attempt()
        assert state_of(sources, root) == before
    if spoil is not None:  # what was released or overwritten has to be computed again
        root = root_of(random_graph(random.Random(seed), sources))
    root.backward()
    assert [bits(leaf.grad) for leaf in sources] == gradients_without_failure(seed)


@pytest.mark.parametrize("hundred", range(100))
def test_a_backward_that_fails_changes_nothing_and_succeeds_once_repaired(hundred: int) -> None:
    for seed in range(100 * hundred, 100 * hundred + 100):
        fail_and_repair(seed)


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


@pytest.mark.parametrize("seed", ["x", b"x", {}, [[1.0, 2.0], [3.0]], object()], ids=repr)
def test_a_seed_that_is_no_number_changes_nothing(seed: object) -> None:
    sources = leaves(1)
    root = sources[0].exp()
    before = state_of(sources, root)
    with pytest.raises((TypeError, ValueError, RuntimeError)):
        autograd.backward([root], [seed])
    assert state_of(sources, root) == before


@pytest.mark.cuda
def test_a_seed_on_another_device_changes_nothing() -> None:
    x = gpugrad.ones(3, device="cuda", requires_grad=True)
    x.grad = gpugrad.full((3,), 0.25, device="cuda")
    root = x.exp()
    before = state_of([x], root)
    with pytest.raises(RuntimeError, match="cuda:0"):
        root.backward(gpugrad.ones(3, device="cpu"))
    assert state_of([x], root) == before
    root.backward(gpugrad.ones(3, device="cuda"))
    assert x.grad.cpu().tolist() == (root.detach() + 0.25).cpu().tolist()

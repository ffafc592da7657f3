"""What fails in the middle of a pass: nodes not yet run keep their values, and every leaf has its
whole gradient or nothing of it.
"""

from __future__ import annotations

import random

import pytest

import gpugrad
from gpugrad import autograd, memory
from gpugrad.graph import reachable


class Broken(autograd.Function):
    """The identity, whose backward raises."""

    @staticmethod
    def forward(ctx, x, kind):
        ctx.kind = kind
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        raise ctx.kind("broken")


def layers(rng: random.Random, count: int, broken: int, how: str) -> tuple[list, gpugrad.Tensor]:
    """A chain of products with leaves, one of whose steps fails in backward."""
    leaves = [gpugrad.full((4,), 0.5 + i / 8, device="cpu").requires_grad_() for i in range(count)]
    y = gpugrad.ones(4, device="cpu")
    for i, leaf in enumerate(leaves):
        y = (y * leaf).tanh()
        if i == broken:
            y = fail_at(y, how)
    return leaves, y.sum()


def fail_at(y: gpugrad.Tensor, how: str) -> gpugrad.Tensor:
    def explode(*_: object) -> None:
        raise OSError("broken")

    if how == "function":
        return Broken.apply(y, OSError)
    if how == "memory":
        return Broken.apply(y, gpugrad.OutOfMemoryError)
    {"tensor hook": y.register_hook, "prehook": y.grad_fn.register_prehook,
     "hook": y.grad_fn.register_hook}[how](explode)  # fmt: skip
    return y


HOW = ["function", "memory", "tensor hook", "prehook", "hook"]


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("seed", range(40))
def test_leaves_have_their_whole_gradient_or_none_of_it(how: str, seed: int) -> None:
    rng = random.Random(seed)
    count = rng.randrange(2, 8)
    broken = rng.randrange(count)
    leaves, root = layers(rng, count, broken, how)
    twins, other = layers(rng, count, count, how)  # none of its steps fails
    other.backward()
    nodes = reachable(root)
    with pytest.raises((OSError, gpugrad.OutOfMemoryError)) as caught:
        root.backward()
    served = [leaf for leaf in leaves if leaf.grad is not None]
    assert served == leaves[broken + 1 :]
    for leaf, twin in zip(served, twins[broken + 1 :], strict=True):
        assert leaf.grad.tolist() == twin.grad.tolist()
    below = [n for n in nodes if n.saved is not None and n.rule.slots]
    assert len(below) >= 2 * broken + 1  # a product and a tanh for each step up to the broken one
    said = "\n".join(caught.value.__notes__)
    assert ("no .grad has changed" in said) == (not served)
    assert all(str(tuple(leaf.shape)) in said for leaf in served)
    assert "raised in the backward of" in said


def test_a_leaf_used_before_and_after_the_failure_gets_nothing() -> None:
    w = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = Broken.apply(w * 2, OSError)
    with pytest.raises(OSError, match="broken"):
        (y * w).sum().backward()
    assert w.grad is None


def test_the_exception_names_the_leaves_that_were_served() -> None:
    first = gpugrad.ones(3, device="cpu", requires_grad=True)
    second = gpugrad.ones(3, device="cpu", requires_grad=True)
    with pytest.raises(OSError, match="broken") as caught:
        (Broken.apply(first * 1, OSError) * second).sum().backward()
    assert any("second (3,)" in note for note in caught.value.__notes__)


def test_a_failed_pass_can_be_run_again_where_it_had_not_been() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = (x * 3).tanh()
    handle = y.register_hook(lambda g: 1 / 0)
    root = y.sum()
    with pytest.raises(ZeroDivisionError):
        root.backward()
    handle.remove()
    root.backward()
    expected = gpugrad.ones(3, device="cpu", requires_grad=True)
    (expected * 3).tanh().sum().backward()
    assert x.grad.tolist() == expected.grad.tolist()


def test_nothing_is_held_once_a_failed_graph_is_gone() -> None:
    def fail(how: str) -> None:
        with pytest.raises((OSError, gpugrad.OutOfMemoryError)):
            layers(random.Random(0), 5, 2, how)[1].backward()

    before = memory.held()
    for how in HOW:
        fail(how)
    assert memory.held() == before

"""autograd.functional beside PyTorch's: products, matrices, structure, strictness."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.autograd import functional
from tests.alike import assert_alike, data


class Point:
    """Functions and the point where they are differentiated."""

    def __init__(self, m: Any) -> None:
        self.m, self.F = m, m.autograd.functional
        self.x, self.y, self.a = data(m, 3), data(m, 3, seed=1), data(m, 2, 3, seed=2)
        self.leaf = data(m, 3, seed=3).requires_grad_()

    def f(self, x: Any) -> Any:
        return self.a @ (x**2)

    def both(self, x: Any, y: Any) -> Any:
        return x * y.exp(), (x**3).sum()

    def number(self, x: Any, y: Any) -> Any:
        return (x**2 * y.exp()).sum()


CALLS: dict[str, Callable[[Point, bool], Any]] = {
    "vjp": lambda p, c: p.F.vjp(p.f, p.x, p.y[:2], create_graph=c),
    "vjp of several": lambda p, c: p.F.vjp(p.both, (p.x, p.y), (p.x, p.x.sum()), create_graph=c),
    "vjp of a number": lambda p, c: p.F.vjp(lambda x: x.sum(), p.x, create_graph=c),
    "jvp": lambda p, c: p.F.jvp(p.f, p.x, p.y, create_graph=c),
    "jvp of several": lambda p, c: p.F.jvp(p.both, (p.x, p.leaf), (p.y, p.x), create_graph=c),
    "vhp": lambda p, c: p.F.vhp(p.number, (p.x, p.y), (p.y, p.x), create_graph=c),
    "hvp": lambda p, c: p.F.hvp(p.number, (p.x, p.leaf), (p.y, p.x), create_graph=c),
    "jacobian": lambda p, c: p.F.jacobian(p.f, p.x, create_graph=c),
    "jacobian of several": lambda p, c: p.F.jacobian(p.both, (p.x, p.leaf), create_graph=c),
    "jacobian at once": lambda p, c: p.F.jacobian(p.both, (p.x, p.y), vectorize=True,
                                                  create_graph=c),
    "jacobian of a constant": lambda p, c: p.F.jacobian(lambda x: p.a, p.x),
    "jacobian by an unused input": lambda p, c: p.F.jacobian(lambda x, y: x * 2, (p.x, p.y)),
    "hessian": lambda p, c: p.F.hessian(p.number, (p.x, p.leaf), create_graph=c),
    "hessian at once": lambda p, c: p.F.hessian(p.number, (p.x, p.y), vectorize=True,
                                                create_graph=c),
    "hessian of a sum": lambda p, c: p.F.hessian(lambda x: x.sum(), p.x),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("create_graph", [False, True])
@pytest.mark.parametrize("name", CALLS)
def test_results_are_pytorchs(name: str, create_graph: bool) -> None:
    assert_alike(lambda m: CALLS[name](Point(m), create_graph))


REFUSED: dict[str, tuple[Callable[[Point], Any], str]] = {
    "strict, constant": (lambda p: p.F.jacobian(lambda x: p.a, p.x, strict=True), "Output 0"),
    "strict, unused": (lambda p: p.F.jacobian(lambda x, y: x * 2, (p.x, p.y), strict=True),
                       "independent of input 1"),
    "v of another size": (lambda p: p.F.vjp(p.f, p.x, p.x), "v has invalid size"),
    "no v": (lambda p: p.F.vjp(p.f, p.x), "The vector v can only be None"),
    "no number": (lambda p: p.F.hessian(p.f, p.x), "single element"),
    "no tensors": (lambda p: p.F.jvp(p.f, [1, 2]), "must be either a Tensor or a tuple of Tensors"),
    "strict, linear": (lambda p: p.F.hessian(lambda x: x.sum(), p.x, strict=True), "independent"),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", REFUSED)
def test_what_pytorch_refuses_is_refused(name: str) -> None:
    call, phrase = REFUSED[name]
    assert_alike(lambda m: call(Point(m)), phrase)


def test_forward_mode_gives_the_same_matrices() -> None:
    p = Point(gpugrad)
    options = {"vectorize": True, "strategy": "forward-mode"}
    ours, expected = functional.jacobian(p.both, (p.x, p.y), **options), functional.jacobian(
        p.both, (p.x, p.y))  # fmt: skip
    for a, b in zip((m for row in ours for m in row), (m for row in expected for m in row),
                    strict=True):  # fmt: skip
        np.testing.assert_allclose(a.tolist(), b.tolist(), 1e-12, 1e-12)
        assert not a.requires_grad

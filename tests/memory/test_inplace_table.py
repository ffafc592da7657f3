"""Whether the input or the output of an op may be written before its backward (as in PyTorch).

An op may be written over exactly where it did not save: the table is what each op saves, seen from
outside.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gpugrad
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)

Op = Callable[[Any], Any]


def matrix() -> gpugrad.Tensor:
    leaf = gpugrad.linspace(0.1, 1.2, 9, device="cpu").reshape(3, 3).detach().requires_grad_()
    return leaf + 0


def constant() -> gpugrad.Tensor:
    return gpugrad.full((3, 3), 0.5, device="cpu")


OPS: dict[str, tuple[Op, bool, bool]] = {  # the op; may its output, may its input be written?
    "x+1": (lambda x: x + 1, True, True),
    "x*2": (lambda x: x * 2, True, True),
    "x/2": (lambda x: x / 2, True, True),
    "x/t": (lambda x: x / constant(), True, True),
    "log": (lambda x: x.log(), True, False),
    "sin": (lambda x: x.sin(), True, False),
    "x**2": (lambda x: x**2, True, False),
    "x*x": (lambda x: x * x, True, False),
    "matmul": (lambda x: x @ (constant() @ x), True, False),
    "matmul_constant": (lambda x: x @ constant(), True, True),
    "clone": (lambda x: x.clone(), True, True),
    "gelu": (lambda x: F.gelu(x), True, False),
    "exp": (lambda x: x.exp(), False, True),
    "relu": (lambda x: x.relu(), False, True),
    "sigmoid": (lambda x: x.sigmoid(), False, True),
    "tanh": (lambda x: x.tanh(), False, True),
    "sqrt": (lambda x: x.sqrt(), False, True),
    "softmax": (lambda x: x.softmax(1), False, True),
    "reciprocal": (lambda x: x.reciprocal(), False, True),
    "norm": (lambda x: x.norm(), False, False),
    "logsumexp": (lambda x: x.logsumexp(1), False, False),
    "sum": (lambda x: x.sum(), True, True),
    "mean": (lambda x: x.mean(), True, True),
    "cat": (lambda x: gpugrad.cat([x, x]), True, True),
    "where": (lambda x: gpugrad.where(constant() > 0, x, constant()), True, True),
    "abs": (lambda x: x.abs(), True, False),
    "clamp": (lambda x: x.clamp(0.2, 0.8), True, False),
    "leaky_relu": (lambda x: F.leaky_relu(x), True, False),
    "var": (lambda x: x.var(), True, False),
    "max": (lambda x: x.max(), False, False),
    "layer_norm": (lambda x: F.layer_norm(x, (3,)), True, False),
    "dropout": (lambda x: F.dropout(x, 0.5), True, True),
    "mm": (lambda x: x @ x.mT, True, False),
}
SAFE_OUTPUT = [name for name, (_, output, _i) in OPS.items() if output]
SAFE_INPUT = [name for name, (_, _o, given) in OPS.items() if given]


def backward_after_writing(name: str, which: str) -> None:
    x = matrix()
    y = OPS[name][0](x)
    result = y * 1
    with gpugrad.no_grad():
        (y if which == "output" else x).mul_(1)
    del x, y
    result.backward(gpugrad.ones_like(result))


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("which", ["output", "input"])
def test_writing_is_refused_exactly_where_the_op_saved(name: str, which: str) -> None:
    if name in (SAFE_OUTPUT if which == "output" else SAFE_INPUT):
        backward_after_writing(name, which)
    else:
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            backward_after_writing(name, which)


@pytest.mark.oracle
@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize("which", ["output", "input"])
def test_pytorch_refuses_at_least_the_same(name, which, monkeypatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setitem(globals(), "gpugrad", torch)
    monkeypatch.setitem(globals(), "F", torch.nn.functional)
    test_writing_is_refused_exactly_where_the_op_saved(name, which)


def test_a_number_over_x_keeps_x_and_nothing_else() -> None:
    """PyTorch keeps the reciprocal, a buffer of its own, and lets x be written (docs)."""
    OPS["2/x"] = (lambda x: 2 / x, True, False)
    try:
        backward_after_writing("2/x", "output")
        with pytest.raises(RuntimeError, match="modified by an inplace operation"):
            backward_after_writing("2/x", "input")
    finally:
        del OPS["2/x"]

"""Evaluates expressions with gpugrad and, beside it, with PyTorch, and compares what comes out.

Holds:     an expression says ``torch`` for either library, ``F`` for its functions and ``np``; its
           other variables are ``names(library)``, made anew for each evaluation. Only PyTorch's
           warnings are passed over. A table becomes a test: `results`, `derivatives`, `refusals`
           and `pytorchs_refusals` each give one, to be named where the table stands.
Must not:  know any op, or say how close results have to be.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.ops.walk import assert_close, host

__all__ = ["assert_same", "assert_same_gradients", "both", "derivatives", "dtype_name", "evaluate",
           "gradients", "no_names", "pytorchs_refusals", "refusals", "refused", "refused_alike",
           "results"]  # fmt: skip

Names = Callable[[Any], dict[str, Any]]
Refusal = tuple[type[Exception], str]  # what is raised, and words of PyTorch's message
Test = Callable[[str], None]


# ----------------------------------------------------------------------------- a table makes a test
def results(table: Iterable[str], names: Names, tolerance: float = 0.0) -> Test:
    """A test that every expression gives what it gives in PyTorch: see `assert_same`."""

    @pytest.mark.oracle
    @pytest.mark.parametrize("text", list(table))
    def test(text: str) -> None:
        assert_same(*both(text, names), tolerance)

    return test


def derivatives(table: Iterable[str], names: Names, tolerance: float) -> Test:
    """A test that every expression and the gradients of all leaves are PyTorch's."""

    @pytest.mark.oracle
    @pytest.mark.parametrize("text", list(table))
    def test(text: str) -> None:
        torch = pytest.importorskip("torch")
        scopes = names(gpugrad), names(torch)
        ours, theirs = evaluate(text, gpugrad, **scopes[0]), evaluate(text, torch, **scopes[1])
        assert_same(ours, theirs, tolerance)
        found, expected = gradients(ours, scopes[0], gpugrad), gradients(theirs, scopes[1], torch)
        assert_same_gradients(found, expected, tolerance)

    return test


def refusals(table: Mapping[str, Refusal], names: Names) -> Test:
    """A test that gpugrad raises what the table says, with those words."""

    @pytest.mark.parametrize("text", list(table))
    def test(text: str) -> None:
        refused(text, gpugrad, names(gpugrad), *table[text])

    return test


def pytorchs_refusals(table: Mapping[str, Refusal], names: Names) -> Test:
    """A test that the table is right about PyTorch."""

    @pytest.mark.oracle
    @pytest.mark.parametrize("text", list(table))
    def test(text: str) -> None:
        torch = pytest.importorskip("torch")
        refused(text, torch, names(torch), *table[text])

    return test


# --------------------------------------------------------------------------------- one expression
def no_names(module: Any) -> dict[str, Any]:
    """For expressions that make all they need."""
    return {}


def evaluate(text: str, module: Any, **names: Any) -> Any:
    """What the expression is; None for a statement, which is run for what it does to ``names``."""
    scope = {"torch": module, "F": module.nn.functional, "np": np, **names}
    with warnings.catch_warnings():
        if module is not gpugrad:
            warnings.simplefilter("ignore")
        try:
            code = compile(text, "<expression>", "eval")
        except SyntaxError:
            code = compile(text, "<statement>", "exec")
        return eval(code, scope)


def both(text: str, names: Names) -> tuple[Any, Any]:
    """The expression with gpugrad and with PyTorch."""
    torch = pytest.importorskip("torch")
    return evaluate(text, gpugrad, **names(gpugrad)), evaluate(text, torch, **names(torch))


def gradients(value: Any, scope: dict[str, Any], module: Any) -> dict[str, Any]:
    """Of all leaves in the scope, None where no graph leads there; for the cotangent 1, 2, 3, ...
    of the value, or of every tensor of a tuple."""
    leaves = {n: t for n, t in scope.items() if getattr(t, "requires_grad", False) and t.is_leaf}
    values = value if isinstance(value, (tuple, list)) else (value,)
    recorded = [v for v in values if v.requires_grad]
    if not recorded:
        return dict.fromkeys(leaves)
    seeds = [module.arange(1, 1 + v.numel(), dtype=v.dtype, device=v.device).reshape(v.shape)
             for v in recorded]  # fmt: skip
    found = module.autograd.grad(recorded, [*leaves.values()], seeds, allow_unused=True)
    return {n: None if g is None else host(g) for n, g in zip(leaves, found, strict=True)}


def refused(text: str, module: Any, scope: dict[str, Any], kind: Any, words: str) -> None:
    """The library raises this, and says so in these words."""
    with pytest.raises(kind, match=words or None):
        evaluate(text, module, **scope)


def refused_alike(text: str, names: Names, words: str = "", *,
                  exactly: bool = True) -> tuple[Any, Any]:  # fmt: skip
    """The exceptions of gpugrad and of PyTorch, both with the words: ours is of their class or,
    not exactly, a RuntimeError where theirs is a NotImplementedError."""
    torch = pytest.importorskip("torch")
    with pytest.raises(Exception, match=words or None) as theirs:
        evaluate(text, torch, **names(torch))
    assert not isinstance(theirs.value, (NameError, SyntaxError)), "that is no call of PyTorch"
    lenient = not exactly and issubclass(theirs.type, NotImplementedError)
    with pytest.raises(RuntimeError if lenient else theirs.type, match=words or None) as ours:
        evaluate(text, gpugrad, **names(gpugrad))
    known = (RuntimeError, TypeError, ValueError)
    assert [issubclass(ours.type, k) for k in known] == [issubclass(theirs.type, k) for k in known]
    return ours.value, theirs.value


# -------------------------------------------------------------------------------------- comparison
def assert_same(ours: Any, theirs: Any, tolerance: float = 0.0) -> None:
    """Two tensors with equal dtype, shape, values, flags; sequences of them; or equal values."""
    if isinstance(theirs, (tuple, list)) and any(hasattr(t, "dtype") for t in theirs):
        for a, b in zip(ours, theirs, strict=True):
            assert_same(a, b, tolerance)
        return
    if not hasattr(theirs, "dtype"):
        assert ours == theirs
        return
    assert dtype_name(ours.dtype) == dtype_name(theirs.dtype)
    assert ours.requires_grad == theirs.requires_grad
    assert ours.is_leaf == theirs.is_leaf
    assert_close(host(ours), host(theirs), tolerance)


def assert_same_gradients(ours: dict[str, Any], theirs: dict[str, Any], tolerance: float) -> None:
    """Of the same leaves, as `gradients` gives them; None for None."""
    assert ours.keys() == theirs.keys()
    for name in theirs:
        assert (ours[name] is None) == (theirs[name] is None), f"gradient of {name}"
        if theirs[name] is not None:
            assert_close(ours[name], theirs[name], tolerance, f"gradient of {name}")


def dtype_name(dtype: Any) -> str:
    """``float32``, whichever library's."""
    return str(dtype).rpartition(".")[2]

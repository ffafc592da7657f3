"""Programs that are run on gpugrad and on PyTorch, and whose outcomes must be alike.

A program is a function of the library. What it returns (tensors, numbers, texts, nested) is
compared value by value, with which tensors require gradients; if it raises, both must, with one of
PyTorch's classes, and with the phrase that programs look for.

Holds:     the same source runs on both.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gpugrad

__all__ = ["assert_alike", "data", "outcome"]


def data(module: Any, *shape: int, seed: int = 0, **options: Any) -> Any:
    """Random float64 numbers, the same for both libraries."""
    values = np.random.default_rng(seed).standard_normal(shape)
    return module.tensor(values, **options)


def outcome(program: Callable[[Any], Any], module: Any) -> tuple[str, Any]:
    """("value", what it returned) or ("error", what it raised)."""
    with warnings.catch_warnings():
        if module is not gpugrad:
            warnings.simplefilter("ignore")
        try:
            return "value", plain(program(module))
        except Exception as error:
            return "error", error


def plain(value: Any) -> Any:
    """Tensors as (shape, requires grad, numbers); everything else as it is."""
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if not hasattr(value, "requires_grad"):
        return value
    numbers = np.array(value.detach().cpu().tolist(), np.float64)
    return tuple(value.shape), bool(value.requires_grad), numbers


def assert_alike(program: Callable[[Any], Any], phrase: str = "", tolerance: float = 1e-10) -> None:
    """Runs ``program`` on both libraries; with ``phrase`` both must raise an error that has it."""
    torch = pytest.importorskip("torch")
    ours, theirs = outcome(program, gpugrad), outcome(program, torch)
    for kind, result in (ours, theirs):
        if kind == "error" and not phrase:
            raise result
    assert ours[0] == theirs[0] == ("error" if phrase else "value"), (ours, theirs)
    if phrase:
        assert phrase in str(theirs[1]), theirs[1]
        assert phrase in str(ours[1]), ours[1]
        base = next(c for c in type(theirs[1]).__mro__ if c.__module__ == "builtins")
        assert isinstance(ours[1], base), (type(ours[1]), base)
        return
    same(ours[1], theirs[1], tolerance)


def same(ours: Any, theirs: Any, tolerance: float, where: str = "result") -> None:
    """The same structure, and numbers that are close."""
    if isinstance(theirs, tuple) and len(theirs) == 3 and isinstance(theirs[2], np.ndarray):
        assert ours[:2] == theirs[:2], f"{where}: {ours[:2]} is not {theirs[:2]}"
        np.testing.assert_allclose(ours[2], theirs[2], tolerance, tolerance, err_msg=where)
    elif isinstance(theirs, list):
        assert len(ours) == len(theirs), where
        for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
            same(a, b, tolerance, f"{where}[{i}]")
    elif isinstance(theirs, dict):
        assert list(ours) == list(theirs), where
        for key in theirs:
            same(ours[key], theirs[key], tolerance, f"{where}[{key!r}]")
    elif isinstance(theirs, float):
        assert ours == pytest.approx(theirs, tolerance, tolerance), where
    else:
        assert ours == theirs, f"{where}: {ours!r} is not {theirs!r}"

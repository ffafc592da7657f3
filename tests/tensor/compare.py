"""Evaluates one expression with gpugrad and with PyTorch, and compares what comes out."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.ops.walk import assert_close, host

__all__ = ["assert_same", "dtype_name", "evaluate"]


def evaluate(text: str, module: Any, **names: Any) -> Any:
    """The expression with ``torch`` for the library and ``np`` for NumPy."""
    return eval(text, {"torch": module, "np": np, **names})


def dtype_name(dtype: Any) -> str:
    """``float32``, whichever library's."""
    return str(dtype).rpartition(".")[2]


def assert_same(ours: Any, theirs: Any, tolerance: float = 0.0) -> None:
    """Two tensors with equal dtype, shape, values, flags; tuples of them; or equal values."""
    if isinstance(theirs, tuple) and any(hasattr(t, "dtype") for t in theirs):
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

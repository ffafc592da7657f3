"""Parts of matrices: triangles, diagonals, and matrices made of a diagonal.

Holds:     these work on tensors and raw arrays alike, as derivatives need them; they save nothing.
Must not:  be public: diagonal.py is.
"""

from __future__ import annotations

from typing import Any

from ...array import module_of
from ...graph import TensorBase, new_tensor
from ..diagonal import diag_embed_op, tril_op, triu_op

__all__ = ["eye_as", "lower", "on_diagonal", "strict_lower", "upper"]


def lower(x: Any, k: int = 0) -> Any:
    """The lower triangle up to diagonal ``k``, zero above."""
    return tril_op(x, diagonal=k)


def upper(x: Any, k: int = 0) -> Any:
    """The upper triangle from diagonal ``k`` on, zero below."""
    return triu_op(x, diagonal=k)


def strict_lower(x: Any) -> Any:
    """The lower triangle without the diagonal, zero elsewhere."""
    return lower(x, -1)


def on_diagonal(x: Any) -> Any:
    """Square matrices with ``x`` on their diagonals."""
    n = len(x.shape)
    return diag_embed_op(x, shape=(*x.shape, x.shape[-1]), offset=0, axis1=n - 1, axis2=n)


def eye_as(like: Any, rows: int, columns: int) -> Any:
    """Ones on the diagonal of zeros, in the form (tensor or array) and dtype of ``like``."""
    if isinstance(like, TensorBase):
        kind = like.kind
        return new_tensor(kind.xp.eye(rows, columns, dtype=kind.numpy), kind)
    return module_of(like).eye(rows, columns, dtype=like.dtype)

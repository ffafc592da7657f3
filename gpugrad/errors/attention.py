"""What arguments of attention and dropout can be wrong in."""

from __future__ import annotations

from collections.abc import Sequence

from .text import facts
from .tree import DTypeError, ShapeError

__all__ = ["attention_dims", "attention_dtypes", "attention_mask_dtype", "bad_dropout"]


def attention_dims(dims: Sequence[int]) -> ShapeError:
    """A query, key or value without rows."""
    return ShapeError(
        "Expected query, key, and value to all be at least 2 dimensional, but got query.dim: "
        f"{dims[0]} key.dim: {dims[1]} and value.dim: {dims[2]} instead."
    )


def attention_dtypes(dtypes: Sequence[object]) -> DTypeError:
    """Query, key and value of different dtypes."""
    return DTypeError(facts(
        "Expected query, key, and value to have the same dtype, but got query.dtype: "
        f"{dtypes[0]} key.dtype: {dtypes[1]} and value.dtype: {dtypes[2]} instead.",
        ("fix", "convert them first: key.to(query.dtype)"),
    ))


def attention_mask_dtype(mask: object, query: object) -> DTypeError:
    """A mask that is neither boolean nor of the query's dtype."""
    return DTypeError(facts(
        "Expected attn_mask dtype to be bool or float or to match query dtype, but got "
        f"attn_mask.dtype: {mask} and query.dtype: {query} instead.",
        ("fix", "convert it first: attn_mask.to(query.dtype), or a condition for a boolean one"),
    ))


def bad_dropout(p: object, error: type[Exception] = ValueError) -> Exception:
    """A probability outside 0..1."""
    return error(f"dropout probability has to be between 0 and 1, but got {p}")

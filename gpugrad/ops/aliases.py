"""Functions whose PyTorch signature is wider than one op: they choose among ops by argument.

Holds:     no arithmetic of its own.
Must not:  be called by ops; these are for users.
"""

from __future__ import annotations

from typing import Any

from . import arithmetic

__all__ = ["add", "div", "power", "sub"]


def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input + alpha * other``."""
    if alpha == 1:
        return arithmetic.add(input, other)
    return arithmetic.add_scaled(input, other, alpha=alpha)


def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input - alpha * other``."""
    if alpha == 1:
        return arithmetic.sub(input, other)
    return arithmetic.sub_scaled(input, other, alpha=alpha)


def div(input: Any, other: Any, *, rounding_mode: str | None = None) -> Any:
    """``input / other``, rounded as ``rounding_mode`` says: None, "trunc" or "floor".

    Raises:  RuntimeError for another mode
    """
    if rounding_mode is None:
        return arithmetic.div(input, other)
    if rounding_mode == "floor":
        return arithmetic.floor_divide(input, other)
    if rounding_mode == "trunc":
        return arithmetic.trunc_divide(input, other)
    raise RuntimeError(
        "div expected rounding_mode to be one of None, 'trunc', or 'floor' but found "
        f"'{rounding_mode}'"
    )


def power(input: Any, exponent: Any) -> Any:
    """``input`` to the power of ``exponent``, by a multiplication where that is all it takes."""
    if exponent.__class__ in (int, float) and exponent == 2:
        return arithmetic.square(input)
    return arithmetic.pow(input, exponent)

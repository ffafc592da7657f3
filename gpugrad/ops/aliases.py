"""Functions whose PyTorch signature is wider than one op: they choose among ops by argument.

Holds:     no arithmetic of its own.
Must not:  be called by ops; these are for users.
"""

from __future__ import annotations

import sys
from typing import Any

from ..array import bool_
from ..graph import TensorBase
from . import arithmetic, compare
from .surface import public

__all__ = [
    "add", "allclose", "div", "equal", "invert", "nan_to_num", "numel", "power",
    "square", "sub",
]  # fmt: skip


@public("torch method inplace out", plain=arithmetic.add)
def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input + alpha * other``."""
    if alpha == 1:
        return arithmetic.add(input, other)
    return arithmetic.add_scaled(input, other, alpha=alpha)


@public("torch method inplace out", also="subtract", plain=arithmetic.sub)
def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input - alpha * other``."""
    if alpha == 1:
        return arithmetic.sub(input, other)
    return arithmetic.sub_scaled(input, other, alpha=alpha)


@public("torch method inplace out", also="divide true_divide", plain=arithmetic.div)
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


@public("torch method inplace out", name="pow")
def power(input: Any, exponent: Any) -> Any:
    """``input`` to the power of ``exponent``, by a multiplication where that is all it takes."""
    if exponent.__class__ in (int, float) and exponent == 2:
        return square(input)
    return arithmetic.pow(input, exponent)


@public("torch method inplace out")
def square(input: Any) -> Any:
    """``input * input``; of booleans an integer."""
    if isinstance(input, TensorBase) and input.kind.dtype is bool_:
        return arithmetic.pow(input, 2)
    return arithmetic.square(input)


def invert(input: Any) -> Any:
    """``~input``, of integers or booleans."""
    if input.kind.is_floating_point:
        raise TypeError(
            "~ (operator.invert) is only implemented on integer and Boolean-type tensors"
        )
    return compare.bitwise_not(input)


@public("torch method")
def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = False) -> bool:
    """Whether all elements are close: ``|input - other| <= atol + rtol * |other|``."""
    close = compare.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)
    return bool(close.array.all())


@public("torch method")
def equal(input: Any, other: Any) -> bool:
    """Whether shapes and all elements are the same."""
    return input.shape == other.shape and bool(compare.eq(input, other).array.all())


@public("torch")
def numel(input: Any) -> int:
    """The number of elements."""
    return int(input.array.size)


_LARGEST = {"float16": 65504.0, "bfloat16": 2.0**128 - 2.0**120, "float32": 2.0**128 - 2.0**104,
            "float64": sys.float_info.max}  # fmt: skip


@public("torch method inplace out")
def nan_to_num(input: Any, nan: float | None = None, posinf: float | None = None,
               neginf: float | None = None) -> Any:
    """NaN and infinities replaced: by 0 and the largest numbers of the dtype if nothing is said.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    if isinstance(input, TensorBase):
        if not input.kind.is_floating_point:
            return input.clone()  # type: ignore[attr-defined]
        largest = _LARGEST[input.kind.dtype.name]
        posinf = largest if posinf is None else posinf
        neginf = -largest if neginf is None else neginf
    limits = {"nan": nan, "posinf": posinf, "neginf": neginf}
    return arithmetic.nan_to_num(input, **{n: v for n, v in limits.items() if v is not None})

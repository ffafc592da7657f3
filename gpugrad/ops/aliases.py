"""Functions whose PyTorch signature is wider than one op: they choose among ops by argument.

Holds:     no arithmetic of its own.
Must not:  be called by ops; these are for users.
"""

from __future__ import annotations

import sys
from typing import Any

from ..array import bool_
from ..errors import DTypeError
from ..graph import TensorBase
from . import arithmetic, compare
from .surface import public

__all__ = [
    "add", "addcdiv", "addcmul", "allclose", "div", "equal", "invert", "isclose", "lerp",
    "nan_to_num", "numel", "power", "round", "rsub", "square", "sub",
]  # fmt: skip


@public("torch method inplace out", plain=arithmetic.add)
def add(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input + alpha * other``."""
    if alpha == 1:
        return arithmetic.add(input, other)
    _check_alpha(alpha, input, other)
    if all(isinstance(x, bool) or (isinstance(x, TensorBase) and x.kind.dtype is bool_)
           for x in (input, other)):  # fmt: skip
        return arithmetic.add(input, compare.bitwise_and(other, bool(alpha)))
    return arithmetic.add_scaled(input, other, alpha=alpha)


@public("torch method inplace out", also="subtract", plain=arithmetic.sub)
def sub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``input - alpha * other``."""
    if alpha == 1:
        return arithmetic.sub(input, other)
    _check_alpha(alpha, input, other)
    return arithmetic.sub_scaled(input, other, alpha=alpha)


@public("torch")
def rsub(input: Any, other: Any, *, alpha: float = 1) -> Any:
    """``other - alpha * input``."""
    if alpha == 1:
        return arithmetic.rsub(input, other)
    _check_alpha(alpha, input, other)
    return arithmetic.sub_scaled(other, input, alpha=alpha)


def _check_alpha(alpha: Any, *operands: Any) -> None:
    floating = isinstance(alpha, float) and not any(
        x.kind.is_floating_point if isinstance(x, TensorBase) else isinstance(x, float)
        for x in operands
    )
    if floating:
        raise DTypeError(
            "For integral input tensors, argument alpha must not be a floating point number."
        )


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
    if exponent.__class__ is int:
        if exponent == 2:
            return square(input)
        if exponent < 0 and _is_whole(input):
            raise DTypeError("Integers to negative integer powers are not allowed.")
    elif exponent.__class__ is float and exponent == 2 and not _is_whole(input):
        return square(input)
    return arithmetic.pow(input, exponent)


def _is_whole(input: Any) -> bool:
    return isinstance(input, TensorBase) and not input.kind.is_floating_point


@public("torch method inplace out")
def addcmul(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """``input + value * tensor1 * tensor2`` in one pass; among integers ``value`` is one too.

    Shape:   all (...) broadcast -> (...)
    Saves:   tensor1, tensor2, each if the other needs a gradient
    """
    if isinstance(value, float) and all(map(_is_whole, (input, tensor1, tensor2))):
        value = int(value)
    return arithmetic.addcmul(input, tensor1, tensor2, value=value)


@public("torch method inplace out")
def lerp(input: Any, end: Any, weight: Any) -> Any:
    """``input + weight * (end - input)``: from input at weight 0 to end at weight 1.

    Shape:   all (...) broadcast -> (...)
    Saves:   weight; input and end if weight needs a gradient
    Raises:  RuntimeError for tensors of two dtypes
    """
    wanted = None
    for name, x in (("input", input), ("end", end), ("weight", weight)):
        if isinstance(x, TensorBase):
            wanted = wanted or x.kind.dtype
            if x.kind.dtype is not wanted:
                raise DTypeError(
                    f"expected dtype {wanted.name} for `{name}` but got dtype {x.kind.dtype.name}"
                )
    return arithmetic.lerp(input, end, weight)


@public("torch method inplace out")
def addcdiv(input: Any, tensor1: Any, tensor2: Any, *, value: float = 1) -> Any:
    """``input + value * tensor1 / tensor2`` in one pass.

    Shape:   all (...) broadcast -> (...)
    Saves:   tensor2, and tensor1 if tensor2 needs a gradient
    Raises:  RuntimeError to divide integers by integers
    """
    if _is_whole(tensor1) and _is_whole(tensor2):
        raise DTypeError(
            "Integer division with addcdiv is no longer supported: use "
            "input + value * torch.trunc(tensor1 / tensor2) or input + value * tensor1 / tensor2."
        )
    return arithmetic.addcdiv(input, tensor1, tensor2, value=value)


@public("torch method inplace out")
def round(input: Any, *, decimals: int = 0) -> Any:
    """Rounded to ``decimals`` places behind the point (before it if negative), ties to even.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    >>> import gpugrad
    >>> gpugrad.round(gpugrad.tensor([1.25, 31.5]), decimals=-1)
    tensor([ 0., 30.])
    """
    if decimals == 0:
        return arithmetic.round(input)
    if _is_whole(input):
        raise DTypeError(f'"round" with decimals is not implemented for {input.kind.dtype.name}')
    scale = 10.0 ** abs(decimals)
    factor, divisor = (scale, 1.0) if decimals > 0 else (1.0, scale)
    return arithmetic.round_scaled(input, factor=factor, divisor=divisor)


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
def isclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> Any:
    """Whether elements differ by at most ``atol + rtol * abs(other)``.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    Raises:  RuntimeError for two dtypes or a negative tolerance
    """
    if input.kind.dtype is not other.kind.dtype:
        raise DTypeError(f"{input.kind.dtype.name} did not match {other.kind.dtype.name}")
    for name, limit in (("rtol", rtol), ("atol", atol)):
        if not limit >= 0:
            raise RuntimeError(f"{name} must be greater than or equal to zero, but got {limit}")
    return compare.isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)


@public("torch method")
def allclose(input: Any, other: Any, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = False) -> bool:
    """Whether all elements are close: ``|input - other| <= atol + rtol * |other|``."""
    return bool(isclose(input, other, rtol, atol, equal_nan).array.all())


@public("torch method")
def equal(input: Any, other: Any) -> bool:
    """Whether shapes and all elements are the same."""
    return input.shape == other.shape and bool(compare.eq(input, other).array.all())


@public("torch")
def numel(input: Any) -> int:
    """The number of elements."""
    return int(input.shape.numel())


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

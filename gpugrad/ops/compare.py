"""Comparisons, conditions, choice and bounds.

Holds:     every op is one expression; a comparison gives booleans, through which no gradient flows.
Must not:  contain a derivative.
"""

from __future__ import annotations

from typing import Any

from .. import expr as s
from ..errors import clamp_without_bounds
from ..expr import Bool, Expr, Number
from .families import elementwise
from .surface import public

__all__ = [
    "bitwise_and", "bitwise_not", "bitwise_or", "bitwise_xor", "clamp", "clamp_max", "clamp_min",
    "eq", "fmax", "fmin", "ge", "gt", "isclose", "isfinite", "isinf", "isnan", "isneginf",
    "isposinf", "le", "logical_and", "logical_not", "logical_or", "logical_xor", "lt",
    "maximum", "minimum", "ne", "signbit", "where",
]  # fmt: skip


# ------------------------------------------------------------------------------------ comparisons
@public("torch method inplace out")
@elementwise
def eq(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are equal.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.eq(input, other)


@public("torch method inplace out", also="not_equal")
@elementwise
def ne(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are different.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.ne(input, other)


@public("torch method inplace out", also="greater")
@elementwise
def gt(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are greater.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.gt(gpugrad.tensor([1.0, 2.0]), 1.5)
    tensor([False,  True])
    """
    return s.gt(input, other)


@public("torch method inplace out", also="greater_equal")
@elementwise
def ge(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are greater or equal.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.ge(input, other)


@public("torch method inplace out", also="less")
@elementwise
def lt(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are less.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.lt(input, other)


@public("torch method inplace out", also="less_equal")
@elementwise
def le(input: Number, other: Number) -> Expr:
    """Whether elements of ``input`` are less or equal.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.le(input, other)


@elementwise
def isclose(input: Number, other: Number, *, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> Expr:
    """Whether elements differ by at most ``atol + rtol * abs(other)``.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    near = s.abs(input - other) <= atol + rtol * s.abs(other)
    both = s.isnan(input) & s.isnan(other) & equal_nan
    return s.eq(input, other) | (near & s.isfinite(other)) | both


# ------------------------------------------------------------------------------------- conditions
@public("torch method")
@elementwise
def isnan(input: Number) -> Expr:
    """Whether elements are NaN.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.isnan(input)


@public("torch method")
@elementwise
def isinf(input: Number) -> Expr:
    """Whether elements are infinite.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.isinf(input)


@public("torch method")
@elementwise
def isfinite(input: Number) -> Expr:
    """Whether elements are neither infinite nor NaN.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.isfinite(input)


@public("torch method out")
@elementwise
def isposinf(input: Number) -> Expr:
    """Whether elements are +inf.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.isinf(input) & (input > 0)


@public("torch method out")
@elementwise
def isneginf(input: Number) -> Expr:
    """Whether elements are -inf.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.isinf(input) & (input < 0)


@public("torch method out")
@elementwise
def signbit(input: Number) -> Expr:
    """Whether elements carry a minus sign, -0.0 included.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.signbit(input)


@public("torch method inplace out")
@elementwise
def logical_and(input: Number, other: Number) -> Expr:
    """Whether both elements are not zero.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.logical_and(input, other)


@public("torch method inplace out")
@elementwise
def logical_or(input: Number, other: Number) -> Expr:
    """Whether at least one element is not zero.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.logical_or(input, other)


@public("torch method inplace out")
@elementwise
def logical_xor(input: Number, other: Number) -> Expr:
    """Whether exactly one element is not zero.

    Shape:   input (...), other (...) broadcast -> (...) bool
    Saves:   nothing
    """
    return s.logical_xor(input, other)


@public("torch method inplace out")
@elementwise
def logical_not(input: Number) -> Expr:
    """Whether elements are zero.

    Shape:   input (...) -> (...) bool
    Saves:   nothing
    """
    return s.logical_not(input)


@public("torch method inplace out")
@elementwise
def bitwise_and(input: Number, other: Number) -> Expr:
    """Bitwise and of integers or booleans.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.bitwise_and(input, other)


@public("torch method inplace out")
@elementwise
def bitwise_or(input: Number, other: Number) -> Expr:
    """Bitwise or of integers or booleans.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.bitwise_or(input, other)


@public("torch method inplace out")
@elementwise
def bitwise_xor(input: Number, other: Number) -> Expr:
    """Bitwise exclusive or of integers or booleans.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.bitwise_xor(input, other)


@public("torch method inplace out")
@elementwise
def bitwise_not(input: Number) -> Expr:
    """All bits of integers, or booleans, inverted.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.bitwise_not(input)


# ----------------------------------------------------------------------------------------- choice
@elementwise
def where(condition: Bool, input: Number, other: Number) -> Expr:
    """``input`` where the condition holds, ``other`` elsewhere.

    Shape:   all (...) broadcast -> (...)
    Saves:   condition
    """
    return s.where(condition, input, other)


@elementwise
def masked_fill(input: Number, mask: Bool, value: Number) -> Expr:
    """``value`` where the mask holds, ``input`` elsewhere.

    Shape:   all (...) broadcast -> (...)
    Saves:   mask
    """
    return s.where(mask, value, input)


@public("torch method out")
@elementwise
def maximum(input: Number, other: Number) -> Expr:
    """The larger of two elements; NaN if one is. Equal ones share the gradient.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    """
    return s.maximum(input, other)


@public("torch method out")
@elementwise
def minimum(input: Number, other: Number) -> Expr:
    """The smaller of two elements; NaN if one is. Equal ones share the gradient.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    """
    return s.minimum(input, other)


@public("torch method out")
@elementwise
def fmax(input: Number, other: Number) -> Expr:
    """The larger of two elements; the other one if one is NaN.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    """
    return s.fmax(input, other)


@public("torch method out")
@elementwise
def fmin(input: Number, other: Number) -> Expr:
    """The smaller of two elements; the other one if one is NaN.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    """
    return s.fmin(input, other)


# ----------------------------------------------------------------------------------------- bounds
@public("torch method inplace out", also="clip")
def clamp(input: Any, min: Any = None, max: Any = None) -> Any:
    """``input`` between two bounds, tensors or numbers, each of which may be None.

    Shape:   input (...), min (...), max (...) broadcast -> (...)
    Saves:   input, and bounds that are tensors
    Raises:  RuntimeError without a bound
    >>> import gpugrad
    >>> gpugrad.clamp(gpugrad.tensor([-2.0, 0.5, 2.0]), -1, 1)
    tensor([-1.0000,  0.5000,  1.0000])
    """
    if min is None and max is None:
        raise clamp_without_bounds()
    if max is None:
        return clamp_min(input, min)
    if min is None:
        return clamp_max(input, max)
    return clamp_both(input, min, max)


@elementwise(node_name="Clamp")
def clamp_both(input: Number, min: Number, max: Number) -> Expr:
    """``input`` between two bounds; the gradient is input's at the bounds.

    Shape:   input (...), min (...), max (...) broadcast -> (...)
    Saves:   input, min, max
    """
    return s.clamp(input, min, max)


@public("torch method inplace")
@elementwise
def clamp_min(input: Number, min: Number) -> Expr:
    """``input`` not below a bound; the gradient is input's at the bound.

    Shape:   input (...), min (...) broadcast -> (...)
    Saves:   input, min
    """
    return s.clamp_min(input, min)


@public("torch method inplace")
@elementwise
def clamp_max(input: Number, max: Number) -> Expr:
    """``input`` not above a bound; the gradient is input's at the bound.

    Shape:   input (...), max (...) broadcast -> (...)
    Saves:   input, max
    """
    return s.clamp_max(input, max)

"""Sums, products, powers, remainders and rounding.

Holds:     every op is one expression; its backward, saved values and kernels are derived. A Python
           number as operand becomes a kernel argument, so it takes no device memory.
Must not:  contain a derivative.
"""

from __future__ import annotations

import math

from .. import expr as s
from ..expr import Expr, Float, Number
from .elementary import (
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atan2,
    atanh,
    cos,
    cosh,
    exp,
    exp2,
    expm1,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    rsqrt,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    xlogy,
)
from .families import elementwise
from .special import digamma, erf, erfc, erfinv, lgamma, logit, polygamma, sinc
from .surface import public

__all__ = [
    "abs", "acos", "acosh", "addcdiv", "addcmul", "asin", "asinh", "atan", "atan2", "atanh", "ceil",
    "copysign", "cos", "cosh", "deg2rad", "digamma", "erf", "erfc", "erfinv", "exp", "exp2",
    "expm1", "floor", "floor_divide", "fmod", "frac", "hypot", "lerp", "lgamma", "log", "log1p",
    "log2", "log10", "logaddexp", "logaddexp2", "logit", "mul", "neg", "polygamma",
    "rad2deg", "reciprocal", "remainder", "round", "rsqrt", "rsub", "sign", "sin", "sinc", "sinh",
    "sqrt", "tan", "tanh", "trunc", "xlogy",
]  # fmt: skip


# ------------------------------------------------------------------------------ sums and products
@elementwise
def add(input: Number, other: Number) -> Expr:
    """The sum.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.add(gpugrad.tensor([1.0, 2.0]), 1)
    tensor([2., 3.])
    """
    return input + other


@elementwise
def sub(input: Number, other: Number) -> Expr:
    """The difference.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.sub(gpugrad.tensor([1.0, 2.0]), 1)
    tensor([0., 1.])
    """
    return input - other


@elementwise
def rsub(input: Number, other: Number) -> Expr:
    """``other - input``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return other - input


@elementwise(node_name="Add")
def add_scaled(input: Number, other: Number, *, alpha: float = 1) -> Expr:
    """``input + alpha * other`` in one pass: what ``add`` with ``alpha`` is.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return input + alpha * other


@elementwise(node_name="Sub")
def sub_scaled(input: Number, other: Number, *, alpha: float = 1) -> Expr:
    """``input - alpha * other`` in one pass: what ``sub`` with ``alpha`` is.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    return input - alpha * other


@public("torch method inplace out", also="multiply")
@elementwise(frees_numbers=True)
def mul(input: Number, other: Number) -> Expr:
    """The product.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   of each operand what the other one's gradient needs
    >>> import gpugrad
    >>> gpugrad.mul(gpugrad.tensor([1.0, 2.0]), 3)
    tensor([3., 6.])
    """
    return input * other


@elementwise(frees_numbers=True)
def div(input: Float, other: Float) -> Expr:
    """The quotient; integers are divided as floating point numbers.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   other, and input if other needs a gradient
    >>> import gpugrad
    >>> gpugrad.div(gpugrad.tensor([1, 2]), 4)
    tensor([0.2500, 0.5000])
    """
    return input / other


@public("torch method inplace out", also="negative")
@elementwise
def neg(input: Number) -> Expr:
    """The negative.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return -input


@public("torch method inplace out", also="absolute")
@elementwise
def abs(input: Number) -> Expr:
    """The absolute value; its derivative at 0 is 0.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.abs(input)


@public("torch method inplace out")
@elementwise
def reciprocal(input: Float) -> Expr:
    """``1 / input``.

    Shape:   input (...) -> (...)
    Saves:   the result
    """
    return s.reciprocal(input)


@elementwise(node_name="Pow")
def square(input: Number) -> Expr:
    """``input * input``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return input * input


@elementwise
def addcmul(input: Number, tensor1: Number, tensor2: Number, *, value: float = 1) -> Expr:
    """``input + value * tensor1 * tensor2`` in one pass.

    Shape:   all (...) broadcast -> (...)
    Saves:   tensor1, tensor2, each if the other needs a gradient
    """
    return input + value * (tensor1 * tensor2)


@elementwise
def addcdiv(input: Float, tensor1: Float, tensor2: Float, *, value: float = 1) -> Expr:
    """``input + value * tensor1 / tensor2`` in one pass.

    Shape:   all (...) broadcast -> (...)
    Saves:   tensor2, and tensor1 if tensor2 needs a gradient
    """
    return input + value * (tensor1 / tensor2)


@elementwise
def lerp(input: Float, end: Float, weight: Float) -> Expr:
    """``input + weight * (end - input)``: from input at weight 0 to end at weight 1.

    Shape:   all (...) broadcast -> (...)
    Saves:   weight; input and end if weight needs a gradient
    """
    return input + weight * (end - input)


@public("torch method inplace out")
@elementwise
def deg2rad(input: Float) -> Expr:
    """Degrees to radians.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return input * (math.pi / 180)


@public("torch method inplace out")
@elementwise
def rad2deg(input: Float) -> Expr:
    """Radians to degrees.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return input * (180 / math.pi)


# ----------------------------------------------------------------------------------------- powers
@elementwise
def pow(input: Number, exponent: Number) -> Expr:
    """``input`` to the power of ``exponent``; one of them may be a number.

    Shape:   input (...), exponent (...) broadcast -> (...)
    Saves:   input and exponent
    Source:  torch.pow; its gradient is 0 where exponent is 0, and for 0 to a positive power
    >>> import gpugrad
    >>> gpugrad.pow(gpugrad.tensor([1.0, 2.0]), 2)
    tensor([1., 4.])
    """
    return s.pow(input, exponent)


# ------------------------------------------------------------------------ remainders and rounding
@public("torch method inplace out")
@elementwise
def floor_divide(input: Number, other: Number) -> Expr:
    """The quotient rounded down.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.floor_divide(input, other)


@elementwise(node_name="Div")
def trunc_divide(input: Number, other: Number) -> Expr:
    """The quotient rounded towards zero: ``div(rounding_mode="trunc")``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.trunc_divide(input, other)


@public("torch method inplace out")
@elementwise
def remainder(input: Number, other: Number) -> Expr:
    """The remainder with the sign of ``other``, as Python's ``%``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input and other, if other needs a gradient
    >>> import gpugrad
    >>> gpugrad.remainder(gpugrad.tensor([-3.0, 3.0]), 2)
    tensor([1., 1.])
    """
    return s.remainder(input, other)


@public("torch method inplace out")
@elementwise
def fmod(input: Number, other: Number) -> Expr:
    """The remainder with the sign of ``input``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input and other, if other needs a gradient
    >>> import gpugrad
    >>> gpugrad.fmod(gpugrad.tensor([-3.0, 3.0]), 2)
    tensor([-1.,  1.])
    """
    return s.fmod(input, other)


@public("torch method inplace out", also="sgn")
@elementwise
def sign(input: Number) -> Expr:
    """-1, 0 or 1; NaN stays NaN.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.sign(input)


@public("torch method inplace out")
@elementwise
def floor(input: Number) -> Expr:
    """Rounded down.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.floor(input)


@public("torch method inplace out")
@elementwise
def ceil(input: Number) -> Expr:
    """Rounded up.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.ceil(input)


@public("torch method inplace out", also="fix")
@elementwise
def trunc(input: Number) -> Expr:
    """Rounded towards zero.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.trunc(input)


@elementwise
def round(input: Number) -> Expr:
    """Rounded to the nearest whole number, ties to even.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.round(input)


@elementwise(node_name="Round")
def round_scaled(input: Float, *, factor: float, divisor: float) -> Expr:
    """Rounded to multiples of ``divisor / factor``: one of the two is 1, so that both are exact.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.round(input * factor / divisor) / factor * divisor


@public("torch method inplace out")
@elementwise
def frac(input: Float) -> Expr:
    """What ``trunc`` leaves.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return input - s.trunc(input)


@public("torch method inplace out")
@elementwise
def copysign(input: Float, other: Float) -> Expr:
    """The size of ``input`` with the sign of ``other``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input and other
    """
    return s.copysign(input, other)


@elementwise
def nan_to_num(input: Float, *, nan: float = 0.0, posinf: float = math.inf,
               neginf: float = -math.inf) -> Expr:
    """NaN and infinities replaced by numbers.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    below = s.where(s.eq(input, -math.inf), neginf, input)
    above = s.where(s.eq(input, math.inf), posinf, below)
    return s.where(s.isnan(input), nan, above)

"""Exponentials, logarithms, roots and trigonometry.

Holds:     every op is one expression; its backward, saved values and kernels are derived.
Must not:  contain a derivative.
"""

from __future__ import annotations

from .. import expr as s
from ..expr import Expr, Float
from .families import elementwise
from .surface import public

__all__ = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cos", "cosh", "exp", "exp2",
    "expm1", "hypot", "log", "log1p", "log2", "log10", "logaddexp", "logaddexp2", "rsqrt", "sin",
    "sinh", "sqrt", "tan", "tanh", "xlogy",
]  # fmt: skip


# -------------------------------------------------------------------- exponentials and logarithms
@public("torch method inplace out")
@elementwise
def exp(input: Float) -> Expr:
    """e to the power of each element.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.exp(gpugrad.tensor([0.0, 1.0]))
    tensor([1.0000, 2.7183])
    """
    return s.exp(input)


@public("torch method inplace out")
@elementwise
def exp2(input: Float) -> Expr:
    """2 to the power of each element.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.exp2(gpugrad.tensor([0.0, 3.0]))
    tensor([1., 8.])
    """
    return s.exp2(input)


@public("torch method inplace out")
@elementwise
def expm1(input: Float) -> Expr:
    """``exp(input) - 1``, exact for small elements.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.expm1(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 1.7183])
    """
    return s.expm1(input)


@public("torch method inplace out")
@elementwise
def log(input: Float) -> Expr:
    """Natural logarithm; -inf at 0, NaN below.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.log(gpugrad.tensor([1.0, 10.0]))
    tensor([0.0000, 2.3026])
    """
    return s.log(input)


@public("torch method inplace out")
@elementwise
def log2(input: Float) -> Expr:
    """Logarithm to base 2.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.log2(gpugrad.tensor([1.0, 8.0]))
    tensor([0., 3.])
    """
    return s.log2(input)


@public("torch method inplace out")
@elementwise
def log10(input: Float) -> Expr:
    """Logarithm to base 10.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.log10(gpugrad.tensor([1.0, 2.0]))
    tensor([0.0000, 0.3010])
    """
    return s.log10(input)


@public("torch method inplace out")
@elementwise
def log1p(input: Float) -> Expr:
    """``log(1 + input)``, exact for small elements.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.log1p(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.6931])
    """
    return s.log1p(input)


@public("torch method out")
@elementwise(node_name="Logaddexp")
def logaddexp(input: Float, other: Float) -> Expr:
    """``log(exp(input) + exp(other))`` without overflow.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    >>> import gpugrad
    >>> gpugrad.logaddexp(gpugrad.tensor([1000.0]), gpugrad.tensor([1000.0]))
    tensor([1000.6932])
    """
    return s.logaddexp(input, other)


@public("torch method out")
@elementwise(node_name="Logaddexp2")
def logaddexp2(input: Float, other: Float) -> Expr:
    """``log2(2**input + 2**other)`` without overflow.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    >>> import gpugrad
    >>> gpugrad.logaddexp2(gpugrad.tensor([3.0]), gpugrad.tensor([3.0]))
    tensor([4.])
    """
    return s.logaddexp2(input, other)


@public("torch method inplace out")
@elementwise
def xlogy(input: Float, other: Float) -> Expr:
    """``input * log(other)``, 0 where input is 0.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    >>> import gpugrad
    >>> gpugrad.xlogy(gpugrad.tensor([0.0, 2.0]), gpugrad.tensor([0.0, 1.0]))
    tensor([0., 0.])
    """
    return s.xlogy(input, other)


# ------------------------------------------------------------------------------------------ roots
@public("torch method inplace out")
@elementwise
def sqrt(input: Float) -> Expr:
    """Square root; its derivative at 0 is infinite.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.sqrt(gpugrad.tensor([4.0, 9.0]))
    tensor([2., 3.])
    """
    return s.sqrt(input)


@public("torch method inplace out")
@elementwise
def rsqrt(input: Float) -> Expr:
    """``1 / sqrt(input)``.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.rsqrt(gpugrad.tensor([4.0, 16.0]))
    tensor([0.5000, 0.2500])
    """
    return s.rsqrt(input)


@public("torch method inplace out")
@elementwise
def hypot(input: Float, other: Float) -> Expr:
    """``sqrt(input**2 + other**2)`` without overflow on the way.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    >>> import gpugrad
    >>> gpugrad.hypot(gpugrad.tensor([3.0]), gpugrad.tensor([4.0]))
    tensor([5.])
    """
    return s.hypot(input, other)


# -------------------------------------------------------------------- trigonometry and hyperbolas
@public("torch method inplace out")
@elementwise
def sin(input: Float) -> Expr:
    """Sine of an angle in radians.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.sin(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8415])
    """
    return s.sin(input)


@public("torch method inplace out")
@elementwise
def cos(input: Float) -> Expr:
    """Cosine of an angle in radians.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.cos(gpugrad.tensor([0.0, 1.0]))
    tensor([1.0000, 0.5403])
    """
    return s.cos(input)


@public("torch method inplace out")
@elementwise
def tan(input: Float) -> Expr:
    """Tangent of an angle in radians.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.tan(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5574])
    """
    return s.tan(input)


@public("torch method inplace out", also="arcsin")
@elementwise
def asin(input: Float) -> Expr:
    """Inverse of the sine; NaN outside -1..1.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.asin(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 1.5708])
    """
    return s.asin(input)


@public("torch method inplace out", also="arccos")
@elementwise
def acos(input: Float) -> Expr:
    """Inverse of the cosine; NaN outside -1..1.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.acos(gpugrad.tensor([1.0, 0.0]))
    tensor([0.0000, 1.5708])
    """
    return s.acos(input)


@public("torch method inplace out", also="arctan")
@elementwise
def atan(input: Float) -> Expr:
    """Inverse of the tangent.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.atan(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7854])
    """
    return s.atan(input)


@public("torch method inplace out", also="arctan2")
@elementwise(node_name="Atan2")
def atan2(input: Float, other: Float) -> Expr:
    """Angle of the point (other, input); its gradient at the origin is 0.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    >>> import gpugrad
    >>> gpugrad.atan2(gpugrad.tensor([1.0]), gpugrad.tensor([1.0]))
    tensor([0.7854])
    """
    return s.atan2(input, other)


@public("torch method inplace out")
@elementwise
def sinh(input: Float) -> Expr:
    """Hyperbolic sine.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.sinh(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 1.1752])
    """
    return s.sinh(input)


@public("torch method inplace out")
@elementwise
def cosh(input: Float) -> Expr:
    """Hyperbolic cosine.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.cosh(gpugrad.tensor([0.0, 1.0]))
    tensor([1.0000, 1.5431])
    """
    return s.cosh(input)


@public("torch method inplace F out")
@elementwise
def tanh(input: Float) -> Expr:
    """Hyperbolic tangent.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.tanh(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7616])
    """
    return s.tanh(input)


@public("torch method inplace out", also="arcsinh")
@elementwise
def asinh(input: Float) -> Expr:
    """Inverse of the hyperbolic sine.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.asinh(input)


@public("torch method inplace out", also="arccosh")
@elementwise
def acosh(input: Float) -> Expr:
    """Inverse of the hyperbolic cosine; NaN below 1.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.acosh(input)


@public("torch method inplace out", also="arctanh")
@elementwise
def atanh(input: Float) -> Expr:
    """Inverse of the hyperbolic tangent; infinite at -1 and 1.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.atanh(input)

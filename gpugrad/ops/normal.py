"""Functions around the normal distribution and entropy.

Holds:     every op is one expression; its backward, saved values and kernels are derived.
Must not:  contain a derivative.
"""

from __future__ import annotations

import math

from .. import expr as s
from ..expr import Expr, Float
from .families import elementwise
from .surface import public

__all__ = ["entr", "erfcx", "log_ndtr", "ndtr", "ndtri", "xlog1py"]


@public("special out")
@elementwise(node_name="SpecialNdtr")
def ndtr(input: Float) -> Expr:
    """The normal distribution function: the area left of each element.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.special.ndtr(gpugrad.tensor([0.0, 1.0]))
    tensor([0.5000, 0.8413])
    """
    return 0.5 * s.erfc(input * -math.sqrt(0.5))


@public("special out")
@elementwise(node_name="SpecialLogNdtr")
def log_ndtr(input: Float) -> Expr:
    """``log(ndtr(input))``, exact far out on both sides.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.log_ndtr(input)


@public("special out")
@elementwise(node_name="SpecialNdtri")
def ndtri(input: Float) -> Expr:
    """The inverse of ``ndtr``; infinite at 0 and 1, NaN outside.

    Shape:   input (...) -> (...)
    Saves:   the result
    """
    return s.ndtri(input)


@public("special out")
@elementwise(node_name="SpecialErfcx")
def erfcx(input: Float) -> Expr:
    """``exp(input**2) * erfc(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.erfcx(input)


@public("special out")
@elementwise(node_name="SpecialEntr")
def entr(input: Float) -> Expr:
    """``-input * log(input)``: 0 at 0, -inf below.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.entr(input)


@public("special out")
@elementwise(node_name="SpecialXlog1Py")
def xlog1py(input: Float, other: Float) -> Expr:
    """``input * log1p(other)``, 0 where input is 0.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other
    """
    return s.xlog1py(input, other)

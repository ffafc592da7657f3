"""The error and gamma functions and what is made of them; logit and sinc.

Holds:     every op is one expression; its backward, saved values and kernels are derived.
Must not:  contain a derivative.
"""

from __future__ import annotations

import math
from typing import Any

from .. import expr as s
from ..expr import Expr, Float
from .families import elementwise
from .surface import public

__all__ = [
    "digamma", "erf", "erfc", "erfinv", "lgamma", "logit", "polygamma", "sinc",
]  # fmt: skip


# ---------------------------------------------------------------------- error and gamma functions
@public("torch method inplace out")
@elementwise
def erf(input: Float) -> Expr:
    """The error function.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.erf(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8427])
    """
    return s.erf(input)


@public("torch method inplace out")
@elementwise
def erfc(input: Float) -> Expr:
    """``1 - erf(input)`` without cancellation.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.erfc(input)


@public("torch method inplace out")
@elementwise
def erfinv(input: Float) -> Expr:
    """Inverse of ``erf``; infinite at -1 and 1.

    Shape:   input (...) -> (...)
    Saves:   the result
    """
    return s.erfinv(input)


@public("torch method inplace out")
@elementwise
def lgamma(input: Float) -> Expr:
    """Logarithm of the absolute value of the gamma function.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.lgamma(input)


@public("torch method inplace out")
@elementwise
def digamma(input: Float) -> Expr:
    """Derivative of ``lgamma``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.digamma(input)


@public("torch out")
def polygamma(n: int, input: Any) -> Any:
    """The n-th derivative of ``digamma``.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  ``(-1)**(n + 1) * n! * zeta(n + 1, input)``
    >>> import gpugrad
    >>> gpugrad.polygamma(1, gpugrad.tensor([1.0]))
    tensor([1.6449])
    """
    if n < 0:
        raise RuntimeError("polygamma(n, x) does not support negative n.")
    if n == 0:
        return digamma(input)
    return scaled_zeta(input, order=n + 1, scale=(-1.0) ** (n + 1) * math.factorial(n))


@public("method inplace", name="polygamma")
def polygamma_of(input: Any, n: int) -> Any:
    """The n-th derivative of ``digamma``."""
    return polygamma(n, input)


@elementwise(node_name="Polygamma")
def scaled_zeta(input: Float, *, order: float, scale: float) -> Expr:
    """``scale`` times Hurwitz's zeta function of that order.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return scale * s.zeta(order, input)


# ---------------------------------------------------------------------------------- made of these
@public("torch method inplace out")
@elementwise
def sinc(input: Float) -> Expr:
    """``sin(pi x) / (pi x)``, 1 at 0.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    angle = input * math.pi
    return s.where(s.eq(input, 0), 1, s.sin(angle) / angle)


@public("torch method inplace out")
def logit(input: Any, eps: float | None = None) -> Any:
    """``log(x / (1 - x))``, the inverse of ``sigmoid``; x first clamped to eps..1-eps if given.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.logit(gpugrad.tensor([0.5]))
    tensor([0.])
    """
    if eps is None:
        return plain_logit(input)
    return clamped_logit(input, eps=eps)


@elementwise(node_name="Logit")
def plain_logit(input: Float) -> Expr:
    """``log(x / (1 - x))``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.log(input) - s.log1p(-input)


@elementwise(node_name="Logit")
def clamped_logit(input: Float, *, eps: float) -> Expr:
    """``log(x / (1 - x))`` of x clamped to eps..1-eps.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    inside = s.clamp(input, eps, 1 - eps)
    return s.log(inside / (1 - inside))

"""Bessel functions of orders 0 and 1.

Holds:     every op is one expression. Those of the first kind that are modified have derivatives;
           the others give constants, as in PyTorch.
Must not:  contain a derivative.
"""

from __future__ import annotations

from .. import expr as s
from ..expr import Expr, Float
from .families import elementwise
from .surface import public

__all__ = [
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "i0", "i0e", "i1", "i1e",
    "modified_bessel_k0", "modified_bessel_k1", "scaled_modified_bessel_k0",
    "scaled_modified_bessel_k1", "spherical_bessel_j0",
]  # fmt: skip


# -------------------------------------------------------------------------- with their derivatives
@public("torch method inplace special out")
@elementwise(node_name="I0")
def i0(input: Float) -> Expr:
    """Modified, first kind, order 0.

    Shape:   input (...) -> (...)
    Saves:   input
    >>> import gpugrad
    >>> gpugrad.special.i0(gpugrad.tensor([0.0, 1.0]))
    tensor([1.0000, 1.2661])
    """
    return s.i0(input)


@public("special out")
@elementwise(node_name="SpecialI0E")
def i0e(input: Float) -> Expr:
    """``exp(-abs(input)) * i0(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.i0e(input)


@public("special out")
@elementwise(node_name="SpecialI1")
def i1(input: Float) -> Expr:
    """Modified, first kind, order 1.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.i1(input)


@public("special out")
@elementwise(node_name="SpecialI1E")
def i1e(input: Float) -> Expr:
    """``exp(-abs(input)) * i1(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.i1e(input)


@public("special out")
@elementwise(node_name="SphericalBesselJ0")
def spherical_bessel_j0(input: Float) -> Expr:
    """``sin(input) / input``, 1 at 0 and 0 at infinity.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    inside = s.where(s.eq(input, 0), 1, s.sin(input) / input)
    return s.where(s.isinf(input), 0, inside)


# -------------------------------------------------------------------------------------- values only
@public("special out")
@elementwise
def bessel_j0(input: Float) -> Expr:
    """First kind, order 0; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.bessel_j0(input)


@public("special out")
@elementwise
def bessel_j1(input: Float) -> Expr:
    """First kind, order 1; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.bessel_j1(input)


@public("special out")
@elementwise
def bessel_y0(input: Float) -> Expr:
    """Second kind, order 0; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.bessel_y0(input)


@public("special out")
@elementwise
def bessel_y1(input: Float) -> Expr:
    """Second kind, order 1; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.bessel_y1(input)


@public("special out")
@elementwise
def modified_bessel_k0(input: Float) -> Expr:
    """Modified, second kind, order 0; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.modified_bessel_k0(input)


@public("special out")
@elementwise
def modified_bessel_k1(input: Float) -> Expr:
    """Modified, second kind, order 1; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.modified_bessel_k1(input)


@public("special out")
@elementwise
def scaled_modified_bessel_k0(input: Float) -> Expr:
    """``exp(input) * modified_bessel_k0(input)``; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.scaled_modified_bessel_k0(input)


@public("special out")
@elementwise
def scaled_modified_bessel_k1(input: Float) -> Expr:
    """``exp(input) * modified_bessel_k1(input)``; no gradient.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    return s.scaled_modified_bessel_k1(input)

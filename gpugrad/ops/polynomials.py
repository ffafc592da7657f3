"""Orthogonal polynomials, ``torch.special``: the degree is a number or a tensor.

Holds:     every op is one expression; results are constants, as in PyTorch.
Must not:  be differentiated.
"""

from __future__ import annotations

from .. import expr as s
from ..expr import Expr, Float
from .families import elementwise
from .surface import public

__all__ = [
    "chebyshev_polynomial_t", "chebyshev_polynomial_u", "chebyshev_polynomial_v",
    "chebyshev_polynomial_w", "hermite_polynomial_h", "hermite_polynomial_he",
    "laguerre_polynomial_l", "legendre_polynomial_p", "shifted_chebyshev_polynomial_t",
    "shifted_chebyshev_polynomial_u", "shifted_chebyshev_polynomial_v",
    "shifted_chebyshev_polynomial_w",
]  # fmt: skip


@public("special out")
@elementwise
def chebyshev_polynomial_t(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the first kind; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_t(input, n)


@public("special out")
@elementwise
def chebyshev_polynomial_u(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the second kind; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_u(input, n)


@public("special out")
@elementwise
def chebyshev_polynomial_v(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the third kind; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_v(input, n)


@public("special out")
@elementwise
def chebyshev_polynomial_w(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the fourth kind; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_w(input, n)


@public("special out")
@elementwise
def hermite_polynomial_h(input: Float, n: Float) -> Expr:
    """Hermite's polynomial of the physicists; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.hermite_h(input, n)


@public("special out")
@elementwise
def hermite_polynomial_he(input: Float, n: Float) -> Expr:
    """Hermite's polynomial of the probabilists; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.hermite_he(input, n)


@public("special out")
@elementwise
def laguerre_polynomial_l(input: Float, n: Float) -> Expr:
    """Laguerre's polynomial; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.laguerre_l(input, n)


@public("special out")
@elementwise
def legendre_polynomial_p(input: Float, n: Float) -> Expr:
    """Legendre's polynomial; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.legendre_p(input, n)


@public("special out")
@elementwise
def shifted_chebyshev_polynomial_t(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the first kind, of ``2 * input - 1``; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_t(2 * input - 1, n)


@public("special out")
@elementwise
def shifted_chebyshev_polynomial_u(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the second kind, of ``2 * input - 1``; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_u(2 * input - 1, n)


@public("special out")
@elementwise
def shifted_chebyshev_polynomial_v(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the third kind, of ``2 * input - 1``; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_v(2 * input - 1, n)


@public("special out")
@elementwise
def shifted_chebyshev_polynomial_w(input: Float, n: Float) -> Expr:
    """Chebyshev's polynomial of the fourth kind, of ``2 * input - 1``; no gradient.

    Shape:   input (...), n (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.chebyshev_w(2 * input - 1, n)

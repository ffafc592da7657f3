"""NumPy functions behind rows of the scalar table that no single ufunc serves well.

Holds:     each is called like a ufunc, ``f(a, b, out)``; ``out`` may be one of the operands.
Must not:  import SciPy before one of its functions is called for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .scalars import load

__all__ = ["erf", "lgamma", "power", "select", "trunc_divide"]

# Below, the checks cost more than branches that the processor guesses wrong.
_FEW = 1024
_spread: Any = np.negative
_WHOLE: dict[int, Any] = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


def select(c: Any, a: Any, b: Any, out: Any = None) -> Any:
    """``where(c, a, b)``; with bit masks for many elements.

    A random mask costs np.where 3.2 ns an element in mispredicted branches, bit masks 0.4 ns.
    """
    whole = _WHOLE.get(a.itemsize)
    if c.size < _FEW or whole is None:
        return _chosen(c, a, b, out)
    keep = _spread(c.view(np.int8), dtype=whole)  # all bits set where c holds
    ones, zeros = a.view(whole), b.view(whole)
    target = None if out is None else out.view(whole)
    if b.ndim == 0 and not zeros:
        bits = np.bitwise_and(ones, keep, target)
    elif a.ndim == 0 and not ones:
        bits = np.bitwise_and(zeros, np.invert(keep, keep), target)
    else:
        keep = np.bitwise_and(keep, np.bitwise_xor(ones, zeros))
        bits = np.bitwise_xor(keep, zeros, target)
    return out if out is not None else bits.view(a.dtype)


def _chosen(c: Any, a: Any, b: Any, out: Any) -> Any:
    if out is None:
        return np.where(c, a, b)
    if out is a:
        np.copyto(out, b, where=np.logical_not(c))
        return out
    if out is not b:
        np.copyto(out, b)
    np.copyto(out, a, where=c)
    return out


def power(x: Any, p: Any, out: Any = None) -> Any:
    """``x ** p``; exponents that are one small number become products and roots."""
    if p.ndim == 0:
        form = _POWERS.get(p.item())
        if form is not None and (x.dtype.kind == "f" or p > 0):
            return form(x, out)
    return np.power(x, p, out)


def _cube(x: Any, out: Any) -> Any:
    return np.multiply(np.multiply(x, x), x, out)


def _inverse_square(x: Any, out: Any) -> Any:
    return np.reciprocal(np.multiply(x, x), out)


def _inverse_root(x: Any, out: Any) -> Any:
    return np.reciprocal(np.sqrt(x), out)


_POWERS: dict[float, Any] = {
    1: np.positive,
    2: np.square,
    3: _cube,
    0.5: np.sqrt,
    -0.5: _inverse_root,
    -1: np.reciprocal,
    -2: _inverse_square,
}


def trunc_divide(a: Any, b: Any, out: Any = None) -> Any:
    """The quotient rounded towards zero; of integers exactly."""
    if a.dtype.kind == "f":
        return np.trunc(np.true_divide(a, b), out)
    return np.floor_divide(np.subtract(a, np.fmod(a, b)), b, out)


def lgamma(x: Any, out: Any = None) -> Any:
    """Logarithm of the absolute value of the gamma function; SciPy has the sign of -inf wrong."""
    y = load("scipy.special.gammaln")(x, out)
    if np.any(lowest := np.equal(x, -np.inf)):
        y = select(lowest, np.negative(y), y, out)
    return y


# atanh(erf(x)) / x as a polynomial in x * x, for |x| <= 4, where erf rounds to 1 in float32.
_ERF = [np.float32(c) for c in (
    1.7864310033e-10, -8.4659896871e-09, 1.5612216942e-07, -1.2887583125e-06, 1.3257640603e-06,
    6.9322588388e-05, -5.9530982980e-04, -2.0665246120e-04, 1.0277216136e-01, 1.1283792257e+00,
)]  # fmt: skip
_FOUR = np.float32(4)


def erf(x: Any, out: Any = None) -> Any:
    """The error function; for many float32 elements within 3 units in the last place.

    SciPy's takes 13 ns an element and is exact; tanh of a polynomial takes 3 ns, because tanh
    flattens as erf does and so does not amplify the polynomial's error.
    """
    if x.size < _FEW or x.dtype.char != "f":
        return load("scipy.special.erf")(x, out)
    inside = np.maximum(x, -_FOUR)
    np.minimum(inside, _FOUR, out=inside)
    z = np.multiply(inside, inside)
    p = np.multiply(z, _ERF[0])
    for coefficient in _ERF[1:-1]:
        np.add(p, coefficient, p)
        np.multiply(p, z, p)
    np.add(p, _ERF[-1], p)
    np.multiply(p, inside, p)
    return np.tanh(p, p if out is None else out)

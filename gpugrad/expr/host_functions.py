"""NumPy functions behind rows of the scalar table that no single ufunc serves well.

Holds:     each is called like a ufunc, ``f(a, b, out)``; ``out`` may be one of the operands.
Must not:  import SciPy before one of its functions is called for.
"""

from __future__ import annotations

import math
import threading
from typing import Any

import numpy as np

from .scalars import load

__all__ = [
    "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1", "erf", "lgamma", "power", "select",
    "sign", "trunc_divide",
]  # fmt: skip

# Up to this many elements, temporaries are kept per thread: large ones cost a page fault a page.
_KEPT = 131_072
# Below, the checks cost more than branches that the processor guesses wrong.
_FEW = 1024
_negative: Any = np.negative
_WHOLE: dict[int, Any] = {4: np.dtype(np.int32), 8: np.dtype(np.int64)}


class _Scratch(threading.local):
    """The temporaries of one thread."""

    def __init__(self) -> None:
        self.arrays: dict[tuple[int, Any], Any] = {}


_kept = _Scratch()


def scratch(number: int, shape: tuple[int, ...], dtype: Any) -> Any:
    """An uninitialised array that is free until this thread asks for the same number again."""
    count = math.prod(shape)
    if count > _KEPT:
        return np.empty(shape, dtype)
    found = _kept.arrays.get((number, dtype))
    if found is None or found.size < count:
        found = _kept.arrays[number, dtype] = np.empty(count, dtype)
    return found[:count].reshape(shape)


def select(c: Any, a: Any, b: Any, out: Any = None) -> Any:
    """``where(c, a, b)``; with bit masks for many elements.

    A random mask costs np.where 3.2 ns an element in mispredicted branches, bit masks 0.4 ns.
    """
    whole = _WHOLE.get(a.itemsize)
    if c.size < _FEW or whole is None or (a.shape and a.shape != c.shape) or (
        b.shape and b.shape != c.shape
    ):
        return _chosen(c, a, b, out)
    out = np.empty(c.shape, a.dtype) if out is None else out
    keep = scratch(0, c.shape, whole)
    _negative(c.view(np.int8), keep, dtype=whole)  # all bits set where c holds
    ones, zeros, bits = a.view(whole), b.view(whole), out.view(whole)
    if not b.shape and not zeros:
        np.bitwise_and(ones, keep, bits)
    elif not a.shape and not ones:
        np.bitwise_and(zeros, np.invert(keep, keep), bits)
    else:
        differing = np.bitwise_xor(ones, zeros, scratch(1, c.shape, whole))
        np.bitwise_xor(np.bitwise_and(keep, differing, keep), zeros, bits)
    return out


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
    if x.dtype.kind in "iu" and np.any(p < 0):
        return _negative_powers(x, p, out)
    return np.power(x, p, out)


def _negative_powers(x: Any, p: Any, out: Any) -> Any:
    """Integers to negative powers: 0, but for 1 and -1."""
    signs = np.where(abs(x) == 1, np.where(p % 2, x, 1), 0)
    powers = np.where(p < 0, signs, np.power(x, np.where(p < 0, 0, p))).astype(x.dtype)
    return powers if out is None else np.positive(powers, out)


def sign(x: Any, out: Any = None) -> Any:
    """-1, 0 or 1; of booleans themselves."""
    return np.sign(x, out) if x.dtype.kind != "b" else np.logical_or(x, x, out)


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


class _Bessel:
    """A Bessel function of SciPy, 0 at infinity."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, x: Any, out: Any = None) -> Any:
        far = np.equal(x, np.inf) if "y" in self.name else np.isinf(x)  # y has no left side
        y = load(f"scipy.special.{self.name}")(x, out)
        return select(far, np.zeros_like(y), np.asarray(y), out) if np.any(far) else y


bessel_j0, bessel_j1, bessel_y0, bessel_y1 = map(_Bessel, ("j0", "j1", "y0", "y1"))


# atanh(erf(x)) / x as a polynomial in x * x for |x| <= 4. Larger x are taken as 4.5, where the
# polynomial is large enough for a tanh of exactly 1.
_ERF = [np.float32(c) for c in (
    5.4232400791e-09, 2.7532461644e-08, -4.7941744015e-06, 8.4594583313e-05, -6.1483366881e-04,
    -1.9529300333e-04, 1.0276986659e-01, 1.1283792257e+00,
)]  # fmt: skip
_END = np.float32(4.5)


def erf(x: Any, out: Any = None) -> Any:
    """The error function; for many float32 elements within 3 units in the last place.

    SciPy's takes 13 ns an element and is exact; tanh of a polynomial takes 3 ns, because tanh
    flattens as erf does and so does not amplify the polynomial's error.
    """
    if x.size < 2 * _FEW or x.dtype.char != "f":
        return load("scipy.special.erf")(x, out)
    inside, z, p = (scratch(number, x.shape, x.dtype) for number in range(3))
    np.clip(x, -_END, _END, out=inside)
    np.multiply(inside, inside, z)
    np.multiply(z, _ERF[0], p)
    for coefficient in _ERF[1:-1]:
        np.add(p, coefficient, p)
        np.multiply(p, z, p)
    np.add(p, _ERF[-1], p)
    np.multiply(p, inside, p)
    return np.tanh(p, out)

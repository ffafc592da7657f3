"""Orthogonal polynomials of any degree for NumPy: the recurrences of kernels/special.cuh.

Holds:     each is called like a ufunc, ``f(x, n, out)``; the fraction of a degree n is dropped, and
           a negative degree gives 0.
Must not:  be asked for high degrees often: every degree is a pass over the array.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = [
    "chebyshev_t", "chebyshev_u", "chebyshev_v", "chebyshev_w", "hermite_h", "hermite_he",
    "laguerre_l", "legendre_p",
]  # fmt: skip

_MOST = 100_000  # the highest degree that is computed; NaN above


class _Polynomial:
    """``first`` is the polynomial of degree 1, ``following`` makes the next from two before it."""

    def __init__(self, first: Callable[[Any], Any], following: Callable[..., Any]) -> None:
        self.first = first
        self.following = following

    def __call__(self, x: Any, n: Any, out: Any = None) -> Any:
        x, degree = np.broadcast_arrays(x, np.trunc(n))
        usable = (degree >= 0) & (degree <= _MOST)
        found = np.where(degree < 0, 0, np.where(usable, 1, np.nan)).astype(x.dtype)
        before, now = np.ones_like(x), self.first(x)
        for k in range(1, int(degree[usable].max()) + 1 if usable.any() else 1):
            found = np.where(degree == k, now, found)
            before, now = now, self.following(x, now, before, x.dtype.type(k))
        return found if out is None else np.positive(found, out)


def _twice(x: Any, now: Any, before: Any, k: Any) -> Any:
    return (x + x) * now - before


chebyshev_t = _Polynomial(lambda x: x, _twice)
chebyshev_u = _Polynomial(lambda x: x + x, _twice)
chebyshev_v = _Polynomial(lambda x: x + x - 1, _twice)
chebyshev_w = _Polynomial(lambda x: x + x + 1, _twice)
hermite_h = _Polynomial(lambda x: x + x, lambda x, p, q, k: (x + x) * p - (k + k) * q)
hermite_he = _Polynomial(lambda x: x, lambda x, p, q, k: x * p - k * q)
laguerre_l = _Polynomial(
    lambda x: 1 - x, lambda x, p, q, k: ((k + k + 1 - x) * p - k * q) / (k + 1)
)
legendre_p = _Polynomial(
    lambda x: x, lambda x, p, q, k: ((k + k + 1) * x * p - k * q) / (k + 1)
)

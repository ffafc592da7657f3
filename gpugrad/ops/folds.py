"""Sums, products and extremes of raw arrays over axes, by faster ways where NumPy has them.

NumPy adds up rows of floats by pairs, half as fast as memory allows, and starts its inner loop anew
for each short row. Of a million floats on one core (milliseconds, NumPy and here):

    sum of all           0.13  0.05        sum of rows of 10      1.4   0.3
    sum of rows of 1000  0.15  0.05        maximum of rows of 10  8.2   0.6
    sum of columns (10)  1.2   0.07        maximum of columns     2.4   0.1
    products of rows     0.8   0.45

Holds:     a sum's rounding errors grow no faster than those of additions by pairs in blocks.
Must not:  be used on half types, which are added in float32: the caller converts.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

__all__ = ["fold"]

_LEAST = 1 << 13  # elements, below which a plain reduction is as good
_SHORT = 16
_WIDE = 1024
_BLOCK = 4096  # elements added up one after the other, in some 32 places at a time


def fold(xp: Any, name: str, x: Any, axes: tuple[int, ...], keepdim: bool) -> Any:
    """``x`` reduced by ``add``, ``multiply``, ``maximum`` or ``minimum`` over ``axes``."""
    join = getattr(xp, name)
    if xp is np and x.size >= _LEAST and axes and x.dtype.kind == "f":
        found = _folded(join, x, axes)
        if found is not None:
            kept = [n for i, n in enumerate(x.shape) if i not in axes]
            if keepdim:
                kept = [1 if i in axes else n for i, n in enumerate(x.shape)]
            return found.reshape(kept)
    if xp is np:
        return join.reduce(x, axes, None, None, keepdim)
    method = {"add": "sum", "multiply": "prod", "maximum": "max", "minimum": "min"}[name]
    return getattr(x, method)(axis=axes, keepdims=keepdim)


def _folded(join: Any, x: Any, axes: tuple[int, ...]) -> Any:
    """The reduction, in any shape, or None if there is no better way than NumPy's."""
    first, after = axes[0], axes[-1] + 1
    if axes == (x.ndim - 1,) and x.ndim > 1 and x.shape[-1] <= _SHORT:
        return _short_rows(join, x)
    if axes != tuple(range(first, after)) or not x.flags.c_contiguous:
        return None
    outer, length, inner = prod(x.shape[:first]), prod(x.shape[first:after]), prod(x.shape[after:])
    if inner == 1 and outer > 1 and length <= _SHORT:
        return _short_rows(join, x.reshape(outer, length))
    if inner == 1 and join is np.add:
        return _row_sums(x.reshape(outer, length))
    if inner == 1 and join is np.multiply:
        return _halved_rows(join, x.reshape(outer, length))
    if outer == 1 and 1 < inner <= _WIDE // 8 and length * inner >= 8 * _WIDE:
        return _columns(join, x.reshape(length, inner))
    return None


def _short_rows(join: Any, x: Any) -> Any:
    out = x[..., 0].copy()
    for column in range(1, x.shape[-1]):
        join(out, x[..., column], out=out)
    return out


def _row_sums(x: Any) -> Any:
    rows, length = x.shape
    blocks = length // _BLOCK
    if blocks < 2:
        return np.einsum("ij->i", x)
    whole = blocks * _BLOCK
    sums = np.einsum("ijk->ij", x[:, :whole].reshape(rows, blocks, _BLOCK)).sum(1)
    return sums + np.einsum("ij->i", x[:, whole:]) if whole < length else sums


def _halved_rows(join: Any, x: Any) -> Any:
    """One half of each row is joined with the other, again and again."""
    while x.shape[1] > _SHORT:
        half, odd = divmod(x.shape[1], 2)
        joined = join(x[:, :half], x[:, half : 2 * half])
        if odd:
            joined[:, 0] = join(joined[:, 0], x[:, -1])
        x = joined
    return _short_rows(join, x)


def _columns(join: Any, x: Any) -> Any:
    """Several rows are taken for one, so that NumPy's inner loop is long."""
    length, inner = x.shape
    together = _WIDE // inner
    whole = length // together * together
    wide = join.reduce(x[:whole].reshape(-1, together * inner), 0)
    out = join.reduce(wide.reshape(together, inner), 0)
    return join(out, join.reduce(x[whole:], 0)) if whole < length else out

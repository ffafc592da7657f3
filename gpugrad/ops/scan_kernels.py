"""Running sums and their like of raw arrays: one algorithm, in which pairs are joined first.

The joins of pairs are scanned, recursively; they are every second result, and what lies between
is one join more. So n elements take 2 n joins in log2(n) steps of whole arrays, on NumPy (whose
own ``accumulate`` waits for each addition: 3 ms for a million floats; this: 1 ms) and on a GPU
alike, and the error of a sum grows with log2(n).

Holds:     results are new and contiguous; half types are joined in float32 and rounded once.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import hostpool
from .rows import rows_along

__all__ = ["SHORT", "log_add", "recurrence", "running", "running_positions"]

SHORT = 32  # elements, up to which NumPy's accumulate is as good

Join = Callable[..., Any]


def running(xp: Any, join: Join, x: Any, axis: int, *, reverse: bool = False) -> Any:
    """For each element the join of all up to it along ``axis``; from it on if ``reverse``."""
    rows = rows_along(x.shape, axis)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 and x.dtype.kind not in "iu" else x
    seen = wide.reshape(rows.shape)
    out = hostpool.empty(rows.shape, wide.dtype) if xp is np else xp.empty(rows.shape, wide.dtype)
    if x.size:
        step = -1 if reverse else 1
        _scan(xp, join, seen[:, ::step], out[:, ::step])
    return out.reshape(x.shape).astype(x.dtype, copy=False)


def _scan(xp: Any, join: Join, x: Any, out: Any) -> None:
    """Along axis 1."""
    n = x.shape[1]
    accumulate = getattr(join, "accumulate", None) if xp is np else None
    if n == 1 or (accumulate is not None and n <= SHORT):
        out[...] = x if n == 1 else accumulate(x, 1)  # type: ignore[misc]
        return
    half = n // 2
    joined = join(x[:, 0 : 2 * half : 2], x[:, 1::2])
    scanned = xp.empty_like(joined)
    _scan(xp, join, joined, scanned)
    out[:, 0] = x[:, 0]
    out[:, 1::2] = scanned
    join(scanned[:, : (n - 1) // 2], x[:, 2::2], out=out[:, 2::2])


def log_add(a: Any, b: Any, out: Any = None) -> Any:
    """``np.logaddexp`` by functions that are vectorised: a tenth of its time."""
    far = np.subtract(a, b)
    np.negative(np.abs(far, out=far), out=far)
    np.fmin(far, 0, out=far)  # of equal infinities the difference is NaN
    np.log1p(np.exp(far, out=far), out=far)
    return np.add(np.maximum(a, b), far, out=out)


def running_positions(xp: Any, join: Join, x: Any, axis: int) -> tuple[Any, Any]:
    """The running maxima (or minima) and the last position so far of each."""
    values = running(xp, join, x, axis)
    rows = rows_along(x.shape, axis)
    hit = x == values
    if x.dtype.kind not in "iub":
        hit |= x != x
    if xp is np and rows.inner == 1 and x.size:
        places = np.flatnonzero(hit)  # the first of each row is one
        lengths = np.diff(places, append=x.size)
        return values, np.repeat(places % rows.length, lengths).reshape(x.shape)
    along = [1] * x.ndim
    along[axis] = -1
    place = xp.arange(x.shape[axis], dtype=np.int32).reshape(along)
    index = running(xp, xp.maximum, xp.where(hit, place, np.int32(0)), axis)
    return values, index.astype(np.int64)


# ----------------------------------------------------------------------------- a linear recurrence
def recurrence(xp: Any, a: Any, b: Any, axis: int, reverse: bool) -> Any:
    """``y[i] = b[i] + a[i] * y[i - 1]`` along ``axis``, from ``y[-1] = 0``.

    With ``reverse`` it is ``b[i] + a[i] * y[i + 1]``, from the far end.
    """
    shape = b.shape
    rows = rows_along(shape, axis)
    step = -1 if reverse else 1
    out = xp.empty(rows.shape, b.dtype)
    if b.size:
        a, b = a.reshape(rows.shape), b.reshape(rows.shape)
        _solve(xp, a[:, ::step], b[:, ::step], out[:, ::step])
    return out.reshape(shape)


def _solve(xp: Any, a: Any, b: Any, out: Any) -> None:
    """Two steps joined are one: ``y[i+1] = (b[i+1] + a[i+1] * b[i]) + a[i+1] * a[i] * y[i-1]``."""
    n = b.shape[1]
    out[:, 0] = b[:, 0]
    if n == 1:
        return
    half = n // 2
    first, second = slice(0, 2 * half, 2), slice(1, None, 2)
    solved = xp.empty_like(b[:, second])
    _solve(xp, a[:, second] * a[:, first], b[:, second] + a[:, second] * b[:, first], solved)
    out[:, second] = solved
    out[:, 2::2] = b[:, 2::2] + a[:, 2::2] * solved[:, : (n - 1) // 2]

"""Running sums, products, extremes and logarithms of sums along a dimension.

Holds:     no backward divides by a value or overflows where the result does not: those of products
           and of logarithms are linear recurrences.
Must not:  scan anything itself: see scan_kernels.py.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .arithmetic import exp, mul, sub
from .broadcast import wide_dtype
from .compare import eq, where
from .dims import axis_of
from .generic import Linear, custom, linear
from .index import slice_op
from .join import cat, zeros_as
from .picks import picking
from .reduce import typed
from .results import named
from .scan_kernels import SHORT, log_add, recurrence, running, running_positions
from .surface import public

__all__ = ["cummax", "cummin", "cumprod", "cumsum", "logcumsumexp", "part"]


# ---------------------------------------------------------------------------------- sums, products
cumsum_op: Linear = linear(
    "cumsum",
    forward=lambda xp, x, *, axis, reverse: _cumsum(xp, x, axis, reverse),
    transpose=lambda g, *, axis, reverse: cumsum_op(g, axis=axis, reverse=not reverse),
)


def _cumsum(xp: Any, x: Any, axis: int, reverse: bool) -> Any:
    if not x.ndim:
        return x.astype(wide_dtype(x) or x.dtype) if x.dtype.kind in "iub" else x.copy()
    if reverse or (xp is np and x.dtype.kind not in "iub" and x.shape[axis] > SHORT):
        return running(xp, xp.add, x, axis, reverse=reverse)
    return xp.cumsum(x, axis, dtype=wide_dtype(x)).astype(_result_dtype(x), copy=False)


def _result_dtype(x: Any) -> Any:
    return np.int64 if x.dtype.kind in "iub" else x.dtype


@public("torch method inplace out")
def cumsum(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Running sums along ``dim``.

    Dtype:   integers and bool -> int64; float16 is added up in float32
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.cumsum(gpugrad.tensor([1, 2, 3]), 0)
    tensor([1, 3, 6])
    """
    return cumsum_op(typed(input, dtype), axis=axis_of(dim, len(input.shape)), reverse=False)


@custom(node_name="Cumprod", saves=("x", "result"))
def cumprod_op(xp: Any, x: Any, *, axis: int) -> Any:
    """Running products."""
    if not x.ndim:
        return x.astype(_result_dtype(x), copy=True)
    if xp is np and x.dtype.kind not in "iub":
        return running(xp, np.multiply, x, axis)
    return xp.cumprod(x, axis, dtype=wide_dtype(x)).astype(_result_dtype(x), copy=False)


@cumprod_op.vjp
def _(g: Any, x: Any, y: Any, *, axis: int, shapes: Any) -> Any:
    """What element i multiplies: the products before it, times ``s[i] = g[i] + x[i+1] s[i+1]``."""
    if not shapes[0] or shapes[0][axis] < 2:
        return g
    before = shifted(y, axis, 1) if shapes[0][axis] else y
    return mul(before, recurrence_op(_after(x, axis), g, axis=axis, reverse=True))


def part(x: Any, axis: int, start: int | None, stop: int | None) -> Any:
    """The entries ``start`` to ``stop`` along ``axis``: a view."""
    return slice_op(x, key=(*(slice(None),) * axis, slice(start, stop)))


def _of_one(x: Any, axis: int) -> Any:
    return zeros_as(x, [1 if i == axis else n for i, n in enumerate(x.shape)])


def shifted(x: Any, axis: int, fill: int) -> Any:
    """The entry before each along ``axis``; ``fill`` before the first."""
    first = _of_one(x, axis)
    return cat([first + fill if fill else first, part(x, axis, None, -1)], axis)


def _after(x: Any, axis: int) -> Any:
    """The entry after each along ``axis``; zero after the last."""
    return cat([part(x, axis, 1, None), _of_one(x, axis)], axis)


@custom(node_name="CumulativeBackward", saves=("a", "result"))
def recurrence_op(xp: Any, a: Any, b: Any, *, axis: int, reverse: bool) -> Any:
    """``y[i] = b[i] + a[i] * y[i - 1]``, or ``y[i + 1]`` from the far end."""
    if b.dtype.itemsize == 2:
        return recurrence(xp, a.astype(np.float32), b.astype(np.float32), axis, reverse
                          ).astype(b.dtype)  # fmt: skip
    return recurrence(xp, a, b, axis, reverse)


@recurrence_op.vjp
def _(g: Any, a: Any, y: Any, *, axis: int, reverse: bool) -> Any:
    """The same recurrence the other way round, in which each factor serves its other neighbour."""
    moved = shifted(a, axis, 0) if reverse else _after(a, axis)
    db = recurrence_op(moved, g, axis=axis, reverse=not reverse)
    return mul(db, _after(y, axis) if reverse else shifted(y, axis, 0)), db


@public("torch method inplace out")
def cumprod(input: Any, dim: int, *, dtype: Any = None) -> Any:
    """Running products along ``dim``; zeros need no special case in its gradient.

    Dtype:   as ``cumsum``
    Saves:   input and result
    """
    return cumprod_op(typed(input, dtype), axis=axis_of(dim, len(input.shape)))


# --------------------------------------------------------------------------- logarithms of sums
@custom(node_name="Logcumsumexp", saves=("x", "result"))
def logcumsumexp_op(xp: Any, x: Any, *, axis: int) -> Any:
    """Running ``log(sum(exp(x)))``."""
    return running(xp, log_add if xp is np else xp.logaddexp, x, axis) if x.ndim else x.copy()


@logcumsumexp_op.vjp
def _(g: Any, x: Any, y: Any, *, axis: int, shapes: Any) -> Any:
    """``exp(x[i]) * sum of g[j] exp(-y[j]) from i on``, in factors of which none is above 1."""
    if not shapes[0]:
        return g
    nothing = eq(y, float("-inf"))
    ratio = exp(sub(y, _after(y, axis)))  # what follows the last is not used
    sums = recurrence_op(where(nothing, 0.0, ratio), g, axis=axis, reverse=True)
    return mul(where(nothing, 0.0, exp(sub(x, y))), sums)


@public("torch method out")
def logcumsumexp(input: Any, dim: int) -> Any:
    """Running ``log(sum(exp(input)))`` along ``dim``, without overflow.

    Saves:   input and result
    Raises:  NotImplementedError for integers
    """
    if not input.kind.is_floating_point:
        raise NotImplementedError(
            f"\"logcumsumexp_out_cpu\" not implemented for '{input.kind.dtype.name}'"
        )
    return logcumsumexp_op(input, axis=axis_of(dim, len(input.shape)))


# --------------------------------------------------------------------------------------- extremes
_cummax_result = named("cummax", "values indices")
_cummin_result = named("cummin", "values indices")


@picking("Cummax", repeated=True)
def cummax_op(xp: Any, x: Any, *, axis: int) -> Any:
    """Running maxima, and where each is last."""
    return _running(xp, xp.maximum, x, axis)


@picking("Cummin", repeated=True)
def cummin_op(xp: Any, x: Any, *, axis: int) -> Any:
    """Running minima, and where each is last."""
    return _running(xp, xp.minimum, x, axis)


def _running(xp: Any, join: Any, x: Any, axis: int) -> tuple[Any, Any]:
    if not x.ndim:
        return x.copy(), xp.zeros((), np.int64)
    if x.dtype == bool:
        values, index = running_positions(xp, join, x.astype(np.uint8), axis)
        return values.astype(bool), index
    return running_positions(xp, join, x, axis)


@public("torch method out")
def cummax(input: Any, dim: int) -> Any:
    """Running maxima along ``dim``, and the last index so far of each.

    Saves:   the indices
    >>> import gpugrad
    >>> gpugrad.cummax(gpugrad.tensor([1, 3, 2, 3]), 0).indices
    tensor([0, 1, 1, 3])
    """
    return _cummax_result(cummax_op(input, axis=axis_of(dim, len(input.shape))))


@public("torch method out")
def cummin(input: Any, dim: int) -> Any:
    """Running minima along ``dim``, and the last index so far of each.

    Saves:   the indices
    """
    return _cummin_result(cummin_op(input, axis=axis_of(dim, len(input.shape))))

"""Sorting, and picking by order: the k largest, the k-th, the median, the most frequent.

Holds:     NaN counts as the largest; of equal elements the first is taken, whatever the device.
           Positions are all that is kept for the backward.
Must not:  sort anything itself: see order_kernels.py.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import bool_, int64
from ..errors import DTypeError, ShapeError, nothing_to_reduce
from ..graph import new_tensor
from .dims import axis_of
from .generic import custom, valued
from .order_kernels import extreme_positions, ordered_positions, rank_position
from .picks import picked, picking
from .reduce import shared
from .results import named
from .scan_kernels import running
from .surface import public

__all__ = ["argsort", "kthvalue", "median", "mode", "msort", "nanmedian", "sort", "topk"]


def _along(xp: Any, x: Any, axis: int, positions: Callable[..., Any], *arguments: Any) -> Any:
    """``positions(xp, x, *arguments)``, made for the last axis, along another."""
    if axis == x.ndim - 1:
        return positions(xp, x, *arguments)
    found = positions(xp, xp.ascontiguousarray(xp.moveaxis(x, axis, -1)), *arguments)
    return xp.ascontiguousarray(xp.moveaxis(found, -1, axis))


def _single(xp: Any, x: Any) -> tuple[Any, Any]:
    """A 0-d array and its only position."""
    return x.copy(), xp.zeros((), np.int64)


# ---------------------------------------------------------------------------------------- sorting
_sort_result = named("sort", "values indices")


@picking("Sort")
def sort_op(xp: Any, x: Any, *, axis: int, descending: bool) -> Any:
    """All elements in order, and where they were."""
    if not x.ndim:
        return _single(xp, x)
    return picked(xp, x, _along(xp, x, axis, ordered_positions, descending), axis)


@public("torch method out")
def sort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The elements in order along ``dim``, and where they were: ``(values, indices)``.

    Equal elements always keep their order, as PyTorch promises for ``stable=True`` alone.

    Shape:   (*) -> the same, twice
    Saves:   the indices
    >>> import gpugrad
    >>> gpugrad.sort(gpugrad.tensor([3, 1, 2]), descending=True).indices
    tensor([0, 2, 1])
    """
    axis = axis_of(dim, len(input.shape))
    return _sort_result(sort_op(input, axis=axis, descending=descending))


@public("torch method out")
@valued
def argsort(input: Any, dim: int = -1, descending: bool = False, stable: bool = False) -> Any:
    """The indices that ``sort`` returns."""
    axis, x = axis_of(dim, len(input.shape)), input.array
    xp = input.kind.xp
    if not x.ndim:
        return _positions(input, xp.zeros((), np.int64))
    return _positions(input, _along(xp, x, axis, ordered_positions, descending))


def _positions(input: Any, array: Any) -> Any:
    return new_tensor(array, input.kind.with_dtype(int64))


@public("torch method out")
def msort(input: Any) -> Any:
    """The elements in order along the first dimension. Saves the indices."""
    return sort_op(input, axis=axis_of(0, len(input.shape)), descending=False)[0]


# ------------------------------------------------------------------------------- picking by order
_topk_result = named("topk", "values indices")
_kthvalue_result = named("kthvalue", "values indices")


@picking("Topk")
def topk_op(xp: Any, x: Any, *, axis: int, k: int, largest: bool) -> Any:
    """The first elements of an order, and where they were."""
    if not x.ndim:
        values, index = _single(xp, x)
        return (values, index) if k else (values.reshape(1)[:0], index.reshape(1)[:0])
    return picked(xp, x, _along(xp, x, axis, extreme_positions, k, largest), axis)


@public("torch method out")
def topk(input: Any, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Any:
    """The ``k`` largest (or smallest) elements along ``dim``, in order, and where they were.

    Shape:   (..., n, ...) -> (..., k, ...), twice
    Saves:   the indices
    Raises:  RuntimeError unless 0 <= k <= n
    """
    k, axis = int(k), axis_of(dim, len(input.shape))
    if input.kind.dtype is bool_:
        raise DTypeError("topk does not support bool dtypes on CPU")
    if not 0 <= k <= (input.shape[axis] if input.shape else 1):
        raise ShapeError("selected index k out of range")
    return _topk_result(topk_op(input, axis=axis, k=k, largest=largest))


@picking("Kthvalue")
def ranked_op(xp: Any, x: Any, *, axis: int, rank: int, keepdim: bool) -> Any:
    """The element of a rank in ascending order, and where it was."""
    if not x.ndim:
        return _single(xp, x)
    return picked(xp, x, _along(xp, x, axis, rank_position, rank), axis, keepdim)


@public("torch method out")
def kthvalue(input: Any, k: int, dim: int = -1, keepdim: bool = False) -> Any:
    """The ``k``-th smallest element along ``dim``, counted from 1, and where it was.

    Saves:   the indices
    Raises:  RuntimeError unless 1 <= k <= the size of the dimension
    """
    k, axis, size = int(k), *_filled_axis("kthvalue", input, dim)
    if not 1 <= k <= size:
        raise ShapeError(f"kthvalue(): selected number k out of range for dimension {axis}")
    return _kthvalue_result(ranked_op(input, axis=axis, rank=k - 1, keepdim=keepdim))


def _filled_axis(name: str, input: Any, dim: int) -> tuple[int, int]:
    """The axis ``dim`` names, which may not be empty, and its size."""
    if input.kind.dtype is bool_ and name != "mode":
        raise NotImplementedError(f'"{name}_cpu" not implemented for \'Bool\'')
    axis = axis_of(dim, len(input.shape))
    size = input.shape[axis] if input.shape else 1
    if not size:
        raise nothing_to_reduce(name, axis)
    return axis, size


# -------------------------------------------------------------------------------------- the median
_median_result = named("median", "values indices")
_nanmedian_result = named("nanmedian", "values indices")


@picking("Median")
def median_dim_op(xp: Any, x: Any, *, axis: int, keepdim: bool, skip_nan: bool) -> Any:
    """The lower of the middle elements; NaN, if there is one, unless they are skipped."""
    if not x.ndim:
        return _single(xp, x)
    return picked(xp, x, _along(xp, x, axis, _median_position, skip_nan), axis, keepdim)


def _median_position(xp: Any, x: Any, skip_nan: bool) -> Any:
    count = x.shape[-1]
    if x.dtype.kind in "iu":
        return rank_position(xp, x, (count - 1) // 2)
    nan = x != x
    if not skip_nan:
        middle = rank_position(xp, x, (count - 1) // 2)
        return xp.where(nan.any(-1, keepdims=True), nan.argmax(-1)[..., None], middle)
    rank = (count - nan.sum(-1, keepdims=True) - 1) // 2
    order = ordered_positions(xp, x)
    return xp.take_along_axis(order, xp.maximum(rank, 0), -1)


@custom(node_name="Median", saves=("x", "result"))
def median_op(xp: Any, x: Any, *, skip_nan: bool) -> Any:
    """The median of all elements; equal ones share the cotangent evenly."""
    flat = x.reshape(-1)
    return flat[_median_position(xp, flat, skip_nan)[0]]


@median_op.vjp
def _(g: Any, x: Any, y: Any, *, skip_nan: bool, shapes: Any) -> Any:
    return shared(g, x, y, tuple(range(len(shapes[0]))), shapes[0])


@public("torch method out")
def median(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The median, the lower one of two: of all elements, or along ``dim`` with its position.

    NaN if any element is: see ``nanmedian``.

    Saves:   without dim: input and result; with dim: the indices
    """
    return _median("median", _median_result, input, dim, keepdim)


@public("torch method out")
def nanmedian(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """``median`` of what is not NaN."""
    return _median("nanmedian", _nanmedian_result, input, dim, keepdim)


def _median(name: str, result: Any, input: Any, dim: int | None, keepdim: bool) -> Any:
    skip_nan = name == "nanmedian"
    if dim is not None:
        axis, _ = _filled_axis(name, input, dim)
        return result(median_dim_op(input, axis=axis, keepdim=keepdim, skip_nan=skip_nan))
    if input.kind.dtype is bool_:
        raise NotImplementedError("\"median_cpu\" not implemented for 'Bool'")
    if not input.shape.numel():
        kind = input.kind
        return new_tensor(kind.xp.full((), np.nan).astype(kind.numpy), kind)
    return median_op(input, skip_nan=skip_nan)


# ------------------------------------------------------------------------------- the most frequent
_mode_result = named("mode", "values indices")


@picking("Mode")
def mode_op(xp: Any, x: Any, *, axis: int, keepdim: bool) -> Any:
    """The most frequent element, of several the smallest, and its last position."""
    if not x.ndim:
        return _single(xp, x)
    return picked(xp, x, _along(xp, x, axis, _mode_position), axis, keepdim)


def _mode_position(xp: Any, x: Any) -> Any:
    """Where, in the order, a run of equal elements has become longest for the first time."""
    order = ordered_positions(xp, x)
    ordered = xp.take_along_axis(x, order, -1)
    place = xp.broadcast_to(xp.arange(x.shape[-1]), x.shape)
    start = xp.where(place > 0, ordered != xp.roll(ordered, 1, -1), True)
    length = place - running(xp, xp.maximum, xp.where(start, place, 0), x.ndim - 1)
    return xp.take_along_axis(order, length.argmax(-1)[..., None], -1)


@public("torch method out")
def mode(input: Any, dim: int = -1, keepdim: bool = False) -> Any:
    """The most frequent element along ``dim`` (of several the smallest), and where it is last.

    Saves:   the indices
    """
    axis, _ = _filled_axis("mode", input, dim)
    return _mode_result(mode_op(input, axis=axis, keepdim=keepdim))

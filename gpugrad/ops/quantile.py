"""Quantiles: entries of the order, or between two of them.

Holds:     the positions of those entries are kept, not the order.
Must not:  sort anything itself: see order_kernels.py.
"""

from __future__ import annotations

from typing import Any

from ..array import bool_, float32, int64
from ..errors import DTypeError, ShapeError
from ..graph import Size, TensorBase, new_tensor, values_behind
from . import arithmetic
from .arithmetic import lerp, mul, sub
from .broadcast import convert
from .compare import where
from .dims import axis_of
from .generic import valued
from .index import slice_op
from .join import cat
from .order_kernels import ordered_positions
from .picks import picked, picking
from .reduce import kept_shape
from .shape import movedim, reshape_op
from .surface import public

__all__ = ["nanquantile", "quantile"]

_MODES = ("linear", "lower", "higher", "midpoint", "nearest")


@picking("Quantile", repeated=True)
def ranked_op(xp: Any, x: Any, ranks: Any, *, axis: int) -> Any:
    """The entries of given ranks in ascending order along the last axis, and where they were."""
    return picked(xp, x, xp.take_along_axis(ordered_positions(xp, x), ranks, axis), axis)


@public("torch method out")
def quantile(input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *,
             interpolation: str = "linear") -> Any:
    """The ``q``-th quantiles of all elements, or along ``dim``; NaN if an element is.

    Between two elements ``interpolation`` decides: "linear", "lower", "higher", "midpoint" or
    "nearest".

    Shape:   input (...), q () -> the other dimensions; q (Q) -> (Q, the other dimensions)
    Saves:   where the elements were that it is made of, and the weights between them
    Raises:  RuntimeError for a ``q`` outside 0..1 (tensors: on the CPU)
    >>> import gpugrad
    >>> gpugrad.quantile(gpugrad.tensor([0.0, 1.0, 2.0, 3.0]), 0.5)
    tensor(1.5000)
    """
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=False)


@public("torch method out")
def nanquantile(input: Any, q: Any, dim: int | None = None, keepdim: bool = False, *,
                interpolation: str = "linear") -> Any:
    """``quantile`` of what is not NaN."""
    return _quantile(input, q, dim, keepdim, interpolation, skip_nan=True)


def _quantile(input: Any, q: Any, dim: int | None, keepdim: bool, mode: str, *, skip_nan: bool
              ) -> Any:  # fmt: skip
    q, kind = _checked(input, q, mode), input.kind
    if kind.dtype.itemsize == 2:
        wide = kind.with_dtype(float32)
        input, q = convert(input, wide), convert(q, wide)
        return convert(_quantile(input, q, dim, keepdim, mode, skip_nan=skip_nan), kind)
    shape, axis = input.shape, None if dim is None else axis_of(dim, len(input.shape))
    if axis is None or not shape:
        rows = reshape_op(input, shape=Size((input.shape.numel(),)))
        rest = kept_shape(shape, tuple(range(len(shape)))) if keepdim else Size()
    else:
        rows = movedim(input, axis, -1)
        rest = kept_shape(shape, (axis,)) if keepdim else rows.shape[:-1]
    found = _between(rows, _ranks(rows, q, skip_nan), mode)
    if q.shape:
        return reshape_op(movedim(found, -1, 0), shape=Size((*q.shape, *rest)))
    return reshape_op(found, shape=Size(rest))


def _checked(input: Any, q: Any, mode: str) -> Any:
    """``q`` as a tensor like ``input``, after every check has passed."""
    if not input.shape.numel():
        raise ShapeError("quantile() input tensor must be non-empty")
    if not input.kind.is_floating_point:
        raise DTypeError("quantile() input tensor must be either float or double dtype")
    if mode not in _MODES:
        raise RuntimeError(
            "quantile() interpolation must be one of linear, lower, higher, midpoint or nearest, "
            f"but got {mode}"
        )
    if not isinstance(q, TensorBase):
        if not 0 <= q <= 1:
            raise RuntimeError(f"quantile() q must be in the range [0, 1] but got {q}")
        return new_tensor(input.kind.xp.asarray(q, input.kind.numpy), input.kind)
    if len(q.shape) > 1:
        raise ShapeError("quantile() q must be a scalar or 1D tensor")
    if q.kind.dtype is not input.kind.dtype:
        raise DTypeError("quantile() q tensor must be same dtype as the input tensor")
    values = values_behind(q)
    if not q.kind.is_cuda and not ((values >= 0) & (values <= 1)).all():
        raise RuntimeError("quantile() q values must be in the range [0, 1]")
    return q


def _ranks(rows: Any, q: Any, skip_nan: bool) -> Any:
    """The place of each quantile in each row's order, whole or broken: a tensor (..., Q).

    Where a NaN decides, that is the last place, which the NaN has.
    """
    q = reshape_op(q, shape=Size((q.shape.numel(),)))
    last = rows.shape[-1] - 1
    if skip_nan:
        return mul(q, _last_number(rows))
    return where(_has_nan(rows), float(last), mul(q, float(last)))


@valued
def _last_number(rows: Any) -> Any:
    """The last place of each row that is no NaN, counted as floats of its kind."""
    x, xp = rows.array, rows.kind.xp
    places = xp.maximum(x.shape[-1] - 1 - (x != x).sum(-1, keepdims=True), 0)
    return new_tensor(places.astype(x.dtype), rows.kind)


@valued
def _has_nan(rows: Any) -> Any:
    """Which rows contain a NaN."""
    x = rows.array
    return new_tensor((x != x).any(-1, keepdims=True), rows.kind.with_dtype(bool_))


def _between(rows: Any, ranks: Any, mode: str) -> Any:
    """The entries at ``ranks``, or those on both sides of them joined."""
    axis = len(rows.shape) - 1
    rounding = {"lower": arithmetic.floor, "higher": arithmetic.ceil, "nearest": arithmetic.round}
    rounded = rounding.get(mode)
    places = ranks.detach()
    integers = rows.kind.with_dtype(int64)
    if rounded is not None:
        return ranked_op(rows, convert(rounded(places), integers), axis=axis)[0]
    low = arithmetic.floor(places)
    both = convert(cat([low, arithmetic.ceil(places)], -1), integers)
    values = ranked_op(rows, both, axis=axis)[0]
    count = ranks.shape[-1]
    below = slice_op(values, key=(Ellipsis, slice(None, count)))
    above = slice_op(values, key=(Ellipsis, slice(count, None)))
    if mode == "midpoint":
        return lerp(below, above, 0.5)
    return lerp(below, above, sub(ranks, low))

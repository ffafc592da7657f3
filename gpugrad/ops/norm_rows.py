"""Normalization of raw NumPy arrays, forward and backward, in blocks that stay in cache.

Holds:     half types are computed in float32 and rounded once; statistics are float32 for them too;
           the callers have silenced NumPy's floating point warnings.
Must not:  know tensors, graphs or CUDA.

NOTE [groups of elements] An input is seen as (batch, groups, channels, inner): a group of
``channels * inner`` elements has one mean and one variance, or, where ``across`` holds, all that
have the same place in ``groups`` share one. A weight has one element for each group and channel.

    layer_norm     (rows, 1, elements of a row, 1)
    group_norm     (batch, groups, channels of a group, pixels)
    instance_norm  (batch, channels, 1, pixels)
    batch_norm     (batch, channels, 1, pixels), across the batch
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from ..array import hostpool
from ..expr import share_out
from .rows import row_sum

__all__ = ["Layout", "Statistics", "normalize_rows", "normalize_rows_backward", "sum_dtype"]

_BLOCK = 1 << 17  # elements; with smaller ones threads spend their time on taking turns
_SMALL = 9_000  # elements of a matrix times a vector that OpenBLAS leaves to one thread
_NARROW = 16  # below, the pixels of a channel are too few for a loop of their own


class Layout(NamedTuple):
    """How an input falls into groups (NOTE [groups of elements])."""

    batch: int
    groups: int
    channels: int
    inner: int
    across: bool = False

    @property
    def shared(self) -> int:
        """Elements that share a mean."""
        return self.channels * self.inner * (self.batch if self.across else 1)

    @property
    def rows(self) -> int:
        """How many means there are."""
        return self.groups * (1 if self.across else self.batch)


class Statistics(NamedTuple):
    """Of every group: ``mean`` (None: it was not subtracted), ``rstd`` and variance."""

    mean: Any
    rstd: Any
    var: Any = None


def sum_dtype(dtype: Any) -> Any:
    """What statistics of ``dtype`` are kept in."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def normalize_rows(x: Any, weight: Any, bias: Any, eps: float, layout: Layout, centred: bool
                   ) -> tuple[Any, Statistics]:
    """The normalized input, and the statistics."""
    run = _whole_rows if layout.inner == layout.groups == 1 else _channels
    if layout.across and layout.inner < _NARROW:
        run = _columns
    weight, bias = _wide(weight, x), _wide(bias, x)
    out = hostpool.empty(x.shape, x.dtype)
    return out, run(x, weight, bias, out, eps, layout, centred)


def normalize_rows_backward(g: Any, x: Any, stats: Statistics, weight: Any, layout: Layout,
                            wanted: tuple[bool, bool]) -> tuple[Any, Any, Any]:
    """Cotangents of input, weight and bias; ``wanted`` are the first and the other two."""
    run = _whole_rows_backward if layout.inner == layout.groups == 1 else _channels_backward
    if layout.across and layout.inner < _NARROW:
        run = _columns_backward
    out = hostpool.empty(x.shape, x.dtype) if wanted[0] else None
    return out, *run(g, x, stats, _wide(weight, x), out, layout, wanted[1])


def _wide(array: Any, x: Any) -> Any:
    return None if array is None else array.astype(sum_dtype(x.dtype), copy=False).reshape(-1)


def _over(rows: int, length: int, work: Callable[[slice], None]) -> None:
    """``work`` on slices of ``rows`` rows, each with about a block's elements."""
    step = max(1, _BLOCK // max(1, length))
    parts = [slice(start, min(start + step, rows)) for start in range(0, rows, step)]
    if length:
        share_out(parts, work, rows * length)


# ---------------------------------------------------------- layer_norm: a weight for every column
def _whole_rows(x: Any, weight: Any, bias: Any, out: Any, eps: float, layout: Layout,
                centred: bool) -> Statistics:  # fmt: skip
    number, length = layout.batch, layout.channels
    wide = sum_dtype(x.dtype)
    x, out = x.reshape(number, length), out.reshape(number, length)
    mean = np.zeros(number, wide) if centred else None
    rstd = np.zeros(number, wide)
    ones = np.ones(length, wide)

    def work(rows: slice) -> None:
        part = x[rows].astype(wide, copy=False)
        y = out[rows] if out.dtype == wide else np.empty(part.shape, wide)
        source = part
        if mean is not None:
            mean[rows] = np.vecdot(part, ones)
            mean[rows] /= length
            source = np.subtract(part, mean[rows, None], out=y)
        squares = np.vecdot(source, source)
        rstd[rows] = 1 / np.sqrt(squares / length + eps)
        np.multiply(source, rstd[rows, None], out=y)
        if weight is not None:
            y *= weight
        if bias is not None:
            y += bias
        if out.dtype != wide:
            out[rows] = y

    _over(number, length, work)
    return Statistics(mean, rstd)


def _whole_rows_backward(g: Any, x: Any, stats: Statistics, weight: Any, out: Any, layout: Layout,
                         affine: bool) -> tuple[Any, Any]:  # fmt: skip
    number, length = layout.batch, layout.channels
    wide = stats.rstd.dtype
    g, x = g.reshape(number, length), x.reshape(number, length)
    out = None if out is None else out.reshape(number, length)
    along = np.ones(length, wide) if weight is None else weight
    parts: dict[int, tuple[Any, Any]] = {}

    def work(rows: slice) -> None:
        gs, xs = g[rows].astype(wide, copy=False), x[rows].astype(wide, copy=False)
        rstd = stats.rstd[rows]
        c = np.subtract(xs, stats.mean[rows, None]) if stats.mean is not None else xs.copy()
        product = gs * c
        if affine:
            parts[rows.start] = _weighted(rstd, product), row_sum(gs, 0)
        if out is None:
            return
        c *= (np.vecdot(product, along) * rstd**3 / length)[:, None]
        y = np.multiply(gs, rstd[:, None], out=product)
        if weight is not None:
            y *= weight
        y -= c
        if stats.mean is not None:
            y -= (np.vecdot(gs, along) * rstd / length)[:, None]
        out[rows] = y

    _over(number, length, work)
    return _totals(parts, length, wide) if affine else (None, None)


def _weighted(weights: Any, rows: Any) -> Any:
    """``weights @ rows``, in products so small that BLAS leaves them to this thread."""
    few = max(1, _SMALL // rows.shape[1])
    whole = len(rows) // few * few
    total = weights[whole:] @ rows[whole:]
    if whole:
        groups = weights[:whole].reshape(-1, 1, few) @ rows[:whole].reshape(-1, few, rows.shape[1])
        total += row_sum(groups, (0, 1))
    return total


def _totals(parts: dict[int, tuple[Any, Any]], length: int, wide: Any) -> tuple[Any, Any]:
    """The sums of both members, in the order of the blocks whatever thread had them."""
    if not parts:
        return np.zeros(length, wide), np.zeros(length, wide)
    pairs = [parts[start] for start in sorted(parts)]
    return row_sum([p[0] for p in pairs], 0), row_sum([p[1] for p in pairs], 0)


# ----------------------------------------------------- a weight and many pixels for every channel
def _channels(x: Any, weight: Any, bias: Any, out: Any, eps: float, layout: Layout,
              centred: bool) -> Statistics:  # fmt: skip
    """The moments of every channel's pixels; those of groups; then one multiplication and sum."""
    number, length = layout.batch * layout.groups * layout.channels, layout.inner
    wide = sum_dtype(x.dtype)
    x, out = x.reshape(number, length), out.reshape(number, length)
    mean, squares = np.zeros(number, wide), np.zeros(number, wide)
    ones = np.ones(length, wide)

    def moments(rows: slice) -> None:
        part = x[rows].astype(wide, copy=False)
        mean[rows] = np.vecdot(part, ones)
        mean[rows] /= length
        c = part - mean[rows, None]
        squares[rows] = np.vecdot(c, c)

    _over(number, length, moments)
    shape = layout[:3]
    stats = _joined(mean.reshape(shape), squares.reshape(shape), eps, layout)
    scale = _per_channel(stats.rstd, layout) * (1 if weight is None else _of_weight(weight, layout))
    shift = 0 - _per_channel(stats.mean, layout) * scale
    if bias is not None:
        shift = shift + _of_weight(bias, layout)
    scale, shift = (np.broadcast_to(a, shape).reshape(-1, 1) for a in (scale, shift))

    _combine([(x, scale)], shift, out, wide)
    return stats


def _joined(mean: Any, squares: Any, eps: float, layout: Layout) -> Statistics:
    """The statistics of groups from the moments of their channels (Chan et al. 1983)."""
    axes = (0, 2) if layout.across else (2,)
    whole = mean.mean(axis=axes, keepdims=True)
    spread = (mean - whole) ** 2 * layout.inner
    var = (squares + spread).sum(axis=axes) / layout.shared
    return Statistics(whole.reshape(-1), (1 / np.sqrt(var + eps)).reshape(-1), var.reshape(-1))


def _per_channel(stat: Any, layout: Layout) -> Any:
    return stat.reshape(1 if layout.across else layout.batch, layout.groups, 1)


def _of_weight(weight: Any, layout: Layout) -> Any:
    return weight.reshape(1, layout.groups, layout.channels)


def _channels_backward(g: Any, x: Any, stats: Statistics, weight: Any, out: Any, layout: Layout,
                       affine: bool) -> tuple[Any, Any]:  # fmt: skip
    number, length = layout.batch * layout.groups * layout.channels, layout.inner
    wide, shape = stats.rstd.dtype, layout[:3]
    g, x = g.reshape(number, length), x.reshape(number, length)
    mean, rstd = _per_channel(stats.mean, layout), _per_channel(stats.rstd, layout)
    means = np.broadcast_to(mean, shape).reshape(-1, 1)
    sums, products = np.zeros(number, wide), np.zeros(number, wide)
    ones = np.ones(length, wide)

    def add_up(rows: slice) -> None:
        gs = g[rows].astype(wide, copy=False)
        sums[rows] = np.vecdot(gs, ones)
        products[rows] = np.vecdot(gs, x[rows] - means[rows])

    _over(number, length, add_up)
    sums, products = sums.reshape(shape), products.reshape(shape) * rstd
    totals = (products.sum(0).reshape(-1), sums.sum(0).reshape(-1)) if affine else (None, None)
    if out is not None:
        w = 1 if weight is None else _of_weight(weight, layout)
        axes = (0, 2) if layout.across else (2,)
        slope = -(products * w).sum(axis=axes, keepdims=True) * rstd**2 / layout.shared
        offset = -(sums * w).sum(axis=axes, keepdims=True) * rstd / layout.shared - slope * mean
        factor, slope, offset = (
            np.broadcast_to(a, shape).reshape(-1, 1) for a in (rstd * w, slope, offset)
        )
        _combine([(g, factor), (x, slope)], offset, out.reshape(number, length), wide)
    return totals


def _combine(terms: list[tuple[Any, Any]], shift: Any, out: Any, wide: Any) -> None:
    """``shift`` and the products of pairs of an array and its factors, added up into ``out``.

    Factors and shift have one element per row, or are one row.
    """

    def work(rows: slice) -> None:
        (first, factor), *rest = terms
        y = np.multiply(first[rows].astype(wide, copy=False), here(factor, rows),
                        out=out[rows] if out.dtype == wide else None)  # fmt: skip
        for array, factor in rest:
            y += array[rows] * here(factor, rows)
        y += here(shift, rows)
        if out.dtype != wide:
            out[rows] = y

    def here(factors: Any, rows: slice) -> Any:
        return factors[rows] if factors.ndim == 2 else factors

    _over(out.shape[0], out.shape[1], work)


# ----------------------------------------------- batch_norm with few pixels or none: columns again
def _columns(x: Any, weight: Any, bias: Any, out: Any, eps: float, layout: Layout,
             centred: bool) -> Statistics:  # fmt: skip
    number, length = layout.batch, layout.groups * layout.inner
    wide = sum_dtype(x.dtype)
    x, out = x.reshape(number, length), out.reshape(number, length)
    mean = _column_sums(lambda rows: x[rows].astype(wide, copy=False), x, layout) / layout.shared
    wide_mean = np.repeat(mean, layout.inner)
    var = _column_sums(lambda rows: (x[rows] - wide_mean) ** 2, x, layout) / layout.shared
    rstd = 1 / np.sqrt(var + eps)
    scale = rstd if weight is None else rstd * weight
    shift = -mean * scale if bias is None else bias - mean * scale
    scale, shift = np.repeat(scale, layout.inner), np.repeat(shift, layout.inner)

    _combine([(x, scale)], shift, out, wide)
    return Statistics(mean, rstd, var)


def _columns_backward(g: Any, x: Any, stats: Statistics, weight: Any, out: Any, layout: Layout,
                      affine: bool) -> tuple[Any, Any]:  # fmt: skip
    number, length = layout.batch, layout.groups * layout.inner
    wide, inner = stats.rstd.dtype, layout.inner
    g, x = g.reshape(number, length), x.reshape(number, length)
    mean = np.repeat(stats.mean, inner)
    sums = _column_sums(lambda rows: g[rows].astype(wide, copy=False), g, layout)
    products = _column_sums(lambda rows: g[rows] * (x[rows] - mean), x, layout) * stats.rstd
    if out is not None:
        scale = stats.rstd if weight is None else stats.rstd * weight
        slope = -products * scale * stats.rstd / layout.shared
        offset = -sums * scale / layout.shared - slope * stats.mean
        scale, slope, offset = (np.repeat(a, inner) for a in (scale, slope, offset))
        _combine([(g, scale), (x, slope)], offset, out.reshape(number, length), wide)
    return (products, sums) if affine else (None, None)


def _column_sums(values: Callable[[slice], Any], like: Any, layout: Layout) -> Any:
    """The sum over batch and pixels of what ``values`` gives for a block of rows."""
    wide = sum_dtype(like.dtype)
    parts: dict[int, Any] = {}

    def work(rows: slice) -> None:
        parts[rows.start] = row_sum(values(rows), 0)

    _over(like.shape[0], like.shape[1], work)
    total = np.zeros(like.shape[1], wide)
    for start in sorted(parts):
        total += parts[start]
    return row_sum(total.reshape(layout.groups, layout.inner), 1)

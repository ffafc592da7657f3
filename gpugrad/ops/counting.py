"""Counting elements by value or by interval.

Holds:     a GPU is waited for only where the number of results depends on the data (``bincount``).
Must not:  record anything: counts have no gradient.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..array import float32, float64, int64
from ..errors import ShapeError
from ..graph import TensorBase, new_tensor
from .results import named
from .scatter_kernels import scatter_add_rows
from .surface import public

__all__ = ["bincount", "histc", "histogram", "histogramdd"]


@public("torch method")
def bincount(input: Any, weights: Any = None, minlength: int = 0) -> Any:
    """How often each of 0, 1, ... occurs, or what the ``weights`` of its occurrences add up to.

    Shape:   input (n) -> (max(largest + 1, minlength)); a GPU is waited for
    Dtype:   int64; with weights float32 for float32, else float64
    Raises:  RuntimeError for negative numbers
    """
    x, xp = input.array, input.kind.xp
    if input.kind.dtype.category != 1:
        raise NotImplementedError(
            f"\"bincount_cpu\" not implemented for '{input.kind.dtype.name.title()}'"
        )
    if x.ndim != 1 or (x.size and x.min() < 0):
        raise RuntimeError("bincount only supports 1-d non-negative integral inputs.")
    if minlength < 0:
        raise RuntimeError("minlength should be >= 0")
    if weights is None:
        counts = xp.bincount(x, None, minlength)
        return new_tensor(counts.astype(np.int64, copy=False), input.kind.with_dtype(int64))
    if weights.shape != input.shape:
        raise ShapeError("weights should be 1-d and have the same length as input")
    kind = input.kind.with_dtype(float32 if weights.kind.dtype is float32 else float64)
    sums = xp.bincount(x, weights.array.astype(np.float64), minlength)
    return new_tensor(sums.astype(kind.numpy, copy=False), kind)


# ------------------------------------------------------------------------------------- histograms
@public("torch method out")
def histc(input: Any, bins: int = 100, min: float = 0, max: float = 0) -> Any:
    """How many elements lie in each of ``bins`` equal intervals from ``min`` to ``max``.

    Both 0 mean the range of the data. The last interval includes its end; what lies outside, and
    NaN, is not counted.

    Shape:   (*) -> (bins), of the dtype of input
    """
    _check_floating("histogram_cpu", input)
    if bins < 1:
        raise RuntimeError(f"torch.histogram(): bins must be > 0, but got {bins} for dimension 0")
    if min > max:
        raise RuntimeError("torch.histc: max must be larger than min")
    x, xp = input.array.reshape(-1), input.kind.xp
    low, high = _ends(xp, x, None if min == max == 0 else (min, max), 1.0, "torch.histc:")
    place = _even_places(xp, x, low, high, bins)
    return _counts(input, [(place, bins)], None)


_histogram_result = named("histogram", "hist bin_edges")
_histogramdd_result = named("histogramdd", "hist bin_edges")


@public("torch method out")
def histogram(input: Any, bins: Any = 100, *, range: Any = None, weight: Any = None,
              density: bool = False) -> Any:  # fmt: skip
    """How many elements (or what ``weight``) lie between each two edges: ``(hist, bin_edges)``.

    ``bins`` is a number of equal intervals over ``range`` (of the data, if none is given), or a
    vector of edges. With ``density`` the histogram integrates to 1.

    Shape:   (*) -> (bins), (bins + 1)
    """
    _check_floating("histogramdd", input)
    points = input.array.reshape(-1, 1)
    hist, edges = _histogram(input, points, [bins], range, weight, density)
    return _histogram_result((hist, edges[0]))


@public("torch")
def histogramdd(input: Any, bins: Any, range: Any = None, weight: Any = None,
                density: bool = False) -> Any:  # fmt: skip
    """``histogram`` of points in several dimensions: ``(hist, bin_edges)``, one vector of edges
    per dimension.

    Shape:   (..., D) -> (bins_1, ..., bins_D), D times (bins_i + 1)
    """
    _check_floating("histogramdd", input)
    points = input.array.reshape(-1, input.shape[-1])
    each = [bins] * points.shape[1] if isinstance(bins, int) else list(bins)
    if len(each) != points.shape[1]:
        raise ShapeError(
            f"torch.histogramdd: Expected {points.shape[1]} sequences of bin edges but got "
            f"{len(each)}"
        )
    return _histogramdd_result(_histogram(input, points, each, range, weight, density))


def _check_floating(name: str, input: Any) -> None:
    if not input.kind.is_floating_point:
        raise NotImplementedError(f"\"{name}\" not implemented for '{input.kind.dtype.name}'")


def _histogram(input: Any, points: Any, bins: Sequence[Any], span: Any, weight: Any,
               density: bool) -> tuple[Any, tuple[Any, ...]]:  # fmt: skip
    if weight is not None and weight.shape.numel() != points.shape[0]:
        raise ShapeError(
            "torch.histogramdd: if weight tensor is provided it should have the same shape as the "
            f"input tensor excluding its innermost dimension, but got {points.shape[0]} points "
            f"and weight with shape {list(weight.shape)}"
        )
    xp, places, edges = input.kind.xp, [], []
    for d, each in enumerate(bins):
        x = points[:, d]
        if isinstance(each, TensorBase):
            edge, place = each.array, xp.searchsorted(each.array, x, "right") - 1
        else:
            if each < 1:
                raise RuntimeError(
                    f"torch.histogram(): bins must be > 0, but got {each} for dimension {d}"
                )
            ends = None if span is None else span[2 * d : 2 * d + 2]
            low, high = _ends(xp, x, ends, 0.5, f"torch.histogramdd: dimension {d}'s")
            edge = _even_edges(xp, low, high, each, x.dtype)
            place = _settled(xp, x, edge, _even_places(xp, x, low, high, each))
        count = edge.size - 1
        place = xp.where(x == edge[-1], count - 1, place)
        places.append((xp.where((x < edge[0]) | (x > edge[-1]) | (x != x), -1, place), count))
        edges.append(edge)
    hist = _counts(input, places, weight)
    if density:
        hist = _as_density(xp, hist, edges)
    return hist, tuple([new_tensor(edge, input.kind) for edge in edges])


def _ends(xp: Any, x: Any, ends: Any, room: float, name: str) -> tuple[Any, Any]:
    """The given ends, or those of the data (on its device); ``room`` around a single value."""
    if ends is None:
        low, high = (x.min(), x.max()) if x.size else (x.dtype.type(0), x.dtype.type(1))
    else:
        low, high = (xp.asarray(float(end), x.dtype) for end in ends)
    if xp is np and not (math.isfinite(low) and math.isfinite(high)):
        raise RuntimeError(f"{name} range of [{float(low)}, {float(high)}] is not finite")
    single = low == high
    return xp.where(single, low - room, low), xp.where(single, high + room, high)


def _even_places(xp: Any, x: Any, low: Any, high: Any, bins: int) -> Any:
    """In which of equal intervals elements lie; -1 for those in none."""
    inside = (x >= low) & (x <= high)
    place = xp.where(inside, (x - low) / (high - low) * bins, -1).astype(np.int64)
    return xp.minimum(place, bins - 1)


def _even_edges(xp: Any, low: Any, high: Any, bins: int, dtype: Any) -> Any:
    """``linspace``, from both ends to the middle."""
    i, step = xp.arange(bins + 1), (high - low) / bins
    return xp.where(i < (bins + 1) / 2, low + step * i, high - step * (bins - i)).astype(dtype)


def _settled(xp: Any, x: Any, edge: Any, place: Any) -> Any:
    """Moves by one where rounding has put an element on the wrong side of an edge."""
    at = xp.maximum(place, 0)
    at = at - (x < edge[at])
    at = at + (x >= edge[xp.minimum(at + 1, edge.size - 1)])
    return xp.clip(at, 0, edge.size - 2)


def _counts(input: Any, places: Sequence[tuple[Any, int]], weight: Any) -> Any:
    """How often each place occurs, as a tensor of the dtype of ``input``."""
    xp, shape = input.kind.xp, [count for _, count in places]
    flat, outside = places[0][0], places[0][0] < 0
    for place, count in places[1:]:
        flat = flat * count + place
        outside = outside | (place < 0)
    total = math.prod(shape)
    flat = xp.where(outside, total, flat)
    if xp is np:
        given = None if weight is None else weight.array.reshape(-1).astype(np.float64)
        sums = np.bincount(flat, given, total + 1)
    else:
        given = xp.ones(flat.size, np.float64) if weight is None else weight.array.reshape(-1)
        sums = scatter_add_rows(xp.zeros(total + 1, np.float64), flat, given.astype(np.float64))
    return new_tensor(sums[:total].astype(input.kind.numpy).reshape(shape), input.kind)


def _as_density(xp: Any, hist: Any, edges: Sequence[Any]) -> Any:
    values = hist.array / hist.array.sum()
    for d, edge in enumerate(edges):
        along = [1] * values.ndim
        along[d] = -1
        values = values / xp.diff(edge).reshape(along)
    return new_tensor(values, hist.kind)

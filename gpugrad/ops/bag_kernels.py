"""Sums, means and maxima of bags of rows of a table, as raw arrays.

A bag is a run of row numbers: ``ends[i] .. ends[i + 1] - 1``. Numbers after the last end are in no
bag.

Holds:     on the CPU the rows are never all in memory, if SciPy is there; empty bags give zeros.
Must not:  wait for a GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .broadcast import wide_dtype
from .scatter_kernels import combine_at, scatter_add_rows, sums_of_rows

__all__ = ["bag_maxima", "bag_sums", "shares"]


def shares(xp: Any, index: Any, ends: Any, padding: Any, mean: bool) -> tuple[Any, Any]:
    """For each number its bag, or 0, and the factor it counts with there, or 0."""
    bags = ends.size - 1
    if xp is np:
        bag = np.full(index.size, bags)
        bag[: ends[-1]] = np.repeat(np.arange(bags), np.diff(ends))
    else:
        bag = xp.searchsorted(ends, xp.arange(index.size), side="right") - 1
    counts = bag < bags
    if padding is not None:
        counts &= index != padding
    bag = xp.where(counts, bag, 0)
    if not mean:
        return bag, counts.astype("float32")
    number = xp.diff(ends)
    if padding is not None:
        number = xp.zeros(max(bags, 1), np.int64)
        combine_at(number, bag, counts.astype(np.int64), "add")
    return bag, counts / xp.maximum(number, 1).take(bag) if bags else counts


def bag_sums(xp: Any, table: Any, index: Any, ends: Any, samples: Any, padding: Any, mean: bool
             ) -> Any:
    """Sums or means of bags, each row times its sample's weight, if there are any."""
    wide = wide_dtype(table) or table.dtype
    if padding is None and not mean and wide == table.dtype:
        factor = xp.ones(index.size, wide) if samples is None else samples
        out = sums_of_rows(table, index, ends, factor)
        if out is not None:
            return out
    bag, factor = shares(xp, index, ends, padding, mean)
    factor = factor.astype(wide, copy=False)
    if samples is not None:
        factor = factor * samples.astype(wide, copy=False)
    out = sums_of_rows(table, index, ends, factor) if wide == table.dtype else None
    if out is not None:
        return out
    out = xp.zeros((ends.size - 1, table.shape[1]), wide)
    rows = table.take(index, 0).astype(wide, copy=False)
    if out.size:
        scatter_add_rows(out, bag, rows * factor[:, None])
    return out.astype(table.dtype)


# ----------------------------------------------------------------------------------------- maxima
def bag_maxima(xp: Any, table: Any, index: Any, ends: Any, padding: Any) -> tuple[Any, Any]:
    """The largest elements of bags and the numbers of their rows; 0 and -1 in empty bags."""
    if xp is np:
        return _maxima_in_rounds(table, index, ends, padding)
    bags, width, none = ends.size - 1, table.shape[1], index.size
    bag, factor = shares(xp, index, ends, padding, False)
    bag = xp.where(factor == 0, bags, bag)  # one bag more, for what counts nowhere
    rows = table.take(index, 0).reshape(-1)
    place = (bag[:, None] * width + xp.arange(width)).reshape(-1)
    top = xp.full((bags + 1) * width, -np.inf, rows.dtype)
    combine_at(top, place, rows, "maximum")
    first = xp.full(top.size, none, np.int64)
    numbers = xp.repeat(xp.arange(none), width)
    combine_at(first, place, xp.where(rows == top[place], numbers, none), "minimum")
    first = first[: bags * width].reshape(bags, width)
    at = xp.append(index.astype(np.int64), xp.asarray([-1]))[first]
    return xp.where(at < 0, 0, top[: bags * width].reshape(bags, width)).astype(table.dtype), at


def _maxima_in_rounds(table: Any, index: Any, ends: Any, padding: Any) -> tuple[Any, Any]:
    """The k-th rows of all bags at once, in the k-th round; long bags come first."""
    index = index[ends[0] if ends.size else 0 : ends[-1] if ends.size else 0]
    if padding is not None:
        kept = np.concatenate([[0], np.cumsum(index != padding)])
        index, ends = index[index != padding], kept[ends - ends[0]]
    lengths = np.diff(ends)
    order = lengths.argsort(kind="stable")[::-1]
    starts, lengths = ends[order], lengths[order]
    top = np.zeros((lengths.size, table.shape[1]), table.dtype)
    at = np.full(top.shape, -1, np.int64)
    for k in range(int(lengths[0]) if lengths.size else 0):
        here = int(np.count_nonzero(lengths > k))
        numbers = index[starts[:here] + k]
        rows = table.take(numbers, 0)
        better = (rows > top[:here]) | (at[:here] < 0)
        top[:here] = np.where(better, rows, top[:here])
        at[:here] = np.where(better, numbers[:, None], at[:here])
    value, places = np.empty_like(top), np.empty_like(at)
    value[order], places[order] = top, at
    return value, places

"""Reading, writing and combining raw arrays along a dimension at the places an index names.

An index has an entry for every element, or is a vector that was broadcast (``index[:, None]
.expand_as(source)``): then whole entries of the dimension are handled at once. On the CPU positions
in memory are made block by block, so that they stay in cache.

Holds:     indices count modulo the size of the dimension, so that every position exists; the index
           may be smaller than the array in the other dimensions.
Must not:  know tensors or graphs, or wait for a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from ..array import module_of
from .along_cuda import add_on_cuda, can_add, gather_on_cuda, same_but_along
from .broadcast import wide_dtype
from .scatter_kernels import combine_at, combine_rows, outside, scatter_add_rows

__all__ = ["combine_along", "count_along", "gather_along", "write_along"]

_BLOCK = 1 << 15
_WIDE = 8  # elements of an entry from which it is worth being moved to the front


def gather_along(x: Any, dim: int, index: Any) -> Any:
    """``x[.., index[.., i, ..], ..]`` along ``dim``."""
    x = x if x.ndim else x.reshape(1)
    if same_but_along(x, dim, index):
        return gather_on_cuda(x, dim, index)
    index = _inside(index, x.shape[dim])
    vector = _vector(index, dim, x.shape)
    if vector is not None:
        return x.take(vector, dim)
    if not x.flags.c_contiguous and index.shape != x.shape:
        seen = x[tuple([slice(None if i == dim else n) for i, n in enumerate(index.shape)])]
        return module_of(x).take_along_axis(seen, index, dim)
    flat = x.reshape(-1)
    if not isinstance(x, np.ndarray):
        return flat.take(next(_pieces(x.shape, dim, index))[1])
    out = np.empty(index.shape, x.dtype)
    for part, where in _pieces(x.shape, dim, index):
        flat.take(where, out=out[part], mode="clip")  # "raise" would go through a buffer
    return out


def write_along(out: Any, dim: int, index: Any, source: Any) -> None:
    """``out[.., index[.., i, ..], ..] = source[.., i, ..]`` along ``dim``; or one number."""
    wide = out if out.ndim else out.reshape(1)
    index = _inside(index, wide.shape[dim])
    vector = _vector(index, dim, wide.shape)
    if vector is not None:
        wide[(*[slice(None)] * dim, vector)] = source
        return
    flat = _flat(wide)
    for part, where in _pieces(wide.shape, dim, index):
        flat[where] = source[part] if getattr(source, "ndim", 0) else source
    _copied_back(wide, flat)


def combine_along(out: Any, dim: int, index: Any, source: Any, how: str) -> Any:
    """``out`` at ``index`` combined with ``source``, in place; returns ``out``.

    Shape:   index and source the same, no larger than out but along ``dim``
    how      "add", "multiply", "maximum" or "minimum"
    """
    table = out if out.ndim else out.reshape(1)
    if how == "add" and same_but_along(table, dim, index) and can_add(table, source):
        add_on_cuda(table, dim, index, source)
        return out
    index = _inside(index, table.shape[dim])
    vector = _vector(index, dim, table.shape)
    if vector is not None and (not dim or prod(table.shape[dim + 1 :]) >= _WIDE):
        xp = module_of(out)
        entries = table, vector, source
        if dim:
            entries = xp.moveaxis(table, dim, 0), vector, xp.moveaxis(source, dim, 0)
        scatter_add_rows(*entries) if how == "add" else combine_rows(*entries, how)
        return out
    flat = _flat(table)
    narrow = wide_dtype(flat) == "float32"  # halves are rounded once, after all blocks
    summed = flat.astype("float32") if narrow else flat
    for part, where in _pieces(table.shape, dim, index):
        values = source[part].reshape(-1).astype(summed.dtype, copy=False)
        if isinstance(out, np.ndarray):
            getattr(np, how).at(summed, where.reshape(-1), values)
        else:
            combine_at(summed, where.reshape(-1), values, how)
    if narrow:
        flat[...] = summed
    _copied_back(table, flat)
    return out


def count_along(shape: Any, dim: int, index: Any, dtype: Any = np.int64) -> Any:
    """How often ``index`` names each place of ``shape``."""
    xp = module_of(index)
    count = xp.zeros(shape or (1,), dtype)
    if xp is np:
        for _, where in _pieces(count.shape, dim, _inside(index, count.shape[dim])):
            np.add.at(count.reshape(-1), where.reshape(-1), count.dtype.type(1))
    else:
        combine_along(count, dim, index, xp.broadcast_to(xp.ones((), dtype), index.shape), "add")
    return count.reshape(shape)


# ------------------------------------------------------------------------------------------ places
def _inside(index: Any, size: int) -> Any:
    """The index modulo ``size``; on the CPU only if that changes anything."""
    if isinstance(index, np.ndarray) and outside(index, size) is None:
        return index
    return index % max(size, 1)


def _vector(index: Any, dim: int, shape: Any) -> Any:
    """The vector that was broadcast to ``index``, where it reaches all of ``shape``; or None."""
    if index.ndim == 1:
        return index
    for d, n in enumerate(index.shape):
        if d != dim and (n != shape[d] or (index.strides[d] and n > 1) or not n):
            return None
    return index[tuple([slice(None) if d == dim else 0 for d in range(index.ndim)])]


def _pieces(shape: Any, dim: int, index: Any) -> Iterator[tuple[Any, Any]]:
    """Parts of an index, by its first dimension, and their positions in a flat array of ``shape``.

    On a GPU there is one part.
    """
    xp = module_of(index)
    steps = [prod(shape[d + 1 :]) for d in range(len(shape))]
    beside: Any = 0
    for d, n in enumerate(index.shape):
        if d not in (0, dim) and n > 1:
            along = [1] * len(shape)
            along[d] = n
            beside = beside + (xp.arange(n) * steps[d]).reshape(along)
    count, inner = index.shape[0], prod(index.shape[1:])
    block = max(1, _BLOCK // max(inner, 1)) if xp is np else max(count, 1)
    for start in range(0, count, block):
        part = slice(start, start + block)
        where = index[part]
        if steps[dim] != 1 or where.dtype != np.int64:
            where = where.astype(np.int64) * steps[dim]
        rest = beside
        if dim:
            rows = xp.arange(start, start + where.shape[0]) * steps[0]
            rest = rows.reshape([-1] + [1] * (len(shape) - 1)) + beside
        yield part, where if rest is beside and len(index.shape) == 1 else where + rest


def _flat(array: Any) -> Any:
    return array.reshape(-1)  # a copy if its elements do not lie in order


def _copied_back(array: Any, flat: Any) -> None:
    if not array.flags.c_contiguous:
        array[...] = flat.reshape(array.shape)

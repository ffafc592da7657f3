"""Combining rows of a raw array into a table at repeated indices; what is at positions of one.

Sums are the transpose of indexing; products and extremes belong to scatter_reduce. NumPy here,
kernels/scatter.cu on a GPU: one launch (three for half types, which are combined in float32 and
rounded once).

Holds:     the table is written in place; nothing is ever read or written out of bounds: the CPU
           raises IndexRangeError, a GPU, which would have to be waited for, skips the row.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

import sys
from functools import cache
from math import prod
from typing import Any

import numpy as np

from ..array import module_of
from ..errors import row_out_of_range
from .rows import CUDA_NAMES, row_kernel

__all__ = ["ATOMIC", "combine_at", "combine_rows", "outside", "scatter_add_rows"]

# What a dtype is summed in; a dtype that is not here is its own.
_SUMMED_IN = {"float16": "float32", "bfloat16": "float32", "bool": "int32", "uint8": "int32",
              "int8": "int32", "int16": "int32"}  # fmt: skip
ATOMIC = {"float32": "float", "float64": "double", "int32": "int",
           "int64": "unsigned long long"}  # fmt: skip


@cache
def _summed_in(dtype: Any) -> Any:
    return np.dtype(_SUMMED_IN.get(dtype.name, dtype))


def scatter_add_rows(out: Any, indices: Any, rows: Any) -> Any:
    """``out[indices[i]] += rows[i]`` for every i, one after the other; returns ``out``.

    Shape:   out (n, ...), indices any shape, rows indices.shape + (...)
    Source:  PyTorch's index_add and embedding_dense_backward
    """
    wide = _summed_in(out.dtype)
    on_cpu = isinstance(out, np.ndarray)
    table = out
    if out.dtype != wide or not out.flags.c_contiguous:
        table = module_of(out).array(out, wide, order="C")
    if indices.size and prod(out.shape[1:]):
        (_add_on_cpu if on_cpu else _add_on_cuda)(table, indices, rows)
    if table is not out:
        out[...] = table
    return out


def combine_at(flat: Any, positions: Any, values: Any, how: str) -> None:
    """``flat[positions[i]] = how(flat[positions[i]], values[i])`` for every i, in place.

    Shape:   flat (n), contiguous; positions, values (m)
    how      "add", "multiply", "maximum" or "minimum"; the extremes hand NaN on
    """
    if how == "add":
        scatter_add_rows(flat, positions, values)
        return
    wide = _summed_in(flat.dtype)
    table = flat if flat.dtype == wide else flat.astype(wide)
    if isinstance(flat, np.ndarray):
        getattr(np, how).at(table, positions, values.astype(wide, copy=False))
    elif positions.size:
        _combine_on_cuda(table, positions, values.astype(wide, copy=False), how)
    if table is not flat:
        flat[...] = table


def combine_rows(out: Any, indices: Any, rows: Any, how: str) -> None:
    """``out[indices[i]] = how(out[indices[i]], rows[i])`` for every i, in place, but not for sums.

    Shape:   out (n, ...), indices (m), rows (m, ...)
    """
    width = prod(out.shape[1:])
    if isinstance(out, np.ndarray) and indices.size and _combine_in_rounds(out, indices, rows, how):
        return
    xp = module_of(out)
    place = (indices[:, None].astype(np.int64) * width + xp.arange(width)).reshape(-1)
    flat = out.reshape(-1)
    combine_at(flat, place, rows.reshape(-1), how)
    if not out.flags.c_contiguous:
        out[...] = flat.reshape(out.shape)


def _combine_in_rounds(out: Any, indices: Any, rows: Any, how: str) -> bool:
    """Combines the k-th row of every index in the k-th round; False where that takes too long.

    1000 rows of 1000 floats take 0.6 ms so, 2.1 ms element by element.
    """
    order = indices.argsort(kind="stable")
    sorted_ = indices[order]
    starts = np.flatnonzero(np.concatenate([[True], sorted_[1:] != sorted_[:-1]]))
    repeats = np.diff(np.append(starts, indices.size))
    nth = np.arange(indices.size) - np.repeat(starts, repeats)
    sizes = np.bincount(nth)
    narrow = out.dtype.name in _SUMMED_IN and sizes.size > 1  # would be rounded in every round
    if narrow or sizes.size > rows.size >> 13:
        return False
    combine: Any = getattr(np, how)
    for chosen in np.split(order[nth.argsort(kind="stable")], np.cumsum(sizes)[:-1]):
        at = indices[chosen]
        out[at] = combine(out[at], rows[chosen])
    return True


def outside(index: Any, size: int) -> int | None:
    """An entry of an index array that is not in 0..size-1; a GPU is not asked."""
    if not isinstance(index, np.ndarray) or not index.size:
        return None
    if 0 in index.strides:  # a vector that was broadcast
        index = index[tuple([slice(None if step else 1) for step in index.strides])]
    unsigned = index.dtype == np.int64 and index.flags.c_contiguous
    if unsigned and index.view(np.uint64).max() < size:  # negative ones count as huge: one pass
        return None
    low, high = int(index.min()), int(index.max())
    return low if low < 0 else high if high >= size else None


# --------------------------------------------------------------------------------------- on a GPU
def _add_on_cuda(table: Any, indices: Any, rows: Any) -> None:
    xp = module_of(table)
    width = prod(table.shape[1:])
    if rows.dtype.name not in (*ATOMIC, "float16", "bfloat16"):
        rows = rows.astype(table.dtype)
    if indices.dtype.name not in ("int64", "int32", "uint8"):
        indices = indices.astype(np.int64)
    columns = 1 if width < 2 else 1 << min(8, (width - 1).bit_length())
    lines = 256 // columns
    kernel = row_kernel("scatter", "add_rows", ATOMIC[table.dtype.name],
                        CUDA_NAMES[rows.dtype.name], CUDA_NAMES[indices.dtype.name])
    kernel((min(1 << 20, -(-indices.size // lines)),), (columns, lines), (
        table, xp.ascontiguousarray(indices), xp.ascontiguousarray(rows), indices.size, width,
        table.shape[0],
    ))  # fmt: skip


def _combine_on_cuda(table: Any, positions: Any, values: Any, how: str) -> None:
    xp = module_of(table)
    kernel = row_kernel("scatter", "combine", f"gg::{how.title()}", CUDA_NAMES[table.dtype.name])
    kernel((min(1 << 20, -(-values.size // 256)),), (256,), (
        table, xp.ascontiguousarray(positions, np.int64), xp.ascontiguousarray(values),
        values.size, table.size,
    ))  # fmt: skip


# ------------------------------------------------------------------------------------- on the CPU
# Elements from which the import of scipy.sparse (0.1 s, once) is worth its while.
_WORTH_SPARSE = 1 << 15


def _add_on_cpu(table: Any, indices: Any, rows: Any) -> None:
    low = 0 if outside(indices, table.shape[0]) is None else _check_range(indices, table.shape[0])
    index = np.ascontiguousarray(indices, np.int64).reshape(-1)
    if low < 0:
        index = np.where(index < 0, index + table.shape[0], index)
    flat = table.reshape(-1)
    values = np.ascontiguousarray(rows, table.dtype).reshape(-1)
    width = values.size // index.size
    sums = width > 1 and table.dtype.kind == "f"  # np.add.at is the faster one for single numbers
    add = _sparse_product("csc_matvecs", values.size) if sums else None
    if add is not None:
        # table += S @ rows, where column i of S holds a single 1, in row index[i].
        ones = np.ones(index.size, table.dtype)
        add(table.shape[0], index.size, width, np.arange(index.size + 1), index, ones, values, flat)
        return
    if width > 1:
        index = (index[:, None] * width + np.arange(width)).reshape(-1)
    np.add.at(flat, index, values)


def _check_range(indices: Any, number: int) -> int:
    """The lowest index; IndexRangeError if one is outside ``-number .. number - 1``."""
    low, high = int(indices.min()), int(indices.max())
    if low < -number or high >= number:
        raise row_out_of_range(low if low < -number else high, number)
    return low


def sums_of_rows(table: Any, indices: Any, ends: Any, factors: Any) -> Any:
    """Row i: the sum of ``factors[k] * table[indices[k]]`` for k in ``ends[i] .. ends[i + 1] - 1``.

    None on a GPU, for few elements and where SciPy is missing.
    """
    number, width = ends.size - 1, table.shape[1]
    if not isinstance(table, np.ndarray) or not table.flags.c_contiguous or number < 1:
        return None
    add = _sparse_product("csr_matvecs", indices.size * width)
    if add is None:
        return None
    out = np.zeros((number, width), table.dtype)
    arrays = [a.astype(np.int64, copy=False) for a in (ends, indices)]
    add(number, table.shape[0], width, *arrays, factors, table.reshape(-1), out.reshape(-1))
    return out


def _sparse_product(name: str, size: int) -> Any:
    """SciPy's ``y += A @ x`` for a compressed A, or None if it should not or cannot be used.

    Adding 4096 rows of 256 floats takes 0.34 ms with it and 2.7 ms with ``np.add.at`` on a flat
    index (7.7 ms on rows); PyTorch takes 0.47. The functions are not public, so they may go away.
    """
    if size < _WORTH_SPARSE and "scipy.sparse" not in sys.modules:
        return None
    try:
        from scipy.sparse import _sparsetools
    except ImportError:
        return None
    return getattr(_sparsetools, name, None)

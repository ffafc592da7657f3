"""One launch of kernels/along.cu where an index has the table's sizes but along one dimension.

Holds:     nothing waits for the device; an index counts modulo the size of its dimension.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import module_of
from .rows import CUDA_NAMES, row_kernel, rows_along
from .scatter_kernels import ATOMIC

__all__ = ["add_on_cuda", "can_add", "gather_on_cuda", "same_but_along"]

_WORDS = {1: "unsigned char", 2: "unsigned short", 4: "unsigned int", 8: "unsigned long long"}
_THREADS, _MOST_BLOCKS = 256, 1 << 16


def same_but_along(table: Any, dim: int, index: Any) -> bool:
    """Whether ``index`` is on a GPU, of integers, and elsewhere of the sizes of ``table``."""
    if isinstance(index, np.ndarray) or index.dtype.name not in ("int64", "int32"):
        return False
    here, there = list(table.shape), list(index.shape)
    if len(here) != len(there) or not index.size or not here[dim]:
        return False
    here[dim] = there[dim] = 0
    return here == there


def can_add(table: Any, values: Any) -> bool:
    """Whether values are added as they are: floats of one dtype, which is wide enough."""
    wide = table.dtype.kind == "f" and table.dtype.name in ATOMIC
    return wide and values.dtype == table.dtype and bool(table.flags.c_contiguous)


def gather_on_cuda(x: Any, dim: int, index: Any) -> Any:
    """``x`` at ``index`` along ``dim``."""
    xp = module_of(x)
    out = xp.empty(index.shape, x.dtype)
    index = xp.ascontiguousarray(index)
    kernel = row_kernel("along", "gather", _WORDS[x.itemsize], CUDA_NAMES[index.dtype.name])
    _launch(kernel, (out, xp.ascontiguousarray(x), index), x, dim, index)
    return out


def add_on_cuda(table: Any, dim: int, index: Any, values: Any) -> None:
    """Adds ``values`` to the contiguous ``table`` at ``index`` along ``dim``."""
    xp = module_of(table)
    index, values = xp.ascontiguousarray(index), xp.ascontiguousarray(values)
    kernel = row_kernel("along", "add", ATOMIC[table.dtype.name], CUDA_NAMES[values.dtype.name],
                        CUDA_NAMES[index.dtype.name])  # fmt: skip
    _launch(kernel, (table, values, index), table, dim, index)


def _launch(kernel: Any, arrays: tuple[Any, ...], table: Any, dim: int, index: Any) -> None:
    rows = rows_along(table.shape, dim)
    blocks = min(_MOST_BLOCKS, -(-index.size // _THREADS))
    kernel((blocks,), (_THREADS,), (
        *arrays, index.size, rows.length, index.shape[dim] if index.ndim else 1, rows.inner
    ))  # fmt: skip

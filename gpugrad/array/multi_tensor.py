"""One launch over many CUDA arrays: packs their addresses into the argument of a kernel.

Holds:     the table is passed by value, so a launch copies nothing to the device; its layout is
           that of ``gg::Table`` in kernels/optimizer.cu.
Must not:  know what the kernels compute.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from .devices import cupy
from .raw_kernels import raw_kernel

__all__ = ["global_norm", "launch_over"]

_FILE = "optimizer"
_SPAN, _BLOCK = 1024, 256  # elements and threads of a block, as in kernels/optimizer.cu
_KERNELS = ("adam", "sgd", "scale", "clamp", "norm")
_ELEMENT = {"float32": "float", "float64": "double", "float16": "__half",
            "bfloat16": "__nv_bfloat16"}  # fmt: skip
_ARGUMENT_BYTES = 4096 - 160

Column = Sequence[Any] | None  # the arrays of one role, or None where the role is empty


def launch_over(kernel: str, columns: Sequence[Column], *constants: Any) -> None:
    """Runs ``<kernel>_<dtype>`` over arrays of one device and dtype.

    ``columns[role][i]`` are the arrays that belong together: same size, dense, same element order.
    """
    first = columns[0]
    if not first:
        return
    function = _kernel(kernel, first[0].dtype)
    with first[0].device:
        for blocks, table in _tables(columns):
            function((blocks,), (_BLOCK,), (table, *constants))


def global_norm(arrays: Sequence[Any], order: float, max_norm: float) -> Any:
    """``[norm of all elements, factor that brings it to max_norm]`` in float64 on the device.

    The arrays are dense and on one device; dtypes may differ. The host does not wait.
    """
    module = cupy()
    by_dtype: dict[Any, list[Any]] = {}
    for array in arrays:
        by_dtype.setdefault(array.dtype, []).append(array)
    with arrays[0].device:
        jobs = [
            (_kernel("norm", dtype), blocks, table)
            for dtype, same in by_dtype.items()
            for blocks, table in _tables([same])
        ]
        total = sum(blocks for _, blocks, _ in jobs)
        partial = module.empty(max(total, 1), np.float64)
        result = module.empty(2, np.float64)
        start = 0
        for function, blocks, table in jobs:
            function((blocks,), (_BLOCK,), (table, partial[start:], float(order)))
            start += blocks
        arguments = (partial, np.int64(total), float(order), float(max_norm), result)
        _kernel("finish_norm", np.dtype(np.float64))((1,), (_BLOCK,), arguments)
    return result


@cache
def _kernel(kernel: str, dtype: Any) -> Any:
    """The instance of ``gg::<kernel>`` for a dtype; those of one dtype are compiled together."""
    element = _ELEMENT[dtype.name]
    return raw_kernel(_FILE, f"gg::{kernel}<{element}>", _expressions(element))


@cache
def _expressions(element: str) -> tuple[str, ...]:
    finish = ("finish_norm",) if element == "double" else ()
    return tuple(f"gg::{kernel}<{element}>" for kernel in (*_KERNELS, *finish))


def _tables(columns: Sequence[Column]) -> Iterator[tuple[int, Any]]:
    """Tables of as many arrays as fit, each with its number of blocks; empty ones are left out."""
    layout, capacity = _layout(len(columns))
    first = columns[0] or ()
    for start in range(0, len(first), capacity):
        part = slice(start, start + capacity)
        count = len(first[part])
        table = np.zeros((), layout)
        address, sizes, begin = table["address"], table["size"], table["first"]
        for role, column in enumerate(columns):
            if column:
                address[role, :count] = [array.data.ptr for array in column[part]]
        sizes[:count] = [array.size for array in first[part]]
        np.cumsum((sizes[:count] + (_SPAN - 1)) // _SPAN, out=begin[1 : count + 1])
        table["count"] = count
        blocks = int(begin[count])
        if blocks:
            yield blocks, table


@cache
def _layout(roles: int) -> tuple[np.dtype[Any], int]:
    capacity = _ARGUMENT_BYTES // (8 * roles + 12)
    fields: list[Any] = [
        ("address", np.uint64, (roles, capacity)),
        ("size", np.int64, (capacity,)),
        ("first", np.uint32, (capacity + 1,)),
        ("count", np.uint32),
    ]
    return np.dtype(fields, align=True), capacity

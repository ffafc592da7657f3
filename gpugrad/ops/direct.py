"""Writes that no graph follows, straight into the array: no result is made and copied.

Holds:     a write that a graph follows is the out-of-place op's, by writes.write.
Must not:  write before the caller's checks have passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import TensorBase, is_traced, local, mutated
from .generic import quietly
from .writes import check_writable, is_tracked, write

__all__ = ["check_overlap", "written"]


def written(target: Any, function: Callable[..., Any], kernel: Callable[..., None], *args: Any,
            **settings: Any) -> Any:  # fmt: skip
    """``target`` after ``function(target, *args)`` was written into it.

    ``kernel(xp, array, *raw_args)`` does the same to a raw array, where no gradient flows.
    """
    for value in args:
        check_overlap(target, value)
    if is_tracked(target, *args):
        return write(target, lambda old: function(old, *args, **settings), *args)
    if is_traced(target):
        return target.replace_by(function(target.rebuilt(lambda part: part), *args, **settings))
    check_writable(target, False)
    quietly(local.mode, kernel, target.kind.xp, target.array,
            *[_raw(a, target) for a in args], **settings)  # fmt: skip
    mutated(target)
    return target


def check_overlap(target: Any, value: Any) -> None:
    """Refuses to write ``value`` into bytes that it is read from, as far as that is easy to see.

    Raises:  RuntimeError
    """
    if _shared(target, value) and value.shape and (value is target or _overlap(target, value)):
        raise RuntimeError(
            "unsupported operation: some elements of the input tensor and the written-to tensor "
            "refer to a single memory location. Please clone() the tensor before performing the "
            "operation."
        )


def _shared(target: Any, value: Any) -> bool:
    if not isinstance(value, TensorBase):
        return False
    return value is target or (value.storage is not None and value.storage is target.storage)


def _overlap(first: Any, second: Any) -> bool:
    if not _dense(first) or not _dense(second):
        return False
    a, b = (t.array.ctypes.data if isinstance(t.array, np.ndarray) else t.array.data.ptr
            for t in (first, second))  # fmt: skip
    return bool(a < b + second.array.nbytes and b < a + first.array.nbytes)


def _dense(tensor: Any) -> bool:
    array = tensor.array
    in_order = sorted(range(array.ndim), key=lambda d: -array.strides[d])
    return bool(array.size) and bool(array.transpose(in_order).flags.c_contiguous)


def _raw(value: Any, target: Any) -> Any:
    """The array of a tensor, copied if it shares a storage with ``target``, which is written."""
    if not isinstance(value, TensorBase):
        return value
    return value.array.copy() if _shared(target, value) else value.array

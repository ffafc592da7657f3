"""Writes that no graph follows, straight into the array: no result is made and copied.

Holds:     a write that a graph follows is the out-of-place op's, by writes.write.
Must not:  write before the caller's checks have passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph import TensorBase, local, mutated
from .generic import quietly
from .writes import check_writable, is_tracked, write

__all__ = ["written"]


def written(target: Any, function: Callable[..., Any], kernel: Callable[..., None], *args: Any,
            **settings: Any) -> Any:  # fmt: skip
    """``target`` after ``function(target, *args)`` was written into it.

    ``kernel(xp, array, *raw_args)`` does the same to a raw array, where no gradient flows.
    """
    if is_tracked(target, *args):
        return write(target, lambda old: function(old, *args, **settings), *args)
    check_writable(target, False)
    quietly(local.mode, kernel, target.kind.xp, target.array,
            *[_raw(a, target) for a in args], **settings)  # fmt: skip
    mutated(target)
    return target


def _raw(value: Any, target: Any) -> Any:
    """The array of a tensor, copied if it shares bytes with ``target``, which is being written."""
    if not isinstance(value, TensorBase):
        return value
    shared = value is target or (value.storage is not None and value.storage is target.storage)
    return value.array.copy() if shared else value.array

"""Copies of saved values, made when somebody is about to write over them.

Holds:     only inside ``allow_mutation_on_saved_tensors``; elsewhere such a write stands, and
           backward refuses the stale value.
Must not:  copy a value twice for two nodes that save it.
"""

from __future__ import annotations

from typing import Any

from .base import make_storage, new_tensor
from .live import live_nodes
from .modes import local
from .packing import Packed
from .saved import keep

__all__ = ["about_to_write", "replace_saved"]


def about_to_write(tensor: Any) -> None:
    """Called before the bytes of ``tensor`` change."""
    storage = tensor.storage
    if storage is None or not storage.saves or not local.mode.preserving:
        return
    copies: dict[Any, Any] = {}
    for node in live_nodes():
        replace_saved([node], storage, lambda array: _copied(array, storage, copies))


def _copied(array: Any, storage: Any, copies: dict[Any, Any]) -> Any:
    """A tensor with a copy of ``array``; equal views of the storage share one."""
    key = _address(array), array.shape, array.strides, array.dtype
    if key not in copies:
        copies[key] = new_tensor(array.copy(), storage.kind)
        make_storage(copies[key])
    return copies[key]


def _address(array: Any) -> Any:
    return array.ctypes.data if hasattr(array, "ctypes") else array.data.ptr


def replace_saved(nodes: Any, storage: Any, make: Any) -> None:
    """Makes ``nodes`` keep the tensor ``make(array)`` where they keep ``array`` of ``storage``."""
    for node in nodes:
        saved, count = node.saved, len(node.rule.slots)
        if not saved or isinstance(saved, Packed):
            continue
        pairs = list(zip(saved[0 : 2 * count : 2], saved[1 : 2 * count : 2], strict=True))
        if any(kept is storage for _, kept in pairs):
            slots = [
                make(array) if kept is storage else new_tensor(array, kept.kind, None, kept)
                for array, kept in pairs
            ]
            node.saved = keep(slots, saved[2 * count :])
            node.rule.release(saved)

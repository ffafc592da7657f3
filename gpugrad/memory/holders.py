"""Who else holds the bytes that a graph saves: what releasing the graph would really give back.

A storage goes with the graph if every reference to it, and to all arrays that look at its bytes,
is explained by the graph's saved slots and by the storage itself. So references are counted and
compared with those the slots explain: a live tensor, another graph or an array outside shows as
one too many.

Holds:     nothing is walked but the graph; the answer is exact for what Python can reference.
Must not:  keep a reference of its own across a count.
"""

from __future__ import annotations

from collections.abc import Iterable
from sys import getrefcount
from typing import Any

import numpy as np

from ..array import Storage
from ..graph import Node, saved_slots

__all__ = ["exclusive_storages"]

Counted = dict[int, list[Any]]
"""id of an object -> [the object, the references to it that are explained]."""


def exclusive_storages(nodes: Iterable[Node]) -> set[int]:
    """The ids of the storages that nothing but the saved slots of ``nodes`` holds."""
    blocks = _slots_of(nodes)
    for counted in blocks.values():
        _follow(counted)
    return {key for key, counted in blocks.items() if _all_explained(counted)}


def _slots_of(nodes: Iterable[Node]) -> dict[int, Counted]:
    """Per storage: itself and the arrays in slots, with one reference for each slot they are in."""
    blocks: dict[int, Counted] = {}
    for node in nodes:
        for _, array, storage in saved_slots(node):
            counted = blocks.setdefault(id(storage), {})
            _explain(counted, storage)
            _explain(counted, array)
    return blocks


def _follow(counted: Counted) -> None:
    """Adds what the objects found so far refer to: base arrays, on a GPU pointers and memory."""
    queue = [entry[0] for entry in counted.values()]
    while queue:
        queue += [target for target in _refers_to(queue.pop()) if _explain(counted, target)]


def _refers_to(holder: Any) -> list[Any]:
    """The objects below ``holder`` that keep the bytes alive."""
    if isinstance(holder, Storage):
        return [holder.array]
    if isinstance(holder, np.ndarray):
        return [] if holder.base is None else [holder.base]
    if hasattr(holder, "data") and hasattr(holder.data, "mem"):  # a CuPy array
        base = [] if holder.base is None else [holder.base]
        return [holder.data, *base]
    return [holder.mem] if hasattr(holder, "mem") else []  # CuPy's pointer into a block of memory


def _explain(counted: Counted, target: Any) -> bool:
    """Counts one explained reference; says whether ``target`` is met for the first time."""
    entry = counted.get(id(target))
    if entry is not None:
        entry[1] += 1
        return False
    counted[id(target)] = [target, 1]
    return True


def _all_explained(counted: Counted) -> bool:
    return all(n == 0 for n in _unexplained(counted))


def _unexplained(counted: Counted) -> list[int]:
    """The references to each object that no slot explains."""
    return [getrefcount(entry[0]) - _OWN - entry[1] for entry in counted.values()]


_OWN = 0
"""What ``_unexplained`` itself adds to a count, measured: it differs between Python versions."""
_OWN = _unexplained({0: [object(), 0]})[0]

"""Who else holds the bytes that a graph saves: what releasing the graph would really give back.

A storage goes with the graph if every reference to it, and to all arrays that look at its bytes,
is explained by the graph's saved slots and by each other. So references are counted and compared
with those that are explained: a live tensor, another graph or an array outside shows as one too
many, and keeps alive all that lies below it.

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


def exclusive_storages(nodes: Iterable[Node]) -> set[int]:
    """The ids of the storages that nothing but the saved slots of ``nodes`` holds."""
    holdings = Holdings()
    holdings.add_slots(nodes)
    holdings.follow()
    kept = holdings.kept_by_others()
    return {key for key in holdings.storages if not holdings.below(key) & kept}


class Holdings:
    """What saved slots hold, directly and through each other; objects go by their ids.

    explained  id -> [the object, how many references to it are explained]
    refers_to  id -> ids of what the object refers to
    storages   ids of the storages in slots
    """

    def __init__(self) -> None:
        self.explained: dict[int, list[Any]] = {}
        self.refers_to: dict[int, list[int]] = {}
        self.storages: list[int] = []

    def add_slots(self, nodes: Iterable[Node]) -> None:
        """A slot explains one reference to its storage and one to its array."""
        storages: dict[int, None] = {}
        for node in nodes:
            for _, array, storage in saved_slots(node):
                storages[id(storage)] = None
                self._explain(storage)
                self._explain(array)
        self.storages = list(storages)

    def follow(self) -> None:
        """Adds what the objects refer to: arrays, their bases, and on a GPU pointers and memory."""
        queue = [entry[0] for entry in self.explained.values()]
        while queue:
            holder = queue.pop()
            targets = _targets(holder)
            self.refers_to[id(holder)] = [id(target) for target in targets]
            queue += [target for target in targets if self._explain(target)]

    def _explain(self, target: Any) -> bool:
        """Counts one explained reference; says whether ``target`` is met for the first time."""
        entry = self.explained.setdefault(id(target), [target, 0])
        entry[1] += 1
        return bool(entry[1] == 1)

    def kept_by_others(self) -> set[int]:
        """What has references that nothing here explains, and all that lies below."""
        counts = zip(self.explained, _unexplained(self.explained), strict=True)
        kept: set[int] = set()
        for key, unexplained in counts:
            if unexplained and key not in kept:
                kept |= self.below(key)
        return kept

    def below(self, key: int) -> set[int]:
        """An object and what it keeps alive."""
        found, stack = {key}, [key]
        while stack:
            new = [target for target in self.refers_to[stack.pop()] if target not in found]
            found.update(new)
            stack += new
        return found


def _targets(holder: Any) -> list[Any]:
    """The objects that ``holder`` refers to and that keep bytes alive."""
    if isinstance(holder, Storage):
        return [holder.array]
    if isinstance(holder, np.ndarray):
        return [] if holder.base is None else [holder.base]
    if hasattr(holder, "data") and hasattr(holder.data, "mem"):  # a CuPy array
        base = [] if holder.base is None else [holder.base]
        return [holder.data, *base]
    return [holder.mem] if hasattr(holder, "mem") else []  # CuPy's pointer into a block of memory


def _unexplained(explained: dict[int, list[Any]]) -> list[int]:
    """The references to each object that nothing explains."""
    return [getrefcount(entry[0]) - _OWN - entry[1] for entry in explained.values()]


_OWN = 0
"""What ``_unexplained`` itself adds to a count, measured: it differs between Python versions."""
_OWN = _unexplained({0: [object(), 0]})[0]

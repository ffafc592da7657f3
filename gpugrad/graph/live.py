"""Finds what is alive: nodes, tensors, storages, everything a graph reaches; and lets a graph go.

Holds:     an op pays nothing for it: the answers come from the garbage collector's own list of
           objects, at the moment somebody asks. What ``release_graph`` releases is as a backward
           pass leaves it.
Must not:  keep what it finds, or recurse.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable
from typing import Any

from ..array import Storage
from .base import TensorBase, storage_of
from .node import Accumulator, Node, Release
from .packing import Holding, let_go

__all__ = ["live_holdings", "live_nodes", "live_storages", "live_tensors", "reachable",
           "release_graph", "root_nodes"]  # fmt: skip


def live_nodes() -> list[Node]:
    """Every recorded node that still exists."""
    return [n for n in _instances(Node) if _whole(n, "shape", "lasti")]


def live_holdings() -> list[Holding]:
    """Every structure whose tensors are kept like saved values."""
    return [h for h in _instances(Holding) if _whole(h, "held")]


def live_tensors() -> list[TensorBase]:
    """Every tensor that still exists."""
    return [t for t in _instances(TensorBase) if _whole(t, "node", "storage")]


def live_storages() -> list[Storage]:
    """The storages of all live tensors and of everything that live graphs save.

    A tensor that nobody shares, saves or writes has none of its own yet, and is given one.
    """
    found: dict[int, Storage] = {}
    for thing in _instances(TensorBase, Storage):
        if isinstance(thing, Storage) and _whole(thing, "writes"):
            found[id(thing)] = thing
        elif isinstance(thing, TensorBase) and _whole(thing, "node", "storage"):
            storage = storage_of(thing)
            found[id(storage)] = storage
    return list(found.values())


class _Choice(dict[type, bool]):
    """Type -> whether it is one of some classes; filled as types are met."""

    def __init__(self, classes: tuple[type, ...]) -> None:
        super().__init__()
        self.classes = classes

    def __missing__(self, kind: type) -> bool:
        chosen = self[kind] = issubclass(kind, self.classes)
        return chosen


def _instances(*classes: type) -> list[Any]:
    """The living instances of ``classes``; 2 ms where 50,000 objects live.

    ``type`` rather than ``isinstance``, which would wake proxies and lazy modules.
    """
    chosen = _Choice(classes)
    return [found for found in gc.get_objects() if chosen[type(found)]]


def _whole(thing: Any, *last: str) -> bool:
    """Whether ``thing`` has the attributes set last: another thread may be making it right now."""
    return all(hasattr(thing, name) for name in last)


def root_nodes(place: Any) -> list[Node]:
    """The nodes that ``place`` stands for: a tensor, a node, or several of them."""
    if isinstance(place, TensorBase):
        place = place.node
    if isinstance(place, Node):
        return [place]
    if place is None or isinstance(place, Accumulator):
        return []
    if isinstance(place, Iterable):
        return [node for part in place for node in root_nodes(part)]
    raise TypeError(f"expected a Tensor, a node or several, but got {type(place).__name__}")


def reachable(place: Any) -> list[Node]:
    """Every node that a backward pass from ``place`` could come to; leaves are not among them."""
    found = dict.fromkeys(root_nodes(place))
    stack = list(found)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge not in found and edge.__class__ is not Accumulator:
                found[edge] = None
                stack.append(edge)
    return list(found)


def release_graph(place: Any) -> int:
    """Releases the saved values of every node reachable from a tensor or node, without running it.

    Returns the bytes that no graph keeps any more: what ``memory.held()`` falls by. A backward
    through what was released raises GraphFreedError; tensors and gradients stay as they are.
    """
    release = Release("release_graph()")
    release.roots = tuple([node.seq for node in root_nodes(place)])
    nodes = reachable(place)
    release.note_leaves(_oldest_consumers(nodes))
    while nodes:
        node = nodes.pop()
        if saved := node.saved:
            node.saved = None
            node.freed = release
            node.edges = ()
            release.nbytes += let_go(node, saved)
    return release.nbytes


def _oldest_consumers(nodes: list[Node]) -> dict[Accumulator, int]:
    """For every leaf the nodes lead to, the number of the first node that used it."""
    oldest: dict[Accumulator, int] = {}
    for node in nodes:
        for edge in node.edges:
            if edge.__class__ is Accumulator:
                oldest[edge] = min(oldest.get(edge, node.seq), node.seq)
    return oldest

"""Says why a graph cannot be run backwards: which node, which line, who freed it, what to write.

NOTE [second backward] Nodes, backward passes and in-place writes are numbered by one sequence, so a
released node, the pass that released it and the root that reached it again can be put in order:

    the root is older than the release, and that pass began from it    "same": one loss, twice
    ... and that pass began elsewhere                                   "shared": two losses
    the root is younger, and the lines that made the released part
    have run again since                                                "carried": across steps
    ... have not, and only data lies below them                         "data": made before the loop
    ... have not, and the same call released it                         "stale": computed only once
    ... have not, and another call released it                          "reused": two losses again

Holds:     works from what nodes noted anyway; nothing is kept for its sake. An explanation that
           fails must not hide the error: whatever cannot be found is left out.
Must not:  run unless an error is about to be raised, or hold tensors afterwards.
"""

from __future__ import annotations

import sys
from collections import defaultdict, deque
from collections.abc import Sequence
from contextlib import suppress
from types import FrameType
from typing import Any

from ..errors import GraphFreedError, graph_freed
from .base import TensorBase, tensor_class
from .live import reachable
from .names import Named, named_tensors
from .node import Node, Port, Release
from .where import user_frame

__all__ = ["second_backward"]


def second_backward(node: Node, roots: Sequence[TensorBase]) -> GraphFreedError:
    """The error for reaching ``node``, whose saved values are gone, from ``roots``."""
    error = GraphFreedError()
    error.node, error.where = node.name(), str(node.where)
    error.module, error.step = node.scope.module, node.scope.step
    error.note = getattr(node.rule, "freed_note", "")
    release = node.freed
    if release is not None:
        error.freed_by, error.freed_where = release.call, str(release.where)
        error.freed_step, error.freed_bytes = release.step, release.nbytes
        with suppress(Exception):  # whatever the search may stumble over, the error itself stands
            _explain(error, Trail(node, release, roots), sys._getframe(1))
    return graph_freed(error)


def _explain(error: GraphFreedError, trail: Trail, frame: FrameType) -> None:
    """Fills in how the node was reached again, and what that amounts to."""
    names = list(named_tensors(frame))
    root = trail.root.node
    error.situation = trail.situation(user_frame(frame))
    error.root = next((n.name for n in names if n.tensor is trail.root), "")
    error.root_where, error.root_step = str(root.where), root.scope.step
    error.first_root = _name_of_first_root(names, trail)
    found = trail.variable(names, error.situation == "carried")
    if found is not None:
        error.variable, error.variable_where = _display(found), str(found.tensor.node.where)
        error.owner, error.holder = _owner(found)
        error.variable_is_tuple = found.container == "tuple"
    if error.situation == "data":
        leaves = trail.data_leaves()
        by_leaf = {id(n.tensor): n.name for n in reversed(names)}
        error.leaves = [by_leaf[id(leaf)] for leaf in leaves if id(leaf) in by_leaf]
    if error.situation == "carried" and found is not None:
        error.initialiser = _initialiser(found)


class Trail:
    """What lies between a root and the released node it reached.

    distance   every node that leads to the released one, with the number of edges between
    crossing   nodes from before the release that nodes from after it use
    repeated   whether a line that made the released part has run again since
    """

    def __init__(self, node: Node, release: Release, roots: Sequence[TensorBase]) -> None:
        self.node = node
        self.release = release
        for root in roots:
            self.root = root
            nodes = reachable(root)
            if node in nodes:
                break
        consumers: dict[Node, list[Node]] = defaultdict(list)
        for consumer in nodes:
            for edge in consumer.edges:
                consumers[edge].append(consumer)
        self.distance = _distances(node, consumers)
        self.crossing = [
            n for n in self.distance
            if n.seq < release.seq and any(c.seq > release.seq for c in consumers[n])
        ]  # fmt: skip
        since = {_place(n) for n in nodes if n.seq > release.seq}
        self.repeated = any(_place(n) in since for n in [node, *self.crossing] if n.code)

    def situation(self, caller: Any) -> str:
        """Which row of NOTE [second backward] this is; ``caller`` is the user's frame."""
        release, root = self.release, self.root.node
        if release.call == "release_graph()":
            return "released"
        if root.seq < release.seq:
            return "same" if root.seq in release.roots else "shared"
        if self.repeated:
            return "carried"
        same_call = release.code is caller.f_code and release.lasti == caller.f_lasti
        if (same_call or release.step < root.scope.step) and self.only_data():
            return "data"
        return "stale" if same_call else "reused"

    def only_data(self) -> bool:
        """Whether every leaf that may lie below the released node looks like data.

        That is: a plain tensor rather than a Parameter, and never written to, as weights are.
        """
        return all(
            type(leaf) is tensor_class() and (leaf.storage is None or not leaf.storage.version)
            for leaf in self.data_leaves()
        )

    def data_leaves(self) -> list[TensorBase]:
        """The leaves below the released node that still exist."""
        found = [leaf() for leaf in self.release.below(self.node)]
        return [leaf for leaf in found if leaf is not None]

    def variable(self, names: list[Named], carried: bool) -> Named | None:
        """The variable through which the released node was reached, or None.

        One whose own node is from before the release, as near to the released node as there is;
        but what is carried across steps has usually been assigned anew, by the same operation.
        """
        twins = {_kind(n) for n in self.crossing} if carried else set()
        far = len(self.distance)

        def rank(named: Named) -> tuple[bool, bool, bool, int]:
            node = named.tensor.node
            survivor = node.seq < self.release.seq or _kind(node) in twins
            entry, root = named.container in ("list", "dict"), node is self.root.node
            worse, bad = (entry, root) if carried else (root, entry)
            return not survivor, worse, bad, self.distance.get(node, far)

        made = [n for n in names if isinstance(n.tensor.node, Node)]
        on_the_way = [
            n for n in made if n.tensor.node in self.distance or _kind(n.tensor.node) in twins
        ]
        return min(on_the_way, key=rank, default=None)


def _distances(node: Node, consumers: dict[Node, list[Node]]) -> dict[Node, int]:
    """Breadth first from ``node`` up to the root."""
    distance = {node: 0}
    queue = deque([node])
    while queue:
        below = queue.popleft()
        for consumer in consumers[below]:
            if consumer not in distance:
                distance[consumer] = distance[below] + 1
                queue.append(consumer)
    return distance


def _place(node: Node) -> tuple[Any, int]:
    """The instruction that recorded ``node``."""
    return node.code, node.lasti


def _kind(node: Node) -> tuple[Any, ...]:
    """The same for what one instruction records each time it runs: op, shape, place of output."""
    output = node.context[0] if node.rule is Port else 0
    return *_place(node), node.rule.name, node.shape, output


# ------------------------------------------------------------------------------------------ names
def _name_of_first_root(names: list[Named], trail: Trail) -> str:
    """What the program calls the tensor that the releasing pass began from."""
    first = [
        n.name for n in names
        if isinstance(n.tensor.node, Node) and n.tensor.node.seq in trail.release.roots
        and n.tensor is not trail.root
    ]  # fmt: skip
    return first[0] if first else ""


def _display(named: Named) -> str:
    """The name as the code that made the tensor spells it: ``self.hidden`` inside the class."""
    return f"self.{named.attribute}" if _made_inside(named) else named.name


def _made_inside(named: Named) -> bool:
    """Whether a method of the object that has the tensor as attribute recorded it."""
    code = named.tensor.node.code
    if named.owner is None or code is None or named.container in ("list", "dict"):
        return False
    inside = code.co_qualname.rpartition(".")[0]
    return any(cls.__qualname__ == inside for cls in named.owner.__mro__)


def _owner(named: Named) -> tuple[str, str]:
    """Class of the object and what the caller calls the attribute, where that says more."""
    if named.owner is None or not _made_inside(named):
        return "", ""
    return named.owner.__name__, "" if named.name.startswith("self.") else named.name


def _initialiser(named: Named) -> str:
    """The call that makes a fresh value: ``self.init_hidden()``, if the class has such a method."""
    method = f"init_{named.attribute}"
    if not named.attribute or not callable(getattr(named.owner, method, None)):
        return ""
    return f"{_display(named).rpartition('.')[0]}.{method}()"

"""All graphs that are alive, whoever keeps them.

Holds:     every live node belongs to a graph that is listed. Graphs that share nodes are listed
           each, with what they share in both.
Must not:  keep a graph alive: a summary knows its root weakly.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from weakref import ref

from ..errors import format_bytes
from ..graph import Node, Port, live_nodes, reachable, release_graph, saved_slots, step_number
from .report import GraphReport, graph
from .tables import place, row

__all__ = ["GraphSummary", "GraphTable", "graphs"]

_WIDTHS = (10, 8, 8, 66)


@dataclass(frozen=True, slots=True)
class GraphSummary:
    """One live graph.

    name, where, module, step   the root node and the line that recorded it
    age                         steps that have ended since
    nodes, nbytes               how many nodes it has, and the bytes of the storages they save
    """

    name: str
    where: str
    module: str
    step: int
    age: int
    nodes: int
    nbytes: int
    _root: ref[Node] = field(repr=False)

    @property
    def node(self) -> Node | None:
        """The root node, or None once the graph is gone."""
        return self._root()

    def report(self) -> GraphReport:
        """What the graph keeps now, in detail."""
        return graph(self.node)

    def release(self) -> int:
        """Releases the graph; returns the bytes that no graph keeps any more."""
        return release_graph(self.node)

    def __str__(self) -> str:
        line = f"{self.where} ({self.module})" if self.module else self.where
        age = "now" if not self.age else f"{self.age} old"
        root = f"{self.name}, {place(line, _WIDTHS[-1] - len(self.name) - 2)}"
        return row(_WIDTHS, format_bytes(self.nbytes), str(self.nodes), age, root)


class GraphTable(list[GraphSummary]):
    """A list of graphs that prints as a table."""

    def __str__(self) -> str:
        if not self:
            return "no live graphs"
        head = row(_WIDTHS, "bytes", "nodes", "steps", "root")
        return "\n".join([f"{len(self)} live graphs", head, *map(str, self)])


def graphs() -> GraphTable:
    """Every live graph, the one that keeps most first, of equal ones the oldest.

    A graph is what one root reaches: a live node that no other live node points to. The outputs of
    one many-output node are one root.
    """
    nodes = live_nodes()
    pointed_at = {edge for node in nodes for edge in node.edges}
    roots = dict.fromkeys(_without_port(node) for node in nodes if node not in pointed_at)
    del nodes, pointed_at
    found = GraphTable(map(_summary, roots))
    found.sort(key=lambda g: (-g.nbytes, -g.nodes, g.step))
    return found


def _without_port(node: Node) -> Node:
    """The many-output node that ``node`` is one output of, or ``node``."""
    return node.edges[0] if node.rule is Port else node


def _summary(root: Node) -> GraphSummary:
    below = reachable(root)
    storages: dict[int, Any] = {id(s): s for node in below for _, _, s in saved_slots(node)}
    return GraphSummary(
        name=root.name(), where=str(root.where), module=root.scope.module, step=root.scope.step,
        age=step_number() - root.scope.step, nodes=len(below),
        nbytes=sum(s.nbytes for s in storages.values()), _root=ref(root),
    )  # fmt: skip

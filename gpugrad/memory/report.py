"""What one graph keeps, node by node and line by line; and which graphs there are.

Holds:     three numbers, on each device: *naive* bytes count every saved slot, *unique* bytes every
           storage once, *exclusive* bytes only the storages that the allocator would really get
           back if the graph were released now (a root that is still alive keeps its own). A small
           view keeps its whole storage, so unique bytes may exceed naive ones.
Must not:  keep arrays, storages or tensors: a report is text and numbers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import Any

from ..errors import format_bytes
from ..graph import Node, Packed, reachable, saved_slots
from .holders import exclusive_storages
from .tables import clip, place, row, times

__all__ = ["Bytes", "GraphReport", "NodeReport", "Slot", "graph"]

_LINES = 20  # rows of a printed report


@dataclass(frozen=True, slots=True)
class Slot:
    """One value that a node keeps: ``storage`` tells which slots look at the same bytes."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    device: str
    nbytes: int
    storage: int
    storage_bytes: int


@dataclass(frozen=True, slots=True)
class NodeReport:
    """One recorded operation: what it is, where the program asked for it, what it keeps."""

    name: str
    where: str
    module: str
    step: int
    seq: int
    saved: tuple[Slot, ...]
    freed: str
    avoided: int

    @property
    def nbytes(self) -> int:
        """Bytes of its slots, as if each had its own."""
        return sum(slot.nbytes for slot in self.saved)


@dataclass(slots=True)
class Bytes:
    """The three numbers, and the sizes of the exclusive storages one by one."""

    naive: int = 0
    unique: int = 0
    exclusive: int = 0
    exclusive_blocks: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class GraphReport:
    """What the graph below a tensor keeps; prints as a table of its source lines.

    nodes        every node, oldest first
    devices      the three numbers per device
    exclusive    ids of the storages that nothing else holds
    """

    nodes: list[NodeReport]
    devices: dict[str, Bytes]
    exclusive: frozenset[int]

    @property
    def naive_bytes(self) -> int:
        """Bytes of all saved slots."""
        return sum(b.naive for b in self.devices.values())

    @property
    def unique_bytes(self) -> int:
        """Bytes of all saved storages."""
        return sum(b.unique for b in self.devices.values())

    @property
    def exclusive_bytes(self) -> int:
        """Bytes that would be free if the graph were released now."""
        return sum(b.exclusive for b in self.devices.values())

    @property
    def avoided_bytes(self) -> int:
        """Bytes that checkpointed regions do not keep because they compute them again."""
        return sum(node.avoided for node in self.nodes)

    @property
    def exclusive_blocks(self) -> list[int]:
        """The sizes of the storages behind ``exclusive_bytes``."""
        return [n for b in self.devices.values() for n in b.exclusive_blocks]

    def __str__(self) -> str:
        return _table(self)


def graph(tensor: Any) -> GraphReport:
    """What the graph of ``tensor`` (a tensor, a node, or several) keeps now.

    >>> import gpugrad
    >>> x = gpugrad.ones(4, requires_grad=True)
    >>> report = gpugrad.memory.graph((x * x).sum())
    >>> report.naive_bytes, report.unique_bytes, report.exclusive_bytes
    (32, 16, 0)
    """
    nodes = sorted(reachable(tensor), key=lambda node: node.seq)
    exclusive = frozenset(exclusive_storages(nodes))
    reports = [_describe(node) for node in nodes]
    devices: dict[str, Bytes] = defaultdict(Bytes)
    seen: set[int] = set()
    for slot in (slot for node in reports for slot in node.saved):
        counts = devices[slot.device]
        counts.naive += slot.nbytes
        if slot.storage in seen:
            continue
        seen.add(slot.storage)
        counts.unique += slot.storage_bytes
        if slot.storage in exclusive:
            counts.exclusive += slot.storage_bytes
            counts.exclusive_blocks.append(slot.storage_bytes)
    return GraphReport(reports, dict(devices), exclusive)


def _describe(node: Node) -> NodeReport:
    saved = tuple(
        Slot(name, tuple(array.shape), str(array.dtype), str(storage.kind.device),
             int(array.nbytes), id(storage), storage.nbytes)
        for name, array, storage in saved_slots(node)
    )  # fmt: skip
    freed = "" if node.freed is None else f"{node.freed.call} at {node.freed.where}"
    scope = node.scope
    avoided = sum(v.avoided for v in node.saved) if isinstance(node.saved, Packed) else 0
    return NodeReport(
        node.name(), str(node.where), scope.module, scope.step, node.seq, saved, freed, avoided
    )


# ---------------------------------------------------------------------------------------- as text
_WIDTHS = (10, 10, 10, 34, 30)


def _table(report: GraphReport) -> str:
    """One row per source line, the biggest first; a storage counts where it was first saved."""
    lines = _by_line(report)
    order = sorted(lines, key=lambda where: (lines[where].unique, lines[where].naive), reverse=True)
    text = [_title(report), row(_WIDTHS, "naive", "unique", "exclusive", "line", "kept as")]
    text += [_line_row(where, lines[where]) for where in order[:_LINES]]
    if len(order) > _LINES:
        text.append(f"  ... and {len(order) - _LINES} more lines")
    total = [format_bytes(n) for n in (report.naive_bytes, report.unique_bytes,
                                       report.exclusive_bytes)]  # fmt: skip
    silent = sum(not node.saved for node in report.nodes)
    note = f"{silent} of {len(report.nodes)} nodes keep nothing" if silent else ""
    if report.avoided_bytes:
        avoided = format_bytes(report.avoided_bytes)
        text.append(row(_WIDTHS, "", avoided, "", "not kept, but computed again", ""))
    return "\n".join([*text, row(_WIDTHS, *total, "in all", note)])


@dataclass(slots=True)
class _Line(Bytes):
    """A source line: its bytes and the slots of its nodes."""

    slots: Counter[str] = field(default_factory=Counter)


def _by_line(report: GraphReport) -> dict[str, _Line]:
    lines: dict[str, _Line] = defaultdict(_Line)
    seen: set[int] = set()
    for node in report.nodes:
        for slot in node.saved:
            line = lines[f"{node.where} ({node.module})" if node.module else node.where]
            line.slots[f"{node.name.removesuffix('0').removesuffix('Backward')}.{slot.name}"] += 1
            line.naive += slot.nbytes
            if slot.storage not in seen:
                seen.add(slot.storage)
                line.unique += slot.storage_bytes
                line.exclusive += slot.storage_bytes * (slot.storage in report.exclusive)
    return lines


def _line_row(where: str, line: _Line) -> str:
    counts = [format_bytes(n) for n in (line.naive, line.unique, line.exclusive)]
    kept = ", ".join(times(name, n) for name, n in line.slots.most_common())
    return row(_WIDTHS, *counts, place(where, _WIDTHS[-2]), kept)


def _title(report: GraphReport) -> str:
    if not report.nodes:
        return "no graph"
    root = report.nodes[-1]
    freed = f"; released by {root.freed}" if root.freed else ""
    where = place(root.where, 50)
    return clip(f"graph of {root.name}, {where}: {len(report.nodes)} nodes{freed}", 100)

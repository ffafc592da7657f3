"""The memory of a device in one text: the allocator's, the graphs' and the system's view.

Holds:     every number says whether it is exact or estimated.
Must not:  count anything itself.
"""

from __future__ import annotations

from typing import Any

from ..errors import format_bytes
from .allocator import meter, reconcile, resolve
from .graphs import GraphTable, graphs
from .ledger import held, peak_held, steps
from .tables import row

__all__ = ["summary"]

_WIDTHS = (30, 11, 52)
_GRAPHS = 5  # shown


def summary(device: Any = None) -> str:
    """A text about ``device`` (None: the default one).

    live + cached + context + others = used, as the system counts it; how much of the live bytes
    graphs hold; and the graphs that hold most.
    """
    where, found = resolve(device), meter(device)
    properties = found.properties()
    use, parts = reconcile(device)
    rows = [_row(part.name, part.nbytes, "exact" if part.exact else "estimated") for part in parts]
    rows.append(_row("= used", use.used, f"according to {use.source}"))
    seen = "exact" if found.peak_is_exact() else "estimated: the most that was seen"
    rows.append(_row("peak of live", found.peak(), seen))
    text = [f"{where}  {properties.name}, {format_bytes(use.total)}", *rows, *_held_rows(where)]
    return "\n".join([*text, *_graph_rows()])


def _row(name: str, nbytes: int, note: str) -> str:
    return row(_WIDTHS, name, f"{format_bytes(nbytes):>11}", note)


def _held_rows(where: Any) -> list[str]:
    """What graphs hold on the device: now, at most, and how that changed over the last steps."""
    rows = [
        _row("held by graphs, of live", held(where), "exact"),
        _row("most held in this step", peak_held(where), "exact where a backward pass began"),
    ]
    ends = [step.held.get(str(where), 0) for step in steps()[-10:]]
    if len(ends) > 1:
        growth = (ends[-1] - ends[0]) // (len(ends) - 1)
        rows.append(_row("growth per step", growth, f"held, over the last {len(ends)} steps"))
    return rows


def _graph_rows() -> list[str]:
    """The biggest graphs, on whichever device."""
    found = graphs()
    shown = str(GraphTable(found[:_GRAPHS])).splitlines()
    if found:
        shown[0] = f"{len(found)} live graphs"
    if len(found) > _GRAPHS:
        shown.append(f"  ... and {len(found) - _GRAPHS} more")
    return shown

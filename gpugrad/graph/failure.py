"""What a failed backward pass leaves behind, and what its exception says.

Holds:     nodes that had not run keep their saved values; a leaf has its whole gradient or none of
           it, and the exception lists those that have it.
Must not:  run unless a pass has failed.
"""

from __future__ import annotations

import sys
import threading
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from ..array import Storage, accounts
from .anomaly import forward_note
from .live import live_holdings, live_nodes, live_storages
from .names import named_tensors
from .node import Accumulator, Node
from .packing import Packed

__all__ = ["failed_pass", "recount"]


def failed_pass(error: BaseException, node: Any, served: Sequence[Accumulator]) -> None:
    """Adds to ``error`` at which node the pass ended, and which leaves had been served."""
    if isinstance(error, KeyboardInterrupt) and threading.active_count() == 1:
        recount()
    with suppress(Exception):  # whatever the search may stumble over, the error itself stands
        if isinstance(node, Node):
            error.add_note(forward_note(node))
        error.add_note(_served_note(served))


def _served_note(served: Sequence[Accumulator]) -> str:
    if not served:
        return "no .grad has changed"
    leaves = [leaf for leaf in (a.leaf() for a in served) if leaf is not None]
    wanted = {id(leaf) for leaf in leaves}
    names: dict[int, str] = {}
    for named in named_tensors(sys._getframe(3)):
        if id(named.tensor) in wanted:
            names.setdefault(id(named.tensor), named.name)
    shown = [f"{names.get(id(leaf), 'a leaf')} {tuple(leaf.shape)}" for leaf in leaves[:8]]
    more = f" and {len(leaves) - 8} more" if len(leaves) > 8 else ""
    return f"these leaves have their gradients already: {', '.join(shown)}{more}"


def recount() -> None:
    """Counts anew what live nodes save: an interrupt may fall between a save and its count."""
    counts: Counter[int] = Counter()
    for node in live_nodes():
        if not isinstance(node.saved, Packed):
            counts.update(id(s) for s in (node.saved or ())[1::2] if isinstance(s, Storage))
    for holding in live_holdings():
        counts.update(id(s) for s in holding.held[1::2] if isinstance(s, Storage))
    for account in accounts.values():
        account.held = 0
    for storage in live_storages():
        storage.saves = counts[id(storage)]
        storage.kind.account.held += storage.nbytes if storage.saves else 0

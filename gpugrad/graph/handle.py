"""The way to take a registered function out again.

Holds:     ``remove`` may be called any number of times; the table is known weakly, so a handle
           keeps neither a module nor a node alive.
Must not:  call what it removes.
"""

from __future__ import annotations

from collections import OrderedDict
from itertools import count
from typing import Any
from weakref import ref

__all__ = ["HookTable", "RemovableHandle"]

_next_id = count().__next__


class HookTable(OrderedDict[int, Any]):
    """Registered functions by number, in the order in which they run."""

    def register(self, hook: Any, prepend: bool = False) -> RemovableHandle:
        """Adds ``hook`` at the end, or with ``prepend`` at the front."""
        handle = RemovableHandle(self)
        self[handle.id] = hook
        if prepend:
            self.move_to_end(handle.id, last=False)
        return handle


class RemovableHandle:
    """What every ``register_*_hook`` returns; also a context manager that removes at the end."""

    __slots__ = ("id", "table")

    def __init__(self, table: HookTable) -> None:
        self.table = ref(table)
        self.id = _next_id()

    def remove(self) -> None:
        """Takes the function out of its table."""
        table = self.table()
        if table is not None:
            table.pop(self.id, None)

    def __enter__(self) -> RemovableHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()

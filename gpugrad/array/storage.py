"""The identity of bytes, shared by a tensor, its views and its detached twins.

Holds:     one Storage per allocation, made when somebody first shares, saves or writes the bytes;
           ``saves`` counts the live saved slots that look at it, and ``account.held`` contains
           ``nbytes`` exactly while ``saves`` is above zero.
Must not:  know which tensors or nodes look at it.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from .kinds import Account, Kind

__all__ = ["Storage", "new_storage", "storage_of_array"]


class Storage:
    """One allocation: ``array`` (its owner), ``nbytes``, ``version`` and who wrote it last.

    NOTE [saved versions] A node does not store the versions of what it saves. Nodes and writes are
    numbered by one sequence; a saved slot is stale if its storage's ``written`` is above the
    node's number. A backward pass compares its oldest node with the newest write anywhere, so that
    checking costs nothing while nobody writes (see graph/versions.py).
    """

    __slots__ = ("__weakref__", "array", "kind", "nbytes", "saves", "version", "views", "writes",
                 "written")  # fmt: skip

    array: Any
    kind: Kind
    nbytes: int
    version: int
    saves: int
    written: int  # sequence number of the newest in-place write while saved
    views: list[Any] | None  # weak references to the tensors that are views
    writes: list[tuple[int, Any, int]] | None  # those writes: (sequence, code, instruction)

    @property
    def account(self) -> Account:
        """The account of its device."""
        return self.kind.account


def new_storage(array: Any, kind: Kind) -> Storage:
    """The Storage of a fresh allocation. A class without ``__init__`` is made 100 ns faster."""
    storage = Storage()
    storage.array = array
    storage.kind = kind
    storage.nbytes = array.nbytes
    storage.version = storage.saves = storage.written = 0
    storage.views = storage.writes = None
    return storage


_foreign: WeakValueDictionary[int, Storage] = WeakValueDictionary()


def storage_of_array(array: Any, kind: Kind) -> Storage:
    """The Storage of bytes that came from outside: the same bytes give the same Storage."""
    owner = _owner(array)
    key = owner.ctypes.data if isinstance(owner, np.ndarray) else owner.data.mem.ptr
    found = _foreign.get(key)
    if found is None or found.nbytes != owner.nbytes:
        found = new_storage(owner, kind)
        _foreign[key] = found
    return found


def _owner(array: Any) -> Any:
    base = array.base
    while base is not None and isinstance(base, type(array)):
        array, base = base, base.base
    return array

"""Saved values: how nodes keep them, count them, check them and give them back.

``node.saved`` is flat: (array, storage) for every slot, then Python numbers. The first save of a
storage puts its bytes on the ledger's account, the last release takes them off: no other place
changes ``saves`` or ``held``, except the printed op calls, which contain the same four lines.

Holds:     Σ over storages with ``saves > 0`` of ``nbytes`` equals ``account.held``, per device.
Must not:  be switched off in parts: ``GPUGRAD_LEDGER=off`` exists to measure what it costs, and
           turns off the account and the source lines together.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Any

from ..array import Storage, from_numpy_dtype
from ..errors import modified_inplace
from .base import TensorBase, make_storage, new_tensor
from .node import Node, Port, next_sequence
from .where import location, user_frame

__all__ = [
    "ACCOUNTED", "Numbers", "check_versions", "clock", "flat_slots", "increment_version", "keep",
    "kind_in", "mutated", "output_edge", "release", "release_one", "release_two", "unpack",
]  # fmt: skip

ACCOUNTED = os.environ.get("GPUGRAD_LEDGER", "on").lower() not in ("off", "0")
_LOG_LENGTH = 16  # writes remembered per saved storage, for the error message


class Numbers(tuple[Any, ...]):
    """What a node saves if it is nothing but numbers that a second backward may use again.

    It counts as nothing: a pass does not release it. PyTorch keeps ``alpha`` so, but not the
    number of ``x * 2``.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        return False


# ----------------------------------------------------------------------------- keeping, releasing
def keep(tensors: Sequence[TensorBase], numbers: tuple[Any, ...] = ()) -> Any:
    """The ``saved`` tuple for ``tensors`` and ``numbers``, counted."""
    flat: list[Any] = []
    for tensor in tensors:
        storage = tensor.storage
        if storage is None:
            storage = make_storage(tensor)
        if ACCOUNTED:
            if not storage.saves:
                storage.kind.account.held += storage.nbytes
            storage.saves += 1
        flat += (tensor.array, storage)
    return (*flat, *numbers)


def release(saved: tuple[Any, ...]) -> int:
    """Takes the storages of ``saved`` off the account; returns the bytes no graph keeps now."""
    freed = 0
    for storage in saved[1::2]:
        if storage.__class__ is not Storage:
            break
        left = storage.saves - 1
        storage.saves = left
        if not left:
            storage.kind.account.held -= storage.nbytes
            freed += storage.nbytes
    return freed


def release_one(saved: tuple[Any, ...]) -> int:
    """``release`` for one slot, without the loop."""
    storage = saved[1]
    left = storage.saves - 1
    storage.saves = left
    if left:
        return 0
    storage.kind.account.held -= storage.nbytes
    return storage.nbytes  # type: ignore[no-any-return]


def release_two(saved: tuple[Any, ...]) -> int:
    """``release`` for two slots, without the loop."""
    freed = 0
    storage = saved[1]
    left = storage.saves - 1
    storage.saves = left
    if not left:
        storage.kind.account.held -= storage.nbytes
        freed = storage.nbytes
    storage = saved[3]
    left = storage.saves - 1
    storage.saves = left
    if not left:
        storage.kind.account.held -= storage.nbytes
        freed += storage.nbytes
    return freed


if not ACCOUNTED:

    def release(saved: tuple[Any, ...]) -> int:
        """Nothing is counted."""
        return 0

    release_one = release_two = release


def flat_slots(node: Node) -> list[tuple[str, Any, Storage]]:
    """Name, array and storage of every tensor that ``node`` saves as it is."""
    saved = node.saved or ()
    return [
        (name, saved[2 * i], saved[2 * i + 1])
        for i, name in enumerate(node.rule.slots)
        if 2 * i + 1 < len(saved)
    ]


def unpack(node: Node, slot: int) -> Any:
    """Saved slot number ``slot`` as a tensor that is tied to the graph where the value was."""
    saved = node.saved
    assert saved is not None
    array, storage = saved[2 * slot], saved[2 * slot + 1]
    source = node.rule.sources[slot]
    edge = node.edges[source] if source >= 0 else output_edge(node, -1 - source)
    return new_tensor(array, kind_in(array, storage), edge, storage)


def kind_in(array: Any, storage: Storage) -> Any:
    """The kind of ``array``, which looks at ``storage``: another one after ``x.view(dtype)``."""
    kind = storage.kind
    if array.dtype is kind.numpy or array.dtype == kind.numpy:
        return kind
    return kind.with_dtype(from_numpy_dtype(array.dtype))


def output_edge(node: Node, output: int) -> Any:
    """What leads back to one output of ``node``; None for outputs without a gradient."""
    outputs = node.rule.outputs
    if output >= outputs:
        return None
    if outputs == 1:
        return node
    port = object.__new__(Node)
    port.rule, port.edges, port.saved, port.context = Port, (node,), (), (output, outputs)
    port.seq, port.shape, port.scope = next_sequence(), node.shape, node.scope
    port.code, port.lasti, port.hooks, port.freed = node.code, node.lasti, None, None
    return port


# -------------------------------------------------------------------------------- in-place writes
class _Clock:
    """``written``: the sequence number of the newest write to any saved storage."""

    __slots__ = ("written",)

    def __init__(self) -> None:
        self.written = 0


clock = _Clock()


def mutated(tensor: TensorBase) -> None:
    """Notes that the bytes of ``tensor`` have just been written, and by which line.

    Only a write to a storage that some graph saves can make a saved value stale, so only those are
    timed and logged; the version counts all of them.
    """
    storage = tensor.storage
    if storage is None:
        storage = make_storage(tensor)
    storage.version += 1
    if storage.saves or not ACCOUNTED:
        frame = user_frame(sys._getframe(1))
        storage.written = clock.written = now = next_sequence()
        writes = storage.writes = storage.writes or []
        writes.append((now, frame.f_code, frame.f_lasti))
        del writes[:-_LOG_LENGTH]
    else:
        storage.writes = None


def increment_version(tensors: Any) -> None:
    """Notes a write that gpugrad cannot see: one tensor's bytes, or several tensors', changed."""
    for tensor in [tensors] if isinstance(tensors, TensorBase) else tensors:
        mutated(tensor)


def check_versions(nodes: list[Node]) -> None:
    """InplaceError if a value saved by one of ``nodes`` has been written since."""
    for node in nodes:
        seq = node.seq
        for storage in (node.saved or ())[1::2]:
            if storage.__class__ is Storage and storage.written > seq:
                _raise_stale(node, storage)


def _raise_stale(node: Node, stale: Storage) -> None:
    slot, array = next((n, a) for n, a, s in flat_slots(node) if s is stale)
    later = [w for w in stale.writes or () if w[0] > node.seq]
    written_at = str(location(*later[0][1:])) if later else ""
    raise modified_inplace(
        node.name(), slot, f"[{array.dtype} {list(array.shape)}]", str(node.where), written_at,
        stale.version, stale.version - len(later),
    )  # fmt: skip

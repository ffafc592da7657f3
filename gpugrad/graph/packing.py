"""Saved values in another form: packed when a node saves them, unpacked when backward runs it.

A node recorded while somebody packs (``Mode.packing``) keeps a Packed in ``saved`` instead of
arrays: what ``pack(tensor)`` returned for each slot. The engine unpacks around the node's run.

Holds:     tensors inside what was packed are counted like saved ones. ``pack`` never sees the
           tensor that the node will belong to, so returning its argument makes no cycle.
Must not:  know who packs: hooks of the user, or a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Protocol

from ..array import Storage
from ..errors import packed_in_place, unpacked_otherwise
from .base import TensorBase, new_tensor, storage_of
from .modes import local
from .node import Accumulator, Node
from .saved import flat_slots, keep, kind_in, release, unpack

__all__ = ["Packed", "Packing", "let_go", "packed", "saved_slots", "saved_value", "with_values"]


class Packing(Protocol):
    """What packs and unpacks saved values."""

    def pack(self, tensor: Any) -> Any: ...
    def unpack(self, packed: Any) -> Any: ...


class PackedValue:
    """One saved value: what ``packing`` made of it; tensors in there are counted.

    packed  what was packed, with a _Kept in the place of each tensor
    held    arrays and storages of those tensors, as ``Node.saved`` has them
    """

    __slots__ = ("held", "packed", "packing")

    def __init__(self, packing: Packing, tensor: TensorBase) -> None:
        self.packing = packing
        self.held: tuple[Any, ...] = ()
        version = storage_of(tensor).version
        made = packing.pack(tensor)
        if storage_of(tensor).version != version:
            raise packed_in_place()
        tensors: list[TensorBase] = []
        self.packed = _without_tensors(made, tensors)
        self.held = keep(tensors)

    def __del__(self) -> None:
        release(self.held)

    def unpacked(self) -> TensorBase:
        """The value as a tensor.

        Raises:  TypeError if ``unpack`` returns something else
        """
        with _aside():
            value = self.packing.unpack(_with_tensors(self.packed, self.held))
        if not isinstance(value, TensorBase):
            raise unpacked_otherwise(type(value))
        return value

    def slots(self) -> list[tuple[str, Any, Storage]]:
        """What it keeps: its tensors, and whatever the packed object says it keeps."""
        mine = [("packed", *pair) for pair in zip(self.held[0::2], self.held[1::2], strict=True)]
        return mine + (self.packed.slots() if hasattr(self.packed, "slots") else [])


class _Kept:
    """The place of a tensor in what was packed; ``index`` counts them."""

    __slots__ = ("index", "leaf")

    def __init__(self, index: int, leaf: TensorBase | None) -> None:
        self.index = index
        self.leaf = leaf


def _without_tensors(value: Any, tensors: list[TensorBase]) -> Any:
    """``value`` with its tensors, as far as they lie open, moved to ``tensors``.

    Only bytes are kept of a tensor, unless it is a leaf that requires grad: whoever returns what it
    was given must not keep a graph alive with it.
    """
    if isinstance(value, TensorBase):
        tensors.append(value)
        return _Kept(len(tensors) - 1, value if value.node.__class__ is Accumulator else None)
    if value.__class__ in (tuple, list):
        return value.__class__([_without_tensors(part, tensors) for part in value])
    if value.__class__ is dict:
        return {key: _without_tensors(part, tensors) for key, part in value.items()}
    return value


def _with_tensors(value: Any, held: tuple[Any, ...]) -> Any:
    """``value`` with its tensors back."""
    if value.__class__ is _Kept:
        if value.leaf is not None:
            return value.leaf
        array, storage = held[2 * value.index : 2 * value.index + 2]
        return new_tensor(array, kind_in(array, storage), None, storage)
    if value.__class__ in (tuple, list):
        return value.__class__([_with_tensors(part, held) for part in value])
    if value.__class__ is dict:
        return {key: _with_tensors(part, held) for key, part in value.items()}
    return value


class Packed(tuple[PackedValue, ...]):
    """The ``saved`` of a node whose values are packed."""

    numbers: tuple[Any, ...] = ()


def packed(tensors: Sequence[TensorBase], numbers: tuple[Any, ...]) -> Packed:
    """What a node keeps instead of ``tensors``, packed by the innermost packing of this thread."""
    packing = local.mode.packing[-1]
    with _aside():
        made = Packed([PackedValue(packing, _shown(t)) for t in tensors])
    made.numbers = numbers
    return made


def _shown(tensor: TensorBase) -> TensorBase:
    """What ``pack`` gets to see: a leaf itself, of all others a twin on the same bytes."""
    if tensor.node.__class__ is Accumulator:
        return tensor
    twin: TensorBase = new_tensor(
        tensor.array, tensor.kind, tensor.node, storage_of(tensor), tensor.shape
    )
    return twin


@contextmanager
def _aside() -> Iterator[None]:
    """Packing and unpacking record nothing that is packed again."""
    mode = local.mode
    before, grad = mode.pack_with(()), mode.grad
    mode.grad = False
    try:
        yield
    finally:
        mode.grad = grad
        mode.pack_with(before)


# --------------------------------------------------------------------------------- using a node
@contextmanager
def with_values(node: Node) -> Iterator[None]:
    """Inside, ``node`` has its saved values in the form that rules read."""
    held = node.saved
    if not isinstance(held, Packed):
        yield
        return
    flat: list[Any] = []
    values = [value.unpacked() for value in held]
    for tensor in values:
        flat += (tensor.array, storage_of(tensor))
    node.saved = (*flat, *held.numbers)
    try:
        yield
    finally:
        node.saved = held


def let_go(node: Node, saved: tuple[Any, ...]) -> int:
    """Releases ``saved``, which ``node`` has let go of; returns the bytes no graph keeps now."""
    if not isinstance(saved, Packed):
        return node.rule.release(saved)  # type: ignore[no-any-return]
    freed = 0
    for value in saved:
        freed += release(value.held)
        value.held = ()
    return freed


def saved_slots(node: Node) -> list[tuple[str, Any, Storage]]:
    """Name, array and storage of every tensor that ``node`` still keeps."""
    if not isinstance(node.saved, Packed):
        return flat_slots(node)
    return [
        (f"{slot} ({name})", array, storage)
        for slot, value in zip(node.rule.slots, node.saved, strict=True)
        for name, array, storage in value.slots()
    ]


def saved_value(node: Node, slot: int) -> Any:
    """Saved slot number ``slot`` of a node that is not released, as a tensor of its graph."""
    with with_values(node):
        return unpack(node, slot)

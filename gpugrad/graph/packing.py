"""Saved values in another form: packed when a node saves them, unpacked when backward runs it.

A node recorded while somebody packs (``Mode.packing``) keeps a Packed in ``saved`` instead of
arrays: what ``pack(tensor)`` returned for each slot. The engine unpacks around the node's run.

Holds:     tensors inside what was packed are counted like saved ones. ``pack`` never sees the
           tensor that the node will belong to, so returning its argument makes no cycle.
Must not:  know who packs: hooks of the user, or a checkpoint.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, Protocol

from ..array import Storage
from ..errors import packed_in_place, unpacked_otherwise
from .base import TensorBase, new_tensor, storage_of
from .modes import local
from .node import Accumulator, Node
from .saved import flat_slots, keep, kind_in, release, unpack

__all__ = ["Holding", "Packed", "Packing", "let_go", "packed", "saved_slots", "saved_value",
           "with_values"]  # fmt: skip


class Packing(Protocol):
    """What packs and unpacks saved values."""

    def pack(self, tensor: Any) -> Any: ...
    def unpack(self, packed: Any) -> Any: ...


class Holding:
    """A structure whose tensors are kept like saved values: counted, or packed by who packs now.

    structure  tuples, lists and dicts with a _Kept in the place of each tensor
    required   which of the tensors required grad
    held       arrays and storages as ``Node.saved`` has them, or a Packed
    """

    __slots__ = ("held", "required", "structure")

    def __init__(self, value: Any) -> None:
        tensors: list[TensorBase] = []
        self.held: tuple[Any, ...] = ()
        self.structure = _without_tensors(value, tensors)
        self.required = [t.node is not None for t in tensors]
        self.held = packed(tensors, ()) if local.mode.packing else keep(tensors)

    def __del__(self) -> None:
        self.release()

    def release(self) -> int:
        """Lets the tensors go; returns the bytes that no graph keeps now."""
        held, self.held = self.held, ()
        return _release_packed(held) if isinstance(held, Packed) else release(held)

    def value(self, make: Callable[[Any, bool], Any] = lambda tensor, required: tensor) -> Any:
        """The structure with ``make(tensor, required grad)`` in the place of each tensor."""
        if isinstance(self.held, Packed):
            tensors = [value.unpacked() for value in self.held]
        else:
            pairs = zip(self.held[0::2], self.held[1::2], strict=True)
            tensors = [new_tensor(a, kind_in(a, storage), None, storage) for a, storage in pairs]
        return _with_tensors(self.structure, [*map(make, tensors, self.required)])

    def slots(self) -> list[tuple[str, Any, Storage]]:
        """Name, array and storage of what is kept, also by objects inside that can say so."""
        if isinstance(self.held, Packed):
            return [slot for value in self.held for slot in value.holding.slots()]
        mine = [("packed", *pair) for pair in zip(self.held[0::2], self.held[1::2], strict=True)]
        return mine + (self.structure.slots() if hasattr(self.structure, "slots") else [])


class _Kept(NamedTuple):
    """The place of a tensor in a structure."""

    place: int


def _without_tensors(value: Any, tensors: list[TensorBase]) -> Any:
    """``value`` with its tensors, as far as they lie open, moved to ``tensors``.

    Of these only bytes are kept: whoever packs what it was given must not keep a graph alive.
    """
    if isinstance(value, TensorBase):
        tensors.append(value)
        return _Kept(len(tensors) - 1)
    if value.__class__ in (tuple, list):
        return value.__class__([_without_tensors(part, tensors) for part in value])
    if value.__class__ is dict:
        return {key: _without_tensors(part, tensors) for key, part in value.items()}
    return value


def _with_tensors(value: Any, tensors: Sequence[Any]) -> Any:
    """``value`` with ``tensors`` in their places."""
    if value.__class__ is _Kept:
        return tensors[value.place]
    if value.__class__ in (tuple, list):
        return value.__class__([_with_tensors(part, tensors) for part in value])
    if value.__class__ is dict:
        return {key: _with_tensors(part, tensors) for key, part in value.items()}
    return value


class PackedValue:
    """One saved value: what ``packing`` made of it."""

    __slots__ = ("holding", "packing")

    def __init__(self, packing: Packing, tensor: TensorBase) -> None:
        self.packing = packing
        version = storage_of(tensor).version
        made = packing.pack(tensor)
        if storage_of(tensor).version != version:
            raise packed_in_place()
        self.holding = Holding(made)

    def unpacked(self) -> TensorBase:
        """The value as a tensor.

        Raises:  TypeError if ``unpack`` returns something else
        """
        with _aside():
            value = self.packing.unpack(self.holding.value())
        if not isinstance(value, TensorBase):
            raise unpacked_otherwise(type(value))
        return value

    @property
    def avoided(self) -> int:
        """Bytes that are not kept because it is packed, if the packed object knows."""
        return getattr(self.holding.structure, "avoided", 0)


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
    if isinstance(saved, Packed):
        return _release_packed(saved)
    return node.rule.release(saved)  # type: ignore[no-any-return]


def _release_packed(values: Packed) -> int:
    return sum(value.holding.release() for value in values)


def saved_slots(node: Node) -> list[tuple[str, Any, Storage]]:
    """Name, array and storage of every tensor that ``node`` still keeps."""
    if not isinstance(node.saved, Packed):
        return flat_slots(node)
    return [
        (f"{slot} ({name})", array, storage)
        for slot, value in zip(node.rule.slots, node.saved, strict=True)
        for name, array, storage in value.holding.slots()
    ]


def saved_value(node: Node, slot: int) -> Any:
    """Saved slot number ``slot`` of a node that is not released, as a tensor of its graph."""
    with with_values(node):
        return unpack(node, slot)

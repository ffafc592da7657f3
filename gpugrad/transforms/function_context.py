"""What a custom function's forward leaves for its backward.

Holds:     once the node is recorded, every tensor that was saved or put on the context as an
           attribute is in a counted slot of the node, and goes when the node is released: the
           context keeps names and places, and knows its node weakly.
Must not:  keep a tensor of its own, or the graph would keep itself alive.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import ref

from ..errors import GraphFreedError, released_attribute
from ..graph import Accumulator, Node, TensorBase, saved_value

__all__ = ["FunctionCtx", "SavedLayout", "sources_of"]


class FunctionCtx:
    """The ``ctx`` of a custom function: forward and setup_context write to it, backward reads."""

    def __init__(self, needs: tuple[bool, ...]) -> None:
        self.needs_input_grad = needs
        self._to_save: tuple[Any, ...] = ()
        self._for_forward: tuple[Any, ...] = ()
        self._dirty: tuple[Any, ...] = ()
        self._constant: tuple[Any, ...] = ()
        self._materialize = True
        self._layout: SavedLayout | None = None
        self._node: ref[Node] | None = None
        self._inputs: list[Any] = []  # shape and kind of each, None for what is no tensor
        self._outputs: list[Any] = []

    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps tensors (or None) for ``saved_tensors``: inputs, outputs or values in between.

        Raises:  TypeError for what is no tensor
        """
        self._to_save = _checked("save_for_backward", tensors)

    def save_for_forward(self, *tensors: Any) -> None:
        """Keeps tensors (or None) for ``saved_tensors`` inside ``jvp``."""
        self._for_forward = _checked("save_for_forward", tensors)

    def mark_dirty(self, *tensors: Any) -> None:
        """Says which inputs forward has written to; it has to return them."""
        self._dirty = tensors

    def mark_non_differentiable(self, *tensors: Any) -> None:
        """Says which outputs have no gradient."""
        self._constant = tensors

    def set_materialize_grads(self, value: bool) -> None:
        """Whether backward gets zeros (the default) or None for outputs nothing arrived at."""
        self._materialize = value

    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What was saved, in that order, as tensors of the graph.

        Raises:  GraphFreedError after a backward pass released the node
        """
        layout = self._layout
        if layout is None:
            return self._for_forward or self._to_save
        return tuple([None if place is None else self._slot(place) for place in layout.saved])

    saved_variables = saved_tensors

    def __getattr__(self, name: str) -> Any:
        layout = self.__dict__.get("_layout")
        if layout is None or name not in layout.attributes:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return _with_slots(layout.attributes[name], lambda place: self._slot(place, name))

    def _slot(self, place: int, attribute: str = "") -> Any:
        node = self._node() if self._node is not None else None
        if node is None or node.saved is None:
            raise self._released(node, attribute)
        found = saved_value(node, place)
        if found.node.__class__ is Accumulator:  # a leaf is itself, so that its .grad can be set
            leaf = found.node.leaf()
            if leaf is not None and leaf.array is found.array:
                return leaf
        return found

    def _released(self, node: Any, attribute: str) -> GraphFreedError:
        where = "" if node is None or node.freed is None else str(node.freed.where)
        return released_attribute("" if node is None else node.name(), attribute, where)


def _checked(name: str, tensors: tuple[Any, ...]) -> tuple[Any, ...]:
    for t in tensors:
        if t is not None and not isinstance(t, TensorBase):
            raise TypeError(f"{name} can only save variables, but argument is of type "
                            f"{type(t).__name__}")  # fmt: skip
    return tensors


class SavedLayout:
    """Which slot of the node is what.

    tensors     what the slots hold, in order; emptied once the node keeps it
    names       the slots' names
    saved       for each saved tensor its slot, or None for None
    attributes  attributes with slots (_Slot) in the place of tensors
    """

    __slots__ = ("attributes", "names", "saved", "tensors")

    def __init__(self, ctx: FunctionCtx) -> None:
        self.tensors: list[Any] = []
        self.names: list[str] = []
        self.saved = [
            None if t is None else self._add(f"saved{i}", t) for i, t in enumerate(ctx._to_save)
        ]
        self.attributes: dict[str, Any] = {}
        for name, value in list(vars(ctx).items()):
            if name not in _OWN:
                count = len(self.tensors)
                moved = self._moved(name, value)
                if len(self.tensors) > count:
                    self.attributes[name] = moved
                    delattr(ctx, name)

    def _add(self, name: str, tensor: Any) -> int:
        self.tensors.append(tensor)
        self.names.append(name)
        return len(self.tensors) - 1

    def _moved(self, name: str, value: Any) -> Any:
        """``value`` with slots in the place of its tensors, one level into containers."""
        if isinstance(value, TensorBase):
            return _Slot(self._add(name, value))
        if value.__class__ in (tuple, list):
            parts = [self._slot_of(f"{name}[{i}]", part) for i, part in enumerate(value)]
            return value.__class__(parts)
        if value.__class__ is dict:
            return {key: self._slot_of(f"{name}[{key!r}]", part) for key, part in value.items()}
        return value

    def _slot_of(self, name: str, value: Any) -> Any:
        return _Slot(self._add(name, value)) if isinstance(value, TensorBase) else value


class _Slot(int):
    """The place of a tensor: the number of its slot."""


def _with_slots(value: Any, read: Any) -> Any:
    if value.__class__ is _Slot:
        return read(value)
    if value.__class__ in (tuple, list):
        return value.__class__([read(p) if p.__class__ is _Slot else p for p in value])
    return {key: read(p) if p.__class__ is _Slot else p for key, p in value.items()}


_OWN = frozenset(vars(FunctionCtx(())))


def sources_of(tensors: Sequence[Any], inputs: Sequence[Any], outputs: Sequence[Any]
               ) -> tuple[tuple[int, ...], list[Any]]:
    """Where each tensor comes from (see graph.node.Rule), and those that are neither.

    What is no input and no output counts as an input after the others.
    """
    places = {id(t): i for i, t in reversed([*enumerate(inputs)]) if isinstance(t, TensorBase)}
    places |= {id(t): -1 - i for i, t in enumerate(outputs) if isinstance(t, TensorBase)}
    others: list[Any] = []
    found = []
    for t in tensors:
        if id(t) not in places:
            places[id(t)] = len(inputs) + len(others)
            others.append(t)
        found.append(places[id(t)])
    return tuple(found), others

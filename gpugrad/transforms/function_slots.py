"""Where the node of a custom Function keeps tensors: see NOTE [values of a ctx].

First come the slots of the attributes, then those of ``save_for_backward``. A slot's tensor is an
input, an output, or neither; for the last a dict behind the slots has its place in a graph of its
own, if it has one: a leaf made inside forward, or what forward computed with gradients on.

Holds:     an output is kept without its node: its tensor is tied to the node that asks for it.
Must not:  know how a Function runs.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

from ..errors import saved_no_tensor
from ..graph import Accumulator, Node, TensorBase, is_leaf, new_tensor
from ..graph.saved import kind_in, output_edge

__all__ = ["Kept", "foreign_places", "kept", "refilled", "tied"]


Kept = tuple[list[Any], tuple[str, ...], tuple[int, ...], tuple[int | None, ...]]
"""What one call keeps: one tensor per slot; the names of the slots of attributes; for each slot its
source, as ``Rule.sources`` has it, what is neither input nor output counting as an output beyond
the last; and for each argument of save_for_backward its slot, or None for None."""


def kept(ctx: Any, count: int, known: list[int]) -> Kept:
    """Collects what ``ctx`` was given to save and the tensors among its attributes, which move.

    ``known`` are the ids of ``count`` inputs, then of the outputs; 0 for those that do not count.

    Raises:  TypeError for what is to be saved and is no tensor
    """
    tensors: list[Any] = []
    names = _moved(ctx, tensors) if ctx.__dict__ else ()
    layout: list[int | None] = []
    for position, tensor in enumerate(ctx.to_save):
        if tensor is None:
            layout.append(None)
            continue
        if not isinstance(tensor, TensorBase):
            raise saved_no_tensor(position, type(tensor))
        layout.append(len(tensors))
        tensors.append(tensor)
    sources = []
    for tensor in tensors:
        place = known.index(id(tensor)) if id(tensor) in known else len(known)
        sources.append(place if place < count else count - 1 - place)
    return tensors, names, tuple(sources), tuple(layout)


def foreign_places(tensors: list[Any], sources: tuple[int, ...], inside: int) -> dict[int, Any]:
    """By slot, the leaf or node of each tensor that is neither input nor output and has one."""
    return {
        slot: tensor if is_leaf(tensor) else tensor.node
        for slot, tensor in enumerate(tensors)
        if sources[slot] == inside and tensor.node is not None
    }


def _moved(ctx: Any, tensors: list[Any]) -> tuple[str, ...]:
    """Moves the tensors among the attributes of ``ctx`` to ``tensors``; returns the slots' names.

    What is left of these attributes, the number of a slot in the place of each tensor, is in
    ``ctx._moved``.
    """
    names: list[str] = []
    moved: dict[str, Any] = {}
    for name, value in ctx.__dict__.items():
        if isinstance(value, TensorBase) or _contains_tensor(value):
            moved[name] = _emptied(value, name, names, tensors)
    for name in moved:
        del ctx.__dict__[name]
    if moved:
        ctx._moved = moved
    return tuple(names)


def _emptied(value: Any, name: str, names: list[str], tensors: list[Any]) -> Any:
    """``value`` without its tensors, which go to ``tensors``, and what they are called."""
    if isinstance(value, TensorBase):
        names.append(name)
        tensors.append(value)
        return Slot(len(tensors) - 1)
    return _mapped(value, lambda part, key: _emptied(part, f"{name}[{key!r}]", names, tensors))


class Slot(int):
    """The place of a tensor in an attribute: the number of its slot."""

    __slots__ = ()


def _contains_tensor(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return any(map(_contains_tensor, value))
    if isinstance(value, dict):
        return any(map(_contains_tensor, value.values()))
    return isinstance(value, TensorBase)


def _mapped(value: Any, change: Callable[[Any, Any], Any]) -> Any:
    """A container like ``value`` with changed parts; anything else is as it is."""
    if isinstance(value, dict):
        made = copy(value)
        made.update({key: change(part, key) for key, part in value.items()})
        return made
    if isinstance(value, (tuple, list)):
        parts = [change(part, key) for key, part in enumerate(value)]
        return value._make(parts) if hasattr(value, "_make") else value.__class__(parts)
    return value


# ------------------------------------------------------------------------------------- given back
def tied(node: Node, slot: int) -> Any:
    """What a node keeps in a slot, not packed, as a tensor tied to the graph.

    A leaf that is still there is given back itself.
    """
    saved, rule = node.saved, node.rule
    assert saved is not None
    array, storage = saved[2 * slot], saved[2 * slot + 1]
    source = rule.sources[slot]
    if source >= 0:
        edge = node.edges[source]
    elif source >= -rule.outputs:
        edge = output_edge(node, -1 - source)
    else:
        edge = saved[-1].get(slot) if rule.has_foreign else None
    if isinstance(edge, TensorBase):
        edge = edge.node
    if edge.__class__ is Accumulator:
        leaf = edge.leaf()
        if leaf is not None and leaf.array is array:
            return leaf
    return new_tensor(array, kind_in(array, storage), edge, storage)


def refilled(value: Any, node: Node) -> Any:
    """An attribute with its tensors in their places again."""
    if value.__class__ is Slot:
        return tied(node, value)
    return _mapped(value, lambda part, _: refilled(part, node))

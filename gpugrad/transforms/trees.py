"""Nested arguments: tuples, lists and dicts whose leaves are anything else.

Holds:     a structure is kept apart from its leaves and put together again as it was.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

__all__ = ["Structure", "broadcast_prefix", "flatten", "leaves_of", "map_leaves"]


class Structure:
    """What a value looked like before its leaves were taken out."""

    __slots__ = ("build", "children", "count", "kind")

    def __init__(self, kind: Any, children: list[Structure], build: Callable[[list[Any]], Any]
                 ) -> None:
        self.kind = kind
        self.children = children
        self.build = build
        self.count: int = sum([c.count for c in children]) if kind is not None else 1

    def filled(self, leaves: Sequence[Any]) -> Any:
        """The structure with these leaves."""
        if self.kind is None:
            return leaves[0]
        parts, start = [], 0
        for child in self.children:
            parts.append(child.filled(leaves[start : start + child.count]))
            start += child.count
        return self.build(parts)

    def same_as(self, other: Structure) -> bool:
        """Whether both have the same shape."""
        return self.kind == other.kind and len(self.children) == len(other.children) and all(
            a.same_as(b) for a, b in zip(self.children, other.children, strict=True)
        )


def _parts(value: Any) -> tuple[Any, list[Any], Callable[[list[Any]], Any]] | None:
    """Kind, children and builder of a container; None for a leaf."""
    kind = type(value)
    if kind is dict or (isinstance(value, dict) and hasattr(value, "keys")):
        keys = list(value)
        made = (kind, *keys)
        return made, list(value.values()), lambda parts: kind(zip(keys, parts, strict=True))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return kind, list(value), lambda parts: _named(kind, parts)
    if isinstance(value, (tuple, list)):
        return kind, list(value), kind
    return None


def _named(kind: Any, parts: list[Any]) -> Any:
    return kind(*parts) if hasattr(kind, "_make") else kind(parts)


def flatten(value: Any) -> tuple[list[Any], Structure]:
    """The leaves of ``value``, and its structure."""
    found = _parts(value)
    if found is None:
        return [value], Structure(None, [], lambda parts: parts[0])
    kind, children, build = found
    leaves: list[Any] = []
    structures = []
    for child in children:
        own, structure = flatten(child)
        leaves += own
        structures.append(structure)
    return leaves, Structure(kind, structures, build)


def leaves_of(value: Any) -> list[Any]:
    """The leaves alone."""
    return flatten(value)[0]


def map_leaves(function: Callable[[Any], Any], value: Any) -> Any:
    """``value`` with ``function(leaf)`` in the place of each leaf."""
    leaves, structure = flatten(value)
    return structure.filled([function(leaf) for leaf in leaves])


def broadcast_prefix(prefix: Any, structure: Structure, value: Any) -> list[Any] | None:
    """One entry of ``prefix`` per leaf of ``value``; None if it does not fit."""
    found = _parts(prefix)
    if found is None:
        return [prefix] * structure.count
    own = _parts(value)
    if own is None or len(found[1]) != len(own[1]):
        return None
    entries: list[Any] = []
    for part, child, inner in zip(found[1], own[1], structure.children, strict=True):
        spread = broadcast_prefix(part, inner, child)
        if spread is None:
            return None
        entries += spread
    return entries

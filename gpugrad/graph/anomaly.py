"""Anomaly mode: every node keeps the whole stack it was recorded under, and backward looks for nan.

A stack hangs on the instruction index a node notes anyway (where.py), so nodes have no slot for it
and pay nothing outside anomaly mode.

Holds:     the mode is the whole process's, as in PyTorch.
Must not:  change what is computed.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from ..errors import nan_found
from .base import TensorBase
from .live import reachable
from .node import Node, Port
from .packing import saved_slots
from .where import note_stacks, stack_text

__all__ = ["anomaly", "check_cotangents", "forward_note", "set_anomaly"]


class _Anomaly:
    """Whether stacks are kept, and whether backward looks for nan."""

    __slots__ = ("check_nan", "on")

    def __init__(self) -> None:
        self.on = False
        self.check_nan = True


anomaly = _Anomaly()


def set_anomaly(on: bool, check_nan: bool = True) -> None:
    """Switches anomaly mode, in all threads."""
    anomaly.on, anomaly.check_nan = on, check_nan
    note_stacks(on)


def check_cotangents(node: Any, pending: dict[Any, Any]) -> None:
    """Raises if ``node``, which has just run, made a nan.

    What was there before had been looked at when it came, so a nan in a sum is this node's.
    """
    for edge in node.edges:
        g = pending.get(edge)
        if g is not None and (_has_nan(g) if g.__class__ is not list else any(map(_has_nan, g))):
            if node.rule is Port:
                return
            position = node.edges.index(edge)
            raise nan_found(
                node.name(), position, str(node.where), node.scope.module, _first_nan(node)
            )


def _has_nan(g: Any) -> bool:
    """Whether a cotangent, of either form, contains a nan."""
    array = g.array if isinstance(g, TensorBase) else g
    if array is None:
        return False
    if array.size == 1:
        value = array.item()
        return value != value  # type: ignore[no-any-return]
    if array.dtype.kind != "f" or array.dtype.itemsize < 4 or not array.flags.c_contiguous:
        return bool((array != array).any())
    flat = array.reshape(-1)
    total = flat.dot(flat)  # squares do not cancel: nan only where there is one
    return bool(total != total)


def _first_nan(node: Node) -> str:
    """The oldest op below ``node`` whose result holds a nan, as far as that is known.

    It is where the result is saved, by this op or the next, or all that it was made of.
    """
    found = [maker for below in reachable(node) for maker in _makers(below)]
    oldest = min(found, key=lambda n: n.seq, default=None)
    return "" if oldest is None else f"{oldest.name()}, recorded at {oldest.where}"


def _makers(node: Node) -> list[Node]:
    """The nodes that ``node`` shows to have made a nan: itself, or those of its inputs."""
    found: list[Any] = []
    sources = dict(zip(node.rule.slots, node.rule.sources, strict=False))
    for name, array, _ in saved_slots(node):
        if array.dtype.kind == "f" and _has_nan(array):
            source = sources.get(name, -1)
            found.append(node if source < 0 else node.edges[source])
    if not found and node.saved and hasattr(node.rule, "again"):
        with suppress(Exception):  # a guess that fails is no guess
            again = node.rule.again(node)
            found += [node] if again is not None and _has_nan(again) else []
    return [maker for maker in found if isinstance(maker, Node)]


def forward_note(node: Any) -> str:
    """Where ``node`` was recorded: its line, and in anomaly mode the whole stack."""
    text = f"raised in the backward of {node.name()}, recorded at {node.where}"
    stack = stack_text(node.lasti)
    return f"{text}; the calls that led there, innermost last:\n{stack}" if stack else text

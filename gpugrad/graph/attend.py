"""Runs a node to which somebody attends: prehooks and hooks, packed values, the search for nans.

Holds:     PyTorch's order: tensor hooks, retained gradient, prehooks, the node, hooks; the node's
           saved values are released after all of them.
Must not:  be on the way of ordinary nodes: the engine comes here for those that have Hooks or
           packed values, and in anomaly mode.
"""

from __future__ import annotations

from typing import Any

from ..errors import wrong_hook_result
from .accumulate import as_tensor, deliver
from .anomaly import anomaly, check_cotangents
from .base import TensorBase
from .node import Hooks
from .packing import with_values

__all__ = ["after_arrival", "before_hooks", "run_attended"]


class Deliveries:
    """Stands for ``pending`` while a node runs, and keeps each cotangent that it delivers apart."""

    __slots__ = ("made", "pending")

    def __init__(self, pending: dict[Any, Any]) -> None:
        self.pending = pending
        self.made: list[tuple[Any, Any]] = []

    def __contains__(self, edge: Any) -> bool:
        return edge in self.pending

    def __getitem__(self, edge: Any) -> None:
        return None

    def __setitem__(self, edge: Any, g: Any) -> None:
        self.made.append((edge, g))

    def per_edge(self, edges: tuple[Any, ...]) -> list[Any]:
        """What arrived for each edge, None where nothing did."""
        found: list[Any] = [None] * len(edges)
        for target, g in self.made:
            free = [i for i, edge in enumerate(edges) if edge is target and found[i] is None]
            if free:
                found[free[0]] = g
        return found


def run_attended(node: Any, g: Any, pending: dict[Any, Any], create: bool) -> None:
    """Runs ``node`` on ``g`` and everything around it."""
    hooks: Hooks | None = node.hooks
    if hooks is not None and hooks.before:
        g = before_hooks(hooks, g, create)
    run = node.rule.differentiate if create else node.rule.backward
    if hooks is None:
        run(node, g, pending)
    elif not hooks.after:
        with with_values(node):
            run(node, g, pending)
    else:
        caught = Deliveries(pending)
        with with_values(node):
            run(node, g, caught)
        made = _after_hooks(hooks, caught.per_edge(node.edges), g, create)
        for edge, d in zip(node.edges, made, strict=True):
            deliver(pending, edge, d)
    if anomaly.check_nan and anomaly.on:
        check_cotangents(node, pending)


def after_arrival(accumulator: Any, g: Any) -> None:
    """Runs what waits for a gradient to be in the ``.grad`` of a leaf."""
    leaf, hooks = accumulator.leaf(), accumulator.hooks
    if leaf is not None:
        for hook in list(hooks.post.values()):
            hook(leaf)
    for hook in list(hooks.after.values()):
        hook((), (as_tensor(g),))


def before_hooks(hooks: Hooks, g: Any, create: bool) -> Any:
    """The cotangent, or the list of a many-output node, after the prehooks."""
    many = g.__class__ is list
    grads = _shown(g if many else [g])
    for hook in list(hooks.before.values()):
        grads = _replaced(hook, hook(grads), grads)
    made = _raw(grads, create)
    return made if many else made[0]


def _after_hooks(hooks: Hooks, made: list[Any], g: Any, create: bool) -> list[Any]:
    """The cotangents of the inputs after the node's hooks."""
    grads, outputs = _shown(made), _shown(g if g.__class__ is list else [g])
    for hook in list(hooks.after.values()):
        grads = _replaced(hook, hook(grads, outputs), grads)
    return _raw(grads, create)


def _shown(grads: list[Any]) -> tuple[Any, ...]:
    return tuple([None if g is None else as_tensor(g) for g in grads])


def _raw(grads: tuple[Any, ...], create: bool) -> list[Any]:
    return [g if g is None or create else g.array for g in grads]


def _replaced(hook: Any, result: Any, grads: tuple[Any, ...]) -> tuple[Any, ...]:
    """``grads``, or what a hook returned in their place.

    Raises:  TypeError or RuntimeError for something else
    """
    if result is None:
        return grads
    if not isinstance(result, tuple):
        result = (result,)
    if len(result) != len(grads):
        raise wrong_hook_result(hook, f"returned {len(result)} values instead of {len(grads)}")
    for before, after in zip(grads, result, strict=True):
        if after is not None and not isinstance(after, TensorBase):
            raise TypeError(f"expected Variable, but hook returned '{type(after).__name__}'")
        if before is not None and after is not None and before.shape != after.shape:
            raise wrong_hook_result(hook, "has changed the size of value")
    return tuple(result)

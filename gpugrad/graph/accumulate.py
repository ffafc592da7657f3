"""Sums of cotangents, and their arrival at leaves.

Holds:     an array is written over only if nobody but the engine has it; what arrives at a leaf is
           taken over without a copy where that is safe.
Must not:  decide what runs when; that is the engine's.
"""

from __future__ import annotations

import os
from sys import getrefcount
from threading import RLock
from typing import Any

import numpy as np

from ..array import kind_of_array
from .base import TensorBase, new_tensor
from .modes import local
from .node import Accumulator
from .saved import mutated

__all__ = ["add", "as_tensor", "deliver", "deliver_leaf", "run_hooks", "whole"]

_ENGINE_ONLY = 5  # references to a gradient that arrives at a leaf and that nobody else has
_IN_PLACE_FROM = 2048  # elements; below, a fresh array costs less than asking who else has this one


def add(total: Any, g: Any) -> Any:
    """``total + g`` for two cotangents of a pass, written over ``total`` if only the engine has it.

    The references to an array the engine alone has: the pending entry, the caller's variable, this
    argument and getrefcount's own.
    """
    if (
        not isinstance(total, TensorBase)
        and total.size >= _IN_PLACE_FROM
        and getrefcount(total) <= 4
        and whole(total)
        and total.dtype == g.dtype
    ):
        total += g
        return total
    return as_array(total + g)


def as_array(g: Any) -> Any:
    """``g``, as a 0-d array where NumPy has made a scalar of one."""
    return np.asarray(g) if isinstance(g, np.generic) else g


def whole(array: Any) -> bool:
    """Whether no other array looks at the bytes of ``array``, which only the engine has.

    An array from the pool of host arrays is a view of one that nobody else has.
    """
    base = array.base
    if base is None or base.__class__ is not array.__class__:
        return True
    return base.nbytes == array.nbytes and getrefcount(base) <= 3


def deliver(pending: dict[Any, Any], edge: Any, g: Any) -> None:
    """Adds a cotangent to what has arrived at ``edge``, if the pass wants it."""
    if g is not None and edge in pending:
        total = pending[edge]
        pending[edge] = as_array(g) if total is None else add(total, g)


def as_tensor(g: Any) -> Any:
    """A cotangent as a tensor, whichever of the two forms it has."""
    return g if isinstance(g, TensorBase) else new_tensor(g, kind_of_array(g))


# ----------------------------------------------------------------------------------------- leaves
def deliver_leaf(accumulator: Accumulator, g: Any, create: bool) -> None:
    """Adds ``g`` to the gradient of a leaf, with PyTorch's rules.

    Without create_graph: the first arrival becomes ``.grad`` itself if nobody else has the buffer,
    later ones are added in place into the same tensor. With create_graph: a new tensor each time.
    """
    leaf = accumulator.leaf()
    if leaf is None or leaf.node is None:  # gone, or it does not want a gradient any more
        return
    with _arrival.turn:
        _accumulate(leaf, g, create)


class _Arrival:
    """Threads that share a leaf take turns: without it 22 of 60 runs of four lost a gradient."""

    def __init__(self) -> None:
        self.turn = RLock()

    def forget(self) -> None:
        """A process forked while another thread had its turn would wait for ever."""
        self.turn = RLock()


_arrival = _Arrival()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_arrival.forget)


def _accumulate(leaf: TensorBase, g: Any, create: bool) -> None:
    before = leaf._grad
    if before is None:
        leaf._grad = _first_recorded(g) if create else _first(leaf, g)
    elif create:
        leaf._grad = before + g
    else:
        before.array[...] += as_tensor(g).array
        mutated(before)


def _first(leaf: TensorBase, g: Any) -> Any:
    """The first gradient of ``leaf``: ``g`` itself if it is a whole buffer nobody else has.

    References of such a buffer: one in each of this function, its two callers and the engine, and
    getrefcount's.
    """
    ours = getrefcount(g) <= _ENGINE_ONLY and whole(g)
    if not ours or not g.flags.c_contiguous:
        g = g.copy()
    if g.dtype != leaf.kind.numpy:
        g = g.astype(leaf.kind.numpy)
    return new_tensor(g, leaf.kind, shape=leaf.shape)


def _first_recorded(g: Any) -> Any:
    """The same for a gradient with a graph: a recorded copy unless nobody else looks at its bytes.

    A later pass adds in place to what ``.grad`` is: no other leaf and no saved slot may share it.
    """
    array, storage = g.array, g.storage
    ours = getrefcount(g) <= _ENGINE_ONLY and getrefcount(array) <= 3 and whole(array)
    unshared = g.origin is None and (storage is None or not storage.saves)
    return g if ours and unshared and array.flags.c_contiguous else g.clone()


# ------------------------------------------------------------------------------------------ hooks
def run_hooks(place: Any, g: Any, create: bool) -> Any:
    """Runs the tensor hooks of a node or accumulator on its cotangent, then retains it if asked.

    A hook sees a tensor and may return another one of the same shape.
    """
    hooks = place.hooks
    if hooks is None or not (hooks.functions or hooks.capture):
        return g
    mode = local.mode
    tensor = as_tensor(g)
    for hook in list(hooks.functions.values()):
        before = mode.grad
        mode.grad = create
        try:
            result = hook(tensor)
        finally:
            mode.grad = before
        if result is not None:
            tensor = _checked(result, tensor, hook)
    if hooks.capture is not None:
        kept = hooks.capture()
        if kept is not None:
            kept._grad = tensor if kept._grad is None else kept._grad + tensor
    return tensor if create else tensor.array


def _checked(result: Any, g: Any, hook: Any) -> Any:
    name = getattr(hook, "__name__", type(hook).__name__)
    if not isinstance(result, TensorBase):
        raise TypeError(f"expected Variable, but hook returned '{type(result).__name__}'")
    if result.shape != g.shape:
        raise RuntimeError(f"hook '{name}' has changed the size of value")
    return result

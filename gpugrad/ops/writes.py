"""Writes of results into tensors that exist: ``name_``, ``inplace=True`` and ``out=``.

Holds:     a write that a graph follows gives the tensor the node of the out-of-place op; the
           storage's version rises with every write. The old value is copied only if the op saves
           it, and a saved result is the tensor's own bytes (NOTE [saved by a write]).
Must not:  write before every check has passed.

NOTE [saved by a write]
1. The op is computed and recorded as if out of place. What it saved of the old value is replaced by
   a copy before the bytes are overwritten.
2. What it saved of its result is replaced by the tensor's bytes once they hold it, and the node is
   numbered anew, after the write: its own value is not stale.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..array import can_cast
from ..errors import ShapeError, cannot_cast, leaf_inplace, out_requires_grad, view_inplace
from ..graph import (
    TensorBase,
    here,
    is_leaf,
    keep,
    local,
    location,
    make_storage,
    mutated,
    new_tensor,
    next_sequence,
)
from .broadcast import convert

__all__ = ["check_writable", "inplace", "into", "with_out", "write"]


# --------------------------------------------------------------------------------------- in place
def write(target: Any, compute: Callable[[Any], Any], *others: Any) -> Any:
    """Overwrites ``target`` with ``compute(target)``; returns ``target``.

    Raises:  InplaceError for leaves in grad mode, ShapeError, DTypeError; nothing is written then
    """
    tracked = local.mode.grad and any(
        isinstance(t, TensorBase) and t.node is not None for t in (target, *others)
    )
    if not tracked:
        result = compute(new_tensor(target.array, target.kind))
        _check(target, result)
        target.array[...] = result.array
        mutated(target)
        return target
    check_writable(target)
    start = next_sequence()
    old = new_tensor(target.array, target.kind, target.node)
    result = compute(old)
    _check(target, result)
    node = convert(result, target.kind).node
    nodes = _recorded_since(start, node)
    if old.storage is not None:
        _replace_saved(nodes, old.storage, new_tensor(target.array.copy(), target.kind))
    target.array[...] = result.array
    mutated(target)
    target.node = node
    if result.storage is not None and result.kind is target.kind:
        _replace_saved(nodes, result.storage, target)
        node.seq = next_sequence()
    return target


def inplace(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The method ``name`` that overwrites its tensor with the result of ``function``."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return write(self, lambda old: function(old, *args, **kwargs), *args, *kwargs.values())

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` in place."
    return method


def check_writable(target: Any) -> None:
    """InplaceError for a write, in grad mode, that no node could stand for."""
    base = target if target.base is None else target.base
    if base.node is not None and is_leaf(base):
        raise leaf_inplace(target.base is not None, str(location(*here())))
    if target.base is not None:
        raise view_inplace(str(location(*here())))


def _recorded_since(start: int, node: Any) -> list[Any]:
    """The nodes behind ``node`` with numbers above ``start``: those of one computation."""
    found = {node: None} if node is not None and node.seq > start else {}
    stack = list(found)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge.seq > start and edge not in found:
                found[edge] = None
                stack.append(edge)
    return list(found)


def _replace_saved(nodes: Sequence[Any], storage: Any, tensor: Any) -> None:
    """Makes ``nodes`` keep ``tensor`` where they keep ``storage``."""
    for node in nodes:
        saved, count = node.saved, len(node.rule.slots)
        pairs = list(zip(saved[0 : 2 * count : 2], saved[1 : 2 * count : 2], strict=True))
        if any(kept is storage for _, kept in pairs):
            slots = [
                tensor if kept is storage else new_tensor(array, kept.kind, None, kept)
                for array, kept in pairs
            ]
            node.saved = keep(slots, saved[2 * count :])
            node.rule.release(saved)


def _check(target: Any, result: Any) -> None:
    if tuple(result.shape) != tuple(target.shape):
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    if not can_cast(result.kind.dtype, target.kind.dtype):
        raise cannot_cast(result.kind.dtype.name, target.kind.dtype.name)


# ------------------------------------------------------------------------------------------- out=
def with_out(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` with an argument ``out``: the tensor, or tensors, that receive the result."""

    @wraps(function)
    def call(*args: Any, out: Any = None, **kwargs: Any) -> Any:
        if out is None:
            return function(*args, **kwargs)
        return into(function, out, *args, **kwargs)

    return call


def into(function: Callable[..., Any], out: Any, *args: Any, **kwargs: Any) -> Any:
    """Computes ``function`` and writes the result into ``out``, resized if its shape differs.

    Raises:  RuntimeError where a gradient would have to flow; DTypeError if ``out`` cannot hold the
             result; nothing is written then
    """
    outs = out if isinstance(out, (tuple, list)) else (out,)
    if local.mode.grad and any(
        isinstance(t, TensorBase) and t.node is not None for t in (*outs, *args, *kwargs.values())
    ):
        raise out_requires_grad(function.__name__, str(location(*here())))
    result = function(*args, **kwargs)
    results = result if isinstance(result, tuple) else (result,)
    for target, value in zip(outs, results, strict=True):
        if not can_cast(value.kind.dtype, target.kind.dtype):
            raise cannot_cast(value.kind.dtype.name, target.kind.dtype.name)
    for target, value in zip(outs, results, strict=True):
        _overwrite(target, value)
    return out


def _overwrite(target: Any, value: Any) -> None:
    if tuple(target.shape) == tuple(value.shape):
        target.array[...] = value.array
        mutated(target)
        return
    if target.array.size:
        warnings.warn(
            f"An output with one or more elements was resized since it had shape "
            f"{list(target.shape)}, which does not match the required output shape "
            f"{list(value.shape)}.", stacklevel=4,
        )  # fmt: skip
    target.array = value.array.astype(target.kind.numpy, copy=True)
    target.shape, target.base = value.shape, None
    make_storage(target)

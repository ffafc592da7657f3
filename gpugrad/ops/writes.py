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
3. Where saved values are packed, they were packed before the write: the op gets a copy.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from ..array import can_cast
from ..errors import (
    ShapeError,
    cannot_cast,
    does_not_fit,
    leaf_inplace,
    out_requires_grad,
    traced_write,
    view_inplace,
    written_twice,
)
from ..graph import (
    NotConcrete,
    TensorBase,
    about_to_write,
    here,
    is_leaf,
    is_traced,
    local,
    location,
    make_storage,
    mutated,
    new_tensor,
    next_sequence,
    replace_saved,
)
from .broadcast import convert, expand
from .views import rebase

__all__ = ["check_recordable", "check_writable", "inplace", "into", "is_tracked", "overwrite",
           "with_out", "write", "write_traced"]  # fmt: skip


# --------------------------------------------------------------------------------------- in place
def write(target: Any, compute: Callable[[Any], Any], *others: Any) -> Any:
    """Overwrites ``target`` with ``compute(target)``; returns ``target``.

    Raises:  InplaceError for leaves in grad mode, ShapeError, DTypeError; nothing is written then
    """
    if is_traced(target):
        return write_traced(target, compute)
    tracked = is_tracked(target, *others)
    check_writable(target, tracked)
    if not tracked:
        result = compute(new_tensor(target.array, target.kind))
        _check(target, result)
        target.array[...] = result.array
        mutated(target)
        return target
    start = next_sequence()
    packing = bool(local.mode.packing)
    old = new_tensor(target.array.copy() if packing else target.array, target.kind, target.node)
    result = compute(old)
    _check(target, result)
    value = convert(result, target.kind)
    nodes = _recorded_since(start, value.node)
    if old.storage is not None and not packing:
        copy = new_tensor(target.array.copy(), target.kind)
        replace_saved(nodes, old.storage, lambda _: copy)
    target.array[...] = result.array
    mutated(target)
    if result.storage is not None and value is result:
        replace_saved(nodes, result.storage, lambda _: target)
        value.node.seq = next_sequence()
    rebase(target, value, replaces=value.node is None)
    return target


def overwrite(target: Any, value: Any) -> Any:
    """``target[...] = value`` (a tensor that broadcasts, or a number), differentiable in both."""
    given = isinstance(value, TensorBase)
    tracked = is_tracked(target, value)
    if given:
        check_writable(target, tracked)
    else:  # one number may be written to an element any number of times
        about_to_write(target)
        if tracked:
            check_recordable(target)
    if given and len(value.shape) > len(target.shape):  # NumPy would drop ones in front
        raise does_not_fit(target.shape, value.shape)
    if given and _is_the_same(target, value, tracked):
        mutated(target)
        return target
    try:
        target.array[...] = value.array if given else value
    except ValueError as error:
        raise ShapeError(f"shape mismatch: {error}") from None
    mutated(target)
    if tracked:
        if given:
            value = expand(convert(value, target.kind), target.shape)
        rebase(target, value if given else None, replaces=True)
    return target


def _is_the_same(target: Any, value: Any, tracked: bool) -> bool:
    """Whether ``value`` looks at the very bytes to be written, in the same graph: ``x[i] += y``."""
    first, second = target.origin, value.origin
    if first is None or second is None or first.base is not second.base:
        return False
    a, b = target.array, value.array
    here, there = (x.ctypes.data if isinstance(x, np.ndarray) else x.data.ptr for x in (a, b))
    same = here == there and a.strides == b.strides and a.shape == b.shape
    return same and not (tracked and value.node is None)


def inplace(function: Callable[..., Any], name: str, plain: Any = None) -> Callable[..., Any]:
    """The method ``name`` that overwrites its tensor with the result of ``function``.

    An elementwise op (``function``, or ``plain`` where that is what a call without keywords comes
    to) writes straight into the tensor where no graph has to know.
    """
    op = getattr(plain or function, "op", None)

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if op is not None and not kwargs and not is_tracked(self, *args):
                check_writable(self, False)
                if op.overwrite(self, args):
                    mutated(self)
                    return self
            return write(self, lambda old: function(old, *args, **kwargs), *args, *kwargs.values())
        except NotConcrete:
            return write_traced(self, lambda old: function(old, *args, **kwargs))

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` in place."
    return method


def write_traced(target: Any, compute: Callable[[Any], Any]) -> Any:
    """A write that a traced tensor takes part in: the tensor becomes what the op makes of it.

    Raises:  RuntimeError where others look at the bytes, or an ordinary tensor would become traced
    """
    if not is_traced(target) or target.origin is not None or target.storage is not None:
        raise traced_write(str(location(*here())))
    return target.replace_by(compute(target.rebuilt(lambda part: part)))


def is_tracked(target: Any, *others: Any) -> bool:
    """Whether a graph has to follow a write into ``target`` that reads ``others``."""
    if not local.mode.grad or not target.kind.is_floating_point:
        return False
    origin = target.origin
    if target.node is not None or (origin is not None and origin.base.node is not None):
        return True
    return any(isinstance(t, TensorBase) and t.node is not None for t in others)


def check_writable(target: Any, tracked: bool) -> None:
    """Refuses a write that would write an element twice, or cannot be recorded.

    Raises:  RuntimeError, InplaceError
    """
    about_to_write(target)
    array = target.array
    if 0 in array.strides and array.size and any(
        not step and n > 1 for step, n in zip(array.strides, array.shape, strict=True)
    ):
        raise written_twice(str(location(*here())))
    if tracked:
        check_recordable(target)


def check_recordable(target: Any) -> None:
    """Refuses what no node could stand for.

    Raises:  InplaceError for leaves, their views, and views that are not regions of their base
    """
    origin = target.origin
    if origin is not None:
        if origin.made:
            raise view_inplace(origin.made, str(location(*here())))
        if origin.base.node is not None and is_leaf(origin.base):
            raise leaf_inplace(True, str(location(*here())))
    if target.node is not None and is_leaf(target):
        raise leaf_inplace(False, str(location(*here())))


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


def _check(target: Any, result: Any) -> None:
    if tuple(result.shape) != tuple(target.shape):
        raise does_not_fit(target.shape, result.shape)
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
    if local.mode.grad and _needs_gradient((*outs, *args, *kwargs.values())):
        raise out_requires_grad(function.__name__, str(location(*here())))
    result = function(*args, **kwargs)
    results = result if isinstance(result, tuple) else (result,)
    for target, value in zip(outs, results, strict=True):
        if not can_cast(value.kind.dtype, target.kind.dtype):
            raise cannot_cast(value.kind.dtype.name, target.kind.dtype.name)
    for target, value in zip(outs, results, strict=True):
        _fill_out(target, value)
    return result.__class__(outs) if isinstance(result, tuple) else out


def _needs_gradient(values: Sequence[Any]) -> bool:
    """Whether one of ``values``, or of the sequences among them, is a tensor that requires grad."""
    return any(
        _needs_gradient(v) if isinstance(v, (list, tuple)) else
        isinstance(v, TensorBase) and v.node is not None
        for v in values
    )  # fmt: skip


def _fill_out(target: Any, value: Any) -> None:
    if tuple(target.shape) == tuple(value.shape):
        target.array[...] = value.array
        mutated(target)
        return
    if target.shape.numel():
        warnings.warn(
            f"An output with one or more elements was resized since it had shape "
            f"{list(target.shape)}, which does not match the required output shape "
            f"{list(value.shape)}.", stacklevel=4,
        )  # fmt: skip
    target.array = value.array.astype(target.kind.numpy, copy=True)
    target.shape, target.origin = value.shape, None
    make_storage(target)

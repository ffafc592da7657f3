"""Changes of a tensor's shape or bytes in place: ``t_``, ``squeeze_``, ``resize_``, ``set_``.

Holds:     no element is written. A tensor that others are views of becomes a view itself: of a
           tensor that keeps its former shape, from which the others go on to be made.
Must not:  let a graph lose track of a tensor that requires grad.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any
from weakref import ref

from ..errors import GraphError
from ..graph import Origin, Size, TensorBase, live_views, mutated, new_tensor, storage_of
from .dims import flat_sizes
from .shape import reshape
from .surface import public
from .writes import check_recordable, is_tracked

__all__ = ["resize", "resized", "resized_as", "restated", "take_over"]


def restated(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The method ``name`` that makes a tensor the view of itself that ``function`` returns."""

    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        if is_tracked(self):
            check_recordable(self)
        before = new_tensor(self.array, self.kind, self.node, storage_of(self), self.shape)
        before.origin = self.origin
        views = live_views(self) if self.origin is None else []
        seen = function(before, *args, **kwargs)
        mutated(self)
        self.array, self.shape, self.node = seen.array, seen.shape, seen.node
        if views:
            for view in views:
                view.origin = Origin(before, view.origin.steps, view.origin.made)
            before.storage.views.append(ref(self))
        if views or self.origin is not None:
            self.origin = seen.origin
        return self

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` in place: the same bytes in another shape."
    return method


def resize(tensor: Any, *sizes: Any, memory_format: Any = None) -> Any:
    """Gives ``tensor`` another shape: the same first elements, new ones uninitialised.

    Raises:  RuntimeError if it requires grad
    """
    _refuse_gradients(tensor)
    shape = Size(flat_sizes(sizes))
    array, count = tensor.array, math.prod(shape)
    if array.size < count or not array.flags.c_contiguous:
        larger = tensor.kind.xp.empty(max(count, array.size), tensor.kind.numpy)
        larger[: array.size] = array.reshape(-1)
        array, tensor.storage, tensor.origin = larger, None, None
    tensor.array, tensor.shape = array.reshape(-1)[:count].reshape(shape), shape
    mutated(tensor)
    return tensor


@public("method", name="resize")
def resized(input: Any, *sizes: Any) -> Any:
    """``reshape`` under a name that PyTorch has given up: it warns."""
    warnings.warn("non-inplace resize is deprecated: reshape does the same", stacklevel=2)
    return reshape(input, *sizes)


@public("method", name="resize_as")
def resized_as(input: Any, tensor: Any) -> Any:
    """``input.resize(tensor.shape)``."""
    return resized(input, tensor.shape)


def take_over(tensor: Any, source: TensorBase | None = None) -> Any:
    """Makes ``tensor`` share the bytes and the shape of ``source``; no elements without one.

    Raises:  RuntimeError if it requires grad
    """
    _refuse_gradients(tensor)
    if source is None:
        source = new_tensor(tensor.kind.xp.empty(0, tensor.kind.numpy), tensor.kind)
    tensor.array, tensor.kind, tensor.shape = source.array, source.kind, source.shape
    tensor.storage, tensor.origin = storage_of(source), None
    mutated(tensor)
    return tensor


def _refuse_gradients(tensor: Any) -> None:
    if tensor.node is not None:
        raise GraphError("cannot resize variables that require grad")

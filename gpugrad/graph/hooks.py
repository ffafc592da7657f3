"""Hooks on tensors: registering and removing them.

Holds:     hooks of a tensor made by an op sit on its node, those of a leaf on its accumulator; the
           engine runs them (accumulate.run_hooks) in the order of registration.
Must not:  keep the tensor alive: what retains a gradient is known weakly.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import ref

from ..errors import NoGradError
from .base import TensorBase
from .calls import is_leaf
from .handle import RemovableHandle
from .node import Hooks

__all__ = ["add_hook", "retain_grad"]


def _hooks(tensor: TensorBase) -> Hooks:
    place = tensor.node
    if place.hooks is None:
        place.hooks = Hooks()
    return place.hooks  # type: ignore[no-any-return]


def add_hook(tensor: TensorBase, hook: Callable[..., Any], *, post: bool) -> RemovableHandle:
    """Registers a hook on the gradient of ``tensor``, or (post) on its accumulation.

    Raises:  NoGradError for a tensor without gradient, RuntimeError for ``post`` on a non-leaf
    """
    if tensor.node is None:
        raise NoGradError("cannot register a hook on a tensor that doesn't require gradient")
    if post and not is_leaf(tensor):
        raise RuntimeError("post accumulate grad hooks cannot be registered on non-leaf tensors")
    hooks = _hooks(tensor)
    return (hooks.post if post else hooks.functions).register(hook)


def retain_grad(tensor: TensorBase) -> None:
    """Makes backward leave the gradient of a non-leaf in its ``.grad``.

    Raises:  NoGradError for a tensor without gradient
    """
    if tensor.node is None:
        raise NoGradError("can't retain_grad on Tensor that has requires_grad=False")
    if not is_leaf(tensor):
        _hooks(tensor).capture = ref(tensor)
        tensor.extra = {**(tensor.extra or {}), "retains_grad": True}

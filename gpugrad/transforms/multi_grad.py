"""One hook on the gradients of several tensors.

Holds:     a pass that reaches only some of them counts only those: the first that arrives asks the
           pass which of the others it will visit.
Must not:  keep gradients after the hook has run, or the tensors at all.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary, ref

from ..graph import local
from ..graph.hooks import add_hook

__all__ = ["register_multi_grad_hook"]


class MultiGradHandle:
    """Removes all the hooks of one registration."""

    def __init__(self, handles: Sequence[Any]) -> None:
        self.handles = tuple(handles)

    def remove(self) -> None:
        """Takes the hook out."""
        for handle in self.handles:
            handle.remove()

    def __enter__(self) -> MultiGradHandle:
        return self

    def __exit__(self, *_: object) -> None:
        self.remove()


class _All:
    """Calls ``fn(grads)`` once all tensors that a pass visits have their gradients."""

    def __init__(self, tensors: Sequence[Any], fn: Callable[[list[Any]], None]) -> None:
        self.nodes = [ref(t.node) for t in tensors]
        self.fn = fn
        self.lock = threading.Lock()
        # per pass: the gradients, and how many are to come
        self.waiting: WeakKeyDictionary[Any, tuple[list[Any], list[int]]] = WeakKeyDictionary()

    def arrived(self, index: int, g: Any) -> None:
        """Notes the gradient of tensor ``index``."""
        sweep = local.mode.sweep
        with self.lock:
            found = self.waiting.get(sweep)
            if found is None:
                wanted = sum(node() in sweep.pending for node in self.nodes) + 1
                found = self.waiting[sweep] = [None] * len(self.nodes), [wanted]
            grads, left = found
            grads[index] = g
            left[0] -= 1
            if left[0]:
                return
            del self.waiting[sweep]
        self.fn(grads)


class _Any:
    """Calls ``fn(grad)`` with the first gradient of each pass."""

    def __init__(self, fn: Callable[[Any], None]) -> None:
        self.fn = fn
        self.last: Any = None

    def arrived(self, index: int, g: Any) -> None:
        """Notes that a gradient has come."""
        sweep = local.mode.sweep
        if self.last is None or self.last() is not sweep:
            self.last = ref(sweep)
            self.fn(g)


def register_multi_grad_hook(tensors: Sequence[Any], fn: Callable[[Any], None], *,
                             mode: str = "all") -> MultiGradHandle:
    """Calls ``fn`` once per backward pass: with the gradients of all ``tensors`` (None for those
    the pass does not visit), or with ``mode="any"`` with the first of them alone.

    Raises:  ValueError for another mode; RuntimeError for a tensor without gradient
    """
    if mode not in ("all", "any"):
        raise ValueError(f"Expects mode to be one of ('all', 'any') but got {mode}")
    hook: Any = _All(tensors, fn) if mode == "all" else _Any(fn)

    def at(index: int) -> Callable[[Any], None]:
        return lambda g: hook.arrived(index, g)

    return MultiGradHandle([add_hook(t, at(i), post=False) for i, t in enumerate(tensors)])

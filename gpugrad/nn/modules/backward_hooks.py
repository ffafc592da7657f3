"""What a module's full backward hooks hang on: identities around its inputs and its outputs.

Holds:     the gradients of the outputs are complete before the module's backward begins, those of
           the inputs when it has ended; hooks run then, with None where no gradient flows.
Must not:  form a cycle: nodes know the hooks, hooks know the module, no module knows a node.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...errors import GraphError
from ...graph import graph_node, is_grad_enabled
from ...tensor import Tensor
from ...transforms.function import Function

__all__ = ["BackwardHook", "watch_output"]


class _Identity(Function):
    """Tensors as they are, with one node for all of them."""

    @staticmethod
    def forward(ctx: Any, *tensors: Any) -> Any:
        ctx.mark_non_differentiable(*[t for t in tensors if not t.requires_grad])
        return tuple(tensors)

    @staticmethod
    def backward(ctx: Any, *grads: Any) -> Any:
        return grads


class BackwardHook:
    """The hooks of one call of a module.

    after, before   the hooks; ``grad_outputs`` is what arrived at the outputs
    """

    def __init__(self, module: Any, after: Sequence[Callable[..., Any]],
                 before: Sequence[Callable[..., Any]]) -> None:
        self.module = module
        self.after, self.before = list(after), list(before)
        self.grad_outputs: tuple[Any, ...] | None = None
        self.watches_inputs = False
        self.count = 0  # arguments of the call

    def inputs(self, args: tuple[Any, ...]) -> tuple[Any, ...]:
        """The arguments behind an identity, where one of them requires a gradient."""
        made, node, places = _behind_identity(args)
        self.count = len(args)
        if node is not None:
            self.watches_inputs = True
            node.register_hook(lambda grads, _: self._arrived(grads, places))
        return made

    def outputs(self, result: Any) -> Any:
        """The result behind an identity, if it holds tensors that require gradients."""
        several = isinstance(result, (tuple, list))
        made, node, places = _behind_identity(tuple(result) if several else (result,))
        if node is not None:
            count = len(result) if several else 1
            node.register_prehook(lambda grads: self._begun(grads, places, count))
        if not several:
            return made[0]
        if hasattr(result, "_fields"):
            return type(result)(*made) if hasattr(result, "_make") else type(result)(made)
        return type(result)(made)

    def _begun(self, grads: tuple[Any, ...], places: list[int], count: int) -> Any:
        """The gradients of the outputs are there."""
        full = _unpacked(grads, places, count)
        for hook in self.before:
            changed = hook(self.module, full)
            if changed is not None:
                full = _same_length("pre hook", changed, full)
        self.grad_outputs = full
        if not self.watches_inputs:
            for hook in self.after:
                changed = hook(self.module, (None,) * self.count, full)
                if changed is not None and any(g is not None for g in changed):
                    raise GraphError(
                        "Backward hook for Modules where no input requires gradient should always "
                        "return None or None for all gradients."
                    )
            self.grad_outputs = None
        return tuple([full[i] for i in places])

    def _arrived(self, grads: tuple[Any, ...], places: list[int]) -> Any:
        """The gradients of the inputs are there."""
        grad_inputs = _unpacked(grads, places, self.count)
        if self.grad_outputs is None:
            raise GraphError(
                "The module's backward hook is called before the gradients of its outputs are "
                "there: an output was not used, or was released."
            )
        for hook in self.after:
            changed = hook(self.module, grad_inputs, self.grad_outputs)
            if changed is not None:
                grad_inputs = _same_length("hook", changed, grad_inputs)
        self.grad_outputs = None
        return tuple([grad_inputs[i] for i in places])


def _behind_identity(values: tuple[Any, ...]) -> tuple[tuple[Any, ...], Any, list[int]]:
    """``values`` with their tensors passed through one node, the node, and where they are."""
    places = [i for i, v in enumerate(values) if isinstance(v, Tensor)]
    tensors = [values[i] for i in places]
    if not is_grad_enabled() or not any(t.requires_grad for t in tensors):
        return values, None, places
    passed = _Identity.apply(*tensors)
    made = list(values)
    for i, t in zip(places, passed, strict=True):
        made[i] = t
    node = graph_node(next(t for t in passed if t.requires_grad).node)[0]
    return tuple(made), node, places


def _unpacked(grads: tuple[Any, ...], places: list[int], count: int) -> tuple[Any, ...]:
    full: list[Any] = [None] * count
    for i, g in zip(places, grads, strict=False):
        full[i] = g
    return tuple(full)


def _same_length(what: str, changed: Any, before: tuple[Any, ...]) -> tuple[Any, ...]:
    found = changed if isinstance(changed, tuple) else (changed,)
    if len(found) != len(before):
        raise GraphError(f"Backward {what} returned an invalid number of grad_output, got "
                         f"{len(found)}, but expected {len(before)}")  # fmt: skip
    return found


def watch_output(module: Any, result: Any, hooks: Sequence[Callable[..., Any]]) -> Any:
    """Old backward hooks: they see the gradients of the node that made the result."""
    tensor = result
    while not isinstance(tensor, Tensor):
        if isinstance(tensor, dict):
            tensor = next((v for v in tensor.values() if isinstance(v, Tensor)), None)
        else:
            tensor = tensor[0] if isinstance(tensor, (tuple, list)) and tensor else None
        if tensor is None:
            return result
    if tensor.grad_fn is not None:
        for hook in hooks:
            tensor.grad_fn.register_hook(lambda i, o, hook=hook: hook(module, i, o))
    return result

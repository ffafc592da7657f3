"""How a custom Function goes backwards: the rule of its nodes (graph.node.Rule).

Holds:     backward runs on tensors, with gradients on only if the pass is recorded; what it returns
           is checked, summed to the shape of the input where it was broadcast, and converted to
           its kind.
Must not:  keep anything of a call: that is in ``node.saved`` and ``node.context``, the ctx.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, TypeVar

import numpy as np

from ..errors import (
    attribute_note,
    differentiated_twice,
    function_device,
    function_lacks,
    gradient_of_no_tensor,
    gradient_shape,
    not_a_gradient,
    two_backwards,
    wrong_gradient_count,
)
from ..graph import (
    Node,
    TensorBase,
    deliver,
    local,
    new_tensor,
    no_grad,
    release,
    release_one,
    release_two,
    storage_of,
)
from ..ops.broadcast import convert, sum_to
from ..ops.record import make_node
from .function_context import FunctionCtx

__all__ = ["FunctionRule", "no_backward", "no_setup", "once_differentiable", "parameter_names",
           "zeros"]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])

_RELEASES: dict[int, Callable[[tuple[Any, ...]], int]] = {1: release_one, 2: release_two}
"""By the number of slots; of all others a loop lets go."""


class FunctionRule:
    """The rule of the calls of one Function that keep the same kinds of things.

    function     the Function
    title        the node's name, PyTorch's "Backward" without a number
    layout       for each argument of save_for_backward its slot, or None
    has_foreign  whether a dict lies behind the slots; see function_slots.py
    clears       whether reading saved_tensors lets go of them
    freed_note   what an error about released values has to add
    """

    __slots__ = ("boxed", "clears", "freed_note", "function", "has_foreign", "layout", "name",
                 "outputs", "release", "slots", "sources", "title")  # fmt: skip

    def __init__(self, function: Any, outputs: int, layout: tuple[int | None, ...] = (),
                 sources: tuple[int, ...] = (), attributes: tuple[str, ...] = (),
                 inputs: Sequence[str] = (), has_foreign: bool = False) -> None:
        self.function = function
        self.name: str = function.__name__
        self.title = f"{self.name}Backward"
        self.outputs = outputs
        self.layout = layout
        self.sources = sources
        self.slots = (*attributes, *(
            _slot_name(sources[slot], inputs, position, outputs)
            for position, slot in enumerate(layout) if slot is not None
        ))  # fmt: skip
        self.has_foreign = has_foreign
        self.boxed: bool = function.boxed_grads_call
        self.clears: bool = function.clear_saved_tensors_on_access
        self.freed_note = attribute_note(attributes) if attributes else ""
        self.release = _RELEASES.get(len(sources), release)

    # ---------------------------------------------------------------------------------- running
    def backward(self, node: Node, g: Any, pending: dict[Any, Any]) -> None:
        """On raw arrays, which the user's method gets to see as tensors."""
        for edge, d in self._cotangents(node, g):
            deliver(pending, edge, d.array)

    def differentiate(self, node: Node, g: Any, pending: dict[Any, Any]) -> None:
        """On tensors; what the user's method does is recorded."""
        for edge, d in self._cotangents(node, g):
            deliver(pending, edge, d)

    def _cotangents(self, node: Node, g: Any) -> list[tuple[Any, Any]]:
        """What the user's method makes of ``g``, checked, with the edges where it belongs."""
        ctx = node.context
        results = self._called(ctx, g)
        if results.__class__ is not tuple and not isinstance(results, tuple):
            results = (results,)
        specs, edges, index = ctx._inputs, node.edges, 0
        if len(results) != len(specs):
            results = self._trimmed(node, results, len(specs))
        found = []
        for position, d in enumerate(results):
            spec = specs[position]
            if d is not None:
                if spec is None:
                    raise gradient_of_no_tensor(self.title, position + 1)
                if not isinstance(d, TensorBase):
                    raise not_a_gradient(type(d), self.title, position + 1)
                fits = d.kind is spec[1] and d.shape == spec[0]
                if edges[index] is not None:
                    found.append((edges[index], d if fits else self._fitted(node, d, spec, index)))
            if spec is not None:
                index += 1
        return found

    def _called(self, ctx: FunctionCtx, g: Any) -> Any:
        """What the user's method returns."""
        fill, specs = ctx.materialize_grads, ctx._outputs
        if self.outputs == 1:
            grads = [_shown(g, specs[0], fill)]
        else:
            grads = [_shown(part, spec, fill) for part, spec in zip(g, specs, strict=True)]
        function = self.function
        call = function.backward if function.vjp is no_backward else pullback(function)
        if not ctx._moved:
            return call(ctx, grads) if self.boxed else call(ctx, *grads)
        ctx._opened = {}
        try:
            return call(ctx, grads) if self.boxed else call(ctx, *grads)
        finally:
            ctx._opened = None

    def _trimmed(self, node: Node, results: tuple[Any, ...], expected: int) -> tuple[Any, ...]:
        """Without the Nones that are one too many."""
        if len(results) < expected or any(d is not None for d in results[expected:]):
            raise wrong_gradient_count(self.title, expected, len(results), str(node.where))
        return results[:expected]

    def _fitted(self, node: Node, d: Any, spec: Any, index: int) -> Any:
        """A gradient in the shape and kind of its input."""
        shape, kind = spec
        if d.shape != shape:
            if not _reduces(d.shape, shape):
                raise gradient_shape(self.title, index, tuple(d.shape), tuple(shape),
                                     str(node.where))  # fmt: skip
            d = sum_to(d, shape)
        if d.kind.device != kind.device:
            raise function_device(self.title, index, d.kind.device, kind.device)
        return convert(d, kind)

    # ---------------------------------------------------------------------------------- read
    def attribute(self, node: Node, name: str) -> Any:
        """What a node says of itself beyond what all nodes do: what its ctx says."""
        return getattr(node.context, name)


def no_backward(ctx: Any, *grad_outputs: Any) -> Any:
    """The gradients of the arguments from those of the outputs, None where there is none."""
    raise function_lacks("backward")


def no_setup(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
    """Notes on ``ctx`` what backward will need, after a forward that has no ``ctx``."""
    raise function_lacks("setup_context")


def pullback(function: Any) -> Any:
    """The ``vjp`` of a Function that has one.

    Raises:  RuntimeError if it has a ``backward`` as well
    """
    if function.backward is not no_backward:
        raise two_backwards(function.__name__)
    return function.vjp


def _shown(g: Any, spec: Any, fill: bool) -> Any:
    """A cotangent as backward sees it; zeros for an output that none has reached."""
    if g is None:
        return zeros(spec) if fill and spec is not None else None
    if isinstance(g, TensorBase):
        return g
    return new_tensor(np.asarray(g) if isinstance(g, np.generic) else g, spec[1], shape=spec[0])


def zeros(spec: Any) -> Any:
    """Zeros of a shape and kind."""
    shape, kind = spec
    return new_tensor(kind.xp.zeros(shape, kind.numpy), kind, shape=shape)


def _reduces(shape: Sequence[int], target: Sequence[int]) -> bool:
    """Whether ``target`` broadcasts to ``shape``."""
    lead = len(shape) - len(target)
    return lead >= 0 and all(t in (1, n) for t, n in zip(target, shape[lead:], strict=True))


def _slot_name(source: int, inputs: Sequence[str], position: int, outputs: int) -> str:
    """What a saved tensor is called in reports and errors."""
    if source >= 0:
        return inputs[source]
    if source < -outputs:
        return f"saved_tensors[{position}]"
    return "result" if outputs == 1 else f"result{-1 - source}"


def parameter_names(forward: Callable[..., Any], with_ctx: bool, count: int) -> list[str]:
    """What the user calls the arguments of forward, for naming what is kept of them."""
    try:
        parameters = list(inspect.signature(forward).parameters.values())[with_ctx:]
    except (TypeError, ValueError):  # written in C
        parameters = []
    names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    rest = next((p.name for p in parameters if p.kind is p.VAR_POSITIONAL), "args")
    return [*names, *(f"{rest}[{i}]" for i in range(count - len(names)))][:count]


# ---------------------------------------------------------------------------------- only once
class _Once:
    """The rule of results of a backward that may not be differentiated."""

    name = "Error"
    title = "Error"
    slots: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    outputs = 1

    @staticmethod
    def backward(node: Node, g: Any, pending: dict[Any, Any]) -> NoReturn:
        """Refuses."""
        raise differentiated_twice(*node.context)

    differentiate = backward

    @staticmethod
    def release(saved: tuple[Any, ...]) -> int:
        """Nothing is saved."""
        return 0


def once_differentiable(fn: F) -> F:
    """Declares that a backward cannot be differentiated: it runs without recording, and a second
    derivative through it raises instead of being wrong.
    """

    @functools.wraps(fn)
    def wrapper(ctx: Any, *args: Any, **kwargs: Any) -> Any:
        with no_grad():
            results = fn(ctx, *args, **kwargs)
        if not local.mode.grad:
            return results
        given = [a for a in args if isinstance(a, TensorBase)]
        node = getattr(ctx, "_node", None) and ctx._node()
        if node is None and not any(a.node is not None for a in given):
            return results
        context = (fn.__qualname__, "" if node is None else str(node.where))
        edges = () if node is None else node.edges
        if isinstance(results, tuple):
            return tuple([_undifferentiable(r, given, edges, context) for r in results])
        return _undifferentiable(results, given, edges, context)

    return wrapper  # type: ignore[return-value]


def _undifferentiable(result: Any, args: list[Any], edges: tuple[Any, ...], context: Any) -> Any:
    """``result`` with a node that refuses to run, wherever a pass through it may be going."""
    if not isinstance(result, TensorBase):
        return result
    node = make_node(_Once, args, (), (), context)
    node.edges += edges
    node.shape = result.shape
    return new_tensor(result.array, result.kind, node, storage_of(result), result.shape)

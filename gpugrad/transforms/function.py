"""Custom functions: a forward on tensors and a backward that the user writes.

Holds:     a function's node is like any other: its saved values are counted, its line is the one
           that called ``apply``, and its backward may be differentiated as often as it is made of
           recorded ops.
Must not:  record anything that forward does.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn
from weakref import ref

from ..errors import (
    GraphError,
    bad_cotangent,
    cotangent_count,
    cotangent_shape,
    dirty_leaf,
)
from ..graph import (
    Node,
    Port,
    Size,
    TensorBase,
    as_tensor,
    deliver,
    is_leaf,
    is_traced,
    local,
    new_tensor,
    next_sequence,
    no_grad,
    release,
    storage_of,
    topmost,
)
from ..ops.broadcast import convert, sum_to
from ..ops.record import make_node
from ..ops.views import rebase
from .function_context import FunctionCtx, SavedLayout, sources_of

__all__ = ["Function", "FunctionCtx", "once_differentiable", "run_forward"]


class Function:
    """The base of custom functions; subclasses define static methods.

    forward(ctx, *args)          or forward(*args) and setup_context(ctx, inputs, output)
    backward(ctx, *grad_outputs) one gradient (or None) per argument of forward; also named vjp
    jvp(ctx, *tangents)          forward mode
    vmap(info, in_dims, *args)   under ``vmap``: returns output and out_dims

    What is saved with ``ctx.save_for_backward`` or put on ``ctx`` is kept by the node, counted, and
    released with it.

    >>> import gpugrad
    >>> class Cube(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         ctx.save_for_backward(x)
    ...         return x ** 3
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (x,) = ctx.saved_tensors
    ...         return 3 * x * x * g
    >>> x = gpugrad.tensor(2.0, requires_grad=True)
    >>> Cube.apply(x).backward(); x.grad
    tensor(12.)
    """

    generate_vmap_rule = False
    _rules: dict[Any, FunctionRule]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._rules = {}

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise GraphError(
            "Legacy autograd function with non-static forward method is deprecated. Please use "
            "new-style autograd function with static forward method: call "
            f"{type(self).__name__}.apply(...)"
        )

    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """The value."""
        raise NotImplementedError(
            "You must implement the forward function for custom autograd.Function."
        )

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> Any:
        """Saves what backward needs, where forward takes no ``ctx``."""
        raise NotImplementedError("setup_context is not implemented.")

    @staticmethod
    def backward(ctx: Any, *grad_outputs: Any) -> Any:
        """The gradients of the arguments."""
        raise NotImplementedError(
            "You must implement either the backward or vjp method for your custom "
            "autograd.Function to use it with backward mode AD."
        )

    vjp = backward

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs."""
        raise NotImplementedError(
            "You must implement the jvp function for custom autograd.Function to use it with "
            "forward mode AD."
        )

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """The value for a batch."""
        raise NotImplementedError("To use autograd.Function with vmap, you must either override "
                                  "the vmap staticmethod or set generate_vmap_rule=True.")

    @classmethod
    def _rule(cls, *key: Any) -> FunctionRule:
        found = cls._rules.get(key)
        return cls._rules.setdefault(key, FunctionRule(cls, *key)) if found is None else found

    @classmethod
    def apply(cls, *args: Any) -> Any:
        """Runs forward and records a node for its outputs."""
        for arg in args:
            if is_traced(arg):
                return topmost(args).apply_function(cls, args)
        return run_forward(cls, args)[0]


def run_forward(cls: type[Function], args: tuple[Any, ...]) -> tuple[Any, FunctionCtx]:
    """The outputs of ``cls`` on ordinary tensors, and the context that goes with them."""
    needs = tuple([isinstance(a, TensorBase) and a.node is not None for a in args])
    ctx = FunctionCtx(needs)
    mode = local.mode
    recording = mode.grad and True in needs
    before, mode.grad = mode.grad, False
    try:
        if cls.setup_context is Function.setup_context:
            result = cls.forward(ctx, *args)
        else:
            result = cls.forward(*args)
            cls.setup_context(ctx, args, result)
    finally:
        mode.grad = before
    several = isinstance(result, tuple)
    outputs = list(result) if several else [result]
    _check_dirty(ctx, args, outputs)
    if recording:
        outputs = _record(cls, ctx, args, outputs)
    return (tuple(outputs) if several else outputs[0]), ctx


def _described(tensors: list[Any]) -> list[Any]:
    """Shape and kind of each tensor, None for what is none."""
    return [(t.shape, t.kind) if isinstance(t, TensorBase) else None for t in tensors]


def _check_dirty(ctx: FunctionCtx, args: tuple[Any, ...], outputs: list[Any]) -> None:
    for t in ctx._dirty:
        if not any(t is a for a in args) or not any(t is out for out in outputs):
            raise GraphError("Some elements marked as dirty during the forward method were not "
                             "returned as output. The inputs that are modified inplace must all be "
                             "outputs of the Function.")  # fmt: skip
        if local.mode.grad and t.node is not None and is_leaf(t):
            raise dirty_leaf()


# ---------------------------------------------------------------------------------------- recording
def _record(cls: type[Function], ctx: FunctionCtx, args: tuple[Any, ...], outputs: list[Any]
            ) -> list[Any]:
    """The outputs with their places in the graph."""
    inputs = [a if isinstance(a, TensorBase) else None for a in args]
    layout = SavedLayout(ctx)
    sources, others = sources_of(layout.tensors, inputs, outputs)
    rule = cls._rule(tuple(layout.names), sources, len(outputs))
    node = make_node(rule, [*inputs, *others], layout.tensors, (), ctx)
    layout.tensors = []
    ctx._to_save = ()
    ctx._layout, ctx._node = layout, ref(node)
    ctx._inputs, ctx._outputs = _described(inputs), _described(outputs)
    node.shape = next((o.shape for o in outputs if isinstance(o, TensorBase)), Size())
    made = [_connected(ctx, node, i, out, inputs, len(outputs)) for i, out in enumerate(outputs)]
    ctx._dirty = ctx._constant = ()
    return made


def _connected(ctx: FunctionCtx, node: Node, index: int, out: Any, inputs: list[Any],
               count: int) -> Any:
    """Output ``index`` with its place in the graph, if it has one."""
    if not isinstance(out, TensorBase) or not out.kind.is_floating_point:
        return out
    if any(out is t for t in ctx._constant):
        return out
    place = node if count == 1 else _port(node, index, count, out)
    if any(out is t for t in ctx._dirty):
        value = new_tensor(out.array, out.kind, place, storage_of(out), out.shape)
        rebase(out, value, replaces=out.origin is not None)
        return out
    if out.node is not None or any(out is t for t in inputs):  # returned as it came in
        out = new_tensor(out.array, out.kind, None, storage_of(out), out.shape)
    elif out.origin is not None:
        out.origin.made = "custom"
    out.node = place
    out.lost = None
    return out


def _port(node: Node, index: int, count: int, out: TensorBase) -> Node:
    port = Node()
    port.rule, port.edges, port.saved, port.context = Port, (node,), (), (index, count)
    port.shape, port.seq, port.scope = out.shape, next_sequence(), node.scope
    port.code, port.lasti, port.hooks, port.freed = node.code, node.lasti, None, None
    return port


# ---------------------------------------------------------------------------------------- backward
class FunctionRule:
    """The rule of a custom function's node (see graph.node.Rule)."""

    __slots__ = ("cls", "name", "outputs", "slots", "sources")

    def __init__(self, cls: type[Function], slots: tuple[str, ...], sources: tuple[int, ...],
                 outputs: int) -> None:
        self.cls = cls
        self.name = cls.__name__
        self.slots, self.sources, self.outputs = slots, sources, outputs

    @property
    def title(self) -> str:
        """The whole name of the node."""
        return f"{self.name}Backward"

    release = staticmethod(release)

    def backward(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """On raw arrays, through tensors that nothing records."""
        for edge, d in zip(node.edges, self._gradients(node, g), strict=False):
            deliver(pending, edge, None if d is None else d.array)

    def differentiate(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """On tensors; what backward does is recorded."""
        for edge, d in zip(node.edges, self._gradients(node, g), strict=False):
            deliver(pending, edge, d)

    def attribute(self, node: Any, name: str) -> Any:
        """What ``node.name`` is for users: what forward put on the context."""
        return getattr(node.context, name)

    def _gradients(self, node: Any, g: Any) -> list[Any]:
        ctx, cls = node.context, self.cls
        parts = g if g.__class__ is list else [g]
        grads = [None if part is None else as_tensor(part) for part in parts]
        if ctx._materialize and len(parts) > 1:
            grads = [_zeros(ctx._outputs[i]) if t is None else t for i, t in enumerate(grads)]
        pullback = cls.backward if cls.backward is not Function.backward else cls.vjp
        result = pullback(ctx, *grads)
        found = list(result) if isinstance(result, (tuple, list)) else [result]
        wanted = len(ctx.needs_input_grad)
        if len(found) > wanted and all(d is None for d in found[wanted:]):
            del found[wanted:]
        if len(found) != wanted:
            raise cotangent_count(self.title, wanted, len(found))
        return [
            None if d is None or edge is None else self._fitted(i, d, edge, ctx)
            for i, (d, edge) in enumerate(zip(found, node.edges, strict=False))
        ]

    def _fitted(self, index: int, d: Any, edge: Any, ctx: FunctionCtx) -> Any:
        """A gradient in the shape of its input; what was broadcast is summed."""
        if not isinstance(d, TensorBase):
            raise bad_cotangent(type(d).__name__)
        shape, kind = ctx._inputs[index]
        if d.shape != shape:
            lead = len(d.shape) - len(shape)
            if lead < 0 or any(n not in (1, m) for n, m in zip(shape, d.shape[lead:], strict=True)):
                raise cotangent_shape(self.title, index, list(d.shape), list(shape))
            d = sum_to(d, shape)
        return convert(d, kind)


def _zeros(described: Any) -> Any:
    """Zeros for an output that nothing arrived at; None for what is no tensor."""
    if described is None:
        return None
    shape, kind = described
    return new_tensor(kind.xp.zeros(shape, kind.numpy), kind)


def once_differentiable(function: Callable[..., Any]) -> Callable[..., Any]:
    """Marks a backward that is not made of recorded ops: differentiating it raises."""

    @wraps(function)
    def backward(ctx: Any, *grads: Any) -> Any:
        recording = local.mode.grad
        with no_grad():
            result = function(ctx, *grads)
        requires = [g for g in grads if isinstance(g, TensorBase) and g.node is not None]
        if not recording or not requires:
            return result
        results = result if isinstance(result, tuple) else (result,)
        made = tuple([_refusing(r, requires) for r in results])
        return made if isinstance(result, tuple) else made[0]

    return backward


class _Refusal:
    """The rule of a node through which nobody may go."""

    name = "DelayedError"
    slots: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    outputs = 1
    release = staticmethod(release)

    @staticmethod
    def backward(node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """Raises."""
        raise GraphError(
            "trying to differentiate twice a function that was marked with @once_differentiable"
        )

    differentiate = backward


def _refusing(result: Any, requires: list[Any]) -> Any:
    if not isinstance(result, TensorBase) or not result.kind.is_floating_point:
        return result
    out = new_tensor(result.array, result.kind, None, storage_of(result), result.shape)
    out.node = make_node(_Refusal, requires, (), (), None)
    out.node.shape = out.shape
    return out

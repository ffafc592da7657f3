"""The families ``linear`` and ``custom``: ops whose backward calls other ops.

An op called on tensors computes, wraps and records; called on raw arrays it only computes. So a
backward rule is written once, in terms of ops and operators, and serves both the plain backward
(raw arrays) and create_graph (tensors, recorded).

Holds:     what an op saves is named in its declaration; nothing else survives the call.
Must not:  look at values. Shapes, dtypes and arguments decide everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from ..array import from_numpy_dtype, module_of, run_again
from ..graph import (
    NotConcrete,
    TensorBase,
    deliver,
    handed_over,
    local,
    lose,
    release,
    unpack,
)
from .record import (
    record,
    record_many,
    record_view,
    same_bytes,
    unrecorded,
    wrap,
    wrap_view,
)

__all__ = ["Custom", "Linear", "Valued", "View", "custom", "linear", "quietly", "valued"]


class GenericRule:
    """The rule of a linear or custom op: calls its ``vjp`` on arrays or on tensors.

    ``vjp(g, *saved, **attrs)`` returns one cotangent per input (a single one may stand alone).
    ``node.context`` is (input shapes, keyword arguments).
    """

    __slots__ = ("name", "needs", "op", "outputs", "release", "slots", "sources", "vjp")

    def __init__(self, op: Any, slots: tuple[str, ...], needs: tuple[bool, ...],
                 outputs: int) -> None:
        self.op = op
        self.name: str = op.node_name
        self.vjp: Callable[..., Any] = op.pullback
        self.slots = slots
        self.needs = needs
        self.outputs = outputs
        self.sources = tuple(_source(op, slot) for slot in slots)
        self.release = release

    def backward(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """On raw arrays."""
        self._run(node, g, pending, node.saved[0 : 2 * len(self.slots) : 2])

    def again(self, node: Any) -> Any:
        """The result of ``node``, raw arrays, if all that it was made of is saved; else None."""
        if self.slots != self.op.params or not self.slots:
            return None
        arrays = node.saved[0 : 2 * len(self.slots) : 2]
        made = self.op.forward(module_of(arrays[0]), *arrays, **node.context[1])
        return made[0] if made.__class__ is tuple else made

    def differentiate(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """On tensors; what they do is recorded."""
        self._run(node, g, pending, [unpack(node, i) for i in range(len(self.slots))])

    def _run(self, node: Any, g: Any, pending: dict[Any, Any], saved: Sequence[Any]) -> None:
        shapes, attrs = node.context
        if self.op.wants_shapes:
            attrs = {**attrs, "shapes": shapes}
        if self.op.wants_needs:
            attrs = {**attrs, "needs": tuple([edge in pending for edge in node.edges])}
        result = self.vjp(g, *saved, **attrs)
        if result.__class__ is not tuple:
            result = (result,)
        for edge, d in zip(node.edges, result, strict=False):
            deliver(pending, edge, d)


def quietly(mode: Any, forward: Callable[..., Any], *arguments: Any, **attrs: Any) -> Any:
    """Calls ``forward`` with NumPy's floating point warnings silenced."""
    try:
        return mode.compute(forward, *arguments, **attrs)
    except RuntimeError as error:
        return run_again(error, forward, *arguments, **attrs)


def _source(op: Any, slot: str) -> int:
    """Where a saved slot comes from: an input's index, -1 for the result, -2 for "result1", ..."""
    if slot.startswith("result"):
        return -1 - int(slot[len("result") :] or 0)
    if slot not in op.params:  # "indices0", "indices1", ... of a variadic op
        return len(op.params) + int(slot.lstrip("abcdefghijklmnopqrstuvwxyz_"))
    return op.params.index(slot)  # type: ignore[no-any-return]


class _Op:
    """What linear and custom ops share: names, rules, and how arguments are split."""

    pullback: Callable[..., Any]
    wants_shapes: bool
    wants_needs: bool

    def __init__(self, name: str, node_name: str, doc: str | None) -> None:
        self.__name__ = name
        self.__doc__ = doc
        self.node_name = node_name or "".join(part.title() for part in name.split("_"))
        self._rules: dict[Any, GenericRule] = {}

    params: tuple[str, ...]

    def vjp(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Declares the op's vector-Jacobian product."""
        code = function.__code__
        arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
        self.wants_shapes = "shapes" in arguments
        self.wants_needs = "needs" in arguments
        self.pullback = function
        return function

    def rule(self, slots: tuple[str, ...], needs: tuple[bool, ...], outputs: int = 1
             ) -> GenericRule:
        """The rule for what is saved and what needs a gradient."""
        key = slots, needs, outputs
        found = self._rules.get(key)
        if found is None:
            found = self._rules.setdefault(key, GenericRule(self, *key))
        return found

    def __repr__(self) -> str:
        return f"<gpugrad op {self.__name__}>"


class Linear(_Op):
    """A linear map of one tensor: it saves nothing, its backward is its transpose.

    forward    ``(xp, x, **attrs) -> array``
    transpose  ``(g, **attrs) -> g'`` in terms of ops; names ``shapes`` to get the input's shape
    """

    params = ("x",)

    def __init__(self, name: str, forward: Callable[..., Any], transpose: Callable[..., Any],
                 node_name: str = "", doc: str | None = None) -> None:
        super().__init__(name, node_name, doc)
        self.vjp(transpose)
        self.forward = forward
        self.only_rule = self.rule((), (True,))

    def __call__(self, x: Any, **attrs: Any) -> Any:
        if not isinstance(x, TensorBase):
            return self.forward(module_of(x), x, **attrs)
        mode = local.mode
        try:
            array = x.array
        except NotConcrete:
            return handed_over(self, (x,), attrs)
        y = quietly(mode, self.forward, x.kind.xp, array, **attrs)
        out = _wrap_like(_of_its_own(y, array), x.kind)
        if x.node is None or not mode.grad:
            unrecorded((out,), (x,), mode)
        else:
            record(self.only_rule, out, (x,), context=((x.shape,), attrs))
        return out


class View(Linear):
    """A linear map whose result shares the bytes of ``x`` where it can.

    ``attrs`` alone determine which view it is. Most views have one of them, and then
    ``op.by(x, value)`` is ``op(x, name=value)`` at two thirds of the cost.
    """

    def __init__(self, name: str, forward: Callable[..., Any], transpose: Callable[..., Any],
                 node_name: str = "", doc: str | None = None) -> None:
        super().__init__(name, forward, transpose, node_name, doc)
        self.attr = "".join(forward.__code__.co_varnames[2:3])

    def __call__(self, x: Any, **attrs: Any) -> Any:
        if not isinstance(x, TensorBase):
            return self.forward(module_of(x), x, **attrs)
        try:
            array = x.array
        except NotConcrete:
            return handed_over(self, (x,), attrs)
        # It moves no values, so there is nothing to silence.
        out = wrap_view(self.forward(x.kind.xp, array, **attrs), x, self, attrs)
        if x.node is not None:
            record_view(self, out, x, attrs)
        return out

    def by(self, x: Any, value: Any) -> Any:
        """The view that the one attribute ``value`` (positional in ``forward``) determines."""
        if not isinstance(x, TensorBase):
            return self.forward(module_of(x), x, value)
        attrs = {self.attr: value}
        try:
            array = x.array
        except NotConcrete:
            return handed_over(self, (x,), attrs)
        out = wrap_view(self.forward(x.kind.xp, array, value), x, self, attrs)
        if x.node is not None:
            record_view(self, out, x, attrs)
        return out


class Valued:
    """A function of tensors' values, without a gradient, that is no op of a family.

    On traced tensors it is handed over like an op; its result knows where a gradient was lost.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.__name__ = function.__name__.rstrip("_")
        self.function = function

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        try:
            out = self.function(*inputs, **attrs)
        except NotConcrete:
            return handed_over(self, inputs, attrs)
        return lose(out, inputs, "op", self.__name__)


def valued(function: Callable[..., Any]) -> Any:
    """Declares a function of values: see ``Valued``."""
    op = Valued(function)

    @wraps(function)
    def call(*inputs: Any, **attrs: Any) -> Any:
        return op(*inputs, **attrs)

    return call


def linear(name: str, *, forward: Callable[..., Any], transpose: Callable[..., Any],
           view: bool = False, node_name: str = "", doc: str | None = None) -> Any:
    """Declares a linear op; with ``view`` its result may share the bytes of its input."""
    return (View if view else Linear)(name, forward, transpose, node_name, doc)


class Custom(_Op):
    """An op with an algorithm of its own: see ``custom``."""

    def __init__(self, forward: Callable[..., Any], saves: Any, node_name: str, many: bool,
                 view: Callable[..., Any] | None) -> None:
        super().__init__(forward.__name__, node_name, forward.__doc__)
        self.forward = forward
        self.saves = saves
        self.many = many
        self.view = view
        code = forward.__code__
        self.params = code.co_varnames[1 : code.co_argcount]

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        arrays, kind, recorded = [], None, False
        try:
            for x in inputs:
                if isinstance(x, TensorBase):
                    kind = kind or x.kind
                    recorded = recorded or x.node is not None
                    arrays.append(x.array)
                else:
                    arrays.append(x)
        except NotConcrete:
            return handed_over(self, inputs, attrs)
        if kind is None:
            xp = module_of(next(x for x in inputs if x is not None))
            return self.forward(xp, *inputs, **attrs)
        mode = local.mode
        y = quietly(mode, self.forward, kind.xp, *arrays, **attrs)
        several = y.__class__ is tuple
        if self.view is None:
            first = arrays[0]
            outs = [_wrap_like(_in_order(a, first), kind) for a in (y if several else (y,))]
        else:
            steps = [self.view(i, **attrs) for i in range(len(y))]
            outs = [wrap_view(a, inputs[0], op, args, "many")
                    for a, (op, args) in zip(y, steps, strict=True)]  # fmt: skip
        if recorded and mode.grad and outs:
            self._record(outs, inputs, attrs)
        else:
            unrecorded(outs, inputs, mode)
        return tuple(outs) if several else outs[0]

    def _record(self, outs: list[Any], inputs: tuple[Any, ...], attrs: dict[str, Any]) -> None:
        inputs = tuple([x if isinstance(x, TensorBase) else None for x in inputs])
        needs = tuple([x is not None and x.node is not None for x in inputs])
        slots = self.saves(needs) if callable(self.saves) else self.saves
        rule = self.rule(slots, needs, len(outs) if self.many else 1)
        saved = [outs[-1 - s] if s < 0 else inputs[s] for s in rule.sources]
        context = (tuple([None if x is None else x.shape for x in inputs]), attrs)
        if self.many:
            record_many(rule, outs, inputs, saved, context)
        else:
            record(rule, outs[0], inputs, saved, context=context)
            for out in outs[1:]:
                lose(out, inputs, "op", self.__name__.removesuffix("_op"))


def _of_its_own(array: Any, source: Any) -> Any:
    """A result in the order of its shape that shares no bytes with the operand."""
    return array.copy() if same_bytes(array, source) else _in_order(array, source)


def _in_order(array: Any, source: Any) -> Any:
    """A result in the order of its shape, as PyTorch's are: NumPy keeps that of the operands.

    An op that returns its operand has written to it (index.put_op).
    """
    if array.flags.c_contiguous or array is source:
        return array
    return array.copy()


def _wrap_like(array: Any, kind: Any) -> Any:
    if array.dtype is not kind.numpy and array.dtype != kind.numpy:
        kind = kind.with_dtype(from_numpy_dtype(array.dtype))
    return wrap(array, kind)


def custom(*, saves: Any = (), node_name: str = "", many: bool = False,
           view: Callable[..., Any] | None = None) -> Callable[[Callable[..., Any]], Custom]:
    """Declares an op by its forward function; ``@name.vjp`` then declares its backward.

    forward  ``(xp, *arrays, **attrs) -> array``, or a tuple of arrays
    vjp      ``(g, *saved, **attrs) -> cotangents, one per input``; names ``shapes`` and ``needs``
             among its parameters if it wants the inputs' shapes and which of them are wanted
    saves    names of what is kept ("result" is the first output, "result1" the second), or a
             function of ``needs`` that returns them
    many     every output is differentiable: ``g`` is then a list with None where nothing arrived;
             otherwise only the first output is, and the others are plain tensors
    view     for outputs that share the bytes of the first input: ``(index, **attrs)`` gives the
             linear op and its arguments that make the output with that index
    """

    def declare(forward: Callable[..., Any]) -> Custom:
        return Custom(forward, saves, node_name, many, view)

    return declare

"""The families ``linear`` and ``custom``: ops whose backward calls other ops.

An op called on tensors computes, wraps and records; called on raw arrays it only computes. So a
backward rule is written once, in terms of ops and operators, and serves both the plain backward
(raw arrays) and create_graph (tensors, recorded).

Holds:     what an op saves is named in its declaration; nothing else survives the call.
Must not:  look at values. Shapes, dtypes and arguments decide everything.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..array import from_numpy_dtype, hush, module_of, unhush
from ..graph import TensorBase, deliver, release, unpack
from .record import needs_of, record, record_many, records, wrap, wrap_view

__all__ = ["Custom", "Linear", "custom", "linear"]


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
    view       the result may share the bytes of ``x``
    """

    params = ("x",)

    def __init__(self, name: str, forward: Callable[..., Any], transpose: Callable[..., Any], *,
                 view: bool = False, node_name: str = "", doc: str | None = None) -> None:
        super().__init__(name, node_name, doc)
        self.vjp(transpose)
        self.forward = forward
        self.view = view

    def __call__(self, x: Any, **attrs: Any) -> Any:
        if not isinstance(x, TensorBase):
            return self.forward(module_of(x), x, **attrs)
        token = hush()
        try:
            y = self.forward(x.kind.xp, x.array, **attrs)
        finally:
            unhush(token)
        out = wrap_view(y, x) if self.view else _wrap_like(y, x.kind)
        if records((x,)):
            record(self.rule((), (True,)), out, (x,), context=((x.shape,), attrs))
        return out


def linear(name: str, *, forward: Callable[..., Any], transpose: Callable[..., Any],
           view: bool = False, node_name: str = "", doc: str | None = None) -> Linear:
    """Declares a linear op."""
    return Linear(name, forward, transpose, view=view, node_name=node_name, doc=doc)


class Custom(_Op):
    """An op with an algorithm of its own: see ``custom``."""

    def __init__(self, forward: Callable[..., Any], saves: Any, node_name: str, many: bool,
                 view: bool) -> None:
        super().__init__(forward.__name__, node_name, forward.__doc__)
        self.forward = forward
        self.saves = saves
        self.many = many
        self.view = view
        code = forward.__code__
        self.variadic = bool(code.co_flags & 0x04)
        self.params = code.co_varnames[1 : code.co_argcount]

    def __call__(self, *inputs: Any, **attrs: Any) -> Any:
        tensors = [t for t in inputs if isinstance(t, TensorBase)]
        if not tensors:
            xp = module_of(next(a for a in inputs if a is not None))
            return self.forward(xp, *inputs, **attrs)
        kind = tensors[0].kind
        arrays = [t.array if isinstance(t, TensorBase) else t for t in inputs]
        token = hush()
        try:
            y = self.forward(kind.xp, *arrays, **attrs)
        finally:
            unhush(token)
        results = y if y.__class__ is tuple else (y,)
        if self.view:
            outs = [wrap_view(a, tensors[0]) for a in results]
        else:
            outs = [_wrap_like(a, kind) for a in results]
        if records(tensors):
            self._record(outs, inputs, attrs)
        return outs[0] if y.__class__ is not tuple else tuple(outs)

    def _record(self, outs: list[Any], inputs: tuple[Any, ...], attrs: dict[str, Any]) -> None:
        inputs = tuple(t if isinstance(t, TensorBase) else None for t in inputs)
        needs = needs_of(inputs)
        slots = self.saves(needs) if callable(self.saves) else self.saves
        rule = self.rule(tuple(slots), needs)
        saved = [outs[-1 - s] if s < 0 else inputs[s] for s in rule.sources]
        context = (tuple([None if t is None else t.shape for t in inputs]), attrs)
        if self.many:
            rule = self.rule(tuple(slots), needs, len(outs))
            record_many(rule, outs, inputs, saved, context)
        else:
            record(rule, outs[0], inputs, saved, context=context)


def _wrap_like(array: Any, kind: Any) -> Any:
    if array.dtype == kind.numpy:
        return wrap(array, kind)
    from_dtype = kind.with_dtype(from_numpy_dtype(array.dtype))
    return wrap(array, from_dtype)


def custom(*, saves: Any = (), node_name: str = "", many: bool = False, view: bool = False
           ) -> Callable[[Callable[..., Any]], Custom]:
    """Declares an op by its forward function; ``@name.vjp`` then declares its backward.

    forward  ``(xp, *arrays, **attrs) -> array``, or a tuple of arrays
    vjp      ``(g, *saved, **attrs) -> cotangents, one per input``; names ``shapes`` and ``needs``
             among its parameters if it wants the inputs' shapes and which of them are wanted
    saves    names of what is kept ("result" is the first output, "result1" the second), or a
             function of ``needs`` that returns them
    many     every output is differentiable: ``g`` is then a list with None where nothing arrived;
             otherwise only the first output is, and the others are plain tensors
    view     the outputs may share the bytes of the first input
    """

    def declare(forward: Callable[..., Any]) -> Custom:
        return Custom(forward, saves, node_name, many, view)

    return declare

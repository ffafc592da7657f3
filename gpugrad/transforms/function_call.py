"""One call of a custom Function: its arguments, its forward, the node and the outputs.

NOTE [outputs of a Function]
1. A fresh tensor gets its place in the graph as it is.
2. An input, or a tensor that has a place in a graph already, is returned as another tensor on the
   same bytes, which is a view of it.
3. A view is marked: its gradient is the Function's affair, so nothing may be written through it,
   and once its base has been written to, a backward from it fails (ops/views.py).
4. An input marked dirty is itself, at its new place; what shares its bytes moves with it.

Holds:     forward runs without recording. A forward that raises leaves nothing behind.
Must not:  look at values.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, NamedTuple
from weakref import ref

from ..errors import dirty_not_returned, leaf_inplace, marked_no_tensor
from ..graph import (
    Node,
    TensorBase,
    become_view,
    here,
    is_leaf,
    is_traced,
    local,
    location,
    lose,
    mutated,
    new_tensor,
    storage_of,
    topmost,
)
from ..graph.saved import output_edge
from ..ops.broadcast import expand_to
from ..ops.record import make_node, unrecorded
from ..ops.views import rebase
from ..ops.writes import check_recordable
from ..tensor import Tensor
from .function_context import FunctionCtx
from .function_rule import FunctionRule, no_setup, parameter_names
from .function_slots import Kept, foreign_places, kept

__all__ = ["applied"]

new = object.__new__


class Marks(NamedTuple):
    """What forward has said of its outputs, and saved for a jvp."""

    dirty: tuple[Any, ...] = ()
    constant: tuple[Any, ...] = ()
    for_jvp: tuple[Any, ...] = ()


_UNMARKED = Marks()
_REMEMBERED = 100  # rules of one Function
_MARKS = ("dirty_tensors", "non_differentiable", "saved_for_forward")


def applied(cls: Any, args: tuple[Any, ...], kwargs: dict[str, Any],
            watch: list[Any] | None = None) -> Any:
    """The output of the Function ``cls`` for these arguments.

    ``watch`` receives the ctx and what is saved for a jvp, unless an argument is traced.
    """
    split = cls.setup_context is not no_setup
    if split:
        args, kwargs = _with_defaults(cls.forward, args, kwargs)
    ctx: FunctionCtx = new(FunctionCtx)
    ctx._node, ctx.to_save = None, ()
    tensors = _take(ctx, args)
    if tensors is None:
        return topmost(args).apply_function(cls, _positional(cls.forward, split, args, kwargs))
    mode = local.mode
    recording = mode.grad
    mode.grad = False
    try:
        if split:
            output = cls.forward(*args, **kwargs)
            cls.setup_context(ctx, args, output)
        else:
            output = cls.forward(ctx, *args, **kwargs)
    finally:
        mode.grad = recording
    state, marks = ctx.__dict__, _UNMARKED
    if state and not state.keys().isdisjoint(_MARKS):
        marks = Marks(*[state.pop(name, ()) for name in _MARKS])
    if watch is not None:
        watch += ctx, marks.for_jvp or ctx.to_save
    outs = output if isinstance(output, tuple) else (output,)
    recorded = recording and True in ctx.needs_input_grad
    if marks.dirty:
        _check_dirty(cls, marks.dirty, tensors, outs, recorded)
    made = (_recorded if recorded else _plain)(cls, ctx, tensors, outs, marks)
    ctx.to_save = ()
    return tuple(made) if outs is output else made[0]


def _with_defaults(forward: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """All arguments that forward takes by position, its defaults and keywords among them."""
    code = getattr(forward, "__code__", None)
    if not kwargs and code is not None and len(args) >= code.co_argcount:
        return args, kwargs
    bound = inspect.signature(forward).bind(*args, **kwargs)
    bound.apply_defaults()
    return bound.args, bound.kwargs


def _positional(forward: Any, split: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
                ) -> tuple[Any, ...]:
    """The arguments with keywords in the places they name."""
    if not kwargs:
        return args
    given = args if split else (None, *args)  # None stands for ctx
    bound = inspect.signature(forward).bind(*given, **kwargs)
    bound.apply_defaults()
    return bound.args[len(given) - len(args) :]


def _take(ctx: FunctionCtx, args: tuple[Any, ...]) -> list[Any] | None:
    """The tensors among the arguments, of which ``ctx`` notes what it has to; None if one of them
    stands for more than an array.
    """
    tensors: list[Any] = []
    needs: list[bool] = []
    specs: list[Any] = []
    for arg in args:
        if not isinstance(arg, TensorBase):
            specs.append(None)
            needs.append(False)
            continue
        if arg.__class__ is not Tensor and is_traced(arg):
            return None
        tensors.append(arg)
        specs.append((arg.shape, arg.kind))
        needs.append(arg.node is not None)
    ctx._inputs = specs
    ctx.needs_input_grad = tuple(needs)
    return tensors


def _is_in(tensor: Any, tensors: Sequence[Any]) -> bool:
    """``tensor in tensors``, for which Python would compare elements."""
    return id(tensor) in map(id, tensors)


def _check_dirty(cls: Any, dirty: Sequence[Any], tensors: Sequence[Any], outs: tuple[Any, ...],
                 recorded: bool) -> None:
    """Notes the writes that forward says it has done.

    Raises:  RuntimeError for what is no output; InplaceError for leaves and views as any write does
    """
    for position, tensor in enumerate(dirty):
        if not isinstance(tensor, TensorBase):
            raise marked_no_tensor("mark_dirty", position, type(tensor))
        if not _is_in(tensor, outs):
            raise dirty_not_returned(cls.__name__)
        if not _is_in(tensor, tensors):
            continue
        if recorded and tensor.node is not None and is_leaf(tensor):
            raise leaf_inplace(False, str(location(*here())), "has been")
        if recorded:
            check_recordable(tensor)
        mutated(tensor)


# --------------------------------------------------------------------------------------- recording
def _recorded(cls: Any, ctx: FunctionCtx, tensors: list[Any], outs: tuple[Any, ...], marks: Marks
              ) -> list[Any]:
    """The outputs, with the places in the graph that they get."""
    if len(outs) == 1 and marks is _UNMARKED and isinstance(outs[0], TensorBase):
        out = outs[0]
        specs: list[Any] = [(out.shape, out.kind)]
        flows = [out.kind.is_floating_point]
    else:
        specs = [(o.shape, o.kind) if isinstance(o, TensorBase) else None for o in outs]
        flows = [spec is not None and spec[1].is_floating_point for spec in specs]
        flows = _without_constant(flows, outs, marks.constant)
    if True not in flows:
        return [_constant(cls, o, tensors, marks, lost=True) for o in outs]
    node = _node(cls, ctx, tensors, outs, flows, marks)
    node.shape = specs[flows.index(True)][0]
    ctx._outputs = specs
    if len(outs) == 1:
        out = outs[0]
        if out.node is None and out.origin is None and not _is_in(out, tensors):
            out.node, out.lost = node, None  # most outputs are fresh tensors
            return [out]
        return [_placed(out, node, tensors, marks)]
    return [
        _placed(out, output_edge(node, index), tensors, marks) if flows[index]
        else _constant(cls, out, tensors, marks, lost=True)
        for index, out in enumerate(outs)
    ]  # fmt: skip


def _without_constant(flows: list[bool], outs: tuple[Any, ...], constant: tuple[Any, ...]
                      ) -> list[bool]:
    """``flows`` without the outputs that are marked as not differentiable."""
    for position, t in enumerate(constant):
        if not isinstance(t, TensorBase):
            raise marked_no_tensor("mark_non_differentiable", position, type(t))
    return [flow and not _is_in(out, constant) for flow, out in zip(flows, outs, strict=True)]


def _node(cls: Any, ctx: FunctionCtx, tensors: list[Any], outs: tuple[Any, ...],
          flows: list[bool], marks: Marks) -> Node:
    """The node of the call, with what it keeps."""
    if not ctx.to_save and not ctx.__dict__:
        rule = cls._rules.get(len(outs)) or _bare_rule(cls, len(outs))
        node = make_node(rule, tensors, (), (), ctx)
    else:
        dirty = [*map(id, marks.dirty)]
        known = [0 if id(t) in dirty else id(t) for t in tensors] if dirty else [*map(id, tensors)]
        known += [id(out) if flow else 0 for out, flow in zip(outs, flows, strict=True)]
        keeps, inside = kept(ctx, len(tensors), known), -1 - len(outs)
        saved, _, sources, _ = keeps
        foreign = foreign_places(saved, sources, inside) if inside in sources else None
        rule = _rule(cls, ctx, keeps, len(tensors), len(outs), bool(foreign))
        node = make_node(rule, tensors, saved, (foreign,) if foreign else (), ctx)
    ctx._node = ref(node)
    return node


def _bare_rule(cls: Any, outputs: int) -> FunctionRule:
    """The rule for calls that keep nothing."""
    rules: dict[Any, FunctionRule] = cls._rules
    return rules.setdefault(outputs, FunctionRule(cls, outputs))


def _rule(cls: Any, ctx: FunctionCtx, keeps: Kept, tensors: int, outputs: int, has_foreign: bool
          ) -> FunctionRule:
    """The rule for calls that keep the same."""
    rules: dict[Any, FunctionRule] = cls._rules
    specs = ctx._inputs
    places = None if len(specs) == tensors else tuple([spec is not None for spec in specs])
    _, names, sources, layout = keeps
    key = outputs, places, layout, sources, names, has_foreign
    found = rules.get(key)
    if found is not None:
        return found
    if len(rules) >= _REMEMBERED:  # names of slots may contain keys that are new each time
        rules.clear()
    arguments = parameter_names(cls.forward, cls.setup_context is no_setup, len(specs))
    inputs = [name for name, spec in zip(arguments, specs, strict=True) if spec is not None]
    made = FunctionRule(cls, outputs, layout, sources, names, inputs, has_foreign)
    return rules.setdefault(key, made)


def _placed(out: Any, place: Node, tensors: list[Any], marks: Marks) -> Any:
    """A differentiable output at its place; see NOTE [outputs of a Function]."""
    place.shape = out.shape
    given = _is_in(out, tensors)
    if given and _is_in(out, marks.dirty):
        rebase(out, new_tensor(out.array, out.kind, place), replaces=False)
        out.lost = None
        return out
    if given or out.node is not None:
        return _view(out, place, "custom")
    if out.origin is not None:
        out.origin.made = "custom"
    out.node, out.lost = place, None
    return out


def _view(tensor: Any, place: Any, made: str) -> Any:
    """Another tensor on the same bytes, at another place."""
    out = new_tensor(tensor.array, tensor.kind, place, shape=tensor.shape)
    become_view(out, tensor, (expand_to, {"shape": tensor.shape}, tensor.shape), made)
    return out


def _plain(cls: Any, ctx: FunctionCtx, tensors: list[Any], outs: tuple[Any, ...], marks: Marks
           ) -> list[Any]:
    """The outputs of a call that is not recorded."""
    return [_constant(cls, out, tensors, marks, lost=False) for out in outs]


def _constant(cls: Any, out: Any, tensors: list[Any], marks: Marks, *, lost: bool) -> Any:
    """An output without a gradient; an input as another tensor, unless forward has written to it.

    ``lost`` says that a gradient ends here.
    """
    if not isinstance(out, TensorBase):
        return out
    if out.node is not None:
        out = new_tensor(out.array, out.kind, None, storage_of(out), out.shape)
    elif _is_in(out, tensors) and not _is_in(out, marks.dirty):
        out = _view(out, None, "" if local.mode.grad else "no_grad")
    if lost:
        lose(out, tensors, "op", cls.__name__)
    else:
        unrecorded((out,), tensors, local.mode)
    return out

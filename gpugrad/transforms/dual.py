"""Forward mode: tensors with a tangent, and what the families of ops make of them.

    elementwise    the derived tangent expression: one more elementwise op
    linear, view   the op itself, on the tangent
    custom         its ``jvp``, or the transpose of its vjp by differentiating that

Holds:     primals and tangents are tensors like any other: recorded, batched or dual themselves, so
           forward mode nests with everything.
Must not:  look at values, or lose a tangent silently.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..expr import Param
from ..expr.derive import tangents as tangent_expressions
from ..expr.function import fresh
from ..expr.nodes import free_variables
from ..graph import Accumulator, TensorBase, enable_grad, grad, local, new_tensor, topmost
from ..ops.broadcast import expand
from ..ops.elementwise import Elementwise
from ..ops.generic import Custom, Valued
from .function_jvp import linearize
from .traced import TracedTensor

__all__ = ["Dual", "leaf_like", "make"]


class Dual(TracedTensor):
    """``primal`` with ``tangent``, its change along a direction; both of one shape and kind."""

    primal: Any
    tangent: Any
    what = "a tensor with a tangent (forward mode)"

    def process(self, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        level = self.level
        primals = [_part(x, level, "primal") for x in inputs]
        tangents = [_part(x, level, "tangent") for x in inputs]
        result = op(*primals, **attrs) if not isinstance(op, Elementwise) else op.call(
            *primals, **attrs
        )  # fmt: skip
        several = result.__class__ is tuple
        outs = list(result) if several else [result]
        if isinstance(op, Valued):
            moved = [None] * len(outs)
        elif isinstance(op, Elementwise):
            moved = [_elementwise(op, primals, tangents, outs[0], attrs)]
        elif not isinstance(op, Custom) or op.view is not None:
            moved = _several(op(tangents[0], **_without_constants(attrs)))
        else:
            moved = _custom(op, primals, tangents, outs, attrs)
        made = [make(out, t, level) for out, t in zip(outs, moved, strict=True)]
        return tuple(made) if several else made[0]

    def parts(self) -> tuple[Any, ...]:
        return self.primal, self.tangent

    def rebuilt(self, change: Callable[[Any], Any]) -> Any:
        return make(change(self.primal), change(self.tangent), self.level)

    def under(self, wrap: Callable[[Any], Any]) -> Any:
        return self.rebuilt(wrap)

    def pair(self, first: Any, second: Any, wrap: Callable[[Any, Any], Any]) -> Any:
        level = self.level
        p, q = _part(first, level, "primal"), _part(second, level, "primal")
        t, u = _part(first, level, "tangent"), _part(second, level, "tangent")
        moved = wrap(_zeros(p) if t is None else t, _zeros(q) if u is None else u)
        return make(wrap(p, q), moved, level)

    def detach(self) -> Any:
        """The primal without the graph and without the tangent."""
        return self.primal.detach()

    def apply_function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """A custom function on duals: its forward, and its ``jvp`` on the tangents."""
        return _function(cls, args, self.level)

    def gradients(self, outputs: list[Any], inputs: list[Any], seeds: list[Any],
                  **options: Any) -> list[Any]:
        """The gradients with respect to duals are duals: see ``_gradients``."""
        return _gradients(self.level, outputs, inputs, seeds, options)

    # ---------------------------------------------------------------------- values are the primal's
    def item(self) -> Any:
        """The one element of the primal."""
        return self.primal.item()

    def tolist(self) -> Any:
        """Nested lists of the primal's numbers."""
        return self.primal.tolist()

    def __bool__(self) -> bool:
        return bool(self.primal)

    def __float__(self) -> float:
        return float(self.primal)

    def __int__(self) -> int:
        return int(self.primal)

    def __index__(self) -> int:
        return int(self.primal.__index__())

    def __repr__(self) -> str:
        return f"Dual(primal={self.primal!r}, tangent={self.tangent!r})"


def make(primal: Any, tangent: Any, level: int) -> Any:
    """``primal`` with ``tangent`` at ``level``; the primal alone where there is none."""
    if tangent is None or not isinstance(primal, TensorBase):
        return primal
    top = topmost((primal, tangent))
    if top is not None and top.level > level:
        return top.pair(primal, tangent, lambda p, t: make(p, t, level))
    out = TracedTensor.made(Dual, primal.shape, primal.kind, level)
    out.primal, out.tangent = primal, tangent
    return out


def _part(x: Any, level: int, name: str) -> Any:
    if isinstance(x, Dual) and x.level == level:
        return getattr(x, name)
    return x if name == "primal" else None


def _without_constants(attrs: dict[str, Any]) -> dict[str, Any]:
    """The arguments for a tangent: what a linear op fills in besides does not move."""
    return {**attrs, "value": 0.0} if "value" in attrs else attrs


def _several(result: Any) -> list[Any]:
    return list(result) if result.__class__ is tuple else [result]


# ------------------------------------------------------------------------------------- elementwise
_tangent_ops: dict[Any, Any] = {}


def _elementwise(op: Elementwise, primals: list[Any], tangents: list[Any], out: Any,
                 attrs: dict[str, Any]) -> Any:
    if op.constant or not out.kind.is_floating_point:
        return None
    has = tuple(t is not None for t in tangents)
    found = _tangent_ops.get((op, has))
    if found is None:
        found = _tangent_ops[op, has] = _tangent_op(op, has)
    derived, reads, moves = found
    if derived is None:  # the tangent is zero everywhere
        return _zeros(out)
    operands = [*(primals[i] for i in reads), *(tangents[i] for i in moves)]
    used = {name: attrs[name] for name in derived.attrs}
    return expand(derived.call(*operands, **used), out.shape)


def _tangent_op(op: Elementwise, has: tuple[bool, ...]) -> tuple[Any, list[int], list[int]]:
    """The op that makes the tangent, and which primals and which tangents it reads."""
    function = op.function
    taken = {*function.names, *function.attrs}
    given, moved = {}, {}
    for i, param in enumerate(function.params):
        if has[i]:
            moved[i] = Param(fresh(f"t_{param.name}", taken))
            taken.add(moved[i].name)
            given[param.variable] = moved[i].variable
    outs = tangent_expressions(function.outs, given)
    free = {part.leaf for part in free_variables(outs)}
    reads = [i for i, param in enumerate(function.params) if param.name in free]
    moves = [i for i, param in moved.items() if param.name in free]
    if not moves:
        return None, [], []
    params = [*(function.params[i] for i in reads), *(moved[i] for i in moves)]
    return op.derived(function.derived(f"{function.name}_jvp", params, outs)), reads, moves


# ------------------------------------------------------------------------------------------ custom
def _custom(op: Custom, primals: list[Any], tangents: list[Any], outs: list[Any],
            attrs: dict[str, Any]) -> list[Any]:
    """The tangents of a custom op: its vjp is linear in the cotangent, so the gradient of
    ``<vjp(u), t>`` with respect to u is the vjp's transpose applied to t.
    """
    inputs = [x if isinstance(x, TensorBase) else None for x in primals]
    needs = tuple([t is not None for t in tangents])
    slots = op.saves(needs) if callable(op.saves) else op.saves
    count = len(outs) if op.many else 1
    sources = op.rule(slots, needs, count).sources
    saved = [outs[-1 - s] if s < 0 else inputs[s] for s in sources]
    more = dict(attrs)
    if op.wants_shapes:
        more["shapes"] = tuple([None if x is None else x.shape for x in inputs])
    if op.wants_needs:
        more["needs"] = needs
    seeds = [leaf_like(out) for out in outs[:count]]
    recording = local.mode.grad
    with enable_grad():
        pulled = _several(op.pullback(seeds if op.many else seeds[0], *saved, **more))
    pairs = [(c, t) for c, t in zip(pulled, tangents, strict=False)
             if t is not None and c is not None and c.requires_grad]  # fmt: skip
    if not pairs:
        found: list[Any] = [None] * count
    else:
        pulled, moved = map(list, zip(*pairs, strict=True))
        found = list(grad(pulled, seeds, moved, retain_graph=True, create_graph=recording,
                          allow_unused=True))  # fmt: skip
    made = [
        _zeros(out) if d is None else d for d, out in zip(found, outs, strict=False)
    ]
    return [*made, *[None] * (len(outs) - count)]


def leaf_like(tensor: Any) -> Any:
    """A fresh leaf of the shape of ``tensor``, batched where it is; its values mean nothing."""
    if isinstance(tensor, Dual):
        return leaf_like(tensor.primal)
    if isinstance(tensor, TracedTensor):
        return tensor.rebuilt(leaf_like)
    kind = tensor.kind
    leaf = new_tensor(kind.xp.zeros(tensor.shape, kind.numpy), kind)
    leaf.node = Accumulator(leaf)
    return leaf


def _function(cls: Any, args: tuple[Any, ...], level: int) -> Any:
    primals = [_part(a, level, "primal") for a in args]
    tangents = [_part(a, level, "tangent") if isinstance(a, TensorBase) else None for a in args]
    result, push = linearize(cls, *primals)
    outs = _several(result)
    made = [make(out, t, level) for out, t in zip(outs, push(*tangents), strict=True)]
    return tuple(made) if result.__class__ is tuple else made[0]


# --------------------------------------------------------------------------------------- gradients
def _gradients(level: int, outputs: list[Any], inputs: list[Any], seeds: list[Any],
               options: dict[str, Any]) -> list[Any]:
    """Reverse mode over duals.

    With outputs y + y' e, inputs x + x' e and cotangents g + g' e, the gradient's primal is that of
    <y, g> and its tangent that of <y', g> + <y, g'>, both with respect to x, while x' is held.
    """
    ys = [_part(y, level, "primal") for y in outputs]
    moved = [_part(y, level, "tangent") for y in outputs]
    xs = [_part(x, level, "primal") for x in inputs]
    gs = [_ones(y) if g is None else _part(g, level, "primal")
          for y, g in zip(ys, seeds, strict=True)]  # fmt: skip
    turned = [_part(g, level, "tangent") for g in seeds]
    primal = grad(ys, xs, gs, **{**options, "retain_graph": True})
    pairs = [(t, g) for t, g in zip(moved, gs, strict=True) if t is not None and t.requires_grad]
    pairs += [(y, t) for y, t in zip(ys, turned, strict=True) if t is not None]
    if not pairs:
        return list(primal)
    roots, cotangents = zip(*pairs, strict=True)
    tangent = grad(list(roots), xs, list(cotangents), **{**options, "allow_unused": True})
    return [
        None if p is None else make(p, t, level) for p, t in zip(primal, tangent, strict=True)
    ]


def _zeros(y: Any) -> Any:
    return new_tensor(y.kind.xp.zeros(y.shape, y.kind.numpy), y.kind)


def _ones(y: Any) -> Any:
    return new_tensor(y.kind.xp.ones(y.shape, y.kind.numpy), y.kind)

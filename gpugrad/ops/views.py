"""What a recorded write does to the graph around it: the written tensor, its base, other views.

NOTE [views and writes]
1. A view knows its base and the linear ops that lead from there to it (graph.base.Origin).
2. A recorded write to a tensor that is no view gives it the node of its new value.
3. A recorded write through a view gives the *base* a node: the old base with this region replaced.
   Its cotangent goes on, zeroed in the region, to the old base, and from the region to the value.
4. After either, every view of the base that is alive gets a node that makes it from the base's new
   node by its steps: what is read through it from now on is differentiated through the write.
5. A view that a custom Function returned has a backward that is not its steps': it gets a node that
   keeps it as it was before the write, so that a backward from it finds a stale value.

Holds:     a tensor that is no view, and has none, pays nothing for any of this.
Must not:  write bytes: see writes.py.
"""

from __future__ import annotations

from typing import Any

from ..array import module_of
from ..graph import TensorBase, graph_node, live_views, mutated, release
from .broadcast import sum_to
from .generic import Linear, custom, linear
from .record import make_node

__all__ = ["put_region", "rebase", "region", "replay", "without_region"]

Steps = tuple[Any, ...]


def rebase(target: Any, value: TensorBase | None, *, replaces: bool) -> None:
    """Gives ``target``, whose bytes have been written, and all that share them their new nodes.

    ``value`` has the node of what was written (None or without one for a constant);
    ``replaces`` says that it does not depend on the old value by itself.
    """
    origin = target.origin
    base = target if origin is None else origin.base
    if origin is None and not replaces and value is not None:
        target.node = value.node
    else:
        steps = () if origin is None else origin.steps
        base.node = _put_node(base, value, steps, target.shape)
    for view in live_views(base):
        if view.origin.made == "custom":
            if view.node is not None:
                _outdate(view)
            continue
        rule = replay.rule((), (True,))
        context = ((base.shape,), {"steps": view.origin.steps})
        node = view.node = make_node(rule, (base,), (), (), context)
        node.shape = view.shape


class _Outdated:
    """The rule of a view whose backward has been overridden by a write; no pass gets to run it."""

    slots = ("output",)
    sources = (-1,)
    outputs = 1
    release = staticmethod(release)

    def __init__(self, title: str) -> None:
        self.name = self.title = title


def _outdate(view: Any) -> None:
    """Makes ``view`` a value that was kept by its node and then written to, just now."""
    before = view.node
    node = make_node(_Outdated(graph_node(before)[0].name()), (view,), (view,), (), None)
    node.shape, node.code, node.lasti = view.shape, before.code, before.lasti
    view.node = node
    view.storage.version -= 1  # it is the same write, noted once more now that somebody keeps it
    mutated(view)


def _put_node(base: Any, value: Any, steps: Steps, shape: Any) -> Any:
    needs = (base.node is not None, value is not None and value.node is not None)
    context = ((base.shape, shape), {"steps": steps})
    node = make_node(put_region.rule((), needs), (base, value), (), (), context)
    node.shape = base.shape
    return node


# -------------------------------------------------------------------------------------- the regions
def region(array: Any, steps: Steps) -> Any:
    """The array that ``steps`` lead to from ``array``; it shares the bytes."""
    xp = module_of(array)
    for op, attrs, _ in steps:
        array = op.forward(xp, array, **attrs)
    return array


def _back(g: Any, *, steps: Steps) -> Any:
    """A cotangent of the region as one of the whole, step by step."""
    for op, attrs, shape in reversed(steps):
        more = {"shapes": (shape,)} if op.wants_shapes else {}
        g = op.pullback(g, **attrs, **more)
    return g


replay = linear(
    "replay", view=True, node_name="AsStrided",
    forward=lambda xp, x, *, steps: region(x, steps),
    transpose=_back,
    doc="The view that ``steps`` lead to.",
)  # fmt: skip


def _replaced(xp: Any, x: Any, steps: Steps, value: Any) -> Any:
    """A copy of ``x`` with a region replaced.

    What was a view of the base may be a copy of an array in another order of memory; then the
    region is where a region of ones comes to lie.
    """
    out = x.copy()
    inner = region(out, steps)
    if xp.may_share_memory(out, inner):
        inner[...] = value
        return out
    inside = _back(xp.ones(inner.shape, x.dtype), steps=steps) != 0
    whole = _back(xp.broadcast_to(xp.asarray(value, x.dtype), inner.shape), steps=steps)
    return xp.where(inside, whole, x)


without_region: Linear = linear(
    "without_region", node_name="CopySlicesBackward",
    forward=lambda xp, x, *, steps: _replaced(xp, x, steps, 0),
    transpose=lambda g, *, steps: without_region(g, steps=steps),
    doc="``x`` with zeros in a region.",
)  # fmt: skip


@custom(node_name="torch::autograd::CopySlices")
def put_region(xp: Any, base: Any, value: Any, *, steps: Steps) -> Any:
    """``base`` with the region that ``steps`` lead to replaced by ``value``; a copy."""
    return _replaced(xp, base, steps, value)


@put_region.vjp
def _(g: Any, *, steps: Steps, shapes: Any, needs: Any) -> Any:
    rest = without_region(g, steps=steps) if needs[0] else None
    if not needs[1]:
        return rest, None
    return rest, sum_to(replay(g, steps=steps) if steps else g, shapes[1])

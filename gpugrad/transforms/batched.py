"""Tensors that stand for a batch of examples, and ``vmap``, which hands them to a function.

    elementwise     the op on the whole batch, ranks aligned
    others          a rule of batch_rules.py where there is one, else example by example

Holds:     the batch is the first dimension of ``value``; ``shape`` is that of one example. What is
           computed is what a Python loop over the examples would give.
Must not:  look at values, or let an example see another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

from ..errors import vmap_item, vmap_shapes
from ..graph import (
    Size,
    TensorBase,
    grad,
    gradients_of_traced,
    here,
    is_traced,
    location,
    new_tensor,
    topmost,
    use_batching,
)
from ..ops.broadcast import expand
from ..ops.elementwise import Elementwise
from ..ops.join import stack
from ..ops.shape import reshape
from .batch_rules import LOOPED, RULES
from .traced import TracedTensor, new_level

__all__ = ["Batched", "batched", "per_example", "unbatched"]


class Batched(TracedTensor):
    """``value`` with a batch of examples along its first dimension."""

    value: Any
    what = "a batch of examples (vmap)"

    def process(self, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        level = self.level
        values = [x.value if is_batched(x, level) else x for x in inputs]
        flags = [is_batched(x, level) for x in inputs]
        count = self.value.shape[0]
        if isinstance(op, Elementwise):
            return batched(op.call(*_aligned(values, flags), **attrs), level)
        if op.__name__ == "convert":
            return batched(op(values[0], **attrs), level)
        rule = RULES.get(op.__name__)
        result = NotImplemented if rule is None else rule(op, values, flags, attrs, count)
        if result is NotImplemented:
            return one_by_one(op, values, flags, attrs, count, level)
        if result.__class__ is tuple:
            return tuple([batched(r, level) for r in result])
        return batched(result, level)

    def parts(self) -> tuple[Any, ...]:
        return (self.value,)

    def rebuilt(self, change: Callable[[Any], Any]) -> Any:
        return batched(change(self.value), self.level)

    def under(self, wrap: Callable[[Any], Any]) -> Any:
        return self.rebuilt(lambda part: wrap(part.transpose(0, 1)))

    def pair(self, first: Any, second: Any, wrap: Callable[[Any, Any], Any]) -> Any:
        count = self.value.shape[0]
        a, b = (per_example(x, self.level, count) for x in (first, second))
        return batched(wrap(a, b), self.level)

    def apply_function(self, cls: Any, args: tuple[Any, ...]) -> Any:
        """A custom function on a batch: its own ``vmap``, or example by example."""
        return _function(cls, args, self.level, self.value.shape[0])

    def gradients(self, outputs: list[Any], inputs: list[Any], seeds: list[Any],
                  **options: Any) -> list[Any]:
        """Every example's gradients: see ``_gradients``."""
        return _gradients(self.level, self._count(outputs, inputs, seeds), outputs, inputs, seeds,
                          options)  # fmt: skip

    def _count(self, *groups: list[Any]) -> int:
        return self.value.shape[0]  # type: ignore[no-any-return]

    # ------------------------------------------------------------------------- values are not there
    def item(self) -> NoReturn:
        """Not available: there is one per example."""
        raise vmap_item("item", str(location(*here())))

    def tolist(self) -> NoReturn:
        """Not available."""
        raise vmap_item("tolist", str(location(*here())))

    def __bool__(self) -> NoReturn:
        raise vmap_item("bool", str(location(*here())))

    def __float__(self) -> NoReturn:
        raise vmap_item("item", str(location(*here())))

    def __int__(self) -> NoReturn:
        raise vmap_item("item", str(location(*here())))

    __index__ = __int__

    def __repr__(self) -> str:
        return f"Batched(level={self.level}, value={self.value!r})"


def is_batched(x: Any, level: int) -> bool:
    """Whether ``x`` is a batch of this level."""
    return isinstance(x, Batched) and x.level == level


def batched(value: Any, level: int) -> Any:
    """``value``, whose first dimension counts examples, as the tensor that one of them sees."""
    if not isinstance(value, TensorBase):
        return value
    if is_traced(value) and value.level > level:  # type: ignore[attr-defined]
        return value.under(lambda part: batched(part, level))  # type: ignore[attr-defined]
    out = TracedTensor.made(Batched, Size(value.shape[1:]), value.kind, level)
    out.value = value
    return out


def per_example(x: Any, level: int, count: int) -> Any:
    """The examples of ``x`` along a first dimension: the same one ``count`` times if it has none.
    """
    if is_batched(x, level):
        return x.value
    return expand(reshape(x, (1, *x.shape)), (count, *x.shape))


def unbatched(x: Any, level: int, count: int) -> Any:
    """``per_example`` for results, which may be no tensors."""
    return per_example(x, level, count) if isinstance(x, TensorBase) else x


# -------------------------------------------------------------------------------------- processing
def _aligned(values: list[Any], flags: list[bool]) -> list[Any]:
    """Operands whose examples broadcast against each other as one of them would."""
    pairs = list(zip(values, flags, strict=True))
    rank = max(len(v.shape) - flag for v, flag in pairs)
    made = []
    for value, flag in pairs:
        missing = rank + 1 - len(value.shape)
        if flag and missing:
            value = reshape(value, (value.shape[0], *[1] * missing, *value.shape[1:]))
        made.append(value)
    return made


def one_by_one(op: Any, values: list[Any], flags: list[bool], attrs: dict[str, Any], count: int,
               level: int) -> Any:
    """``op`` on each example, results stacked."""
    LOOPED.add(op.__name__)
    rows = [
        op(*[v[i] if flag else v for v, flag in zip(values, flags, strict=True)], **attrs)
        for i in range(count)
    ]
    return stacked(rows, level)


def stacked(rows: list[Any], level: int) -> Any:
    """The results of all examples as results of one batch."""
    first = rows[0]
    if first.__class__ is tuple:
        return tuple([stacked(list(column), level) for column in zip(*rows, strict=True)])
    if not isinstance(first, TensorBase):
        return first
    if any(tuple(row.shape) != tuple(first.shape) for row in rows):
        raise vmap_shapes([tuple(row.shape) for row in rows], str(location(*here())))
    return batched(stack(rows), level)


def _function(cls: Any, args: tuple[Any, ...], level: int, count: int) -> Any:
    flags = [is_batched(a, level) for a in args]
    values = [a.value if flag else a for a, flag in zip(args, flags, strict=True)]
    if "vmap" in vars(cls):
        info = VmapInfo(count, "error")
        result, out_dims = cls.vmap(info, tuple([0 if f else None for f in flags]), *values)
        if result.__class__ is not tuple:
            return result if out_dims is None else batched(result.movedim(out_dims, 0), level)
        dims = out_dims if isinstance(out_dims, tuple) else (out_dims,) * len(result)
        return tuple([
            r if d is None else batched(r.movedim(d, 0), level)
            for r, d in zip(result, dims, strict=True)
        ])
    rows = [
        cls.apply(*[v[i] if flag else v for v, flag in zip(values, flags, strict=True)])
        for i in range(count)
    ]
    return stacked(rows, level)


class VmapInfo:
    """What a custom function's ``vmap`` is told."""

    __slots__ = ("batch_size", "randomness")

    def __init__(self, batch_size: int, randomness: str) -> None:
        self.batch_size = batch_size
        self.randomness = randomness


# --------------------------------------------------------------------------------------- gradients
def _gradients(level: int, count: int, outputs: list[Any], inputs: list[Any], seeds: list[Any],
               options: dict[str, Any]) -> list[Any]:
    """Reverse mode over batches.

    With respect to what is batched: examples do not see each other, so the gradients of all are
    those of the whole batch. With respect to what they share: one seed per example, all but the
    example's own rows zero.
    """
    if not any(is_batched(x, level) for x in (*outputs, *inputs)):
        return _below(outputs, inputs, seeds, options)
    whole = [per_example(y, level, count) for y in outputs]
    gs = [_seed(y, g, level, count) for y, g in zip(whole, seeds, strict=True)]
    own = [i for i, x in enumerate(inputs) if is_batched(x, level)]
    shared = [i for i, x in enumerate(inputs) if not is_batched(x, level)]
    found: list[Any] = [None] * len(inputs)
    if own:
        keep = {**options, "retain_graph": True} if shared else options
        for i, g in zip(own, grad(whole, [inputs[i].value for i in own], gs, **keep), strict=True):
            found[i] = None if g is None else batched(g, level)
    if shared:
        apart = [batched(_one_hot(g, count), level) for g in gs]
        made = _below(whole, [inputs[i] for i in shared], apart, options)
        for i, g in zip(shared, made, strict=True):
            found[i] = g
    return found


def _below(outputs: list[Any], inputs: list[Any], seeds: list[Any], options: dict[str, Any]
           ) -> list[Any]:
    """Gradients with seeds that are batches, of outputs and inputs that are none of that level."""
    top = topmost((*outputs, *inputs))
    if top is None:
        return gradients_of_traced(outputs, inputs, seeds, **options)
    return top.gradients(outputs, inputs, seeds, **options)  # type: ignore[no-any-return]


def _seed(y: Any, g: Any, level: int, count: int) -> Any:
    """The seed of a whole batch from that of its examples."""
    if g is None or not isinstance(g, TensorBase):
        kind = y.kind
        return new_tensor(kind.xp.full(y.shape, 1 if g is None else g, kind.numpy), kind)
    return per_example(g, level, count)


def _one_hot(g: Any, count: int) -> Any:
    """(count, count, ...): row i of example i, zeros elsewhere."""
    eye = new_tensor(g.kind.xp.eye(count, dtype=g.kind.numpy), g.kind)
    return reshape(eye, (count, count, *[1] * (len(g.shape) - 1))) * g


def _with_batch_of_seeds(roots: list[Any], targets: list[Any], seeds: list[Any],
                         **options: Any) -> list[Any]:
    """``autograd.grad(..., is_grads_batched=True)``."""
    with new_level() as level:
        apart = [None if g is None else batched(g, level) for g in seeds]
        count = next(g.shape[0] for g in seeds if g is not None)
        made = _gradients(level, count, roots, targets, apart, options)
        return [None if g is None else unbatched(g, level, count) for g in made]


use_batching(_with_batch_of_seeds)

"""In-place methods, ``name_``.

Holds:     a write that a graph follows gives the tensor the node of the out-of-place op; the
           storage's version rises with every write. The old value is copied only if the op saves
           it, and a saved result is the tensor's own bytes (NOTE [saved by a write]).
Must not:  write before every check has passed.

NOTE [saved by a write]
1. The op is computed and recorded as if out of place. What it saved of the old value is replaced by
   a copy before the bytes are overwritten.
2. What it saved of its result is replaced by the tensor's bytes once they hold it, and the node is
   numbered anew, after the write: its own value is not stale.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..array import can_cast
from ..errors import ShapeError, cannot_cast
from ..graph import TensorBase, keep, local, mutated, new_tensor, next_sequence
from ..ops import activation, aliases, arithmetic, compare, index, random
from ..ops.broadcast import convert

__all__ = ["InPlace", "write"]


def write(target: Any, compute: Callable[[Any], Any], *others: Any) -> Any:
    """Overwrites ``target`` with ``compute(target)``; returns ``target``.

    Raises:  InplaceError for leaves in grad mode, ShapeError, DTypeError; nothing is written then
    """
    tracked = local.mode.grad and any(
        isinstance(t, TensorBase) and t.node is not None for t in (target, *others)
    )
    if not tracked:
        result = compute(new_tensor(target.array, target.kind))
        _check(target, result)
        target.array[...] = result.array
        mutated(target)
        return target
    index.check_writable(target)
    start = next_sequence()
    old = new_tensor(target.array, target.kind, target.node)
    result = compute(old)
    _check(target, result)
    node = convert(result, target.kind).node
    nodes = _recorded_since(start, node)
    if old.storage is not None:
        _replace_saved(nodes, old.storage, new_tensor(target.array.copy(), target.kind))
    target.array[...] = result.array
    mutated(target)
    target.node = node
    if result.storage is not None and result.kind is target.kind:
        _replace_saved(nodes, result.storage, target)
        node.seq = next_sequence()
    return target


def _recorded_since(start: int, node: Any) -> list[Any]:
    """The nodes behind ``node`` with numbers above ``start``: those of one computation."""
    found = {node: None} if node is not None and node.seq > start else {}
    stack = list(found)
    while stack:
        for edge in stack.pop().edges:
            if edge is not None and edge.seq > start and edge not in found:
                found[edge] = None
                stack.append(edge)
    return list(found)


def _replace_saved(nodes: Sequence[Any], storage: Any, tensor: Any) -> None:
    """Makes ``nodes`` keep ``tensor`` where they keep ``storage``."""
    for node in nodes:
        saved, count = node.saved, len(node.rule.slots)
        pairs = list(zip(saved[0 : 2 * count : 2], saved[1 : 2 * count : 2], strict=True))
        if any(kept is storage for _, kept in pairs):
            slots = [
                tensor if kept is storage else new_tensor(array, kept.kind, None, kept)
                for array, kept in pairs
            ]
            node.saved = keep(slots, saved[2 * count :])
            node.rule.release(saved)


def _check(target: Any, result: Any) -> None:
    if tuple(result.shape) != tuple(target.shape):
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    if not can_cast(result.kind.dtype, target.kind.dtype):
        raise cannot_cast(result.kind.dtype.name, target.kind.dtype.name)


def _inplace(op: Callable[..., Any], name: str) -> Callable[..., Any]:
    def method(self: Any, *args: Any, **kwargs: Any) -> Any:
        return write(self, lambda old: op(old, *args, **kwargs), *args)

    method.__name__ = method.__qualname__ = name
    method.__doc__ = f"``{name[:-1]}`` in place."
    return method


class InPlace(TensorBase):
    """The part of ``Tensor`` that writes."""

    __slots__ = ()

    add_ = __iadd__ = _inplace(aliases.add, "add_")
    sub_ = __isub__ = _inplace(aliases.sub, "sub_")
    mul_ = __imul__ = _inplace(arithmetic.mul, "mul_")
    div_ = __itruediv__ = _inplace(aliases.div, "div_")
    pow_ = __ipow__ = _inplace(aliases.power, "pow_")
    neg_ = _inplace(arithmetic.neg, "neg_")
    abs_ = _inplace(arithmetic.abs, "abs_")
    exp_ = _inplace(arithmetic.exp, "exp_")
    log_ = _inplace(arithmetic.log, "log_")
    sqrt_ = _inplace(arithmetic.sqrt, "sqrt_")
    sin_ = _inplace(arithmetic.sin, "sin_")
    cos_ = _inplace(arithmetic.cos, "cos_")
    tanh_ = _inplace(arithmetic.tanh, "tanh_")
    sigmoid_ = _inplace(activation.sigmoid, "sigmoid_")
    relu_ = _inplace(activation.relu, "relu_")
    clamp_ = clip_ = _inplace(compare.clamp, "clamp_")
    addcmul_ = _inplace(arithmetic.addcmul, "addcmul_")
    addcdiv_ = _inplace(arithmetic.addcdiv, "addcdiv_")
    lerp_ = _inplace(arithmetic.lerp, "lerp_")
    remainder_ = __imod__ = _inplace(arithmetic.remainder, "remainder_")
    floor_divide_ = __ifloordiv__ = _inplace(arithmetic.floor_divide, "floor_divide_")
    bitwise_and_ = __iand__ = _inplace(compare.bitwise_and, "bitwise_and_")
    bitwise_or_ = __ior__ = _inplace(compare.bitwise_or, "bitwise_or_")
    bitwise_xor_ = __ixor__ = _inplace(compare.bitwise_xor, "bitwise_xor_")
    masked_fill_ = _inplace(aliases.masked_fill, "masked_fill_")
    uniform_ = random.uniform_
    normal_ = random.normal_
    bernoulli_ = random.bernoulli_
    __setitem__ = index.put

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Overwrites ``self`` with ``src``, broadcast and converted; differentiable in ``src``."""
        index.put(self, Ellipsis, src)
        return self

    def fill_(self, value: Any) -> Any:
        """Overwrites every element with ``value``, a number or a 0-d tensor."""
        if isinstance(value, TensorBase) and value.shape:
            raise ShapeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{len(value.shape)} dimensions."
            )
        index.put(self, Ellipsis, value)
        return self

    def zero_(self) -> Any:
        """Overwrites every element with 0."""
        index.put(self, Ellipsis, 0)
        return self

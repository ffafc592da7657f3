"""In-place methods, ``name_``.

Holds:     a write that a graph follows gives the tensor the node of the out-of-place op, computed
           from a copy of the old value; the storage's version rises with every write.
Must not:  write before every check has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..array import can_cast
from ..errors import DTypeError, ShapeError
from ..graph import TensorBase, local, mutated, new_tensor
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
    if tracked:
        index.check_writable(target)
        old = new_tensor(target.array.copy(), target.kind, target.node)
    else:
        old = new_tensor(target.array, target.kind)
    result = compute(old)
    _check(target, result)
    target.array[...] = result.array
    mutated(target)
    if tracked:
        target.node = convert(result, target.kind).node
    return target


def _check(target: Any, result: Any) -> None:
    if tuple(result.shape) != tuple(target.shape):
        raise ShapeError(
            f"output with shape {list(target.shape)} doesn't match the broadcast shape "
            f"{list(result.shape)}"
        )
    if not can_cast(result.kind.dtype, target.kind.dtype):
        raise DTypeError(
            f"result type {result.kind.dtype.name} can't be cast to the desired output type "
            f"{target.kind.dtype.name}"
        )


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
    masked_fill_ = _inplace(aliases.masked_fill, "masked_fill_")
    uniform_ = random.uniform_
    normal_ = random.normal_
    bernoulli_ = random.bernoulli_
    __setitem__ = index.put

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Overwrites ``self`` with ``src``, broadcast and converted; differentiable in ``src``."""
        kind, shape = self.kind, self.shape

        def copied(old: Any) -> Any:
            return index.broadcast_copy(src, kind, shape)

        return write(self, copied, src)

    def fill_(self, value: Any) -> Any:
        """Overwrites every element with ``value``."""
        if isinstance(value, TensorBase):
            return self.copy_(value)
        return write(self, lambda old: _full(old, value))

    def zero_(self) -> Any:
        """Overwrites every element with 0."""
        return write(self, lambda old: _full(old, 0))


def _full(old: Any, value: Any) -> Any:
    """A constant in the shape of ``old``, without its bytes: a broadcast of one element."""
    xp = old.kind.xp
    one = xp.full((), value, dtype=old.kind.numpy)
    return new_tensor(xp.broadcast_to(one, old.shape), old.kind)

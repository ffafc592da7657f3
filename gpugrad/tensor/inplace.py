"""In-place methods of tensors, ``name_``; most are there because an op publishes them.

Holds:     what a write does is said in ops/writes.py.
Must not:  compute anything here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import GraphError, ShapeError
from ..graph import TensorBase, mutated
from ..ops import index, random_fills
from ..ops.catalogue import PLACES
from ..ops.restating import resize, restated, take_over
from ..ops.writes import overwrite
from .methods import publish_methods

__all__ = ["InPlace"]

_METHODS = PLACES["inplace"]


class InPlace(TensorBase):
    """The part of ``Tensor`` that writes."""

    __slots__ = ()

    __iadd__ = _METHODS["add_"]
    __isub__ = _METHODS["sub_"]
    __imul__ = _METHODS["mul_"]
    __itruediv__ = _METHODS["div_"]
    __ipow__ = _METHODS["pow_"]
    __imod__ = _METHODS["remainder_"]
    __ifloordiv__ = _METHODS["floor_divide_"]
    __iand__ = _METHODS["bitwise_and_"]
    __ior__ = _METHODS["bitwise_or_"]
    __ixor__ = _METHODS["bitwise_xor_"]
    __ilshift__ = _METHODS["bitwise_left_shift_"]
    __irshift__ = _METHODS["bitwise_right_shift_"]
    __idiv__ = __itruediv__
    bernoulli_ = random_fills.bernoulli_
    cauchy_ = random_fills.cauchy_
    exponential_ = random_fills.exponential_
    geometric_ = random_fills.geometric_
    log_normal_ = random_fills.log_normal_
    normal_ = random_fills.normal_
    random_ = random_fills.random_
    uniform_ = random_fills.uniform_
    __setitem__ = index.put

    resize_ = resize
    set_ = take_over

    def resize_as_(self, other: Any, *, memory_format: Any = None) -> Any:
        """``resize_`` to the shape of ``other``."""
        return resize(self, other.shape)

    def copy_(self, src: Any, non_blocking: bool = False) -> Any:
        """Overwrites ``self`` with ``src``, broadcast and converted; differentiable in ``src``."""
        return overwrite(self, src)

    def fill_(self, value: Any) -> Any:
        """Overwrites every element with ``value``, a number or a 0-d tensor."""
        if isinstance(value, TensorBase) and value.shape:
            raise ShapeError(
                "fill_ only supports 0-dimension value tensor but got tensor with "
                f"{len(value.shape)} dimensions."
            )
        return overwrite(self, value)

    def zero_(self) -> Any:
        """Overwrites every element with 0."""
        return overwrite(self, 0)

    def conj_physical_(self) -> Any:
        """``self``: real numbers are their own conjugates."""
        return self

    # ------------------------------------------------------------------- Python, element by element
    def apply_(self, callable: Callable[[Any], Any]) -> Any:
        """Overwrites each element with what ``callable`` makes of it; slow.

        Raises:  TypeError on a GPU, RuntimeError for a tensor that requires grad
        """
        return _by_elements(self, "apply_", callable)

    def map_(self, tensor: Any, callable: Callable[[Any, Any], Any]) -> Any:
        """Overwrites each element with ``callable`` of it and its like in ``tensor``; slow."""
        return _by_elements(self, "map_", callable, tensor)

    def map2_(self, x: Any, y: Any, callable: Callable[[Any, Any, Any], Any]) -> Any:
        """Overwrites each element with ``callable`` of it and its like in ``x`` and ``y``; slow."""
        return _by_elements(self, "map2_", callable, x, y)


def _by_elements(tensor: Any, name: str, function: Callable[..., Any], *others: Any) -> Any:
    if tensor.kind.is_cuda:
        raise TypeError(f"{name} is only implemented on CPU tensors")
    if tensor.node is not None:
        raise GraphError(
            f"Can't call {name}() on Variable that requires grad. Use var.detach().{name}() "
            "instead."
        )
    columns = [np.broadcast_to(t.array, tensor.shape).ravel().tolist() for t in (tensor, *others)]
    values = np.array([function(*row) for row in zip(*columns, strict=True)])
    tensor.array[...] = values.astype(tensor.kind.numpy).reshape(tensor.shape)
    mutated(tensor)
    return tensor


publish_methods(InPlace, "inplace")
for _name in ("as_strided", "squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"):
    setattr(InPlace, f"{_name}_", restated(PLACES["method"][_name], f"{_name}_"))

"""In-place methods of tensors, ``name_``; most are there because an op publishes them.

Holds:     what a write does is said in ops/writes.py.
Must not:  compute anything here.
"""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..graph import TensorBase
from ..ops import index, random
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
    uniform_ = random.uniform_
    normal_ = random.normal_
    bernoulli_ = random.bernoulli_
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


publish_methods(InPlace, "inplace")
for _name in ("squeeze", "swapaxes", "swapdims", "t", "transpose", "unsqueeze"):
    setattr(InPlace, f"{_name}_", restated(PLACES["method"][_name], f"{_name}_"))

"""Operators and methods of tensors that are ops.

Operators stand here; a method is there because an op's declaration publishes it (ops/surface.py).

Holds:     a method is the op's own function, so both have one text and one cost.
Must not:  compute anything here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..graph import TensorBase
from ..ops import (
    aliases,
    arithmetic,
    bits,
    compare,
    index,
    linalg,
    masks,
    rearrange,
    shape,
)
from ..ops.catalogue import PLACES

__all__ = ["Methods", "publish_methods"]


class Methods(TensorBase):
    """The part of ``Tensor`` that delegates to ops."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy arrays on the left leave the operator to tensors

    if TYPE_CHECKING:  # the published methods

        def __getattr__(self, name: str) -> Any: ...

    __add__ = __radd__ = arithmetic.add
    __mul__ = __rmul__ = arithmetic.mul
    __sub__ = arithmetic.sub
    __truediv__ = arithmetic.div
    __pow__ = aliases.power
    __neg__ = arithmetic.neg
    __abs__ = arithmetic.abs
    __mod__ = arithmetic.remainder
    __floordiv__ = arithmetic.floor_divide
    __matmul__ = linalg.matmul
    __eq__ = compare.eq
    __ne__ = compare.ne
    __lt__ = compare.lt
    __le__ = compare.le
    __gt__ = compare.gt
    __ge__ = compare.ge
    __and__ = __rand__ = compare.bitwise_and
    __or__ = __ror__ = compare.bitwise_or
    __xor__ = __rxor__ = compare.bitwise_xor
    __invert__ = aliases.invert
    __lshift__ = bits.bitwise_left_shift
    __rshift__ = bits.bitwise_right_shift
    __pos__ = rearrange.positive
    __div__ = aliases.div
    __getitem__ = index.get
    __hash__ = object.__hash__

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.sub(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return arithmetic.div(other, self)

    __rdiv__ = __rtruediv__

    def __rpow__(self, other: Any) -> Any:
        return arithmetic.pow(other, self)

    def __rmatmul__(self, other: Any) -> Any:
        return linalg.matmul(other, self)

    def __rlshift__(self, other: Any) -> Any:
        return bits.bitwise_left_shift(other, self)

    def __rrshift__(self, other: Any) -> Any:
        return bits.bitwise_right_shift(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(other, self)

    def __rmod__(self, other: Any) -> Any:
        return arithmetic.remainder(other, self)

    # ----------------------------------------------------------------------------- other arguments
    def where(self, condition: Any, other: Any) -> Any:
        """``self`` where ``condition``, else ``other``."""
        return masks.where(condition, self, other)

    @property
    def T(self) -> Any:
        """Dimensions reversed."""
        return shape.reversed_dims(self)

    @property
    def mT(self) -> Any:
        """The last two dimensions swapped."""
        return shape.matrices_transposed(self, "tensor.mT")

    @property
    def H(self) -> Any:
        """The transpose of a matrix."""
        return shape.matrices_transposed(self, "tensor.H", one=True)

    @property
    def mH(self) -> Any:
        """The last two dimensions swapped."""
        return shape.matrices_transposed(self, "tensor.mH")


def publish_methods(cls: type, place: str) -> None:
    """Gives ``cls`` the methods that the ops publish in ``place``."""
    for name, function in PLACES[place].items():
        if name not in vars(cls):
            setattr(cls, name, function)


publish_methods(Methods, "method")

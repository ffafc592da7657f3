"""Operators and methods of tensors that are ops: one line each.

Holds:     a method is the op's own function, so both have one text and one cost.
Must not:  compute anything here.
"""

from __future__ import annotations

from typing import Any

from ..graph import TensorBase
from ..ops import (
    activation,
    aliases,
    arithmetic,
    compare,
    index,
    join,
    linalg,
    reduce,
    shape,
    statistics,
)
from ..ops.random import bernoulli, multinomial
from ..ops.softmax import log_softmax, softmax

__all__ = ["Methods"]


class Methods(TensorBase):
    """The part of ``Tensor`` that delegates to ops."""

    __slots__ = ()
    __array_ufunc__ = None  # NumPy arrays on the left leave the operator to tensors

    # ----------------------------------------------------------------------------------- operators
    __add__ = __radd__ = arithmetic.add
    add = aliases.add
    __mul__ = __rmul__ = mul = multiply = arithmetic.mul
    __sub__ = arithmetic.sub
    sub = subtract = aliases.sub
    __truediv__ = true_divide = arithmetic.div
    div = divide = aliases.div
    __pow__ = pow = aliases.power
    __neg__ = neg = negative = arithmetic.neg
    __abs__ = abs = absolute = arithmetic.abs
    __mod__ = remainder = arithmetic.remainder
    __floordiv__ = floor_divide = arithmetic.floor_divide
    __matmul__ = matmul = linalg.matmul
    __eq__ = eq = compare.eq
    __ne__ = ne = not_equal = compare.ne
    __lt__ = lt = less = compare.lt
    __le__ = le = less_equal = compare.le
    __gt__ = gt = greater = compare.gt
    __ge__ = ge = greater_equal = compare.ge
    __getitem__ = index.get
    __hash__ = object.__hash__

    def __rsub__(self, other: Any) -> Any:
        return arithmetic.sub(other, self)

    def __rtruediv__(self, other: Any) -> Any:
        return arithmetic.div(other, self)

    def __rpow__(self, other: Any) -> Any:
        return arithmetic.pow(other, self)

    def __rmatmul__(self, other: Any) -> Any:
        return linalg.matmul(other, self)

    def __rfloordiv__(self, other: Any) -> Any:
        return arithmetic.floor_divide(other, self)

    def __rmod__(self, other: Any) -> Any:
        return arithmetic.remainder(other, self)

    def __and__(self, other: Any) -> Any:
        return compare.bitwise_and(self, other)

    def __or__(self, other: Any) -> Any:
        return compare.bitwise_or(self, other)

    def __xor__(self, other: Any) -> Any:
        return compare.bitwise_xor(self, other)

    def __invert__(self) -> Any:
        return aliases.invert(self)

    # --------------------------------------------------------------------------------- elementwise
    exp = arithmetic.exp
    log = arithmetic.log
    log2 = arithmetic.log2
    log10 = arithmetic.log10
    log1p = arithmetic.log1p
    expm1 = arithmetic.expm1
    sqrt = arithmetic.sqrt
    rsqrt = arithmetic.rsqrt
    square = aliases.square
    reciprocal = arithmetic.reciprocal
    sin = arithmetic.sin
    cos = arithmetic.cos
    tan = arithmetic.tan
    asin = arithmetic.asin
    acos = arithmetic.acos
    atan = arithmetic.atan
    sinh = arithmetic.sinh
    cosh = arithmetic.cosh
    tanh = arithmetic.tanh
    erf = arithmetic.erf
    sign = arithmetic.sign
    floor = arithmetic.floor
    ceil = arithmetic.ceil
    round = arithmetic.round
    trunc = arithmetic.trunc
    fmod = arithmetic.fmod
    atan2 = arithmetic.atan2
    lerp = arithmetic.lerp
    addcmul = arithmetic.addcmul
    addcdiv = arithmetic.addcdiv
    sigmoid = activation.sigmoid
    relu = activation.relu
    clamp = clip = compare.clamp
    clamp_min = compare.clamp_min
    clamp_max = compare.clamp_max
    maximum = compare.maximum
    minimum = compare.minimum
    isnan = compare.isnan
    isinf = compare.isinf
    isfinite = compare.isfinite
    logical_not = compare.logical_not
    logical_and = compare.logical_and
    logical_or = compare.logical_or
    masked_fill = aliases.masked_fill
    nan_to_num = aliases.nan_to_num

    def where(self, condition: Any, other: Any) -> Any:
        """``self`` where ``condition``, else ``other``."""
        return compare.where(condition, self, other)

    # ---------------------------------------------------------------------------------- reductions
    sum = reduce.sum_
    mean = reduce.mean
    max = reduce.max_
    min = reduce.min_
    amax = reduce.amax
    amin = reduce.amin
    argmax = statistics.argmax
    argmin = statistics.argmin
    all = statistics.all_
    any = statistics.any_
    var = statistics.var
    std = statistics.std
    norm = statistics.norm
    prod = statistics.prod
    cumsum = statistics.cumsum
    logsumexp = statistics.logsumexp
    count_nonzero = statistics.count_nonzero
    softmax = softmax
    log_softmax = log_softmax

    # ------------------------------------------------------------------------------ linear algebra
    mm = linalg.mm
    bmm = linalg.bmm
    mv = linalg.mv
    dot = linalg.dot
    outer = ger = linalg.outer
    addmm = linalg.addmm

    # ----------------------------------------------------------------------------- shape and index
    reshape = shape.reshape
    flatten = shape.flatten
    unflatten = shape.unflatten
    squeeze = shape.squeeze
    unsqueeze = shape.unsqueeze
    permute = shape.permute
    transpose = swapaxes = swapdims = shape.transpose
    t = shape.t
    movedim = shape.movedim
    flip = shape.flip
    roll = shape.roll
    expand = shape.expand_sizes
    broadcast_to = shape.broadcast_to
    repeat = shape.repeat
    contiguous = shape.contiguous
    split = join.split
    chunk = join.chunk
    unbind = join.unbind
    narrow = index.narrow
    select = index.select
    gather = index.gather
    index_select = index.index_select
    take_along_dim = index.take_along_dim
    bernoulli = bernoulli
    multinomial = multinomial

    def expand_as(self, other: Any) -> Any:
        """``self`` expanded to the shape of ``other``."""
        return shape.expand_sizes(self, other.shape)

    def view_as(self, other: Any) -> Any:
        """``self`` viewed with the shape of ``other``."""
        return shape.view(self, other.shape)

    def reshape_as(self, other: Any) -> Any:
        """``self`` with the shape of ``other``."""
        return shape.reshape(self, other.shape)

    @property
    def T(self) -> Any:
        """Dimensions reversed."""
        return shape.permute(self, *reversed(range(len(self.shape))))

    @property
    def mT(self) -> Any:
        """The last two dimensions swapped."""
        return shape.transpose(self, -2, -1)

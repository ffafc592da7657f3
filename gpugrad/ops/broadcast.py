"""Broadcasting and its transpose, and conversion between kinds: what every family leans on.

Holds:     works on tensors (recorded) and on raw arrays (computed) alike, as all linear ops do.
Must not:  depend on elementwise ops; they depend on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from ..array import Kind, bool_, float32, kind_of_array, module_of
from ..graph import NotConcrete, Size, TensorBase, handed_over, local, lose, new_tensor
from .folds import fold
from .generic import Linear, View, linear
from .record import record, unrecorded

__all__ = ["as_number", "convert", "expand", "expand_to", "kind_of_value", "sum_axes", "sum_to",
           "sum_to_shape", "wide_dtype", "widened"]  # fmt: skip


# ----------------------------------------------------------------------- expand and its transpose
def sum_axes(shape: Sequence[int], target: Sequence[int]) -> tuple[int, ...]:
    """The axes of ``shape`` over which a broadcast from ``target`` has to be summed."""
    lead = len(shape) - len(target)
    return (
        *range(lead),
        *(i + lead for i, n in enumerate(target) if n == 1 and shape[i + lead] != 1),
    )


def _expand(xp: Any, x: Any, shape: tuple[int, ...]) -> Any:
    """``broadcast_to``, of which NumPy's takes ten times as long as this on an ordinary array."""
    if x.size == prod(shape):
        return x.reshape(shape)  # nothing is repeated, so the view may be written to
    if xp is not np:
        return xp.broadcast_to(x, shape)
    if not x.flags.c_contiguous:
        out = np.broadcast_to(x, shape)
        out.flags.writeable = x.flags.writeable  # who may write is decided in writes.py
        return out
    steps = [0 if n == 1 else s for n, s in zip(x.shape, x.strides, strict=True)]
    return np.ndarray(shape, x.dtype, x, 0, (*[0] * (len(shape) - x.ndim), *steps))


def _sum_to(xp: Any, x: Any, *, shape: Size) -> Any:
    axes = sum_axes(x.shape, shape)
    if x.dtype.kind in "iub":
        return x.sum(axes, dtype="int64").astype(x.dtype, copy=False).reshape(shape)
    if x.dtype.itemsize == 2:
        x32 = x.astype("float32")
        return fold(xp, "add", x32, axes, False).astype(x.dtype).reshape(shape)
    return fold(xp, "add", x, axes, False).reshape(shape)


def wide_dtype(x: Any) -> Any:
    """The dtype to add up ``x`` in: float32 for halves, int64 for integers, else its own."""
    if x.dtype.itemsize < 4 and x.dtype.kind not in "iub":
        return "float32"
    return "int64" if x.dtype.kind in "iub" else None


expand_to: View = linear(
    "expand",
    view=True,
    forward=_expand,
    transpose=lambda g, *, shape, shapes: sum_to(g, shapes[0]),
    doc="A view of ``x`` broadcast to ``shape``.",
)

sum_to_shape = linear(
    "sum_to",
    node_name="SumToSize",
    forward=_sum_to,
    transpose=lambda g, *, shape, shapes: expand(g, shapes[0]),
    doc="``x`` summed over the axes along which ``shape`` was broadcast.",
)


def expand(x: Any, shape: Sequence[int]) -> Any:
    """``x`` broadcast to ``shape``, a tensor or a raw array."""
    return x if x.shape == tuple(shape) else expand_to.by(x, tuple(shape))


def sum_to(x: Any, shape: Sequence[int]) -> Any:
    """``x`` summed down to ``shape``, a tensor or a raw array."""
    return x if x.shape == tuple(shape) else sum_to_shape(x, shape=Size(shape))


# ------------------------------------------------------------------------------------- conversion
def _convert_array(array: Any, kind: Kind) -> Any:
    on_host = isinstance(array, (np.ndarray, np.generic))
    if kind.is_cuda:
        return kind.xp.asarray(array, dtype=kind.numpy) if on_host else array.astype(kind.numpy)
    if not on_host:
        array = module_of(array).asnumpy(array)
    if 0 in array.strides:  # what is repeated says nothing about the order of memory
        return array.astype(kind.numpy, order="C")
    return array.astype(kind.numpy, copy=False)


class _Convert(Linear):
    """Copies to another dtype or device; the cotangent travels the other way."""

    def __call__(self, x: Any, **attrs: Any) -> Any:
        target: Kind = attrs["target"]
        if not isinstance(x, TensorBase):
            return _convert_array(x, target)
        mode = local.mode
        try:
            array = mode.compute(_convert_array, x.array, target)  # NaN -> integer is no warning
        except NotConcrete:
            return handed_over(self, (x,), attrs)
        out = new_tensor(array, target, shape=x.shape)
        if not target.is_floating_point:
            lose(out, (x,), "cast", target.dtype.name)
        elif x.node is None or not mode.grad:
            unrecorded((out,), (x,), mode)
        else:
            record(self.rule((), (True,)), out, (x,), context=((x.shape,), {"target": x.kind}))
        return out


_convert: Linear = _Convert(
    "convert",
    forward=lambda xp, x, *, target: _convert_array(x, target),
    transpose=lambda g, *, target: _convert(g, target=target),
    node_name="ToCopy",
)


def convert(x: Any, kind: Kind) -> Any:
    """``x`` as ``kind``: itself if it is of that kind already, else a recorded copy."""
    return x if kind_of_value(x) is kind else _convert(x, target=kind)


def as_number(value: Any, kind: Kind) -> Any:
    """A Python number as an element of ``kind``: what is not floating has no fraction."""
    if kind.is_floating_point:
        return float(value)
    return bool(value) if kind.dtype is bool_ else int(value)


def kind_of_value(x: Any) -> Kind:
    """The kind of a tensor or a raw array."""
    return x.kind if isinstance(x, TensorBase) else kind_of_array(x)


def widened(x: Any) -> Any:
    """``x``, a tensor or a raw array, as float32 if it is of a half type."""
    kind = kind_of_value(x)
    half = kind.is_floating_point and kind.dtype.itemsize < 4
    return convert(x, kind.with_dtype(float32)) if half else x

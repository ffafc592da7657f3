"""Views by strides: windows that may overlap, and any walk through the memory of a tensor.

A *layout* is (size, stride, offset), counted in elements from the first element of the tensor that
a view is made of.

Holds:     a view never leaves the storage of its tensor. Where several elements of a view are one
           element of memory their cotangents add up; where several elements of the *input* are one,
           its cotangent is shared among them, as in PyTorch.
Must not:  depend on the dtype.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index as as_int
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Origin, is_traced, storage_of
from .broadcast import convert, wide_dtype
from .dims import axis_of
from .elements import element_strides, own_strides, storage_offset, strided
from .generic import Linear, View, custom, linear
from .index import slice_op
from .join import zeros_as
from .scatter_kernels import scatter_add_rows
from .shape import reshape_op
from .surface import public

__all__ = ["as_strided", "as_strided_scatter", "check_region", "unfold"]

Layout = tuple[Sequence[int], Sequence[int], int]


# ----------------------------------------------------------------------------------------- windows
def _windows(xp: Any, x: Any, *, axis: int, size: int, step: int) -> Any:
    count = (x.shape[axis] - size) // step + 1
    along = x.strides[axis]
    shape = (*x.shape[:axis], count, *x.shape[axis + 1 :], size)
    steps = (*x.strides[:axis], along * step, *x.strides[axis + 1 :], along)
    return strided(xp, x, shape, steps)


def _windows_summed(xp: Any, g: Any, *, axis: int, size: int, step: int, length: int) -> Any:
    """Windows added up in place. Those that lie apart are added in one go: a window is cut into
    pieces of ``step`` elements, of which no two of equal number overlap."""
    count = g.shape[axis]
    pieces = -(-size // step)
    blocks = max(count + pieces, -(-length // step))
    front, back = g.shape[:axis], g.shape[axis + 1 : -1]
    ahead = (slice(None),) * axis
    total = xp.zeros((*front, blocks, step, *back), wide_dtype(g) or g.dtype)
    if pieces <= count:
        g = xp.moveaxis(g, -1, axis + 1)
        for i in range(pieces):
            width = min(step, size - i * step)
            part = g[(*ahead, slice(None), slice(i * step, i * step + width))]
            total[(*ahead, slice(i, i + count), slice(width))] += part
    line = total.reshape((*front, blocks * step, *back))
    if pieces > count:
        g = xp.moveaxis(g, -1, axis)
        for i in range(count):
            window = line[(*ahead, slice(i * step, i * step + size))]
            window += g[(*ahead, slice(None), i)]
    return line[(*ahead, slice(length))].astype(g.dtype)


unfold_op: View = linear(
    "unfold", view=True,
    forward=_windows,
    transpose=lambda g, *, axis, size, step, shapes: fold_op(
        g, axis=axis, size=size, step=step, length=shapes[0][axis]
    ),
)  # fmt: skip

fold_op: Linear = linear(
    "fold", node_name="UnfoldBackward",
    forward=_windows_summed,
    transpose=lambda g, *, axis, size, step, length: unfold_op(g, axis=axis, size=size, step=step),
)  # fmt: skip


@public("method")
def unfold(input: Any, dimension: int, size: int, step: int) -> Any:
    """Windows of ``size`` entries of a dimension, one every ``step``, along a new last dimension.

    A view: the windows share what they have in common, and its gradient adds up there.

    Shape:   (..., n, ...) -> (..., (n - size) / step + 1, ..., size)
    Saves:   nothing
    >>> arange(5).unfold(0, 3, 1).tolist()
    [[0, 1, 2], [1, 2, 3], [2, 3, 4]]
    """
    axis = axis_of(dimension, len(input.shape))
    length = input.shape[axis] if input.shape else 1
    if size < 0:
        raise ShapeError(f"size is {size} but must be >= 0")
    if size > length:
        raise ShapeError(
            f"maximum size for tensor at dimension {axis} is {length} but size is {size}"
        )
    if step <= 0:
        raise ShapeError(f"step is {step} but must be > 0")
    if not input.shape:
        return slice_op.by(reshape_op.by(input, (1,)), (slice(size),))
    return unfold_op(input, axis=axis, size=size, step=step)


# ----------------------------------------------------------------------------------------- any walk
def _as_strided(xp: Any, x: Any, *, size: Any, stride: Any, offset: int, own: Any) -> Any:
    if element_strides(x) != own:  # a cotangent may lie in another order than the tensor did
        mine = (x.shape, own, 0)
        return _relaid(xp, x, given=mine, wanted=(size, stride, offset), own=mine)
    return strided(xp, x, size, [s * x.itemsize for s in stride], offset * x.itemsize)


as_strided_op: View = linear(
    "as_strided", view=True,
    forward=_as_strided,
    transpose=lambda g, *, size, stride, offset, own, shapes: relaid_op(
        g, given=(size, stride, offset), wanted=(shapes[0], own, 0), own=(shapes[0], own, 0)
    ),
)  # fmt: skip


def _relaid(xp: Any, g: Any, *, given: Layout, wanted: Layout, own: Layout) -> Any:
    """What is laid out as ``given``, added up in memory, read as ``wanted``.

    ``own`` is the one of both that the input has; where it meets itself, its sum is shared.
    """
    memory, start = _memory(xp, g.dtype, given, wanted)
    _lay(xp, memory, g, given, start)
    if _may_overlap(own):
        counts, _ = _memory(xp, np.float64, given, wanted)
        _lay(xp, counts, xp.ones(tuple(own[0])), own, start)
        memory = (memory / xp.maximum(counts, 1)).astype(g.dtype)
    return _read(xp, memory, wanted, start).copy()


relaid_op: Linear = linear(
    "relaid", node_name="AsStridedBackward",
    forward=_relaid,
    transpose=lambda g, *, given, wanted, own: relaid_op(g, given=wanted, wanted=given, own=own),
)  # fmt: skip


def _memory(xp: Any, dtype: Any, *layouts: Layout) -> tuple[Any, int]:
    """Zeros where the layouts lie, and the offset of the first of them."""
    reached = [
        (offset, offset + sum(s * (n - 1) for n, s in zip(size, stride, strict=True)))
        for size, stride, offset in layouts if 0 not in size
    ]  # fmt: skip
    start = min([first for first, _ in reached], default=0)
    end = max([last + 1 for _, last in reached], default=0)
    return xp.zeros(end - start, dtype), start


def _read(xp: Any, memory: Any, layout: Layout, start: int) -> Any:
    size, stride, offset = layout
    at = (offset - start) * memory.itemsize
    return strided(xp, memory, size, [s * memory.itemsize for s in stride], at)


def _lay(xp: Any, memory: Any, g: Any, layout: Layout, start: int) -> None:
    """Adds ``g`` to a memory of zeros."""
    if not _may_overlap(layout):
        _read(xp, memory, layout, start)[...] = g
        return
    size, stride, offset = layout
    where: Any = offset - start
    for i, (n, s) in enumerate(zip(size, stride, strict=True)):
        where = where + (xp.arange(n) * s).reshape((n, *[1] * (len(size) - 1 - i)))
    scatter_add_rows(memory, where.reshape(-1), g.reshape(-1))


def _may_overlap(layout: Layout) -> bool:
    """Whether two of its elements may be one in memory."""
    size, stride, _ = layout
    if prod(size) < 2:
        return False
    reach = 0
    for s, n in sorted((s, n) for n, s in zip(size, stride, strict=True) if n > 1):
        if s <= reach:
            return True
        reach += s * (n - 1)
    return False


def _layout(input: Any, size: Any, stride: Any, storage_offset_: Any) -> Layout:
    """A checked layout, relative to the first element of ``input``."""
    sizes, steps = tuple(map(as_int, size)), tuple(map(as_int, stride))
    here = storage_offset(input)
    start = here if storage_offset_ is None else as_int(storage_offset_)
    if len(sizes) != len(steps):
        raise ShapeError("mismatch in length of strides and shape")
    if min(steps, default=0) < 0:
        raise ShapeError(
            "as_strided: Negative strides are not supported at the moment, got strides: "
            f"{list(steps)}"
        )
    if min(sizes, default=0) < 0:
        raise ShapeError(f"as_strided: sizes must not be negative, got {list(sizes)}")
    if start < 0:
        raise ShapeError(f"Tensor: invalid storage offset {start}")
    reach = start + 1 + sum(s * (n - 1) for n, s in zip(sizes, steps, strict=True))
    itemsize = input.kind.dtype.itemsize
    traced = is_traced(input)
    nbytes = input.shape.numel() * itemsize if traced else storage_of(input).nbytes
    if 0 not in sizes and reach * itemsize > nbytes:
        raise ShapeError(
            f"setStorage: sizes {list(sizes)}, strides {list(steps)}, storage offset {start}, and "
            f"itemsize {itemsize} requiring a storage size of {reach * itemsize} are out of bounds "
            f"for storage of size {nbytes}"
        )
    return sizes, steps, start - here


@public("torch method")
def as_strided(input: Any, size: Any, stride: Any, storage_offset: int | None = None) -> Any:
    """The elements of the storage of ``input`` that ``size``, ``stride`` and an offset reach.

    The offset counts from the start of the storage; without one, the view starts where ``input``
    does. A view, even where it overlaps itself.

    Shape:   (*) -> size
    Saves:   nothing
    Raises:  ShapeError if it would leave the storage
    """
    sizes, steps, offset = _layout(input, size, stride, storage_offset)
    own = own_strides(input)
    out = as_strided_op(input, size=sizes, stride=steps, offset=offset, own=own)
    if input.origin is not None:
        _start_from_base(out, input.origin.base)
    return out


def _start_from_base(out: Any, base: Any) -> None:
    """Makes ``out`` a walk through the memory of ``base``: it may leave the view it came out of."""
    _, attrs, _ = out.origin.steps[-1]
    offset = storage_offset(out) - storage_offset(base)
    attrs = {**attrs, "offset": offset, "own": element_strides(base.array)}
    out.origin = Origin(base, ((as_strided_op, attrs, base.shape),), out.origin.made)


@custom(node_name="AsStridedScatter")
def as_strided_scatter_op(xp: Any, x: Any, src: Any, *, region: Layout, own: Any) -> Any:
    """``x`` with a region of its memory replaced by ``src``."""
    mine = (x.shape, own, 0)
    memory, start = _memory(xp, x.dtype, mine, region)
    _read(xp, memory, mine, start)[...] = x
    _read(xp, memory, region, start)[...] = src
    return _read(xp, memory, mine, start).copy()


@as_strided_scatter_op.vjp
def _(g: Any, *, region: Layout, own: Any, shapes: Any, needs: Any) -> Any:
    mine = (shapes[0], own, 0)
    nothing = zeros_as(g, shapes[1])
    rest = as_strided_scatter_op(g, nothing, region=region, own=own) if needs[0] else None
    return rest, relaid_op(g, given=mine, wanted=region, own=region) if needs[1] else None


@public("torch method out")
def as_strided_scatter(input: Any, src: Any, size: Any, stride: Any,
                       storage_offset: int | None = None) -> Any:
    """A copy of ``input`` in which ``src`` takes the place of ``as_strided(input, ...)``.

    Shape:   input (*), src size -> (*)
    Saves:   nothing
    """
    region = _layout(input, size, stride, storage_offset)
    check_region(src, region[0])
    own = own_strides(input)
    return as_strided_scatter_op(input, convert(src, input.kind), region=region, own=own)


def check_region(src: Any, shape: Sequence[int]) -> None:
    """Raises PyTorch's complaint about a ``src`` that does not fill its region."""
    if tuple(src.shape) != tuple(shape):
        raise ShapeError(
            "expected src to have a size equal to the slice of self. src size = "
            f"{list(src.shape)}, slice size = {list(shape)}"
        )

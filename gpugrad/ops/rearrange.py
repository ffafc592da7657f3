"""Copies with the elements in other places: flipped, rolled, repeated; and plain copies.

Holds:     all of it is linear and saves nothing, except an index of repetitions.
Must not:  return a view, other than the tensor itself where nothing has to be done.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_int
from typing import Any

import numpy as np

from ..array import bool_
from ..errors import IndexRangeError, ShapeError, dim_out_of_range
from ..graph import NotConcrete, TensorBase
from .broadcast import expand_to, sum_to
from .dims import axes_of, axis_of, flat_sizes, sizes_given
from .generic import Linear, linear
from .index import index_op
from .keys import PLACE
from .memory_format import check_format
from .record import wrap
from .shape import reshape_op
from .surface import public

__all__ = ["clone", "contiguous", "flip", "fliplr", "flipud", "positive", "repeat",
           "repeat_interleave", "roll", "rot90", "tile"]  # fmt: skip


# ------------------------------------------------------------------------------------------ copies
_BLOCK = 64  # rows and columns of a block that stays in the cache


def ordered(xp: Any, x: Any) -> Any:
    """A copy with its elements in order.

    Rows that lie multiples of 1 KiB apart displace each other from the cache: they are turned block
    by block, which takes a fifth of the time for 1024 x 1024 floats.
    """
    out = xp.empty(x.shape, x.dtype)
    far = xp is np and x.size >= 1 << 16 and x.strides[-1] and not x.strides[-1] % 1024
    near = min(range(x.ndim), key=lambda i: (x.shape[i] == 1, abs(x.strides[i]))) if far else -1
    if near in (-1, x.ndim - 1):
        out[...] = x
        return out
    source, target = (np.moveaxis(a, (near, -1), (0, 1)) for a in (x, out))
    for i in range(0, source.shape[0], _BLOCK):
        for j in range(0, source.shape[1], _BLOCK):
            block = slice(i, i + _BLOCK), slice(j, j + _BLOCK)
            target[block] = source[block]
    return out


clone_op: Linear = linear(
    "clone",
    forward=lambda xp, x: x.copy() if x.flags.c_contiguous else ordered(xp, x),
    transpose=lambda g: g,
)

contiguous_op: Linear = linear(
    "contiguous", node_name="Clone",
    forward=lambda xp, x: ordered(xp, x),
    transpose=lambda g: g,
)  # fmt: skip


@public("torch method")
def clone(input: Any, *, memory_format: Any = None) -> Any:
    """A copy, through which gradients flow. Saves nothing."""
    if memory_format is not None:
        check_format(memory_format, len(input.shape))
    return clone_op(input)


@public("method")
def contiguous(input: Any, memory_format: Any = None) -> Any:
    """``input`` itself if its elements lie in order, else a copy that does."""
    if memory_format is not None:
        check_format(memory_format, len(input.shape))
    try:
        return input if input.array.flags.c_contiguous else contiguous_op(input)
    except NotConcrete:
        return input  # there is no order of memory to speak of


@public("torch method")
def positive(input: Any) -> Any:
    """``+input``: the tensor itself."""
    if input.kind.dtype is bool_:
        raise RuntimeError("The `+` operator, on a bool tensor is not supported.")
    return input


# ---------------------------------------------------------------------------------- flipped, rolled
def _flip(xp: Any, x: Any, *, axes: tuple[int, ...]) -> Any:
    return xp.ascontiguousarray(xp.flip(x, axes)) if axes and x.ndim else x.copy()


def _negated(shifts: Any) -> Any:
    return -shifts if isinstance(shifts, int) else tuple([-s for s in shifts])


flip_op: Linear = linear(
    "flip",
    forward=_flip,
    transpose=lambda g, *, axes: flip_op(g, axes=axes),
)

roll_op: Linear = linear(
    "roll",
    forward=lambda xp, x, *, shifts, axes: xp.roll(x, shifts, axes),
    transpose=lambda g, *, shifts, axes: roll_op(g, shifts=_negated(shifts), axes=axes),
)

rot90_op: Linear = linear(
    "rot90",
    forward=lambda xp, x, *, k, axes: ordered(xp, xp.rot90(x, k, axes).view()),
    transpose=lambda g, *, k, axes: rot90_op(g, k=-k, axes=axes),
)


@public("torch method")
def flip(input: Any, *order: Any, dims: Any = None) -> Any:
    """Reversed along ``dims``; a copy."""
    wanted = sizes_given(order, dims)
    return flip_op(input, axes=axes_of(wanted, len(input.shape)) if wanted else ())


@public("torch method")
def fliplr(input: Any) -> Any:
    """Columns (dimension 1) in reverse; a copy."""
    if len(input.shape) < 2:
        raise ShapeError("Input must be >= 2-d.")
    return flip_op(input, axes=(1,))


@public("torch method")
def flipud(input: Any) -> Any:
    """Rows (dimension 0) in reverse; a copy."""
    if not input.shape:
        raise ShapeError("Input must be >= 1-d.")
    return flip_op(input, axes=(0,))


@public("torch method")
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Shifted along ``dims``, what leaves at one end entering at the other; a copy.

    Without ``dims`` all elements move on in order.
    """
    steps = flat_sizes((shifts,))
    axes = () if dims is None else flat_sizes((dims,))
    if not steps:
        raise ShapeError("`shifts` required")
    if not axes and len(steps) == 1:
        return roll_op(input, shifts=steps[0], axes=None)
    if len(axes) != len(steps):
        raise ShapeError(
            f"shifts and dimensions must align. shifts: {len(steps)}, dims:{len(axes)}"
        )
    ndim = len(input.shape)
    if not ndim:
        raise IndexRangeError("Dimension specified as 0 but tensor has no dimensions")
    return roll_op(input, shifts=steps, axes=tuple([axis_of(a, ndim) for a in axes]))


@public("torch method")
def rot90(input: Any, k: int = 1, dims: Sequence[int] = (0, 1)) -> Any:
    """Turned ``k`` times by 90 degrees in the plane of two dimensions, from the first on.

    >>> rot90(tensor([[1, 2], [3, 4]])).tolist()
    [[2, 4], [1, 3]]
    """
    ndim = len(input.shape)
    if len(dims) != 2:
        raise ShapeError(f"expected total rotation dims == 2, but got dims = {len(dims)}")
    if ndim < 2:
        raise ShapeError(f"expected total dims >= 2, but got total dims = {ndim}")
    if dims[0] == dims[1] or abs(dims[0] - dims[1]) == ndim:
        raise ShapeError(
            f"expected rotation dims to be different, but got dim0 = {dims[0]} and dim1 = {dims[1]}"
        )
    return rot90_op(input, k=k % 4, axes=(axis_of(dims[0], ndim), axis_of(dims[1], ndim)))


# ---------------------------------------------------------------------------------------- repeated
def _folded(g: Any, *, times: tuple[int, ...], shapes: Any) -> Any:
    """A cotangent of ``repeat`` with its copies added up."""
    sizes = (*[1] * (len(times) - len(shapes[0])), *shapes[0])
    apart = reshape_op.by(g, tuple([n for pair in zip(times, sizes, strict=True) for n in pair]))
    summed = sum_to(apart, [n for size in sizes for n in (1, size)])
    return reshape_op.by(summed, shapes[0])


repeat_op: Linear = linear(
    "repeat",
    forward=lambda xp, x, *, times: xp.tile(x, times),
    transpose=_folded,
)


def _neighbours_summed(g: Any, *, times: int, axis: int, shapes: Any) -> Any:
    front, back = shapes[0][: axis + 1], shapes[0][axis + 1 :]
    summed = sum_to(reshape_op.by(g, (*front, times, *back)), (*front, 1, *back))
    return reshape_op.by(summed, shapes[0])


interleave_op: Linear = linear(
    "repeat_interleave",
    forward=lambda xp, x, *, times, axis: xp.repeat(x, times, axis),
    transpose=_neighbours_summed,
)


@public("method")
def repeat(input: Any, *sizes: Any, repeats: Any = None) -> Any:
    """``input`` laid out ``repeats`` times along each dimension; a copy.

    Shape:   (..., n_i, ...) -> (..., repeats_i * n_i, ...)
    Saves:   nothing
    """
    times = sizes_given(sizes, repeats)
    if len(times) < len(input.shape):
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    if min(times, default=0) < 0:
        raise ShapeError(f"Trying to create tensor with negative dimension: repeats={list(times)}")
    return repeat_op(input, times=times)


@public("torch method")
def tile(input: Any, *sizes: Any, dims: Any = None) -> Any:
    """``repeat`` that takes fewer numbers than there are dimensions: those in front stay."""
    times = sizes_given(sizes, dims)
    return repeat(input, (*[1] * (len(input.shape) - len(times)), *times))


@public("torch method")
def repeat_interleave(input: Any, repeats: Any = None, dim: int | None = None, *,
                      output_size: int | None = None) -> Any:
    """Every entry of dimension ``dim`` (of all elements in order without) ``repeats`` times.

    ``repeats`` is a number or a vector with a number for each entry. A vector alone gives the index
    of the entries: ``repeat_interleave(tensor([2, 1]))`` is ``[0, 0, 1]``.

    Shape:   (..., n, ...) -> (..., Σ repeats, ...); ``output_size`` is that sum, which spares a GPU
             the wait for it
    Saves:   nothing for a number; for a vector the index of the entries
    """
    if repeats is None:
        return _entries(input, output_size)
    if dim is None:
        input, dim = reshape_op.by(input, (input.shape.numel(),)), 0
    at = axis_of(dim, len(input.shape))
    if not input.shape:
        raise dim_out_of_range(dim, 1)
    if not isinstance(repeats, TensorBase):
        return _each_repeated(input, as_int(repeats), at, output_size)
    if len(repeats.shape) > 1:
        raise ShapeError("repeats must be 0-dim or 1-dim tensor")
    size = input.shape[at]
    if repeats.shape.numel() == 1:
        repeats = expand_to.by(repeats, (size,))
    if repeats.shape != (size,):
        raise ShapeError(
            f"repeats must have the same size as input along dim, but got repeats.size(0) = "
            f"{repeats.shape[0]} and input.size({at}) = {size}"
        )
    return index_op(input, _entries(repeats, output_size), template=(*[slice(None)] * at, PLACE))


def _each_repeated(input: Any, times: int, at: int, output_size: int | None) -> Any:
    total = times * input.shape[at]
    if times < 0:
        raise ShapeError("Repeats must be non-negative")
    if output_size not in (None, total):
        raise ShapeError(
            f"repeat_interleave: Invalid output_size, expected {total} but got {output_size}"
        )
    return interleave_op(input, times=times, axis=at)


def _entries(repeats: Any, output_size: int | None) -> Any:
    """Index i, ``repeats[i]`` times, for every i."""
    if len(repeats.shape) != 1:
        raise ShapeError("repeat_interleave only accept 1D vector as repeat")
    if repeats.kind.dtype.name not in ("int32", "int64"):
        raise NotImplementedError(
            f"repeat_interleave is not implemented for repeats of {repeats.kind.dtype.name}"
        )
    xp, counts = repeats.kind.xp, repeats.array
    if xp is np:
        if counts.size and counts.min() < 0:
            raise ShapeError("repeats can not be negative")
        if output_size not in (None, int(counts.sum())):
            raise ShapeError("allocated size does not match required size")
        where = np.repeat(np.arange(counts.size, dtype=counts.dtype), counts)
    else:
        ends = xp.cumsum(counts)
        total = output_size if output_size is not None else int(ends[-1]) if ends.size else 0
        where = xp.searchsorted(ends, xp.arange(total, dtype=ends.dtype), side="right")
        where = where.astype(counts.dtype, copy=False)
    return wrap(where, repeats.kind)

"""Elements picked by number: rows of a dimension, positions of the flattened tensor, non-zero ones.

Holds:     what is differentiable saves its index and nothing else; positions of non-zero elements
           are integers, through which no gradient flows.
Must not:  check an index on a GPU, which would have to be waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index as as_int
from typing import Any

import numpy as np

from ..array import int32, int64
from ..errors import (
    ShapeError,
    bad_index_dtype,
    broadcast_mismatch,
    entry_out_of_range,
    not_a_vector,
    position_outside,
    row_out_of_range,
)
from ..graph import TensorBase, new_tensor, values_behind
from .along import combine_along
from .broadcast import expand
from .dims import axis_of
from .generic import custom
from .index import gather, gather_op
from .scatter_kernels import outside, scatter_add_rows
from .surface import public

__all__ = [
    "argwhere", "index_select", "nonzero", "nonzero_static", "pick_op", "put_back_op", "take",
    "take_along_dim", "unravel_index",
]  # fmt: skip


# ------------------------------------------------------------------------------ entries of one dim
@custom(node_name="IndexSelect", saves=("index",))
def pick_op(xp: Any, x: Any, index: Any, *, axis: int) -> Any:
    """The entries of one dimension that ``index`` lists, whose dimensions take its place."""
    return x.take(index, axis)


@pick_op.vjp
def _(g: Any, index: Any, *, axis: int, shapes: Any) -> Any:
    return put_back_op(g, index, axis=axis, shape=shapes[0]), None


@custom(node_name="IndexSelectBackward", saves=("index",))
def put_back_op(xp: Any, g: Any, index: Any, *, axis: int, shape: Any) -> Any:
    """Zeros of ``shape`` to which the entries of ``g`` are added at ``index``."""
    if not axis:
        return scatter_add_rows(xp.zeros(shape, g.dtype), index, g)
    source = g.reshape(*shape[:axis], index.size, *shape[axis + 1 :])
    along = index.reshape([-1 if d == axis else 1 for d in range(len(shape))])
    return combine_along(
        xp.zeros(shape, g.dtype), axis, xp.broadcast_to(along, source.shape), source, "add"
    )


@put_back_op.vjp
def _(g: Any, index: Any, *, axis: int, shape: Any) -> Any:
    return pick_op(g, index, axis=axis), None


@public("torch method out")
def index_select(input: Any, dim: int, index: Any) -> Any:
    """The entries of dimension ``dim`` that ``index`` (a vector) lists; a copy.

    Shape:   (.., n, ..), index (m) -> (.., m, ..)
    Saves:   the index
    Raises:  IndexRangeError for an index outside 0..n-1 (on the CPU)
    >>> import gpugrad
    >>> gpugrad.index_select(gpugrad.tensor([[1, 2], [3, 4]]), 1, gpugrad.tensor([1, 1]))
    tensor([[2, 2],
            [4, 4]])
    """
    shape = input.shape
    axis = axis_of(dim, len(shape))
    if len(index.shape) != 1:
        if index.shape:
            raise not_a_vector("index_select", list(index.shape))
        index = index.reshape(1)
    if index.kind.dtype is not int64 and index.kind.dtype is not int32:
        raise bad_index_dtype("index_select", index.kind.dtype.name)
    if not shape and index.shape[0] != 1:
        raise ShapeError(
            "index_select(): Index to scalar can have only 1 value, got "
            f"{index.shape[0]} value(s)"
        )
    bad = outside(values_behind(index), shape[axis] if shape else 1)
    if len(shape) > 1 and not shape[axis] and index.shape.numel():
        raise ShapeError("index_select(): self indexing axis dim should be positive")
    if bad is not None and len(shape) > 1 and (axis == 1 or not input.shape.numel()):
        raise entry_out_of_range(bad, shape[axis])
    if bad is not None:
        raise row_out_of_range(bad, shape[axis] if shape else 1)
    return pick_op(input, index, axis=axis) if shape else input.clone()


@public("torch method out")
def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """``input`` at ``indices`` along ``dim``, or of the flattened input; other sizes broadcast.

    Shape:   input (.., n, ..), indices (.., m, ..) of as many dimensions -> (.., m, ..)
    Saves:   the indices, which count modulo n
    Raises:  RuntimeError for other numbers of dimensions
    """
    if indices.kind.dtype is not int64:
        raise RuntimeError(
            "torch.take_along_dim(): dtype of indices should be Long but got "
            f"{indices.kind.dtype.name}"
        )
    if dim is None:
        return gather_op(input.reshape(-1), indices.reshape(-1), axis=0)
    if len(input.shape) != len(indices.shape):
        raise ShapeError(
            "torch.take_along_dim(): input and indices should have the same number of dimensions, "
            f"but got {len(input.shape)} dimensions for input, and {len(indices.shape)} dimensions "
            "for indices"
        )
    axis = axis_of(dim, len(input.shape))
    if not input.shape:
        return gather(input, 0, indices)
    other = [1 if i == axis else n for i, n in enumerate(indices.shape)]
    mine = [1 if i == axis else n for i, n in enumerate(input.shape)]
    try:
        shape = list(np.broadcast_shapes(other, mine))
    except ValueError:
        raise broadcast_mismatch("take_along_dim", tuple(mine), tuple(other)) from None
    along = [indices.shape[axis] if i == axis else n for i, n in enumerate(shape)]
    whole = [input.shape[axis] if i == axis else n for i, n in enumerate(shape)]
    return gather_op(expand(input, whole), expand(indices, along), axis=axis)


# -------------------------------------------------------------------------- the flattened tensor
@public("torch method out")
def take(input: Any, index: Any) -> Any:
    """The elements at positions of the flattened input; negative ones count from the end.

    Shape:   input (*), index (any shape) -> that of index
    Saves:   the index
    Raises:  IndexRangeError for a position that there is not (on the CPU)
    >>> import gpugrad
    >>> gpugrad.take(gpugrad.tensor([[1, 2], [3, 4]]), gpugrad.tensor([0, -1]))
    tensor([1, 4])
    """
    if index.kind.dtype is not int64:
        raise bad_index_dtype("take", index.kind.dtype.name)
    check_positions(input, index)
    return pick_op(input.reshape(-1), index, axis=0)


def check_positions(input: Any, index: Any) -> None:
    """IndexRangeError for an index, on the CPU, that is no position in the flattened input."""
    count = input.shape.numel()
    if outside(values_behind(index), count) is None:
        return
    low, high = int(values_behind(index).min()), int(values_behind(index).max())
    if low < -count or high >= count:
        raise position_outside(high if high >= count else low, count)


# ------------------------------------------------------------------------- where elements are not 0
@public("torch method out")
def nonzero(input: Any, *, as_tuple: bool = False) -> Any:
    """Where elements are not zero: one row of indices for each, or one tensor per dimension.

    Shape:   (*) of d dimensions -> (count, d); with ``as_tuple`` d tensors (count)
    >>> import gpugrad
    >>> gpugrad.nonzero(gpugrad.tensor([[0, 1], [2, 0]]))
    tensor([[0, 1],
            [1, 0]])
    """
    kind = input.kind.with_dtype(int64)
    if as_tuple:
        array = input.array if input.shape else input.array.reshape(1)
        return tuple([new_tensor(where, kind) for where in _places(kind.xp, array)])
    if not input.shape:
        return new_tensor(kind.xp.empty((int(bool(input.array)), 0), np.int64), kind)
    return new_tensor(kind.xp.stack(_places(kind.xp, input.array), 1), kind)


def _places(xp: Any, array: Any) -> Any:
    """One array of indices per dimension. NumPy's nonzero takes twice as long."""
    if xp is not np or array.ndim == 1:
        return xp.nonzero(array)
    return np.unravel_index(np.flatnonzero(array), array.shape)


@public("torch method")
def argwhere(input: Any) -> Any:
    """Where elements are not zero: one row of indices for each.

    Shape:   (*) of d dimensions -> (count, d)
    """
    return nonzero(input)


@public("torch method")
def nonzero_static(input: Any, *, size: int, fill_value: int = -1) -> Any:
    """``nonzero`` cut, or filled up with ``fill_value``, to ``size`` rows.

    Shape:   (*) of d dimensions -> (size, d)
    """
    if size < 0:
        raise RuntimeError("nonzero_static: 'size' must be an non-negative integer")
    found = nonzero(input)
    out = input.kind.xp.full((size, len(input.shape)), fill_value, np.int64)
    rows = found.array[:size]
    out[: rows.shape[0]] = rows
    return new_tensor(out, found.kind)


@public("torch")
def unravel_index(indices: Any, shape: int | Sequence[int]) -> tuple[Any, ...]:
    """Positions in a flattened tensor of ``shape`` as one tensor of indices per dimension.

    Positions count modulo the number of elements.

    Raises:  TypeError for indices that are no integers, ValueError for negative sizes
    >>> import gpugrad
    >>> gpugrad.unravel_index(gpugrad.tensor([5, 3]), (2, 3))
    (tensor([1, 1]), tensor([2, 0]))
    """
    if not isinstance(indices, TensorBase) or indices.kind.dtype.category != 1:
        got = indices.kind.dtype if isinstance(indices, TensorBase) else type(indices).__name__
        raise TypeError(f"expected 'indices' to be integer dtype, but got {got}")
    sizes = _sizes(shape)
    if any(n < 0 for n in sizes):
        raise ValueError(f"'shape' cannot have negative values, but got {sizes}")
    if 0 in sizes and indices.shape.numel():
        raise RuntimeError("ZeroDivisionError: a tensor without elements has no positions")
    found = []
    for d, n in enumerate(sizes):
        step = prod(sizes[d + 1 :])
        array = indices.array // step % n if step and n else indices.array.copy()
        found.append(new_tensor(array.astype(np.int64), indices.kind.with_dtype(int64)))
    return tuple(found)


def _sizes(shape: Any) -> tuple[int, ...]:
    """A number or several as a tuple of ints."""
    try:
        return tuple(map(as_int, shape)) if np.iterable(shape) else (as_int(shape),)
    except TypeError:
        raise TypeError(
            f"expected 'shape' to be int or sequence of ints, but got {type(shape)}"
        ) from None

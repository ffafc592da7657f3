"""Writing along a dimension, or into the flattened tensor, where every element has an index.

Holds:     the index is saved and nothing else; where places repeat, sums add up, and of several
           values written to one place any may stay (on the CPU the last).
Must not:  check an index on a GPU, which would have to be waited for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..array import int32, int64
from ..errors import (
    DTypeError,
    IndexRangeError,
    ShapeError,
    bad_index_dtype,
    index_outside,
    index_put_dtypes,
    scatter_dtypes,
    scatter_mismatch,
    value_mismatch,
)
from ..graph import Size, TensorBase, values_behind
from .along import combine_along, write_along
from .arithmetic import add
from .dims import axis_of
from .direct import written
from .generic import custom
from .index import gather_op, put, slice_op, unindex_op, unslice_op
from .keys import index_error, parse, picked_shape, shape_error
from .scatter_kernels import outside
from .shape import expand_sizes
from .surface import public
from .taking import check_positions
from .writes import write

__all__ = [
    "add_in_place", "arranged", "index_put", "put_at", "scatter_add", "scatter_add_op",
    "scatter_op", "write_in_place",
]  # fmt: skip


# ---------------------------------------------------------------------------------------- the ops
@custom(node_name="Scatter", saves=("index",))
def scatter_op(xp: Any, x: Any, index: Any, source: Any, *, axis: int) -> Any:
    """A copy of ``x`` with ``source`` (or a number) at ``index`` along one dimension."""
    out = xp.array(x, order="C")
    write_along(out, axis, index, source)
    return out


@scatter_op.vjp
def _(g: Any, index: Any, *, axis: int, needs: Any) -> Any:
    rest = scatter_op(g, index, 0.0, axis=axis) if needs[0] else None
    return rest, None, gather_op(g, index, axis=axis) if needs[2] else None


def write_in_place(xp: Any, out: Any, index: Any, source: Any, *, axis: int) -> None:
    """``scatter_op`` straight into an array."""
    write_along(out, axis, index, source)


# The gradient of the target is the cotangent itself.
@custom(node_name="ScatterAdd", saves=lambda needs: ("index",) if needs[2] else ())
def scatter_add_op(xp: Any, x: Any, index: Any, source: Any, *, axis: int) -> Any:
    """A copy of ``x`` to which ``source`` is added at ``index`` along one dimension."""
    return combine_along(xp.array(x, order="C"), axis, index, source, "add")


@scatter_add_op.vjp
def _(g: Any, *index: Any, axis: int, needs: Any) -> Any:
    return g, None, gather_op(g, *index, axis=axis) if needs[2] else None


def add_in_place(xp: Any, out: Any, index: Any, source: Any, *, axis: int) -> None:
    """``scatter_add_op`` straight into an array."""
    combine_along(out, axis, index, source, "add")


# -------------------------------------------------------------------------------------- arguments
def arranged(input: Any, dim: int, index: Any, source: Any, name: str = "scatter"
             ) -> tuple[int, Any, Any]:
    """The axis, and an index and a source of one shape, with at least one dimension.

    ``source`` may be a number. An index without elements comes back with a source like it.

    Raises:  RuntimeError for dtypes, shapes and (on the CPU) indices that do not fit
    """
    axis = axis_of(dim, len(input.shape))
    if index.kind.dtype is not int64 and index.kind.dtype is not int32:
        raise DTypeError(f"{name}(): Expected dtype int32/int64 for index")
    values = isinstance(source, TensorBase)
    if values and source.kind.dtype is not input.kind.dtype:
        raise scatter_dtypes("scatter", input.kind.dtype.name, source.kind.dtype.name)
    if not index.shape.numel():
        none = (0, *input.shape[1:])
        return 0, index.reshape(-1)[:0].reshape(none), source.reshape(-1)[:0].reshape(none)
    target, its = list(input.shape) or [1], list(index.shape) or [1]
    theirs = (list(source.shape) or [1]) if values else its
    fits = len(target) == len(its) == len(theirs) and all(
        n <= m and (n <= size or i == axis)
        for i, (n, m, size) in enumerate(zip(its, theirs, target, strict=True))
    )
    if not fits:
        raise scatter_mismatch(target, its, theirs if values else None, axis)
    bad = outside(values_behind(index), target[axis])
    if bad is not None:
        raise index_outside("scatter", bad, axis, target[axis])
    index = index if index.shape else index.reshape(1)
    if values and its != theirs:
        source = slice_op(source, key=(*[slice(n) for n in its], Ellipsis))
    return axis, index, source if not values or source.shape else source.reshape(1)


# -------------------------------------------------------------------------------- along a dimension
@public("torch method out")
def scatter_add(input: Any, dim: int, index: Any, src: Any) -> Any:
    """``input`` with ``src`` added at ``index``: ``out[index[i][j]][j] += src[i][j]`` for dim 0.

    Shape:   as ``scatter``
    Saves:   the index
    Raises:  RuntimeError for shapes, dtypes or (on the CPU) indices that do not fit
    >>> import gpugrad
    >>> ones = gpugrad.ones(3)
    >>> gpugrad.scatter_add(gpugrad.zeros(2), 0, gpugrad.tensor([0, 1, 1]), ones)
    tensor([1., 2.])
    """
    axis, index, src = arranged(input, dim, index, _tensor("scatter_add", src))
    return scatter_add_op(input, index, src, axis=axis)


@public("method", name="scatter_add_")
def scatter_add_(input: Any, dim: int, index: Any, src: Any) -> Any:
    """``scatter_add`` in place."""
    axis, index, src = arranged(input, dim, index, _tensor("scatter_add_", src))
    return written(input, scatter_add_op, add_in_place, index, src, axis=axis)


def _tensor(name: str, src: Any) -> Any:
    if not isinstance(src, TensorBase):
        raise TypeError(f"{name}(): argument 'src' must be Tensor, not {type(src).__name__}")
    return src


# --------------------------------------------------------------------------- the flattened tensor
@public("torch method", name="put")
def put_at(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """``input`` with ``source`` at positions of the flattened tensor, or added to what is there.

    Shape:   input (*), index and source with as many elements as each other -> (*)
    Saves:   the index
    Raises:  IndexRangeError for other numbers of elements, or (on the CPU) no such position
    """
    op = scatter_add_op if accumulate else scatter_op
    index, source = _positions_and_values(input, index, source)
    flat = op(input.reshape(-1), index, source, axis=0)
    return flat.reshape(input.shape)


@public("method", name="put_")
def put_(input: Any, index: Any, source: Any, accumulate: bool = False) -> Any:
    """``put`` in place."""
    index, source = _positions_and_values(input, index, source)
    return written(input, put_at, _put_flat, index, source, accumulate=accumulate)


def _put_flat(xp: Any, out: Any, index: Any, source: Any, *, accumulate: bool) -> None:
    flat = out.reshape(-1)
    (add_in_place if accumulate else write_in_place)(xp, flat, index, source, axis=0)
    if not out.flags.c_contiguous:
        out[...] = flat.reshape(out.shape)


def _positions_and_values(input: Any, index: Any, source: Any) -> tuple[Any, Any]:
    if index.kind.dtype is not int64:
        raise bad_index_dtype("put_", index.kind.dtype.name)
    if source.kind.dtype is not input.kind.dtype:
        raise scatter_dtypes("put_", input.kind.dtype.name, source.kind.dtype.name)
    if index.shape.numel() != source.shape.numel():
        raise IndexRangeError(
            "put_(): Expected source and index to have the same number of elements, but got "
            f"source.numel() = {source.shape.numel()}, index.numel() = {index.shape.numel()}"
        )
    check_positions(input, index)
    return index.reshape(-1), source.reshape(-1)


# ------------------------------------------------------------------------ a tensor per dimension
@public("torch method")
def index_put(input: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    """``input`` after ``input[indices] = values``, or with values added where places repeat.

    Shape:   input (*), values broadcast to the region -> (*)
    Saves:   the indices
    Raises:  RuntimeError for values of another dtype or a shape that does not broadcast
    >>> import gpugrad
    >>> twice = (gpugrad.tensor([1, 1]),)
    >>> gpugrad.index_put(gpugrad.zeros(3), twice, gpugrad.ones(2), accumulate=True)
    tensor([0., 2., 0.])
    """
    key = _key(indices, values)
    if not accumulate:
        out = input.clone()
        put(out, key, values)
        return out
    if values.kind.dtype is not input.kind.dtype:
        raise index_put_dtypes(input.kind.dtype.name, values.kind.dtype.name)
    basic, template, tensors = parse(input, key)
    view = Size(_view_shape(input, key, basic))
    picked = picked_shape(view, template, tensors) if tensors else view
    try:
        values = expand_sizes(values, picked)
    except ShapeError:
        raise value_mismatch(list(values.shape), list(picked), True) from None
    if tensors:
        values = unindex_op(values, *tensors, template=template, shape=view)
    return add(input, unslice_op(values, key=basic, shape=input.shape))


@public("torch method", name="index_put_")
def index_put_(input: Any, indices: Sequence[Any], values: Any, accumulate: bool = False) -> Any:
    """``index_put`` in place."""
    if accumulate:
        return write(input, lambda old: index_put(old, indices, values, True), values)
    put(input, _key(indices, values), values)
    return input


def _key(indices: Any, values: Any) -> tuple[Any, ...]:
    if not isinstance(indices, (tuple, list)):
        raise TypeError(
            "index_put(): argument 'indices' must be tuple of Tensors, not "
            f"{type(indices).__name__}"
        )
    for i, index in enumerate(indices):
        if not isinstance(index, TensorBase):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(index).__name__}"
            )
    if not isinstance(values, TensorBase):
        raise TypeError(
            f"index_put(): argument 'values' must be Tensor, not {type(values).__name__}"
        )
    return tuple(indices)


def _view_shape(input: Any, key: Any, basic: Any) -> Any:
    """The shape of what the key's view sees.

    Raises:  IndexRangeError, also for index tensors that do not fit
    """
    wrong = shape_error(input, key)
    if wrong is not None:
        raise wrong
    try:
        return np.broadcast_to(np.zeros((), bool), input.shape)[basic].shape
    except IndexError as error:
        raise index_error(input, error, key) from None

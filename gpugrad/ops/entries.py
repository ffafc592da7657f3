"""Writing along a dimension where every entry of it has one index: ``index_add`` and its like.

Holds:     the index is saved and nothing else; where entries repeat, sums add up, and of several
           entries written to one place any may stay (on the CPU the last).
Must not:  check an index on a GPU, which would have to be waited for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import bool_, int32, int64
from ..errors import (
    IndexRangeError,
    bad_index_dtype,
    index_count_mismatch,
    index_outside,
    not_a_vector,
    scatter_dtypes,
    slice_mismatch,
    value_not_a_number,
)
from ..graph import TensorBase, values_behind
from .along import combine_along
from .arithmetic import mul, sub
from .broadcast import convert, sum_to, wide_dtype
from .dims import axis_of
from .direct import written
from .generic import custom
from .scatter_kernels import outside, scatter_add_rows
from .surface import public
from .taking import pick_op

__all__ = ["entries", "index_add", "index_copy", "index_fill"]


# -------------------------------------------------------------------------------------- arguments
def entries(name: str, input: Any, dim: int, index: Any, source: Any) -> tuple[int, Any, Any]:
    """The axis, the index as a vector and the source, which fit each other and ``input``.

    Raises:  RuntimeError or IndexError, as PyTorch has it for the operation of that name
    """
    axis = axis_of(dim, len(input.shape))
    index = _vector(name, index)
    if source.kind.dtype is not input.kind.dtype:
        raise scatter_dtypes(name, input.kind.dtype.name, source.kind.dtype.name)
    mine, theirs, count = list(input.shape), list(source.shape), index.shape[0]
    if not theirs and name == "index_copy_" and count != 1:
        raise IndexRangeError(
            f"index_copy_(): When source is scalar, index should have one element (got {count})"
        )
    if name == "index_copy_" and len(mine) < 2 and len(theirs) < 2:
        mine, theirs, source = mine or [1], theirs or [1], source if theirs else source.reshape(1)
    if name == "index_copy_" and theirs and len(mine) != len(theirs):
        raise slice_mismatch(name, mine, theirs, dim)
    if len(theirs) > axis and theirs[axis] != count:
        raise index_count_mismatch(name, count, theirs[axis], dim)
    if len(mine) != len(theirs) or mine[:axis] != theirs[:axis] or mine[axis + 1 :] != theirs[
        axis + 1 :
    ]:
        raise slice_mismatch(name, mine, theirs, dim)
    _check_range(name, index, axis, mine[axis] if mine else 1)
    return axis, index, source


def _vector(name: str, index: Any) -> Any:
    """``index`` with one dimension, of a dtype that the operation of that name takes."""
    narrow = name not in ("index_copy_", "index_fill_")
    if index.kind.dtype is not int64 and not (narrow and index.kind.dtype is int32):
        raise bad_index_dtype(name, index.kind.dtype.name)
    if len(index.shape) > 1:
        raise not_a_vector(name, list(index.shape))
    return index if index.shape else index.reshape(1)


def _check_range(name: str, index: Any, axis: int, size: int, lowest: int = 0) -> None:
    if outside(values_behind(index), size) is None:
        return
    low, high = int(values_behind(index).min()), int(values_behind(index).max())
    if low < lowest or high >= size:
        raise index_outside(name, low if low < lowest else high, axis, size)


def _at(index: Any, axis: int) -> tuple[Any, ...]:
    return (*[slice(None)] * axis, index)


# -------------------------------------------------------------------------------------------- add
@public("torch method out")
def index_add(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """``input`` with ``alpha`` times the entries of ``source`` added to those that ``index`` lists.

    Shape:   input (.., n, ..), index (m), source (.., m, ..) -> (.., n, ..)
    Saves:   the index
    Raises:  RuntimeError for shapes, dtypes or (on the CPU) indices that do not fit
    >>> import gpugrad
    >>> index = gpugrad.tensor([0, 0])
    >>> gpugrad.index_add(gpugrad.zeros(2), 0, index, gpugrad.ones(2), alpha=3)
    tensor([6., 0.])
    """
    axis, index, source = entries("index_add_", input, dim, index, source)
    return index_add_op(input, index, source, axis=axis, alpha=_factor(input, alpha))


@public("method", name="index_add_")
def index_add_(input: Any, dim: int, index: Any, source: Any, *, alpha: Any = 1) -> Any:
    """``index_add`` in place."""
    axis, index, source = entries("index_add_", input, dim, index, source)
    settings = {"axis": axis, "alpha": _factor(input, alpha)}
    return written(input, index_add_op, _add, index, source, **settings)


def _factor(input: Any, alpha: Any) -> Any:
    return alpha if input.kind.is_floating_point else int(alpha)


@custom(node_name="IndexAdd", saves=lambda needs: ("index",) if needs[2] else ())
def index_add_op(xp: Any, x: Any, index: Any, source: Any, *, axis: int, alpha: Any) -> Any:
    """A copy of ``x`` with ``alpha * source`` added at ``index``."""
    out = xp.array(x, order="C")
    _add(xp, out, index, source, axis=axis, alpha=alpha)
    return out


@index_add_op.vjp
def _(g: Any, *index: Any, axis: int, alpha: Any, needs: Any, shapes: Any) -> Any:
    if not needs[2]:
        return g, None, None
    part = pick_op(g.reshape(1) if not g.shape else g, *index, axis=axis).reshape(shapes[2])
    return g, None, part if alpha == 1 else mul(part, alpha)


def _add(xp: Any, out: Any, index: Any, source: Any, *, axis: int, alpha: Any) -> None:
    if alpha != 1:
        source = source.astype(wide_dtype(source) or source.dtype, copy=False) * alpha
    if not out.ndim:
        out[...] += source.astype(out.dtype)
        return
    if not axis:
        scatter_add_rows(out, index, source)
        return
    along = index.reshape([-1 if d == axis else 1 for d in range(out.ndim)])
    combine_along(out, axis, xp.broadcast_to(along, source.shape), source, "add")


# ------------------------------------------------------------------------------------------- copy
@public("torch method out")
def index_copy(input: Any, dim: int, index: Any, source: Any) -> Any:
    """``input`` with the entries that ``index`` lists replaced by those of ``source``.

    Shape:   input (.., n, ..), index (m), source (.., m, ..) -> (.., n, ..)
    Saves:   the index
    Raises:  RuntimeError or IndexError for shapes, dtypes or (on the CPU) indices that do not fit
    """
    axis, index, source = entries("index_copy_", input, dim, index, source)
    if not input.shape:
        return index_copy_op(input.reshape(1), index, source, axis=0).reshape(())
    return index_copy_op(input, index, source, axis=axis)


@public("method", name="index_copy_")
def index_copy_(input: Any, dim: int, index: Any, source: Any) -> Any:
    """``index_copy`` in place."""
    axis, index, source = entries("index_copy_", input, dim, index, source)
    return written(input, _copied, _copy, index, source, axis=axis)


def _copied(input: Any, index: Any, source: Any, *, axis: int) -> Any:
    return index_copy(input, axis, index, source)


@custom(node_name="IndexCopy", saves=("index",))
def index_copy_op(xp: Any, x: Any, index: Any, source: Any, *, axis: int) -> Any:
    """A copy of ``x`` with ``source`` at ``index``."""
    out = xp.array(x, order="C")
    out[_at(index, axis)] = source
    return out


@index_copy_op.vjp
def _(g: Any, index: Any, *, axis: int, needs: Any) -> Any:
    rest = index_fill_op(g, index, 0, axis=axis) if needs[0] else None
    return rest, None, pick_op(g, index, axis=axis) if needs[2] else None


def _copy(xp: Any, out: Any, index: Any, source: Any, *, axis: int) -> None:
    (out if out.ndim else out.reshape(1))[_at(index, axis)] = source


# ------------------------------------------------------------------------------------------- fill
@public("torch method")
def index_fill(input: Any, dim: int, index: Any, value: Any) -> Any:
    """``input`` with ``value`` (a number or a 0-d tensor) in the entries that ``index`` lists.

    Shape:   input (.., n, ..), index (m) -> (.., n, ..)
    Saves:   the index
    Raises:  RuntimeError or IndexError for arguments that do not fit
    """
    axis, index, value = _filling(input, dim, index, value)
    return index_fill_op(input, index, value, axis=axis)


@public("method", name="index_fill_")
def index_fill_(input: Any, dim: int, index: Any, value: Any) -> Any:
    """``index_fill`` in place."""
    axis, index, value = _filling(input, dim, index, value)
    return written(input, index_fill_op, _fill, index, value, axis=axis)


def _filling(input: Any, dim: int, index: Any, value: Any) -> tuple[int, Any, Any]:
    axis = axis_of(dim, len(input.shape))
    index = _vector("index_fill_", index)
    size = input.shape[axis] if input.shape else 1
    _check_range("index_fill_", index, axis, size, -size)
    if isinstance(value, TensorBase):
        if value.shape:
            raise value_not_a_number("index_fill", len(value.shape))
        return axis, index, convert(value, input.kind)
    if not isinstance(value, (bool, int, float, np.generic)):
        raise TypeError(f"index_fill(): value must be a number, not {type(value).__name__}")
    if input.kind.is_floating_point:
        return axis, index, float(value)
    return axis, index, bool(value) if input.kind.dtype is bool_ else int(value)


@custom(node_name="IndexFill", saves=("index",))
def index_fill_op(xp: Any, x: Any, index: Any, value: Any, *, axis: int) -> Any:
    """A copy of ``x`` with ``value`` at ``index``."""
    out = xp.array(x, order="C")
    _fill(xp, out, index, value, axis=axis)
    return out


@index_fill_op.vjp
def _(g: Any, index: Any, *, axis: int, needs: Any) -> Any:
    rest = index_fill_op(g, index, 0, axis=axis)
    return rest if needs[0] else None, None, sum_to(sub(g, rest), ()) if needs[2] else None


def _fill(xp: Any, out: Any, index: Any, value: Any, *, axis: int) -> None:
    (out if out.ndim else out.reshape(1))[_at(index, axis)] = value

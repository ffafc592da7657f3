"""Reading and writing by index, and along a dimension.

Holds:     ints, slices, None and Ellipsis give views and save nothing; index tensors and masks give
           copies and save the index. Writing (``put``) changes the bytes in place and gives the
           written tensor a new node: "the old value with this region replaced".
Must not:  interpret a key: keys.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from math import prod
from typing import Any

import numpy as np

from ..array import bool_
from ..errors import (
    DTypeError,
    IndexRangeError,
    ShapeError,
    cannot_assign,
    gather_mismatch,
    gather_outside,
    index_put_dtypes,
    value_mismatch,
)
from ..graph import NotConcrete, Size, TensorBase, mutated, new_tensor, values_behind
from .along import combine_along, gather_along
from .broadcast import convert, expand, sum_to
from .dims import axis_of
from .direct import check_overlap
from .generic import Linear, View, custom, linear
from .keys import PLACE, filled, index_error, is_index, parse, picked_shape, shape_error, walk
from .scatter_kernels import outside, scatter_add_rows
from .surface import public
from .views import put_region, rebase
from .writes import check_writable, is_tracked, overwrite, write_traced

__all__ = ["gather", "gather_op", "get", "index_op", "put", "put_along", "slice_op",
           "unindex_op"]  # fmt: skip


# ---------------------------------------------------------------------------------------- reading
def get(input: Any, key: Any) -> Any:
    """``input[key]``: a view for ints, slices, None and Ellipsis, a copy for index tensors.

    Saves:   nothing for views; the index for copies
    Raises:  IndexRangeError
    """
    try:
        if key.__class__ is int:
            return select_op.by(input, (key, Ellipsis))
        if isinstance(key, TensorBase) and key.shape and key.shape.numel() and is_index(
            key, input.kind
        ):
            return index_op(input, key, template=_ROWS)
        basic, template, tensors = parse(input, key)
        if not tensors:
            return (select_op if _ends_in_int(basic) else slice_op).by(input, basic)
        plain = all(part is Ellipsis or part == slice(None) for part in basic)
        seen = input if plain else slice_op.by(input, basic)
        return index_op(seen, *tensors, template=template)
    except NotConcrete:
        return index_op(input, *_of_batch(key)[0], template=_of_batch(key)[1])
    except IndexError as error:
        if isinstance(error, IndexRangeError):
            raise
        raise index_error(input, error, key) from None


def _of_batch(key: Any) -> tuple[list[Any], tuple[Any, ...]]:
    """Index tensors and template of a key whose 0-d tensors stand for several numbers.

    Raises:  NotConcrete for keys that decide a view by them
    """
    parts = key if key.__class__ is tuple else (key,)
    tensors = [part for part in parts if isinstance(part, TensorBase)]
    if any(t.kind.dtype is bool_ for t in tensors) or not all(
        isinstance(part, (TensorBase, slice)) or part is Ellipsis for part in parts
    ):
        raise NotConcrete("this index depends on values that differ within a batch (vmap); use "
                          "gpugrad.where, gather or index_select")  # fmt: skip
    return tensors, tuple([PLACE if isinstance(part, TensorBase) else part for part in parts])


def _ends_in_int(key: tuple[Any, ...]) -> bool:
    """Whether the last thing a key of views does is to pick an entry: PyTorch names it so."""
    last = key[-1]
    return (key[-2] if last is Ellipsis and len(key) > 1 else last).__class__ is int


def _slicing(name: str) -> View:
    op: View = linear(
        name, view=True,
        forward=lambda xp, x, key: x[key],
        transpose=lambda g, *, key, shapes: unslice_op(g, key=key, shape=shapes[0]),
    )  # fmt: skip
    return op


slice_op = _slicing("slice")
select_op = _slicing("select")


def _unslice(xp: Any, g: Any, *, key: Any, shape: Size) -> Any:
    out = xp.zeros(shape, g.dtype)
    out[key] = g
    return out


unslice_op: Linear = linear(
    "unslice", node_name="SliceBackward",
    forward=_unslice,
    transpose=lambda g, *, key, shape: slice_op(g, key=key),
)  # fmt: skip


_ROWS = (PLACE,)


@cache
def _indices(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return tuple([f"indices{i}" for i in range(len(needs) - 1)])


@custom(node_name="Index", saves=_indices)
def index_op(xp: Any, x: Any, *indices: Any, template: Any) -> Any:
    """``x[key]`` where ``key`` has index arrays or masks in the places of ``template``."""
    if len(indices) > 1 or template[-1] is not PLACE or xp is not np:
        return x[filled(template, indices)]
    index = indices[0]
    if index.dtype != bool:  # NumPy takes twice as fast as it indexes
        return x.take(index, len(template) - 1 if Ellipsis not in template else -1)
    if len(template) > 1 or index.shape != x.shape[: index.ndim]:
        return x[filled(template, indices)]
    # Numbers of rows, rather than the mask itself, are five times as fast.
    rows = x.reshape(index.size, *x.shape[index.ndim :])
    return rows.take(np.flatnonzero(index), 0)


@index_op.vjp
def _(g: Any, *indices: Any, template: Any, shapes: Any) -> Any:
    return unindex_op(g, *indices, template=template, shape=shapes[0])


@custom(node_name="IndexBackward", saves=_indices)
def unindex_op(xp: Any, g: Any, *indices: Any, template: Any, shape: Any) -> Any:
    """Zeros of ``shape`` to which ``g`` is added at an index; equal indices add up."""
    if len(indices) == 1 and indices[0].dtype == bool:
        out = xp.zeros(shape, g.dtype)
        _store(out, template, indices, g)
        return out
    return _scattered(xp, g, indices, template, shape)


@unindex_op.vjp
def _(g: Any, *indices: Any, template: Any, shape: Any) -> Any:
    return index_op(g, *indices, template=template)


def _scattered(xp: Any, g: Any, indices: Sequence[Any], template: Sequence[Any],
               shape: Sequence[int]) -> Any:  # fmt: skip
    """``g`` added at an index, as rows of a table whose indexed dimensions come first, as one."""
    key: list[Any] = []
    for part in filled(template, indices):
        masks = not isinstance(part, (slice, type(Ellipsis))) and part.dtype.kind == "b"
        key += xp.nonzero(part) if masks else [part]
    for at in [i for i, part in enumerate(key) if part is Ellipsis]:
        key[at : at + 1] = [slice(None)] * (len(shape) - len(key) + 1)
    first = [i for i, part in enumerate(key) if not isinstance(part, slice)]
    rest = [i for i in range(len(shape)) if i not in first]
    arrays = xp.broadcast_arrays(*[key[i] for i in first])
    rows = _joined(xp, arrays, [shape[i] for i in first])
    adjacent = first == list(range(first[0], first[0] + len(first)))
    source = tuple(range(first[0], first[0] + rows.ndim)) if adjacent else tuple(range(rows.ndim))
    g = xp.moveaxis(g, source, tuple(range(rows.ndim)))
    table = xp.zeros([shape[i] for i in (*first, *rest)], g.dtype)
    wide = [shape[i] for i in rest]
    flat = table.reshape(prod(shape[i] for i in first), *wide)
    scatter_add_rows(flat, rows.reshape(-1), g.reshape(rows.size, *wide))
    return table.transpose(np.argsort([*first, *rest]).tolist())


def _joined(xp: Any, arrays: Sequence[Any], sizes: Sequence[int]) -> Any:
    """Indices into several dimensions as indices into those dimensions flattened."""
    if len(arrays) == 1:
        return arrays[0]
    flat: Any = 0
    for array, size in zip(arrays, sizes, strict=True):
        flat = flat * size + xp.where(array < 0, array + size, array)
    return flat


# ---------------------------------------------------------------------------------------- writing
def put(target: Any, key: Any, value: Any) -> None:
    """``target[key] = value``, differentiable in both.

    Ints, slices, None and Ellipsis name a view, which is overwritten; index tensors and masks say
    where in that view to write.

    Saves:   index tensors and masks
    Raises:  InplaceError for a leaf that requires grad, or a view of one, in grad mode
    """
    try:
        basic, template, tensors = parse(target, key)
        plain = all(part is Ellipsis or part == slice(None) for part in basic)
        if plain and len(basic) > len(target.shape) + 1:
            raise IndexError("too many indices")
        seen = target if plain else slice_op(target, key=basic)
        if template:
            _put_at(seen, value, tensors, template)
        else:
            _put_into(seen, _operand(seen, value))
    except NotConcrete:
        _put_traced(target, basic, value, tensors, template)
    except IndexError as error:
        if isinstance(error, IndexRangeError):
            raise
        raise index_error(target, error, key) from None
    except RuntimeError:
        wrong = shape_error(target, key)  # PyTorch complains of the key first
        if wrong is not None:
            raise wrong from None
        raise


def _put_traced(target: Any, basic: Any, value: Any, tensors: Any, template: Any) -> None:
    """``target[...] = value`` where one of them is traced: the target becomes another tensor.

    Raises:  RuntimeError for a target that is ordinary, or that others look at
    """
    def put_into(old: Any) -> Any:
        seen = slice_op(old, key=basic)
        given = _operand(seen, value, tensors)
        if not isinstance(given, TensorBase):
            given = new_tensor(target.kind.xp.asarray(given, target.kind.numpy), target.kind)
        if template:
            given = put_copy_op(seen, given, *tensors, template=template)
        given = expand(given, seen.shape)
        return put_region(old, given, steps=((slice_op, {"key": basic}, old.shape),))

    write_traced(target, put_into)


def _operand(target: Any, value: Any, indices: Sequence[Any] = ()) -> Any:
    """What to write: a tensor of the target's kind, or a number.

    Raises:  TypeError for what holds no numbers; DTypeError for another dtype at index tensors
    """
    if isinstance(value, TensorBase):
        if indices and value.kind.dtype is not target.kind.dtype:
            masks = [t.kind.dtype for t in indices] == [bool_]
            if not masks or value.shape.numel() != 1:
                raise index_put_dtypes(target.kind.dtype.name, value.kind.dtype.name)
        return convert(value, target.kind)
    if isinstance(value, (bool, int, float)):
        return value
    if value is None or isinstance(value, (str, bytes, dict, set)):
        raise cannot_assign(value, target.kind.dtype.name)
    return new_tensor(target.kind.xp.asarray(value, target.kind.numpy), target.kind)


def _put_into(target: Any, value: Any) -> None:
    """``target[...] = value``, which may have ones in front."""
    check_writable(target, is_tracked(target, value))
    try:
        overwrite(target, _without_leading_ones(value, len(target.shape)))
    except ShapeError:
        raise value_mismatch(list(value.shape), list(target.shape), False) from None


def _without_leading_ones(value: Any, ndim: int) -> Any:
    extra = len(getattr(value, "shape", ())) - ndim
    if extra <= 0:
        return value
    return value if prod(value.shape[:extra]) != 1 else value.reshape(value.shape[extra:])


def _put_at(target: Any, value: Any, indices: Sequence[Any], template: Any) -> None:
    """``target[indices] = value`` for index tensors and masks."""
    tracked = is_tracked(target, value)
    check_writable(target, tracked)
    check_overlap(target, value)
    arrays = [t.array for t in indices]
    try:
        value = _operand(target, value, indices)
        _store(target.array, template, arrays, getattr(value, "array", value))
    except (ValueError, IndexError, DTypeError):
        _refuse(target, value, indices, template)
        raise
    mutated(target)
    if tracked:
        old = new_tensor(target.array, target.kind, target.node)
        rebase(target, put_op(old, value, *indices, template=template), replaces=False)


def _refuse(target: Any, value: Any, indices: Sequence[Any], template: Any) -> None:
    """Raises what is wrong with the shapes of a write that failed, if anything is."""
    for index, sizes in walk(target.shape, template, indices):
        if index is not None and sizes == [0] and index.shape.numel():
            raise IndexError("index is out of bounds for dimension with size 0")
    try:
        picked = picked_shape(target.shape, template, indices)
    except ValueError as error:
        raise IndexError(str(error)) from None
    shape = getattr(value, "shape", ())
    if not _fits(shape, picked):
        raise value_mismatch(list(shape), picked, True) from None


def _fits(shape: Sequence[int], wanted: Sequence[int]) -> bool:
    """Whether ``shape``, which may have ones in front, broadcasts to ``wanted``."""
    extra = max(0, len(shape) - len(wanted))
    pairs = zip(reversed(shape[extra:]), reversed(wanted), strict=False)
    return prod(shape[:extra]) == 1 and all(m in (1, n) for m, n in pairs)


def _store(array: Any, template: Any, indices: Sequence[Any], value: Any) -> None:
    """``array[key] = value``."""
    while getattr(value, "ndim", 0) and value.shape[0] == 1:
        value = value[0]  # NumPy wants no more dimensions than it writes to
    index = indices[0]
    whole = template == (PLACE,) and index.dtype == bool and index.shape == array.shape
    if whole and isinstance(array, np.ndarray) and array.flags.c_contiguous:
        array.reshape(-1)[np.flatnonzero(index)] = value  # six times as fast as by the mask
    else:
        array[filled(template, indices)] = value


@custom(node_name="IndexPut", saves=lambda needs: _indices(needs[1:]))
def put_op(xp: Any, x: Any, value: Any, *indices: Any, template: Any) -> Any:
    """``x``, into which ``value`` has been written at an index."""
    return x


@custom(node_name="IndexPut", saves=lambda needs: _indices(needs[1:]))
def put_copy_op(xp: Any, x: Any, value: Any, *indices: Any, template: Any) -> Any:
    """A copy of ``x`` with ``value`` written at an index."""
    out = x.copy()
    _store(out, template, indices, value)
    return out


@put_op.vjp
@put_copy_op.vjp
def _(g: Any, *indices: Any, template: Any, shapes: Any, needs: Any) -> Any:
    rest = without_op(g, *indices, template=template) if needs[0] else None
    if not needs[1]:
        return rest, None
    return rest, _of_shape(index_op(g, *indices, template=template), shapes[1])


@custom(node_name="IndexPutBackward", saves=_indices)
def without_op(xp: Any, g: Any, *indices: Any, template: Any) -> Any:
    """``g`` with zeros at an index."""
    out = g.copy()
    _store(out, template, indices, 0)
    return out


@without_op.vjp
def _(g: Any, *indices: Any, template: Any) -> Any:
    return without_op(g, *indices, template=template)


def _of_shape(picked: Any, shape: Size) -> Any:
    """The cotangent of a value of ``shape`` (which may have had ones in front) that was written."""
    extra = max(0, len(shape) - len(picked.shape))
    return sum_to(picked, shape[extra:]).reshape(shape)


# ------------------------------------------------------------------------------ along a dimension
@custom(node_name="Gather", saves=("index",))
def gather_op(xp: Any, x: Any, index: Any, *, axis: Any) -> Any:
    """``x`` at ``index`` along one dimension."""
    return gather_along(x, axis, index) if index.ndim else x.reshape(1)[index]


@gather_op.vjp
def _(g: Any, index: Any, *, axis: Any, shapes: Any) -> Any:
    return put_along(g, index, axis=axis, shape=shapes[0]), None


@custom(node_name="GatherBackward", saves=("index",))
def put_along(xp: Any, g: Any, index: Any, *, axis: Any, shape: Any) -> Any:
    """Zeros of ``shape`` to which ``g`` is added at ``index`` along one dimension."""
    out = xp.zeros(shape, g.dtype)
    if not shape:
        return out + g.sum(dtype=g.dtype)
    return combine_along(out, axis, index, g, "add")


@put_along.vjp
def _(g: Any, index: Any, *, axis: Any, shape: Any) -> Any:
    return gather_op(g, index, axis=axis), None


@public("torch method out")
def gather(input: Any, dim: int, index: Any, *, sparse_grad: bool = False) -> Any:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and so on.

    Shape:   input (*), index of the same number of dimensions -> that of index
    Saves:   the index
    Raises:  RuntimeError for an index outside 0..input.shape[dim]-1 (on the CPU);
             NotImplementedError for ``sparse_grad``
    >>> import gpugrad
    >>> x = gpugrad.tensor([[1, 2], [3, 4]])
    >>> gpugrad.gather(x, 1, gpugrad.tensor([[0, 0], [1, 0]]))
    tensor([[1, 1],
            [4, 3]])
    """
    if sparse_grad:
        raise NotImplementedError("gather: sparse gradients are not available")
    axis = axis_of(dim, len(input.shape))
    if index.kind.dtype.name not in ("int64", "int32"):
        raise RuntimeError("gather(): Expected dtype int32/int64 for index")
    if not index.shape.numel():
        return input.reshape(-1)[:0].reshape(index.shape)
    sizes = zip(index.shape or (1,), input.shape or (1,), strict=False)
    short = any(n > size and i != axis for i, (n, size) in enumerate(sizes))
    if max(1, len(index.shape)) != max(1, len(input.shape)) or short:
        raise gather_mismatch(tuple(input.shape), tuple(index.shape), axis)
    bad = outside(values_behind(index), input.shape[axis] if input.shape else 1)
    if bad is not None:
        raise gather_outside(bad, axis, input.shape[axis] if input.shape else 1)
    return gather_op(input, index, axis=axis)

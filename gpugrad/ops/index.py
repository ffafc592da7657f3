"""Reading and writing by index.

Holds:     ints, slices, None and Ellipsis give views and save nothing; index tensors give copies and
           save the index. Writing (``put``) changes the bytes in place and gives the written tensor
           a new node: "the old value with this region replaced".
Must not:  move an index from device to host to look at it, except where its values decide a shape
           (boolean masks).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import from_numpy_dtype, module_of
from ..errors import IndexRangeError, leaf_inplace, view_inplace
from ..graph import Size, TensorBase, here, is_leaf, local, location, mutated, new_tensor
from .broadcast import convert, expand, sum_to
from .dims import axis_of
from .generic import GenericRule, custom, linear
from .record import record
from .scatter_kernels import scatter_add_rows

__all__ = ["check_writable", "embedding", "gather", "get", "index_select", "narrow", "put",
           "put_along", "select", "take_along_dim"]  # fmt: skip


# ------------------------------------------------------------------------------------- basic indexing
slice_op = linear(
    "slice", view=True,
    forward=lambda xp, x, *, key: x[key],
    transpose=lambda g, *, key, shapes: unslice_op(g, key=key, shape=shapes[0]),
)  # fmt: skip


def _unslice(xp: Any, g: Any, *, key: Any, shape: Size) -> Any:
    out = xp.zeros(shape, g.dtype)
    out[key] = g
    return out


unslice_op = linear(
    "unslice", node_name="SliceBackward",
    forward=_unslice,
    transpose=lambda g, *, key, shape: slice_op(g, key=key),
)  # fmt: skip


def narrow(input: Any, dim: int, start: int, length: int) -> Any:
    """``length`` entries of dimension ``dim`` from ``start``. A view."""
    axis = axis_of(dim, len(input.shape))
    size = input.shape[axis]
    start = start + size if start < 0 else start
    if not 0 <= start <= start + length <= size:
        raise RuntimeError(
            f"start ({start}) + length ({length}) exceeds dimension size ({size})."
        )
    return slice_op(input, key=(*[slice(None)] * axis, slice(start, start + length)))


def select(input: Any, dim: int, index: int) -> Any:
    """Entry ``index`` of dimension ``dim``, without that dimension. A view."""
    axis = axis_of(dim, len(input.shape))
    size = input.shape[axis]
    if not -size <= index < size:
        raise IndexRangeError(
            f"select(): index {index} out of range for tensor of size {list(input.shape)} at "
            f"dimension {axis}"
        )
    return slice_op(input, key=(*[slice(None)] * axis, index, Ellipsis))


# ---------------------------------------------------------------------------------- index by tensors
def _indices(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return tuple(f"indices{i}" for i in range(len(needs) - 1))


@custom(node_name="Index", saves=_indices)
class index_op:
    """``x[key]`` where ``key`` has index arrays at the places marked by ``template``."""

    def forward(xp, x, *indices, template):  # type: ignore[no-untyped-def]
        return x[_filled(template, indices)]

    def vjp(g, *indices, template, shapes):  # type: ignore[no-untyped-def]
        return unindex_op(g, *indices, template=template, shape=shapes[0])


@custom(node_name="IndexBackward", saves=_indices)
class unindex_op:
    """Zeros of ``shape`` to which ``g`` is added at an index; equal indices add up."""

    def forward(xp, g, *indices, template, shape):  # type: ignore[no-untyped-def]
        out = xp.zeros(shape, g.dtype)
        if len(template) == 1 and len(indices) == 1:
            rows = indices[0].reshape(-1)
            scatter_add_rows(out, rows, g.reshape(rows.size, *shape[1:]))
        elif xp is np:
            np.add.at(out, _filled(template, indices), g)
        else:
            xp.add.at(out, _filled(template, indices), g)
        return out

    def vjp(g, *indices, template, shape):  # type: ignore[no-untyped-def]
        return index_op(g, *indices, template=template)


def _filled(template: tuple[Any, ...], arrays: Any) -> tuple[Any, ...]:
    rest = iter(arrays)
    return tuple(next(rest) if part is _PLACE else part for part in template)


_PLACE = "index"
_BASIC = (int, slice, type(None), type(Ellipsis), np.integer)


def get(input: Any, key: Any) -> Any:
    """``input[key]``: a view for ints, slices, None and Ellipsis, a copy for index tensors.

    Saves:   nothing for views; the index for copies
    Raises:  IndexRangeError
    """
    parts = key if isinstance(key, tuple) else (key,)
    try:
        if all(isinstance(p, _BASIC) and not isinstance(p, bool) for p in parts):
            # A trailing Ellipsis makes NumPy give a 0-d view, not a copied scalar.
            return slice_op(input, key=parts if Ellipsis in parts else (*parts, Ellipsis))
        template, indices = _split_key(input, parts)
        return index_op(input, *indices, template=template)
    except IndexError as error:
        if isinstance(error, IndexRangeError):
            raise
        raise _index_error(input, error) from None


def _index_error(input: Any, error: Exception) -> IndexRangeError:
    shape = tuple(input.shape)
    return IndexRangeError(f"{error} (tensor of shape {shape}, at {location(*here())})")


def _split_key(input: Any, parts: tuple[Any, ...]) -> tuple[tuple[Any, ...], list[Any]]:
    """The key with its index tensors taken out; masks become one index per dimension."""
    template: list[Any] = []
    indices: list[Any] = []
    for part in parts:
        if isinstance(part, _BASIC) and not isinstance(part, bool):
            template.append(part)
            continue
        for index in _as_indices(input, part):
            template.append(_PLACE)
            indices.append(index)
    return tuple(template), indices


def _as_indices(input: Any, part: Any) -> list[Any]:
    xp = input.kind.xp
    array = part.array if isinstance(part, TensorBase) else xp.asarray(np.asarray(part))
    if xp is not np and isinstance(array, np.ndarray):
        array = xp.asarray(array)
    if array.dtype == bool:
        found = xp.nonzero(array)
    elif array.dtype.kind in "iu":
        found = (array,)
    elif array.size == 0:
        found = (array.astype("int64"),)
    else:
        raise IndexRangeError(
            "tensors used as indices must be long, int, byte or bool tensors, "
            f"not {array.dtype}"
        )
    return [_index_tensor(input, a) for a in found]


def _index_tensor(input: Any, array: Any) -> Any:
    return new_tensor(array, kind_like(input.kind, array))


def kind_like(kind: Any, array: Any) -> Any:
    """The kind of ``array`` on the device of ``kind``."""
    return kind.with_dtype(from_numpy_dtype(array.dtype))


# --------------------------------------------------------------------------------------------- writing
class _Put:
    """The op "old value with a region replaced": its node, not its computation."""

    node_name = "CopySlices"
    wants_shapes = True
    wants_needs = False
    params = ("base", "value")

    @staticmethod
    def vjp(g: Any, *, key: Any, shapes: Any) -> tuple[Any, Any]:
        """The cotangent with the region zeroed, and the region."""
        region = sum_to(get(g, key) if isinstance(g, TensorBase) else g[key], shapes[1])
        return _without(g, key), region


def _without(g: Any, key: Any) -> Any:
    array = g.array if isinstance(g, TensorBase) else g
    mask = module_of(array).ones(array.shape, array.dtype)
    mask[key] = 0
    return g * (new_tensor(mask, g.kind) if isinstance(g, TensorBase) else mask)


_put_rules = {
    (a, b): GenericRule(_Put, (), (a, b), 1) for a in (False, True) for b in (False, True)
}


def put(target: Any, key: Any, value: Any) -> None:
    """``target[key] = value``, differentiable in both.

    Saves:   nothing
    Raises:  InplaceError for a leaf that requires grad, or a view of one, in grad mode
    """
    raw = _raw_key(target, key)
    source = value if isinstance(value, TensorBase) else None
    tracked = local.mode.grad and (
        target.node is not None or (source is not None and source.node is not None)
    )
    if tracked:
        check_writable(target)
    if source is not None:
        source = convert(source, target.kind)
    written = value if source is None else source.array
    try:
        target.array[raw] = written
    except IndexError as error:
        raise _index_error(target, error) from None
    mutated(target)
    if tracked:
        edge_value = source if source is not None else new_tensor(np.zeros(()), target.kind)
        old = new_tensor(target.array, target.kind, target.node)
        rule = _put_rules[old.node is not None, edge_value.node is not None]
        context = ((target.shape, edge_value.shape), {"key": raw})
        record(rule, target, (old, edge_value), context=context)


def check_writable(target: Any) -> None:
    """InplaceError for a write, in grad mode, that no node could stand for."""
    base = target if target.base is None else target.base
    if base.node is not None and is_leaf(base):
        raise leaf_inplace(target.base is not None, str(location(*here())))
    if target.base is not None:
        raise view_inplace(str(location(*here())))


def _raw_key(target: Any, key: Any) -> Any:
    parts = key if isinstance(key, tuple) else (key,)
    return tuple(p.array if isinstance(p, TensorBase) else p for p in parts)


# --------------------------------------------------------------------------------- along a dimension
@custom(node_name="Gather", saves=("index",))
class gather_op:
    """``x`` at ``index`` along one dimension."""

    def forward(xp, x, index, *, axis):  # type: ignore[no-untyped-def]
        if index.shape != x.shape and index.ndim == x.ndim:
            x = x[tuple(slice(None) if i == axis else slice(n) for i, n in enumerate(index.shape))]
        return xp.take_along_axis(x, index, axis)

    def vjp(g, index, *, axis, shapes):  # type: ignore[no-untyped-def]
        return put_along(g, index, axis=axis, shape=shapes[0]), None


@custom(node_name="GatherBackward", saves=("index",))
class put_along:
    """Zeros of ``shape`` to which ``g`` is added at ``index`` along one dimension."""

    def forward(xp, g, index, *, axis, shape):  # type: ignore[no-untyped-def]
        out = xp.zeros(shape, g.dtype)
        place = [xp.arange(n).reshape([-1 if i == j else 1 for j in range(g.ndim)])
                 for i, n in enumerate(index.shape)]  # fmt: skip
        place[axis] = index
        xp.add.at(out, tuple(place), g)
        return out

    def vjp(g, index, *, axis, shape):  # type: ignore[no-untyped-def]
        return gather_op(g, index, axis=axis), None


def gather(input: Any, dim: int, index: Any) -> Any:
    """``out[i][j] = input[index[i][j]][j]`` for dim 0, and so on.

    Shape:   input (*), index of the same number of dimensions -> that of index
    Saves:   the index
    """
    return gather_op(input, index, axis=axis_of(dim, len(input.shape)))


def take_along_dim(input: Any, indices: Any, dim: int | None = None) -> Any:
    """``input`` at ``indices`` along ``dim``, or of the flattened input."""
    if dim is None:
        return gather_op(input.reshape(-1), indices.reshape(-1), axis=0)
    return gather_op(input, indices, axis=axis_of(dim, len(input.shape)))


def index_select(input: Any, dim: int, index: Any) -> Any:
    """The entries of dimension ``dim`` that ``index`` (a vector) lists; a copy."""
    axis = axis_of(dim, len(input.shape))
    return get(input, (*[slice(None)] * axis, index))


def embedding(input: Any, weight: Any, padding_idx: int | None = None) -> Any:
    """Rows of ``weight`` (V, D) by the integers of ``input`` (*).

    Shape:   input (*), weight (V, D) -> (*, D)
    Saves:   the integers
    Raises:  IndexRangeError for an index outside 0..V-1 (on the CPU)
    """
    if input.kind.dtype.category != 1:
        raise TypeError(
            "Expected tensor for argument #1 'indices' to have scalar types Long or Int, but got "
            f"{input.kind.dtype.name}"
        )
    if padding_idx is None:
        return get(weight, input)
    return embedding_op(weight, input, padding=padding_idx % weight.shape[0])


@custom(node_name="Embedding", saves=("index",))
class embedding_op:
    """Rows of ``weight``, of which row ``padding`` receives no gradient."""

    def forward(xp, weight, index, *, padding):  # type: ignore[no-untyped-def]
        return weight[index]

    def vjp(g, index, *, padding, shapes):  # type: ignore[no-untyped-def]
        rows = unindex_op(g, index, template=(_PLACE,), shape=shapes[0])
        return _without(rows, padding), None


def broadcast_copy(source: Any, kind: Any, shape: Size) -> Any:
    """``source`` (tensor, array or number) as ``kind`` in ``shape``."""
    if not isinstance(source, TensorBase):
        source = new_tensor(kind.xp.asarray(source, dtype=kind.numpy), kind)
    return expand(convert(source, kind), shape)

"""Joining tensors along a dimension, and taking them apart again.

Holds:     pieces are views of the whole; their cotangents are put together once, not padded one by
           one, so a sequence unbound into T steps costs one concatenation backwards.
Must not:  save anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from operator import index as as_int
from typing import Any

from ..array import module_of, promote_operands
from ..errors import DeviceError, IndexRangeError, ShapeError
from ..graph import TensorBase, new_tensor
from .broadcast import convert
from .dims import axis_of
from .generic import custom
from .index import select_op, slice_op
from .shape import reshape_op
from .surface import public

__all__ = ["alike", "cat", "chunk", "pieces_of", "split", "split_with_sizes", "stack",
           "tensors_of", "unbind", "zeros_as"]  # fmt: skip


# ----------------------------------------------------------------------------------------- joining
@custom(node_name="Cat")
def _cat(xp: Any, *arrays: Any, axis: Any) -> Any:
    return xp.concatenate(arrays, axis)


@_cat.vjp
def _(g: Any, *, axis: Any, shapes: Any) -> Any:
    return tuple(split(g, [s[axis] for s in shapes], axis))


@public("torch out", also="concat concatenate")
def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """The tensors one after another along ``dim``.

    Tensors of shape (0,) fit anywhere. Different dtypes are promoted to one.

    Shape:   (..., n_i, ...) each -> (..., Σ n_i, ...)
    Saves:   nothing
    Raises:  ShapeError where other sizes differ
    """
    tensors = tensors_of("cat", tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    shapes = [t.shape for t in tensors]
    for i, shape in enumerate(shapes):
        if not shape:
            raise ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    first = next((s for s in shapes if s != (0,)), None)
    if first is None:
        return _cat(*alike(tensors), axis=0)
    axis = axis_of(dim, len(first))
    if shapes.count(first) < len(shapes):
        nothing = (*first[:axis], 0, *first[axis + 1 :])
        for i, shape in enumerate(shapes):
            if shape == (0,):
                tensors[i] = reshape_op.by(tensors[i], nothing)
            else:
                _check_fit(shape, first, axis, i)
    return _cat(*alike(tensors), axis=axis)


def _check_fit(shape: Sequence[int], first: Sequence[int], axis: int, number: int) -> None:
    """Whether ``cat`` can put tensor ``number`` beside the first one."""
    if len(shape) != len(first):
        raise ShapeError(
            f"Tensors must have same number of dimensions: got {len(first)} and {len(shape)}"
        )
    for i, (mine, theirs) in enumerate(zip(shape, first, strict=True)):
        if mine != theirs and i != axis:
            raise ShapeError(
                f"Sizes of tensors must match except in dimension {axis}. Expected size {theirs} "
                f"but got size {mine} for tensor number {number} in the list: {list(first)} and "
                f"{list(shape)}"
            )


def tensors_of(name: str, tensors: Any) -> list[Any]:
    """A sequence of tensors (or raw arrays) as a list.

    Raises:  TypeError for a tensor alone, and for elements that are none
    """
    if isinstance(tensors, TensorBase):
        raise TypeError(f"{name}(): argument 'tensors' must be tuple of Tensors, not Tensor")
    found = list(tensors)
    for i, each in enumerate(found):
        if not hasattr(each, "shape"):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}"
            )
    return found


def alike(tensors: Sequence[Any]) -> Sequence[Any]:
    """Tensors converted to the dtype they promote to together."""
    kinds = {t.kind for t in tensors if isinstance(t, TensorBase)}
    if len(kinds) < 2:
        return tensors
    if len({kind.device for kind in kinds}) > 1:
        raise DeviceError("Expected all tensors to be on the same device, but found: "
                          + ", ".join(str(t.kind.device) for t in tensors))  # fmt: skip
    element = promote_operands(
        [t.kind.dtype for t in tensors if t.shape],
        [t.kind.dtype for t in tensors if not t.shape], (),
    )  # fmt: skip
    return [convert(t, t.kind.with_dtype(element)) for t in tensors]


@custom(node_name="Stack")
def _stack(xp: Any, *arrays: Any, axis: Any) -> Any:
    return xp.stack(arrays, axis)


@_stack.vjp
def _(g: Any, *, axis: Any) -> Any:
    return _unbind(g, axis=axis)


@public("torch out")
def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """The tensors along a new dimension ``dim``.

    Shape:   (...) each -> (..., count, ...)
    Saves:   nothing
    """
    tensors = tensors_of("stack", tensors)
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList")
    first = tensors[0].shape
    for i, t in enumerate(tensors):
        if t.shape != first:
            raise ShapeError(
                f"stack expects each tensor to be equal size, but got {list(first)} at entry 0 "
                f"and {list(t.shape)} at entry {i}"
            )
    return _stack(*alike(tensors), axis=axis_of(dim, len(first) + 1))


# ------------------------------------------------------------------------------------ taking apart
def _piece(index: int, *, ends: Any, axis: Any) -> Any:
    """The slice that is one of the pieces."""
    bounds = slice(ends[index - 1] if index else 0, ends[index] if index < len(ends) else None)
    return slice_op, {"key": (*[slice(None)] * axis, bounds)}


def _split(xp: Any, x: Any, *, ends: Any, axis: Any) -> Any:
    front = (slice(None),) * axis
    starts = (0, *ends)
    return tuple([x[(*front, slice(a, b))] for a, b in zip(starts, (*ends, None), strict=True)])


def _split_vjp(g: Any, *, ends: Any, axis: Any, shapes: Any) -> Any:
    return _joined(g, [*ends, shapes[0][axis]], axis, shapes[0])


split_op = custom(node_name="Split", many=True, view=_piece)(_split)
sizes_op = custom(node_name="SplitWithSizes", many=True, view=_piece)(_split)
split_op.vjp(_split_vjp)
sizes_op.vjp(_split_vjp)


def _entry(index: int, *, axis: Any) -> Any:
    """The entry that is one of those unbound."""
    return select_op, {"key": (*[slice(None)] * axis, index, Ellipsis)}


@custom(node_name="Unbind", many=True, view=_entry)
def _unbind(xp: Any, x: Any, *, axis: Any) -> Any:
    front = (slice(None),) * axis
    return tuple([x[(*front, i, Ellipsis)] for i in range(x.shape[axis])])


@_unbind.vjp
def _(g: Any, *, axis: Any, shapes: Any) -> Any:
    size = (*shapes[0][:axis], *shapes[0][axis + 1 :])
    like = next(part for part in g if part is not None)
    return stack([zeros_as(like, size) if part is None else part for part in g], axis)


def _joined(parts: Sequence[Any], ends: Sequence[int], axis: int, shape: Sequence[int]) -> Any:
    """Cotangents of consecutive pieces put together, zeros where none arrived."""
    like = next(p for p in parts if p is not None)
    full, start = [], 0
    for part, end in zip(parts, ends, strict=True):
        size = (*shape[:axis], end - start, *shape[axis + 1 :])
        full.append(zeros_as(like, size) if part is None else part)
        start = end
    return _cat(*full, axis=axis)


def zeros_as(like: Any, shape: Sequence[int]) -> Any:
    """Zeros of ``shape``, in the same form (tensor or array), dtype and place as ``like``."""
    if isinstance(like, TensorBase):
        return new_tensor(like.kind.xp.zeros(shape, like.kind.numpy), like.kind)
    return module_of(like).zeros(shape, like.dtype)


@public("torch")
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Pieces of ``tensor`` along ``dim``: of one size, or of the sizes given. Views.

    Shape:   (..., n, ...) -> (..., n_i, ...) each
    Saves:   nothing
    """
    if isinstance(split_size_or_sections, (list, tuple)):
        return split_with_sizes(tensor, split_size_or_sections, dim)
    total, axis = _size_along("split", tensor, dim)
    size = as_int(split_size_or_sections)
    if size < 0:
        raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
    if not size and total:
        raise ShapeError(
            f"split_size can only be 0 if dimension size is 0, but got dimension size of {total}"
        )
    ends = list(range(size, total, size)) if size else []
    return split_op(tensor, ends=ends, axis=axis)  # type: ignore[no-any-return]


@public("method", name="split")
def pieces_of(input: Any, split_size: Any, dim: int = 0) -> tuple[Any, ...]:
    """Pieces along ``dim``: of one size, or of the sizes given. Views."""
    return split(input, split_size, dim)


@public("torch method")
def split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0) -> tuple[Any, ...]:
    """Pieces along ``dim`` of the sizes given. Views."""
    total, axis = _size_along("split_with_sizes", input, dim)
    sizes = list(map(as_int, split_sizes))
    if min(sizes, default=0) < 0:
        raise ShapeError(
            f"split_with_sizes expects split_sizes have only non-negative entries, but got "
            f"split_sizes={sizes}"
        )
    ends = list(accumulate(sizes))
    if not ends or ends.pop() != total:
        raise ShapeError(
            f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's "
            f"size at dimension {axis}), but got split_sizes={sizes}"
        )
    return sizes_op(input, ends=ends, axis=axis)  # type: ignore[no-any-return]


@public("torch method")
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """``input`` in at most ``chunks`` pieces of equal size along ``dim``. Views."""
    total, _ = _size_along("chunk", input, dim)
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    if not total:
        return split_with_sizes(input, [0] * chunks, dim)
    return split(input, -(-total // chunks), dim)


def _size_along(name: str, input: Any, dim: int) -> tuple[int, int]:
    """The size of ``input`` along ``dim``, and the axis that is."""
    if not input.shape:
        raise ShapeError(f"{name} expects at least a 1-dimensional tensor")
    axis = axis_of(dim, len(input.shape))
    return input.shape[axis], axis


@public("torch method")
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along ``dim``, each without that dimension. Views."""
    if not input.shape:
        raise IndexRangeError("Dimension specified as 0 but tensor has no dimensions")
    return _unbind(input, axis=axis_of(dim, len(input.shape)))  # type: ignore[no-any-return]

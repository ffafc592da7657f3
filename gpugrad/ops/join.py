"""Joining and splitting along a dimension.

Holds:     pieces are views of the whole; their cotangents are put together once, not padded one by
           one, so a sequence unbound into T steps costs one concatenation backwards.
Must not:  save anything.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..array import module_of, promote_types
from ..errors import DeviceError, ShapeError
from ..graph import TensorBase, new_tensor
from .broadcast import convert
from .dims import axis_of
from .generic import custom
from .index import select_op, slice_op
from .surface import public

__all__ = ["cat", "chunk", "split", "stack", "unbind", "zeros_as"]

# ------------------------------------------------------------------------------ joining, splitting
@custom(node_name="Cat")
def _cat(xp: Any, *arrays: Any, axis: Any) -> Any:
    return xp.concatenate(arrays, axis)


@_cat.vjp
def _(g: Any, *, axis: Any, shapes: Any) -> Any:
    return tuple(split(g, [s[axis] for s in shapes], axis))


@public("torch out", also="concat concatenate")
def cat(tensors: Sequence[Any], dim: int = 0) -> Any:
    """The tensors one after another along ``dim``.

    Shape:   (..., n_i, ...) each -> (..., Σ n_i, ...)
    Saves:   nothing
    Raises:  ShapeError where other sizes differ
    """
    tensors = [t for t in tensors if t.shape != (0,)] or list(tensors)
    if not tensors:
        raise ValueError("torch.cat(): expected a non-empty list of Tensors")
    first = tensors[0].shape
    for i, t in enumerate(tensors):
        if not t.shape:
            raise ShapeError(f"zero-dimensional tensor (at position {i}) cannot be concatenated")
    axis = axis_of(dim, len(first))
    for i, t in enumerate(tensors):
        if len(t.shape) != len(first):
            raise ShapeError(
                f"Tensors must have same number of dimensions: got {len(first)} and {len(t.shape)}"
            )
        fits = all(m == n or j == axis for j, (m, n) in enumerate(zip(t.shape, first, strict=True)))
        if not fits:
            raise ShapeError(
                f"Sizes of tensors must match except in dimension {axis}. Expected size "
                f"{list(first)} but got size {list(t.shape)} for tensor number {i} in the list."
            )
    return _cat(*_alike(tensors), axis=axis)


def _alike(tensors: Sequence[Any]) -> Sequence[Any]:
    """Tensors promoted to one dtype."""
    from_kinds = {t.kind for t in tensors if isinstance(t, TensorBase)}
    if len(from_kinds) < 2:
        return tensors
    if len({kind.device for kind in from_kinds}) > 1:
        raise DeviceError("cat: tensors are on different devices")
    return promoted(tensors)


def promoted(tensors: Sequence[Any]) -> list[Any]:
    """Tensors converted to the dtype they promote to together."""
    element = tensors[0].kind.dtype
    for t in tensors[1:]:
        element = promote_types(element, t.kind.dtype)
    return [convert(t, t.kind.with_dtype(element)) for t in tensors]


@custom(node_name="Stack")
def _stack(xp: Any, *arrays: Any, axis: Any) -> Any:
    return xp.stack(arrays, axis)


@_stack.vjp
def _(g: Any, *, axis: Any) -> Any:
    return _unbind(g, axis=axis)


@public("torch out")
def stack(tensors: Sequence[Any], dim: int = 0) -> Any:
    """The tensors along a new dimension ``dim``."""
    tensors = list(tensors)
    if not tensors:
        raise ShapeError("stack expects a non-empty TensorList")
    if any(t.shape != tensors[0].shape for t in tensors):
        raise ShapeError(
            f"stack expects each tensor to be equal size, but got {list(tensors[0].shape)} at "
            f"entry 0 and {next(list(t.shape) for t in tensors if t.shape != tensors[0].shape)}"
        )
    axis = axis_of(dim, len(tensors[0].shape) + 1)
    return _stack(*_alike(tensors), axis=axis)


def _piece(index: int, *, ends: Any, axis: Any) -> Any:
    """The slice that is one of the pieces."""
    bounds = slice(ends[index - 1] if index else 0, ends[index] if index < len(ends) else None)
    return slice_op, {"key": (*[slice(None)] * axis, bounds, Ellipsis)}


@custom(node_name="Split", many=True, view=_piece)
def _split(xp: Any, x: Any, *, ends: Any, axis: Any) -> Any:
    return tuple(xp.split(x, ends, axis))


@_split.vjp
def _(g: Any, *, ends: Any, axis: Any, shapes: Any) -> Any:
    return joined(g, [*ends, shapes[0][axis]], axis, shapes[0])


def _entry(index: int, *, axis: Any) -> Any:
    """The entry that is one of those unbound."""
    return select_op, {"key": (*[slice(None)] * axis, index, Ellipsis)}


@custom(node_name="Unbind", many=True, view=_entry)
def _unbind(xp: Any, x: Any, *, axis: Any) -> Any:
    return tuple(xp.moveaxis(x, axis, 0))


@_unbind.vjp
def _(g: Any, *, axis: Any, shapes: Any) -> Any:
    size = (*shapes[0][:axis], *shapes[0][axis + 1 :])
    like = next(part for part in g if part is not None)
    return stack([zeros_as(like, size) if part is None else part for part in g], axis)


def joined(parts: Sequence[Any], ends: Sequence[int], axis: int, shape: Sequence[int]) -> Any:
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


@public("torch method")
def split(tensor: Any, split_size_or_sections: Any, dim: int = 0) -> tuple[Any, ...]:
    """Pieces of ``tensor`` along ``dim``: of one size, or of the sizes given. Views.

    Shape:   (..., n, ...) -> (..., n_i, ...) each
    Saves:   nothing
    """
    axis = axis_of(dim, len(tensor.shape))
    total = tensor.shape[axis]
    if isinstance(split_size_or_sections, int):
        size = split_size_or_sections
        if size <= 0:
            raise ShapeError(f"split expects split_size be non-negative, but got split_size={size}")
        sizes = [min(size, total - i) for i in range(0, total, size)] or [0]
    else:
        sizes = list(split_size_or_sections)
        if sum(sizes) != total:
            raise ShapeError(
                f"split_with_sizes expects split_sizes to sum exactly to {total} (input tensor's "
                f"size at dimension {axis}), but got split_sizes={sizes}"
            )
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes) - 1)]
    return _split(tensor, ends=ends, axis=axis)  # type: ignore[no-any-return]


@public("torch method")
def chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """``input`` in at most ``chunks`` pieces of equal size along ``dim``. Views."""
    if chunks <= 0:
        raise ShapeError(f"chunk expects `chunks` to be greater than 0, got: {chunks}")
    total = input.shape[axis_of(dim, len(input.shape))]
    return split(input, max(-(-total // chunks), 1), dim)


@public("torch method")
def unbind(input: Any, dim: int = 0) -> tuple[Any, ...]:
    """The slices along ``dim``, each without that dimension. Views."""
    return _unbind(input, axis=axis_of(dim, len(input.shape)))  # type: ignore[no-any-return]

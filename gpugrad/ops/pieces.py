"""Views of parts of a tensor, chosen by numbers: slices, entries, sections.

Must not:  do what a declaration in index.py or join.py does already.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_int
from typing import Any

from ..array import bool_
from ..errors import IndexRangeError, ShapeError
from ..graph import TensorBase
from .dims import axis_of
from .index import select_op, slice_op
from .join import chunk, split, split_with_sizes
from .surface import public

__all__ = [
    "dsplit", "hsplit", "narrow", "select", "slice_", "tensor_split", "unsafe_chunk",
    "unsafe_split", "unsafe_split_with_sizes", "vsplit",
]  # fmt: skip


# ------------------------------------------------------------------------------- slices and entries
@public("torch method")
def narrow(input: Any, dim: int, start: Any, length: int) -> Any:
    """``length`` entries of dimension ``dim`` from ``start`` (which may be a 0-d tensor). A view.

    Raises:  IndexRangeError, RuntimeError for entries that are not there
    """
    if not input.shape:
        raise ShapeError("narrow() cannot be applied to a 0-dim tensor.")
    if isinstance(start, TensorBase):
        if start.shape or start.kind.is_floating_point or start.kind.dtype is bool_:
            raise ShapeError("start must be an 0-dim integral Tensor.")
        start = int(start.array)
    if length < 0:
        raise ShapeError("narrow(): length must be non-negative.")
    axis = axis_of(dim, len(input.shape))
    size = input.shape[axis]
    if not -size <= start <= size:
        raise IndexRangeError(
            f"start out of range (expected to be in range of [{-size}, {size}], but got {start})"
        )
    start = start + size if start < 0 else start
    if start + length > size:
        raise ShapeError(f"start ({start}) + length ({length}) exceeds dimension size ({size}).")
    return slice_op.by(input, (*[slice(None)] * axis, slice(start, start + length)))


@public("torch method")
def select(input: Any, dim: int, index: Any) -> Any:
    """Entry ``index`` of dimension ``dim``, without that dimension. A view."""
    return select_op.by(input, select_key(input, dim, index))


def select_key(input: Any, dim: int, index: Any) -> tuple[Any, ...]:
    """The key of one entry of a dimension."""
    shape = input.shape
    if not shape:
        raise IndexRangeError("select() cannot be applied to a 0-dim tensor.")
    axis = axis_of(dim, len(shape))
    size, at = shape[axis], as_int(index)
    if not -size <= at < size:
        raise IndexRangeError(
            f"select(): index {at} out of range for tensor of size {list(shape)} at dimension "
            f"{axis}"
        )
    return (*[slice(None)] * axis, at, Ellipsis)


def slice_(input: Any, dim: int = 0, start: int | None = None, end: int | None = None,
           step: int = 1) -> Any:
    """``input[start:end:step]`` along ``dim``. A view."""
    return slice_op.by(input, slice_key(input, dim, start, end, step))


def slice_key(input: Any, dim: int, start: int | None, end: int | None, step: int
              ) -> tuple[slice, ...]:
    """The key of a slice along one dimension."""
    if not input.shape:
        raise ShapeError("slice() cannot be applied to a 0-dim tensor.")
    if step <= 0:
        raise ShapeError("slice step must be positive")
    return (*[slice(None)] * axis_of(dim, len(input.shape)), slice(start, end, step))


# ----------------------------------------------------------------------------------------- sections
@public("torch method")
def tensor_split(input: Any, indices_or_sections: Any = None, dim: int = 0, *,
                 tensor_indices_or_sections: Any = None, indices: Any = None,
                 sections: int | None = None) -> tuple[Any, ...]:
    """``input`` in ``sections`` nearly equal parts along ``dim``, or cut before given indices.

    Each part is a view of its own, which may be empty.

    >>> [len(part) for part in tensor_split(arange(7), 3)]
    [3, 2, 2]
    """
    given = (indices_or_sections, tensor_indices_or_sections, indices, sections)
    wanted = next((each for each in given if each is not None), None)
    if wanted is None:
        raise TypeError("tensor_split() missing 1 required argument: sections or indices")
    if not input.shape:
        raise ShapeError(
            "tensor_split expected at least a 1-dimensional tensor, but got a tensor with 0 dims"
        )
    if isinstance(wanted, TensorBase):
        wanted = _numbers_of(wanted)
    axis = axis_of(dim, len(input.shape))
    if isinstance(wanted, (list, tuple)):
        cuts = [as_int(i) for i in wanted]
    else:
        cuts = _even_cuts(as_int(wanted), input.shape[axis])
    front = (slice(None),) * axis
    starts = [0, *cuts]
    return tuple([slice_op.by(input, (*front, slice(a, b)))
                  for a, b in zip(starts, (*cuts, None), strict=True)])  # fmt: skip


def _numbers_of(wanted: Any) -> Any:
    """The sections or indices in a tensor."""
    name = "tensor_split expected tensor_indices_or_sections to"
    if wanted.kind.dtype.name != "int64":
        raise ShapeError(f"{name} have dtype of long, but got {wanted.kind.dtype.name}")
    if len(wanted.shape) > 1:
        raise ShapeError(f"{name} be a zero-dimensional or one-dimensional tensor, but got a "
                         f"tensor with {len(wanted.shape)} dims")  # fmt: skip
    return wanted.array.tolist()


def _even_cuts(sections: int, total: int) -> list[int]:
    if sections <= 0:
        raise ShapeError(f"number of sections must be larger than 0, got {sections}")
    size, larger = divmod(total, sections)
    return [size * i + min(i, larger) for i in range(1, sections)]


def _cut(name: str, axis: int, least: int, input: Any, wanted: Any) -> tuple[Any, ...]:
    """``tensor_split`` along a fixed dimension, into parts of exactly equal size."""
    ndim = len(input.shape)
    if ndim < least:
        raise ShapeError(f"torch.{name} requires a tensor with at least {least} dimension, but "
                         f"got a tensor with {ndim} dimensions!")  # fmt: skip
    if wanted is None:
        raise TypeError(f"{name}() missing 1 required argument: sections or indices")
    if not isinstance(wanted, (list, tuple)):
        size = input.shape[axis]
        if wanted == 0 or size % wanted:
            raise ShapeError(
                f"torch.{name} attempted to split along dimension {axis}, but the size of the "
                f"dimension {size} is not divisible by the split_size {wanted}!"
            )
    return tensor_split(input, wanted, axis)


@public("torch method")
def hsplit(input: Any, indices_or_sections: Any = None, *, indices: Any = None,
           sections: int | None = None) -> tuple[Any, ...]:
    """Cut along dimension 1 (0 of a vector): into equal parts, or before given indices. Views."""
    wanted = _one_of(indices_or_sections, indices, sections)
    return _cut("hsplit", int(len(input.shape) > 1), 1, input, wanted)


@public("torch method")
def vsplit(input: Any, indices_or_sections: Any = None, *, indices: Any = None,
           sections: int | None = None) -> tuple[Any, ...]:
    """Cut along dimension 0: into equal parts, or before given indices. Views."""
    return _cut("vsplit", 0, 2, input, _one_of(indices_or_sections, indices, sections))


@public("torch method")
def dsplit(input: Any, indices_or_sections: Any = None, *, indices: Any = None,
           sections: int | None = None) -> tuple[Any, ...]:
    """Cut along dimension 2: into equal parts, or before given indices. Views."""
    return _cut("dsplit", 2, 3, input, _one_of(indices_or_sections, indices, sections))


def _one_of(*given: Any) -> Any:
    return next((each for each in given if each is not None), None)


# ------------------------------------------------------------------- pieces that may be overwritten
def _unsafe(pieces: tuple[Any, ...]) -> tuple[Any, ...]:
    """Pieces that share bytes, but are no views to the graph: a write concerns one piece alone."""
    for piece in pieces:
        piece.origin = None
    return pieces


@public("torch method")
def unsafe_split(input: Any, split_size: int, dim: int = 0) -> tuple[Any, ...]:
    """``split`` whose pieces may be written to; the gradient then knows nothing of the whole."""
    return _unsafe(split(input, split_size, dim))


@public("torch method")
def unsafe_split_with_sizes(input: Any, split_sizes: Sequence[int], dim: int = 0
                            ) -> tuple[Any, ...]:  # fmt: skip
    """``split_with_sizes`` whose pieces may be written to."""
    return _unsafe(split_with_sizes(input, split_sizes, dim))


@public("torch method")
def unsafe_chunk(input: Any, chunks: int, dim: int = 0) -> tuple[Any, ...]:
    """``chunk`` whose pieces may be written to."""
    return _unsafe(chunk(input, chunks, dim))

"""Joins made of ``cat``, and the shapes they ask for: stacks, blocks and grids.

Must not:  copy where views serve: ``meshgrid`` and ``atleast_2d`` are views.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import DTypeError, ShapeError
from ..graph import TensorBase
from .broadcast import expand_to
from .filled import empty
from .generic import custom
from .index import slice_op
from .join import alike, cat, tensors_of
from .shape import reshape_op, unsqueeze_op
from .surface import public

__all__ = ["atleast_1d", "atleast_2d", "atleast_3d", "block_diag", "column_stack", "dstack",
           "hstack", "meshgrid", "vstack"]  # fmt: skip


# ---------------------------------------------------------------------------- at least so many dims
def _each(function: Callable[[Any], Any], tensors: tuple[Any, ...]) -> Any:
    """``function`` of one tensor; of several, or of a sequence, a tuple."""
    if len(tensors) == 1:
        if isinstance(tensors[0], TensorBase):
            return function(tensors[0])
        tensors = tuple(tensors[0])
    return tuple([function(t) for t in tensors_of("atleast", tensors)])


def _one_dim(t: Any) -> Any:
    return t if t.shape else reshape_op.by(t, (1,))


def _two_dims(t: Any) -> Any:
    if len(t.shape) > 1:
        return t
    return unsqueeze_op.by(t, (1, *t.shape)) if t.shape else reshape_op.by(t, (1, 1))


def _three_dims(t: Any) -> Any:
    if len(t.shape) > 2:
        return t
    shapes = {0: (1, 1, 1), 1: (1, *t.shape, 1), 2: (*t.shape, 1)}
    return unsqueeze_op.by(t, shapes[len(t.shape)])


@public("torch")
def atleast_1d(*tensors: Any) -> Any:
    """Numbers as vectors of one element; other tensors as they are."""
    return _each(_one_dim, tensors)


@public("torch")
def atleast_2d(*tensors: Any) -> Any:
    """Numbers and vectors as matrices of one row; other tensors as they are."""
    return _each(_two_dims, tensors)


@public("torch")
def atleast_3d(*tensors: Any) -> Any:
    """A vector as (1, n, 1), a matrix as (m, n, 1); tensors of more dimensions as they are."""
    return _each(_three_dims, tensors)


# ------------------------------------------------------------------------------------------ stacks
def _at_least(name: str, tensors: Any, function: Callable[[Any], Any]) -> list[Any]:
    found = tensors_of(name, tensors)
    if not found:
        raise ShapeError(f"{name} expects a non-empty TensorList")
    return [function(t) for t in found]


@public("torch out")
def hstack(tensors: Sequence[Any]) -> Any:
    """``cat`` along dimension 1; of vectors along 0."""
    found = _at_least("hstack", tensors, _one_dim)
    return cat(found, 0 if len(found[0].shape) == 1 else 1)


@public("torch out", also="row_stack")
def vstack(tensors: Sequence[Any]) -> Any:
    """``cat`` along dimension 0, where vectors are rows."""
    return cat(_at_least("vstack", tensors, _two_dims), 0)


@public("torch out")
def dstack(tensors: Sequence[Any]) -> Any:
    """``cat`` along dimension 2 of what ``atleast_3d`` gives."""
    return cat(_at_least("dstack", tensors, _three_dims), 2)


@public("torch out")
def column_stack(tensors: Sequence[Any]) -> Any:
    """``cat`` along dimension 1, where vectors are columns."""
    columns = _at_least(
        "column_stack", tensors,
        lambda t: t if len(t.shape) > 1 else reshape_op.by(t, (t.shape.numel(), 1)),
    )  # fmt: skip
    return cat(columns, 1)


# ------------------------------------------------------------------------------------------ blocks
@custom(node_name="BlockDiag")
def block_diag_op(xp: Any, *blocks: Any) -> Any:
    """Matrices along the diagonal of a matrix of zeros."""
    keys, shape = _places([b.shape for b in blocks])
    out = xp.zeros(shape, blocks[0].dtype)
    for key, block in zip(keys, blocks, strict=True):
        out[key] = block
    return out


@block_diag_op.vjp
def _(g: Any, *, shapes: Any) -> Any:
    return tuple([slice_op.by(g, key) for key in _places(shapes)[0]])


def _places(shapes: Sequence[Sequence[int]]) -> tuple[list[tuple[slice, slice]], tuple[int, int]]:
    """Where the blocks go, and the shape of the whole."""
    keys, row, column = [], 0, 0
    for height, width in shapes:
        keys.append((slice(row, row + height), slice(column, column + width)))
        row, column = row + height, column + width
    return keys, (row, column)


@public("torch out")
def block_diag(*tensors: Any) -> Any:
    """A matrix with the given matrices (vectors are rows) along its diagonal, zeros elsewhere.

    Shape:   (m_i, n_i) each -> (Σ m_i, Σ n_i)
    Saves:   nothing
    >>> block_diag(tensor([1, 2]), tensor([[3], [4]])).tolist()
    [[1, 2, 0], [0, 0, 3], [0, 0, 4]]
    """
    blocks = tensors_of("block_diag", tensors)
    for i, t in enumerate(blocks):
        if len(t.shape) > 2:
            raise ShapeError(
                f"torch.block_diag: Input tensors must have 2 or fewer dimensions. Input {i} has "
                f"{len(t.shape)} dimensions"
            )
    if not blocks:
        return empty(1, 0)
    return block_diag_op(*[_two_dims(t) for t in alike(blocks)])


# ------------------------------------------------------------------------------------------- grids
@public("torch")
def meshgrid(*tensors: Any, indexing: str | None = None) -> tuple[Any, ...]:
    """Each vector expanded along the dimensions of all the others: the coordinates of a grid.

    With "ij" dimension i follows the i-th vector; "xy" swaps the first two, as in a picture. Views.

    Shape:   (n_i,) each -> (n_0, n_1, ...) each
    Saves:   nothing
    >>> [g.tolist() for g in meshgrid(tensor([1, 2]), tensor([3, 4]), indexing="ij")]
    [[[1, 1], [2, 2]], [[3, 4], [3, 4]]]
    """
    if len(tensors) == 1 and isinstance(tensors[0], (list, tuple)):
        tensors = tuple(tensors[0])
    vectors = tensors_of("meshgrid", tensors)
    _check_axes(vectors, indexing)
    swapped = indexing == "xy" and len(vectors) > 1
    if swapped:
        vectors[:2] = vectors[1::-1]
    sizes = tuple([t.shape.numel() for t in vectors])
    grids = []
    for i, t in enumerate(vectors):
        along = reshape_op.by(t, (*[1] * i, sizes[i], *[1] * (len(sizes) - 1 - i)))
        grids.append(expand_to.by(along, sizes))
    if swapped:
        grids[:2] = grids[1::-1]
    return tuple(grids)


def _check_axes(vectors: Sequence[Any], indexing: str | None) -> None:
    if not vectors:
        raise ShapeError("meshgrid expects a non-empty TensorList")
    for t in vectors:
        if len(t.shape) > 1:
            raise ShapeError(
                f"torch.meshgrid: Expected 0D or 1D tensor in the tensor list but got: "
                f"{list(t.shape)}"
            )
        if t.kind is not vectors[0].kind:
            what = "dtype" if t.kind.dtype is not vectors[0].kind.dtype else "device"
            raise DTypeError(f"meshgrid expects all tensors to have the same {what}")
    if indexing is None:
        warnings.warn(
            "torch.meshgrid: in an upcoming release, it will be required to pass the indexing "
            "argument.", stacklevel=3,
        )  # fmt: skip
    elif indexing not in ("ij", "xy"):
        raise ShapeError(
            f'torch.meshgrid: indexing must be one of "xy" or "ij", but received: {indexing}'
        )

"""Diagonals and triangles: seen, built, overwritten.

Holds:     ``diagonal`` is a view; all of it saves nothing.
Must not:  build a mask where a diagonal can be seen.
"""

from __future__ import annotations

from functools import partial
from math import prod
from typing import Any

import numpy as np

from ..array import as_device, as_dtype, kind_of
from ..errors import ShapeError
from ..graph import TensorBase, new_tensor
from .broadcast import as_number
from .dims import axis_of
from .generic import Linear, View, custom, linear
from .rearrange import clone_op
from .shape import reshape_op
from .surface import public
from .writes import write

__all__ = ["diag", "diag_embed", "diagflat", "diagonal", "diagonal_op", "fill_diagonal_", "tril",
           "tril_indices", "triu", "triu_indices"]  # fmt: skip


# --------------------------------------------------------------------------------------- diagonals
def _diagonal(xp: Any, x: Any, *, offset: int, axis1: int, axis2: int) -> Any:
    seen = x.diagonal(offset, axis1, axis2)
    if xp is np and x.flags.writeable:
        seen.flags.writeable = True  # NumPy promises that it will be, one day
    return seen


def _on_diagonal(xp: Any, g: Any, *, shape: Any, offset: int, axis1: int, axis2: int) -> Any:
    out = xp.zeros(shape, g.dtype)
    _diagonal(xp, out, offset=offset, axis1=axis1, axis2=axis2)[...] = g
    return out


diagonal_op: View = linear(
    "diagonal", view=True,
    forward=_diagonal,
    transpose=lambda g, *, offset, axis1, axis2, shapes: on_diagonal_op(
        g, shape=shapes[0], offset=offset, axis1=axis1, axis2=axis2
    ),
)  # fmt: skip


def _placing(name: str, node_name: str) -> Linear:
    op: Linear = linear(
        name, node_name=node_name,
        forward=_on_diagonal,
        transpose=lambda g, *, shape, offset, axis1, axis2: diagonal_op(
            g, offset=offset, axis1=axis1, axis2=axis2
        ),
    )  # fmt: skip
    return op


on_diagonal_op: Linear = _placing("on_diagonal", "DiagonalBackward")
diag_embed_op = _placing("diag_embed", "DiagEmbed")


def diagonal_axes(dim1: int, dim2: int, ndim: int) -> tuple[int, int]:
    """Two different axes."""
    axis1, axis2 = axis_of(dim1, ndim), axis_of(dim2, ndim)
    if axis1 == axis2:
        raise ShapeError(f"diagonal dimensions cannot be identical {dim1}, {dim2}")
    return axis1, axis2


@public("torch method")
def diagonal(input: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """The diagonal of two dimensions, as a new last dimension; ``offset`` above it. A view.

    Shape:   (..., m, ..., n, ...) -> (..., length)
    Saves:   nothing
    """
    axis1, axis2 = diagonal_axes(dim1, dim2, len(input.shape))
    return diagonal_op(input, offset=offset, axis1=axis1, axis2=axis2)


@public("torch method out")
def diag_embed(input: Any, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """Zeros, with the last dimension of ``input`` on the diagonal of two new dimensions.

    Shape:   (..., n) -> (..., n + abs(offset), n + abs(offset)), the new ones at dim1 and dim2
    Saves:   nothing
    """
    ndim = len(input.shape) + 1
    axis1, axis2 = diagonal_axes(dim1, dim2, ndim)
    size = input.shape[-1] + abs(offset)
    rest = iter(input.shape[:-1])
    shape = tuple([size if i in (axis1, axis2) else next(rest) for i in range(ndim)])
    return diag_embed_op(input, shape=shape, offset=offset, axis1=axis1, axis2=axis2)


@public("torch method out")
def diag(input: Any, diagonal: int = 0) -> Any:
    """Of a vector the matrix with that diagonal, of a matrix its diagonal (a copy).

    Shape:   (n,) -> (n + abs(diagonal), n + abs(diagonal)); (m, n) -> (length,)
    Saves:   nothing
    """
    ndim = len(input.shape)
    if ndim == 1:
        return diag_embed(input, diagonal)
    if ndim != 2:
        raise ShapeError(f"diag(): Supports 1D or 2D tensors. Got {ndim}D")
    return clone_op(diagonal_op(input, offset=diagonal, axis1=0, axis2=1))


@public("torch method")
def diagflat(input: Any, offset: int = 0) -> Any:
    """The matrix with all elements of ``input``, in order, on its diagonal."""
    return diag_embed(reshape_op.by(input, (input.shape.numel(),)), offset)


# --------------------------------------------------------------------------------------- triangles
def _kept(xp: Any, x: Any, lower: bool, diagonal: int) -> Any:
    """A triangle, by its bits: NumPy's own takes up to five times as long as this mask."""
    height, width = x.shape[-2:]
    offset = min(max(diagonal, -height - 1), width + 1)
    rows = xp.arange(offset, height + offset, dtype="int32")[:, None]
    columns = xp.arange(width, dtype="int32")
    bits = x.view(f"uint{8 * x.itemsize}")
    mask = xp.negative((rows >= columns if lower else rows <= columns).astype(bits.dtype))
    return (bits & mask).view(x.dtype)


tril_op: Linear = linear(
    "tril",
    forward=lambda xp, x, *, diagonal: _kept(xp, x, True, diagonal),
    transpose=lambda g, *, diagonal: tril_op(g, diagonal=diagonal),
)

triu_op: Linear = linear(
    "triu",
    forward=lambda xp, x, *, diagonal: _kept(xp, x, False, diagonal),
    transpose=lambda g, *, diagonal: triu_op(g, diagonal=diagonal),
)


def _check_matrix(name: str, input: Any) -> None:
    if len(input.shape) < 2:
        raise ShapeError(f"{name}: input tensor must have at least 2 dimensions")


@public("torch method inplace out")
def tril(input: Any, diagonal: int = 0) -> Any:
    """Zeros above a diagonal of the last two dimensions: 0 is the main one, 1 the one above.

    Shape:   (..., m, n) -> (..., m, n)
    Saves:   nothing
    """
    _check_matrix("tril", input)
    return tril_op(input, diagonal=diagonal)


@public("torch method inplace out")
def triu(input: Any, diagonal: int = 0) -> Any:
    """Zeros below a diagonal of the last two dimensions: 0 is the main one, 1 the one above."""
    _check_matrix("triu", input)
    return triu_op(input, diagonal=diagonal)


def _triangle(name: str, row: int, col: int, lower: bool, offset: int, dtype: Any, on: Any) -> Any:
    """Rows and columns of the entries of a triangle, row by row."""
    for what, size in (("row", row), ("col", col)):
        if size < 0:
            raise ShapeError(f"{what} must be non-negative, got{size}")
    kind = kind_of(as_device(on), as_dtype("int64" if dtype is None else dtype))
    if kind.dtype.name not in ("int32", "int64"):
        raise NotImplementedError(f'"{name}" not implemented for {kind.dtype.name}')
    xp = kind.xp
    edge = [i + offset + lower for i in range(row)]  # columns below are in the lower triangle
    total = sum(min(max(e, 0), col) if lower else col - min(max(e, 0), col) for e in edge)
    edges = (xp.arange(row) + (offset + lower)).clip(0, col)
    ends = xp.cumsum(edges if lower else col - edges)
    places = xp.arange(total)
    rows = xp.searchsorted(ends, places, side="right")
    columns = places - (ends - edges if lower else ends - col)[rows]
    return new_tensor(xp.stack([rows, columns]).astype(kind.numpy, copy=False), kind)


@public("torch out")
def tril_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None,
                 layout: Any = None, pin_memory: bool = False) -> Any:
    """Row and column indices of the entries on and below a diagonal of a ``row`` x ``col`` matrix.

    >>> tril_indices(2, 2).tolist()
    [[0, 1, 1], [0, 0, 1]]
    """
    return _triangle("tril_indices", row, col, True, offset, dtype, device)


@public("torch out")
def triu_indices(row: int, col: int, offset: int = 0, *, dtype: Any = None, device: Any = None,
                 layout: Any = None, pin_memory: bool = False) -> Any:
    """Row and column indices of the entries on and above a diagonal of a ``row`` x ``col`` matrix.
    """
    return _triangle("triu_indices", row, col, False, offset, dtype, device)


# -------------------------------------------------------------------------------------- overwriting
@custom(node_name="FillDiagonal")
def fill_diagonal_op(xp: Any, x: Any, *, value: float, places: slice) -> Any:
    """``x`` with ``value`` at ``places`` of its elements in order."""
    out = x.copy()
    out.reshape(-1)[places] = value
    return out


@fill_diagonal_op.vjp
def _(g: Any, *, value: float, places: slice) -> Any:
    return fill_diagonal_op(g, value=0, places=places)


@public("method", name="fill_diagonal_")
def fill_diagonal_(input: Any, fill_value: Any, wrap: bool = False) -> Any:
    """Overwrites the main diagonal with a number; ``wrap`` begins anew below a tall matrix.

    Shape:   (m, n), or (n, n, n, ...) of any equal sizes
    Saves:   nothing
    """
    if isinstance(fill_value, TensorBase):
        raise TypeError("fill_diagonal_(): argument 'fill_value' must be Number, not Tensor")
    shape = input.shape
    if len(shape) < 2:
        raise ShapeError("dimensions must larger than 1")
    if len(shape) > 2 and len(set(shape)) > 1:
        raise ShapeError("all dimensions of input must be of equal length")
    step = sum(prod(shape[i + 1 :]) for i in range(len(shape)))
    end = None if wrap and len(shape) == 2 else min(shape) * step
    places = slice(0, end, step)
    value = as_number(fill_value, input.kind)
    return write(input, partial(fill_diagonal_op, value=value, places=places))

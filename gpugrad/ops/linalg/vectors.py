"""Products of vectors and what is built from them: cross, kron, Vandermonde.

Holds:     a product saves its operands, once.
Must not:  contain products of matrices.
"""

from __future__ import annotations

from typing import Any

from ...array import module_of
from ...errors import ShapeError
from ...graph import TensorBase, new_tensor
from ..arithmetic import mul
from ..broadcast import expand
from ..diagonal import diagonal
from ..dims import axis_of
from ..generic import custom
from ..index import slice_op
from ..join import zeros_as
from ..operands import broadcast_shapes
from ..rearrange import flip_op
from ..reduce import sum_op
from ..surface import public
from .contractions import contract, contract_op
from .products import partners, same_kind

__all__ = ["cross", "kron", "linalg_cross", "linalg_diagonal", "linalg_vander", "trace", "vander",
           "vecdot"]  # fmt: skip


# ------------------------------------------------------------------------------------------ cross
@custom(node_name="LinalgCross", saves=partners)
def cross_op(xp: Any, a: Any, b: Any, *, axis: int) -> Any:
    """The vector product along one dimension of size 3."""
    if a.dtype.itemsize == 2:
        wide = xp.cross(a.astype("float32"), b.astype("float32"), axis=axis)
        return wide.astype(a.dtype)
    return xp.cross(a, b, axis=axis)


@cross_op.vjp
def _(g: Any, *saved: Any, axis: int, needs: Any) -> Any:
    return (
        cross_op(saved[-1], g, axis=axis) if needs[0] else None,
        cross_op(g, saved[0], axis=axis) if needs[1] else None,
    )


@public("linalg out", name="cross")
def linalg_cross(input: Any, other: Any, *, dim: int = -1) -> Any:
    """The vector product along ``dim``, whose size is 3; other dimensions broadcast.

    Saves:   each operand if the other needs a gradient
    Raises:  RuntimeError where a size is not 3
    """
    if len(input.shape) != len(other.shape):
        raise ShapeError("linalg.cross: inputs must have the same number of dimensions.")
    axis = axis_of(dim, len(input.shape))
    if input.shape[axis] != 3 or other.shape[axis] != 3:
        raise ShapeError(
            f"linalg.cross: inputs dimension {dim} must have length 3. Got {input.shape[axis]} and "
            f"{other.shape[axis]}"
        )
    shape = broadcast_shapes("cross", (input, other), ("input", "other"))
    same_kind("linalg.cross", input, other)
    return cross_op(expand(input, shape), expand(other, shape), axis=axis)


@public("torch method out")
def cross(input: Any, other: Any, dim: int | None = None) -> Any:
    """``linalg.cross``, along the first dimension of size 3 unless ``dim`` says which.

    >>> import gpugrad
    >>> gpugrad.cross(gpugrad.tensor([1.0, 0.0, 0.0]), gpugrad.tensor([0.0, 1.0, 0.0]))
    tensor([0., 0., 1.])
    """
    if dim is None:
        dim = next((i for i, n in enumerate(input.shape) if n == 3), None)
    if dim is None:
        raise ShapeError("no dimension of size 3 in input")
    return linalg_cross(input, other, dim=dim)


# ------------------------------------------------------------------------------- sums of products
@public("linalg out")
def vecdot(x: Any, y: Any, *, dim: int = -1) -> Any:
    """The inner products of the vectors along ``dim``; other dimensions broadcast.

    Saves:   each operand if the other needs a gradient
    """
    shape = broadcast_shapes("vecdot", (x, y), ("x", "y"))
    axis = axis_of(dim, len(shape))
    labels = tuple(range(len(shape)))
    kept = (*labels[:axis], *labels[axis + 1 :])
    return contract(expand(x, shape), expand(y, shape), labels, labels, kept)


@public("linalg", name="diagonal")
def linalg_diagonal(A: Any, *, offset: int = 0, dim1: int = -2, dim2: int = -1) -> Any:
    """The diagonals of matrices, those of the last two dimensions unless named. A view."""
    return diagonal(A, offset, dim1, dim2)


@public("torch method")
def trace(input: Any) -> Any:
    """The sum of a matrix's diagonal. Saves nothing."""
    if len(input.shape) != 2:
        raise ShapeError(
            f"trace: expected a matrix, but got tensor with dim {len(input.shape)}"
        )
    return sum_op(diagonal(input), axes=(0,), keepdim=False)


@public("torch method out")
def kron(input: Any, other: Any) -> Any:
    """The Kronecker product: ``other`` times each element of ``input``, side by side.

    Shape:   (a, b, ...), (c, d, ...) -> (a c, b d, ...)
    Saves:   each operand if the other needs a gradient
    """
    ndim = max(len(input.shape), len(other.shape))
    a, b = ((1,) * (ndim - len(t.shape)) + tuple(t.shape) for t in (input, other))
    apart = input.reshape([n for size in a for n in (size, 1)])
    beside = other.reshape([n for size in b for n in (1, size)])
    return (apart * beside).reshape([m * n for m, n in zip(a, b, strict=True)])


# ----------------------------------------------------------------------------------------- powers
@custom(node_name="LinalgVander", saves=("x",))
def vander_op(xp: Any, x: Any, *, count: int) -> Any:
    """The powers 0 to ``count - 1`` of ``x``, along a new last dimension."""
    wide = x.astype("float32") if x.dtype.itemsize == 2 and x.dtype.kind not in "iub" else x
    out = xp.ones((*x.shape, count), wide.dtype)
    out[..., 1:] = wide[..., None]
    return xp.cumprod(out, -1, dtype=out.dtype).astype(x.dtype, copy=False)


@vander_op.vjp
def _(g: Any, x: Any, *, count: int, shapes: Any) -> Any:
    if count == 1:
        return zeros_as(g, shapes[0])
    factors = _counting(g, count)
    above = slice_op(g, key=(Ellipsis, slice(1, None)))
    slopes = mul(above, factors)
    labels = tuple(range(len(shapes[0]) + 1))
    powers = vander_op(x, count=count - 1)
    return contract_op(slopes, powers, labels=(labels, labels, labels[:-1]))


def _counting(like: Any, count: int) -> Any:
    """1 to ``count - 1``, in the form of ``like``."""
    if isinstance(like, TensorBase):
        return new_tensor(like.kind.xp.arange(1, count).astype(like.kind.numpy), like.kind)
    return module_of(like).arange(1, count).astype(like.dtype)


@public("linalg", name="vander")
def linalg_vander(x: Any, *, N: int | None = None) -> Any:
    """The powers 0 to ``N - 1`` of each element of ``x``, in a row.

    Shape:   (..., n) -> (..., n, N), with N = n unless given
    Saves:   x
    """
    if not x.shape:
        raise ShapeError("linalg.vander(): x must have at least one dimension.")
    count = x.shape[-1] if N is None else N
    if count <= 1 and N is not None:
        raise RuntimeError("N must be greater than 1.")
    return vander_op(x, count=count)


@public("torch")
def vander(x: Any, N: int | None = None, increasing: bool = False) -> Any:
    """A Vandermonde matrix: the powers of the elements of a vector, highest first by default."""
    if len(x.shape) != 1:
        raise ShapeError("x must be a one-dimensional tensor.")
    count = x.shape[0] if N is None else N
    if count < 0:
        raise RuntimeError("N must be non-negative.")
    powers = vander_op(x, count=count)
    return powers if increasing else flip_op(powers, axes=(1,))

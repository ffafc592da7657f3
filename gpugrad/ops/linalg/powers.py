"""Powers and exponentials of matrices, and products of several.

Holds:     the order of a product of several matrices is the one with the fewest multiplications.
Must not:  decompose a matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from ...errors import ShapeError
from ..broadcast import expand
from ..generic import custom
from ..index import slice_op
from ..join import _cat, zeros_as
from ..surface import public
from . import lapack
from .checks import check_square
from .products import matmul
from .solves import inv
from .triangles import eye_as

__all__ = ["chain_matmul", "matrix_exp", "matrix_power", "multi_dot"]


@public("torch method linalg out")
def matrix_power(A: Any, n: int) -> Any:
    """A square matrix times itself, ``n`` factors; of its inverse for negative ``n``.

    Shape:   (..., n, n) -> (..., n, n)
    Saves:   the squares on the way
    """
    if len(A.shape) < 2 or A.shape[-2] != A.shape[-1] or n < 0:
        check_square("linalg.matrix_power", A)
    if n == 0:
        return expand(eye_as(A, *A.shape[-2:]), A.shape).clone()
    square = inv(A) if n < 0 else A
    count, result = abs(n), None
    if count == 1:
        return square.clone() if n > 0 else square
    while count:
        if count % 2:
            result = square if result is None else matmul(result, square)
        count //= 2
        square = matmul(square, square) if count else square
    return result


# --------------------------------------------------------------------------------- products of many
@public("linalg out")
def multi_dot(tensors: Sequence[Any]) -> Any:
    """The product of matrices, in the order that takes the fewest multiplications.

    The first may be a row and the last a column, as vectors.

    Saves:   each factor if another one needs a gradient, and products in between
    """
    tensors = list(tensors)
    if len(tensors) < 2:
        raise RuntimeError(f"multi_dot(): expected at least 2 tensors but got {len(tensors)}")
    row, column = len(tensors[0].shape) == 1, len(tensors[-1].shape) == 1
    if row:
        tensors[0] = tensors[0].reshape(1, -1)
    if column:
        tensors[-1] = tensors[-1].reshape(-1, 1)
    for i, t in enumerate(tensors):
        if len(t.shape) != 2:
            raise ShapeError(f"multi_dot(): tensor {i} must be 2D but got {len(t.shape)}D")
    for i, (a, b) in enumerate(pairwise(tensors)):
        if a.shape[1] != b.shape[0]:
            raise ShapeError(
                f"multi_dot(): tensors {i} and {i + 1} with shapes {list(a.shape)} and "
                f"{list(b.shape)} cannot be multiplied"
            )
    out = _multiplied(tensors, _order(tensors), 0, len(tensors) - 1)
    shape = ([] if row else [out.shape[0]]) + ([] if column else [out.shape[1]])
    return out.reshape(shape) if row or column else out


def _order(tensors: Sequence[Any]) -> dict[tuple[int, int], int]:
    """For each stretch of factors the place where it is best divided."""
    sizes = [t.shape[0] for t in tensors] + [tensors[-1].shape[1]]
    cost = {(i, i): 0 for i in range(len(tensors))}
    split = {}
    for length in range(1, len(tensors)):
        for i in range(len(tensors) - length):
            j = i + length
            cost[i, j], split[i, j] = min(
                (cost[i, k] + cost[k + 1, j] + sizes[i] * sizes[k + 1] * sizes[j + 1], k)
                for k in range(i, j)
            )
    return split


def _multiplied(tensors: Sequence[Any], split: dict[tuple[int, int], int], i: int, j: int) -> Any:
    if i == j:
        return tensors[i]
    k = split[i, j]
    return matmul(_multiplied(tensors, split, i, k), _multiplied(tensors, split, k + 1, j))


@public("torch out")
def chain_matmul(*matrices: Any) -> Any:
    """``linalg.multi_dot`` under its old name, with the matrices as arguments."""
    for t in matrices:
        if len(t.shape) != 2:
            raise ShapeError(f"Tensor dimension is {len(t.shape)}, expected 2 instead.")
    return matrices[0] if len(matrices) == 1 else multi_dot(matrices)


# ------------------------------------------------------------------------------------- exponentials
@custom(node_name="LinalgMatrixExp", saves=("a",))
def matrix_exp_op(xp: Any, a: Any) -> Any:
    """The sum of ``a ** k / k!``."""
    if a.dtype.itemsize == 2:
        return _exponential(xp, a.astype("float32")).astype(a.dtype)
    return _exponential(xp, a)


@matrix_exp_op.vjp
def _(g: Any, a: Any) -> Any:
    # The exponential of [[a, g], [0, a]] has the derivative along g in its corner.
    n, axis = a.shape[-1], len(a.shape) - 1
    above = _cat(a.mT, g, axis=axis)
    below = _cat(zeros_as(g, g.shape), a.mT, axis=axis)
    whole = matrix_exp_op(_cat(above, below, axis=axis - 1))
    return slice_op(whole, key=(Ellipsis, slice(None, n), slice(n, None)))


_PADE = (64764752532480000.0, 32382376266240000.0, 7771770303897600.0, 1187353796428800.0,
         129060195264000.0, 10559470521600.0, 670442572800.0, 33522128640.0, 1323241920.0,
         40840800.0, 960960.0, 16380.0, 182.0, 1.0)  # fmt: skip
_RADIUS = 5.371920351148152  # up to this norm the fraction is exact to double precision


def _exponential(xp: Any, a: Any) -> Any:
    """By a Padé fraction of order 13, scaling and squaring (Higham 2005)."""
    if not a.size:
        return a.copy()
    norm = xp.abs(a).sum(-2).max(-1)
    halvings = xp.ceil(xp.log2(xp.maximum(norm / _RADIUS, 1)))
    halvings = xp.where(xp.isfinite(halvings), halvings, 0)[..., None, None]
    y = _pade(xp, (a / 2**halvings).astype(a.dtype, copy=False))
    for done in range(int(halvings.max())):  # a GPU is waited for here
        y = xp.where(done < halvings, xp.matmul(y, y), y)
    return y


def _pade(xp: Any, a: Any) -> Any:
    b, eye = _PADE, xp.eye(a.shape[-1], dtype=a.dtype)
    a2 = xp.matmul(a, a)
    a4 = xp.matmul(a2, a2)
    a6 = xp.matmul(a2, a4)
    odd = xp.matmul(a6, b[13] * a6 + b[11] * a4 + b[9] * a2)
    odd = xp.matmul(a, odd + b[7] * a6 + b[5] * a4 + b[3] * a2 + b[1] * eye)
    even = xp.matmul(a6, b[12] * a6 + b[10] * a4 + b[8] * a2)
    even = even + b[6] * a6 + b[4] * a4 + b[2] * a2 + b[0] * eye
    return lapack.solve(xp, even - odd, even + odd)[0]


@public("torch method linalg")
def matrix_exp(A: Any) -> Any:
    """The exponential of a square matrix, or of each one of a batch.

    Shape:   (..., n, n) -> (..., n, n)
    Saves:   A
    """
    check_square("linalg.matrix_exp", A, halves=True)
    return matrix_exp_op(A)

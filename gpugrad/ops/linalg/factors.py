"""Cholesky's and QR factors, and what they solve.

Holds:     derivatives are solutions of triangular systems with the factors, which are all that is
           kept.
Must not:  form an inverse, but where it is the result.
"""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError, not_positive_definite
from ..arithmetic import mul, neg
from ..generic import custom
from ..index import slice_op
from ..join import _cat, zeros_as
from ..surface import public
from . import lapack
from .checks import check_info, check_matrix, check_square
from .products import matmul_op, same_kind
from .results import QR, CholeskyEx
from .solves import _same_batch, triangular_op
from .triangles import lower, strict_lower, upper

__all__ = ["cholesky", "cholesky_inverse", "cholesky_solve", "linalg_cholesky", "linalg_qr", "qr"]


# --------------------------------------------------------------------------------------- Cholesky
@custom(node_name="LinalgCholeskyEx", saves=("result",))
def cholesky_op(xp: Any, a: Any) -> Any:
    """The lower triangle whose square is ``a``, of which only the lower triangle is read."""
    return lapack.cholesky(xp, a)


@cholesky_op.vjp
def _(g: Any, y: Any) -> Any:
    inner = matmul_op(y.mT, g)
    symmetric = lower(inner) + strict_lower(inner).mT
    half = triangular_op(y.mT, symmetric, upper=True)
    return mul(triangular_op(y.mT, half.mT, upper=True).mT, 0.5)


def _factor(name: str, A: Any, upper: bool, *, check: bool) -> CholeskyEx:
    check_square(name, A)
    y, info = cholesky_op(A.mT if upper else A)
    if check:
        check_info(name, info, not_positive_definite)
    return CholeskyEx(y.mT if upper else y, info)


@public("torch method out")
def cholesky(input: Any, upper: bool = False) -> Any:
    """The triangle whose square is a symmetric positive definite matrix: ``linalg.cholesky``."""
    return _factor("cholesky", input, upper, check=True).L


@public("linalg out", name="cholesky")
def linalg_cholesky(A: Any, *, upper: bool = False) -> Any:
    """The lower triangle L with ``A = L @ L.mT``, or the upper one with ``A = U.mT @ U``.

    Shape:   (..., n, n) -> (..., n, n)
    Saves:   the result
    Raises:  LinAlgError for a matrix that is not positive definite; a GPU is waited for to find out
    >>> import gpugrad
    >>> gpugrad.linalg.cholesky(gpugrad.tensor([[4.0, 2.0], [2.0, 5.0]]))
    tensor([[2., 0.],
            [1., 2.]])
    """
    return _factor("linalg.cholesky", A, upper, check=True).L


@public("linalg out")
def cholesky_ex(A: Any, *, upper: bool = False, check_errors: bool = False) -> CholeskyEx:
    """The triangle, and an ``info`` that is 0 where there is one; does not wait for a GPU."""
    return _factor("linalg.cholesky_ex", A, upper, check=check_errors)


def _solve_saves(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("l", "result") if needs[1] else ("l",)


@custom(node_name="CholeskySolve", saves=_solve_saves)
def cholesky_solve_op(xp: Any, b: Any, l: Any) -> Any:  # noqa: E741  (the field's name)
    """The solution of ``l @ l.mT @ x = b``."""
    half = lapack.triangular(xp, l, b, upper=False)
    return lapack.triangular(xp, l.mT, half, upper=True)


@cholesky_solve_op.vjp
def _(g: Any, l: Any, x: Any = None, *, needs: Any) -> Any:  # noqa: E741
    back = cholesky_solve_op(g, l)
    if not needs[1]:
        return back, None
    product = matmul_op(back, x.mT)
    return back, neg(lower(matmul_op(product + product.mT, lower(l))))


@public("torch method out")
def cholesky_solve(input: Any, L: Any, upper: bool = False) -> Any:
    """The X of ``A @ X = input``, from the Cholesky factor of A.

    Shape:   input (..., n, k), L (..., n, n) -> (..., n, k); batches broadcast
    Saves:   L, and the result if L needs a gradient
    """
    for name, t in (("b", input), ("A", L)):
        if len(t.shape) < 2:
            raise ShapeError(
                f"{name} should have at least 2 dimensions, but has {len(t.shape)} dimensions "
                "instead"
            )
    check_square("cholesky_solve", L)
    same_kind("cholesky_solve", input, L)
    if L.shape[-1] != input.shape[-2]:
        raise ShapeError(
            f"Incompatible matrix sizes for cholesky_solve: each A matrix is {L.shape[-2]} by "
            f"{L.shape[-1]} but each b matrix is {input.shape[-2]} by {input.shape[-1]}"
        )
    matrix, columns = _same_batch("cholesky_solve", L.mT if upper else L, input)
    return cholesky_solve_op(columns, matrix)


@custom(node_name="CholeskyInverse", saves=("l", "result"))
def cholesky_inverse_op(xp: Any, l: Any) -> Any:  # noqa: E741
    """The inverse of ``l @ l.mT``."""
    eye = xp.broadcast_to(xp.eye(l.shape[-1], dtype=l.dtype), l.shape)
    half = lapack.triangular(xp, l, eye, upper=False)
    return xp.matmul(half.mT, half)


@cholesky_inverse_op.vjp
def _(g: Any, l: Any, y: Any) -> Any:  # noqa: E741
    both = matmul_op(matmul_op(y, g + g.mT), y)
    return neg(lower(matmul_op(both, lower(l))))


@public("torch method out")
def cholesky_inverse(input: Any, upper: bool = False) -> Any:
    """The inverse of a matrix from its Cholesky factor.

    Saves:   input and result
    """
    check_square("cholesky_inverse", input)
    return cholesky_inverse_op(input.mT if upper else input)


# ---------------------------------------------------------------------------------------------- QR
@custom(node_name="LinalgQr", saves=("result", "result1"), many=True)
def qr_op(xp: Any, a: Any, *, form: str) -> Any:
    """Orthonormal columns and an upper triangle, whose product is ``a``."""
    if form == "r":
        r = xp.linalg.qr(a, "r")
        return xp.empty(0, a.dtype), r
    return tuple(xp.linalg.qr(a, form))


@qr_op.vjp
def _(g: Any, q: Any, r: Any, *, form: str, shapes: Any) -> Any:
    rows, columns = shapes[0][-2:]
    if form == "r":
        raise RuntimeError(
            "The derivative of linalg.qr depends on Q, which is not computed when mode='r'. Please "
            "use linalg.qr(A, mode='reduced') if you are going to require gradients."
        )
    if form == "complete" and rows > columns:
        raise RuntimeError(
            "The QR decomposition is not differentiable when mode='complete' and nrows > ncols"
        )
    if rows >= columns:
        return _tall(q, r, *g)
    return _wide(q, r, *g, rows=rows)


def _tall(q: Any, r: Any, gq: Any, gr: Any) -> Any:
    """The cotangent where R is square."""
    inner = None if gr is None else matmul_op(gr, r.mT)
    if gq is not None:
        turned = matmul_op(q.mT, gq)
        inner = neg(turned) if inner is None else inner - turned
    back = matmul_op(q, upper(inner) + upper(inner, 1).mT)
    return triangular_op(r, (back if gq is None else back + gq).mT, upper=True).mT


def _wide(q: Any, r: Any, gq: Any, gr: Any, *, rows: int) -> Any:
    """The cotangent where R has columns beyond the square part: ``q.mT`` times the input's."""
    left, right = (Ellipsis, slice(None, rows)), (Ellipsis, slice(rows, None))
    square = slice_op(r, key=left)
    if gr is None:
        back = _tall(q, square, gq, None)
        return _cat(back, zeros_as(back, slice_op(r, key=right).shape), axis=len(r.shape) - 1)
    beyond = matmul_op(q, slice_op(gr, key=right))
    turned = matmul_op(q, matmul_op(slice_op(r, key=right), slice_op(gr, key=right).mT))
    back = _tall(q, square, turned if gq is None else gq + turned, slice_op(gr, key=left))
    return _cat(back, beyond, axis=len(r.shape) - 1)


@public("linalg out", name="qr")
def linalg_qr(A: Any, mode: str = "reduced") -> QR:
    """Orthonormal columns Q and an upper triangle R with ``A = Q @ R``.

    Shape:   (..., n, m) -> (..., n, k), (..., k, m), with k = min(n, m), or n if ``complete``
    Saves:   both results
    """
    check_matrix("linalg.qr", A)
    if mode not in ("reduced", "complete", "r"):
        raise RuntimeError(
            f"qr received unrecognized mode '{mode}' but expected one of 'reduced' (default), 'r', "
            "or 'complete'"
        )
    return QR(*qr_op(A, form=mode))


@public("torch method out")
def qr(input: Any, some: bool = True) -> QR:
    """``linalg.qr`` under its old name; ``some=False`` makes Q square."""
    return linalg_qr(input, "reduced" if some else "complete")

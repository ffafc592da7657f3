"""Pseudo-inverses, least squares, ranks and condition numbers.

Holds:     the derivatives of a pseudo-inverse are products with it: nothing is decomposed again.
Must not:  differentiate through singular values where there is another way.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array import int64
from ...errors import ShapeError, no_matrix
from ...graph import TensorBase, new_tensor
from ..arithmetic import mul, neg, sub
from ..compare import where
from ..generic import custom
from ..record import wrap
from ..surface import public
from . import lapack
from .checks import check_matrix, check_square
from .norms import linalg_norm
from .products import matmul_op, same_kind
from .results import Lstsq
from .solves import _same_batch, inv_op
from .spectral import svdvals

__all__ = ["cond", "lstsq", "matrix_rank", "pinv", "pinverse"]


# --------------------------------------------------------------------------------- pseudo-inverses
@custom(node_name="LinalgPinv", saves=("a", "result"))
def pinv_op(xp: Any, a: Any, atol: Any, rtol: Any, *, hermitian: bool) -> Any:
    """The pseudo-inverse; singular values up to ``max(atol, rtol * largest)`` count as zero."""
    if hermitian:
        values, left = lapack.converged("eigh", xp.linalg.eigh, a)
        right, size = left.mT, xp.abs(values)
    else:
        left, values, right = lapack.converged("svd", xp.linalg.svd, a, full_matrices=False)
        size = values
    kept = size > _bound(xp, size, atol, rtol)[..., None]
    inverse = xp.where(kept, 1 / xp.where(kept, values, 1), 0)
    return xp.matmul(right.mT * inverse[..., None, :], left.mT).astype(a.dtype, copy=False)


def _bound(xp: Any, size: Any, atol: Any, rtol: Any) -> Any:
    """Up to where singular values count as zero, one bound per matrix."""
    if not size.shape[-1]:
        return xp.zeros(size.shape[:-1], size.dtype)
    return xp.maximum(xp.asarray(atol), xp.asarray(rtol) * size.max(-1))


@pinv_op.vjp
def _(g: Any, a: Any, y: Any, *, hermitian: bool) -> Any:
    return pinv_cotangent(g, a, y), None, None


def pinv_cotangent(g: Any, a: Any, y: Any) -> Any:
    """The cotangent of ``a`` from that of its pseudo-inverse ``y`` (Golub and Pereyra 1973).

    The first part is that of an inverse; the others are the share of ``g`` that lies outside the
    spaces onto which ``a @ y`` and ``y @ a`` project.
    """
    h = g.mT
    across = matmul_op(y, h)
    inverse = matmul_op(matmul_op(y.mT, g), y.mT)
    if a.shape[-2] >= a.shape[-1]:  # the order that never makes the larger square
        left = matmul_op(h, matmul_op(y, y.mT))
        right = matmul_op(y.mT, across)
        left = sub(left, matmul_op(a, matmul_op(y, left)))
        right = sub(right, matmul_op(right, matmul_op(y, a)))
    else:
        left = matmul_op(matmul_op(h, y), y.mT)
        right = matmul_op(matmul_op(y.mT, y), h)
        left = sub(left, matmul_op(matmul_op(a, y), left))
        right = sub(right, matmul_op(matmul_op(right, y), a))
    return left + right - inverse


def _tolerances(A: Any, atol: Any, rtol: Any) -> tuple[Any, Any]:
    """Both bounds as they apply: a relative one of PyTorch's unless one is given."""
    default = max(A.shape[-2:]) * float(np.finfo(A.kind.numpy).eps)
    if rtol is None:
        given = isinstance(atol, TensorBase)
        rtol = where(atol > 0, 0.0, default) if given else 0.0 if atol else default
    return 0.0 if atol is None else atol, rtol


@public("linalg out")
def pinv(A: Any, rcond: Any = None, hermitian: bool = False, *, atol: Any = None, rtol: Any = None
         ) -> Any:
    """The pseudo-inverse of a matrix (Moore and Penrose), or of each one of a batch.

    Singular values up to ``max(atol, rtol * largest)`` count as zero; ``rcond`` is an ``rtol``.

    Shape:   (..., n, m) -> (..., m, n)
    Saves:   A and the result
    """
    if len(A.shape) < 2:
        raise ShapeError(
            f"linalg.pinv({A.kind.dtype.name}{{{list(A.shape)}}}): expected a tensor with 2 or "
            "more dimensions of float, double, cfloat or cdouble types"
        )
    (check_square if hermitian else check_matrix)("linalg.pinv", A)
    if rcond is not None:
        atol, rtol = 0.0, rcond
    return pinv_op(A, *_tolerances(A, atol, rtol), hermitian=hermitian)


@public("torch method")
def pinverse(input: Any, rcond: float = 1e-15) -> Any:
    """The pseudo-inverse: ``linalg.pinv`` with another default."""
    return pinv(input, rcond)


# ------------------------------------------------------------------------------------------- ranks
@public("linalg out")
def matrix_rank(A: Any, tol: Any = None, hermitian: bool = False, *, atol: Any = None,
                rtol: Any = None) -> Any:  # fmt: skip
    """How many singular values exceed ``max(atol, rtol * largest)``; ``tol`` is an ``atol``.

    Shape:   (..., n, m) -> (...), int64
    """
    if len(A.shape) < 2:
        raise no_matrix("torch.linalg.matrix_rank", "input")
    (check_square if hermitian else check_matrix)("linalg.matrix_rank", A)
    if tol is not None:
        atol, rtol = tol, 0.0
    xp = A.kind.xp
    if hermitian:
        size = xp.abs(lapack.converged("eigh", xp.linalg.eigvalsh, A.array))
    else:
        size = lapack.converged("svd", xp.linalg.svd, A.array, compute_uv=False)
    bounds = [t.array if isinstance(t, TensorBase) else t for t in _tolerances(A, atol, rtol)]
    count = (size > _bound(xp, size, *bounds)[..., None]).sum(-1, dtype="int64")
    return wrap(count, A.kind.with_dtype(int64))


@public("linalg out")
def cond(A: Any, p: Any = None) -> Any:
    """The condition number for a matrix norm ``p``: 2 (the default), -2, 1, -1, inf, "fro", "nuc".

    Shape:   (..., n, m) -> (...), with n = m unless p is 2 or -2
    """
    check_matrix("linalg.cond", A)
    if p in (None, 2, -2):
        s = svdvals(A)
        largest, smallest = s[..., 0], s[..., -1]
        return smallest / largest if p == -2 else largest / smallest
    if p not in (1, -1, float("inf"), -float("inf"), "fro", "nuc"):
        raise RuntimeError(f"linalg.cond got an invalid norm type: {p}")
    check_square(f"linalg.cond(ord={p})", A)
    inverse, info = inv_op(A)
    axes = (-2, -1)
    product = linalg_norm(A, p, axes) * linalg_norm(inverse, p, axes)
    return where(info > 0, float("inf"), product)


# ----------------------------------------------------------------------------------- least squares
@custom(node_name="LinalgLstsq", saves=("a", "b", "result"))
def lstsq_op(xp: Any, a: Any, b: Any, *, rcond: float, driver: str) -> Any:
    """The shortest x with the least ``a @ x - b``; ranks; and what singular values there are."""
    return lapack.least_squares(xp, a, b, rcond, driver)


@lstsq_op.vjp
def _(g: Any, a: Any, b: Any, x: Any, *, rcond: float, driver: str, needs: Any) -> Any:
    inverse = pinv_op(a, 0.0, rcond, hermitian=False)
    back = pinv_cotangent(matmul_op(g, b.mT), a, inverse) if needs[0] else None
    return back, matmul_op(inverse.mT, g) if needs[1] else None


@custom(node_name="LinalgLstsq", saves=("a", "b", "x"))
def residuals_op(xp: Any, a: Any, b: Any, x: Any) -> Any:
    """The squares of ``a @ x - b``, summed over the rows."""
    rest = xp.matmul(a, x) - b
    return (rest * rest).sum(-2)


@residuals_op.vjp
def _(g: Any, a: Any, b: Any, x: Any) -> Any:
    rest = mul(sub(matmul_op(a, x), b), mul(g[..., None, :], 2.0))
    return matmul_op(rest, x.mT), neg(rest), matmul_op(a.mT, rest)


_DRIVERS = ("gels", "gelsy", "gelsd", "gelss")


@public("linalg")
def lstsq(A: Any, B: Any, rcond: float | None = None, *, driver: str | None = None) -> Lstsq:
    """The X that makes ``A @ X - B`` smallest, in the sum of squares.

    ``driver`` is "gelsy" on the CPU unless given; on a GPU there is "gels", for A of full rank.

    Shape:   A (..., n, m), B (..., n, k) or (..., n) -> (..., m, k) or (..., m)
    Saves:   A, B and the solution
    """
    check_matrix("torch.linalg.lstsq", A)
    driver = driver or ("gels" if A.kind.is_cuda else "gelsy")
    if driver not in _DRIVERS or (A.kind.is_cuda and driver != "gels"):
        allowed = "gels" if A.kind.is_cuda else ", ".join(_DRIVERS)
        raise RuntimeError(
            f"torch.linalg.lstsq: parameter `driver` should be one of ({allowed})"
        )
    same_kind("linalg.lstsq", A, B)
    vector = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1
                                   and tuple(B.shape) == tuple(A.shape[:-1]))  # fmt: skip
    if A.shape[-2] != B.shape[-1 if vector else -2]:
        raise ShapeError("torch.linalg.lstsq: input.size(-2) should match "
                         f"other.size({-1 if vector else -2})")  # fmt: skip
    rows, columns = A.shape[-2:]
    if rcond is None:
        rcond = max(rows, columns) * float(np.finfo(A.kind.numpy).eps)
    A, wide = _same_batch("linalg.lstsq", A, B.unsqueeze(-1) if vector else B)
    x, rank, values = lstsq_op(A, wide, rcond=rcond, driver=driver)
    empty = new_tensor(A.kind.xp.empty(0, A.kind.numpy), A.kind)
    residuals = empty
    full = driver == "gels" or (driver != "gelsy" and bool((rank == columns).all().item()))
    if rows > columns and full:
        residuals = residuals_op(A, wide, x)
    x = x.squeeze(-1) if vector else x
    return Lstsq(x, residuals, rank, values if driver in ("gelsd", "gelss") else empty)

"""Eigenvalues of symmetric matrices, and singular values.

Holds:     what flows through vectors grows as the inverse of the gaps between their values: where
           two values are equal, the vectors are any of a plane and have no derivative.
Must not:  keep the matrix: results are enough.
"""

from __future__ import annotations

from typing import Any

from ...errors import check_driver
from ...graph import is_traced
from ..arithmetic import mul, sub
from ..generic import custom
from ..index import slice_op
from ..join import zeros_as
from ..record import records, wrap
from ..surface import public
from .checks import check_matrix, check_square
from .lapack import converged
from .products import matmul_op
from .results import SVD, Eigh, OldSVD
from .triangles import on_diagonal, strict_lower, upper

__all__ = ["eigh", "eigvalsh", "linalg_svd", "svd", "svdvals"]


# ------------------------------------------------------------------------------------- eigenvalues
@custom(node_name="LinalgEigh", saves=("result", "result1"), many=True)
def eigh_op(xp: Any, a: Any, *, uplo: str) -> Any:
    """Eigenvalues in ascending order, and eigenvectors in columns."""
    return tuple(converged("eigh", xp.linalg.eigh, a, uplo))


@eigh_op.vjp
def _(g: Any, values: Any, vectors: Any, *, uplo: str) -> Any:
    gvalues, gvectors = g
    inner = None if gvalues is None else on_diagonal(gvalues)
    if gvectors is None:
        return matmul_op(mul(vectors, gvalues[..., None, :]), vectors.mT)
    turned = mul(matmul_op(vectors.mT, gvectors), _inverse_gaps(values))
    inner = turned if inner is None else inner + turned
    return matmul_op(matmul_op(vectors, inner), vectors.mT)


def _inverse_gaps(x: Any) -> Any:
    """``1 / (x[j] - x[i])``, zero on the diagonal."""
    gaps = sub(x[..., None, :], x[..., :, None])
    inverse = 1.0 / (gaps + on_diagonal(zeros_as(x, x.shape) + 1))
    return strict_lower(inverse) + upper(inverse, 1)


def _check_uplo(uplo: str) -> str:
    if uplo.upper() not in ("L", "U"):
        raise RuntimeError(f"Expected UPLO argument to be 'L' or 'U', but got {uplo}")
    return uplo.upper()


@public("linalg out")
def eigh(A: Any, UPLO: str = "L") -> Eigh:
    """Eigenvalues and eigenvectors of a symmetric matrix, of which one triangle is read.

    Shape:   (..., n, n) -> (..., n), ascending, and (..., n, n), in columns
    Saves:   both results
    >>> import gpugrad
    >>> gpugrad.linalg.eigh(gpugrad.tensor([[2.0, 0.0], [0.0, 1.0]])).eigenvalues
    tensor([1., 2.])
    """
    check_square("linalg.eigh", A)
    return Eigh(*eigh_op(A, uplo=_check_uplo(UPLO)))


@public("linalg out")
def eigvalsh(A: Any, UPLO: str = "L") -> Any:
    """The eigenvalues of a symmetric matrix; their gradient needs the eigenvectors.

    Saves:   eigenvalues and eigenvectors
    """
    check_square("linalg.eigvalsh", A)
    uplo = _check_uplo(UPLO)
    if records((A,)) or is_traced(A):
        return eigh_op(A, uplo=uplo)[0]
    return wrap(converged("eigh", A.kind.xp.linalg.eigvalsh, A.array, uplo), A.kind)


# --------------------------------------------------------------------------------- singular values
@custom(node_name="LinalgSvd", saves=("result", "result1", "result2"), many=True)
def svd_op(xp: Any, a: Any, *, full: bool) -> Any:
    """Left singular vectors, singular values in descending order, right singular vectors."""
    return tuple(converged("svd", xp.linalg.svd, a, full_matrices=full))


@svd_op.vjp
def _(g: Any, u: Any, s: Any, vh: Any, *, full: bool, shapes: Any) -> Any:
    gu, gs, gvh = g
    if full:
        first = slice(None, min(shapes[0][-2:]))
        columns, rows = (Ellipsis, first), (Ellipsis, first, slice(None))
        u, vh = slice_op(u, key=columns), slice_op(vh, key=rows)
        gu = None if gu is None else slice_op(gu, key=columns)
        gvh = None if gvh is None else slice_op(gvh, key=rows)
    if gu is None and gvh is None:
        return matmul_op(mul(u, gs[..., None, :]), vh)
    inner = None if gs is None else on_diagonal(gs)
    gaps = _inverse_gaps(mul(s, s))
    beyond = None
    if gu is not None:
        inner, beyond = _from_left(u, s, vh, gu, gaps, inner, shapes[0][-2] > s.shape[-1])
    if gvh is not None:
        turned = matmul_op(vh, gvh.mT)
        part = mul(s[..., :, None], mul(turned - turned.mT, gaps))
        inner = part if inner is None else inner + part
    back = matmul_op(matmul_op(u, inner), vh)
    if gvh is not None and shapes[0][-1] > s.shape[-1]:
        across = sub(gvh, matmul_op(matmul_op(gvh, vh.mT), vh))
        back = back + matmul_op(u / s[..., None, :], across)
    return back if beyond is None else back + beyond


def _from_left(u: Any, s: Any, vh: Any, gu: Any, gaps: Any, inner: Any, tall: bool
               ) -> tuple[Any, Any]:
    """What the left vectors' cotangent adds within the space of ``u``, and beyond it."""
    turned = matmul_op(u.mT, gu)
    part = mul(mul(turned - turned.mT, gaps), s[..., None, :])
    inner = part if inner is None else inner + part
    if not tall:
        return inner, None
    across = sub(gu, matmul_op(u, turned))
    return inner, matmul_op(across / s[..., None, :], vh)


@public("linalg out", name="svd")
def linalg_svd(A: Any, full_matrices: bool = True, *, driver: str | None = None) -> SVD:
    """U, S and Vh with ``A = U @ diag(S) @ Vh``.

    Shape:   (..., n, m) -> (..., n, k), (..., k), (..., k, m), with k = min(n, m); with
             ``full_matrices`` U and Vh are square
    Saves:   the results
    """
    check_matrix("linalg.svd", A)
    check_driver("linalg.svd", driver, A.kind.is_cuda)
    return SVD(*svd_op(A, full=full_matrices))


@public("linalg out")
def svdvals(A: Any, *, driver: str | None = None) -> Any:
    """The singular values in descending order; their gradient needs the singular vectors.

    Saves:   the results of ``svd`` with ``full_matrices=False``
    """
    check_matrix("linalg.svdvals", A)
    check_driver("linalg.svdvals", driver, A.kind.is_cuda)
    if records((A,)) or is_traced(A):
        return svd_op(A, full=False)[1]
    return wrap(converged("svd", A.kind.xp.linalg.svd, A.array, compute_uv=False), A.kind)


@public("torch method out")
def svd(input: Any, some: bool = True, compute_uv: bool = True) -> OldSVD:
    """``linalg.svd`` under its old name, with V rather than its transpose."""
    check_matrix("linalg.svd", input)
    u, s, vh = svd_op(input, full=not some)
    if compute_uv:
        return OldSVD(u, s, vh.mT)
    empty = [zeros_as(input, (*input.shape[:-2], n, n)) for n in input.shape[-2:]]
    return OldSVD(empty[0], s, empty[1])

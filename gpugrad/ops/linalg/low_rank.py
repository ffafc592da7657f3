"""Approximate singular vectors of large matrices, by random projections (Halko et al. 2009).

Holds:     made of recorded ops; the draws are those of the global generator.
Must not:  form a product with more columns than the rank asked for.
"""

from __future__ import annotations

from typing import Any

from ..random import randn
from ..reduce import mean
from ..shape import expand_sizes
from ..surface import public
from .factors import linalg_qr
from .products import matmul
from .results import OldSVD
from .spectral import linalg_svd

__all__ = ["pca_lowrank", "svd_lowrank"]


@public("torch")
def svd_lowrank(A: Any, q: int | None = 6, niter: int | None = 2, M: Any = None) -> OldSVD:
    """The ``q`` largest singular values of ``A - M`` and their vectors, approximately.

    Shape:   (..., n, m) -> (..., n, q), (..., q), (..., m, q)
    """
    q, steps = 6 if q is None else q, 2 if niter is None else niter
    if M is not None:
        A = A - expand_sizes(M, tuple(A.shape))
    wide = A.shape[-2] < A.shape[-1]
    tall = A.mT if wide else A
    basis = _basis(tall, q, steps)
    u, s, vh = linalg_svd(matmul(basis.mT, tall), full_matrices=False)
    left, right = matmul(basis, u), vh.mT
    return OldSVD(right, s, left) if wide else OldSVD(left, s, right)


def _basis(A: Any, q: int, steps: int) -> Any:
    """Orthonormal columns that span most of what A maps to."""
    draws = randn(A.shape[-1], q, dtype=A.dtype, device=A.device)
    basis = linalg_qr(matmul(A, draws)).Q
    for _ in range(steps):
        basis = linalg_qr(matmul(A.mT, basis)).Q
        basis = linalg_qr(matmul(A, basis)).Q
    return basis


@public("torch")
def pca_lowrank(A: Any, q: int | None = None, center: bool = True, niter: int = 2) -> OldSVD:
    """``svd_lowrank`` of A without the means of its columns: its principal components, in V.

    Shape:   (..., n, m) -> (..., n, q), (..., q), (..., m, q)
    """
    least = min(A.shape[-2:])
    q = min(6, least) if q is None else q
    if not 0 <= q <= least:
        raise ValueError(
            f"q(={q}) must be non-negative integer and not greater than min(m, n)={least}"
        )
    if niter < 0:
        raise ValueError(f"niter(={niter}) must be non-negative integer")
    return svd_lowrank(A - mean(A, -2, True) if center else A, q, niter)

"""Results with several parts: tuples whose fields have PyTorch's names."""

from __future__ import annotations

from typing import Any, NamedTuple

__all__ = [
    "LU",
    "QR",
    "SVD",
    "CholeskyEx",
    "Eigh",
    "InvEx",
    "LUFactor",
    "LUFactorEx",
    "Lstsq",
    "OldSVD",
    "SlogDet",
    "SolveEx",
    "TriangularSolve",
]  # fmt: skip


class CholeskyEx(NamedTuple):
    """A lower or upper triangle, and where its computation broke down (0: nowhere)."""

    L: Any
    info: Any


class InvEx(NamedTuple):
    """An inverse, and where its computation broke down (0: nowhere)."""

    inverse: Any
    info: Any


class SolveEx(NamedTuple):
    """A solution, and where its computation broke down (0: nowhere)."""

    result: Any
    info: Any


class SlogDet(NamedTuple):
    """A determinant's sign and the logarithm of its absolute value."""

    sign: Any
    logabsdet: Any


class QR(NamedTuple):
    """Orthonormal columns, and an upper triangle."""

    Q: Any
    R: Any


class Eigh(NamedTuple):
    """Eigenvalues, ascending, and eigenvectors, in columns."""

    eigenvalues: Any
    eigenvectors: Any


class SVD(NamedTuple):
    """Left singular vectors, singular values, descending, and right singular vectors, in rows."""

    U: Any
    S: Any
    Vh: Any


class OldSVD(NamedTuple):
    """As ``SVD``, with the right singular vectors in columns."""

    U: Any
    S: Any
    V: Any


class LU(NamedTuple):
    """A permutation, a lower triangle with a diagonal of ones, and an upper triangle."""

    P: Any
    L: Any
    U: Any


class LUFactor(NamedTuple):
    """Both triangles in one matrix, and the row exchanges, counted from 1."""

    LU: Any
    pivots: Any


class LUFactorEx(NamedTuple):
    """As ``LUFactor``, and where a zero is on the diagonal of U (0: nowhere)."""

    LU: Any
    pivots: Any
    info: Any


class Lstsq(NamedTuple):
    """A solution, and what its computation found out."""

    solution: Any
    residuals: Any
    rank: Any
    singular_values: Any


class TriangularSolve(NamedTuple):
    """A solution and a copy of the matrix."""

    solution: Any
    cloned_coefficient: Any

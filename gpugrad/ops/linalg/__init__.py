"""Linear algebra.

    products, sums          by BLAS; with a bias or added to a tensor
    contractions, einsum    products summed over any dimensions
    vectors, samples        cross, kron, Vandermonde; covariances
    norms, distances        of vectors, matrices, and between points
    solves, determinants    inverses, systems and determinants
    factors, lu, spectral   decompositions; reflections and low_rank beside them
    least_squares, powers   what is built from those

Holds:     a file per kind of result; lapack.py calls the solvers, on raw arrays.
Must not:  save more than PyTorch does for any subset of inputs that need gradients.
"""

from . import (
    contractions,
    determinants,
    distances,
    einsum,
    factors,
    least_squares,
    low_rank,
    lu,
    norms,
    powers,
    products,
    reflections,
    samples,
    solves,
    spectral,
    sums,
    vectors,
)
from .products import linear, matmul

__all__ = [
    "contractions", "determinants", "distances", "einsum", "factors", "least_squares", "linear",
    "low_rank", "lu", "matmul", "norms", "powers", "products", "reflections", "samples", "solves",
    "spectral", "sums", "vectors",
]  # fmt: skip

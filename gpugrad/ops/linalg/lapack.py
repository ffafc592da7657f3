"""Solvers of raw arrays: LAPACK through NumPy and SciPy, cuSOLVER and cuBLAS through CuPy.

Each takes batches in the leading dimensions, float32 or float64, and returns new arrays. Where a
matrix may have no solution, ``info`` (int32, one per matrix) is 0 for success, else the number,
from 1, of the row at which the algorithm broke down; nothing is raised.

Holds:     CuPy's path waits for the device in ``lu`` alone; whoever reads ``info`` does, too.
Must not:  know tensors.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import numpy as np

from ...array.solvers import device_lu, device_triangular, unchecked
from ...errors import not_converged

__all__ = ["cholesky", "converged", "inverse", "least_squares", "lu", "permuted", "solve",
           "triangular", "unpacked"]  # fmt: skip


@cache
def _lapack(name: str, dtype: Any) -> Callable[..., Any]:
    from scipy.linalg import get_lapack_funcs

    return get_lapack_funcs((name,), dtype=dtype)[0]  # type: ignore[no-any-return]


@cache
def _trsm(dtype: Any) -> Callable[..., Any]:
    from scipy.linalg import get_blas_funcs

    return get_blas_funcs(("trsm",), dtype=dtype)[0]  # type: ignore[no-any-return]


def _each(*arrays: Any) -> Iterator[tuple[Any, ...]]:
    """The matrices of batches, one after another."""
    flat = [a.reshape(-1, *a.shape[-2:]) for a in arrays]
    return zip(*flat, strict=True)


# --------------------------------------------------------------------------------------- solutions
def inverse(xp: Any, a: Any) -> tuple[Any, Any]:
    """The inverses; infinities where there is none."""
    if xp is np:
        return _guarded(a, lambda: np.linalg.inv(a), lambda m: np.linalg.inv(m))
    # CuPy's inv of a batch leaves singular ones unwritten; a solution divides by zero.
    return solve(xp, a, xp.broadcast_to(xp.eye(a.shape[-1], dtype=a.dtype), a.shape).copy())


def solve(xp: Any, a: Any, b: Any) -> tuple[Any, Any]:
    """``inverse(a) @ b``; infinities where there is none."""
    if xp is np:
        return _guarded(a, lambda: np.linalg.solve(a, b), lambda m, n: np.linalg.solve(m, n), b)
    with unchecked():
        y = xp.linalg.solve(a, b)
    return y, _not_finite(xp, y)


def _guarded(a: Any, at_once: Any, one_by_one: Any, *others: Any) -> tuple[Any, Any]:
    """A result of NumPy's; matrix by matrix if it fails for any."""
    info = np.zeros(a.shape[:-2], np.int32)
    try:
        return at_once(), info
    except np.linalg.LinAlgError:
        shape = (others[0] if others else a).shape
        made = []
        for i, group in enumerate(_each(a, *others)):
            try:
                made.append(one_by_one(*group))
            except np.linalg.LinAlgError:
                made.append(np.full(group[-1].shape, np.inf, a.dtype))
                info.reshape(-1)[i] = _lapack("getrf", a.dtype)(group[0])[2]
        return np.stack(made).reshape(shape), info


def _not_finite(xp: Any, y: Any) -> Any:
    """1 for matrices with infinities or NaNs: what cuSOLVER makes of singular ones."""
    return (~xp.isfinite(y).all(axis=(-2, -1))).astype("int32")


def triangular(xp: Any, a: Any, b: Any, *, upper: bool, unit: bool = False) -> Any:
    """``inverse(a) @ b``, reading only one triangle of ``a``; infinities where there is none."""
    if not b.size:
        return b.copy()
    if xp is not np:
        return device_triangular(xp.ascontiguousarray(a), xp.ascontiguousarray(b), lower=not upper,
                                 unit=unit)  # fmt: skip
    trsm = _trsm(a.dtype)
    if a.ndim == 2:
        return _triangular_one(trsm, a, b, upper, unit)
    if a.size // a.shape[-1] ** 2 > _BATCH and a.shape[-1] <= _SMALL:
        return _substituted(a, b, upper, unit)
    out = np.empty(b.shape, b.dtype)
    for m, n, y in _each(a, b, out):
        y[...] = _triangular_one(trsm, m, n, upper, unit)
    return out


_BATCH, _SMALL = 32, 16  # more matrices than this, no larger than this, are solved side by side


def _substituted(a: Any, b: Any, upper: bool, unit: bool) -> Any:
    """Substitution in all matrices of a batch at once."""
    x, n = b.copy(), a.shape[-1]
    for i in reversed(range(n)) if upper else range(n):
        if not unit:
            x[..., i, :] /= a[..., i, i, None]
        rest = slice(0, i) if upper else slice(i + 1, n)
        x[..., rest, :] -= a[..., rest, i, None] * x[..., i, None, :]
    return x


def _triangular_one(trsm: Any, a: Any, b: Any, upper: bool, unit: bool) -> Any:
    # Rows in NumPy are columns in BLAS: the transposed system is solved, without copies.
    if a.flags.f_contiguous:
        return trsm(1.0, a, b.T, side=1, lower=not upper, trans_a=1, diag=unit).T
    return trsm(1.0, a.T, b.T, side=1, lower=upper, trans_a=0, diag=unit).T


# ----------------------------------------------------------------------------------------- factors
def converged(name: str, decompose: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
    """The result of an iteration; LinAlgError if it finds none."""
    try:
        return decompose(*arguments, **options)
    except np.linalg.LinAlgError:
        raise not_converged(f"linalg.{name}") from None


def cholesky(xp: Any, a: Any) -> tuple[Any, Any]:
    """Lower triangles whose squares are the lower triangles of ``a``."""
    if xp is np:
        try:
            y = np.linalg.cholesky(a)
            return y, _first(xp, ~(np.diagonal(y, 0, -2, -1) > 0))  # NumPy lets NaN pass
        except np.linalg.LinAlgError:
            info = np.zeros(a.shape[:-2], np.int32)
            potrf = _lapack("potrf", a.dtype)
            pairs = [potrf(m, lower=True, clean=True) for (m,) in _each(a)]
            info.reshape(-1)[:] = [failed for _, failed in pairs]
            return np.stack([y for y, _ in pairs]).reshape(a.shape), info
    with unchecked():
        y = xp.linalg.cholesky(a)
    # What is where cuSOLVER gave up is not said; a row that was finished has its length.
    length, pivot = xp.diagonal(a, 0, -2, -1), xp.diagonal(y, 0, -2, -1)
    finished = (pivot > 0) & (xp.abs((y * y).sum(-1) - length) <= 0.01 * xp.abs(length))
    return y, _first(xp, ~finished)


def _first(xp: Any, failed: Any) -> Any:
    """The place, from 1, of the first true value along the last dimension; 0 for none."""
    if not failed.shape[-1]:
        return xp.zeros(failed.shape[:-1], "int32")
    return xp.where(failed.any(-1), failed.argmax(-1) + 1, 0).astype("int32")


def lu(xp: Any, a: Any, *, pivot: bool = True) -> tuple[Any, Any, Any]:
    """Packed LU factors of matrices of any shape; row exchanges, counted from 1; and ``info``."""
    n = min(a.shape[-2:])
    packed = xp.empty(a.shape, a.dtype)
    pivots = xp.empty((*a.shape[:-2], n), "int32")
    flat = pivots.reshape(-1, n)
    for i, (m, y) in enumerate(_each(a, packed)):
        if not pivot:
            y[...], flat[i] = _unpivoted(xp, m), xp.arange(n)
        elif xp is np:
            y[...], flat[i], _ = _lapack("getrf", a.dtype)(m)
        else:
            y[...], flat[i] = device_lu(m)
    pivots += 1
    return packed, pivots, _first(xp, xp.diagonal(packed, 0, -2, -1) == 0)


def _unpivoted(xp: Any, a: Any) -> Any:
    """Gaussian elimination of one matrix without row exchanges."""
    y = a.copy()
    for k in range(min(y.shape)):
        y[k + 1 :, k] /= y[k, k]
        y[k + 1 :, k + 1 :] -= y[k + 1 :, k, None] * y[k, k + 1 :]
    return y


def unpacked(xp: Any, packed: Any) -> tuple[Any, Any]:
    """L with a diagonal of ones, and U."""
    n, m = packed.shape[-2:]
    k = min(n, m)
    lower = xp.tril(packed[..., :, :k], -1)
    at = xp.arange(k)
    lower[..., at, at] = 1
    return lower, xp.triu(packed[..., :k, :])


def permuted(xp: Any, pivots: Any, rows: int) -> Any:
    """For each batch, the order in which row exchanges leave ``rows`` rows."""
    order = xp.broadcast_to(xp.arange(rows), (*pivots.shape[:-1], rows)).copy()
    flat, steps = order.reshape(-1, rows), pivots.reshape(-1, pivots.shape[-1]).astype("int64") - 1
    each = xp.arange(len(flat))
    for i in range(steps.shape[1]):
        other = steps[:, i]
        here = flat[:, i].copy()
        flat[:, i] = flat[each, other]
        flat[each, other] = here
    return order


# ----------------------------------------------------------------------------------- least squares
def least_squares(xp: Any, a: Any, b: Any, rcond: float, driver: str) -> tuple[Any, Any, Any]:
    """The shortest solutions of least squares, the ranks, and the singular values or nothing."""
    if driver == "gels":
        return _by_qr(xp, a, b), xp.empty(0, "int64"), xp.empty(0, a.dtype)
    from scipy.linalg import lstsq

    made = [lstsq(m, n, rcond, lapack_driver=driver, check_finite=False) for m, n in _each(a, b)]
    batch = a.shape[:-2]
    x = np.stack([y[0] for y in made]).reshape(*batch, a.shape[-1], b.shape[-1])
    rank = np.array([y[2] for y in made], np.int64).reshape(batch)
    if driver == "gelsy":
        return x, rank, np.empty(0, a.dtype)
    return x, rank, np.stack([y[3] for y in made]).reshape(*batch, -1)


def _by_qr(xp: Any, a: Any, b: Any) -> Any:
    """Least squares for matrices of full rank."""
    if a.shape[-2] >= a.shape[-1]:
        q, r = xp.linalg.qr(a)
        return triangular(xp, r, xp.matmul(q.mT, b), upper=True)
    q, r = xp.linalg.qr(a.mT)
    return xp.matmul(q, triangular(xp, r.mT, b, upper=False))

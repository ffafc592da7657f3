"""Solvers of CuPy that stand outside its main namespace.

Holds:     arrays are CuPy's, float32 or float64; only ``device_lu`` waits for the device, because
           CuPy's own call does.
Must not:  be asked for on a machine without CUDA.
"""

from __future__ import annotations

import warnings
from typing import Any

__all__ = ["device_lu", "device_triangular", "unchecked"]


def unchecked() -> Any:
    """A context in which CuPy's solvers do not wait for the device to ask whether they worked."""
    import cupyx

    return cupyx.errstate(linalg="ignore")


def device_triangular(a: Any, b: Any, *, lower: bool, unit: bool) -> Any:
    """``inverse(a) @ b`` for triangular ``a`` (..., n, n) and ``b`` (..., n, k)."""
    from cupyx.scipy.linalg import solve_triangular

    return solve_triangular(a, b, lower=lower, unit_diagonal=unit)


def device_lu(a: Any) -> tuple[Any, Any]:
    """The LU factors of one matrix in one array, and where each row went, counted from 0."""
    from cupyx.scipy.linalg import lu_factor

    with unchecked(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of singular matrices, which LAPACK factors as well
        return lu_factor(a, check_finite=False)  # type: ignore[no-any-return]

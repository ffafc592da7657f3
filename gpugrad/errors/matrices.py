"""What matrices can be wrong in: their shapes, their dtypes, and having no inverse."""

from __future__ import annotations

from .text import facts
from .tree import DTypeError, LinAlgError, ShapeError

__all__ = ["check_driver", "half_matrix", "no_matrix", "not_converged", "not_positive_definite",
           "not_real", "not_square", "singular", "systems_mismatch"]  # fmt: skip


def no_matrix(name: str, argument: str = "A") -> ShapeError:
    """Fewer than two dimensions."""
    return ShapeError(f"{name}: The input tensor {argument} must have at least 2 dimensions.")


def not_square(name: str, rows: int, columns: int) -> ShapeError:
    """Matrices that should be square."""
    return ShapeError(
        f"{name}: A must be batches of square matrices, but they are {rows} by {columns} matrices"
    )


def not_real(name: str, got: object) -> DTypeError:
    """Integers, where only real numbers have a meaning."""
    return DTypeError(facts(
        f"{name}: Expected a floating point or complex tensor as input. Got {got}",
        ("fix", "convert first: input.float()"),
    ))


def half_matrix(name: str, got: object) -> DTypeError:
    """A decomposition of float16 or bfloat16."""
    return DTypeError(facts(
        f"{name}: Low precision dtypes not supported. Got {got}",
        ("fix", "convert first: input.float()"),
    ))


def systems_mismatch(name: str, equation: str, a: tuple[int, ...], b: tuple[int, ...]
                     ) -> ShapeError:
    """A right side that does not fit its matrix."""
    return ShapeError(
        f"{name}: Incompatible shapes of A and B for the equation {equation} "
        f"({a[-2]}x{a[-1]} and {b[-2]}x{b[-1]})"
    )


def singular(name: str, batch: int | None, row: int) -> LinAlgError:
    """A matrix without an inverse."""
    which = "" if batch is None else f"(Batch element {batch}): "
    return LinAlgError(
        f"{name}: {which}The diagonal element {row} is zero, the inversion could not be completed "
        "because the input matrix is singular."
    )


def not_converged(name: str) -> LinAlgError:
    """A matrix whose eigenvalues or singular values were not found."""
    return LinAlgError(
        f"{name}: The algorithm failed to converge because the input matrix contained non-finite "
        "values, is ill-conditioned or has too many repeated values."
    )


def not_positive_definite(name: str, batch: int | None, row: int) -> LinAlgError:
    """A matrix without a Cholesky factor."""
    which = "" if batch is None else f"(Batch element {batch}): "
    return LinAlgError(
        f"{name}: {which}The factorization could not be completed because the input is not "
        f"positive-definite (the leading minor of order {row} is not positive-definite)."
    )


def check_driver(name: str, driver: object, on_cuda: bool) -> None:
    """RuntimeError for a choice of algorithm there is not."""
    if driver is None:
        return
    if not on_cuda:
        raise RuntimeError(f"{name}: keyword argument `driver=` is only supported on CUDA inputs "
                           "with cuSOLVER backend.")  # fmt: skip
    if driver not in ("gesvd", "gesvdj", "gesvda"):
        raise RuntimeError(f"{name}: unknown svd driver {driver}, please see doc for available "
                           "drivers.")  # fmt: skip

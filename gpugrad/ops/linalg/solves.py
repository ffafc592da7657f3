"""Inverses and solutions of linear systems.

Holds:     backward solves with the matrix again rather than keep its factors: that costs a third of
           a multiplication and saves the bytes of a matrix.
Must not:  form an inverse to solve a system.
"""

from __future__ import annotations

from math import prod
from typing import Any

from ...errors import LinAlgError, ShapeError, not_square, singular, systems_mismatch
from ..arithmetic import neg
from ..broadcast import expand
from ..generic import custom
from ..shape import movedim
from ..surface import public
from . import lapack
from .checks import check_info, check_matrix, check_square
from .products import matmul_op, same_kind
from .results import InvEx, SolveEx, TriangularSolve
from .triangles import lower, upper

__all__ = ["inv", "inv_ex", "inv_op", "solve", "solve_ex", "solve_triangular", "tensorinv",
           "tensorsolve", "triangular_op", "triangular_solve"]  # fmt: skip


# ---------------------------------------------------------------------------------------- inverses
@custom(node_name="LinalgInvEx", saves=("result",))
def inv_op(xp: Any, a: Any) -> Any:
    """The inverse, and where it could not be computed."""
    return lapack.inverse(xp, a)


@inv_op.vjp
def _(g: Any, y: Any) -> Any:
    return neg(matmul_op(matmul_op(y.mT, g), y.mT))


@public("linalg out")
def inv(A: Any) -> Any:
    """The inverse of a square matrix, or of each one of a batch.

    Shape:   (..., n, n) -> (..., n, n)
    Saves:   the result
    Raises:  LinAlgError for a singular matrix; a GPU is waited for to find out
    >>> import gpugrad
    >>> gpugrad.linalg.inv(gpugrad.tensor([[2.0, 0.0], [0.0, 4.0]]))
    tensor([[0.5000, 0.0000],
            [0.0000, 0.2500]])
    """
    return _inverse("linalg.inv", A)


@public("torch method out")
def inverse(input: Any) -> Any:
    """The inverse of a square matrix, or of each one of a batch: ``linalg.inv``."""
    return _inverse("linalg.inv", input)


def _inverse(name: str, A: Any) -> Any:
    check_square(name, A)
    y, info = inv_op(A)
    check_info(name, info, singular)
    return y


@public("linalg out")
def inv_ex(A: Any, *, check_errors: bool = False) -> InvEx:
    """The inverse and an ``info`` that is 0 where there is one; does not wait for a GPU."""
    check_square("linalg.inv_ex", A)
    y, info = inv_op(A)
    if check_errors:
        check_info("linalg.inv_ex", info, singular)
    return InvEx(y, info)


# --------------------------------------------------------------------------------------- solutions
def _solve_saves(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("a", "result") if needs[0] else ("a",)


@custom(node_name="LinalgSolveEx", saves=_solve_saves)
def solve_op(xp: Any, a: Any, b: Any) -> Any:
    """``inverse(a) @ b``, and where it could not be computed."""
    return lapack.solve(xp, a, b)


@solve_op.vjp
def _(g: Any, a: Any, x: Any = None, *, needs: Any) -> Any:
    back = solve_op(a.mT, g)[0]
    return neg(matmul_op(back, x.mT)) if needs[0] else None, back


@public("linalg out")
def solve(A: Any, B: Any, *, left: bool = True) -> Any:
    """The X of ``A @ X = B``, or of ``X @ A = B`` with ``left=False``.

    Shape:   A (..., n, n), B (..., n, k) or (..., n) -> that of B; batches broadcast
    Saves:   A, and the result if A needs a gradient
    Raises:  LinAlgError for a singular matrix; a GPU is waited for to find out
    """
    return _solved("linalg.solve", A, B, left, check=True).result


@public("linalg out")
def solve_ex(A: Any, B: Any, *, left: bool = True, check_errors: bool = False) -> SolveEx:
    """``solve`` and an ``info`` that is 0 where there is a solution; does not wait for a GPU."""
    return _solved("linalg.solve_ex", A, B, left, check=check_errors)


def _solved(name: str, A: Any, B: Any, left: bool, *, check: bool) -> SolveEx:
    check_square(name, A)
    if A.kind is not B.kind:
        same_kind(name, A, B)
    vector = len(B.shape) == 1 or (len(B.shape) == len(A.shape) - 1
                                   and tuple(B.shape) == tuple(A.shape[:-1]))  # fmt: skip
    columns = B.unsqueeze(-1) if vector else B
    if not left:
        if vector:
            raise ShapeError(f"{name}: Vector broadcasting of the left hand side is not supported "
                             "for left=False. In this case linalg.solve is equivalent to B / A "
                             "squeezed")  # fmt: skip
        A, columns = A.mT, columns.mT
    if A.shape[-1] != columns.shape[-2]:
        shapes = tuple(A.shape), tuple((columns if left else columns.mT).shape)
        raise systems_mismatch(name, "AX = B" if left else "XA = B", *shapes)
    A, columns = _same_batch(name, A, columns)
    x, info = solve_op(A, columns)
    if check:
        check_info(name, info, _no_solution)
    x = x.squeeze(-1) if vector else x
    return SolveEx(x if left else x.mT, info)


def _no_solution(name: str, batch: int | None, row: int) -> LinAlgError:
    which = "" if batch is None else f"(Batch element {batch}): "
    return LinAlgError(
        f"torch.{name}: {which}The solver failed because the input matrix is singular."
    )


def _same_batch(name: str, a: Any, b: Any) -> tuple[Any, Any]:
    """Two batches of matrices, broadcast to one size."""
    ours, theirs = a.shape[:-2], b.shape[:-2]
    if ours == theirs:
        return a, b
    n = max(len(ours), len(theirs))
    padded = [(1,) * (n - len(s)) + tuple(s) for s in (ours, theirs)]
    sizes = [i if j == 1 else j for i, j in zip(*padded, strict=True)]
    if any(m not in (1, size) for s in padded for m, size in zip(s, sizes, strict=True)):
        raise ShapeError(f"{name}: batches {tuple(ours)} and {tuple(theirs)} do not broadcast")
    return expand(a, (*sizes, *a.shape[-2:])), expand(b, (*sizes, *b.shape[-2:]))


# --------------------------------------------------------------------------------------- triangles
@custom(node_name="LinalgSolveTriangular", saves=_solve_saves)
def triangular_op(xp: Any, a: Any, b: Any, *, upper: bool, unit: bool = False) -> Any:
    """``inverse(a) @ b``, reading only one triangle of ``a``; ``unit`` takes its diagonal as 1."""
    return lapack.triangular(xp, a, b, upper=upper, unit=unit)


@triangular_op.vjp
def _(g: Any, a: Any, x: Any = None, *, upper: bool, unit: bool = False, needs: Any) -> Any:
    back = triangular_op(a.mT, g, upper=not upper, unit=unit)
    if not needs[0]:
        return None, back
    full = neg(matmul_op(back, x.mT))
    return (_upper(full, int(unit)) if upper else lower(full, -int(unit))), back


_upper = upper


@public("linalg out")
def solve_triangular(A: Any, B: Any, *, upper: bool, left: bool = True,
                     unitriangular: bool = False) -> Any:  # fmt: skip
    """The X of ``A @ X = B`` for a triangular matrix, of which the other triangle is not read.

    Shape:   A (..., n, n), B (..., n, k) -> (..., n, k); batches broadcast
    Saves:   A, and the result if A needs a gradient
    """
    name = "linalg.solve_triangular"
    check_square(name, A)
    check_matrix(name, B, "B")
    same_kind(name, A, B)
    if A.shape[-1] != B.shape[-2 if left else -1]:
        equation = "AX = B" if left else "XA = B"
        raise systems_mismatch(name, equation, tuple(A.shape), tuple(B.shape))
    if not left:
        A, B, upper = A.mT, B.mT, not upper
    A, B = _same_batch(name, A, B)
    x = triangular_op(A, B, upper=upper, unit=unitriangular)
    return x if left else x.mT


@public("torch method out")
def triangular_solve(b: Any, A: Any, upper: bool = True, transpose: bool = False,
                     unitriangular: bool = False) -> TriangularSolve:  # fmt: skip
    """``linalg.solve_triangular`` under its old name and order of arguments."""
    matrix, up = (A.mT, not upper) if transpose else (A, upper)
    x = solve_triangular(matrix, b, upper=up, unitriangular=unitriangular)
    return TriangularSolve(x, A.clone())


# ------------------------------------------------------------------------- tensors seen as matrices
@public("linalg out")
def tensorinv(A: Any, ind: int = 2) -> Any:
    """The inverse with respect to ``tensordot`` over the first ``ind`` dimensions.

    Shape:   (a..., b...), with ``ind`` sizes in a and a product equal to that of b -> (b..., a...)
    """
    if ind <= 0:
        raise RuntimeError("Expected a strictly positive integer for 'ind'")
    first, rest = tuple(A.shape[:ind]), tuple(A.shape[ind:])
    if prod(first) != prod(rest):
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[ind:]) == "
            f"prod(self.shape[:ind]), but got {prod(rest)} != {prod(first)}"
        )
    return _inverse("linalg.tensorinv", A.reshape(prod(first), prod(rest))).reshape(*rest, *first)


@public("linalg out")
def tensorsolve(A: Any, B: Any, dims: Any = None) -> Any:
    """The X of ``tensordot(A, X, X.ndim) = B``, with ``dims`` of A moved to its end first."""
    if dims is not None:
        dims = list(dims)
        A = movedim(A, dims, list(range(len(A.shape) - len(dims), len(A.shape))))
    sizes = tuple(A.shape[len(B.shape) :])
    if prod(sizes) != prod(B.shape):
        raise ShapeError(
            "Expected self to satisfy the requirement prod(self.shape[other.ndim:]) == "
            f"prod(self.shape[:other.ndim]), but got {prod(sizes)} != {prod(B.shape)}"
        )
    matrix = A.reshape(prod(B.shape), prod(sizes))
    if matrix.shape[0] != matrix.shape[1]:
        raise not_square("linalg.tensorsolve", *matrix.shape)
    return solve(matrix, B.reshape(-1)).reshape(sizes)

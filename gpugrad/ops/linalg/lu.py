"""LU factors, and solutions from them.

Holds:     a factorization keeps its results; row exchanges are int32, counted from 1 as LAPACK's.
Must not:  keep the matrix.
"""

from __future__ import annotations

from typing import Any

from ...array import module_of, uint8
from ...errors import ShapeError, systems_mismatch
from ...graph import TensorBase, new_tensor
from ..arithmetic import neg
from ..broadcast import convert
from ..generic import custom, valued
from ..index import slice_op
from ..join import _cat
from ..surface import public
from . import lapack
from .checks import check_info, check_matrix, check_square
from .products import matmul_op, same_kind
from .results import LU, LUFactor, LUFactorEx
from .solves import _same_batch, triangular_op
from .triangles import eye_as, strict_lower, upper

__all__ = ["linalg_lu", "linalg_lu_solve", "lu", "lu_factor", "lu_factor_ex", "lu_solve",
           "lu_unpack"]  # fmt: skip


# ----------------------------------------------------------------------------------------- factors
@custom(node_name="LinalgLu", saves=("result", "result1", "result2"), many=True)
def lu_op(xp: Any, a: Any, *, pivot: bool) -> Any:
    """The permutation, the lower triangle and the upper triangle whose product is ``a``."""
    packed, pivots, _ = lapack.lu(xp, a, pivot=pivot)
    return (_permutation(xp, pivots, a.shape[-2], a.dtype), *lapack.unpacked(xp, packed))


@lu_op.vjp
def _(g: Any, p: Any, l: Any, u: Any, *, pivot: bool) -> Any:  # noqa: E741
    return matmul_op(p, _unfactored(l, u, *g[1:]))


@custom(node_name="LinalgLuFactorEx", saves=("result", "result1"))
def lu_factor_op(xp: Any, a: Any, *, pivot: bool) -> Any:
    """Both triangles in one matrix, the row exchanges, and where U has a zero."""
    return lapack.lu(xp, a, pivot=pivot)


@lu_factor_op.vjp
def _(g: Any, packed: Any, pivots: Any, *, pivot: bool, shapes: Any) -> Any:
    rows, columns = shapes[0][-2:]
    top = (Ellipsis, slice(None, min(rows, columns)), slice(None))
    left = (Ellipsis, slice(None), slice(None, min(rows, columns)))
    back = _unfactored(slice_op(packed, key=left), upper(slice_op(packed, key=top)),
                       slice_op(g, key=left), upper(slice_op(g, key=top)))  # fmt: skip
    return matmul_op(_permutation_like(packed, pivots, rows), back)


def _unfactored(l: Any, u: Any, gl: Any, gu: Any) -> Any:  # noqa: E741
    """The cotangent of ``l @ u``: of its square part, and of the rows or columns beyond it.

    On and above its diagonal ``l`` is not looked at: ones and zeros stand for what is there.
    """
    k = min(l.shape[-2], u.shape[-1])
    below, beyond = l.shape[-2] > k, u.shape[-1] > k
    head, tail = slice(None, k), slice(k, None)
    square = slice_op(l, key=(Ellipsis, head, slice(None))) if below else l
    strict, corner = strict_lower(square), slice_op(u, key=(Ellipsis, head)) if beyond else u
    lower_part = upper_part = rest = None
    if gl is not None:
        inside = slice_op(gl, key=(Ellipsis, head, slice(None))) if below else gl
        lower_part = matmul_op(strict.mT, inside) + inside
        if below:
            outside = slice_op(gl, key=(Ellipsis, tail, slice(None)))
            rest = triangular_op(corner, outside.mT, upper=True).mT
            upper_part = neg(matmul_op(slice_op(l, key=(Ellipsis, tail, slice(None))).mT, outside))
    if gu is not None:
        inside = slice_op(gu, key=(Ellipsis, head)) if beyond else gu
        product = matmul_op(inside, corner.mT)
        upper_part = product if upper_part is None else product + upper_part
        if beyond:
            outside = slice_op(gu, key=(Ellipsis, tail))
            rest = triangular_op(square.mT, outside, upper=True, unit=True)
            product = neg(matmul_op(outside, slice_op(u, key=(Ellipsis, tail)).mT))
            lower_part = product if lower_part is None else lower_part + product
    middle = _joined(lower_part, upper_part)
    half = triangular_op(square.mT, middle, upper=True, unit=True)
    back = triangular_op(corner, half.mT, upper=True).mT
    return back if rest is None else _cat(back, rest, axis=len(l.shape) - (2 if below else 1))


def _joined(low: Any, high: Any) -> Any:
    """One matrix of what is below and what is on and above the diagonal."""
    if low is None:
        return upper(high)
    return strict_lower(low) if high is None else strict_lower(low) + upper(high)


def _permutation(xp: Any, pivots: Any, rows: int, dtype: Any) -> Any:
    """The matrix P with ``P @ L @ U`` equal to the matrix that was factored."""
    order = lapack.permuted(xp, pivots, rows)
    return (order[..., None, :] == xp.arange(rows)[:, None]).astype(dtype)


@valued
def _permutation_of(pivots: Any, *, rows: int) -> Any:
    """``_permutation`` as a tensor of bytes."""
    kind = pivots.kind.with_dtype(uint8)
    return new_tensor(_permutation(kind.xp, pivots.array, rows, kind.numpy), kind)


def _permutation_like(like: Any, pivots: Any, rows: int) -> Any:
    """``_permutation``, in the form (tensor or raw array) and dtype of ``like``."""
    if isinstance(like, TensorBase):
        return convert(_permutation_of(pivots, rows=rows), like.kind)
    return _permutation(module_of(like), pivots, rows, like.dtype)


@public("linalg out", name="lu")
def linalg_lu(A: Any, *, pivot: bool = True) -> LU:
    """P, L and U with ``A = P @ L @ U``.

    Shape:   (..., n, m) -> (..., n, n), (..., n, k), (..., k, m), with k = min(n, m)
    Saves:   the results
    """
    if len(A.shape) < 2:
        raise ShapeError("linalg.lu: Expected tensor with 2 or more dimensions. Got size: "
                         f"{list(A.shape)} instead")  # fmt: skip
    _check_lu("linalg.lu", A, pivot)
    p, l, u = lu_op(A, pivot=pivot)  # noqa: E741
    return LU(p.detach(), l, u)


def _check_lu(name: str, A: Any, pivot: bool) -> None:
    check_matrix(name, A)
    if not pivot and not A.kind.is_cuda:
        raise RuntimeError("linalg.lu_factor: LU without pivoting is not implemented on the CPU")


@public("linalg out")
def lu_factor(A: Any, *, pivot: bool = True) -> LUFactor:
    """Both triangles of ``linalg.lu`` in one matrix, and the row exchanges.

    Saves:   both results
    Raises:  RuntimeError if U has a zero on its diagonal; a GPU is waited for to find out
    """
    packed, pivots, info = lu_factor_ex(A, pivot=pivot)
    check_info("linalg.lu_factor", info, _zero_pivot)
    return LUFactor(packed, pivots)


def _zero_pivot(name: str, batch: int | None, row: int) -> RuntimeError:
    which = "" if batch is None else f"(Batch element {batch}): "
    return RuntimeError(
        f"torch.{name}: {which}U[{row},{row}] is zero and using it on lu_solve would result in a "
        "division by zero. If you still want to perform the factorization, consider calling "
        "linalg.lu(A, pivot) or linalg.lu_factor_ex(A, pivot)"
    )


@public("linalg out")
def lu_factor_ex(A: Any, *, pivot: bool = True, check_errors: bool = False) -> LUFactorEx:
    """``lu_factor`` with an ``info`` that is 0 where U has no zero on its diagonal."""
    _check_lu("linalg.lu_factor_ex", A, pivot)
    packed, pivots, info = lu_factor_op(A, pivot=pivot)
    if check_errors:
        check_info("linalg.lu_factor_ex", info, _zero_pivot)
    return LUFactorEx(packed, pivots, info)


@public("torch method out")
def lu(A: Any, pivot: bool = True, get_infos: bool = False) -> Any:
    """``linalg.lu_factor_ex`` under its old name: factors and pivots, and ``info`` if asked for."""
    packed, pivots, info = lu_factor_ex(A, pivot=pivot)
    return (packed, pivots, info) if get_infos else (packed, pivots)


@public("torch out")
def lu_unpack(LU_data: Any, LU_pivots: Any, unpack_data: bool = True, unpack_pivots: bool = True
              ) -> LU:
    """P, L and U from what ``linalg.lu_factor`` returns."""
    rows, columns = LU_data.shape[-2:]
    k = min(rows, columns)
    empty = new_tensor(LU_data.kind.xp.empty(0, LU_data.kind.numpy), LU_data.kind)
    p, l, u = empty, empty, empty  # noqa: E741
    if unpack_pivots:
        p = _permutation_like(LU_data, LU_pivots, rows)
    if unpack_data:
        low = strict_lower(slice_op(LU_data, key=(Ellipsis, slice(None, k))))
        l = low + eye_as(LU_data, rows, k)  # noqa: E741
        u = upper(slice_op(LU_data, key=(Ellipsis, slice(None, k), slice(None))))
    return LU(p, l, u)


# --------------------------------------------------------------------------------------- solutions
def _solve_saves(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("packed", "pivots", "result") if needs[0] else ("packed", "pivots")


@custom(node_name="LinalgLuSolve", saves=_solve_saves)
def lu_solve_op(xp: Any, packed: Any, b: Any, pivots: Any, *, adjoint: bool) -> Any:
    """The x of ``m @ x = b``, or of ``m.mT @ x = b``, for the matrix m that was factored."""
    order = lapack.permuted(xp, pivots, packed.shape[-1])
    if not adjoint:
        moved = xp.take_along_axis(b, order[..., None], -2)
        half = lapack.triangular(xp, packed, moved, upper=False, unit=True)
        return lapack.triangular(xp, packed, half, upper=True)
    half = lapack.triangular(xp, packed.mT, b, upper=False)
    moved = lapack.triangular(xp, packed.mT, half, upper=True, unit=True)
    return xp.take_along_axis(moved, order.argsort(-1)[..., None], -2)


@lu_solve_op.vjp
def _(g: Any, packed: Any, pivots: Any, x: Any = None, *, adjoint: bool, needs: Any,
      shapes: Any) -> Any:  # fmt: skip
    back = lu_solve_op(packed, g, pivots, adjoint=not adjoint)
    if not needs[0]:
        return None, back, None
    matrix = neg(matmul_op(x, back.mT) if adjoint else matmul_op(back, x.mT))
    inner = matmul_op(_permutation_like(packed, pivots, shapes[0][-1]).mT, matrix)
    low = strict_lower(matmul_op(inner, upper(packed).mT))
    high = upper(matmul_op(strict_lower(packed).mT, inner) + inner)
    return low + high, back, None


@public("linalg out", name="lu_solve")
def linalg_lu_solve(LU: Any, pivots: Any, B: Any, *, left: bool = True, adjoint: bool = False
                    ) -> Any:
    """The X of ``A @ X = B``, from what ``linalg.lu_factor`` returns for A.

    Shape:   LU (..., n, n), pivots (..., n), B (..., n, k) -> (..., n, k)
    Saves:   LU and pivots, and the result if LU needs a gradient
    """
    check_square("linalg.lu_solve", LU)
    check_matrix("linalg.lu_solve", B, "B")
    same_kind("linalg.lu_solve", LU, B)
    if LU.shape[-1] != B.shape[-2 if left else -1]:
        equation = "AX = B" if left else "XA = B"
        raise systems_mismatch("linalg.lu_solve", equation, tuple(LU.shape), tuple(B.shape))
    if pivots.kind.dtype.name != "int32":
        raise RuntimeError("linalg.lu_solve: pivots should be a Tensor of scalar type torch.int32")
    columns = B if left else B.mT
    packed, columns = _same_batch("linalg.lu_solve", LU, columns)
    steps = pivots.expand(*packed.shape[:-1])
    x = lu_solve_op(packed, columns, steps, adjoint=adjoint if left else not adjoint)
    return x if left else x.mT


@public("torch method out")
def lu_solve(b: Any, LU_data: Any, LU_pivots: Any) -> Any:
    """``linalg.lu_solve`` under its old name and order of arguments."""
    return linalg_lu_solve(LU_data, LU_pivots, b)

"""Products added to a tensor: ``beta * input + alpha * product``.

Holds:     the product is scaled and added to where BLAS left it, so there is no temporary but it;
           a beta of 0 leaves the input out, whatever it holds.
Must not:  save the input.
"""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError, matmul_mismatch
from ...graph import here, location
from ..arithmetic import mul
from ..broadcast import expand, sum_to
from ..generic import custom
from ..shape import expand_sizes
from ..surface import public
from .contractions import contract
from .products import cotangents, of_rank, outer, product, same_kind

__all__ = ["addbmm", "addmm", "addmv", "addr", "baddbmm"]


def _operands(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return (("a",) if needs[2] else ()) + (("b",) if needs[1] else ())


@custom(node_name="Addmm", saves=_operands)
def addmm_op(xp: Any, input: Any, a: Any, b: Any, *, beta: float, alpha: float) -> Any:
    """``beta * input + alpha * a @ b``; the input broadcasts."""
    return product(xp, a, b, input, beta=beta, alpha=alpha)


@addmm_op.vjp
def _(g: Any, *saved: Any, beta: float, alpha: float, shapes: Any, needs: Any) -> Any:
    rest = sum_to(_scaled(g, beta), shapes[0]) if needs[0] else None
    if not saved:
        return rest, None, None
    return rest, *cotangents(_scaled(g, alpha), saved, shapes[1:], needs[1:])


def _scaled(g: Any, factor: float) -> Any:
    return g if factor == 1 else mul(g, factor)


def _added(name: str, rank: int, input: Any, a: Any, b: Any, beta: float, alpha: float) -> Any:
    """``addmm_op`` after the checks; ``rank`` is that of ``a``."""
    of_rank(name, a, rank)
    same_kind(name, a, b)
    same_kind(name, input, a)
    if a.shape[-1] != b.shape[-2 if len(b.shape) > 1 else -1] or a.shape[:-2] != b.shape[:-2]:
        raise matmul_mismatch(tuple(a.shape), tuple(b.shape), str(location(*here())))
    _check_expands(input, (*a.shape[:-1], *b.shape[-1:][: len(b.shape) - 1]))
    if not input.kind.is_floating_point:
        beta, alpha = int(beta), int(alpha)
    return addmm_op(input, a, b, beta=beta, alpha=alpha)


def _check_expands(input: Any, shape: tuple[int, ...]) -> None:
    """ShapeError if ``input`` does not broadcast to ``shape``."""
    if tuple(input.shape) != shape:
        expand_sizes(input.detach(), shape)


@public("torch method inplace out")
def addmm(input: Any, mat1: Any, mat2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """``beta * input + alpha * (mat1 @ mat2)``.

    Shape:   input broadcasts to (n, m), mat1 (n, k), mat2 (k, m) -> (n, m)
    Saves:   each matrix if the other needs a gradient
    Raises:  ShapeError if sizes do not fit; RuntimeError if dtypes differ
    """
    of_rank("addmm", mat2, 2)
    return _added("addmm", 2, input, mat1, mat2, beta, alpha)


@public("torch method inplace out")
def addmv(input: Any, mat: Any, vec: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """``beta * input + alpha * (mat @ vec)``."""
    of_rank("addmv", vec, 1)
    return _added("addmv", 2, input, mat, vec, beta, alpha)


@public("torch method inplace out")
def baddbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """``beta * input + alpha * (batch1 @ batch2)``, matrix by matrix."""
    of_rank("baddbmm", batch2, 3)
    return _added("baddbmm", 3, input, batch1, batch2, beta, alpha)


@public("torch method inplace out")
def addbmm(input: Any, batch1: Any, batch2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """``beta * input`` plus ``alpha`` times the sum of the products of two batches of matrices."""
    of_rank("addbmm", batch1, 3)
    of_rank("addbmm", batch2, 3)
    same_kind("addbmm", batch1, batch2)
    same_kind("addbmm", input, batch1)
    b, n, k = batch1.shape
    if batch2.shape[:2] != (b, k):
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: [{b}, {k}] but got: "
            f"[{batch2.shape[0]}, {batch2.shape[1]}]."
        )
    shape = (n, batch2.shape[2])
    _check_expands(input, shape)
    # The sum over the batch is one more dimension that a single product runs over.
    total = _scaled(contract(batch1, batch2, (0, 1, 2), (0, 2, 3), (1, 3)), alpha)
    return total if beta == 0 else _scaled(expand(input, shape), beta) + total


@public("torch method inplace out")
def addr(input: Any, vec1: Any, vec2: Any, *, beta: float = 1, alpha: float = 1) -> Any:
    """``beta * input + alpha * outer(vec1, vec2)``."""
    total = _scaled(outer(vec1, vec2), alpha)
    _check_expands(input, tuple(total.shape))
    return total if beta == 0 else _scaled(expand(input, total.shape), beta) + total

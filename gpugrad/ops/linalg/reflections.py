"""Products of Householder reflections, the form in which LAPACK leaves a Q.

Holds:     reflections are applied one after another, each a product with a vector.
Must not:  keep what they make in between: the backward pass makes it again.
"""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError
from ..arithmetic import mul, neg, sub
from ..generic import custom
from ..join import _cat, zeros_as
from ..reduce import sum_op
from ..surface import public
from . import lapack
from .checks import check_matrix
from .products import matmul_op, same_kind
from .triangles import eye_as, strict_lower

__all__ = ["householder_product", "orgqr"]


@custom(node_name="LinalgHouseholderProduct", saves=("a", "tau"))
def householder_op(xp: Any, a: Any, tau: Any) -> Any:
    """The first columns of the product of ``I - tau[i] * v[i] @ v[i].mT``."""
    vectors = lapack.unpacked(xp, a)[0]
    out = xp.broadcast_to(xp.eye(*a.shape[-2:], dtype=a.dtype), a.shape).copy()
    for i in reversed(range(tau.shape[-1])):
        v = vectors[..., :, i, None]
        out -= tau[..., i, None, None] * v * xp.matmul(v.mT, out)
    return out


@householder_op.vjp
def _(g: Any, a: Any, tau: Any, *, shapes: Any) -> Any:
    rows, columns = shapes[0][-2:]
    count = shapes[1][-1]
    vectors = strict_lower(a) + eye_as(a, rows, columns)
    states = [zeros_as(a, shapes[0]) + eye_as(a, rows, columns)]
    for i in reversed(range(count)):
        v, t = vectors[..., :, i, None], tau[..., i, None, None]
        states.append(sub(states[-1], mul(t, matmul_op(v, matmul_op(v.mT, states[-1])))))
    slopes, factors = [], []
    for i in range(count):
        v, t, state = vectors[..., :, i, None], tau[..., i, None, None], states[count - 1 - i]
        ours, theirs = matmul_op(v.mT, state), matmul_op(v.mT, g)
        factors.append(neg(sum_op(mul(ours, theirs), axes=(len(shapes[0]) - 1,), keepdim=False)))
        both = matmul_op(g, ours.mT) + matmul_op(state, theirs.mT)
        slopes.append(neg(mul(t, both)))
        g = sub(g, mul(t, matmul_op(v, theirs)))
    if count < columns:
        slopes.append(zeros_as(a, (*shapes[0][:-1], columns - count)))
    axis = len(shapes[0]) - 1
    return strict_lower(_cat(*slopes, axis=axis)), _cat(*factors, axis=axis - 1)


@public("linalg out")
def householder_product(A: Any, tau: Any) -> Any:
    """The first columns of a product of reflections, given as LAPACK's QR factors are.

    Reflection i is ``I - tau[i] * v @ v.mT``, where v is column i of A below its diagonal, one on
    it and zero above.

    Shape:   A (..., n, m) with n >= m, tau (..., k) with k <= m -> (..., n, m)
    Saves:   A and tau
    """
    name = "torch.linalg.householder_product"
    check_matrix(name, A)
    same_kind(name, A, tau)
    if A.shape[-2] < A.shape[-1]:
        raise ShapeError(
            f"{name}: input.shape[-2] must be greater than or equal to input.shape[-1]"
        )
    if A.shape[-1] < tau.shape[-1]:
        raise ShapeError(f"{name}: input.shape[-1] must be greater than or equal to tau.shape[-1]")
    if tau.shape[:-1] != A.shape[:-2]:
        raise ShapeError(
            f"{name}: Expected batch dimensions of tau to be equal to input.shape[:-2], but got "
            f"{list(tau.shape[:-1])}"
        )
    return householder_op(A, tau)


@public("torch method out")
def orgqr(input: Any, input2: Any) -> Any:
    """``linalg.householder_product`` under its old name."""
    return householder_product(input, input2)

"""Determinants.

Holds:     the gradient of ``det`` is there for singular matrices too: cofactors need no inverse.
Must not:  keep the factors of a matrix.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..arithmetic import log, mul
from ..generic import custom
from ..reduce import sum_op
from ..surface import public
from . import lapack
from .checks import check_square
from .products import matmul_op
from .results import SlogDet
from .solves import inv_op

__all__ = ["det", "logdet", "slogdet"]


@custom(node_name="LinalgDet", saves=("a",))
def det_op(xp: Any, a: Any) -> Any:
    """The determinants of square matrices."""
    return xp.asarray(xp.linalg.det(a), a.dtype)


@det_op.vjp
def _(g: Any, a: Any) -> Any:
    return mul(g[..., None, None], cofactors_op(a))


@custom(node_name="Cofactors", saves=("a", "result"))
def cofactors_op(xp: Any, a: Any) -> Any:
    """The derivatives of the determinant: its value times the transposed inverse, or its limit."""
    if xp is np:
        inverse, info = lapack.inverse(xp, a)
        if not info.any():
            return np.linalg.det(a)[..., None, None] * inverse.mT
    left, values, right = xp.linalg.svd(a)
    sign = xp.linalg.det(left) * xp.linalg.det(right)
    others = _products_of_others(xp, values) * sign[..., None]
    return xp.matmul(left * others[..., None, :], right)


def _products_of_others(xp: Any, x: Any) -> Any:
    """For each element the product of all others along the last dimension."""
    ones = xp.ones_like(x[..., :1])
    before = xp.cumprod(xp.concatenate([ones, x[..., :-1]], -1), -1)
    after = xp.cumprod(xp.concatenate([ones, x[..., :0:-1]], -1), -1)[..., ::-1]
    return before * after


@cofactors_op.vjp
def _(g: Any, a: Any, y: Any) -> Any:
    inverse = inv_op(a)[0].mT
    along = sum_op(mul(g, inverse), axes=(-2, -1), keepdim=True)
    return mul(y, along) - matmul_op(matmul_op(y, g.mT), inverse)


@custom(node_name="LinalgSlogdet", saves=("a",))
def slogdet_op(xp: Any, a: Any) -> Any:
    """The logarithms of the absolute values of determinants, and their signs."""
    sign, logarithm = xp.linalg.slogdet(a)
    return xp.asarray(logarithm, a.dtype), xp.asarray(sign, a.dtype)


@slogdet_op.vjp
def _(g: Any, a: Any) -> Any:
    return mul(g[..., None, None], inv_op(a)[0].mT)


@public("torch method")
def det(input: Any) -> Any:
    """The determinant of a square matrix, or of each one of a batch: ``linalg.det``."""
    check_square("linalg.det", input)
    return det_op(input)


@public("linalg out", name="det")
def linalg_det(A: Any) -> Any:
    """The determinant of a square matrix, or of each one of a batch.

    Shape:   (..., n, n) -> (...)
    Saves:   A
    >>> import gpugrad
    >>> gpugrad.linalg.det(gpugrad.tensor([[1.0, 2.0], [3.0, 4.0]]))
    tensor(-2.)
    """
    return det(A)


@public("torch method out")
def slogdet(input: Any) -> SlogDet:
    """The determinant's sign and the logarithm of its absolute value: ``linalg.slogdet``."""
    check_square("linalg.slogdet", input)
    logarithm, sign = slogdet_op(input)
    return SlogDet(sign, logarithm)


@public("linalg out", name="slogdet")
def linalg_slogdet(A: Any) -> SlogDet:
    """The determinant's sign and the logarithm of its absolute value, which do not overflow.

    Shape:   (..., n, n) -> (...), (...)
    Saves:   A
    """
    return slogdet(A)


@public("torch method")
def logdet(input: Any) -> Any:
    """The logarithm of the determinant: NaN for a negative one. Saves the input."""
    sign, logarithm = slogdet(input)
    return logarithm + log(sign)

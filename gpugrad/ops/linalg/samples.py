"""Covariances and correlations of observations.

Holds:     what is saved are the observations, not their distances from the mean.
Must not:  read values on the host, but for weights, whose sum has to be known.
"""

from __future__ import annotations

import warnings
from typing import Any

from ...array import default_dtype
from ...errors import ShapeError
from ..arithmetic import div, mul, sqrt, sub
from ..broadcast import convert
from ..generic import custom
from ..reduce import mean_op, sum_op
from ..surface import public
from .products import matmul_op, product

__all__ = ["corrcoef", "cov"]


def _centred(xp: Any, x: Any) -> Any:
    """The rows of a raw array without their means; half types become float32."""
    wide = x.astype("float32") if x.dtype.itemsize == 2 else x
    return wide - wide.mean(1, keepdims=True)


def _without_mean(x: Any) -> Any:
    return sub(x, mean_op(x, axes=(1,), keepdim=True))


@custom(node_name="Cov", saves=("x",))
def cov_op(xp: Any, x: Any, *, divisor: float) -> Any:
    """Products of the rows' distances from their means, summed and divided."""
    centred = _centred(xp, x)
    return xp.divide(product(xp, centred, centred.T), divisor).astype(x.dtype, copy=False)


@cov_op.vjp
def _(g: Any, x: Any, *, divisor: float) -> Any:
    # The mean's own share is zero: the distances from it add up to nothing.
    return matmul_op(mul(g + g.mT, 1 / divisor if divisor else float("inf")), _without_mean(x))


@custom(node_name="Corrcoef", saves=("x",))
def corrcoef_op(xp: Any, x: Any) -> Any:
    """Cosines between the rows' distances from their means."""
    centred = _centred(xp, x)
    y = product(xp, centred, centred.T)
    length = xp.sqrt(xp.diagonal(y))
    y = y / length[:, None] / length
    return xp.clip(y, -1, 1).astype(x.dtype, copy=False)


@corrcoef_op.vjp
def _(g: Any, x: Any) -> Any:
    centred = _without_mean(x)
    length = sqrt(sum_op(mul(centred, centred), axes=(1,), keepdim=True))
    unit = div(centred, length)
    towards = matmul_op(g + g.mT, unit)
    along = sum_op(mul(towards, unit), axes=(1,), keepdim=True)
    return div(sub(towards, mul(unit, along)), length)


@public("torch method")
def cov(input: Any, *, correction: int = 1, fweights: Any = None, aweights: Any = None) -> Any:
    """Covariances of the rows of ``input``, whose columns are observations.

    ``fweights`` are how often an observation was made, ``aweights`` how much it counts.

    Shape:   (n, observations) -> (n, n); (observations) -> ()
    Saves:   input
    """
    x = _observations("cov", input)
    weights = _weights(fweights, aweights, x.shape[1])
    if weights is not None:
        return _weighted(x, weights, aweights, correction)
    divisor = float(x.shape[1] - correction)
    out = cov_op(x, divisor=_positive(divisor))
    return out if x.shape[0] != 1 else out.reshape(())


def _observations(name: str, input: Any) -> Any:
    if len(input.shape) > 2:
        raise ShapeError(
            f"{name}(): expected input to have two or fewer dimensions but got an input with "
            f"{len(input.shape)} dimensions"
        )
    if input.kind.dtype.name == "bool":
        raise RuntimeError(f"{name}(): bool dtype is not supported for input")
    if not input.kind.is_floating_point:
        input = convert(input, input.kind.with_dtype(default_dtype()))
    return input if len(input.shape) == 2 else input.reshape(1, -1)


def _positive(divisor: float) -> float:
    if divisor <= 0:
        warnings.warn("cov(): degrees of freedom is <= 0. Correction should be strictly less than "
                      "the number of observations.", stacklevel=4)  # fmt: skip
    return max(divisor, 0.0)


def _weights(fweights: Any, aweights: Any, count: int) -> Any:
    """How much each observation counts, all in all; None for equally."""
    for name, weights, floating in (("fweights", fweights, False), ("aweights", aweights, True)):
        if weights is None:
            continue
        if len(weights.shape) > 1:
            raise ShapeError(f"cov(): expected {name} to have one or fewer dimensions but got "
                             f"{name} with {len(weights.shape)} dimensions")  # fmt: skip
        if weights.kind.is_floating_point != floating:
            need = "floating point" if floating else "integral"
            raise RuntimeError(f"cov(): expected {name} to have {need} dtype but got {name} with "
                               f"{weights.kind.dtype.name} dtype")  # fmt: skip
        if weights.numel() != count:
            raise ShapeError(
                f"cov(): expected {name} to have the same numel as there are observations in the "
                f"input but got {weights.numel()} != {count}"
            )
        if (weights < 0).any().item():
            raise RuntimeError(f"cov(): {name} cannot be negative")
    if fweights is None or aweights is None:
        return aweights if fweights is None else fweights
    return fweights * aweights


def _weighted(x: Any, weights: Any, aweights: Any, correction: int) -> Any:
    total = weights.sum()
    if total.item() == 0:
        raise RuntimeError("cov(): weights sum to zero, can't be normalized")
    centred = x - (x * weights).sum(1, keepdim=True) / total
    divisor = total - correction
    if aweights is not None and correction:
        divisor = total - correction * (weights * aweights).sum() / total
    if _positive(float(divisor.item())) == 0:
        divisor = divisor * 0
    out = matmul_op(centred, (centred * weights).mT) / divisor
    return out if x.shape[0] != 1 else out.reshape(())


@public("torch method")
def corrcoef(input: Any) -> Any:
    """Pearson's correlations of the rows of ``input``, whose columns are observations.

    Shape:   (n, observations) -> (n, n); (observations) -> ()
    Saves:   input
    """
    x = _observations("corrcoef", input)
    out = corrcoef_op(x)
    return out if x.shape[0] != 1 else out.reshape(())

"""Losses that are negative log-likelihoods of a distribution: gaussian_nll_loss, poisson_nll_loss.

Holds:     constants of the densities are left out unless ``full``.
Must not:  contain a derivative, but for the variance's clamp, which has none in PyTorch.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..graph import TensorBase, values_behind
from . import loss_terms as terms
from .arithmetic import sub
from .families import custom
from .reduction import reduced, reduction_name
from .shape import unsqueeze
from .surface import public

__all__ = ["gaussian_nll_loss", "poisson_nll_loss"]


@custom(node_name="Clone")
def clamped_variance_op(xp: Any, x: Any, *, eps: float) -> Any:
    """``max(x, eps)``; the gradient goes through as if nothing had been clamped."""
    return xp.maximum(x, x.dtype.type(eps))


@clamped_variance_op.vjp
def _(g: Any, *, eps: float) -> Any:
    return g


@public("F")
def gaussian_nll_loss(input: Any, target: Any, var: Any, full: bool = False, eps: float = 1e-6,
                      reduction: str = "mean") -> Any:
    """Negative log-likelihood of ``target`` under a normal distribution: its mean is ``input``.

    ``var`` is the variance, at least ``eps``: a number, one per element, or one per row.
    ``full`` adds ``log(2 pi) / 2``.

    Shape:   input (*), target (*), var () a number, (*), or (*) without its last dimension or with
             one dimension of size 1 -> () ; (*) with reduction="none"
    Saves:   the difference of input and target, the clamped variance
    Raises:  ValueError for a variance of another shape; on the CPU, for a negative one
    Source:  Nix and Weigend 1994
    >>> import gpugrad
    >>> y = gpugrad.tensor([1.0, 2.0])
    >>> gpugrad.nn.functional.gaussian_nll_loss(y, y + 2, gpugrad.ones(2))
    tensor(2.)
    """
    if reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not valid")
    variance = _variance(var, input, eps)
    loss = terms.gaussian_nll_term(sub(input, target), variance)
    return reduced(loss + 0.5 * math.log(2 * math.pi) if full else loss, reduction)


def _variance(var: Any, input: Any, eps: float) -> Any:
    if not isinstance(var, TensorBase):
        if var < 0:
            raise ValueError("var has negative entry/entries")
        return max(float(var), eps)
    values = values_behind(var)
    if isinstance(values, np.ndarray) and (values < 0).any():
        raise ValueError("var has negative entry/entries")
    ours, theirs = tuple(var.shape), tuple(input.shape)
    if ours != theirs:
        odd = [n for n, m in zip(ours, theirs, strict=False) if n != m]
        if ours == theirs[:-1]:
            var = unsqueeze(var, -1)
        elif len(ours) != len(theirs) or odd != [1]:
            raise ValueError("var is of incorrect size")
    return clamped_variance_op(var, eps=eps)


@public("F")
def poisson_nll_loss(input: Any, target: Any, log_input: bool = True, full: bool = False,
                     size_average: bool | None = None, eps: float = 1e-8,
                     reduce: bool | None = None, reduction: str = "mean") -> Any:
    """Negative log-likelihood of counts ``target`` under a Poisson distribution.

    ``input`` is the logarithm of the rate, or without ``log_input`` the rate itself. ``full`` adds
    Stirling's approximation of ``log(target!)`` for counts above 1.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if log_input:
        loss = terms.poisson_nll_log_term(input, target)
    else:
        loss = terms.poisson_nll_term(input, target, eps=eps)
    return reduced(loss + terms.stirling_term(target) if full else loss, reduction)

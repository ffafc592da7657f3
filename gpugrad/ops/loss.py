"""Losses: elementwise terms (loss_terms.py) and a reduction; those of classes are re-exported.

Holds:     PyTorch's argument names, defaults and complaints.
Must not:  contain a derivative: terms and reductions bring theirs.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..array import promote_types
from ..errors import ShapeError, size_mismatch
from ..graph import values_behind
from . import arithmetic
from . import loss_terms as terms
from .broadcast import convert
from .compare import ne
from .cross_entropy import cross_entropy, nll_loss
from .operands import common_device
from .reduce import sum_
from .reduction import reduced, reduction_name
from .surface import public

__all__ = [
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy",
    "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss",
    "nll_loss", "smooth_l1_loss", "soft_margin_loss",
]  # fmt: skip


# ------------------------------------------------------------------------------------- regression
@public("F")
def mse_loss(input: Any, target: Any, size_average: bool | None = None,
             reduce: bool | None = None, reduction: str = "mean", weight: Any = None) -> Any:
    """Squared difference; with ``weight`` a mean is divided by the weights' sum.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target
    >>> import gpugrad
    >>> gpugrad.nn.functional.mse_loss(gpugrad.tensor([1.0, 2.0]), gpugrad.tensor([1.0, 4.0]))
    tensor(2.)
    """
    reduction = reduction_name(reduction, size_average, reduce)
    input, target = _beside(input, target)
    return _weighted_mean(terms.mse_term(input, target), input, weight, reduction)


@public("F")
def l1_loss(input: Any, target: Any, size_average: bool | None = None,
            reduce: bool | None = None, reduction: str = "mean", weight: Any = None) -> Any:
    """Absolute difference; ``weight`` as in ``mse_loss``.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   the difference, which is all the gradient needs of both
    """
    reduction = reduction_name(reduction, size_average, reduce)
    input, target = _beside(input, target)
    return _weighted_mean(arithmetic.abs(arithmetic.sub(input, target)), input, weight, reduction)


@public("F")
def smooth_l1_loss(input: Any, target: Any, size_average: bool | None = None,
                   reduce: bool | None = None, reduction: str = "mean", beta: float = 1.0) -> Any:
    """``d² / (2 beta)`` below ``beta``, ``d - beta / 2`` above, d the absolute difference.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target
    Source:  Girshick 2015, eq. 3
    """
    reduction = reduction_name(reduction, size_average, reduce)
    input, target = _beside(input, target)
    if beta < 0:
        raise RuntimeError("smooth_l1_loss does not support negative values for beta.")
    if beta == 0:
        return reduced(arithmetic.abs(arithmetic.sub(input, target)), reduction)
    return reduced(terms.smooth_l1_term(input, target, beta=beta), reduction)


@public("F")
def huber_loss(input: Any, target: Any, reduction: str = "mean", delta: float = 1.0,
               weight: Any = None) -> Any:
    """``d² / 2`` up to ``delta``, ``delta (d - delta / 2)`` above, d the absolute difference.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target
    Source:  Huber 1964
    """
    reduction = reduction_name(reduction)
    input, target = _beside(input, target)
    if delta <= 0:
        raise RuntimeError("huber_loss does not support non-positive values for delta.")
    term = terms.huber_term(input, target, delta=delta)
    return reduced(term if weight is None else term * _checked(weight, input), reduction)


# ---------------------------------------------------------------------------------- probabilities
@public("F")
def binary_cross_entropy(input: Any, target: Any, weight: Any = None,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Any:
    """Cross entropy of probabilities of a yes; logarithms are at least -100.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target; weight if given
    Raises:  on the CPU, RuntimeError for an input outside 0..1
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise size_mismatch("target", target.shape, "input", input.shape)
    for name, values in (("input", values_behind(input)), ("target", values_behind(target))):
        if isinstance(values, np.ndarray) and not ((values >= 0) & (values <= 1)).all():
            raise RuntimeError(f"all elements of {name} should be between 0 and 1")
    return reduced(_scaled(terms.binary_cross_entropy_term(input, target), weight), reduction)


@public("F")
def binary_cross_entropy_with_logits(
    input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
    reduce: bool | None = None, reduction: str = "mean", pos_weight: Any = None,
) -> Any:  # fmt: skip
    """``binary_cross_entropy(sigmoid(input), target)`` without overflow.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target; weight and pos_weight if given
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if target.shape != input.shape:
        raise size_mismatch("target", target.shape, "input", input.shape)
    if pos_weight is None:
        term = terms.bce_with_logits_term(input, target)
    else:
        term = terms.weighted_bce_with_logits_term(input, target, pos_weight)
    return reduced(_scaled(_not_larger(term, input), weight), reduction)


@public("F")
def kl_div(input: Any, target: Any, size_average: bool | None = None, reduce: bool | None = None,
           reduction: str = "mean", log_target: bool = False) -> Any:
    """``target * (log(target) - input)`` for log-probabilities ``input``.

    ``reduction="batchmean"`` is the divergence itself: the sum over the batch's size.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   target; input if target needs a gradient
    """
    batch = reduction == "batchmean"
    reduction = reduction_name("sum" if batch else reduction, size_average, reduce)
    pointwise = terms.kl_div_log_target_term if log_target else terms.kl_div_term
    total = reduced(pointwise(input, target), reduction)
    return total / input.shape[0] if batch and input.shape else total


# ---------------------------------------------------------------------------------------- margins
@public("F")
def soft_margin_loss(input: Any, target: Any, size_average: bool | None = None,
                     reduce: bool | None = None, reduction: str = "mean") -> Any:
    """``log(1 + exp(-target * input))`` for targets -1 and 1.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, target
    """
    reduction = reduction_name(reduction, size_average, reduce)
    return reduced(_not_larger(terms.soft_margin_term(input, target), input), reduction)


@public("F")
def hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0,
                         size_average: bool | None = None, reduce: bool | None = None,
                         reduction: str = "mean") -> Any:
    """``input`` for target 1, ``max(0, margin - input)`` for target -1.

    Shape:   input (*), target (*) -> () ; (*) with reduction="none"
    Saves:   input, and two bits of every target as bytes
    """
    reduction = reduction_name(reduction, size_average, reduce)
    near, far = ne(target, -1), ne(target, 1)
    return reduced(terms.hinge_embedding_term(input, near, far, margin=margin), reduction)


@public("F")
def margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Any:
    """``max(0, margin - target * (input1 - input2))`` for targets -1 and 1.

    Shape:   input1 (*), input2 (*), target (*) -> () ; (*) with reduction="none"
    Saves:   the difference of the inputs, target
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if not len(input1.shape) == len(input2.shape) == len(target.shape):
        raise ShapeError(
            "margin_ranking_loss : All input tensors should have same dimension but got sizes: "
            f"input1: {input1.shape}, input2: {input2.shape}, target: {target.shape}"
        )
    difference = arithmetic.sub(input1, input2)
    return reduced(terms.margin_ranking_term(difference, target, margin=margin), reduction)


# ----------------------------------------------------------------------------------------- checks
def _weighted_mean(term: Any, input: Any, weight: Any, reduction: str) -> Any:
    if weight is None:
        return reduced(term, reduction)
    weighted = term * _checked(weight, input)
    if reduction == "mean":
        return sum_(weighted) / sum_(weight)
    return reduced(weighted, reduction)


def _checked(weight: Any, input: Any) -> Any:
    if weight.shape != input.shape:
        raise ValueError("Weights and input must have the same size.")
    return weight


def _scaled(term: Any, weight: Any) -> Any:
    return term if weight is None else _not_larger(term * weight, term)


def _not_larger(term: Any, input: Any) -> Any:
    """``term``, unless what was combined with ``input`` made it larger."""
    if term.shape != input.shape:
        raise ShapeError(
            f"output with shape {list(input.shape)} doesn't match the broadcast shape "
            f"{list(term.shape)}"
        )
    return term


def _beside(input: Any, target: Any) -> tuple[Any, Any]:
    """Both, with a warning where they broadcast; PyTorch expands before it promotes."""
    if target.shape == input.shape:
        return input, target
    warnings.warn(
        f"Using a target size ({target.shape}) that is different to the input size "
        f"({input.shape}). This will likely lead to incorrect results due to broadcasting. "
        "Please ensure they have the same size.",
        stacklevel=3,
    )
    kind = input.kind.with_dtype(promote_types(input.kind.dtype, target.kind.dtype))
    common_device("loss", (input, target))
    return convert(input, kind), convert(target, kind)

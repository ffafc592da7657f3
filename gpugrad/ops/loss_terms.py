"""The terms of losses, one per element; loss.py reduces them.

Holds:     every op is one expression; its backward, saved values and kernels are derived.
Must not:  reduce, or contain a derivative.
"""

from __future__ import annotations

import math

from .. import expr as s
from ..expr import Bool, Expr, Float
from .families import elementwise

__all__ = [
    "bce_with_logits_term",
    "binary_cross_entropy_term",
    "cosine_embedding_term",
    "gaussian_nll_term",
    "hinge_embedding_term",
    "hinge_slope",
    "huber_term",
    "inner_products_slope",
    "kl_div_log_target_term",
    "kl_div_term",
    "margin_ranking_term",
    "mse_term",
    "poisson_nll_log_term",
    "poisson_nll_term",
    "smooth_l1_term",
    "soft_margin_term",
    "squared_hinge_slope",
    "stirling_term",
    "triplet_term",
    "weighted_bce_with_logits_term",
]  # fmt: skip


# ------------------------------------------------------------------------------------- regression
@elementwise(node_name="MseLoss")
def mse_term(input: Float, target: Float) -> Expr:
    """Squared difference.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    """
    return (input - target) * (input - target)


@elementwise(node_name="SmoothL1Loss")
def smooth_l1_term(input: Float, target: Float, *, beta: float = 1.0) -> Expr:
    """``d * d / (2 beta)`` below ``beta``, ``d - beta / 2`` above; d the absolute difference.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    Source:  Girshick 2015, eq. 3
    """
    d = s.abs(input - target)
    return s.where(d < beta, 0.5 * d * d / beta, d - 0.5 * beta)


@elementwise(node_name="HuberLoss")
def huber_term(input: Float, target: Float, *, delta: float = 1.0) -> Expr:
    """``d * d / 2`` up to ``delta``, ``delta * (d - delta / 2)`` above; d the absolute difference.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    Source:  Huber 1964
    """
    d = s.abs(input - target)
    return s.where(d <= delta, 0.5 * d * d, delta * (d - 0.5 * delta))


@elementwise(node_name="PoissonNllLoss")
def poisson_nll_log_term(input: Float, target: Float) -> Expr:
    """Negative log-likelihood of counts; ``input`` is the logarithm of the rate.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, and target if it or input needs a gradient
    """
    return s.exp(input) - target * input


@elementwise(node_name="PoissonNllLoss")
def poisson_nll_term(input: Float, target: Float, *, eps: float = 1e-8) -> Expr:
    """Negative log-likelihood of counts; ``input`` is the rate.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    """
    return input - target * s.log(input + eps)


@elementwise(node_name="PoissonNllLoss")
def stirling_term(target: Float) -> Expr:
    """Stirling's approximation of ``log(target!)`` above 1, else 0.

    Shape:   target (...) -> (...)
    Saves:   target
    """
    approximation = target * s.log(target) - target + 0.5 * s.log(2 * math.pi * target)
    return s.where(target > 1, approximation, 0)


@elementwise(node_name="GaussianNllLoss")
def gaussian_nll_term(difference: Float, var: Float) -> Expr:
    """``(log(var) + difference ** 2 / var) / 2``.

    Shape:   difference (...), var (...) broadcast -> (...)
    Saves:   difference, var
    """
    return 0.5 * (s.log(var) + difference * difference / var)


# --------------------------------------------------------------------------------- classification
@elementwise(node_name="BinaryCrossEntropy")
def binary_cross_entropy_term(input: Float, target: Float) -> Expr:
    """Cross entropy of a probability; logarithms are at least -100.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    """
    yes = s.clamp_min(s.log(input), -100)
    no = s.clamp_min(s.log1p(-input), -100)
    return (target - 1) * no - target * yes


@elementwise(node_name="BinaryCrossEntropyWithLogits")
def bce_with_logits_term(input: Float, target: Float) -> Expr:
    """Cross entropy of ``sigmoid(input)``, without overflow.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    """
    return s.softplus(input) - input * target


@elementwise(node_name="BinaryCrossEntropyWithLogits")
def weighted_bce_with_logits_term(input: Float, target: Float, pos_weight: Float) -> Expr:
    """``bce_with_logits_term`` with the positive part weighted.

    Shape:   input (...), target (...), pos_weight (...) broadcast -> (...)
    Saves:   input, target, pos_weight
    """
    weight = (pos_weight - 1) * target + 1
    return (1 - target) * input + weight * s.softplus(-input)


@elementwise(node_name="KlDiv")
def kl_div_term(input: Float, target: Float) -> Expr:
    """``target * (log(target) - input)``; ``input`` is a log-probability.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   target, and input if target needs a gradient
    """
    return s.xlogy(target, target) - target * input


@elementwise(node_name="KlDiv")
def kl_div_log_target_term(input: Float, target: Float) -> Expr:
    """``exp(target) * (target - input)``; both are log-probabilities.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   target, and input if target needs a gradient
    """
    return s.exp(target) * (target - input)


@elementwise(node_name="SoftMarginLoss")
def soft_margin_term(input: Float, target: Float) -> Expr:
    """``log(1 + exp(-target * input))`` without overflow; targets are -1 or 1.

    Shape:   input (...), target (...) broadcast -> (...)
    Saves:   input, target
    """
    return s.softplus(-(target * input))


@elementwise(node_name="HingeEmbeddingLoss")
def hinge_embedding_term(input: Float, near: Bool, far: Bool, *, margin: float = 1.0) -> Expr:
    """``input`` where ``near``, and ``max(0, margin - input)`` where ``far``.

    Shape:   input (...), near (...), far (...) broadcast -> (...)
    Saves:   input, near, far
    """
    return s.where(near, input, 0) + s.where(far, s.clamp_min(margin - input, 0), 0)


@elementwise(node_name="MarginRankingLoss")
def margin_ranking_term(difference: Float, target: Float, *, margin: float = 0.0) -> Expr:
    """``max(0, margin - target * difference)``; targets are -1 or 1.

    Shape:   difference (...), target (...) broadcast -> (...)
    Saves:   difference, target
    """
    return s.clamp_min(margin - target * difference, 0)


# ---------------------------------------------------------------------------- distances of vectors
@elementwise(node_name="CosineEmbeddingLoss")
def cosine_embedding_term(product: Float, square1: Float, square2: Float, near: Bool, far: Bool, *,
                          margin: float = 0.0) -> Expr:
    """``1 - cos`` where ``near``, ``max(0, cos - margin)`` where ``far``.

    Shape:   all (...) -> (...)
    Saves:   all
    """
    cos = product / s.sqrt((square1 + 1e-12) * (square2 + 1e-12))
    return s.where(near, 1 - cos, 0) + s.where(far, s.clamp_min(cos - margin, 0), 0)


@elementwise(node_name="InnerProductsBackward")
def inner_products_slope(across: Float, other: Float, within: Float, own: Float) -> Expr:
    """The cotangent of ``own`` in ``own . other`` and in ``own . own``, per row of both.

    Shape:   across (..., 1), other (...), within (..., 1), own (...) -> (...)
    Saves:   all
    """
    return across * other + 2 * within * own


@elementwise(node_name="ClampMin")
def triplet_term(difference: Float, *, margin: float = 1.0) -> Expr:
    """``max(0, margin + difference)``.

    Shape:   difference (...) -> (...)
    Saves:   difference
    """
    return s.clamp_min(margin + difference, 0)


@elementwise(node_name="MultiMarginLossBackward")
def hinge_slope(input: Float, own: Float, *, margin: float = 1.0) -> Expr:
    """The derivative of ``max(0, margin - own + input)`` by ``input``.

    Shape:   input (...), own (...) broadcast -> (...)
    Saves:   nothing
    """
    return s.where(margin - own + input > 0, 1.0, 0.0)


@elementwise(node_name="MultiMarginLossBackward")
def squared_hinge_slope(input: Float, own: Float, *, margin: float = 1.0) -> Expr:
    """The derivative of ``max(0, margin - own + input) ** 2`` by ``input``.

    Shape:   input (...), own (...) broadcast -> (...)
    Saves:   input, own
    """
    return 2 * s.clamp_min(margin - own + input, 0)

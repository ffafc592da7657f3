"""Losses as the library itself has them, next to those of ``nn.functional``.

There a reduction is a number: 0 is none, 1 the mean, 2 the sum. Left out it is none: PyTorch's
parser of defaults reads 0 where its signatures say mean.

Holds:     PyTorch's names and argument orders.
Must not:  compute: the losses of ``nn.functional`` do.
"""

from __future__ import annotations

from typing import Any

from . import ctc, embedding_losses, likelihoods, loss
from .surface import public

__all__: list[str] = []

_NAMES = {1: "mean", 2: "sum"}


def _name(reduction: int) -> str:
    return _NAMES.get(reduction, "none")


@public("torch", name="kl_div")
def _kl_div(input: Any, target: Any, reduction: int = 0, *, log_target: bool = False) -> Any:
    """``nn.functional.kl_div``."""
    return loss.kl_div(input, target, reduction=_name(reduction), log_target=log_target)


@public("torch", name="binary_cross_entropy_with_logits")
def _binary_cross_entropy_with_logits(input: Any, target: Any, weight: Any = None,
                                      pos_weight: Any = None, reduction: int = 0) -> Any:
    """``nn.functional.binary_cross_entropy_with_logits``."""
    return loss.binary_cross_entropy_with_logits(
        input, target, weight, reduction=_name(reduction), pos_weight=pos_weight
    )


@public("torch", name="hinge_embedding_loss")
def _hinge_embedding_loss(input: Any, target: Any, margin: float = 1.0, reduction: int = 0) -> Any:
    """``nn.functional.hinge_embedding_loss``."""
    return loss.hinge_embedding_loss(input, target, margin, reduction=_name(reduction))


@public("torch", name="margin_ranking_loss")
def _margin_ranking_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0,
                         reduction: int = 0) -> Any:
    """``nn.functional.margin_ranking_loss``."""
    return loss.margin_ranking_loss(input1, input2, target, margin, reduction=_name(reduction))


@public("torch", name="cosine_embedding_loss")
def _cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0.0,
                           reduction: int = 0) -> Any:
    """``nn.functional.cosine_embedding_loss``."""
    return embedding_losses.cosine_embedding_loss(
        input1, input2, target, margin, reduction=_name(reduction)
    )


@public("torch", name="triplet_margin_loss")
def _triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: float = 1.0,
                         p: float = 2.0, eps: float = 1e-6, swap: bool = False,
                         reduction: int = 0) -> Any:
    """``nn.functional.triplet_margin_loss``."""
    return embedding_losses.triplet_margin_loss(
        anchor, positive, negative, margin, p, eps, swap, reduction=_name(reduction)
    )


@public("torch", name="poisson_nll_loss")
def _poisson_nll_loss(input: Any, target: Any, log_input: bool, full: bool, eps: float,
                      reduction: int) -> Any:
    """``nn.functional.poisson_nll_loss``."""
    return likelihoods.poisson_nll_loss(
        input, target, log_input, full, eps=eps, reduction=_name(reduction)
    )


@public("torch", name="ctc_loss")
def _ctc_loss(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any,
              blank: int = 0, reduction: int = 0, zero_infinity: bool = False) -> Any:
    """``nn.functional.ctc_loss``."""
    return ctc.ctc_loss(
        log_probs, targets, input_lengths, target_lengths, blank, _name(reduction), zero_infinity
    )

"""The ``reduction`` argument of losses.

Holds:     "mean", "sum" and "none", also from the two flags that PyTorch had before.
Must not:  know any loss.
"""

from __future__ import annotations

from typing import Any

from ..errors import bad_reduction
from .reduce import mean, sum_

__all__ = ["reduced", "reduction_name"]


def reduction_name(reduction: str, size_average: bool | None = None, reduce: bool | None = None
                   ) -> str:
    """``reduction``, checked, unless one of the old flags says otherwise."""
    if size_average is not None or reduce is not None:
        if reduce is not None and not reduce:
            return "none"
        return "mean" if size_average is None or size_average else "sum"
    if reduction == "elementwise_mean":
        return "mean"
    if reduction not in ("mean", "sum", "none"):
        raise bad_reduction(reduction)
    return reduction


def reduced(terms: Any, reduction: str) -> Any:
    """The mean or the sum of elementwise terms, or the terms."""
    if reduction == "none":
        return terms
    return mean(terms) if reduction == "mean" else sum_(terms)

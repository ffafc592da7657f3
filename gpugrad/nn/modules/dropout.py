"""Dropout of elements and of whole channels.

Holds:     evaluation mode is the identity.
Must not:  draw random numbers itself.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module

__all__ = ["AlphaDropout", "Dropout", "Dropout1d", "Dropout2d", "Dropout3d",
           "FeatureAlphaDropout"]  # fmt: skip


class _DropoutNd(Module):
    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__()
        if not 0 <= p <= 1:
            raise ValueError(f"dropout probability has to be between 0 and 1, but got {p}")
        self.p = p
        self.inplace = inplace

    def extra_repr(self) -> str:
        """The probability."""
        return f"p={self.p}, inplace={self.inplace}"


class Dropout(_DropoutNd):
    """In training mode, zeroes each element with probability ``p`` and scales the others up.

    Shape:   any
    Saves:   as functional.dropout
    Source:  Srivastava et al. 2014
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.dropout(input, self.p, self.training, self.inplace)


class Dropout1d(_DropoutNd):
    """Dropout of whole channels of sequences.

    Shape:   (N, C, L) or (C, L)
    Saves:   as functional.dropout1d
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.dropout1d(input, self.p, self.training, self.inplace)


class Dropout2d(_DropoutNd):
    """Dropout of whole channels of images.

    Shape:   (N, C, H, W) or (C, H, W)
    Saves:   as functional.dropout2d
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.dropout2d(input, self.p, self.training, self.inplace)


class Dropout3d(_DropoutNd):
    """Dropout of whole channels of volumes.

    Shape:   (N, C, D, H, W) or (C, D, H, W)
    Saves:   as functional.dropout3d
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.dropout3d(input, self.p, self.training, self.inplace)


class AlphaDropout(_DropoutNd):
    """Dropout that keeps mean and variance of SELU's outputs (Klambauer et al. 2017).

    Shape:   any
    Saves:   as functional.alpha_dropout
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.alpha_dropout(input, self.p, self.training, self.inplace)


class FeatureAlphaDropout(_DropoutNd):
    """AlphaDropout of whole channels.

    Shape:   (N, C, ...)
    Saves:   as functional.feature_alpha_dropout
    """

    def forward(self, input: Any) -> Any:
        """``input``, thinned out while training."""
        return F.feature_alpha_dropout(input, self.p, self.training, self.inplace)

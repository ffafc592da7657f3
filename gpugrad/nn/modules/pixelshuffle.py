"""Channels that become pixels, and back.

Holds:     settings have PyTorch's names and printed form; nothing has weights.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module

__all__ = ["PixelShuffle", "PixelUnshuffle"]


class PixelShuffle(Module):
    """Channels become pixels: an image ``upscale_factor`` times as large in both directions.

    Shape:   (..., C * r * r, H, W) -> (..., C, H * r, W * r)
    Saves:   nothing
    Source:  Shi et al. 2016
    """

    def __init__(self, upscale_factor: int) -> None:
        super().__init__()
        self.upscale_factor = upscale_factor

    def forward(self, input: Any) -> Any:
        """The larger image."""
        return F.pixel_shuffle(input, self.upscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"upscale_factor={self.upscale_factor}"


class PixelUnshuffle(Module):
    """Pixels become channels, the inverse of PixelShuffle.

    Shape:   (..., C, H * r, W * r) -> (..., C * r * r, H, W)
    Saves:   nothing
    """

    def __init__(self, downscale_factor: int) -> None:
        super().__init__()
        self.downscale_factor = downscale_factor

    def forward(self, input: Any) -> Any:
        """The smaller image."""
        return F.pixel_unshuffle(input, self.downscale_factor)

    def extra_repr(self) -> str:
        """The factor."""
        return f"downscale_factor={self.downscale_factor}"

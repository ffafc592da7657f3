"""Resampling of images and sequences.

Holds:     settings have PyTorch's names and printed form; nothing has weights.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .module import Module

__all__ = ["Upsample", "UpsamplingBilinear2d", "UpsamplingNearest2d"]


class Upsample(Module):
    """Resamples to ``size``, or by ``scale_factor``.

    Shape:   (N, C, ...) -> (N, C, *size)
    Saves:   as functional.interpolate
    """

    def __init__(self, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                 align_corners: bool | None = None,
                 recompute_scale_factor: bool | None = None) -> None:  # fmt: skip
        super().__init__()
        self.name = type(self).__name__
        self.size = size
        if isinstance(scale_factor, tuple):
            self.scale_factor: Any = tuple(float(factor) for factor in scale_factor)
        else:
            self.scale_factor = float(scale_factor) if scale_factor else None
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor

    def forward(self, input: Any) -> Any:
        """``input`` resampled."""
        return F.interpolate(input, self.size, self.scale_factor, self.mode, self.align_corners,
                             self.recompute_scale_factor)  # fmt: skip

    def extra_repr(self) -> str:
        """The factor or the size, and the mode."""
        given = ("size", self.size)
        if self.scale_factor is not None:
            given = ("scale_factor", self.scale_factor)
        return f"{given[0]}={given[1]!r}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """Each output pixel is its nearest input pixel.

    Shape:   (N, C, H, W) -> (N, C, *size)
    Saves:   nothing
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="nearest")


class UpsamplingBilinear2d(Upsample):
    """Each output pixel is a mean of four input pixels; the corners stay.

    Shape:   (N, C, H, W) -> (N, C, *size)
    Saves:   nothing
    """

    def __init__(self, size: Any = None, scale_factor: Any = None) -> None:
        super().__init__(size, scale_factor, mode="bilinear", align_corners=True)

"""The spatial dimensions of images and signals: pooling, padding, resampling, shuffling."""

from . import average, fractional, grid, interpolation, maximum, padding, shuffle, unpool

__all__ = ["average", "fractional", "grid", "interpolation", "maximum", "padding", "shuffle",
           "unpool"]  # fmt: skip

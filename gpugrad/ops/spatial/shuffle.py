"""Moving entries between channels and space, and among channels: reshapes and permutations.

Must not:  save anything.
"""

from __future__ import annotations

from typing import Any

from ...errors import ShapeError
from ..rearrange import contiguous
from ..shape import permute, reshape, transpose
from ..surface import public

__all__ = ["channel_shuffle", "pixel_shuffle", "pixel_unshuffle"]


def _check_dims(name: str, input: Any) -> None:
    if len(input.shape) < 3:
        raise ShapeError(
            f"{name} expects input to have at least 3 dimensions, but got input with "
            f"{len(input.shape)} dimension(s)"
        )


@public("torch F")
def pixel_shuffle(input: Any, upscale_factor: int) -> Any:
    """Channels laid out as pixels: every r * r channels become an r times finer image.

    Shape:   (..., C * r * r, H, W) -> (..., C, H * r, W * r)
    Saves:   nothing
    """
    _check_dims("pixel_shuffle", input)
    r = int(upscale_factor)
    if r <= 0:
        raise RuntimeError(f"pixel_shuffle expects a positive upscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    if channels % (r * r):
        raise ShapeError(
            "pixel_shuffle expects its input's 'channel' dimension to be divisible by the square "
            f"of upscale_factor, but input.size(-3)={channels} is not divisible by {r * r}"
        )
    n, c = len(lead), channels // (r * r)
    parts = reshape(input, *lead, c, r, r, height, width)
    moved = permute(parts, *range(n), n, n + 3, n + 1, n + 4, n + 2)
    return contiguous(reshape(moved, *lead, c, height * r, width * r))


@public("torch F")
def pixel_unshuffle(input: Any, downscale_factor: int) -> Any:
    """Pixels laid out as channels: undoes ``pixel_shuffle``.

    Shape:   (..., C, H * r, W * r) -> (..., C * r * r, H, W)
    Saves:   nothing
    """
    _check_dims("pixel_unshuffle", input)
    r = int(downscale_factor)
    if r <= 0:
        raise RuntimeError(f"pixel_unshuffle expects a positive downscale_factor, but got {r}")
    *lead, channels, height, width = input.shape
    for name, size, dim in (("height", height, -2), ("width", width, -1)):
        if size % r:
            raise ShapeError(
                f"pixel_unshuffle expects {name} to be divisible by downscale_factor, but "
                f"input.size({dim})={size} is not divisible by {r}"
            )
    n = len(lead)
    parts = reshape(input, *lead, channels, height // r, r, width // r, r)
    moved = permute(parts, *range(n), n, n + 2, n + 4, n + 1, n + 3)
    return contiguous(reshape(moved, *lead, channels * r * r, height // r, width // r))


@public("torch F", also="native_channel_shuffle")
def channel_shuffle(input: Any, groups: int) -> Any:
    """Channels in another order: the first of every group, then the second of every group, ...

    Shape:   (N, C, ...) -> the same
    Saves:   nothing
    """
    groups = int(groups)
    if len(input.shape) <= 2:
        raise ShapeError(
            f"channel_shuffle expects input with > 2 dims, but got input with sizes "
            f"{list(input.shape)}"
        )
    if groups <= 0:
        raise RuntimeError(
            f"Number of groups to divide channels in must be positive. Value of groups:{groups}"
        )
    batch, channels, *rest = input.shape
    if channels % groups:
        raise ShapeError(
            f"Number of channels must be divisible by groups. Got {channels} channels and "
            f"{groups} groups."
        )
    parts = reshape(input, batch, groups, channels // groups, *rest)
    return contiguous(reshape(transpose(parts, 1, 2), input.shape))

"""Where a kernel stands: the sizes that a convolution and both its gradients share.

Holds:     a geometry says everything but batch and channels; padding after the last element is
           what ``out`` asks for, so it has no number of its own.
Must not:  know arrays or devices.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from math import prod
from typing import NamedTuple

__all__ = ["Geometry", "Part", "channel_parts", "position_parts"]

Sizes = tuple[int, ...]


class Sizing(NamedTuple):
    """The fields of a geometry, one number per spatial dimension."""

    size: Sizes
    kernel: Sizes
    out: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes
    groups: int


class Geometry(Sizing):
    """``out[o]`` reads ``input[o * stride - padding + k * dilation]`` for each k of the kernel."""

    @cached_property
    def taps(self) -> int:
        """Elements of a kernel, per channel."""
        return prod(self.kernel)

    @cached_property
    def positions(self) -> int:
        """Where a kernel stands, per image."""
        return prod(self.out)

    @cached_property
    def reach(self) -> Sizes:
        """The padded input as far as kernels read it."""
        return tuple([
            (o - 1) * s + (k - 1) * d + 1
            for o, s, k, d in zip(self.out, self.stride, self.kernel, self.dilation, strict=True)
        ])

    @cached_property
    def pads(self) -> bool:
        """Whether kernels read outside of the input."""
        return any(self.padding) or any(
            r > n for r, n in zip(self.reach, self.size, strict=True)
        )

    @cached_property
    def dense(self) -> bool:
        """Whether kernels stand on every element."""
        return all(s == 1 for s in self.stride)

    @cached_property
    def pointwise(self) -> bool:
        """Whether each output is made of the input at the same place alone."""
        return self.taps == 1 and self.dense and self.size == self.out and not any(self.padding)

    @cached_property
    def reversed(self) -> Geometry:
        """That of the gradient of the input, where kernels stand on every element of it."""
        padding = tuple([
            (k - 1) * d - p
            for k, d, p in zip(self.kernel, self.dilation, self.padding, strict=True)
        ])
        return Geometry(
            self.out, self.kernel, self.size, self.stride, padding, self.dilation, self.groups
        )


class Part(NamedTuple):
    """Samples, and rows of the output or channels of each group, whose columns fit together."""

    samples: slice
    number: int
    inner: slice


def position_parts(geometry: Geometry, batch: int, column: int, limit: int) -> Iterator[Part]:
    """Samples, or rows of a sample, with at most ``limit`` elements in columns of ``column``."""
    rows = geometry.out[0]
    several = limit // max(1, column * geometry.positions)
    step = rows if several else max(1, limit * rows // max(1, column * geometry.positions))
    for start in range(0, batch, several or 1):
        number = min(several or 1, batch - start)
        for row in range(0, rows, step):
            inner = slice(row, min(row + step, rows))
            yield Part(slice(start, start + number), number, inner)


def channel_parts(geometry: Geometry, batch: int, channels: int, limit: int) -> Iterator[Part]:
    """Samples, or channels (of each group) of a sample, with at most ``limit`` elements."""
    row = max(1, geometry.groups * geometry.taps * geometry.positions)
    several = limit // max(1, row * channels)
    step = channels if several else max(1, limit // row)
    for start in range(0, batch, several or 1):
        number = min(several or 1, batch - start)
        for channel in range(0, channels, step):
            inner = slice(channel, min(channel + step, channels))
            yield Part(slice(start, start + number), number, inner)

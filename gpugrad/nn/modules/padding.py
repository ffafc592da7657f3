"""Layers that pad: with a constant, with the edge, with the mirror image, or round the circle.

Holds:     ``padding`` counts from the last dimension, two numbers each, as ``F.pad`` wants it.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from .. import functional as F
from .module import Module

__all__ = [
    "CircularPad1d", "CircularPad2d", "CircularPad3d", "ConstantPad1d", "ConstantPad2d",
    "ConstantPad3d", "ReflectionPad1d", "ReflectionPad2d", "ReflectionPad3d", "ReplicationPad1d",
    "ReplicationPad2d", "ReplicationPad3d", "ZeroPad1d", "ZeroPad2d", "ZeroPad3d",
]  # fmt: skip


class _PadNd(Module):
    """What all share; a subclass says its mode and how many dimensions it pads."""

    _mode: ClassVar[str] = "constant"
    _rank: ClassVar[int]
    value: float | None = None

    def __init__(self, padding: Any) -> None:
        super().__init__()
        whole = not isinstance(padding, Sequence)
        self.padding = (padding,) * (2 * self._rank) if whole else tuple(padding)

    def forward(self, input: Any) -> Any:
        """``input`` with its last dimensions padded."""
        return F.pad(input, self.padding, self._mode, self.value)

    def extra_repr(self) -> str:
        """What is added on each side."""
        return f"{self.padding}"


class _ConstantPadNd(_PadNd):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def extra_repr(self) -> str:
        """What is added on each side, and its value."""
        return f"padding={self.padding}, value={self.value}"


class _ReflectionPadNd(_PadNd):
    _mode = "reflect"


class _ReplicationPadNd(_PadNd):
    _mode = "replicate"


class _CircularPadNd(_PadNd):
    _mode = "circular"


# ---------------------------------------------------------------------------------------- constants
class ConstantPad1d(_ConstantPadNd):
    """Pads the last dimension with ``value``.

    Shape:   (..., W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 1


class ConstantPad2d(_ConstantPadNd):
    """Pads the last 2 dimensions with ``value``.

    Shape:   (..., H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 2


class ConstantPad3d(_ConstantPadNd):
    """Pads the last 3 dimensions with ``value``.

    Shape:   (..., D, H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 3


# -------------------------------------------------------------------------------------------- zeros
class ZeroPad1d(ConstantPad1d):
    """Pads the last dimension with zeros.

    Shape:   (..., W) -> the same, each size with what is added
    Saves:   nothing
    """

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


class ZeroPad2d(ConstantPad2d):
    """Pads the last 2 dimensions with zeros.

    Shape:   (..., H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


class ZeroPad3d(ConstantPad3d):
    """Pads the last 3 dimensions with zeros.

    Shape:   (..., D, H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    extra_repr = _PadNd.extra_repr


# ------------------------------------------------------------------------------------ mirror images
class ReflectionPad1d(_ReflectionPadNd):
    """Pads the last dimension with the mirror image, the edge not twice.

    Shape:   (..., W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 1


class ReflectionPad2d(_ReflectionPadNd):
    """Pads the last 2 dimensions with the mirror image, the edge not twice.

    Shape:   (..., H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 2


class ReflectionPad3d(_ReflectionPadNd):
    """Pads the last 3 dimensions with the mirror image, the edge not twice.

    Shape:   (..., D, H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 3


# -------------------------------------------------------------------------------------------- edges
class ReplicationPad1d(_ReplicationPadNd):
    """Pads the last dimension with the edge.

    Shape:   (..., W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 1


class ReplicationPad2d(_ReplicationPadNd):
    """Pads the last 2 dimensions with the edge.

    Shape:   (..., H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 2


class ReplicationPad3d(_ReplicationPadNd):
    """Pads the last 3 dimensions with the edge.

    Shape:   (..., D, H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 3


# ------------------------------------------------------------------------------------------ circles
class CircularPad1d(_CircularPadNd):
    """Pads the last dimension with the other end.

    Shape:   (..., W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 1


class CircularPad2d(_CircularPadNd):
    """Pads the last 2 dimensions with the other end.

    Shape:   (..., H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 2


class CircularPad3d(_CircularPadNd):
    """Pads the last 3 dimensions with the other end.

    Shape:   (..., D, H, W) -> the same, each size with what is added
    Saves:   nothing
    """

    _rank = 3

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


class _Pad(Module):
    """What all share; a subclass says its mode and how many dimensions it pads."""

    _mode: ClassVar[str]
    _rank: ClassVar[int]

    def __init__(self, padding: Any) -> None:
        super().__init__()
        whole = not isinstance(padding, Sequence)
        self.padding = (padding,) * (2 * self._rank) if whole else tuple(padding)

    def forward(self, input: Any) -> Any:
        """``input`` with its last dimensions padded."""
        return F.pad(input, self.padding, self._mode)

    def extra_repr(self) -> str:
        """What is added on each side."""
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = value

    def forward(self, input: Any) -> Any:
        """``input`` with its last dimensions padded."""
        return F.pad(input, self.padding, "constant", self.value)

    def extra_repr(self) -> str:
        """What is added on each side, and its value."""
        return f"padding={self.padding}, value={self.value}"


class _ZeroPad(_ConstantPad):
    def __init__(self, padding: Any) -> None:
        super().__init__(padding, 0.0)

    def extra_repr(self) -> str:
        """What is added on each side."""
        return f"{self.padding}"


def _layers(base: type[_Pad], name: str, what: str, **constants: Any) -> list[Any]:
    """The three layers of a kind."""
    made = []
    for rank, dims in enumerate(("W", "H, W", "D, H, W"), 1):
        text = (
            f"Pads the last {rank} dimension{'s' * (rank > 1)} with {what}.\n\n"
            f"    Shape:   (..., {dims}) -> the same, each size with what is added\n"
            "    Saves:   nothing\n    "
        )
        members = {"__doc__": text, "__module__": __name__, "_rank": rank, **constants}
        made.append(type(f"{name}{rank}d", (base,), members))
    return made


ConstantPad1d, ConstantPad2d, ConstantPad3d = _layers(_ConstantPad, "ConstantPad", "``value``")
ZeroPad1d, ZeroPad2d, ZeroPad3d = _layers(_ZeroPad, "ZeroPad", "zeros")
ReflectionPad1d, ReflectionPad2d, ReflectionPad3d = _layers(
    _Pad, "ReflectionPad", "the mirror image, the edge not twice", _mode="reflect"
)
ReplicationPad1d, ReplicationPad2d, ReplicationPad3d = _layers(
    _Pad, "ReplicationPad", "the edge", _mode="replicate"
)
CircularPad1d, CircularPad2d, CircularPad3d = _layers(
    _Pad, "CircularPad", "the other end", _mode="circular"
)

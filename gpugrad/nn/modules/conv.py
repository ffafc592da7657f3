"""Convolution layers, plain and transposed, in one to three dimensions.

Holds:     weights and settings have PyTorch's shapes, names and printed form.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar

from .. import functional as F
from .. import init
from ..parameter import new_parameter
from .module import Module

__all__ = ["Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"]

_MODES = ("zeros", "reflect", "replicate", "circular")


class _ConvNd(Module):
    """What all convolutions share: settings, weights, and their first values."""

    _rank: ClassVar[int]
    _function: Any
    _transposed: ClassVar[bool] = False

    def _setup(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any,
               padding: Any, output_padding: Any, dilation: Any, groups: int, bias: bool,
               padding_mode: str, device: Any, dtype: Any) -> None:  # fmt: skip
        self.in_channels = in_channels
        self.out_channels = out_channels
        self.kernel_size = self._each(kernel_size)
        self.stride = self._each(stride)
        self.padding = padding if isinstance(padding, str) else self._each(padding)
        self.dilation = self._each(dilation)
        self.transposed = self._transposed
        self.output_padding = self._each(output_padding)
        self.groups = groups
        self.padding_mode = padding_mode
        self._check_settings()
        ends = (in_channels, out_channels) if self.transposed else (out_channels, in_channels)
        shape = (ends[0], ends[1] // groups, *self.kernel_size)
        self.weight = new_parameter(shape, device, dtype)
        own = new_parameter((out_channels,), device, dtype) if bias else None
        self.register_parameter("bias", own)
        self.reset_parameters()

    def _each(self, value: Any) -> tuple[int, ...]:
        """One number per dimension."""
        return tuple(value) if isinstance(value, Sequence) else (value,) * self._rank

    def _check_settings(self) -> None:
        if self.groups <= 0:
            raise ValueError("groups must be a positive integer")
        if self.in_channels % self.groups != 0:
            raise ValueError("in_channels must be divisible by groups")
        if self.out_channels % self.groups != 0:
            raise ValueError("out_channels must be divisible by groups")
        if isinstance(self.padding, str):
            if self.padding not in ("same", "valid"):
                raise ValueError(
                    f"Invalid padding string {self.padding!r}, should be one of 'same', 'valid'"
                )
            if self.padding == "same" and set(self.stride) != {1}:
                raise ValueError("padding='same' is not supported for strided convolutions")
        if self.padding_mode not in _MODES:
            raise ValueError(
                f"padding_mode must be one of {_MODES}, but got padding_mode='{self.padding_mode}'"
            )

    def reset_parameters(self) -> None:
        """Uniform within 1 / sqrt(elements that an output is summed over)."""
        init.kaiming_uniform_(self.weight, a=math.sqrt(5))
        fan_in = math.prod(self.weight.shape[1:])
        if self.bias is not None and fan_in:
            bound = 1 / math.sqrt(fan_in)
            init.uniform_(self.bias, -bound, bound)

    def extra_repr(self) -> str:
        """The sizes, and the options that differ from the defaults."""
        text = (
            f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
            f"stride={self.stride}"
        )
        defaults = (("padding", 0), ("dilation", 1), ("output_padding", 0))
        for name, default in defaults:
            value = getattr(self, name)
            if value != (default,) * len(value):
                text += f", {name}={value}"
        if self.groups != 1:
            text += f", groups={self.groups}"
        if self.bias is None:
            text += ", bias=False"
        if self.padding_mode != "zeros":
            text += f", padding_mode={self.padding_mode}"
        return text


# ------------------------------------------------------------------------------------------ plain
class _PlainConv(_ConvNd):
    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, dilation: Any = 1, groups: int = 1, bias: bool = True,
                 padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self._setup(in_channels, out_channels, kernel_size, stride, padding, 0, dilation, groups,
                    bias, padding_mode, device, dtype)  # fmt: skip

    def forward(self, input: Any) -> Any:
        """``input`` convolved with the weight."""
        return self._conv_forward(input, self.weight, self.bias)

    def _conv_forward(self, input: Any, weight: Any, bias: Any) -> Any:
        padding: Any = self.padding
        if self.padding_mode != "zeros":
            input, padding = F.pad(input, self._sides(), mode=self.padding_mode), 0
        return self._function(
            input, weight, bias, self.stride, padding, self.dilation, self.groups
        )

    def _sides(self) -> list[int]:
        """What ``F.pad`` adds on each side, the last dimension first."""
        if isinstance(self.padding, tuple):
            return [n for n in reversed(self.padding) for _ in range(2)]
        sides = []
        for step, size in zip(reversed(self.dilation), reversed(self.kernel_size), strict=True):
            total = step * (size - 1) if self.padding == "same" else 0
            sides += [total // 2, total - total // 2]
        return sides


class Conv1d(_PlainConv):
    """Each output channel is a filter over all input channels of its group.

    Shape:   (N, in, L) or (in, L) -> (N, out, L_out) or (out, L_out)
    Saves:   as functional.conv1d
    """

    _rank = 1
    _function = staticmethod(F.conv1d)


class Conv2d(_PlainConv):
    """Each output channel is a filter over all input channels of its group.

    Shape:   (N, in, H, W) or (in, H, W) -> (N, out, H_out, W_out) or (out, H_out, W_out)
    Saves:   as functional.conv2d
    """

    _rank = 2
    _function = staticmethod(F.conv2d)


class Conv3d(_PlainConv):
    """Each output channel is a filter over all input channels of its group.

    Shape:   (N, in, D, H, W) or (in, D, H, W) -> the same with out, D_out, H_out, W_out
    Saves:   as functional.conv3d
    """

    _rank = 3
    _function = staticmethod(F.conv3d)


# ------------------------------------------------------------------------------------- transposed
class _ConvTransposeNd(_ConvNd):
    _transposed = True

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1,
                 padding: Any = 0, output_padding: Any = 0, groups: int = 1, bias: bool = True,
                 dilation: Any = 1, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        if padding_mode != "zeros":
            raise ValueError(f'Only "zeros" padding mode is supported for {type(self).__name__}')
        self._setup(in_channels, out_channels, kernel_size, stride, padding, output_padding,
                    dilation, groups, bias, padding_mode, device, dtype)  # fmt: skip

    def forward(self, input: Any, output_size: Sequence[int] | None = None) -> Any:
        """The transpose of a convolution; ``output_size`` chooses among the sizes it may have."""
        extra = self.output_padding if output_size is None else self._extra(input, output_size)
        return self._function(
            input, self.weight, self.bias, self.stride, self.padding, extra, self.groups,
            self.dilation,
        )  # fmt: skip

    def _extra(self, input: Any, output_size: Sequence[int]) -> list[int]:
        """The output padding that gives ``output_size``."""
        n, rank = self._rank, len(input.shape)
        wanted = list(output_size)
        if len(wanted) == rank:
            wanted = wanted[rank - n :]
        if len(wanted) != n:
            raise ValueError(
                f"ConvTranspose{n}D: for {rank}D input, output_size must have {n} or {rank} "
                f"elements (got {len(wanted)})"
            )
        least = [
            (input.shape[rank - n + d] - 1) * self.stride[d] - 2 * int(self.padding[d])
            + self.dilation[d] * (self.kernel_size[d] - 1) + 1
            for d in range(n)
        ]  # fmt: skip
        most = [size + stride - 1 for size, stride in zip(least, self.stride, strict=True)]
        if any(not a <= b <= c for a, b, c in zip(least, wanted, most, strict=True)):
            raise ValueError(
                f"requested an output size of {wanted}, but valid sizes range from {least} to "
                f"{most} (for an input of {list(input.shape[rank - n :])})"
            )
        return [b - a for a, b in zip(least, wanted, strict=True)]


class ConvTranspose1d(_ConvTransposeNd):
    """The transpose of Conv1d: each input element adds a scaled filter to the output.

    Shape:   (N, in, L) or (in, L) -> (N, out, L_out) or (out, L_out)
    Saves:   as functional.conv_transpose1d
    """

    _rank = 1
    _function = staticmethod(F.conv_transpose1d)


class ConvTranspose2d(_ConvTransposeNd):
    """The transpose of Conv2d: each input element adds a scaled filter to the output.

    Shape:   (N, in, H, W) or (in, H, W) -> (N, out, H_out, W_out) or (out, H_out, W_out)
    Saves:   as functional.conv_transpose2d
    """

    _rank = 2
    _function = staticmethod(F.conv_transpose2d)


class ConvTranspose3d(_ConvTransposeNd):
    """The transpose of Conv3d: each input element adds a scaled filter to the output.

    Shape:   (N, in, D, H, W) or (in, D, H, W) -> the same with out, D_out, H_out, W_out
    Saves:   as functional.conv_transpose3d
    """

    _rank = 3
    _function = staticmethod(F.conv_transpose3d)

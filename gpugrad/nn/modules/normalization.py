"""Normalization by the statistics of each example: layer, group, root mean square, local response.

Holds:     nothing is kept between calls; batchnorm.py has the layers that keep running statistics.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

import numbers
from typing import Any

from .. import functional as F
from .. import init
from ..parameter import new_parameter
from .module import Module

__all__ = ["GroupNorm", "LayerNorm", "LocalResponseNorm", "RMSNorm"]


class LayerNorm(Module):
    """Each example's last dimensions with mean 0 and variance 1, then scaled and shifted.

    Shape:   (..., *normalized_shape) -> the same
    Saves:   as functional.layer_norm
    Source:  Ba et al. 2016; semantics of torch.nn.LayerNorm
    """

    def __init__(self, normalized_shape: Any, eps: float = 1e-5, elementwise_affine: bool = True,
                 bias: bool = True, device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        for name, there in (("weight", elementwise_affine), ("bias", elementwise_affine and bias)):
            param = new_parameter(self.normalized_shape, device, dtype) if there else None
            self.register_parameter(name, param)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight one, bias zero."""
        _ones_and_zeros(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """``input`` normalised."""
        return F.layer_norm(input, self.normalized_shape, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
            f", bias={self.bias is not None}"
        )


class RMSNorm(Module):
    """Each example's last dimensions divided by their root mean square, then scaled.

    Shape:   (..., *normalized_shape) -> the same
    Saves:   as functional.rms_norm
    Source:  Zhang & Sennrich 2019; semantics of torch.nn.RMSNorm
    """

    def __init__(self, normalized_shape: Any, eps: float | None = None,
                 elementwise_affine: bool = True, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self.normalized_shape = _shape(normalized_shape)
        self.eps = eps
        self.elementwise_affine = elementwise_affine
        param = new_parameter(self.normalized_shape, device, dtype) if elementwise_affine else None
        self.register_parameter("weight", param)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight one."""
        _ones_and_zeros(self.weight, None)

    def forward(self, input: Any) -> Any:
        """``input`` normalised."""
        return F.rms_norm(input, self.normalized_shape, self.weight, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.normalized_shape}, eps={self.eps}, elementwise_affine={self.elementwise_affine}"
        )


class GroupNorm(Module):
    """Groups of channels of each example with mean 0 and variance 1, then scaled per channel.

    Shape:   (N, C, ...) -> the same; C is a multiple of ``num_groups``
    Saves:   as functional.group_norm
    Source:  Wu & He 2018; semantics of torch.nn.GroupNorm
    """

    def __init__(self, num_groups: int, num_channels: int, eps: float = 1e-5, affine: bool = True,
                 device: Any = None, dtype: Any = None, *, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        if num_channels % num_groups != 0:
            raise ValueError(
                f"num_channels ({num_channels}) must be divisible by num_groups ({num_groups})"
            )
        self.num_groups = num_groups
        self.num_channels = num_channels
        self.eps = eps
        self.affine = affine
        for name, there in (("weight", affine), ("bias", affine and bias)):
            param = new_parameter((num_channels,), device, dtype) if there else None
            self.register_parameter(name, param)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Weight one, bias zero."""
        _ones_and_zeros(self.weight, self.bias)

    def forward(self, input: Any) -> Any:
        """``input`` normalised."""
        return F.group_norm(input, self.num_groups, self.weight, self.bias, self.eps)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.num_groups}, {self.num_channels}, eps={self.eps}, affine={self.affine}, "
            f"bias={self.bias is not None}"
        )


class LocalResponseNorm(Module):
    """Each element divided by a power of the squares of its neighbours in other channels.

    Shape:   (N, C, ...) -> the same
    Saves:   as functional.local_response_norm
    Source:  Krizhevsky et al. 2012
    """

    def __init__(self, size: int, alpha: float = 1e-4, beta: float = 0.75, k: float = 1.0) -> None:
        super().__init__()
        self.size = size
        self.alpha = alpha
        self.beta = beta
        self.k = k

    def forward(self, input: Any) -> Any:
        """``input`` normalised."""
        return F.local_response_norm(input, self.size, self.alpha, self.beta, self.k)

    def extra_repr(self) -> str:
        """The settings."""
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"


def _shape(normalized_shape: Any) -> tuple[int, ...]:
    whole = isinstance(normalized_shape, numbers.Integral)
    return (int(normalized_shape),) if whole else tuple(normalized_shape)


def _ones_and_zeros(weight: Any, bias: Any) -> None:
    if weight is not None:
        init.ones_(weight)
    if bias is not None:
        init.zeros_(bias)

"""Normalization by channel, each example for itself.

Holds:     running statistics are kept only if asked for.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

from typing import Any

from .. import functional as F
from .batchnorm import _NormBase

__all__ = ["InstanceNorm1d", "InstanceNorm2d", "InstanceNorm3d"]


class _InstanceNorm(_NormBase):
    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float = 0.1,
                 affine: bool = False, track_running_stats: bool = False, device: Any = None,
                 dtype: Any = None, *, bias: bool = True) -> None:  # fmt: skip
        super().__init__(num_features, eps, momentum, affine, track_running_stats, device, dtype,
                         bias=bias)  # fmt: skip

    def forward(self, input: Any) -> Any:
        """``input`` normalised, each example for itself."""
        self._check_input_dim(input)
        rank, channels = len(input.shape), self._ranks[-1]
        dim = rank - channels + 1
        if input.shape[dim] != self.num_features and self.affine:
            raise ValueError(
                f"expected input's size at dim={dim} to match num_features "
                f"({self.num_features}), but got: {input.shape[dim]}."
            )
        if rank == channels:
            return self._apply_norm(input)
        return self._apply_norm(input.unsqueeze(0)).squeeze(0)

    def _apply_norm(self, input: Any) -> Any:
        return F.instance_norm(
            input, self.running_mean, self.running_var, self.weight, self.bias,
            self.training or not self.track_running_stats,
            0.0 if self.momentum is None else self.momentum, self.eps,
        )  # fmt: skip


class InstanceNorm1d(_InstanceNorm):
    """Each channel of each example with mean 0 and variance 1.

    Shape:   (N, C, L) or (C, L) -> the same
    Saves:   as functional.instance_norm
    Source:  Ulyanov et al. 2016; semantics of torch.nn.InstanceNorm1d
    """

    _ranks = (2, 3)


class InstanceNorm2d(_InstanceNorm):
    """Each channel of each example with mean 0 and variance 1.

    Shape:   (N, C, H, W) or (C, H, W) -> the same
    Saves:   as functional.instance_norm
    Source:  Ulyanov et al. 2016; semantics of torch.nn.InstanceNorm2d
    """

    _ranks = (3, 4)


class InstanceNorm3d(_InstanceNorm):
    """Each channel of each example with mean 0 and variance 1.

    Shape:   (N, C, D, H, W) or (C, D, H, W) -> the same
    Saves:   as functional.instance_norm
    Source:  Ulyanov et al. 2016; semantics of torch.nn.InstanceNorm3d
    """

    _ranks = (4, 5)

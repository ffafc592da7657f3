"""Normalization by channel, over the batch.

Holds:     running statistics are buffers under PyTorch's names and change in training mode only.
Must not:  compute; that is nn.functional's.
"""

from __future__ import annotations

from typing import Any, ClassVar

from ...array import int64
from ...ops.creation import tensor
from ...ops.filled import ones, zeros
from .. import functional as F
from .. import init
from ..parameter import new_parameter
from .module import Module

__all__ = ["BatchNorm1d", "BatchNorm2d", "BatchNorm3d"]


class _NormBase(Module):
    """Weights and running statistics, one of each per channel."""

    _version = 2
    _ranks: ClassVar[tuple[int, ...]]  # of an input

    def __init__(self, num_features: int, eps: float = 1e-5, momentum: float | None = 0.1,
                 affine: bool = True, track_running_stats: bool = True, device: Any = None,
                 dtype: Any = None, *, bias: bool = True) -> None:  # fmt: skip
        super().__init__()
        self.num_features = num_features
        self.eps = eps
        self.momentum = momentum
        self.affine = affine
        self.track_running_stats = track_running_stats
        for name, there in (("weight", affine), ("bias", affine and bias)):
            param = new_parameter((num_features,), device, dtype) if there else None
            self.register_parameter(name, param)
        mean = var = count = None
        if track_running_stats:
            mean = zeros(num_features, device=device, dtype=dtype)
            var = ones(num_features, device=device, dtype=dtype)
            count = tensor(0, dtype=int64, device=device)
        self.register_buffer("running_mean", mean)
        self.register_buffer("running_var", var)
        self.register_buffer("num_batches_tracked", count)
        self.reset_parameters()

    def reset_running_stats(self) -> None:
        """Mean zero, variance one, no batch seen."""
        if self.track_running_stats:
            self.running_mean.zero_()
            self.running_var.fill_(1)
            self.num_batches_tracked.zero_()

    def reset_parameters(self) -> None:
        """Weight one, bias zero, and ``reset_running_stats``."""
        self.reset_running_stats()
        if self.weight is not None:
            init.ones_(self.weight)
        if self.bias is not None:
            init.zeros_(self.bias)

    def _check_input_dim(self, input: Any) -> None:
        rank = len(input.shape)
        if rank not in self._ranks:
            wanted = " or ".join(f"{each}D" for each in self._ranks)
            raise ValueError(f"expected {wanted} input (got {rank}D input)")

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], *rest: Any) -> None:  # fmt: skip
        key = f"{prefix}num_batches_tracked"
        if (local_metadata.get("version") or 1) < 2 and self.track_running_stats:
            state_dict.setdefault(key, self.num_batches_tracked)  # older files do not have it
        super()._load_from_state_dict(state_dict, prefix, local_metadata, *rest)

    def extra_repr(self) -> str:
        """The settings."""
        return (
            f"{self.num_features}, eps={self.eps}, momentum={self.momentum}, affine={self.affine}, "
            f"bias={self.bias is not None}, track_running_stats={self.track_running_stats}"
        )


class _BatchNorm(_NormBase):
    def forward(self, input: Any) -> Any:
        """``input`` normalised by the batch in training mode, else by the running statistics."""
        self._check_input_dim(input)
        momentum = 0.0 if self.momentum is None else self.momentum
        if self.training and self.num_batches_tracked is not None and self.track_running_stats:
            self.num_batches_tracked.add_(1)
            if self.momentum is None:  # the mean of all batches so far
                momentum = 1.0 / self.num_batches_tracked.item()
        by_batch = self.training or (self.running_mean is None and self.running_var is None)
        kept = not self.training or self.track_running_stats
        return F.batch_norm(
            input, self.running_mean if kept else None, self.running_var if kept else None,
            self.weight, self.bias, by_batch, momentum, self.eps,
        )  # fmt: skip


class BatchNorm1d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over the batch, then scaled and shifted.

    Shape:   (N, C) or (N, C, L) -> the same
    Saves:   as functional.batch_norm
    Source:  Ioffe & Szegedy 2015; semantics of torch.nn.BatchNorm1d
    """

    _ranks = (2, 3)


class BatchNorm2d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over batch and image, then scaled and shifted.

    Shape:   (N, C, H, W) -> the same
    Saves:   as functional.batch_norm
    Source:  Ioffe & Szegedy 2015; semantics of torch.nn.BatchNorm2d
    """

    _ranks = (4,)


class BatchNorm3d(_BatchNorm):
    """Each channel with mean 0 and variance 1 over batch and volume, then scaled and shifted.

    Shape:   (N, C, D, H, W) -> the same
    Saves:   as functional.batch_norm
    Source:  Ioffe & Szegedy 2015; semantics of torch.nn.BatchNorm3d
    """

    _ranks = (5,)

"""Recomputation under PyTorch's names, ``torch.utils.checkpoint``."""

from ..transforms.checkpoint import (
    CheckpointError,
    checkpoint,
    checkpoint_sequential,
    set_checkpoint_early_stop,
)

__all__ = [
    "CheckpointError", "checkpoint", "checkpoint_sequential", "set_checkpoint_early_stop",
]  # fmt: skip

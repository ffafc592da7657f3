"""Special functions under PyTorch's names, ``torch.special``.

Holds:     every name is published by an op beside its declaration (ops/surface.py).
Must not:  compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .ops.catalogue import PLACES

__all__ = list(PLACES["special"])

globals().update(PLACES["special"])

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

"""Linear algebra under PyTorch's names, ``torch.linalg``.

Holds:     every name is published by an op beside its declaration (ops/surface.py).
Must not:  compute.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .errors import LinAlgError
from .ops.catalogue import PLACES

__all__ = ["LinAlgError", *PLACES["linalg"]]

globals().update(PLACES["linalg"])

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...

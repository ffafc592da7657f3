"""Saving and loading: PyTorch's ``.pt`` archives, readable by either library.

Holds:     loading runs no code of the file unless ``weights_only=False`` asks for it; a file on
           disk is replaced whole or not at all.
Must not:  need PyTorch.
"""

from __future__ import annotations

from .archive import load, save
from .reading import add_safe_globals, clear_safe_globals, get_safe_globals, safe_globals

__all__ = ["add_safe_globals", "clear_safe_globals", "get_safe_globals", "load", "safe_globals",
           "save"]  # fmt: skip

"""Host memory that is locked in place, from which copies to a GPU are faster.

Must not:  be asked for anything without CUDA: there is nothing to lock memory for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DeviceError
from .devices import cuda_available, cupy

__all__ = ["holder", "is_pinned", "pinned"]


def pinned(array: Any) -> Any:
    """A copy of a NumPy array in locked memory; itself if it is there.

    Raises:  DeviceError without a GPU
    """
    if not cuda_available():
        raise DeviceError("Cannot access accelerator device when none is available.")
    if is_pinned(array):
        return array
    block = cupy().cuda.alloc_pinned_memory(max(array.nbytes, 1))
    copied: Any = np.ndarray(array.shape, array.dtype, block)
    copied[...] = array
    return copied


def is_pinned(array: Any) -> bool:
    """Whether the bytes of an array are in locked host memory."""
    return isinstance(array, np.ndarray) and type(holder(array)).__module__.startswith("cupy")


def holder(array: Any) -> Any:
    """What owns the memory of a NumPy array, at the end of the chain of bases."""
    while isinstance(array, np.ndarray):
        array = array.base
    return array

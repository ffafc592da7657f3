"""Seeds of the GPUs' random numbers.

Holds:     harmless without CUDA, as in PyTorch: scripts seed everything they might use.
Must not:  touch the CPU's generator; ``gpugrad.manual_seed`` seeds all devices.
"""

from __future__ import annotations

from ..array import device
from ..ops.generators import default_generator
from .devices import current_device, device_count

__all__ = ["manual_seed", "manual_seed_all"]


def manual_seed(seed: int) -> None:
    """Seeds the current GPU."""
    if device_count():
        default_generator(device("cuda", current_device())).manual_seed(seed)


def manual_seed_all(seed: int) -> None:
    """Seeds every GPU."""
    for index in range(device_count()):
        default_generator(device("cuda", index)).manual_seed(seed)

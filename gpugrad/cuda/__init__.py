"""PyTorch's ``torch.cuda``: devices, streams, events and device memory.

Holds:     without CUDA ``is_available()`` is False and ``device_count()`` 0; the memory functions
           then speak of the CPU, and whatever needs a GPU raises DeviceError.
Must not:  import CuPy before something here is called.
"""

from ..errors import OutOfMemoryError
from .devices import (
    current_device,
    device,
    device_count,
    get_device_capability,
    get_device_name,
    get_device_properties,
    init,
    is_available,
    is_bf16_supported,
    is_initialized,
    set_device,
    synchronize,
)
from .memory import (
    empty_cache,
    max_memory_allocated,
    max_memory_reserved,
    mem_get_info,
    memory_allocated,
    memory_reserved,
    memory_stats,
    memory_summary,
    reset_max_memory_allocated,
    reset_peak_memory_stats,
)
from .random import manual_seed, manual_seed_all
from .streams import Event, Stream, current_stream, default_stream, set_stream, stream

__all__ = [
    "Event", "OutOfMemoryError", "Stream", "current_device", "current_stream", "default_stream",
    "device", "device_count", "empty_cache", "get_device_capability", "get_device_name",
    "get_device_properties", "init", "is_available", "is_bf16_supported", "is_initialized",
    "manual_seed", "manual_seed_all", "max_memory_allocated", "max_memory_reserved",
    "mem_get_info", "memory_allocated", "memory_reserved", "memory_stats", "memory_summary",
    "reset_max_memory_allocated", "reset_peak_memory_stats", "set_device", "set_stream", "stream",
    "synchronize",
]  # fmt: skip

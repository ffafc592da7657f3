"""Which GPUs there are, and which one is current.

Holds:     the current device is CUDA's own, so CuPy and gpugrad always agree on it.
Must not:  raise when merely asked whether CUDA is there.
"""

from __future__ import annotations

from typing import Any

from ..array import cuda_available, cupy
from ..errors import DeviceError
from ..memory.allocator import meter, resolve
from ..memory.meters import Properties

__all__ = [
    "current_device", "device", "device_count", "get_device_capability", "get_device_name",
    "get_device_properties", "gpu_index", "init", "is_available", "is_bf16_supported",
    "is_initialized", "set_device", "synchronize",
]  # fmt: skip


def is_available() -> bool:
    """Whether CuPy is installed and reaches a GPU."""
    return cuda_available()


def device_count() -> int:
    """How many GPUs there are; 0 without CUDA."""
    return int(cupy().cuda.runtime.getDeviceCount()) if cuda_available() else 0


def init() -> None:
    """Nothing to do: CUDA starts at its first use. Raises DeviceError where there is none."""
    cupy()


def is_initialized() -> bool:
    """Whether CUDA can be used; it starts at its first use."""
    return cuda_available()


def is_bf16_supported(including_emulation: bool = True) -> bool:
    """Whether bfloat16 tensors work; natively from compute capability 8.0 on."""
    return cuda_available() and (including_emulation or get_device_capability()[0] >= 8)


# --------------------------------------------------------------------------------- current device
def current_device() -> int:
    """The index of the current GPU."""
    return int(cupy().cuda.runtime.getDevice())


def set_device(device: Any) -> None:
    """Makes ``device`` the current GPU."""
    index = gpu_index(device)
    cupy().cuda.Device(index).use()


class device:  # noqa: N801  (PyTorch's name)
    """Makes a GPU the current one inside a ``with`` block; None leaves all as it is."""

    def __init__(self, device: Any) -> None:
        self.idx = None if device is None else gpu_index(device)
        self._before: list[Any] = []

    def __enter__(self) -> None:
        if self.idx is not None:
            entered = cupy().cuda.Device(self.idx)
            entered.__enter__()
            self._before.append(entered)

    def __exit__(self, *error: object) -> None:
        if self.idx is not None:
            self._before.pop().__exit__(*error)


def synchronize(device: Any = None) -> None:
    """Waits until all work given to ``device`` is done; a CPU's is when a call returns."""
    where = resolve(device)
    if where.type == "cuda":
        cupy().cuda.Device(where.index).synchronize()


def gpu_index(where: Any = None) -> int:
    """The index of a GPU from an int, string, device or None (the current one)."""
    if where is None:
        return current_device()
    cupy()  # the error that says how to install it comes first
    index = resolve(where).index
    if index is None:
        raise DeviceError(f"Expected a cuda device, but got: {where}")
    return index


# ------------------------------------------------------------------------------------- properties
def get_device_name(device: Any = None) -> str:
    """The name of a GPU, such as "NVIDIA H100 80GB HBM3"."""
    return get_device_properties(device).name


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """The compute capability of a GPU, such as (9, 0)."""
    properties = get_device_properties(device)
    return properties.major, properties.minor


def get_device_properties(device: Any = None) -> Properties:
    """name, total_memory, major, minor and multi_processor_count of a GPU."""
    return meter(gpu_index(device)).properties()

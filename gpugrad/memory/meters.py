"""What can be asked about the memory of a device, whichever device it is.

Holds:     all counts are bytes; a part that was computed from others says so with ``exact=False``.
Must not:  know a device library.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

__all__ = ["DeviceUse", "Meter", "Part", "Properties"]


class Properties(NamedTuple):
    """What a device is (PyTorch's field names)."""

    name: str
    total_memory: int
    major: int
    minor: int
    multi_processor_count: int


class DeviceUse(NamedTuple):
    """The device as the system sees it: all processes, and this one where the system tells."""

    total: int
    used: int
    process: int | None
    source: str  # "NVML", "the CUDA driver" or "the operating system"


class Part(NamedTuple):
    """One term of ``live + cached + context + others = used``."""

    name: str
    nbytes: int
    exact: bool


class Meter(Protocol):
    """Answers for one device."""

    def used(self) -> int:
        """Bytes in live arrays."""

    def cached(self) -> int:
        """Bytes the allocator keeps for reuse."""

    def peak(self) -> int:
        """The most that was used since the last ``reset_peak``."""

    def peak_is_exact(self) -> bool:
        """Whether every allocation is looked at, and not only the moments of observation."""

    def reserved_peak(self) -> int:
        """The most that was used and cached together since the last ``reset_peak``."""

    def reset_peak(self) -> None:
        """Starts the peaks anew from what is there now."""

    def observe(self) -> None:
        """Lets the peaks see the present moment."""

    def empty_cache(self) -> None:
        """Gives cached blocks back to the device."""

    def info(self) -> tuple[int, int]:
        """Free and total bytes of the device, for all processes."""

    def use(self) -> DeviceUse:
        """The device as the system sees it."""

    def properties(self) -> Properties:
        """What the device is."""

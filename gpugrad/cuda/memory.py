"""PyTorch's memory functions, over CuPy's pool on a GPU and over host arrays on the CPU.

``device`` may be None (the default device; among GPUs the current one), an int, a string, a device,
and also "cpu": the functions mean the same there, so a memory test runs on any machine.

Holds:     allocated <= reserved <= what the device has; all counts are bytes, on a GPU in the
           pool's units of 512.
Must not:  count anything itself: memory/allocator.py does.
"""

from __future__ import annotations

from itertools import takewhile
from typing import Any

from ..memory.allocator import meter
from ..memory.summary import summary

__all__ = [
    "empty_cache", "max_memory_allocated", "max_memory_reserved", "mem_get_info",
    "memory_allocated", "memory_reserved", "memory_stats", "memory_summary",
    "reset_max_memory_allocated", "reset_peak_memory_stats",
]  # fmt: skip


def memory_allocated(device: Any = None) -> int:
    """Bytes in live tensors and live graphs (on a GPU: in all CuPy arrays)."""
    return meter(device).used()


def max_memory_allocated(device: Any = None) -> int:
    """The most of ``memory_allocated`` since ``reset_peak_memory_stats``.

    On a GPU every allocation counts; on the CPU the queries, the beginning of each backward pass
    and each ``memory.step()`` do.
    """
    return meter(device).peak()


def memory_reserved(device: Any = None) -> int:
    """Bytes the allocator has taken: allocated ones and those it keeps for reuse."""
    found = meter(device)
    return found.used() + found.cached()


def max_memory_reserved(device: Any = None) -> int:
    """The most of ``memory_reserved`` since ``reset_peak_memory_stats``."""
    return meter(device).reserved_peak()


def reset_peak_memory_stats(device: Any = None) -> None:
    """Starts both peaks anew from what is there now."""
    meter(device).reset_peak()


def reset_max_memory_allocated(device: Any = None) -> None:
    """PyTorch's older name of ``reset_peak_memory_stats``."""
    reset_peak_memory_stats(device)


def empty_cache(device: Any = None) -> None:
    """Gives memory that is kept for reuse back to the device; live tensors stay."""
    meter(device).empty_cache()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Free and total bytes of the device, for all processes together."""
    return meter(device).info()


def memory_stats(device: Any = None) -> dict[str, int]:
    """The counts above under PyTorch's keys."""
    found = meter(device)
    used, cached = found.used(), found.cached()
    return {
        "allocated_bytes.all.current": used,
        "allocated_bytes.all.peak": found.peak(),
        "reserved_bytes.all.current": used + cached,
        "reserved_bytes.all.peak": found.reserved_peak(),
        "inactive_split_bytes.all.current": cached,
    }


def memory_summary(device: Any = None, abbreviated: bool = False) -> str:
    """``gpugrad.memory.summary(device)``; ``abbreviated`` leaves out the graphs one by one."""
    title, *lines = summary(device).splitlines()
    shown = takewhile(lambda line: line.startswith(" "), lines) if abbreviated else lines
    return "\n".join([title, *shown])

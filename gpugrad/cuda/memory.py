"""PyTorch's memory functions, over CuPy's pool on a GPU and over host arrays on the CPU.

``device`` may be None (the default device; among GPUs the current one), an int, a string, a device,
and also "cpu": the functions mean the same there, so a memory test runs on any machine.

Holds:     allocated <= reserved <= what the device has; all counts are bytes, on a GPU in the
           pool's units of 512.
Must not:  count anything itself: memory/allocator.py does.
"""

from __future__ import annotations

from typing import Any

from ..errors import format_bytes
from ..memory.allocator import meter, reconcile, resolve

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

    On a GPU every allocation counts; on the CPU the queries, the beginning and the end of each
    backward pass and each ``memory.step()`` do.
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
    """A table: peak, and the parts that add up to what the system says is used.

    ``abbreviated`` leaves out the parts that other programs and libraries hold.
    """
    where, found = resolve(device), meter(device)
    use, parts = reconcile(device)
    title = f"{where}  {found.properties().name}, {format_bytes(use.total)}"
    rows = [(p.name, p.nbytes, "exact" if p.exact else "estimated") for p in parts]
    if abbreviated:
        rows = rows[:2]
    else:
        rows.append(("= used", use.used, f"according to {use.source}"))
    rows.append(("peak", found.peak(), "exact" if found.peak_is_exact() else "as observed"))
    width = max(len(name) for name, _, _ in rows)
    lines = [f"  {name:<{width}}  {format_bytes(n):>11}  {how}" for name, n, how in rows]
    return "\n".join([title, *lines])

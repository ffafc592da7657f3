"""The memory of the CPU, with the meaning that the same words have on a GPU.

Holds:     *used* counts every storage that a live tensor or a live graph looks at, once; *cached*
           is what the pool of host arrays keeps for reuse. A peak is the highest value seen: by a
           query, which counts, and at the beginning of every backward pass (when a graph is
           largest) and every ``memory.step()``, which take what graphs hold now and suppose that
           the rest is as large as the last query found it.
Must not:  import a device library, or count arrays that no tensor ever saw.

No op pays for any of this, and a pass adds two numbers: only queries look for live objects, through
the garbage collector's list, at about 50 ns per object of the whole program (some milliseconds).
"""

from __future__ import annotations

import gc
import os
import platform
from functools import cache
from pathlib import Path

from ..array import Storage, accounts, cpu, hostpool
from ..graph import TensorBase
from .meters import DeviceUse, Properties

__all__ = ["HostMeter"]


class HostMeter:
    """The Meter of the CPU."""

    def __init__(self) -> None:
        self._peak = 0
        self._reserved_peak = 0
        self._watched = False
        self._beside = 0  # bytes in use that no graph held, at the last query

    def used(self) -> int:
        """Bytes in live arrays."""
        now = _live_bytes()
        self._beside = now - _held()
        self._peak = max(self._peak, now)
        self._reserved_peak = max(self._reserved_peak, now + self.cached())
        return now

    def cached(self) -> int:
        """Bytes the pool of host arrays keeps for reuse."""
        return hostpool.cached_bytes()

    def peak(self) -> int:
        """The most that was seen in use since ``reset_peak``."""
        self._watched = True
        self.used()
        return self._peak

    def peak_is_exact(self) -> bool:
        """No: between two looks more may have been in use."""
        return False

    def reserved_peak(self) -> int:
        """The most that was seen in use and cached since ``reset_peak``."""
        self._watched = True
        self.used()
        return self._reserved_peak

    def reset_peak(self) -> None:
        """Starts the peaks anew from what is there now."""
        self._watched = True
        self._peak = self._reserved_peak = 0
        self.used()

    def observe(self) -> None:
        """Lets the peaks see what graphs hold at this moment, if anybody has asked for them."""
        if self._watched:
            now = self._beside + _held()
            self._peak = max(self._peak, now)
            self._reserved_peak = max(self._reserved_peak, now + self.cached())

    def empty_cache(self) -> None:
        """Lets the pool of host arrays go."""
        self.used()
        hostpool.trim()

    def info(self) -> tuple[int, int]:
        """Available and total bytes of the machine; 0 available where the system does not say."""
        facts = _meminfo()
        if facts:
            return facts["MemAvailable"] * 1024, facts["MemTotal"] * 1024
        return 0, os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")

    def use(self) -> DeviceUse:
        """The machine's memory as the operating system sees it."""
        free, total = self.info()
        return DeviceUse(total, total - free, _resident(), "the operating system")

    def properties(self) -> Properties:
        """The processor."""
        return Properties(_processor(), self.info()[1], 0, 0, os.cpu_count() or 1)


def _held() -> int:
    """Bytes that live graphs hold on the CPU."""
    account = accounts.get(cpu)
    return account.held if account is not None else 0


def _live_bytes() -> int:
    """Bytes of all storages on the CPU, and of tensors that are alone with theirs and have none."""
    total = 0
    interesting: dict[type, bool] = {}
    for found in gc.get_objects():
        cls = type(found)
        wanted = interesting.get(cls)
        if wanted is None:
            wanted = interesting[cls] = issubclass(cls, (Storage, TensorBase))
        if wanted:
            total += _bytes_of(found)
    return total


def _bytes_of(found: Storage | TensorBase) -> int:
    try:
        if found.kind.device != cpu:
            return 0
        if isinstance(found, Storage):
            return found.nbytes
        return int(found.array.nbytes) if found.storage is None else 0
    except AttributeError:  # another thread is just making it
        return 0


def _meminfo() -> dict[str, int]:
    """Linux's account of memory in KiB; empty elsewhere."""
    try:
        lines = Path("/proc/meminfo").read_text("ascii").splitlines()
    except OSError:
        return {}
    return {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}


def _resident() -> int | None:
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return None
    return pages * os.sysconf("SC_PAGE_SIZE")


@cache
def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()

"""Bytes as the allocator of a device, and the driver beneath it, count them.

A Meter answers for one device: CudaMeter reads CuPy's pool and NVML, HostMeter (host.py) gives the
same words the same meaning for host arrays.

Holds:     on a GPU the peak is exact while gpugrad's allocator is in use: CuPy's own pool with a
           look at the pool's counter after each allocation. It is put in place when gpugrad first
           uses CUDA, unless the program has chosen another allocator by then; ``restore`` takes it
           away again. With the program's own allocator a peak is what observations saw.
Must not:  look at what the bytes are for. That is the ledger's business.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import cache
from typing import Any

from ..array import cpu, cupy, default_device, device
from ..array.devices import canonical
from ..errors import out_of_memory
from .host import HostMeter
from .meters import DeviceUse, Meter, Part, Properties

__all__ = [
    "CudaMeter", "empty_cache", "install", "installed", "mem_get_info", "meter", "nvml_used",
    "observe", "peak_bytes", "reconcile", "reserved_bytes", "reset_peak", "resolve", "restore",
    "used_bytes",
]  # fmt: skip


# ---------------------------------------------------------------------------------------- queries
def used_bytes(device: Any = None) -> int:
    """Bytes in live arrays on ``device`` (None: the default one)."""
    return meter(device).used()


def reserved_bytes(device: Any = None) -> int:
    """Bytes the allocator of ``device`` has taken: in live arrays, and cached for reuse."""
    found = meter(device)
    return found.used() + found.cached()


def peak_bytes(device: Any = None) -> int:
    """The most bytes used at one time since ``reset_peak``."""
    return meter(device).peak()


def reset_peak(device: Any = None) -> None:
    """Starts the peak anew from what is in use now."""
    meter(device).reset_peak()


def observe() -> None:
    """Lets the peaks of all devices in use see the present moment."""
    for found in list(_meters.values()):
        found.observe()


def empty_cache(device: Any = None) -> None:
    """Gives the allocator's cached blocks back to ``device``."""
    meter(device).empty_cache()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Free and total bytes of ``device``, for all processes together."""
    return meter(device).info()


def nvml_used(device: Any = None) -> DeviceUse:
    """What the system says about ``device``: NVML on a GPU, else the driver; /proc on the CPU."""
    return meter(device).use()


def reconcile(device: Any = None) -> tuple[DeviceUse, list[Part]]:
    """``device`` as the system sees it, and the parts that add up to its used bytes.

    live     in arrays
    cached   kept by the allocator for reuse
    context  what else this process holds: the CUDA context, libraries, kernels (on the CPU, the
             interpreter); a difference, as are
    others   all other processes. Where the system does not tell processes apart, context and
             others are one part.
    """
    found = meter(device)
    use, live, cached = found.use(), found.used(), found.cached()
    on_cpu = resolve(device) == cpu  # pages that were never touched are live but not resident
    parts = [Part("live", live, True), Part("cached", cached, True)]
    if use.process is None:
        return use, [*parts, Part("context and others", use.used - live - cached, False)]
    context = use.process - live - cached
    others = Part("others", use.used - use.process, not on_cpu)
    return use, [*parts, Part("context", context, not on_cpu), others]


# ----------------------------------------------------------------------------------------- meters
_meters: dict[device, Meter] = {}


def meter(device: Any = None) -> Meter:
    """The Meter of ``device``."""
    where = resolve(device)
    found = _meters.get(where)
    if found is None:
        if where.index is None:
            made: Meter = HostMeter()
        else:
            install()
            made = CudaMeter(where.index)
        found = _meters.setdefault(where, made)
    return found


def resolve(where: Any = None) -> device:
    """A device from None (the default one; of several GPUs the current), int, string or device."""
    if where is None:
        where = default_device()
        if where.type == "cuda":
            where = device("cuda")
    return canonical(device(where))


class CudaMeter:
    """The Meter of one GPU."""

    def __init__(self, index: int) -> None:
        self.index = index
        self._reserved_peak = 0

    def used(self) -> int:
        """Bytes in live arrays, in the pool's units of 512."""
        with cupy().cuda.Device(self.index):
            pool = _pool()
            now = int(pool.used_bytes())
            self._reserved_peak = max(self._reserved_peak, int(pool.total_bytes()))
        _raise_peak(self.index, now)
        return now

    def cached(self) -> int:
        """Bytes in the pool's free blocks."""
        with cupy().cuda.Device(self.index):
            return int(_pool().free_bytes())

    def cached_blocks(self) -> int:
        """How many free blocks the pool keeps."""
        with cupy().cuda.Device(self.index):
            return int(_pool().n_free_blocks())

    def peak(self) -> int:
        """The most that was used since ``reset_peak``."""
        self.used()
        return _peaks[self.index]

    def peak_is_exact(self) -> bool:
        """Whether gpugrad's allocator is the one in use."""
        return installed()

    def reserved_peak(self) -> int:
        """The most the pool had taken; it only shrinks when its cache is emptied."""
        self.used()
        return self._reserved_peak

    def reset_peak(self) -> None:
        """Starts the peaks anew from what is there now."""
        _raise_peak(self.index, 0)
        _peaks[self.index] = self._reserved_peak = 0
        self.used()

    def observe(self) -> None:
        """Lets the peaks see the present moment."""
        self.used()

    def empty_cache(self) -> None:
        """Frees the pool's cached blocks, and those of pinned host memory."""
        self.observe()
        with cupy().cuda.Device(self.index):
            _pool().free_all_blocks()
        cupy().get_default_pinned_memory_pool().free_all_blocks()

    def info(self) -> tuple[int, int]:
        """Free and total bytes, from the CUDA driver."""
        with cupy().cuda.Device(self.index):
            free, total = cupy().cuda.runtime.memGetInfo()
        return int(free), int(total)

    def use(self) -> DeviceUse:
        """From NVML where it can be asked, else from the CUDA driver."""
        found = _nvml_use(cupy().cuda.runtime.deviceGetPCIBusId(self.index))
        if found is None:
            free, total = self.info()
            found = DeviceUse(total, total - free, None, "the CUDA driver")
        return found

    def properties(self) -> Properties:
        """Name, size and compute capability."""
        return _cuda_properties(self.index)


@cache
def _cuda_properties(index: int) -> Properties:
    facts = cupy().cuda.runtime.getDeviceProperties(index)
    name = facts["name"]
    return Properties(
        name.decode() if isinstance(name, bytes) else name, int(facts["totalGlobalMem"]),
        int(facts["major"]), int(facts["minor"]), int(facts["multiProcessorCount"]),
    )  # fmt: skip


# ------------------------------------------------------------------------------------- allocation
_peaks: list[int] = []  # per GPU; the allocator holds this very list
_ours: list[Callable[[int], Any]] = []


def install() -> bool:
    """Makes gpugrad's allocator CuPy's; False, and nothing happens, if the program has its own."""
    module = cupy()
    if installed():
        return True
    pool = module.get_default_memory_pool()
    if module.cuda.get_allocator() != pool.malloc:
        return False
    if not _ours:
        _raise_peak(module.cuda.runtime.getDeviceCount() - 1, 0)
        _ours.append(_metered(module, pool))
    module.cuda.set_allocator(_ours[0])
    return True


def installed() -> bool:
    """Whether gpugrad's allocator is the one CuPy uses."""
    return bool(_ours) and cupy().cuda.get_allocator() is _ours[0]


def restore() -> None:
    """Gives CuPy its own allocator back, if gpugrad's is in use."""
    if installed():
        cupy().cuda.set_allocator(cupy().get_default_memory_pool().malloc)


def _metered(module: Any, pool: Any) -> Callable[[int], Any]:
    """``pool.malloc`` with a look at the pool's counter: 0.15 µs more than its 1.5.

    A MemoryHook in Python would cost 1.05.
    """
    malloc, used, peaks = pool.malloc, pool.used_bytes, _peaks
    exhausted = module.cuda.memory.OutOfMemoryError

    def allocate(size: int) -> Any:
        try:
            pointer = malloc(size)
        except exhausted:
            failure = _out_of_memory(module, pool, size)
        else:
            now = used()
            if now > peaks[pointer.device_id]:
                peaks[pointer.device_id] = now
            return pointer
        raise failure  # here, so that CuPy's own exception and its frames are not kept

    return allocate


def _out_of_memory(module: Any, pool: Any, size: int) -> Exception:
    free, total = module.cuda.runtime.memGetInfo()
    limit = pool.get_limit()
    if limit:
        free, total = min(free, limit - pool.total_bytes()), min(total, limit)
    where = f"cuda:{module.cuda.runtime.getDevice()}"
    return out_of_memory(where, size, max(0, free), total, pool.used_bytes(), pool.free_bytes())


def _raise_peak(index: int, now: int) -> None:
    while len(_peaks) <= index:
        _peaks.append(0)
    _peaks[index] = max(_peaks[index], now)


def _pool() -> Any:
    """The pool behind the allocator in use: CuPy's default one, or the program's own."""
    allocator = cupy().cuda.get_allocator()
    owner = getattr(allocator, "__self__", None)
    return owner if hasattr(owner, "used_bytes") else cupy().get_default_memory_pool()


# ------------------------------------------------------------------------------------------- NVML
@cache
def _nvml() -> Any:
    """pynvml with the library loaded, or None where there is none (WSL 1, Jetson, no driver)."""
    try:
        import pynvml

        pynvml.nvmlInit()
    except Exception:  # the package, the library or the driver behind it; none of them is needed
        return None
    return pynvml


def _nvml_use(bus: str) -> DeviceUse | None:
    """By PCI bus, because CUDA_VISIBLE_DEVICES renumbers CUDA's devices and not NVML's."""
    nvml = _nvml()
    if nvml is None:
        return None
    try:
        handle = nvml.nvmlDeviceGetHandleByPciBusId(bus)
        memory = nvml.nvmlDeviceGetMemoryInfo(handle)
    except nvml.NVMLError:
        return None
    return DeviceUse(int(memory.total), int(memory.used), _nvml_process(nvml, handle), "NVML")


def _nvml_process(nvml: Any, handle: Any) -> int | None:
    """This process's bytes; None in a container with its own process numbers, and under WSL."""
    try:
        processes = nvml.nvmlDeviceGetComputeRunningProcesses(handle)
    except nvml.NVMLError:
        return None
    mine = [p.usedGpuMemory for p in processes if p.pid == os.getpid()]
    return int(mine[0]) if mine and mine[0] is not None else None

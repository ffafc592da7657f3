"""Reads how much memory graphs and device hold, through gpugrad's own functions.

Holds:     one `Reading` is taken at one moment; the time that reading takes is not the training's.
Must not:  know what is being trained.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import gpugrad as torch
from gpugrad import memory

POOL_UNIT = 512


@dataclass(frozen=True)
class Reading:
    """Bytes at one moment."""

    step: int
    phase: str
    held: int  # kept by live graphs, each storage counted once
    allocated: int  # given out by the device's allocator
    device_used: int | None  # of the whole device, as NVML sees it


class Meter:
    """Takes readings of one device and subtracts its own time from the step's."""

    def __init__(self, device: Any) -> None:
        self.device = device
        self.on_gpu = device.type == "cuda"
        self.readings: list[Reading] = []
        self.step = 0
        self._began = 0.0
        self._spent = 0.0

    def begin_step(self, step: int) -> None:
        self.step = step
        torch.cuda.reset_peak_memory_stats(self.device)
        self.mark("begin")
        self._spent = 0.0
        self._began = time.perf_counter()

    def mark(self, phase: str) -> Reading:
        """Waits for the device and notes what it and the graphs hold."""
        self._wait()
        begin = time.perf_counter()
        reading = Reading(
            self.step, phase, memory.held(self.device), self.allocated(), self.device_used()
        )
        self.readings.append(reading)
        self._spent += time.perf_counter() - begin
        return reading

    def end_step(self) -> tuple[float, int, Reading]:
        """Seconds of the step, its peak, and the reading at its end."""
        self._wait()
        seconds = time.perf_counter() - self._began - self._spent
        end = self.mark("end")
        # On the CPU the library sees the peak at chosen moments only; the readings are more.
        seen = [reading.allocated for reading in self.readings if reading.step == self.step]
        peak = max(int(torch.cuda.max_memory_allocated(self.device)), *seen)
        return seconds, peak, end

    def _wait(self) -> None:
        torch.cuda.synchronize(self.device)

    def allocated(self) -> int:
        return int(torch.cuda.memory_allocated(self.device))

    def device_used(self) -> int | None:
        """NVML's view of the whole device, other processes included; None on the CPU."""
        return int(memory.nvml_used(self.device).used) if self.on_gpu else None

    def free_share(self) -> float:
        """How much of the device is still free; all of it where the system does not say."""
        free, total = torch.cuda.mem_get_info(self.device)
        return float(free / total) if free else 1.0

    def in_units(self, nbytes: int) -> int:
        """What the allocator counts for a block of ``nbytes``."""
        return -(-nbytes // POOL_UNIT) * POOL_UNIT if self.on_gpu else nbytes

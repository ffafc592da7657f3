"""Runs one regime: trains, watches, releases, and says what came back.

Holds:     every number in a `Result` was read during this run.
Must not:  know how a regime trains or how results are shown.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np

import gpugrad as torch
from gpugrad import memory

from .data import Series
from .meter import Meter, Reading
from .regimes import REGIMES, Predictor

# A retained graph can fill any device: stop while there is room to report.
LEAST_FREE = 0.1
WARM_UP = 2  # steps in which the optimizer's state and the caches appear


@dataclass(frozen=True)
class Options:
    """What the command line sets."""

    device: Any
    steps: int
    hidden: int
    batch: int
    window: int
    seed: int
    seconds: float  # at most, per regime


@dataclass(frozen=True)
class Step:
    """One training step, in seconds and bytes; held and allocated as the step ended."""

    loss: float
    seconds: float
    held: int
    allocated: int
    peak: int
    device_used: int | None


@dataclass(frozen=True)
class Release:
    """What the ledger promised for the graphs left at the end, and what the allocator got back."""

    graphs: int
    exclusive: int  # bytes that nothing else holds, by the ledger
    promised: int  # the same in the allocator's units: a GPU's pool gives out multiples of 512
    returned: int  # by how much the allocator's count fell
    held_before: int
    held_after: int
    allocated_before: int
    allocated_after: int
    seconds: float


@dataclass
class Result:
    """One regime's run."""

    name: str
    title: str
    story: str
    steps: list[Step] = field(default_factory=list)
    readings: list[Reading] = field(default_factory=list)
    release: Release | None = None
    stopped: str = ""

    @property
    def held_slope(self) -> float:
        """Bytes per step by which graphs grow, fitted."""
        return slope([step.held for step in self.steps])

    @property
    def allocated_slope(self) -> float:
        """Bytes per step by which the device fills, fitted."""
        return slope([step.allocated for step in self.steps])

    def as_dict(self) -> dict[str, Any]:
        slopes = {"held": self.held_slope, "allocated": self.allocated_slope}
        return asdict(self) | {"growth_per_step": slopes}


def slope(values: list[int]) -> float:
    """Least-squares growth per step, warm-up steps left out."""
    kept = values[WARM_UP:] if len(values) > WARM_UP + 1 else values
    if len(kept) < 2:
        return 0.0
    step = np.arange(len(kept)) - (len(kept) - 1) / 2
    return float(step @ (np.array(kept) - kept[0]) / (step @ step))


def run(name: str, series: Series, options: Options, tick: Callable[[Result], None]) -> Result:
    """Trains under one regime and releases what it left; ``tick`` is called after every step."""
    torch.manual_seed(options.seed)
    regime = REGIMES[name](Predictor(options.hidden).to(options.device))
    result = Result(name, regime.title, regime.story)
    meter = Meter(options.device)
    deadline = time.perf_counter() + options.seconds
    for number in range(options.steps):
        result.stopped = reason_to_stop(meter, deadline)
        if result.stopped:
            break
        try:
            result.steps.append(train(regime, batch_of(series, number, options), meter, number))
        except MemoryError as error:
            result.stopped = f"out of memory: {str(error).splitlines()[0]}"
            break
        tick(result)
    result.release = release(regime, batch_of(series, len(result.steps), options), meter)
    result.readings = meter.readings
    return result


def reason_to_stop(meter: Meter, deadline: float) -> str:
    if time.perf_counter() > deadline:
        return "out of time"
    if meter.free_share() < LEAST_FREE:
        return f"less than {LEAST_FREE:.0%} of the device was free"
    return ""


def batch_of(series: Series, number: int, options: Options) -> tuple[Any, Any]:
    weeks, following = series.window(number, options.batch, options.window)
    return (
        torch.tensor(weeks, device=options.device),
        torch.tensor(following, device=options.device),
    )


def train(regime: Any, batch: tuple[Any, Any], meter: Meter, number: int) -> Step:
    meter.begin_step(number)
    loss = regime.step(*batch, lambda phase: meter.mark(phase))
    seconds, peak, end = meter.end_step()
    return Step(loss, seconds, end.held, end.allocated, peak, end.device_used)


def release(regime: Any, batch: tuple[Any, Any], meter: Meter) -> Release:
    """Releases the regime's graphs one by one, then drops whatever it still refers to."""
    meter.step += 1
    roots = list(regime.open_graphs(*batch))
    before = meter.mark("before release")
    began = time.perf_counter()
    exclusive = promised = returned = 0
    for root in roots:
        report = memory.graph(root)
        exclusive += report.exclusive_bytes
        promised += sum(meter.in_units(block) for block in report.exclusive_blocks)
        full = meter.allocated()
        root.release_graph()
        returned += full - meter.allocated()
    seconds = time.perf_counter() - began
    count = len(roots)
    del roots
    regime.forget()
    after = meter.mark("after release")
    return Release(
        count, exclusive, promised, returned, before.held, after.held,
        before.allocated, after.allocated, seconds,
    )  # fmt: skip

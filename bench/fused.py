"""tanh-GELU over ten million floats on the CPU, forward and backward: fused and composed.

Compares, in one process and interleaved, ``gpugrad.fuse`` of the nine operations with PyTorch's
eager version of the same expression and with PyTorch's own fused GELU; all on the same number of
threads. The gradients are compared first.

    python bench/fused.py [--elements 10000000] [--rounds 9] [--threads N] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gpugrad
from gpugrad.expr import set_num_threads

try:
    import torch
except ImportError:
    sys.exit("bench/fused.py compares with PyTorch: pip install torch")

SCALE, CUBE = math.sqrt(2 / math.pi), 0.044715
FUSED, COMPOSED, LIBRARY = "gpugrad.fuse", "torch, composed", "torch, library GELU"


@gpugrad.fuse
def gelu(x: Any) -> Any:
    """The tanh approximation of GELU, as one writes it down."""
    return 0.5 * x * (1 + gpugrad.tanh(SCALE * (x + CUBE * x**3)))


def composed(x: Any) -> Any:
    return 0.5 * x * (1 + torch.tanh(SCALE * (x + CUBE * x**3)))


def library(x: Any) -> Any:
    return torch.nn.functional.gelu(x, approximate="tanh")


def step(function: Callable[[Any], Any], x: Any, g: Any) -> Any:
    """One forward and one backward pass; the gradient."""
    x.grad = None
    function(x).backward(g)
    return x.grad


def cases(elements: int) -> dict[str, Callable[[], Any]]:
    rng = np.random.default_rng(0)
    x, g = (rng.standard_normal(elements).astype(np.float32) for _ in range(2))
    ours = gpugrad.tensor(x, device="cpu", requires_grad=True), gpugrad.tensor(g, device="cpu")
    theirs = torch.tensor(x, requires_grad=True), torch.tensor(g)
    return {
        FUSED: lambda: step(gelu, *ours),
        COMPOSED: lambda: step(composed, *theirs),
        LIBRARY: lambda: step(library, *theirs),
    }


def check(calls: dict[str, Callable[[], Any]]) -> float:
    """The largest difference between our gradient and the library's; also warms everything up."""
    ours, _, theirs = (np.asarray(call().numpy()) for call in calls.values())
    return float(np.abs(ours - theirs).max())


def measure(calls: dict[str, Callable[[], Any]], rounds: int) -> dict[str, list[float]]:
    """Milliseconds per step; the cases take turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            start = time.perf_counter()
            call()
            times[name].append((time.perf_counter() - start) * 1e3)
    return times


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--elements", type=int, default=10_000_000)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    results = Path(__file__).parent / "results"
    parser.add_argument("--out", type=Path, default=results / "fused.json")
    return parser.parse_args()


def main() -> None:
    options = arguments()
    torch.set_num_threads(options.threads)
    set_num_threads(options.threads)
    calls = cases(options.elements)
    difference = check(calls)
    times = measure(calls, options.rounds)
    medians = {name: statistics.median(values) for name, values in times.items()}
    print(f"tanh-GELU over {options.elements:,} floats, forward and backward, "
          f"{options.threads} threads, device cpu")  # fmt: skip
    for name, median in medians.items():
        ratio = median / medians[FUSED]
        print(f"  {name:<22} {median:8.1f} ms   {ratio:5.2f} x the fused time")
    print(f"  largest difference of gradients {difference:.1e}")
    report = {
        "elements": options.elements, "threads": options.threads, "rounds": options.rounds,
        "milliseconds": times, "median_milliseconds": medians,
        "composed_over_fused": medians[COMPOSED] / medians[FUSED],
        "fused_over_library": medians[FUSED] / medians[LIBRARY],
        "largest_gradient_difference": difference,
        "machine": {"processor": platform.machine(), "cores": os.cpu_count(),
                    "load": os.getloadavg()[0]},
        "versions": {"gpugrad": gpugrad.__version__, "torch": torch.__version__,
                     "numpy": np.__version__},
    }  # fmt: skip
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=1) + "\n")


if __name__ == "__main__":
    main()

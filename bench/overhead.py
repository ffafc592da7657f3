"""What one op costs when there is nothing to compute: a chain of 10,000 ops on one element.

Compares, in one run and interleaved, PyTorch with gpugrad, and gpugrad with itself without its
ledger and source lines (GPUGRAD_LEDGER=off). Each library runs in a process of its own, so that
neither pays for the other's objects; the parent asks them in turn.

    python bench/overhead.py [--ops 10000] [--rounds 15] [--out bench/results/overhead.json]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path

WORKER = r"""
import gc, sys, time
if sys.argv[1] == "torch":
    import torch
    torch.set_num_threads(1)
else:
    import gpugrad as torch
    torch.set_default_device("cpu")

def chain(n, size):
    x = torch.ones(size, requires_grad=True)
    w = torch.full((size,), 0.5).requires_grad_()
    seed = torch.ones(size)
    start = time.perf_counter()
    y = x
    for _ in range(n // 3):
        y = torch.tanh((y + x) * w)
    middle = time.perf_counter()
    y.backward(seed)
    end = time.perf_counter()
    return middle - start, end - middle

if sys.argv[2] == "anomaly":
    import warnings
    warnings.simplefilter("ignore")
    torch.autograd.set_detect_anomaly(True)
for line in sys.stdin:
    n, size = map(int, line.split())
    gc.collect()
    print(*chain(n // 3 * 3, size), flush=True)
"""

VARIANTS = {
    "torch": ("torch", "on", "plain"),
    "gpugrad": ("gpugrad", "on", "plain"),
    "gpugrad without ledger and lines": ("gpugrad", "off", "plain"),
    "torch, anomaly mode": ("torch", "on", "anomaly"),
    "gpugrad, anomaly mode": ("gpugrad", "on", "anomaly"),
}


class Worker:
    """A process with one library, which runs a chain when asked."""

    def __init__(self, library: str, ledger: str, mode: str) -> None:
        environment = {**os.environ, "GPUGRAD_LEDGER": ledger, "GPUGRAD_DEVICE": "cpu"}
        self.process = subprocess.Popen(
            [sys.executable, "-c", WORKER, library, mode], env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(self, ops: int, size: int) -> tuple[float, float]:
        """Seconds for forward and for backward."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(ops, size, file=self.process.stdin, flush=True)
        forward, backward = self.process.stdout.readline().split()
        return float(forward), float(backward)

    def close(self) -> None:
        """Ends the process."""
        self.process.communicate()


def measure(ops: int, size: int, rounds: int) -> dict[str, dict[str, float]]:
    """Nanoseconds per op, median over rounds, per variant."""
    workers = {name: Worker(*how) for name, how in VARIANTS.items()}
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in workers}
    try:
        for _ in range(rounds + 2):
            for name, worker in workers.items():
                times[name].append(worker.run(ops, size))
    finally:
        for worker in workers.values():
            worker.close()
    scale = 1e9 / ops
    return {
        name: {
            "forward_ns": statistics.median(f for f, _ in rows[2:]) * scale,
            "backward_ns": statistics.median(b for _, b in rows[2:]) * scale,
            "total_ns": statistics.median(f + b for f, b in rows[2:]) * scale,
        }
        for name, rows in times.items()
    }


def main() -> None:
    """Measures, prints a table and writes JSON."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--ops", type=int, default=10_000)
    parser.add_argument("--size", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=15)
    default = Path(__file__).parent / "results" / "overhead.json"
    parser.add_argument("--out", type=Path, default=default)
    options = parser.parse_args()
    results = measure(options.ops, options.size, options.rounds)
    total = results["gpugrad"]["total_ns"]
    bare = results["gpugrad without ledger and lines"]["total_ns"]
    ratio, share = total / results["torch"]["total_ns"], (total - bare) / total
    print(f"{'ns per op':<34}{'forward':>9}{'backward':>10}{'total':>8}")
    for name, row in results.items():
        print(f"{name:<34}" + f"{row['forward_ns']:>9.0f}{row['backward_ns']:>10.0f}"
              f"{row['total_ns']:>8.0f}")  # fmt: skip
    print(f"gpugrad / torch: {ratio:.2f}    ledger and lines: {share:.1%} of gpugrad's time")
    anomaly = {name: results[f"{name}, anomaly mode"]["total_ns"] / results[name]["total_ns"]
               for name in ("gpugrad", "torch")}  # fmt: skip
    print(f"anomaly mode: gpugrad takes {anomaly['gpugrad']:.2f} times as long, torch "
          f"{anomaly['torch']:.2f}")  # fmt: skip
    report = {
        "python": platform.python_version(), "machine": platform.machine(), "ops": options.ops,
        "size": options.size, "rounds": options.rounds, "ratio_to_torch": ratio,
        "ledger_share": share, "results": results,
    }  # fmt: skip
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Watches graphs grow and come back: one LSTM, one real time series, five ways to treat the graph.

    make demo                                     all regimes, default sizes
    python bench/vram_growth.py --device cuda --steps 100 --hidden 256 --batch 64
    python bench/vram_growth.py --regimes freed kept_losses --out out

Holds:     every number printed, drawn or written was measured in this run.
Must not:  read the device other than through gpugrad.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from pathlib import Path

import numpy as np
from growth import data, table, training
from growth.progress import Progress
from growth.regimes import REGIMES

import gpugrad as torch
from gpugrad.errors import format_bytes


def main() -> None:
    arguments = parse()
    options = training.Options(
        torch.device(arguments.device), arguments.steps, arguments.hidden, arguments.batch,
        arguments.window, arguments.seed, arguments.seconds,
    )  # fmt: skip
    heading = describe(options)
    print(heading, end="\n\n")
    began = time.perf_counter()
    series = data.load()
    results = [watched(name, series, options) for name in arguments.regimes]
    print(f"\n{table.render(results)}")
    arguments.out.mkdir(parents=True, exist_ok=True)
    write_json(results, options, heading, arguments.out / "vram_growth.json")
    write_picture(results, heading, arguments.out / "vram_growth.png")
    print(f"{time.perf_counter() - began:.0f} s in all")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--device", default=str(torch.get_default_device()), help="cpu, cuda, cuda:1"
    )
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--hidden", type=int, default=48, help="width of the LSTM")
    parser.add_argument("--batch", type=int, default=16, help="stretches of the series per step")
    parser.add_argument("--window", type=int, default=26, help="weeks per step")
    parser.add_argument("--regimes", nargs="+", choices=list(REGIMES), default=list(REGIMES))
    parser.add_argument("--out", type=Path, default=Path("out"), help="folder for .png and .json")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=120.0, help="at most, per regime")
    return parser.parse_args()


def describe(options: training.Options) -> str:
    """What runs, where, in one line."""
    name = platform.machine()
    if options.device.type == "cuda":
        name = torch.cuda.get_device_name(options.device)
    return (
        f"gpugrad {torch.__version__} on {options.device} ({name}): LSTM({options.hidden}), "
        f"weekly CO2, batch {options.batch}, window {options.window}, {options.steps} steps"
    )


def watched(name: str, series: data.Series, options: training.Options) -> training.Result:
    """One regime under a progress bar."""
    progress = Progress(REGIMES[name].title, options.steps)
    note = "no step was run"

    def tick(result: training.Result) -> None:
        nonlocal note
        last = result.steps[-1]
        note = f"graphs hold {format_bytes(last.held)}, loss {last.loss:.3f}"
        progress.advance(note)

    result = training.run(name, series, options, tick)
    progress.close(note)
    return result


def write_json(
    results: list[training.Result], options: training.Options, heading: str, path: Path
) -> None:
    settings = vars(options) | {"device": str(options.device)}
    versions = {
        "gpugrad": torch.__version__, "numpy": np.__version__, "python": platform.python_version(),
    }  # fmt: skip
    record = {
        "heading": heading,
        "settings": settings,
        "versions": versions,
        "regimes": [result.as_dict() for result in results],
    }
    path.write_text(json.dumps(record, indent=1))
    print(f"wrote {path}")


def write_picture(results: list[training.Result], heading: str, path: Path) -> None:
    try:
        from growth import plot
    except ImportError:
        print("no picture: pip install 'gpugrad[plot]'")
        return
    plot.draw(results, heading, path)
    print(f"wrote {path}")


if __name__ == "__main__":
    main()

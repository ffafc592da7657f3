"""What `import gpugrad` costs on top of NumPy's own import, and which modules cost it.

    make bench                             or: python bench/import_time.py --runs 15

Holds:     fresh interpreters, first one to warm the disk; medians, so that one busy moment does
           not count.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from statistics import median

TARGET = 0.06
CACHE = tempfile.mkdtemp(prefix="gpugrad-import-")
PROGRAM = """
from time import perf_counter
begin = perf_counter()
import numpy
middle = perf_counter()
import gpugrad
print(middle - begin, perf_counter() - middle)
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=15)
    parser.add_argument("--modules", type=int, default=5, help="how many of the slowest to list")
    arguments = parser.parse_args()
    measure()
    runs = [measure() for _ in range(arguments.runs)]
    numpy, added = (median(column) for column in zip(*runs, strict=True))
    verdict = "within" if added <= TARGET else "ABOVE"
    print(f"import numpy             {1e3 * numpy:6.1f} ms   (median of {arguments.runs})")
    print(f"import gpugrad, on top   {1e3 * added:6.1f} ms   ({verdict} {1e3 * TARGET:.0f} ms)")
    for microseconds, module in slowest(arguments.modules):
        print(f"    {microseconds / 1e3:6.1f} ms  {module}")


def measure() -> tuple[float, float]:
    """Seconds of NumPy's import, and of gpugrad's after it, in a fresh interpreter."""
    numpy, added = python("-c", PROGRAM).stdout.split()
    return float(numpy), float(added)


def slowest(count: int) -> list[tuple[int, str]]:
    """Modules that gpugrad adds, by their own time."""
    lines = python("-X", "importtime", "-c", "import numpy\nimport gpugrad").stderr.splitlines()
    rows = [line.removeprefix("import time:").split("|") for line in lines]
    names = [row[2].strip() for row in rows if len(row) == 3]
    added = [row for row in rows if len(row) == 3][names.index("numpy") + 1 :]
    return sorted(((int(row[0]), row[2].strip()) for row in added), reverse=True)[:count]


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    """A fresh interpreter that finds compiled modules, as an installed package's user does."""
    command = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": CACHE}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    return subprocess.run(command, capture_output=True, text=True, check=True, env=environment)


if __name__ == "__main__":
    main()

"""Builds sdist and wheel and looks for the kernels in every way gpugrad can be installed.

Holds:     four ways: wheel (built from the sdist), unpacked sdist, checkout, editable install.
Must not:  leave anything behind in the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAM = """
import gpugrad
from gpugrad.array.kernel_files import kernel_directory, kernel_text
assert "GG_FN" in kernel_text("common.cuh")
files = [p for p in kernel_directory().rglob("*") if p.suffix in (".cu", ".cuh")]
print(gpugrad.__file__, kernel_directory(), len(files), sep="\\n")
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        work = Path(name)
        build = [sys.executable, "-m", "build", "--outdir", work / "dist", ROOT]
        run(build, cwd=work)
        wheel = next((work / "dist").glob("*.whl"))
        sdist = next((work / "dist").glob("*.tar.gz"))
        target = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
        run([*target, work / "wheel", wheel], cwd=work)
        with tarfile.open(sdist) as archive:
            archive.extractall(work / "sdist", filter="data")
        unpacked = next((work / "sdist").iterdir())
        found = {
            "wheel": kernels_seen(work / "wheel", work),
            "sdist": kernels_seen(unpacked, work),
            "checkout": kernels_seen(ROOT, work),
            "editable": kernels_seen(None, work),
        }
        for file in (wheel, sdist):
            print(f"{file.name}  {file.stat().st_size / 1024:.0f} KiB")
    for way, count in found.items():
        print(f"{way:<9} {count} kernel files")
    if len(set(found.values())) != 1:
        sys.exit("not every way of installing carries the same kernels")


def kernels_seen(path: Path | None, work: Path) -> int:
    """How many kernel files gpugrad finds when imported from ``path`` (None: as installed)."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    if path is not None:
        environment["PYTHONPATH"] = str(path)
    package, kernels, count = run([sys.executable, "-c", PROGRAM], work, environment).split("\n")
    expected = path or ROOT
    if not Path(package).is_relative_to(expected) or not Path(kernels).is_relative_to(expected):
        sys.exit(f"wanted gpugrad of {expected}, got {package} with {kernels}")
    return int(count)


def run(command: list[object], cwd: Path, environment: dict[str, str] | None = None) -> str:
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=cwd, env=environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(words)}\n{done.stdout}{done.stderr}")
    return done.stdout.strip()


if __name__ == "__main__":
    main()

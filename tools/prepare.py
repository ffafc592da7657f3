"""Makes `.venv` ready for a purpose: `python3 tools/prepare.py demo|dev|oracle [more extras]`.

Holds:     everything a Makefile target needs is installed from pyproject.toml's extras; a second
           run changes nothing and takes a tenth of a second; the CUDA extra follows the driver.
Must not:  need anything but the standard library, or touch an environment outside this checkout.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "gpugrad-extras"
# The first driver branch that runs each CUDA generation, newest first.
DRIVERS = ((580, "cuda13"), (525, "cuda12"))


def main(wanted: Sequence[str]) -> None:
    if sys.version_info < (3, 11):  # noqa: UP036  (any Python may have been called)
        sys.exit(f"gpugrad needs Python 3.11 or later; this is {sys.version.split()[0]}")
    have = installed_extras()
    extras = have | set(wanted) | cuda_extras(have)
    if extras == have:
        return
    begin = time.monotonic()
    make_environment()
    say(f"installing gpugrad[{','.join(sorted(extras))}] into .venv")
    pip("install", "--editable", f".[{','.join(sorted(extras))}]")
    STAMP.write_text("\n".join([project_digest(), *sorted(extras)]))
    say(f"ready after {time.monotonic() - begin:.0f} s")


def installed_extras() -> set[str]:
    """What is installed already; nothing once pyproject.toml or the interpreter has changed."""
    if not STAMP.is_file():
        return set()
    digest, *extras = STAMP.read_text().split()
    return set(extras) if digest == project_digest() else set()


def project_digest() -> str:
    text = (ROOT / "pyproject.toml").read_bytes() + sys.version.encode()
    return hashlib.sha256(text).hexdigest()[:16]


def cuda_extras(have: set[str]) -> set[str]:
    """The CuPy that fits this machine's driver; none without a GPU, or if one was chosen before."""
    if any(extra.startswith("cuda") for extra in have):
        return set()
    driver = driver_version()
    for first, extra in DRIVERS:
        if driver >= first:
            name = extra if has_toolkit() else f"{extra}-toolkit"
            say(f"NVIDIA driver {driver}: {name}")
            return {name}
    return set()


def driver_version() -> int:
    """The major version of NVIDIA's driver, 0 where there is none."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return 0
    query = [tool, "--query-gpu=driver_version", "--format=csv,noheader"]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    number = answer.stdout.split(".")[0].strip()
    return int(number) if answer.returncode == 0 and number.isdigit() else 0


def has_toolkit() -> bool:
    """Whether the machine brings the CUDA libraries that CuPy loads at run time."""
    homes = [os.environ.get("CUDA_PATH"), os.environ.get("CUDA_HOME"), "/usr/local/cuda"]
    return any(home and any(Path(home).glob("lib*/**/libnvrtc.so*")) for home in homes)


def make_environment() -> None:
    python = VENV / "bin" / "python"
    if python.exists() and subprocess.run([python, "-c", ""], check=False).returncode == 0:
        return
    say(f"making .venv with Python {sysconfig.get_python_version()}")
    venv.create(VENV, with_pip=True, clear=True)


def pip(*arguments: str) -> None:
    command = [VENV / "bin" / "python", "-m", "pip", *arguments]
    subprocess.run([*command, "--quiet", "--disable-pip-version-check"], check=True, cwd=ROOT)


def say(text: str) -> None:
    print(f"prepare: {text}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

"""Says which device the tests use, and skips what this machine cannot run.

Holds:     a skip names its reason; `cuda` tests run wherever gpugrad itself finds a usable device,
           real or emulated.
Must not:  hide a test: what is skipped is counted and listed.
"""

from __future__ import annotations

import gc
import os
from importlib.util import find_spec

import pytest

import gpugrad
from gpugrad.array import cuda_available, cupy

pytest.register_assert_rewrite("tests.beside")

HAS_TORCH = find_spec("torch") is not None


def pytest_report_header() -> list[str]:
    oracle = "compared with PyTorch" if HAS_TORCH else "PyTorch is not installed: oracle tests skip"
    forced = os.environ.get("GPUGRAD_DEVICE")
    choice = f"GPUGRAD_DEVICE={forced}" if forced else "default device"
    return [f"gpugrad: {choice} is {gpugrad.get_default_device()}; {device_line()}; {oracle}"]


def device_line() -> str:
    """Which GPU answers, or that none does."""
    if not cuda_available():
        return "no CUDA device: cuda tests skip"
    properties = cupy().cuda.runtime.getDeviceProperties(0)
    emulated = " (emulated)" if find_spec("cudasim") is not None else ""
    return f"CUDA device {properties['name'].decode()}{emulated}, CuPy {cupy().__version__}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    reasons = {}
    if not cuda_available():
        reasons["cuda"] = "gpugrad finds no CUDA device"
    if not HAS_TORCH:
        reasons["oracle"] = "PyTorch is not installed (pip install torch==2.13.0)"
    for item in items:
        for marker, reason in reasons.items():
            if item.get_closest_marker(marker):
                item.add_marker(pytest.mark.skip(reason=reason))


def pytest_collection_finish() -> None:
    """Puts the thousands of collected tests out of the garbage collector's sight: tests ask it what
    is alive, and it would look through all of them each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def device(request: pytest.FixtureRequest) -> str:
    """Every device of this machine, one after the other."""
    return str(request.param)

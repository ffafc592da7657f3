"""What every test here starts from.

Holds:     new tensors are made on the device that the test is about: the CPU if it names none. What
           a test counts changes by references alone: a collection in the middle of a test would
           take away what the tracebacks of earlier tests still keep, and its bytes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import gpugrad


@pytest.fixture(autouse=True)
def _device_of_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    chosen = "cuda" if request.node.get_closest_marker("cuda") else "cpu"
    if "device" in request.fixturenames:
        chosen = request.getfixturevalue("device")
    before = gpugrad.get_default_device()
    gpugrad.set_default_device(chosen)
    yield
    gpugrad.set_default_device(before)


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()

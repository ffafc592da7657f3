"""Fixtures that several folders of tests switch on in their conftest.

Holds:     importing a fixture into a conftest is all it takes to use it there.
Must not:  be on for every test: benchmarks and layouts need none of them.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

import gpugrad

__all__ = ["device_of_the_test", "no_garbage_collection"]


@pytest.fixture(autouse=True)
def device_of_the_test(request: pytest.FixtureRequest) -> Iterator[None]:
    """New tensors are made on the device a test is about: the CPU if it names none."""
    chosen = "cuda" if request.node.get_closest_marker("cuda") else "cpu"
    if "device" in request.fixturenames:
        chosen = request.getfixturevalue("device")
    before = gpugrad.get_default_device()
    gpugrad.set_default_device(chosen)
    yield
    gpugrad.set_default_device(before)


@pytest.fixture(autouse=True)
def no_garbage_collection() -> Iterator[None]:
    """What a test counts changes by references alone: a collection in the middle of it would take
    away what the tracebacks of earlier tests still keep, and its bytes."""
    gc.disable()
    yield
    gc.enable()

"""Keeps the garbage collector out of these tests.

Holds:     what a test counts changes by references alone. A collection in the middle of a test
           would take away what the tracebacks of earlier tests still keep, and its bytes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _no_garbage_collection() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()

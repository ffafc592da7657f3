"""Large host arrays reuse memory, and nobody ever shares memory with somebody who is alive."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import numpy as np
import pytest

from gpugrad.array import hostpool

SHAPE = (512, 1024)  # 2 MiB of float32


@pytest.fixture(autouse=True)
def emptied_pool() -> Iterator[None]:
    gc.collect()
    hostpool.trim()
    before = hostpool.limit()
    yield
    hostpool.set_limit(before)


def address(array: np.ndarray) -> int:
    return array.ctypes.data


def test_memory_is_reused_after_the_last_array_is_gone() -> None:
    first = hostpool.empty(SHAPE, np.float32)
    where = address(first)
    assert hostpool.cached_bytes() == 0
    del first
    assert hostpool.cached_bytes() == 2 << 20
    assert address(hostpool.empty((2, *SHAPE[1:], 256), np.float32)) == where


def test_views_and_exports_keep_the_memory() -> None:
    array = hostpool.empty(SHAPE, np.float32)
    where = address(array)
    holders = [array[3:, ::2], array.T.reshape(-1)[:1], memoryview(array), np.asarray(array)]
    holders[1] = array.view(np.int32)[1]
    del array
    while holders:
        other = hostpool.empty(SHAPE, np.float32)
        assert address(other) != where
        del other
        hostpool.trim()
        holders.pop()
    assert address(hostpool.empty(SHAPE, np.float32)) == where


def test_arrays_have_the_shape_the_dtype_and_own_their_bytes_alone() -> None:
    arrays = [hostpool.empty(SHAPE, dtype) for dtype in (np.float32, np.float64, np.int64, bool)]
    for number, array in enumerate(arrays):
        array[...] = number % 2
    for number, array in enumerate(arrays):
        assert array.shape == SHAPE
        assert array.flags.c_contiguous
        assert array.flags.writeable
        assert (array == number % 2).all()


def test_small_and_empty_arrays_come_from_numpy() -> None:
    assert hostpool.empty((8, 8), np.float32).base is None
    assert hostpool.empty((0, 1 << 20), np.float32).shape == (0, 1 << 20)


def test_what_waits_is_bounded() -> None:
    hostpool.set_limit(3 << 20)
    arrays = [hostpool.empty(SHAPE, np.float32) for _ in range(4)]
    arrays.clear()
    assert hostpool.cached_bytes() == 2 << 20
    assert hostpool.trim() == 2 << 20
    assert hostpool.cached_bytes() == 0


def test_reuse_can_be_switched_off() -> None:
    hostpool.set_limit(0)
    hostpool.empty(SHAPE, np.float32)
    assert hostpool.cached_bytes() == 0


def test_threads_never_share_a_live_buffer() -> None:
    wrong = []

    def work(number: int) -> None:
        for _ in range(200):
            array = hostpool.empty((70_000,), np.float32)
            array[...] = number
            if not (array == number).all():
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong

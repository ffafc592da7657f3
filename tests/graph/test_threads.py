"""Graphs of several threads run at once; a shared leaf gets the sum."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator

import pytest

import gpugrad
from gpugrad import memory


@pytest.fixture
def _fast_switching() -> Iterator[None]:
    """Threads take turns so often that a lost update would show."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Runs ``work`` in several threads and raises what any of them raised."""
    failures: list[BaseException] = []

    def guarded(number: int) -> None:
        try:
            work(number)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=guarded, args=(i,)) for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]


@pytest.mark.usefixtures("_fast_switching")
def test_graphs_of_several_threads_do_not_disturb_each_other() -> None:
    before = memory.held()

    def work(number: int) -> None:
        for step in range(50):
            x = gpugrad.full((10,), float(number + step), device="cpu").requires_grad_()
            (x * x).sum().backward()
            assert x.grad.tolist() == [2.0 * (number + step)] * 10

    in_threads(4, work)
    assert memory.held() == before


@pytest.mark.usefixtures("_fast_switching")
def test_a_leaf_shared_by_threads_gets_every_gradient() -> None:
    x = gpugrad.zeros(5000, device="cpu").requires_grad_()

    def work(_: int) -> None:
        for _ in range(50):
            (x * 1).sum().backward()

    in_threads(4, work)
    assert set(x.grad.tolist()) == {200.0}

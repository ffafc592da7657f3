"""Graphs of several threads run at once; a shared leaf gets the sum."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable, Iterator

import pytest

import gpugrad
from gpugrad import autograd, memory
from gpugrad.graph import live_nodes, saved_slots


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


@pytest.mark.usefixtures("_fast_switching")
def test_8_threads_and_1000_passes_each_into_shared_leaves_are_exact() -> None:
    held = memory.held()
    x = gpugrad.zeros(64, dtype=gpugrad.float64, device="cpu").requires_grad_()
    w = gpugrad.ones(64, dtype=gpugrad.float64, device="cpu").requires_grad_()
    shared = (x * w * 3).sum()  # one graph that all threads run
    arrived: list[int] = []
    x.register_post_accumulate_grad_hook(lambda leaf: arrived.append(1))

    def work(number: int) -> None:
        for step in range(1000):
            if step % 4 == 3:
                shared.backward(retain_graph=True)
            else:
                (x * w).sum().backward(create_graph=number == 0 and step % 50 == 0)

    in_threads(8, work)
    shared.release_graph()
    assert set(x.grad.tolist()) == {8 * (750 * 1.0 + 250 * 3.0)}
    assert set(w.grad.tolist()) == {0.0}
    assert len(arrived) == 8000
    x.grad = w.grad = None
    assert memory.held() == held


def test_modes_belong_to_their_thread_and_anomaly_mode_to_all() -> None:
    seen: dict[str, bool] = {}

    def work(_: int) -> None:
        seen["grad"] = gpugrad.is_grad_enabled()
        seen["anomaly"] = autograd.anomaly_mode.is_anomaly_enabled()
        y = gpugrad.ones(3, device="cpu").requires_grad_().exp()
        seen["packed"] = memory.graph(y).unique_bytes == 0

    hooks = autograd.graph.saved_tensors_hooks(lambda t: None, lambda t: t)
    with gpugrad.no_grad(), autograd.detect_anomaly(), hooks:
        in_threads(1, work)
    assert seen == {"grad": True, "anomaly": True, "packed": False}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_process_forked_in_the_middle_of_other_threads_passes_can_train() -> None:
    stop = threading.Event()
    x = gpugrad.zeros(3000, device="cpu").requires_grad_()

    def keep_running(_: int) -> None:
        while not stop.is_set():
            (x * 2).sum().backward()

    workers = [threading.Thread(target=keep_running, args=(i,)) for i in range(2)]
    for worker in workers:
        worker.start()
    try:
        codes = [forked(train_a_little) for _ in range(20)]
    finally:
        stop.set()
        for worker in workers:
            worker.join()
    assert codes == [0] * 20


def train_a_little() -> None:
    w = gpugrad.ones(3000, device="cpu").requires_grad_()
    for _ in range(3):
        (w * w).sum().backward()
    assert w.grad.tolist() == [6.0] * 3000


def forked(work: Callable[[], None]) -> int:
    """The exit code of a child that does ``work``; 9 if it hangs."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Python's, about forking with threads
        child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    for _ in range(1000):
        pid, status = os.waitpid(child, os.WNOHANG)
        if pid:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.01)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return 9


def test_a_spawned_process_takes_tensors_and_trains() -> None:
    w = gpugrad.ones(3, device="cpu").requires_grad_()
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        gradient = pool.apply(gradient_of, (w,))
    assert gradient.tolist() == [2.0, 2.0, 2.0]


def gradient_of(w: gpugrad.Tensor) -> gpugrad.Tensor:
    assert w.requires_grad
    (w * w).sum().backward()
    return w.grad


class _Interrupts:
    """Raises KeyboardInterrupt in the main thread after a moment."""

    def __init__(self, after: float) -> None:
        self.after = after

    def __enter__(self) -> None:
        signal.setitimer(signal.ITIMER_REAL, self.after)

    def __exit__(self, *_: object) -> None:
        signal.setitimer(signal.ITIMER_REAL, 0)


@pytest.fixture
def _alarm_is_an_interrupt() -> Iterator[None]:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no timers")
@pytest.mark.usefixtures("_alarm_is_an_interrupt")
def test_an_interrupted_backward_leaves_a_usable_state() -> None:
    rng, held = random.Random(0), memory.held()
    interrupted = 0
    for _ in range(120):
        x = gpugrad.ones(4, device="cpu").requires_grad_()
        y = x
        for _ in range(150):
            y = (y * x).tanh()
        root = y.sum()
        try:
            with _Interrupts(rng.uniform(1e-5, 6e-4)):
                root.backward()
        except KeyboardInterrupt:
            interrupted += 1
            assert memory.held() == bytes_of_live_graphs()
        assert gpugrad.is_grad_enabled()
        del x, y, root
        assert memory.held() == held
    assert interrupted > 10
    test_graphs_of_several_threads_do_not_disturb_each_other()


def bytes_of_live_graphs() -> int:
    """What live nodes save, counted one by one."""
    storages = {id(s): s.nbytes for node in live_nodes() for _, _, s in saved_slots(node)}
    return sum(storages.values())

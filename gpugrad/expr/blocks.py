"""Elementwise programs on large arrays: block by block, so that temporaries stay in cache, on
several threads where NumPy lets go of the interpreter.

Holds:     every element is computed by the same operations as in one piece, so results are equal
           to the bit; the caller's thread works too.
Must not:  decide what is computed (print_numpy.py).

Nine operations of tanh-GELU over 1e7 floats take 65 ms one after the other and 19 ms in blocks.
"""

from __future__ import annotations

import itertools
import math
import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import numpy as np

from ..array import hostpool
from ..array.quiet import quiet
from .function import Function
from .print_numpy import compute_dtype, print_numpy

__all__ = ["LARGE", "Blocks", "LargeSum", "num_threads", "set_num_threads", "share_out"]

LARGE = 65_536
"""Elements from which splitting pays."""

ALONE, TOGETHER = 128 << 10, 512 << 10
"""Bytes of one temporary of a block, on one thread and on several.

A handful of them fit into a core's own cache. Threads take turns at the interpreter, and each turn
costs more than what smaller blocks save: tanh-GELU over 1e7 floats, forward and backward, took 56
and 58 ms on one and two threads in blocks of 128 KiB, 57 and 37 ms in blocks of 512 KiB.
"""


class _Threads:
    """The worker threads, started at the first large array."""

    def __init__(self) -> None:
        self.count = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (
            os.cpu_count() or 1
        )
        self.executor: ThreadPoolExecutor | None = None

    def set(self, count: int) -> None:
        self.count = max(1, count)
        self.forget()

    def forget(self) -> None:
        self.executor = None

    def run(self, work: Callable[[], None], helpers: int) -> None:
        """Calls ``work`` in this thread and in that many others."""
        if helpers <= 0:
            work()
            return
        if self.executor is None:
            self.executor = ThreadPoolExecutor(self.count, "gpugrad")
        try:
            futures = [self.executor.submit(work) for _ in range(helpers)]
        except RuntimeError:  # the interpreter is shutting down: no more threads
            futures = []
        try:
            work()
        finally:
            wait(futures)
        for future in futures:
            future.result()


_threads = _Threads()
if hasattr(os, "register_at_fork"):  # threads do not survive a fork
    os.register_at_fork(after_in_child=_threads.forget)


def set_num_threads(count: int) -> None:
    """How many threads elementwise operations on large host arrays use."""
    _threads.set(count)


def num_threads() -> int:
    """How many threads elementwise operations on large host arrays use."""
    return _threads.count


def share_out(jobs: Sequence[Any], work: Callable[[Any], None], elements: int) -> None:
    """Calls ``work`` on every job, on as many threads as that many elements are worth."""
    threads = min(_threads.count, elements // LARGE, len(jobs))
    if threads < 2:
        for job in jobs:
            work(job)
        return
    following = itertools.count()

    def work_on() -> None:
        with quiet():
            while (turn := next(following)) < len(jobs):
                work(jobs[turn])

    _threads.run(work_on, threads - 1)


class Blocks:
    """Runs one function on large arrays. The code for blocks is printed at the first call."""

    def __init__(self, function: Function, dtype: Any) -> None:
        self.function, self.dtype = function, dtype
        self.compute = compute_dtype(dtype)
        self.code: Callable[..., None] | None = None
        self.buffers = self.flags = 0

    def __call__(self, arrays: tuple[Any, ...], attrs: tuple[Any, ...], out: Any) -> Any:
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        outs = [out] if out is not None else [
            hostpool.empty(shape, bool if part.boolean else self.dtype)
            for part in self.function.outs
        ]
        if math.prod(shape):
            self.fill(arrays, attrs, outs, shape)
        return outs[0] if len(self.function.outs) == 1 else tuple(outs)

    def fill(self, arrays: Sequence[Any], attrs: tuple[Any, ...], outs: Sequence[Any],
             shape: tuple[int, ...]) -> None:  # fmt: skip
        """Writes the results to ``outs``, all of shape ``shape``."""
        code = self.code or self.prepare()
        arrays, outs, shape = _flat(arrays, outs, shape)
        axis = max(range(len(shape)), key=lambda i: shape[i])
        rest = math.prod(shape) // shape[axis]
        threads = min(_threads.count, math.prod(shape) * self.compute.itemsize // TOGETHER)
        room = (TOGETHER if threads > 1 else ALONE) // self.compute.itemsize
        rows = max(1, room // rest)
        behind = len(shape) - axis  # counted from the end, so that it is the same for all arrays
        cut = [array.ndim >= behind and array.shape[-behind] > 1 for array in arrays]
        place = (slice(None),) * (behind - 1)
        starts = range(0, shape[axis], rows)
        following = itertools.count()
        room = min(rows, shape[axis]) * rest

        def work() -> None:
            buffers = [np.empty(room, self.compute) for _ in range(self.buffers)]
            flags = [np.empty(room, bool) for _ in range(self.flags)]
            with quiet():
                while (turn := next(following)) < len(starts):
                    index = (..., slice(starts[turn], starts[turn] + rows), *place)
                    here = [o[index] for o in outs]
                    like = here[0].shape
                    size = here[0].size
                    temporaries = [b[:size].reshape(like) for b in (*buffers, *flags)]
                    parts = [a[index] if c else a for a, c in zip(arrays, cut, strict=True)]
                    code(*parts, *attrs, *here, *temporaries)

        _threads.run(work, min(threads, len(starts)) - 1)

    def prepare(self) -> Callable[..., None]:
        names = {*self.function.names, *self.function.attrs}
        outs = [_unused(f"o{i}", names) for i in range(len(self.function.outs))]
        code = print_numpy(self.function, self.dtype, into=tuple(outs), blocked=True)
        given = [*self.function.names, *self.function.attrs, *outs, *code.work, *code.flags]
        text = "\n    ".join([f"def block({', '.join(given)}):", *code.lines])
        exec(compile(text, f"<gpugrad block {self.function.name}>", "exec"), code.namespace)
        self.buffers, self.flags = len(code.work), len(code.flags)
        self.code = code.namespace["block"]
        return self.code


def _unused(name: str, names: set[str]) -> str:
    while name in names:
        name += "_"
    return name


def _flat(arrays: Sequence[Any], outs: Sequence[Any], shape: tuple[int, ...]
          ) -> tuple[list[Any], list[Any], tuple[int, ...]]:  # fmt: skip
    """The same as one long row where memory allows; single elements as 0-d arrays."""
    arrays = [array.reshape(()) if array.size == 1 else array for array in arrays]
    whole = [a for a in (*arrays, *outs) if a.ndim]
    if all(a.shape == shape and a.flags.c_contiguous for a in whole):
        return [a.reshape(-1) if a.ndim else a for a in arrays], [o.reshape(-1) for o in outs], (
            math.prod(shape),
        )
    if all(a.shape == shape and a.flags.f_contiguous for a in whole):
        return _flat([a.T for a in arrays], [o.T for o in outs], shape[::-1])
    return arrays, list(outs), shape


class LargeSum:
    """Sums a function's result over axes, for large arrays without a temporary of full size."""

    def __init__(self, function: Function, dtype: Any, program: Callable[..., Any]) -> None:
        self.function, self.dtype, self.program = function, dtype, program
        self.compute = compute_dtype(dtype)

    def __call__(self, *given: Any, axes: tuple[int, ...]) -> Any:
        arrays, attrs = given[: len(self.function.params)], given[len(self.function.params) :]
        shape = np.broadcast_shapes(*(array.shape for array in arrays))
        axes = tuple(sorted(axis % len(shape) for axis in axes))
        if math.prod(shape) <= LARGE or 0 not in axes or shape[0] == 1:
            total = np.add.reduce(self.program(*given), axis=axes, dtype=self.compute)
        else:
            total = self.by_rows(arrays, attrs, shape, axes)
        return np.asarray(total, self.dtype)

    def by_rows(self, arrays: Sequence[Any], attrs: tuple[Any, ...], shape: tuple[int, ...],
                axes: tuple[int, ...]) -> Any:  # fmt: skip
        """Sums over the first axis too, so blocks of rows are summed one after the other."""
        rows = max(1, LARGE * shape[0] // math.prod(shape))
        cut = [array.ndim == len(shape) and array.shape[0] > 1 for array in arrays]
        partial = []
        for start in range(0, shape[0], rows):
            index = slice(start, start + rows)
            parts = [a[index] if c else a for a, c in zip(arrays, cut, strict=True)]
            block = self.program(*parts, *attrs)
            partial.append(np.add.reduce(block, axis=axes, dtype=self.compute))
        return np.add.reduce(partial, axis=0)

"""Streams and events with PyTorch's names, around CuPy's.

Holds:     ``with stream(s):`` makes ``s`` CuPy's current stream as well, so gpugrad's kernels and
           the program's own CuPy calls follow it.
Must not:  synchronise on its own.
"""

from __future__ import annotations

from types import TracebackType
from typing import Any

from ..array import cupy
from .devices import gpu_index

__all__ = ["Event", "Stream", "current_stream", "default_stream", "set_stream", "stream"]


class Event:
    """A point in the work of a stream."""

    def __init__(self, enable_timing: bool = False, blocking: bool = False,
                 interprocess: bool = False) -> None:
        self.cupy = cupy().cuda.Event(blocking, not enable_timing, interprocess)

    def record(self, stream: Stream | None = None) -> None:
        """Marks the work given to ``stream`` (None: the current one) so far."""
        self.cupy.record(None if stream is None else stream.cupy)

    def wait(self, stream: Stream | None = None) -> None:
        """Lets later work of ``stream`` wait for this event."""
        (current_stream() if stream is None else stream).wait_event(self)

    def query(self) -> bool:
        """Whether the marked work is done."""
        return bool(self.cupy.done)

    def synchronize(self) -> None:
        """Waits for the marked work."""
        self.cupy.synchronize()

    def elapsed_time(self, end_event: Event) -> float:
        """Milliseconds from this event to ``end_event``; both need ``enable_timing=True``."""
        return float(cupy().cuda.get_elapsed_time(self.cupy, end_event.cupy))


class Stream:
    """A queue of work of one GPU.

    ``Stream()`` is a new one; ``cupy`` is CuPy's stream, ``cuda_stream`` the handle.
    """

    def __init__(self, device: Any = None, priority: int = 0, *, wrap: Any = None) -> None:
        if wrap is None:
            with cupy().cuda.Device(gpu_index(device)):
                wrap = cupy().cuda.Stream(non_blocking=True, priority=priority or None)
        self.cupy = wrap

    @property
    def cuda_stream(self) -> int:
        """The handle, for other libraries."""
        return int(self.cupy.ptr)

    def wait_event(self, event: Event) -> None:
        """Lets later work wait for ``event``."""
        self.cupy.wait_event(event.cupy)

    def wait_stream(self, stream: Stream) -> None:
        """Lets later work wait for what ``stream`` has been given so far."""
        self.wait_event(stream.record_event())

    def record_event(self, event: Event | None = None) -> Event:
        """Marks the work given so far, with ``event`` or a new one."""
        event = Event() if event is None else event
        event.record(self)
        return event

    def query(self) -> bool:
        """Whether all work is done."""
        return bool(self.cupy.done)

    def synchronize(self) -> None:
        """Waits for all work."""
        self.cupy.synchronize()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Stream) and self.cuda_stream == other.cuda_stream

    def __hash__(self) -> int:
        return hash(self.cuda_stream)

    def __repr__(self) -> str:
        return f"<gpugrad.cuda.Stream cuda_stream={self.cuda_stream:#x}>"


def current_stream(device: Any = None) -> Stream:
    """The stream that work on ``device`` goes to now."""
    return Stream(wrap=cupy().cuda.get_current_stream(gpu_index(device)))


def default_stream(device: Any = None) -> Stream:
    """The stream that CUDA begins with."""
    gpu_index(device)
    return Stream(wrap=cupy().cuda.Stream.null)


def set_stream(stream: Stream) -> None:
    """Makes ``stream`` the current one."""
    stream.cupy.use()


class stream:  # noqa: N801  (PyTorch's name)
    """Makes a stream the current one inside a ``with`` block; None leaves all as it is."""

    def __init__(self, stream: Stream | None) -> None:
        self.stream = stream

    def __enter__(self) -> None:
        if self.stream is not None:
            self.stream.cupy.__enter__()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None,
                 trace: TracebackType | None) -> None:
        if self.stream is not None:
            self.stream.cupy.__exit__(kind, error, trace)

"""Recording or not: ``no_grad``, ``enable_grad``, ``set_grad_enabled``, ``inference_mode``.

Holds:     each is a context manager and a decorator (of functions, generators and classes), and
           notes its line, so that a tensor made without a graph can say where that was decided.
Must not:  outlive its block: whatever ends it, the mode is what it was before.
"""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Generator
from typing import Any, TypeVar

from .lost import Lost
from .modes import local
from .where import user_files, user_frame

__all__ = ["enable_grad", "inference_mode", "is_grad_enabled", "is_inference_mode_enabled",
           "no_grad", "set_grad_enabled"]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])
State = tuple[bool, Lost | None]


def is_grad_enabled() -> bool:
    """Whether ops of this thread record nodes."""
    return local.mode.grad


def is_inference_mode_enabled() -> bool:
    """Whether this thread is inside ``inference_mode``."""
    lost = local.mode.lost
    return lost is not None and lost.what == "inference_mode"


def _switch(enabled: bool, lost: Lost | None) -> State:
    """Sets the mode; returns the one before."""
    mode = local.mode
    before = mode.grad, mode.lost
    mode.grad, mode.lost = enabled, lost
    return before


class _GradMode:
    """Context manager and decorator that sets this thread's grad mode."""

    _enabled: bool

    def __init__(self) -> None:
        self._before: list[State] = []

    @property
    def _name(self) -> str:
        return type(self).__name__

    def _lost_in(self, code: Any, lasti: int) -> Lost | None:
        return None if self._enabled else Lost("no_grad", self._name, code, lasti)

    def __enter__(self) -> None:
        frame = sys._getframe(1)
        if frame.f_code.co_filename not in user_files:
            frame = user_frame(frame)
        self._before.append(_switch(self._enabled, self._lost_in(frame.f_code, frame.f_lasti)))

    def __exit__(self, *_: object) -> None:
        _switch(*self._before.pop())

    def __call__(self, function: F) -> F:
        if isinstance(function, type):  # PyTorch: a class stands for its ``__init__``
            function.__init__ = self(function.__init__)  # type: ignore[misc]
            return function
        enabled, lost = self._enabled, self._lost_in(getattr(function, "__code__", None), -1)
        if inspect.isgeneratorfunction(function):
            return _generator(function, enabled, lost)  # type: ignore[no-any-return]

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            before = _switch(enabled, lost)
            try:
                return function(*args, **kwargs)
            finally:
                _switch(*before)

        return wrapped  # type: ignore[return-value]


def _generator(function: Any, enabled: bool, lost: Lost | None) -> Any:
    """``function``, whose body runs in the mode; between its steps the caller's mode is back."""

    @functools.wraps(function)
    def wrapped(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        running = function(*args, **kwargs)
        step, sent = running.send, (None,)
        try:
            while True:
                before = _switch(enabled, lost)
                try:
                    value = step(*sent)
                except StopIteration as end:
                    return end.value
                finally:
                    _switch(*before)
                try:
                    step, sent = running.send, ((yield value),)
                except GeneratorExit:
                    raise
                except BaseException as error:
                    step, sent = running.throw, (error,)  # type: ignore[assignment]
        finally:
            running.close()

    return wrapped


class no_grad(_GradMode):  # noqa: N801  (PyTorch's name)
    """Ops inside record nothing: ``with no_grad():`` or ``@no_grad()``."""

    _enabled = False

    def __new__(cls, function: Any = None) -> Any:
        made = super().__new__(cls)
        if function is None:
            return made
        made.__init__()  # type: ignore[misc]
        return made(function)


class enable_grad(no_grad):  # noqa: N801
    """Ops inside record, also within ``no_grad``."""

    _enabled = True


class set_grad_enabled(_GradMode):  # noqa: N801
    """Sets grad mode at once; as a context manager, until the end of the block."""

    def __init__(self, mode: bool) -> None:
        super().__init__()
        self._enabled = bool(mode)
        frame = user_frame(sys._getframe(1))
        self._lost = self._lost_in(frame.f_code, frame.f_lasti)
        self._before.append(_switch(self._enabled, self._lost))

    def __enter__(self) -> None:
        _switch(self._enabled, self._lost)

    def __call__(self, function: F) -> F:
        _switch(*self._before.pop())
        return super().__call__(function)


class inference_mode(_GradMode):  # noqa: N801
    """``no_grad`` under the name for code that never trains; ``inference_mode(False)`` records.

    What is made inside are ordinary constants: they may be saved by a later graph and written to.
    """

    def __new__(cls, mode: Any = True) -> Any:
        made = super().__new__(cls)
        if isinstance(mode, bool):
            return made
        made.__init__()  # type: ignore[misc]
        return made(mode)

    def __init__(self, mode: bool = True) -> None:
        super().__init__()
        self._enabled = not mode

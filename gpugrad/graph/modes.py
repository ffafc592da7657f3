"""Grad mode, and where in the program the thread is: module, step.

Holds:     all of it is per thread; a new thread records. A Scope is shared by every node recorded
           in one module during one step, so that a node notes both with one store.
Must not:  cost more than one thread-local read per recorded op.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import Any, TypeVar

from ..array import quiet_runner

__all__ = [
    "Mode", "Scope", "enable_grad", "enter_module", "is_grad_enabled", "leave_module", "local",
    "next_step", "no_grad", "set_grad_enabled", "step_number",
]  # fmt: skip

F = TypeVar("F", bound=Callable[..., Any])


class Scope:
    """A module path during one step."""

    __slots__ = ("children", "module", "step")

    def __init__(self, module: str, step: int) -> None:
        self.module = module
        self.step = step
        self.children: dict[str, Scope] = {}

    def child(self, name: str) -> Scope:
        """The scope of the module ``name`` inside this one."""
        found = self.children.get(name)
        if found is None:
            path = f"{self.module}.{name}" if self.module else name
            found = self.children.setdefault(name, Scope(path, self.step))
        return found


class Mode:
    """What an op looks up: whether it records, where it is, and how to compute without warnings."""

    __slots__ = ("grad", "run", "scope")

    def __init__(self) -> None:
        self.grad = True
        self.run = quiet_runner()
        self.scope = Scope("", _progress[0])


_progress = [0]  # steps finished so far, in the whole process


class _Local(threading.local):
    def __init__(self) -> None:
        self.mode = Mode()


local = _Local()


# ------------------------------------------------------------------------------ modules and steps
def enter_module(name: str) -> Scope:
    """Nodes recorded from here on belong to module ``name``; returns the token for leaving it."""
    mode = local.mode
    before = mode.scope
    mode.scope = before.child(name)
    return before


def leave_module(token: Scope) -> None:
    """Ends ``enter_module``."""
    local.mode.scope = token


def next_step() -> int:
    """Begins the next step; returns its number."""
    _progress[0] += 1
    mode = local.mode
    mode.scope = Scope(mode.scope.module, _progress[0])
    return _progress[0]


def step_number() -> int:
    """The number of steps finished so far."""
    return _progress[0]


# -------------------------------------------------------------------------------------- grad mode
def is_grad_enabled() -> bool:
    """Whether ops of this thread record nodes."""
    return local.mode.grad


class _GradMode:
    """Context manager and decorator that sets this thread's grad mode."""

    _enabled: bool

    def __init__(self) -> None:
        self._before: list[bool] = []

    def __enter__(self) -> None:
        mode = local.mode
        self._before.append(mode.grad)
        mode.grad = self._enabled

    def __exit__(self, *_: object) -> None:
        local.mode.grad = self._before.pop()

    def __call__(self, function: F) -> F:
        enabled = self._enabled

        @functools.wraps(function)
        def wrapped(*args: Any, **kwargs: Any) -> Any:
            mode = local.mode
            before = mode.grad
            mode.grad = enabled
            try:
                return function(*args, **kwargs)
            finally:
                mode.grad = before

        return wrapped  # type: ignore[return-value]


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
        self._before.append(local.mode.grad)
        local.mode.grad = self._enabled

    def __enter__(self) -> None:
        local.mode.grad = self._enabled

    def __call__(self, function: F) -> F:
        local.mode.grad = self._before.pop()
        return super().__call__(function)

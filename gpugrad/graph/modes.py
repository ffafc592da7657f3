"""Where in the program a thread is (module, step), and how its ops behave: they look up a Mode.

NOTE [the plain path] The printed calls of elementwise ops do only what is usual. They leave what is
not to ``Elementwise.general`` when Diverted reaches them: from ``mode.run``, where somebody has to
see everything that is saved, or from an operand without an array of its own (traced.py). What does
not happen costs them nothing.

Holds:     all of it is per thread; a new thread records. A Scope is shared by every node recorded
           in one module during one step, so that a node notes both with one store.
Must not:  cost more than one thread-local read per recorded op.
"""

from __future__ import annotations

import threading
from typing import Any, NoReturn

from ..array import quiet_runner
from .lost import Lost

__all__ = [
    "Diverted", "Mode", "Scope", "enter_module", "leave_module", "local", "next_step",
    "step_number",
]  # fmt: skip


class Diverted(RuntimeError):
    """The plain path of an op is closed; see NOTE [the plain path]."""


def _divert(*_: Any, **__: Any) -> NoReturn:
    raise Diverted


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
    """What an op looks up.

    grad        whether it records
    lost        where recording was switched off
    scope       where it is
    compute     ``compute(function, *arguments)`` without NumPy's warnings
    run         the same on the plain path
    packing     what packs the values that nodes save, innermost last
    preserving  whether saved values are copied before they are written over
    sweep       the backward pass that is running, or None
    """

    __slots__ = ("compute", "grad", "lost", "packing", "preserving", "run", "scope", "sweep")

    def __init__(self) -> None:
        self.grad = True
        self.lost: Lost | None = None
        self.packing: tuple[Any, ...] = ()
        self.preserving = False
        self.sweep: Any = None
        self.run = self.compute = quiet_runner()
        self.scope = Scope("", _progress[0])

    def pack_with(self, packing: tuple[Any, ...]) -> tuple[Any, ...]:
        """Makes ``packing`` pack what nodes save from here on; returns what did before."""
        before = self.packing
        self.packing = packing
        self.run = _divert if packing else self.compute
        return before


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

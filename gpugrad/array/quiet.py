"""Silence for NumPy's floating point warnings: log(0) is -inf here, as on a GPU and in PyTorch.

Holds:     the caller's own NumPy error state is back after each use, in each thread.
Must not:  cost what ``numpy.errstate`` costs (750 ns; an op on a small array takes 250). The state
           is a context variable inside NumPy, and setting it takes 45 ns; where a NumPy version
           keeps it elsewhere, errstate serves.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy._core import umath

__all__ = ["hush", "quiet", "quiet_runner", "run_again", "unhush"]


def _errstate_hush() -> Any:
    state = np.errstate(all="ignore")
    state.__enter__()
    return state


def _errstate_unhush(state: Any) -> None:
    state.__exit__(None, None, None)


def _context_pair() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    variable: Any = umath._extobj_contextvar
    ignore_all = umath._make_extobj(all="ignore")
    return partial(variable.set, ignore_all), variable.reset


def _pair() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    try:
        return _context_pair()
    except AttributeError:
        return _errstate_hush, _errstate_unhush


hush, unhush = _pair()
"""``token = hush()`` silences the warnings, ``unhush(token)`` ends that."""


def quiet_runner() -> Callable[..., Any]:
    """``run(function, *arguments)`` with the warnings silenced, for use by one thread.

    Running inside a context of its own costs 20 ns, setting and resetting the state 110. A context
    cannot be entered twice, so a call from within a call (a finalizer, say) raises RuntimeError;
    ``run_again`` takes that.
    """
    context = contextvars.copy_context()
    context.run(hush)
    return context.run if hush is not _errstate_hush else _run_hushed


def _run_hushed(function: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    with quiet():
        return function(*arguments, **keywords)


def run_again(error: RuntimeError, function: Callable[..., Any], *arguments: Any,
              **keywords: Any) -> Any:
    """What to do with a RuntimeError from a runner: run without it if it was busy, else raise."""
    if "cannot enter context" not in str(error):
        raise error
    return _run_hushed(function, *arguments, **keywords)


@contextmanager
def quiet() -> Iterator[None]:
    """Silences NumPy's floating point warnings inside a ``with`` block."""
    token = hush()
    try:
        yield
    finally:
        unhush(token)

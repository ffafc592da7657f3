"""Silence for NumPy's floating point warnings: log(0) is -inf here, as on a GPU and in PyTorch.

Holds:     the caller's own NumPy error state is back after each use, in each thread.
Must not:  cost what ``numpy.errstate`` costs (750 ns; an op on a small array takes 250). The state
           is a context variable inside NumPy, and setting it takes 45 ns; where a NumPy version
           keeps it elsewhere, errstate serves.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
from numpy._core import umath

__all__ = ["hush", "quiet", "unhush"]


def _errstate_pair() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    def enter() -> Any:
        state = np.errstate(all="ignore")
        state.__enter__()
        return state

    def leave(state: Any) -> None:
        state.__exit__(None, None, None)

    return enter, leave


def _context_pair() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    variable: Any = umath._extobj_contextvar  # type: ignore[attr-defined]
    ignore_all = umath._make_extobj(all="ignore")  # type: ignore[attr-defined]
    return partial(variable.set, ignore_all), variable.reset


def _pair() -> tuple[Callable[[], Any], Callable[[Any], Any]]:
    try:
        return _context_pair()
    except AttributeError:
        return _errstate_pair()


hush, unhush = _pair()
"""``token = hush()`` silences the warnings, ``unhush(token)`` ends that."""


@contextmanager
def quiet() -> Iterator[None]:
    """Silences NumPy's floating point warnings inside a ``with`` block."""
    token = hush()
    try:
        yield
    finally:
        unhush(token)

"""Writes over saved values, allowed: what a graph needs of them is copied first.

Holds:     a value is copied when it is about to be written over, once, and never otherwise.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..graph import local

__all__ = ["allow_mutation_on_saved_tensors"]


@contextmanager
def allow_mutation_on_saved_tensors() -> Iterator[None]:
    """Inside, writing in place over what a graph saves copies it first, and backward works.

    >>> import gpugrad
    >>> x = gpugrad.ones(2, requires_grad=True)
    >>> with allow_mutation_on_saved_tensors():
    ...     y = x.exp()
    ...     z = y.sin().sum()
    ...     _ = y.zero_()
    ...     z.backward()
    """
    mode = local.mode
    before, mode.preserving = mode.preserving, True
    try:
        yield
    finally:
        mode.preserving = before

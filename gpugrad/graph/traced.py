"""Tensors that stand for more than one array: with a tangent, or for a batch of examples.

A traced tensor has a shape, a kind and a level, but no array. An op that asks for one is told
(NotConcrete), and hands itself to the operand of the highest level: ``process(op, inputs, attrs)``
computes the result by calling ops on the parts. The families of ops do so; any other code that
reads the values of a traced tensor fails clearly, and never takes a part for the whole.

Holds:     ``inputs`` are what the op was called with, ``attrs`` its keyword arguments; what
           ``process`` returns is what the op returns.
Must not:  cost an op on ordinary tensors anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .base import TensorBase
from .modes import Diverted

__all__ = ["NotConcrete", "handed_over", "is_traced", "topmost", "values_behind"]


class NotConcrete(Diverted):
    """The values of a traced tensor were asked for."""


def is_traced(value: Any) -> bool:
    """Whether ``value`` is a tensor without an array of its own."""
    return isinstance(value, TensorBase) and hasattr(value, "process")


def topmost(values: Iterable[Any]) -> Any:
    """The traced tensor of the highest level among ``values``, or None."""
    found = [value for value in values if is_traced(value)]
    return max(found, key=lambda value: value.level, default=None)


def handed_over(op: Any, inputs: Sequence[Any], attrs: dict[str, Any]) -> Any:
    """What ``op`` is on ``inputs``, of which at least one is traced."""
    return topmost(inputs).process(op, tuple(inputs), attrs)


def values_behind(tensor: Any) -> Any:
    """The array of a tensor, or of all examples that it stands for: to look for bad values in."""
    while is_traced(tensor):
        tensor = tensor.parts()[0]
    return tensor.array

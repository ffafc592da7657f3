"""Finds the names that the user's program has for tensors: variables, attributes, entries.

Looks through the calling frames outside gpugrad, innermost first: the local variables of each, then
the globals it sees, with attributes of objects and entries of containers found there.

Holds:     what it keeps is gone when the search ends; a frame is left as it was found.
Must not:  run unless a message is about to be written: it may look at thousands of objects.
"""

from __future__ import annotations

import inspect
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from types import BuiltinFunctionType, FrameType, FunctionType, MethodType, ModuleType
from typing import Any, NamedTuple

from .base import TensorBase
from .where import user_frame

__all__ = ["Named", "named_tensors"]

_FRAMES = 12  # frames looked into
_OBJECTS = 5000  # objects looked at per frame
_ENTRIES = 1000  # entries of one container
_DEPTH = 4  # steps from a variable: model.rnn.cell.hidden
_OPAQUE = (type, ModuleType, FunctionType, BuiltinFunctionType, MethodType)
_MODULE_DICTS = ("_buffers", "_modules", "_parameters")  # what a Module keeps its attributes in


class Named(NamedTuple):
    """A tensor and what the program calls it.

    name       ``h``, ``self.hidden``, ``losses[3]``; the elements of a tuple go by the tuple's name
    owner      the class of the object whose attribute it is, or None for a variable
    attribute  the attribute's name, or ""
    container  "" or what it is an entry of: "tuple", "list", "dict"
    """

    name: str
    tensor: TensorBase
    owner: type | None
    attribute: str
    container: str


class _Place(NamedTuple):
    name: str
    value: Any
    depth: int
    owner: type | None
    attribute: str
    container: str


def named_tensors(frame: FrameType | None) -> Iterator[Named]:
    """Every tensor that can be named from ``frame`` and its callers, the nearest names first."""
    seen: set[int] = set()
    for variables in _scopes(frame):
        yield from _search(variables, seen)


def _scopes(frame: FrameType | None) -> Iterator[dict[str, Any]]:
    """The variables of each user frame: its locals, then the globals of its module."""
    modules: set[int] = set()
    left = _FRAMES
    while frame is not None and left:
        frame = user_frame(frame)
        if frame.f_locals is not frame.f_globals:
            yield _locals_of(frame)
        if id(frame.f_globals) not in modules:
            modules.add(id(frame.f_globals))
            yield frame.f_globals
        frame = frame.f_back
        left -= 1


def _locals_of(frame: FrameType) -> dict[str, Any]:
    """A copy of a frame's local variables.

    Before Python 3.13 a function's ``f_locals`` is a dict that stays with the frame and keeps what
    the variables were: it is emptied again, unless the program has it too (variable, argument).
    """
    inner = frame.f_locals
    copy = dict(inner)
    function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
    if function and type(inner) is dict and sys.getrefcount(inner) <= _references_of_locals():
        inner.clear()
    return copy


def _references_of_locals() -> int:
    """How many references a ``f_locals`` has that nobody else has, counted as above."""
    inner = sys._getframe().f_locals
    return sys.getrefcount(inner)


def _search(variables: Mapping[str, Any], seen: set[int]) -> Iterator[Named]:
    """Breadth first, so that short names come before long ones."""
    queue = deque(
        _Place(name, value, _DEPTH, None, "", "")
        for name, value in list(variables.items())
        if name.isidentifier() and not name.startswith("__")
    )
    budget = _OBJECTS
    while queue and budget:
        place = queue.popleft()
        budget -= 1
        if _is(place.value, TensorBase):
            yield Named(place.name, place.value, *place[3:])
        elif place.depth and id(place.value) not in seen:
            seen.add(id(place.value))
            queue.extend(_inside(place))


def _inside(place: _Place) -> Iterable[_Place]:
    """What an object contains, under the names the program would use."""
    name, value, depth, owner, attribute, _ = place
    kind = type(value)
    if kind is tuple:
        # The elements go by the tuple's own name.
        return [_Place(name, v, depth - 1, owner, attribute, "tuple") for v in value[:_ENTRIES]]
    if kind is list:
        entries = enumerate(value[-_ENTRIES:], max(0, len(value) - _ENTRIES))
        return [
            _Place(f"{name}[{i}]", v, depth - 1, owner, attribute, "list") for i, v in entries
        ]
    if _is(value, dict):
        return [
            _Place(f"{name}[{k!r}]", v, depth - 1, owner, attribute, "dict")
            for k, v in list(dict.items(value))[:_ENTRIES]
            if type(k) in (str, int)
        ]
    if _is(value, *_OPAQUE):
        return []
    return [_Place(f"{name}.{a}", v, depth - 1, kind, a, "") for a, v in _attributes(value)]


def _attributes(value: Any) -> Iterator[tuple[str, Any]]:
    """The instance attributes of an object, read without running any code of its class.

    Those of a Module are spread over several dicts.
    """
    try:
        own = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        return
    for name, inner in list(own.items())[:_ENTRIES]:
        if name in _MODULE_DICTS and _is(inner, dict):
            yield from list(dict.items(inner))
        else:
            yield name, inner


def _is(value: Any, *classes: type) -> bool:
    """``isinstance`` that runs no code of the value's class."""
    return issubclass(type(value), classes)

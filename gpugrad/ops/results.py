"""Results of several tensors with a name each: ``x.sort().values``.

Holds:     a result is a tuple: it unpacks, compares and is indexed as one, and its fields are the
           names PyTorch gives them.
Must not:  know tensors.
"""

from __future__ import annotations

from operator import itemgetter
from typing import Any

__all__ = ["RETURN_TYPES", "NamedResult", "named"]

RETURN_TYPES: dict[str, Any] = {}
"""The classes that ``named`` made, by name."""


class NamedResult(tuple[Any, ...]):
    """A tuple whose entries are also attributes."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()

    def __repr__(self) -> str:
        pairs = zip(self._fields, self, strict=True)
        lines = ",\n".join([f"{field}={value!r}" for field, value in pairs])
        return f"gpugrad.return_types.{type(self).__name__}(\n{lines})"

    def __reduce__(self) -> Any:
        return _restored, (type(self).__name__, tuple(self))


def named(name: str, fields: str) -> Any:
    """A class of tuples with ``fields`` (words), made from a sequence as PyTorch's are.

    >>> pair = named("minmax", "min max")([1, 2])
    >>> pair.max, pair[0]
    (2, 1)
    """
    names = tuple(fields.split())
    body: dict[str, Any] = {field: property(itemgetter(i)) for i, field in enumerate(names)}
    made = type(name, (NamedResult,), {**body, "__slots__": (), "_fields": names,
                                       "__match_args__": names})  # fmt: skip
    return RETURN_TYPES.setdefault(name, made)


def _restored(name: str, values: tuple[Any, ...]) -> Any:
    return RETURN_TYPES[name](values)

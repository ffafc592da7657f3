"""The names of PyTorch's memory formats.

Every result here is stored with its elements in order, so a format is accepted, checked against the
number of dimensions as in PyTorch, and has no other effect.

Must not:  change any layout.
"""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from .surface import PLACES

__all__ = ["channels_last", "channels_last_3d", "check_format", "contiguous_format",
           "in_order", "memory_format", "preserve_format"]  # fmt: skip


class memory_format:  # noqa: N801  (PyTorch's name)
    """An order of dimensions in memory."""

    __slots__ = ("name", "rank")

    def __init__(self, name: str, rank: int = 0) -> None:
        self.name = name
        self.rank = rank

    def __repr__(self) -> str:
        return f"gpugrad.{self.name}"

    def __reduce__(self) -> str:
        return self.name


contiguous_format = memory_format("contiguous_format")
preserve_format = memory_format("preserve_format")
channels_last = memory_format("channels_last", 4)
channels_last_3d = memory_format("channels_last_3d", 5)

for _each in (contiguous_format, preserve_format, channels_last, channels_last_3d):
    PLACES["torch"][_each.name] = _each
PLACES["torch"]["memory_format"] = memory_format


def check_format(wanted: Any, ndim: int) -> None:
    """Raises what PyTorch does for a format that ``ndim`` dimensions cannot have."""
    if wanted is None or wanted.__class__ is memory_format:
        if wanted is not None and wanted.rank not in (0, ndim):
            raise ShapeError(
                f"required rank {wanted.rank} tensor to use {wanted.name} format, got {ndim}"
            )
        return
    raise TypeError(
        f"argument 'memory_format' must be gpugrad.memory_format, not {type(wanted).__name__}"
    )


def in_order(array: Any, wanted: memory_format) -> bool:
    """Whether the elements of a raw array lie in the order of a format, without gaps."""
    if wanted.rank and array.ndim != wanted.rank:
        return False
    if wanted.rank:
        array = array.transpose((0, *range(2, wanted.rank), 1))
    return bool(array.flags.c_contiguous)

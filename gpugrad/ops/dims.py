"""Dimension arguments: what PyTorch's ``dim`` may be, as non-negative axes.

Holds:     a bad dimension is an IndexError that names the valid range.
Must not:  look at tensors.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError, dim_out_of_range

__all__ = ["axes_of", "axis_of", "flat_sizes", "resolve_sizes"]


def axis_of(dim: int, ndim: int) -> int:
    """``dim`` counted from the front; a 0-d tensor has dimension 0 and -1."""
    count = max(ndim, 1)
    if not -count <= dim < count:
        raise dim_out_of_range(dim, count)
    return dim + count if dim < 0 else dim


def axes_of(dim: Any, ndim: int) -> tuple[int, ...]:
    """The axes ``dim`` names: an int, several, or None (and an empty tuple) for all."""
    if dim is None or (not isinstance(dim, int) and len(dim) == 0):
        return tuple(range(ndim))
    if isinstance(dim, int):
        return (axis_of(dim, ndim),) if ndim else ()
    axes = tuple(axis_of(d, ndim) for d in dim)
    for axis in axes:
        if axes.count(axis) > 1:
            raise ShapeError(f"dim {axis} appears multiple times in the list of dims")
    return axes if ndim else ()


def flat_sizes(sizes: Sequence[Any]) -> tuple[int, ...]:
    """``f(2, 3)``, ``f((2, 3))`` and ``f(Size([2, 3]))`` mean the same."""
    if len(sizes) == 1 and isinstance(sizes[0], (tuple, list)):
        return tuple(int(n) for n in sizes[0])
    return tuple(int(n) for n in sizes)


def resolve_sizes(sizes: Sequence[int], count: int) -> tuple[int, ...]:
    """``sizes`` with a single -1 replaced, so that they hold ``count`` elements."""
    sizes = tuple(sizes)
    known = math.prod(n for n in sizes if n != -1)
    if sizes.count(-1) > 1:
        raise ShapeError("only one dimension can be inferred")
    if -1 in sizes and known and count % known == 0:
        sizes = tuple(count // known if n == -1 else n for n in sizes)
    elif -1 in sizes and not known and not count:
        raise ShapeError(
            f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the "
            "unspecified dimension size -1 can be any value and is ambiguous"
        )
    if -1 in sizes or math.prod(sizes) != count:
        raise ShapeError(f"shape '{list(sizes)}' is invalid for input of size {count}")
    return sizes

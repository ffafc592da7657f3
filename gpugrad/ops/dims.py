"""Dimension arguments: what PyTorch's ``dim`` may be, as non-negative axes.

Holds:     a bad dimension is an IndexError that names the valid range.
Must not:  look at tensors.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from operator import index as as_int
from typing import Any

from ..errors import ShapeError, dim_out_of_range

__all__ = ["axes_of", "axis_of", "flat_sizes", "resolve_sizes", "sizes_given"]


def axis_of(dim: int, ndim: int) -> int:
    """``dim`` counted from the front; a 0-d tensor has dimension 0 and -1."""
    if 0 <= dim < ndim:
        return dim
    count = ndim or 1
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
    if len(sizes) == 1:
        first = sizes[0]
        if isinstance(first, (tuple, list)):
            sizes = first
    return tuple(map(as_int, sizes))


def sizes_given(sizes: tuple[Any, ...], named: Any) -> tuple[int, ...]:
    """Those of a call that takes them one by one, as one sequence, or by name.

    Raises:  TypeError if the call has none
    """
    if named is not None:
        sizes = (named,)
    elif not sizes:
        raise TypeError("missing 1 required positional argument: sizes or dimensions")
    return flat_sizes(sizes)


def resolve_sizes(sizes: tuple[int, ...], count: int) -> tuple[int, ...]:
    """``sizes`` with a single -1 replaced, so that they hold ``count`` elements."""
    known = prod(sizes)
    if -1 in sizes:
        if sizes.count(-1) > 1:
            raise ShapeError("only one dimension can be inferred")
        known = -known
        if known > 0 and count % known == 0:
            at = sizes.index(-1)
            return (*sizes[:at], count // known, *sizes[at + 1 :])
        if not known and not count:
            raise ShapeError(
                f"cannot reshape tensor of 0 elements into shape {list(sizes)} because the "
                "unspecified dimension size -1 can be any value and is ambiguous"
            )
    elif known == count and min(sizes, default=0) >= 0:
        return sizes
    for i, n in enumerate(sizes):
        if n < -1:
            raise ShapeError(f"invalid shape dimension {n} at index {i} of shape {list(sizes)}")
    raise ShapeError(f"shape '{list(sizes)}' is invalid for input of size {count}")

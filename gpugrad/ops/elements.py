"""Where the elements of a tensor lie, and the same bytes as elements of another dtype.

Must not:  read or write an element.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..array import as_dtype
from ..errors import ShapeError
from ..graph import is_traced, new_tensor, storage_of

__all__ = ["address", "element_strides", "own_strides", "storage_offset", "strided",
           "view_elements"]  # fmt: skip


def address(array: Any) -> int:
    """The address of the first element of a raw array."""
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)


def element_strides(array: Any) -> tuple[int, ...]:
    """The steps between neighbours of a raw array, in elements."""
    return tuple([s // array.itemsize for s in array.strides])


def own_strides(tensor: Any) -> tuple[int, ...]:
    """``element_strides`` of a tensor; one without an array lies in order."""
    if not is_traced(tensor):
        return element_strides(tensor.array)
    return tuple([prod(tensor.shape[d + 1 :]) for d in range(len(tensor.shape))])


def storage_offset(tensor: Any) -> int:
    """How many elements lie before the first one of ``tensor`` in its storage."""
    if is_traced(tensor):
        return 0
    owner = storage_of(tensor).array
    below = sum(min(0, s) * (n - 1) for s, n in zip(owner.strides, owner.shape, strict=True))
    between = address(tensor.array) - address(owner) - int(below)
    return between // int(tensor.kind.dtype.itemsize)


def view_elements(input: Any, dtype: Any) -> Any:
    """The bytes of ``input`` as elements of ``dtype``; without a gradient.

    Shape:   (..., n) -> (..., n * old itemsize / new itemsize)
    Raises:  ShapeError where the bytes do not make whole elements
    """
    kind = input.kind.with_dtype(as_dtype(dtype))
    old, new = input.kind.dtype.itemsize, kind.dtype.itemsize
    if old != new:
        _check_sizes(input, kind.dtype, new // old)
    return new_tensor(input.array.view(kind.numpy), kind, None, storage_of(input))


def _check_sizes(input: Any, dtype: Any, larger: int) -> None:
    """Bytes can be cut or put together along the last dimension, if its elements are neighbours."""
    to = f"to view {input.kind.dtype.name} as {dtype.name} (different element sizes)"
    if not input.shape:
        raise ShapeError(f"self.dim() cannot be 0 {to}")
    *outer, last = element_strides(input.array)
    if larger > 1 and input.shape[-1] % larger:
        raise ShapeError(
            f"self.size(-1) must be divisible by {larger} {to}, but got {input.shape[-1]}"
        )
    if larger > 1 and storage_offset(input) % larger:
        raise ShapeError(
            f"self.storage_offset() must be divisible by {larger} {to}, but got "
            f"{storage_offset(input)}"
        )
    if last != 1:
        raise ShapeError(f"self.stride(-1) must be 1 {to}, but got {last}")
    for i, step in enumerate(outer):
        if larger > 1 and step % larger:
            raise ShapeError(f"self.stride({i}) must be divisible by {larger} {to}, but got {step}")


# ------------------------------------------------------------------------------------------ strides
def strided(xp: Any, x: Any, shape: Any, steps: Any, shift: int = 0) -> Any:
    """A view of the memory of a raw array: ``steps`` in bytes, from ``shift`` bytes after ``x``.

    NumPy checks that it stays inside that memory; on a GPU the caller must have checked.
    """
    if xp is not np:
        return xp.ndarray(shape, x.dtype, x.data + shift, steps)
    if not x.flags.c_contiguous or shift < 0 or not _fits(x, shape, steps, shift):
        owner = x
        while isinstance(owner.base, np.ndarray):
            owner = owner.base
        order = sorted(range(owner.ndim), key=owner.strides.__getitem__, reverse=True)
        shift += address(x) - address(owner)
        memory = owner.transpose(order)
    else:
        memory = x
    return np.ndarray(shape, x.dtype, memory, 0 if 0 in shape else shift, steps)


def _fits(x: Any, shape: Any, steps: Any, shift: int) -> bool:
    """Whether a view of an array without gaps needs nothing but its own bytes."""
    reach = shift + x.itemsize + sum(s * (n - 1) for n, s in zip(shape, steps, strict=True))
    return bool(reach <= x.nbytes)

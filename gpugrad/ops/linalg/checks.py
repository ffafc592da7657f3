"""What has to hold of a matrix before it is decomposed.

Holds:     shapes and dtypes are looked at before anything is computed; ``info`` after.
Must not:  compute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ...errors import half_matrix, no_matrix, not_real, not_square
from ...graph import values_behind

__all__ = ["check_info", "check_matrix", "check_square"]


def check_matrix(name: str, tensor: Any, argument: str = "A", *, halves: bool = False) -> None:
    """At least two dimensions, of float32 or float64, or of any floating dtype with ``halves``."""
    if len(tensor.shape) < 2:
        raise no_matrix(name, argument)
    if not tensor.kind.is_floating_point:
        raise not_real(name, tensor.kind.dtype.name)
    if tensor.kind.dtype.itemsize == 2 and not halves:
        raise half_matrix(name, tensor.kind.dtype.name)


def check_square(name: str, tensor: Any, *, halves: bool = False) -> None:
    """A matrix, or a batch of them, with as many rows as columns."""
    check_matrix(name, tensor, halves=halves)
    if tensor.shape[-2] != tensor.shape[-1]:
        raise not_square(name, *tensor.shape[-2:])


def check_info(name: str, info: Any, error: Callable[[str, int | None, int], Exception]) -> None:
    """Raises ``error`` for the first matrix at which an algorithm broke down."""
    array = values_behind(info)
    if not array.any():
        return
    flat = array.reshape(-1)
    batch = int(flat.nonzero()[0][0])
    raise error(name, batch if array.ndim else None, int(flat[batch]))

"""Ops whose result is entries of their input along one dimension, with their positions.

The largest, the k-th, the sorted, the running ones: whatever the rule, the positions are all that
is kept, and the cotangent goes back to where the entries came from.

Holds:     one backward for all of them.
Must not:  know by which rule entries are picked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..graph import Size
from .along import combine_along, gather_along
from .generic import Custom, custom
from .index import gather_op, put_along
from .reduce import kept_shape
from .shape import reshape_op

__all__ = ["picked", "picking"]


def picking(node_name: str, *, repeated: bool = False) -> Callable[[Callable[..., Any]], Custom]:
    """Declares an op by ``(xp, x, *, axis, ...) -> (values, positions)``; it saves the positions.

    With ``keepdim`` False among its arguments the dimension, of size 1, is gone from both; with
    ``repeated`` an entry may be picked more than once.
    """
    place = put_along if repeated else place_op

    def put_back(g: Any, index: Any, *, axis: int, shapes: Any, keepdim: bool = True,
                 **_: Any) -> Any:  # fmt: skip
        shape = shapes[0]
        if not shape:
            return reshape_op(g, shape=shape)
        if not keepdim:
            kept = kept_shape(shape, (axis,))
            g, index = reshape_op(g, shape=kept), reshape_op(index, shape=kept)
        return place(g, index, axis=axis, shape=shape)

    def declare(forward: Callable[..., Any]) -> Custom:
        op = custom(node_name=node_name, saves=("result1",))(forward)
        op.vjp(put_back)
        return op

    return declare


def picked(xp: Any, x: Any, index: Any, axis: int, keepdim: bool = True) -> tuple[Any, Any]:
    """The entries at ``index`` (along ``axis``, of as many dimensions as ``x``), and ``index``."""
    if xp is not np:
        values = gather_along(x, axis, index)
    elif x.ndim == 1:
        values = x[index]
    else:
        values = xp.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (values.squeeze(axis), index.squeeze(axis))


@custom(node_name="ValueSelectingReductionBackward", saves=("index",))
def place_op(xp: Any, g: Any, index: Any, *, axis: int, shape: Size) -> Any:
    """Zeros of ``shape`` with ``g`` at ``index`` along one dimension, no place named twice."""
    out = xp.zeros(shape, g.dtype)
    if xp is not np:
        return combine_along(out, axis, index, g, "add")
    if index.ndim == 1:
        out[index] = g
    else:
        np.put_along_axis(out, index, g, axis)
    return out


@place_op.vjp
def _(g: Any, index: Any, *, axis: int, shape: Size) -> Any:
    return gather_op(g, index, axis=axis), None

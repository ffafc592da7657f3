"""The largest and smallest elements, and where they are.

Holds:     NaN is larger and smaller than everything. Of equal elements the first has the position;
           without positions they share the cotangent evenly.
Must not:  keep positions nobody asked for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import bool_, int64
from ..errors import DTypeError, ShapeError, nothing_to_reduce
from ..graph import TensorBase, new_tensor
from .compare import maximum, minimum
from .dims import axes_of, axis_of
from .folds import fold
from .generic import custom, valued
from .picks import picked, picking
from .reduce import kept_shape, shared
from .results import named
from .surface import public

__all__ = ["amax", "amin", "aminmax", "argmax", "argmin", "max_", "min_"]


# ------------------------------------------------------------------------------- without positions
@custom(node_name="Amax", saves=("x", "result"))
def amax_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """The largest elements; equal ones share the cotangent evenly."""
    return fold(xp, "maximum", x, axes, keepdim)


@amax_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return shared(g, x, y, axes, shapes[0])


@custom(node_name="Amin", saves=("x", "result"))
def amin_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """The smallest elements; equal ones share the cotangent evenly."""
    return fold(xp, "minimum", x, axes, keepdim)


@amin_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return shared(g, x, y, axes, shapes[0])


@public("torch method out")
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The largest element over ``dim``; ties share the gradient.

    Saves:   input and result
    """
    return amax_op(input, axes=_filled_axes("amax", input, dim), keepdim=keepdim)


@public("torch method out")
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest element over ``dim``; ties share the gradient.

    Saves:   input and result
    """
    return amin_op(input, axes=_filled_axes("amin", input, dim), keepdim=keepdim)


def _filled_axes(name: str, input: Any, dim: Any) -> tuple[int, ...]:
    """The axes ``dim`` names, none of which may be empty."""
    axes = axes_of(dim, len(input.shape))
    if not input.shape.numel():
        if dim is None or (not isinstance(dim, int) and not len(dim)):
            raise nothing_to_reduce(name)
        for axis in axes:
            if not input.shape[axis]:
                raise nothing_to_reduce(name, axis)
    return axes


_aminmax_result = named("aminmax", "min max")


@custom(node_name="Aminmax", saves=("x", "result", "result1"), many=True)
def aminmax_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> tuple[Any, ...]:
    """The smallest and the largest elements; equal ones share a cotangent evenly."""
    both = [fold(xp, name, x, axes, keepdim) for name in ("minimum", "maximum")]
    return tuple([xp.asarray(y) for y in both])


@aminmax_op.vjp
def _(g: Any, x: Any, low: Any, high: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    parts = [shared(each, x, y, axes, shapes[0])
             for each, y in zip(g, (low, high), strict=True) if each is not None]  # fmt: skip
    return parts[0] + parts[1] if len(parts) > 1 else parts[0]


@public("torch method out")
def aminmax(input: Any, *, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest and the largest element, of all or along ``dim``: ``(min, max)``.

    Saves:   input and results
    Raises:  RuntimeError if there are no elements
    """
    ndim = len(input.shape)
    axes: tuple[int, ...] = ()
    if dim is None:
        axes = tuple(range(ndim))
        if not input.shape.numel():
            raise ShapeError("aminmax(): cannot compute aminmax over an empty dimension as the "
                             "operation has no identity.")  # fmt: skip
    elif ndim:
        axes = _filled_axes("aminmax", input, dim)
    return _aminmax_result(aminmax_op(input, axes=axes, keepdim=keepdim))


# ---------------------------------------------------------------------------------- with positions
_max_result = named("max", "values indices")
_min_result = named("min", "values indices")


@picking("Max")
def max_dim_op(xp: Any, x: Any, *, axis: int, keepdim: bool) -> Any:
    """Largest elements along one axis, and where they are first."""
    return _extreme(xp, x, "argmax", axis, keepdim)


@picking("Min")
def min_dim_op(xp: Any, x: Any, *, axis: int, keepdim: bool) -> Any:
    """Smallest elements along one axis, and where they are first."""
    return _extreme(xp, x, "argmin", axis, keepdim)


def _extreme(xp: Any, x: Any, name: str, axis: int, keepdim: bool) -> tuple[Any, Any]:
    if not x.ndim:
        return x.copy(), xp.zeros((), np.int64)
    return picked(xp, x, xp.expand_dims(getattr(x, name)(axis), axis), axis, keepdim)


@public("torch method out")
def max_(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The largest element; along ``dim`` a pair of values and indices; or ``maximum`` of two.

    Saves:   without dim: input and result; with dim: the indices; with other: see ``maximum``
    >>> import gpugrad
    >>> gpugrad.max(gpugrad.tensor([[1, 3], [2, 0]]), 1).indices
    tensor([1, 0])
    """
    other = dim if isinstance(dim, TensorBase) else other
    if other is not None:
        return maximum(input, other)
    if dim is None:
        return amax(input)
    return _max_result(_with_positions(max_dim_op, "max", input, dim, keepdim))


@public("torch method out")
def min_(input: Any, dim: Any = None, keepdim: bool = False, *, other: Any = None) -> Any:
    """The smallest element; along ``dim`` a pair of values and indices; or ``minimum`` of two.

    Saves:   without dim: input and result; with dim: the indices; with other: see ``minimum``
    """
    other = dim if isinstance(dim, TensorBase) else other
    if other is not None:
        return minimum(input, other)
    if dim is None:
        return amin(input)
    return _min_result(_with_positions(min_dim_op, "min", input, dim, keepdim))


def _with_positions(op: Any, name: str, input: Any, dim: int, keepdim: bool) -> Any:
    axis = axis_of(dim, len(input.shape))
    if input.shape and not input.shape[axis]:
        raise nothing_to_reduce(name, axis)
    return op(input, axis=axis, keepdim=keepdim)


# --------------------------------------------------------------------------------- positions only
@public("torch method out")
@valued
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The first position of the largest element, in the flattened input or along ``dim``."""
    return _position(input, "argmax", dim, keepdim)


@public("torch method out")
@valued
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The first position of the smallest element, in the flattened input or along ``dim``."""
    return _position(input, "argmin", dim, keepdim)


def _position(input: Any, name: str, dim: int | None, keepdim: bool) -> Any:
    x = input.array
    if input.kind.dtype is bool_:
        raise DTypeError(f"{name}(): does not support bool input")
    axis = None if dim is None else axis_of(dim, x.ndim)
    if not (x.size if axis is None or not x.ndim else x.shape[axis]):
        raise nothing_to_reduce(name, axis, index=True)
    kind = input.kind.with_dtype(int64)
    found = kind.xp.asarray(getattr(x, name)(axis if x.ndim else None), np.int64)
    if keepdim:
        axes = tuple(range(x.ndim)) if axis is None else (axis,)
        found = found.reshape(kept_shape(input.shape, axes))
    return new_tensor(found, kind)

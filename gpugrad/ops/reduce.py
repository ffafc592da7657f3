"""Reductions: sums, means, extremes, variances, norms.

Holds:     half precision is summed in float32 and rounded once; integers are summed in int64.
Must not:  keep a full-size array where a result-size one will do.
"""

from __future__ import annotations

import math
from typing import Any

from ..array import as_dtype
from ..errors import nothing_to_reduce
from ..graph import Size
from .arithmetic import div
from .broadcast import convert, expand, kind_of_value, wide_dtype
from .compare import eq, where
from .dims import axes_of, axis_of
from .generic import custom, linear
from .index import put_along
from .shape import reshape_op
from .surface import public

__all__ = ["amax", "amin", "kept_shape", "max_", "mean", "min_", "spread", "sum_"]


# ----------------------------------------------------------------------------------- sum and mean
def _sum(xp: Any, x: Any, *, axes: tuple[int, ...], keepdim: bool) -> Any:
    wide = wide_dtype(x)
    y = x.sum(axis=axes, dtype=wide, keepdims=keepdim)
    return y.astype(x.dtype) if wide == "float32" else y


def _mean(xp: Any, x: Any, *, axes: tuple[int, ...], keepdim: bool) -> Any:
    count = math.prod([x.shape[a] for a in axes])
    wide = wide_dtype(x)
    y = x.sum(axis=axes, dtype=wide, keepdims=keepdim) / count
    return y.astype(x.dtype)


def kept_shape(shape: tuple[int, ...], axes: tuple[int, ...]) -> Size:
    """``shape`` with the reduced axes as size 1."""
    return Size(1 if i in axes else n for i, n in enumerate(shape))


def spread(g: Any, axes: tuple[int, ...], shape: Size) -> Any:
    """A reduced cotangent, seen with the shape before the reduction."""
    return expand(reshape_op(g, shape=kept_shape(shape, axes)), shape)


sum_op = linear(
    "sum", forward=_sum,
    transpose=lambda g, *, axes, keepdim, shapes: spread(g, axes, shapes[0]),
)  # fmt: skip

mean_op = linear(
    "mean", forward=_mean,
    transpose=lambda g, *, axes, keepdim, shapes: spread(
        div(g, math.prod([shapes[0][a] for a in axes])), axes, shapes[0]
    ),
)  # fmt: skip


def _typed(input: Any, dtype: Any) -> Any:
    return input if dtype is None else convert(input, input.kind.with_dtype(as_dtype(dtype)))


@public("torch method")
def sum_(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of all elements, or over ``dim`` (one or several).

    Shape:   (*) -> the other dimensions; summed ones stay as 1 with keepdim
    Dtype:   integers and bool -> int64; float16 is added up in float32
    Saves:   nothing
    """
    axes = axes_of(dim, len(input.shape))
    return sum_op(_typed(input, dtype), axes=axes, keepdim=keepdim)


@public("torch method")
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of all elements, or over ``dim``.

    Shape:   as ``sum``
    Saves:   nothing
    Raises:  RuntimeError for integers
    """
    input = _typed(input, dtype)
    if not input.kind.is_floating_point:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {input.kind.dtype}"
        )
    return mean_op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim)


# --------------------------------------------------------------------------------------- extremes
@custom(node_name="Amax", saves=("x", "result"))
def amax_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """The largest elements; equal ones share the cotangent evenly."""
    return x.max(axis=axes, keepdims=keepdim)


@amax_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return shared(g, x, y, axes, shapes[0])


@custom(node_name="Amin", saves=("x", "result"))
def amin_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """The smallest elements; equal ones share the cotangent evenly."""
    return x.min(axis=axes, keepdims=keepdim)


@amin_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return shared(g, x, y, axes, shapes[0])


def shared(g: Any, x: Any, y: Any, axes: tuple[int, ...], shape: Size) -> Any:
    """``g`` divided among the elements of ``x`` that equal the extreme ``y``."""
    hit = eq(x, spread(y, axes, shape))
    count = convert(sum_op(hit, axes=axes, keepdim=False), kind_of_value(x))
    return where(hit, spread(g / reshape_op(count, shape=Size(g.shape)), axes, shape), 0.0)


@public("torch method out")
def amax(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The largest element over ``dim``; ties share the gradient."""
    return amax_op(input, axes=_filled_axes("amax", input, dim), keepdim=keepdim)


@public("torch method out")
def amin(input: Any, dim: Any = (), keepdim: bool = False) -> Any:
    """The smallest element over ``dim``; ties share the gradient."""
    return amin_op(input, axes=_filled_axes("amin", input, dim), keepdim=keepdim)


def _filled_axes(name: str, input: Any, dim: Any) -> tuple[int, ...]:
    """The axes ``dim`` names, none of which may be empty."""
    axes = axes_of(dim, len(input.shape))
    if not input.array.size:
        if len(axes) == len(input.shape):
            raise nothing_to_reduce(name)
        for axis in axes:
            if not input.shape[axis]:
                raise nothing_to_reduce(name, axis)
    return axes


@custom(node_name="Max", saves=("result1",))
def max_dim_op(xp: Any, x: Any, *, axis: Any, keepdim: Any) -> Any:
    """Largest elements along one axis, and where they are."""
    return extreme(xp, x, x.argmax(axis), axis, keepdim)


@max_dim_op.vjp
def _(g: Any, index: Any, *, axis: Any, keepdim: Any, shapes: Any) -> Any:
    return placed(g, index, axis, shapes[0])


@custom(node_name="Min", saves=("result1",))
def min_dim_op(xp: Any, x: Any, *, axis: Any, keepdim: Any) -> Any:
    """Smallest elements along one axis, and where they are."""
    return extreme(xp, x, x.argmin(axis), axis, keepdim)


@min_dim_op.vjp
def _(g: Any, index: Any, *, axis: Any, keepdim: Any, shapes: Any) -> Any:
    return placed(g, index, axis, shapes[0])


def extreme(xp: Any, x: Any, index: Any, axis: int, keepdim: bool) -> tuple[Any, Any]:
    """Values and positions from positions along ``axis``."""
    if not x.ndim:
        return x.copy(), xp.asarray(index)
    index = xp.expand_dims(index, axis)
    values = xp.take_along_axis(x, index, axis)
    return (values, index) if keepdim else (values.squeeze(axis), index.squeeze(axis))


def placed(g: Any, index: Any, axis: int, shape: Size) -> Any:
    """``g`` put back at ``index`` along ``axis``, zero elsewhere."""
    if not shape:
        return g
    kept = kept_shape(shape, (axis,))
    return put_along(
        reshape_op(g, shape=kept), reshape_op(index, shape=kept), axis=axis, shape=shape
    )


class values_indices(tuple[Any, Any]):  # noqa: N801  (named as PyTorch's results are)
    """A pair with the fields ``values`` and ``indices``."""

    __slots__ = ()
    values = property(lambda self: self[0])
    indices = property(lambda self: self[1])


@public("torch method out")
def max_(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The largest element; with ``dim`` a pair of values and indices.

    Saves:   without dim: input and result; with dim: the indices
    """
    if dim is None:
        return amax(input)
    axis = axis_of(dim, len(input.shape))
    if input.shape and not input.shape[axis]:
        raise nothing_to_reduce("max", axis)
    return values_indices(max_dim_op(input, axis=axis, keepdim=keepdim))


@public("torch method out")
def min_(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The smallest element; with ``dim`` a pair of values and indices."""
    if dim is None:
        return amin(input)
    axis = axis_of(dim, len(input.shape))
    if input.shape and not input.shape[axis]:
        raise nothing_to_reduce("min", axis)
    return values_indices(min_dim_op(input, axis=axis, keepdim=keepdim))

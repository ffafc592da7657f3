"""Reductions that add or multiply: sums, means, products.

Holds:     half precision is summed in float32 and rounded once; integers are summed in int64.
Must not:  keep a full-size array where a result-size one will do.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..array import as_dtype, int64
from ..errors import DTypeError
from ..graph import Size
from .arithmetic import div, mul
from .broadcast import convert, expand, kind_of_value
from .compare import eq, where
from .dims import axes_of, axis_of
from .folds import fold
from .generic import custom, linear
from .index import slice_op
from .join import cat, stack, zeros_as
from .shape import reshape_op
from .surface import public

__all__ = ["kept_shape", "mean", "mean_op", "nanmean", "nansum", "prod", "shared", "spread", "sum_",
           "sum_op", "typed"]  # fmt: skip


# ----------------------------------------------------------------------------------- sum and mean
def _sum(xp: Any, x: Any, *, axes: tuple[int, ...], keepdim: bool) -> Any:
    if x.dtype.kind in "iub":
        return x.sum(axis=axes, dtype="int64", keepdims=keepdim)
    if x.dtype.itemsize < 4:
        return fold(xp, "add", x.astype("float32"), axes, keepdim).astype(x.dtype)
    return fold(xp, "add", x, axes, keepdim)


def _mean(xp: Any, x: Any, *, axes: tuple[int, ...], keepdim: bool) -> Any:
    count = math.prod([x.shape[a] for a in axes])
    if x.dtype.itemsize < 4:
        return (fold(xp, "add", x.astype("float32"), axes, keepdim) / count).astype(x.dtype)
    return fold(xp, "add", x, axes, keepdim) / count


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


def typed(input: Any, dtype: Any) -> Any:
    """``input`` in the dtype an argument names, if it names one."""
    return input if dtype is None else convert(input, input.kind.with_dtype(as_dtype(dtype)))


@public("torch method out")
def sum_(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The sum of all elements, or over ``dim`` (one or several).

    Shape:   (*) -> the other dimensions; summed ones stay as 1 with keepdim
    Dtype:   integers and bool -> int64; float16 is added up in float32
    Saves:   nothing
    """
    axes = axes_of(dim, len(input.shape))
    return sum_op(typed(input, dtype), axes=axes, keepdim=keepdim)


@public("torch method out")
def mean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The mean of all elements, or over ``dim``.

    Shape:   as ``sum``
    Saves:   nothing
    Raises:  RuntimeError for integers
    """
    input = typed(input, dtype)
    if not input.kind.is_floating_point:
        raise RuntimeError(
            "mean(): could not infer output dtype. Input dtype must be either a floating point or "
            f"complex dtype. Got: {input.kind.dtype}"
        )
    return mean_op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim)


@custom(node_name="Nansum", saves=("x",))
def nansum_op(xp: Any, x: Any, *, axes: tuple[int, ...], keepdim: bool) -> Any:
    """The sum of what is not NaN."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    if xp is np:
        total = fold(xp, "add", wide, axes, keepdim)
        if not np.isnan(total).any():  # then no element is
            return total.astype(x.dtype, copy=False)
    some = xp.where(wide != wide, wide.dtype.type(0), wide)
    return fold(xp, "add", some, axes, keepdim).astype(x.dtype, copy=False)


@nansum_op.vjp
def _(g: Any, x: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return where(eq(x, x), spread(g, axes, shapes[0]), 0.0)


@public("torch method out")
def nansum(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """``sum`` with NaN counted as zero.

    Saves:   input; nothing for integers
    """
    input = typed(input, dtype)
    op = nansum_op if input.kind.is_floating_point else sum_op
    return op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim)


@public("torch method out")
def nanmean(input: Any, dim: Any = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """``mean`` of what is not NaN.

    Saves:   input, and how many elements count
    Raises:  RuntimeError for integers
    """
    if not input.kind.is_floating_point:
        raise DTypeError(
            "nanmean(): expected input to have floating point or complex dtype but got "
            f"{input.kind.dtype.name}"
        )
    input = typed(input, dtype)
    axes = axes_of(dim, len(input.shape))
    count = sum_op(eq(input, input), axes=axes, keepdim=keepdim)
    return div(nansum_op(input, axes=axes, keepdim=keepdim), convert(count, input.kind))


# --------------------------------------------------------------------------------------- products
@custom(node_name="Prod", saves=("x",))
def prod_op(xp: Any, x: Any, *, axis: int, keepdim: bool) -> Any:
    """The product along one axis; zeros need no special case in its gradient."""
    if x.dtype.kind in "iub":
        return x.prod(axis=axis, dtype="int64", keepdims=keepdim)
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    return fold(xp, "multiply", wide, (axis,), keepdim).astype(x.dtype, copy=False)


@prod_op.vjp
def _(g: Any, x: Any, *, axis: Any, keepdim: Any, shapes: Any) -> Any:
    return mul(products_of_others(x, axis), spread(g, (axis,), shapes[0]))


def products_of_others(x: Any, axis: int) -> Any:
    """For each element the product of all others along ``axis``.

    Pairs are multiplied; what the others of a pair make, times its one half, is what the others of
    its other half make. So it takes log2(n) levels of multiplications, which can be differentiated.
    """
    count, shape = x.shape[axis], list(x.shape)
    if count < 2:
        return zeros_as(x, shape) + 1
    before = (slice(None),) * axis
    if count % 2:
        shape[axis] = 1
        x = cat([x, zeros_as(x, shape) + 1], axis)
    left = slice_op(x, key=(*before, slice(0, None, 2)))
    right = slice_op(x, key=(*before, slice(1, None, 2)))
    others = products_of_others(mul(left, right), axis)
    pairs = stack([mul(others, right), mul(others, left)], axis + 1)
    shape[axis] = x.shape[axis]
    both = reshape_op(pairs, shape=Size(shape))
    return slice_op(both, key=(*before, slice(count))) if count % 2 else both


@public("torch method out")
def prod(input: Any, dim: int | None = None, keepdim: bool = False, *, dtype: Any = None) -> Any:
    """The product of all elements, or along ``dim``.

    Dtype:   integers and bool -> int64
    Saves:   input
    """
    input = typed(input, dtype)
    shape = input.shape
    if not shape:
        whole = input if input.kind.is_floating_point else typed(input, int64)
        return whole.clone()
    if dim is None:
        return prod_op(input.reshape(-1), axis=0, keepdim=False)
    return prod_op(input, axis=axis_of(dim, len(shape)), keepdim=keepdim)


def shared(g: Any, x: Any, y: Any, axes: tuple[int, ...], shape: Size) -> Any:
    """``g`` divided among the elements of ``x`` that equal the reduced ``y``."""
    hit = eq(x, spread(y, axes, shape))
    count = convert(sum_op(hit, axes=axes, keepdim=False), kind_of_value(x))
    return where(hit, spread(g / reshape_op(count, shape=Size(g.shape)), axes, shape), 0.0)

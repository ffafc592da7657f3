"""Choosing, filling, reading and writing by masks.

Holds:     a mask is boolean; ``where`` takes bytes too, as PyTorch does. What is saved is the mask.
Must not:  move a mask from device to host, unless the result's size depends on it.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..array import bool_, promote_types, scalar_dtype, uint8
from ..errors import (
    ShapeError,
    broadcast_mismatch,
    mask_not_boolean,
    scatter_dtypes,
    value_not_a_number,
)
from ..graph import Size, TensorBase, is_traced, new_tensor
from . import compare
from .broadcast import as_number, convert, expand
from .direct import written
from .generic import custom, valued
from .index import index_op
from .join import zeros_as
from .keys import PLACE
from .rearrange import contiguous
from .scatter_kernels import scatter_add_rows
from .surface import public
from .taking import nonzero

__all__ = ["masked_fill", "masked_fill_", "masked_scatter", "masked_select", "where"]

_NUMBERS = (bool, int, float)


# ------------------------------------------------------------------------------------------ where
@public("torch out")
def where(condition: Any, input: Any = None, other: Any = None) -> Any:
    """``input`` where the condition holds, ``other`` elsewhere; alone, where the condition holds.

    Shape:   all (...) broadcast -> (...); alone, one tensor of indices per dimension
    Saves:   condition
    Raises:  RuntimeError for a condition that is not boolean
    >>> import gpugrad
    >>> x = gpugrad.tensor([-1.0, 4.0])
    >>> gpugrad.where(x > 0, x, 0)
    tensor([0., 4.])
    >>> gpugrad.where(x > 0)
    (tensor([1]),)
    """
    if not isinstance(condition, TensorBase):
        if isinstance(condition, _NUMBERS):
            raise TypeError(
                f"where(): argument 'condition' must be Tensor, not {type(condition).__name__}"
            )
        return compare.where(condition, input, other)  # in expressions, and on raw arrays
    if input is None and other is None:
        return nonzero(condition, as_tuple=True)
    if input is None or other is None:
        raise TypeError("where(): needs input and other, or neither")
    if condition.kind.dtype is not bool_:
        if condition.kind.dtype is not uint8:
            raise mask_not_boolean("where", condition.kind.dtype.name)
        condition = convert(condition, condition.kind.with_dtype(bool_))
    if isinstance(input, _NUMBERS) and isinstance(other, _NUMBERS):
        return _between_numbers(condition, input, other)
    return compare.where(condition, input, other)


@valued
def _between_numbers(condition: Any, input: Any, other: Any) -> Any:
    kind = condition.kind.with_dtype(promote_types(scalar_dtype(input), scalar_dtype(other)))
    xp, element = kind.xp, kind.numpy
    array = xp.where(condition.array, xp.asarray(input, element), xp.asarray(other, element))
    return new_tensor(array, kind)


# ---------------------------------------------------------------------------------------- filling
@public("torch method")
def masked_fill(input: Any, mask: Any, value: Any) -> Any:
    """``value`` where the mask holds, ``input`` elsewhere; in the dtype of ``input``.

    Shape:   input (...), mask (...), value a number or () broadcast -> (...)
    Saves:   mask
    Raises:  RuntimeError for a mask that is not boolean, or a value with dimensions
    """
    if isinstance(input, TensorBase):
        value = _filling(input, mask, value)
        input = contiguous(input)  # PyTorch's result is in order, whatever the input's order is
    return compare.masked_fill(input, mask, value)


@public("method", name="masked_fill_")
def masked_fill_(input: Any, mask: Any, value: Any) -> Any:
    """``masked_fill`` in place."""
    value = _filling(input, mask, value)
    _check_mask(input, mask)
    return written(input, masked_fill, _fill, mask, value)


def _filling(input: Any, mask: Any, value: Any) -> Any:
    """``value`` in the dtype of ``input``, checked like the mask."""
    if mask.kind.dtype is not bool_:
        raise mask_not_boolean("masked_fill", mask.kind.dtype.name)
    if not isinstance(value, TensorBase):
        if not isinstance(value, (*_NUMBERS, np.generic)):
            raise TypeError(f"masked_fill(): value must be a number, not {type(value).__name__}")
        return as_number(value, input.kind)
    if value.shape:
        raise value_not_a_number("masked_fill", len(value.shape))
    return convert(value, input.kind)


def _check_mask(input: Any, mask: Any) -> None:
    shape = _common_shape("masked_fill", input, mask)
    if shape != input.shape:
        raise ShapeError(
            f"output with shape {list(input.shape)} doesn't match the broadcast shape "
            f"{list(shape)}"
        )


def _fill(xp: Any, out: Any, mask: Any, value: Any) -> None:
    if xp is np and mask.shape == out.shape and out.flags.c_contiguous:
        out.reshape(-1)[np.flatnonzero(mask)] = value  # a fifth of copyto's time
    else:
        xp.copyto(out, xp.asarray(value, out.dtype), where=mask)


# -------------------------------------------------------------------------------- reading, writing
@public("torch method out")
def masked_select(input: Any, mask: Any) -> Any:
    """The elements where the mask holds, in a row.

    Shape:   input (...), mask (...) broadcast -> (count)
    Saves:   mask
    >>> import gpugrad
    >>> x = gpugrad.tensor([1, 2, 3])
    >>> gpugrad.masked_select(x, x > 1)
    tensor([2, 3])
    """
    if mask.kind.dtype is not bool_:
        raise mask_not_boolean("masked_select", mask.kind.dtype.name)
    shape = _common_shape("masked_select", input, mask)
    if not shape:
        input, mask, shape = input.reshape(1), mask.reshape(1), Size((1,))
    return index_op(expand(input, shape), expand(mask, shape), template=(PLACE,))


@public("torch method")
def masked_scatter(input: Any, mask: Any, source: Any) -> Any:
    """``input`` with the elements where the mask holds replaced by those of ``source``, in order.

    Shape:   input (...), mask (...) broadcast -> (...); source of any shape
    Saves:   mask
    Raises:  RuntimeError for a source of another dtype, or (on the CPU) too few elements
    >>> import gpugrad
    >>> x = gpugrad.tensor([1, 2, 3])
    >>> gpugrad.masked_scatter(x, x != 2, gpugrad.tensor([7, 8]))
    tensor([7, 2, 8])
    """
    _check_source(input, mask, source)
    shape = _common_shape("masked_scatter", input, mask)
    return masked_scatter_op(expand(input, shape), expand(mask, shape), source)


@public("method", name="masked_scatter_")
def masked_scatter_(input: Any, mask: Any, source: Any) -> Any:
    """``masked_scatter`` in place."""
    _check_source(input, mask, source)
    if _common_shape("masked_scatter", input, mask) != input.shape:
        raise ShapeError(
            f"expand({list(mask.shape)}, size={list(input.shape)}): the mask of masked_scatter_ "
            "must broadcast to the tensor that is written"
        )
    return written(input, masked_scatter, _scatter, expand(mask, input.shape), source)


def _check_source(input: Any, mask: Any, source: Any) -> None:
    if mask.kind.dtype is not bool_:
        raise mask_not_boolean("masked_scatter", mask.kind.dtype.name)
    if input.kind.dtype is not source.kind.dtype:
        raise scatter_dtypes("masked_scatter", input.kind.dtype.name, source.kind.dtype.name)
    shape = _common_shape("masked_scatter", input, mask)
    if not mask.kind.is_cuda and not is_traced(mask):
        repeats = prod(shape) // max(mask.shape.numel(), 1)
        if int(np.count_nonzero(mask.array)) * repeats > source.shape.numel():
            raise ShapeError("Number of elements of source < number of ones in mask")


def _common_shape(name: str, input: Any, mask: Any) -> Size:
    if input.shape == mask.shape:
        return input.shape  # type: ignore[no-any-return]
    try:
        return Size(np.broadcast_shapes(input.shape, mask.shape))
    except ValueError:
        raise broadcast_mismatch(name, tuple(mask.shape), tuple(input.shape)) from None


def _scatter(xp: Any, out: Any, mask: Any, source: Any) -> None:
    """Writes the elements of ``source`` in order where the mask holds."""
    if xp is not np:  # the count of ones, which would have to be waited for, is not needed
        if source.size:
            order = mask.cumsum(dtype=np.int64).reshape(mask.shape) - 1
            out[...] = xp.where(mask, source.reshape(-1).take(order.clip(0, source.size - 1)), out)
        return
    places = np.flatnonzero(mask)
    if out.flags.c_contiguous:
        out.reshape(-1)[places] = source.reshape(-1)[: places.size]
    else:
        out[mask] = source.reshape(-1)[: places.size]


@custom(node_name="MaskedScatter", saves=("mask",))
def masked_scatter_op(xp: Any, x: Any, mask: Any, source: Any) -> Any:
    """A copy of ``x`` with the elements of ``source`` where the mask holds."""
    out = xp.array(x, order="C")
    _scatter(xp, out, mask, source)
    return out


@masked_scatter_op.vjp
def _(g: Any, mask: Any, *, shapes: Any, needs: Any) -> Any:
    rest = compare.masked_fill(g, mask, 0.0) if needs[0] else None
    return rest, None, packed_op(g, mask, shape=shapes[2]) if needs[2] else None


@custom(node_name="MaskedScatterBackward", saves=("mask",))
def packed_op(xp: Any, g: Any, mask: Any, *, shape: Any) -> Any:
    """The elements where the mask holds, in order, then zeros, as an array of ``shape``."""
    out = xp.zeros(prod(shape), g.dtype)
    if xp is np:
        taken = g.reshape(-1).take(np.flatnonzero(mask))
        out[: taken.size] = taken
    else:
        order = xp.where(mask, mask.cumsum(dtype=np.int64).reshape(mask.shape) - 1, out.size)
        scatter_add_rows(out, order.reshape(-1), g.reshape(-1))
    return out.reshape(shape)


@packed_op.vjp
def _(g: Any, mask: Any, *, shape: Any, shapes: Any) -> Any:
    return masked_scatter_op(zeros_as(g, shapes[0]), mask, g), None


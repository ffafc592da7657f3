"""Numbers taken apart and put together: steps, neighbours, exponents; real numbers as complex ones.

Holds:     functions of complex numbers see real ones only: gpugrad has no complex dtypes.
Must not:  contain a derivative, but for ``frexp``, which has two results.
"""

from __future__ import annotations

from collections import namedtuple
from typing import Any

import numpy as np

from .. import expr as s
from ..array import bool_, float64
from ..errors import DTypeError, ShapeError
from ..expr import Expr, Float
from ..graph import TensorBase, new_tensor
from . import aliases, compare
from .broadcast import convert, kind_of_value, sum_to, wide_dtype
from .families import custom, elementwise
from .surface import public

__all__ = [
    "angle", "conj", "fill", "float_power", "frexp", "heaviside", "imag", "is_complex", "isreal",
    "ldexp", "nextafter",
]  # fmt: skip


# ------------------------------------------------------------------------------ steps, neighbours
@public("torch method inplace out")
def heaviside(input: Any, values: Any) -> Any:
    """0 below zero, 1 above, ``values`` at zero.

    Shape:   input (...), values (...) broadcast -> (...)
    Saves:   where input is 0, a byte each, if values needs a gradient
    Raises:  RuntimeError for two dtypes
    >>> import gpugrad
    >>> gpugrad.heaviside(gpugrad.tensor([-1.5, 0.0, 2.0]), gpugrad.tensor(0.5))
    tensor([0.0000, 0.5000, 1.0000])
    """
    if isinstance(values, TensorBase) and input.kind.dtype is not values.kind.dtype:
        raise DTypeError("heaviside is not yet implemented for tensors with different dtypes.")
    if not isinstance(values, TensorBase):
        values = new_tensor(input.kind.xp.asarray(values, input.kind.numpy), input.kind)
    sides = convert(compare.gt(input, 0), input.kind)
    return compare.where(compare.eq(input, 0), values, sides)


@public("torch method inplace out")
def nextafter(input: Any, other: Any) -> Any:
    """The next number of the dtype from ``input`` towards ``other``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing: no gradient flows
    Raises:  RuntimeError for integers
    """
    for t in (input, other):
        if isinstance(t, TensorBase) and not t.kind.is_floating_point:
            raise DTypeError(f'"nextafter" not implemented for {t.kind.dtype.name}')
    if isinstance(input, TensorBase) and input.kind.dtype.itemsize < 4:
        return _next_half(input, other)
    return neighbour(input, other)


@elementwise
def neighbour(input: Float, other: Float) -> Expr:
    """The next number from ``input`` towards ``other``, of 4 or 8 bytes."""
    return s.nextafter(input, other)


def _next_half(input: Any, other: Any) -> Any:
    """Halves are neighbours by their bits, read as integers whose order is that of the numbers."""
    a, b = input.array, convert(other, input.kind).array
    xp = input.kind.xp
    a, b = xp.broadcast_arrays(a, b)
    bits = xp.ascontiguousarray(a).view(np.int16)
    outwards = (abs(b) > abs(a)) & ((a > 0) == (b > 0)) | ((a > 0) & (b > a)) | ((a < 0) & (b < a))
    near = bits + xp.where(outwards, 1, -1).astype(np.int16)
    smallest = xp.where(b > 0, 1, -32767).astype(np.int16)
    found = xp.where(a == 0, smallest, near).view(a.dtype)
    found = xp.where(a == b, b, found)
    return new_tensor(xp.where(xp.isnan(a) | xp.isnan(b), a + b, found), input.kind)


# -------------------------------------------------------------------------------------- exponents
@public("torch method inplace out")
@elementwise
def ldexp(input: Float, other: Float) -> Expr:
    """``input`` times 2 to the power of ``other``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   other, and input if other needs a gradient
    >>> import gpugrad
    >>> gpugrad.ldexp(gpugrad.tensor([1.0, 3.0]), gpugrad.tensor([2, -1]))
    tensor([4.0000, 1.5000])
    """
    half = s.floor(other * 0.5)  # two factors, so that neither overflows before the product does
    return input * s.exp2(half) * s.exp2(other - half)


frexp_result = namedtuple("frexp_result", ["mantissa", "exponent"])


@public("torch method out")
def frexp(input: Any) -> Any:
    """``(mantissa, exponent)``: ``input == mantissa * 2**exponent``, the mantissa in [0.5, 1).

    Shape:   input (...) -> (...) and (...) int32
    Saves:   the exponent
    Raises:  RuntimeError for integers
    >>> import gpugrad
    >>> gpugrad.frexp(gpugrad.tensor([3.0]))
    frexp_result(mantissa=tensor([0.7500]), exponent=tensor([2], dtype=gpugrad.int32))
    """
    if not input.kind.is_floating_point:
        raise DTypeError("torch.frexp() only supports floating-point dtypes")
    return frexp_result(*mantissa_and_exponent(input))


@custom(saves=("result1",), node_name="Frexp")
def mantissa_and_exponent(xp: Any, x: Any) -> Any:
    """Both parts of ``x``; a gradient flows to the mantissa."""
    mantissa, exponent = xp.frexp(x.astype(wide_dtype(x) or x.dtype, copy=False))
    return xp.asarray(mantissa, dtype=x.dtype), xp.asarray(exponent, dtype="int32")


@mantissa_and_exponent.vjp
def _(g: Any, exponent: Any) -> Any:
    return ldexp(g, -convert(exponent, kind_of_value(g)))


@public("torch method inplace out")
def float_power(input: Any, exponent: Any) -> Any:
    """``pow`` computed in float64 whatever the dtypes are.

    Shape:   input (...), exponent (...) broadcast -> (...) float64
    Saves:   input and exponent, as float64
    """
    if not isinstance(input, TensorBase) and not isinstance(exponent, TensorBase):
        raise TypeError("float_power() received an invalid combination of arguments")
    return aliases.power(*[
        convert(x, x.kind.with_dtype(float64)) if isinstance(x, TensorBase) else float(x)
        for x in (input, exponent)
    ])


# --------------------------------------------------------------------- real numbers as complex ones
@public("torch method out")
@elementwise
def angle(input: Float) -> Expr:
    """The angle in the complex plane: 0, or pi for negative elements.

    Shape:   input (...) -> (...)
    Saves:   nothing: its gradient is zero
    """
    return s.angle(input)


@public("torch", name="real")
@public("torch method", also="resolve_conj resolve_neg conj_physical")
def conj(input: Any) -> Any:
    """``input`` itself: real numbers are their own conjugates."""
    _check_tensor("conj", input)
    return input


@public("torch")
def imag(input: Any) -> Any:
    """Refused: only complex tensors have an imaginary part.

    Raises:  RuntimeError
    """
    _check_tensor("imag", input)
    raise RuntimeError("imag is not implemented for tensors with non-complex dtypes.")


@public("torch method")
def isreal(input: Any) -> Any:
    """Whether elements are real numbers: all are."""
    _check_tensor("isreal", input)
    return new_tensor(input.kind.xp.ones(input.shape, bool), input.kind.with_dtype(bool_))


@public("torch method", also="is_conj is_neg is_inference is_distributed")
def is_complex(input: Any) -> bool:
    """False: gpugrad has no complex tensors, lazily negated ones, or tensors of inference mode."""
    _check_tensor("is_complex", input)
    return False


def _check_tensor(name: str, input: Any) -> None:
    if not isinstance(input, TensorBase):
        raise TypeError(f"{name}(): argument 'input' must be Tensor, not {type(input).__name__}")


# ------------------------------------------------------------------------------------------- fill
@public("torch")
def fill(input: Any, value: Any) -> Any:
    """A tensor of the shape and dtype of ``input`` with ``value``, a number or a 0-d tensor.

    Shape:   input (...) -> (...)
    Saves:   nothing
    """
    if not isinstance(value, TensorBase):
        return filled(input, new_tensor(input.kind.xp.asarray(value, input.kind.numpy), input.kind))
    if value.shape:
        raise ShapeError(
            "fill only supports 0-dimension value tensor but got tensor with "
            f"{len(value.shape)} dimensions."
        )
    return filled(input, convert(value, input.kind))


@custom(node_name="Fill")
def filled(xp: Any, x: Any, value: Any) -> Any:
    """``value`` in the shape of ``x``, whose gradient is zero."""
    out = xp.empty(x.shape, x.dtype)
    out[...] = value
    return out


@filled.vjp
def _(g: Any) -> Any:
    array = g.array if isinstance(g, TensorBase) else g
    zero = kind_of_value(g).xp.zeros_like(array)
    return new_tensor(zero, g.kind) if isinstance(g, TensorBase) else zero, sum_to(g, ())

"""Whole numbers: shifts, common divisors and multiples.

Holds:     every op is one expression on integers; no gradient flows.
Must not:  take real numbers or booleans.
"""

from __future__ import annotations

from typing import Any

from .. import expr as s
from ..array import bool_
from ..errors import not_integral
from ..expr import Expr, Number
from ..graph import TensorBase
from .families import elementwise
from .surface import public

__all__ = ["bitwise_left_shift", "bitwise_right_shift", "gcd", "lcm"]


@public("torch method inplace out")
def bitwise_left_shift(input: Any, other: Any) -> Any:
    """``input`` times 2 to the power of ``other``; bits beyond the dtype are lost.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.bitwise_left_shift(gpugrad.tensor([1, 5]), 2)
    tensor([ 4, 20])
    """
    _refuse_booleans("bitwise_left_shift", input, other)
    return left_shift(input, other)


@public("torch method inplace out")
def bitwise_right_shift(input: Any, other: Any) -> Any:
    """``input`` divided by 2 to the power of ``other``, rounded down.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    _refuse_booleans("bitwise_right_shift", input, other)
    return right_shift(input, other)


@public("torch method inplace out")
def gcd(input: Any, other: Any) -> Any:
    """The greatest common divisor; 0 for two zeros.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.gcd(gpugrad.tensor([4, -6]), gpugrad.tensor([6, 9]))
    tensor([2, 3])
    """
    _refuse_booleans("gcd", input, other)
    return common_divisor(input, other)


@public("torch method inplace out")
def lcm(input: Any, other: Any) -> Any:
    """The least common multiple; 0 if one is 0.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   nothing
    """
    _refuse_booleans("lcm", input, other)
    return common_multiple(input, other)


def _refuse_booleans(name: str, *operands: Any) -> None:
    for x in operands:
        whole = x.kind.dtype is not bool_ if isinstance(x, TensorBase) else not isinstance(x, bool)
        if whole:
            return
    raise not_integral(name, "bool")


# -------------------------------------------------------------------------------------------- ops
@elementwise
def left_shift(input: Number, other: Number) -> Expr:
    """``input`` times 2 to the power of ``other``."""
    return s.bitwise_left_shift(input, other)


@elementwise
def right_shift(input: Number, other: Number) -> Expr:
    """``input`` divided by 2 to the power of ``other``, rounded down."""
    return s.bitwise_right_shift(input, other)


@elementwise
def common_divisor(input: Number, other: Number) -> Expr:
    """The greatest common divisor."""
    return s.gcd(input, other)


@elementwise
def common_multiple(input: Number, other: Number) -> Expr:
    """The least common multiple."""
    return s.lcm(input, other)

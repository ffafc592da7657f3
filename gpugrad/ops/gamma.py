"""What is made of the gamma function: its multivariate and incomplete forms, Hurwitz's zeta.

Holds:     where a function has a derivative in one argument only, asking for the other one is
           refused in the backward pass, as in PyTorch.
Must not:  keep more than the operands.
"""

from __future__ import annotations

import math
from typing import Any

from .. import expr as s
from ..array import default_dtype, float32, kind_of, promote_operands
from ..expr import Expr, Float
from ..graph import TensorBase, new_tensor
from .broadcast import convert, expand, kind_of_value, wide_dtype
from .families import custom, elementwise
from .operands import broadcast_shapes, common_device
from .special import digamma, lgamma
from .surface import public

__all__ = ["igamma", "igammac", "mvlgamma", "zeta"]


# ------------------------------------------------------------------------------------ multivariate
@public("torch method inplace out")
@public("special out", name="multigammaln")
def mvlgamma(input: Any, p: int) -> Any:
    """Logarithm of the gamma function of ``p`` dimensions.

    Shape:   input (...) -> (...)
    Saves:   input
    Raises:  RuntimeError if p is below 1
    Source:  ``p * (p - 1) / 4 * log(pi) + sum(lgamma(input - j / 2) for j in range(p))``
    """
    if p < 1:
        raise RuntimeError("p has to be greater than or equal to 1")
    return multivariate(_floating(input), p=p)


@custom(saves=("x",), node_name="Mvlgamma")
def multivariate(xp: Any, x: Any, *, p: int) -> Any:
    """The sum of ``lgamma`` over ``p`` shifted arguments, and a constant."""
    wide = x.astype(wide_dtype(x) or x.dtype, copy=False)
    total = lgamma(wide)
    for j in range(1, p):
        total = total + lgamma(wide - j / 2)
    return (total + p * (p - 1) / 4 * math.log(math.pi)).astype(x.dtype, copy=False)


@multivariate.vjp
def _(g: Any, x: Any, *, p: int) -> Any:
    kind = kind_of_value(x)
    wide = convert(x, kind.with_dtype(float32) if kind.dtype.itemsize < 4 else kind)
    total = digamma(wide)
    for j in range(1, p):
        total = total + digamma(wide - j / 2)
    return g * convert(total, kind)


# -------------------------------------------------------------------------------------- incomplete
@public("torch method inplace out")
@public("special out", name="gammainc")
def igamma(input: Any, other: Any) -> Any:
    """The regularised lower incomplete gamma function of ``input`` up to ``other``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other; there is no derivative in ``input``
    """
    return lower_gamma(*_together("igamma", input, other))


@public("torch method inplace out")
@public("special out", name="gammaincc")
def igammac(input: Any, other: Any) -> Any:
    """``1 - igamma(input, other)`` without cancellation.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other; there is no derivative in ``input``
    """
    return upper_gamma(*_together("igammac", input, other))


@custom(saves=("a", "x"), node_name="Igamma")
def lower_gamma(xp: Any, a: Any, x: Any) -> Any:
    """The lower part, of operands of one shape."""
    return gamma_below(a, x)


@lower_gamma.vjp
def _(g: Any, a: Any, x: Any, *, needs: Any) -> Any:
    _refuse("igamma: input", needs)
    return None, g * gamma_density(a, x)


@custom(saves=("a", "x"), node_name="Igammac")
def upper_gamma(xp: Any, a: Any, x: Any) -> Any:
    """The upper part, of operands of one shape."""
    return gamma_above(a, x)


@upper_gamma.vjp
def _(g: Any, a: Any, x: Any, *, needs: Any) -> Any:
    _refuse("igammac: input", needs)
    return None, -(g * gamma_density(a, x))


@elementwise
def gamma_below(input: Float, other: Float) -> Expr:
    """The lower incomplete gamma function, on arrays."""
    return s.gammainc(input, other)


@elementwise
def gamma_above(input: Float, other: Float) -> Expr:
    """The upper incomplete gamma function, on arrays."""
    return s.gammaincc(input, other)


@elementwise
def gamma_density(input: Float, other: Float) -> Expr:
    """``other**(input - 1) * exp(-other) / gamma(input)``."""
    return s.exp((input - 1) * s.log(other) - other - s.lgamma(input))


# -------------------------------------------------------------------------------------------- zeta
@public("special out")
def zeta(input: Any, other: Any) -> Any:
    """Hurwitz's zeta function, ``sum((k + other)**-input for k in 0, 1, ...)``.

    Shape:   input (...), other (...) broadcast -> (...)
    Saves:   input, other; there is no derivative in ``input``
    """
    return hurwitz(*_together("zeta", input, other))


@custom(saves=("s", "q"), node_name="SpecialZeta")
def hurwitz(xp: Any, s: Any, q: Any) -> Any:
    """Hurwitz's zeta function, of operands of one shape."""
    return zeta_of(s, q)


@hurwitz.vjp
def _(g: Any, s: Any, q: Any, *, needs: Any) -> Any:
    _refuse("zeta", needs)
    return None, -(g * s * hurwitz(s + 1, q))


@elementwise
def zeta_of(input: Float, other: Float) -> Expr:
    """Hurwitz's zeta function, on arrays."""
    return s.hurwitz(input, other)


# ---------------------------------------------------------------------------------------- operands
def _refuse(name: str, needs: tuple[bool, ...]) -> None:
    if needs[0]:
        raise NotImplementedError(f"the derivative for '{name}' is not implemented.")


def _floating(input: Any) -> Any:
    if input.kind.is_floating_point:
        return input
    return convert(input, input.kind.with_dtype(default_dtype()))


def _together(name: str, *operands: Any) -> list[Any]:
    """The operands as floating tensors of one kind and shape."""
    given = [x for x in operands if isinstance(x, TensorBase)]
    if not given:
        raise TypeError(f"{name}(): argument must be Tensor")
    on = common_device(name, given)
    element = promote_operands(
        [t.kind.dtype for t in given if t.shape], [t.kind.dtype for t in given if not t.shape],
        [x for x in operands if not isinstance(x, TensorBase)],
    )  # fmt: skip
    kind = kind_of(on, element if element.is_floating_point else default_dtype())
    tensors = [
        convert(x, kind) if isinstance(x, TensorBase)
        else new_tensor(kind.xp.asarray(x, kind.numpy), kind)
        for x in operands
    ]  # fmt: skip
    shape = broadcast_shapes(name, tensors, ("input", "other"))
    return [expand(t, shape) for t in tensors]

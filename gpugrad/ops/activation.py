"""Activation functions.

Holds:     every op is one expression; its backward, saved values and kernels are derived. Kinks
           have PyTorch's derivatives.
Must not:  contain a derivative.
"""

from __future__ import annotations

import math
from typing import Any

from .. import expr as s
from ..errors import bad_approximation
from ..expr import Expr, Float, Number
from .elementary import tanh
from .families import elementwise
from .surface import public

__all__ = [
    "celu", "elu", "gelu", "hardshrink", "hardsigmoid", "hardswish", "hardtanh", "leaky_relu",
    "logsigmoid", "mish", "prelu", "relu", "relu6", "selu", "sigmoid", "silu", "softplus",
    "softshrink", "softsign", "tanh", "tanhshrink", "threshold",
]  # fmt: skip


# --------------------------------------------------------------------------------- made of a ramp
@public("torch method inplace")
@elementwise
def relu(input: Number) -> Expr:
    """The positive part; its derivative at 0 is 0.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.relu(gpugrad.tensor([-1.0, 2.0]))
    tensor([0., 2.])
    """
    return s.relu(input)


@elementwise(node_name="Hardtanh")
def relu6(input: Number) -> Expr:
    """``input`` clamped to 0..6; flat at both ends.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.where(input <= 0, 0, s.where(input >= 6, 6, input))


@elementwise
def leaky_relu(input: Float, *, negative_slope: float = 0.01) -> Expr:
    """Identity above zero, ``negative_slope * input`` below.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.where(input > 0, input, negative_slope * input)


@elementwise
def prelu(input: Float, weight: Float) -> Expr:
    """``leaky_relu`` whose slope is a tensor, of a shape that broadcasts.

    Shape:   input (...), weight (...) broadcast -> (...)
    Saves:   input, and weight if input needs a gradient
    """
    return s.where(input > 0, input, weight * input)


@elementwise
def threshold(input: Number, *, threshold: float, value: float) -> Expr:
    """``input`` above the threshold, ``value`` elsewhere.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.where(input <= threshold, value, input)


@elementwise
def hardtanh(input: Number, *, min_val: float = -1.0, max_val: float = 1.0) -> Expr:
    """``input`` clamped between two numbers; flat at both ends.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    above = s.where(input >= max_val, max_val, input)
    return s.where(input <= min_val, min_val, above)


@elementwise
def hardsigmoid(input: Float) -> Expr:
    """``input / 6 + 1/2`` clamped to 0..1.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.where(input <= -3, 0, s.where(input >= 3, 1, input / 6 + 0.5))


@elementwise
def hardswish(input: Float) -> Expr:
    """``input * hardsigmoid(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    inside = input * (input + 3) / 6
    return s.where(input <= -3, 0, s.where(input >= 3, input, inside))


@elementwise
def hardshrink(input: Float, *, lambd: float = 0.5) -> Expr:
    """``input`` outside -lambd..lambd, 0 inside.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return s.where((input >= -lambd) & (input <= lambd), 0, input)


@elementwise
def softshrink(input: Float, *, lambd: float = 0.5) -> Expr:
    """``input`` moved towards 0 by ``lambd``, 0 inside -lambd..lambd.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    outside = s.where(input > 0, input - lambd, input + lambd)
    return s.where((input >= -lambd) & (input <= lambd), 0, outside)


# ----------------------------------------------------------------------------------------- smooth
@public("torch method inplace F out")
@elementwise
def sigmoid(input: Float) -> Expr:
    """The logistic function; neither tail overflows.

    Shape:   input (...) -> (...)
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.sigmoid(gpugrad.tensor([0.0, 1.0]))
    tensor([0.5000, 0.7311])
    """
    return s.sigmoid(input)


@public("F")
@elementwise(node_name="LogSigmoid")
def logsigmoid(input: Float) -> Expr:
    """``log(sigmoid(input))`` without overflow.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return -s.softplus(-input)


@elementwise
def softplus(input: Float, *, beta: float = 1.0, threshold: float = 20.0) -> Expr:
    """``log(1 + exp(beta * input)) / beta``; the identity where ``beta * input > threshold``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    x = input * beta
    return s.where(x > threshold, input, s.softplus(x) / beta)


@elementwise
def silu(input: Float) -> Expr:
    """Swish, ``input * sigmoid(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  Hendrycks & Gimpel 2016, Ramachandran et al. 2017
    >>> import gpugrad
    >>> gpugrad.nn.functional.silu(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.7311])
    """
    return input * s.sigmoid(input)


@elementwise
def mish(input: Float) -> Expr:
    """``input * tanh(softplus(input))``.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  Misra 2019
    """
    return input * s.tanh(s.softplus(input))


@elementwise
def elu(input: Float, *, alpha: float = 1.0) -> Expr:
    """Identity above zero, ``alpha * (exp(input) - 1)`` below.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  Clevert et al. 2015
    """
    return s.where(input > 0, input, alpha * s.expm1(input))


@elementwise(node_name="Celu")
def celu(input: Float, *, alpha: float = 1.0) -> Expr:
    """Identity above zero, ``alpha * (exp(input / alpha) - 1)`` below.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  Barron 2017
    """
    return s.where(input > 0, input, alpha * s.expm1(input / alpha))


@elementwise(node_name="Elu")
def selu(input: Float) -> Expr:
    """Scaled ``elu`` that keeps mean 0 and variance 1.

    Shape:   input (...) -> (...)
    Saves:   input
    Source:  Klambauer et al. 2017
    """
    negative = s.expm1(input) * 1.7580993408473766
    return s.where(input > 0, input * 1.0507009873554805, negative)


@public("F")
@elementwise
def softsign(input: Float) -> Expr:
    """``input / (1 + abs(input))``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return input / (s.abs(input) + 1)


@public("F")
@elementwise
def tanhshrink(input: Float) -> Expr:
    """``input - tanh(input)``.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return input - s.tanh(input)


@public("F")
def gelu(input: Any, approximate: str = "none") -> Any:
    """``input`` times the normal distribution function of it, or the tanh approximation of that.

    Shape:   input (...) -> (...)
    Saves:   input
    Raises:  RuntimeError if approximate is neither "none" nor "tanh"
    Source:  Hendrycks & Gimpel 2016
    >>> import gpugrad
    >>> gpugrad.nn.functional.gelu(gpugrad.tensor([0.0, 1.0]))
    tensor([0.0000, 0.8413])
    """
    if approximate == "none":
        return exact_gelu(input)
    if approximate == "tanh":
        return tanh_gelu(input)
    raise bad_approximation(approximate)


@elementwise(node_name="Gelu")
def exact_gelu(input: Float) -> Expr:
    """``input`` times the normal distribution function of it.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    return 0.5 * input * (1 + s.erf(input * math.sqrt(0.5)))


@elementwise(node_name="Gelu")
def tanh_gelu(input: Float) -> Expr:
    """``input`` times an approximation of the normal distribution function of it.

    Shape:   input (...) -> (...)
    Saves:   input
    """
    inner = math.sqrt(2 / math.pi) * (input + 0.044715 * input**3)
    return 0.5 * input * (1 + s.tanh(inner))

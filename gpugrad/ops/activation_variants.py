"""Activations under the names and with the arguments that gpugrad, tensors and nn.functional share.

Holds:     each sorts out its arguments; an op computes and says what it saves.
Must not:  know ``inplace=True``: that is nn.functional's.
"""

from __future__ import annotations

from typing import Any

from .. import expr as s
from ..errors import ShapeError
from ..expr import Expr, Float
from ..graph import new_tensor
from . import activation as act
from . import arithmetic
from .dims import axis_of
from .families import elementwise
from .join import chunk
from .random import Generator, draw
from .shape import reshape
from .surface import public
from .writes import write

__all__ = ["celu", "glu", "hardshrink", "prelu", "rrelu", "selu", "threshold"]


@public("torch")
def celu(input: Any, alpha: float = 1.0) -> Any:
    """Identity above zero, ``alpha * (exp(input / alpha) - 1)`` below."""
    return act.celu(input, alpha=alpha)


@public("torch F", name="celu_")
def celu_(input: Any, alpha: float = 1.0) -> Any:
    """``celu`` in place."""
    return write(input, lambda old: celu(old, alpha))


@public("torch")
def selu(input: Any) -> Any:
    """ELU scaled so that activations normalise themselves."""
    return act.selu(input)


@public("torch F", name="selu_")
def selu_(input: Any) -> Any:
    """``selu`` in place."""
    return write(input, selu)


@public("torch")
def threshold(input: Any, threshold: float, value: float) -> Any:
    """``input`` above ``threshold``, ``value`` elsewhere."""
    return act.threshold(input, threshold=threshold, value=value)


@public("torch F", name="threshold_")
def threshold_(input: Any, threshold: float, value: float) -> Any:
    """``threshold`` in place."""
    return write(input, lambda old: act.threshold(old, threshold=threshold, value=value))


@public("torch method F out")
def hardshrink(input: Any, lambd: float = 0.5) -> Any:
    """``input`` where its magnitude exceeds ``lambd``, zero elsewhere."""
    return act.hardshrink(input, lambd=lambd)


# ----------------------------------------------------------------------------------- leaky ramps
@public("torch method F")
def prelu(input: Any, weight: Any) -> Any:
    """Identity above zero, a learned slope below: one ``weight``, or one per channel (dim 1).

    Shape:   input (N, C, *), weight (1) or (C) -> the shape of input
    Saves:   input, weight
    Raises:  RuntimeError if there are more weights than one, but not one per channel
    """
    count = weight.shape.numel()
    if count != 1:
        channels = input.shape[1] if len(input.shape) > 1 else 1
        if count != channels:
            raise ShapeError(
                "Mismatch of parameter numbers and input channel size. Found parameter numbers = "
                f"{count} and channel size = {channels}."
            )
    if count != 1 and len(input.shape) > 2:
        weight = reshape(weight, -1, *[1] * (len(input.shape) - 2))
    elif weight.shape and not input.shape:
        weight = reshape(weight, ())
    return act.prelu(input, weight)


@public("torch")
def rrelu(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False,
          generator: Generator | None = None) -> Any:
    """``leaky_relu`` with random slopes in [lower, upper] in training, their mean otherwise.

    Shape:   input (...) -> (...)
    Saves:   the slopes in training, else input
    Source:  Xu et al. 2015
    """
    if lower > upper:
        raise RuntimeError(f"Lower bound should be less than or equal to the upper bound, got "
                           f"{lower} and {upper}")  # fmt: skip
    if not training:
        return act.leaky_relu(input, negative_slope=(lower + upper) / 2)
    drawn = draw(input.kind, input.shape, "random", generator)
    slopes = random_slope(input.array, drawn, lower=lower, width=upper - lower)
    return arithmetic.mul(input, new_tensor(slopes, input.kind))


@elementwise
def random_slope(input: Float, drawn: Float, *, lower: float, width: float) -> Expr:
    """1 above zero, ``lower + width * drawn`` below."""
    return s.where(input > 0, 1, lower + width * drawn)


@public("torch F", name="rrelu_")
def rrelu_(input: Any, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False) -> Any:
    """``rrelu`` in place."""
    return write(input, lambda old: rrelu(old, lower, upper, training))


# -------------------------------------------------------------------------------------- with gates
@public("F")
def glu(input: Any, dim: int = -1) -> Any:
    """First half of ``dim`` times the sigmoid of the second.

    Shape:   input (*, 2n, *) -> (*, n, *)
    Saves:   input
    Raises:  RuntimeError if the size of ``dim`` is odd
    """
    axis = axis_of(dim, len(input.shape))
    if input.shape[axis] % 2:
        raise ShapeError(
            f"Halving dimension must be even, but dimension {axis} is size {input.shape[axis]}"
        )
    return gated(*chunk(input, 2, axis))


@elementwise(node_name="Glu")
def gated(input: Float, gate: Float) -> Expr:
    """``input * sigmoid(gate)``.

    Shape:   input (...), gate (...) broadcast -> (...)
    Saves:   both
    """
    return input * s.sigmoid(gate)

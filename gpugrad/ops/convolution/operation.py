"""The ops of convolution: three, each differentiable in both operands by the other two.

``<g, convolution(x, w)>`` is linear in g, x and w. With two of them given, the op computes the
third: ``convolution`` makes y, ``input_gradient`` makes x (so it is the transposed convolution
too), ``weight_gradient`` makes w. Every order of derivative is made of the same three.

Holds:     an op saves an operand only if the other one needs a gradient; columns are never kept.
Must not:  touch arrays. on_cpu.py and on_cuda.py do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..families import custom
from ..reduce import sum_op
from . import on_cpu, on_cuda
from .geometry import Geometry

__all__ = ["convolution_op", "input_gradient_op", "weight_gradient_op"]


def _on(xp: Any) -> Any:
    return on_cpu if xp is np else on_cuda


def _partners(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return (("x",) if needs[1] else ()) + (("weight",) if needs[0] else ())


@custom(node_name="Convolution", saves=_partners)
def convolution_op(xp: Any, x: Any, weight: Any, bias: Any, *, geometry: Geometry) -> Any:
    """Each filter's product with what it lies on, at every position, and the bias."""
    return _on(xp).convolve(x, weight, bias, geometry)


@convolution_op.vjp
def _(g: Any, *saved: Any, geometry: Geometry, needs: Any) -> Any:
    x, weight = (saved[0], saved[-1]) if saved else (None, None)
    return (
        input_gradient_op(g, weight, None, geometry=geometry) if needs[0] else None,
        weight_gradient_op(x, g, geometry=geometry) if needs[1] else None,
        _bias_gradient(g) if needs[2] else None,
    )


@custom(node_name="Convolution", saves=_partners)
def input_gradient_op(xp: Any, x: Any, weight: Any, bias: Any, *, geometry: Geometry) -> Any:
    """The transpose of ``convolution_op`` in its input, and a bias."""
    return _on(xp).input_gradient(x, weight, bias, geometry)


@input_gradient_op.vjp
def _(u: Any, *saved: Any, geometry: Geometry, needs: Any) -> Any:
    x, weight = (saved[0], saved[-1]) if saved else (None, None)
    return (
        convolution_op(u, weight, None, geometry=geometry) if needs[0] else None,
        weight_gradient_op(u, x, geometry=geometry) if needs[1] else None,
        _bias_gradient(u) if needs[2] else None,
    )


def _bias_gradient(g: Any) -> Any:
    return sum_op(g, axes=(0, *range(2, len(g.shape))), keepdim=False)


@custom(
    node_name="ConvolutionBackward",
    saves=lambda needs: (("x",) if needs[1] else ()) + (("g",) if needs[0] else ()),
)
def weight_gradient_op(xp: Any, x: Any, g: Any, *, geometry: Geometry) -> Any:
    """The transpose of ``convolution_op`` in its weight."""
    return _on(xp).weight_gradient(x, g, geometry)


@weight_gradient_op.vjp
def _(u: Any, *saved: Any, geometry: Geometry, needs: Any) -> Any:
    return (
        input_gradient_op(saved[-1], u, None, geometry=geometry) if needs[0] else None,
        convolution_op(saved[0], u, None, geometry=geometry) if needs[1] else None,
    )

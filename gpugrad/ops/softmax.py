"""softmax and log_softmax: hand-written kernels, whose backward kernels are ops too.

Holds:     the result is all that is saved; every order of derivative is made of recorded ops.
Must not:  touch arrays. softmax_kernels.py does.
"""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from ..array import as_dtype, float32
from ..errors import not_floating
from ..graph import new_tensor
from . import softmax_kernels as kernels
from .arithmetic import exp
from .broadcast import convert, widened
from .dims import axis_of
from .families import custom
from .random import uniform
from .reduce import sum_op
from .shape import reshape
from .surface import public

__all__ = ["gumbel_softmax", "log_softmax", "log_softmax_op", "softmax", "softmax_backward_op",
           "softmax_op", "softmin"]  # fmt: skip


# ---------------------------------------------------------------------------------------- the ops
@custom(node_name="Softmax", saves=("result",))
def softmax_op(xp: Any, x: Any, *, dim: int) -> Any:
    """``exp(x - max) / sum``."""
    return kernels.softmax(x, dim)


@softmax_op.vjp
def _(g: Any, y: Any, *, dim: int) -> Any:
    return softmax_backward_op(g, y, dim=dim)


@custom(node_name="SoftmaxBackward", saves=("g", "y"))
def softmax_backward_op(xp: Any, g: Any, y: Any, *, dim: int) -> Any:
    """``y * (g - sum(g * y))``, linear in ``g`` and symmetric: it is its own transpose."""
    return kernels.softmax_backward(g, y, dim)


@softmax_backward_op.vjp
def _(u: Any, g: Any, y: Any, *, dim: int, needs: tuple[bool, ...]) -> Any:
    dg = softmax_backward_op(u, y, dim=dim) if needs[0] else None
    if not needs[1]:
        return dg, None
    return dg, u * (g - _sum(g * y, dim)) - g * _sum(u * y, dim)


@custom(node_name="LogSoftmax", saves=("result",))
def log_softmax_op(xp: Any, x: Any, *, dim: int) -> Any:
    """``x - max - log(sum(exp(x - max)))``."""
    return kernels.log_softmax(x, dim)


@log_softmax_op.vjp
def _(g: Any, y: Any, *, dim: int) -> Any:
    return log_softmax_backward_op(g, y, dim=dim)


@custom(node_name="LogSoftmaxBackward", saves=("g", "y"))
def log_softmax_backward_op(xp: Any, g: Any, y: Any, *, dim: int) -> Any:
    """``g - exp(y) * sum(g)``."""
    return kernels.log_softmax_backward(g, y, dim)


@log_softmax_backward_op.vjp
def _(u: Any, g: Any, y: Any, *, dim: int, needs: tuple[bool, ...]) -> Any:
    p = exp(y)
    dg = u - _sum(u * p, dim) if needs[0] else None
    return dg, -(u * p) * _sum(g, dim) if needs[1] else None


def _sum(x: Any, dim: int) -> Any:
    return sum_op(x, axes=(dim,), keepdim=True)


# ----------------------------------------------------------------------------------- for everyone
@public("torch method out special")
def softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """``exp(input)`` along ``dim``, scaled to sum to one; the maximum is subtracted first.

    Shape:   (*) -> the same
    Dtype:   floating; float16 and bfloat16 are summed in float32; ``dtype`` converts first
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.softmax(gpugrad.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along(softmax_op, "softmax", input, dim, dtype)


@public("torch method out special")
def log_softmax(input: Any, dim: int, dtype: Any = None) -> Any:
    """The logarithm of ``softmax(input, dim)``, exact where the softmax itself would be 0.

    Shape:   (*) -> the same
    Dtype:   as ``softmax``
    Saves:   the result
    """
    return _along(log_softmax_op, "log_softmax", input, dim, dtype)


@public("F", name="softmax")
def softmax_of_functional(input: Any, dim: int | None = None, _stacklevel: int = 3,
                          dtype: Any = None) -> Any:
    """``gpugrad.softmax``; without ``dim`` PyTorch's old choice is made, with a warning."""
    dim = _implicit("softmax", input, _stacklevel) if dim is None else dim
    return softmax(input, dim, dtype)


@public("F", name="log_softmax")
def log_softmax_of_functional(input: Any, dim: int | None = None, _stacklevel: int = 3,
                              dtype: Any = None) -> Any:
    """``gpugrad.log_softmax``; ``dim`` as in ``softmax``."""
    dim = _implicit("log_softmax", input, _stacklevel) if dim is None else dim
    return log_softmax(input, dim, dtype)


@public("F")
def softmin(input: Any, dim: int | None = None, _stacklevel: int = 3, dtype: Any = None) -> Any:
    """``softmax(-input, dim)``.

    Shape:   (*) -> the same
    Saves:   the result
    """
    dim = _implicit("softmin", input, _stacklevel) if dim is None else dim
    return softmax(-input, dim, dtype)


def _implicit(name: str, input: Any, stacklevel: int) -> int:
    """The choice of dimension from before ``dim`` existed."""
    warnings.warn(
        f"Implicit dimension choice for {name} has been deprecated. Change the call to include "
        "dim=X as an argument.", stacklevel=stacklevel,
    )  # fmt: skip
    return 0 if len(input.shape) in (0, 1, 3) else 1


@public("F")
def gumbel_softmax(logits: Any, tau: float = 1, hard: bool = False, eps: float = 1e-10,
                   dim: int = -1) -> Any:
    """Samples from the categorical distribution of ``logits``, softened by ``tau``.

    With ``hard`` the samples are exact ones and zeros, and the gradient is that of the soft ones.

    Shape:   (*) -> the same
    Saves:   the soft samples
    Source:  Jang, Gu & Poole 2017; Maddison, Mnih & Teh 2017
    """
    if eps != 1e-10:
        warnings.warn("`eps` parameter is deprecated and has no effect.", stacklevel=2)
    if not logits.kind.is_floating_point:
        raise not_floating("gumbel_softmax", logits.kind.dtype)
    soft = softmax((logits + _gumbel(logits)) / tau, dim)
    if not hard:
        return soft
    axis = axis_of(dim, len(logits.shape))
    one = soft.detach()
    index = widened(one.array).reshape(one.shape or (1,)).argmax(axis)
    places = logits.kind.xp.arange(one.shape[axis] if one.shape else 1)
    along = [-1 if i == axis else 1 for i in range(max(1, len(one.shape)))]
    hit = logits.kind.xp.expand_dims(index, axis) == places.reshape(along)
    exact = new_tensor(hit.reshape(one.shape).astype(one.kind.numpy), one.kind)
    return exact - one + soft


def _gumbel(like: Any) -> Any:
    """Samples of the standard Gumbel distribution, drawn in float32 at least."""
    wide = like.kind.with_dtype(float32) if like.kind.dtype.itemsize < 4 else like.kind
    xp = wide.xp
    exponential = -xp.log1p(-uniform(wide, tuple(like.shape)))
    drawn = -xp.log(xp.maximum(exponential, np.finfo(wide.numpy).tiny))
    return new_tensor(drawn.astype(like.kind.numpy, copy=False), like.kind)


def _along(op: Any, name: str, input: Any, dim: int, dtype: Any) -> Any:
    if dtype is not None:
        input = convert(input, input.kind.with_dtype(as_dtype(dtype)))
    if not input.kind.is_floating_point:
        raise not_floating(name, input.kind.dtype)
    axis = axis_of(dim, len(input.shape))
    if not len(input.shape):
        return reshape(op(reshape(input, 1), dim=0), ())
    return op(input, dim=axis)

"""softmax and log_softmax: hand-written kernels, whose backward kernels are ops too.

Holds:     the result is all that is saved; every order of derivative is made of recorded ops.
Must not:  touch arrays. softmax_kernels.py does.
"""

from __future__ import annotations

from typing import Any

from ..array import as_dtype
from ..errors import not_floating
from . import softmax_kernels as kernels
from .arithmetic import exp
from .broadcast import convert
from .dims import axis_of
from .families import custom
from .reduce import sum_op
from .shape import reshape
from .surface import public

__all__ = ["log_softmax", "log_softmax_op", "softmax", "softmax_backward_op", "softmax_op",
           "softmin"]  # fmt: skip


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
@public("torch method F")
def softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """``exp(input)`` along ``dim``, scaled to sum to one; the maximum is subtracted first.

    Shape:   (*) -> the same
    Dtype:   floating; float16 and bfloat16 are summed in float32; ``dtype`` converts first
    Saves:   the result
    >>> import gpugrad
    >>> gpugrad.softmax(gpugrad.tensor([0.0, 0.0]), dim=0)
    tensor([0.5000, 0.5000])
    """
    return _along(softmax_op, "softmax", input, dim, dtype)


@public("torch method F")
def log_softmax(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """The logarithm of ``softmax(input, dim)``, exact where the softmax itself would be 0.

    Shape:   (*) -> the same
    Dtype:   as ``softmax``
    Saves:   the result
    """
    return _along(log_softmax_op, "log_softmax", input, dim, dtype)


@public("F")
def softmin(input: Any, dim: int | None = None, dtype: Any = None) -> Any:
    """``softmax(-input, dim)``.

    Shape:   (*) -> the same
    Saves:   the result
    """
    return softmax(-input, dim, dtype)


def _along(op: Any, name: str, input: Any, dim: int | None, dtype: Any) -> Any:
    if dtype is not None:
        input = convert(input, input.kind.with_dtype(as_dtype(dtype)))
    if not input.kind.is_floating_point:
        raise not_floating(name, input.kind.dtype)
    ndim = len(input.shape)
    if dim is None:  # PyTorch's implicit choice, from before ``dim`` existed
        dim = 0 if ndim in (0, 1, 3) else 1
    axis = axis_of(dim, ndim)
    if not ndim:
        return reshape(op(reshape(input, 1), dim=0), ())
    return op(input, dim=axis)

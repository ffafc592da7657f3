"""Variances, norms, logarithms of sums, and questions about all elements.

Holds:     ``var`` saves its input once; counts and truth values record nothing.
Must not:  reimplement a sum: see reduce.py.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..array import bool_, default_dtype, hostpool, int64, uint8
from ..errors import DTypeError
from ..graph import new_tensor
from .arithmetic import div, exp, mul, sub
from .broadcast import convert
from .compare import eq, where
from .dims import axes_of
from .folds import fold
from .generic import custom, valued
from .reduce import mean_op, spread
from .surface import public

__all__ = ["all_", "any_", "count_nonzero", "logsumexp", "std", "std_mean", "var",
           "var_mean"]  # fmt: skip


# --------------------------------------------------------------------------------------- variance
@custom(node_name="Var", saves=("x",))
def var_op(xp: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any) -> Any:
    """Mean squared distance from the mean, with ``count - correction`` in the denominator."""
    return _moments(xp, x, axes, keepdim, correction)[0].astype(x.dtype)


def _moments(xp: Any, x: Any, axes: Any, keepdim: bool, correction: float) -> tuple[Any, Any]:
    """Variance and mean, of half types in float32."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    count = math.prod([x.shape[a] for a in axes])
    mean = xp.divide(fold(xp, "add", wide, axes, True), count)
    room = hostpool.empty(wide.shape, wide.dtype) if xp is np else None
    centred = xp.subtract(wide, mean, out=room)
    centred *= centred
    total = fold(xp, "add", centred, axes, keepdim)
    return xp.divide(total, max(count - correction, 0)), mean.reshape(total.shape)


@var_op.vjp
def _(g: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any, shapes: Any) -> Any:
    return _variance_vjp(g, x, axes, correction, shapes)


def _variance_vjp(g: Any, x: Any, axes: Any, correction: float, shapes: Any) -> Any:
    count = math.prod([shapes[0][a] for a in axes])
    centred = sub(x, spread(mean_op(x, axes=axes, keepdim=True), axes, shapes[0]))
    freedom = count - correction
    scale = 2.0 / freedom if freedom else math.inf
    return mul(centred, spread(mul(g, scale), axes, shapes[0]))


@custom(node_name="Std", saves=("x", "result"))
def std_op(xp: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any) -> Any:
    """The square root of the variance; its gradient at zero is zero."""
    return xp.sqrt(_moments(xp, x, axes, keepdim, correction)[0]).astype(x.dtype)


@std_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, correction: Any, shapes: Any) -> Any:
    return _variance_vjp(_half_over(g, y), x, axes, correction, shapes)


def _half_over(g: Any, y: Any) -> Any:
    """The cotangent of a variance from that of its root ``y``; none where that is zero."""
    zero = eq(y, 0.0)
    return where(zero, 0.0, mul(0.5, g / where(zero, 1.0, y)))


@public("torch method out")
def var(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> Any:
    """The variance, over all elements or ``dim``, with Bessel's correction by default.

    Shape:   as ``sum``
    Saves:   input
    Raises:  RuntimeError for integers
    """
    return _spread_of(var_op, input, dim, unbiased, keepdim, correction)


@public("torch method out")
def std(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> Any:
    """The standard deviation: the square root of ``var``.

    Shape:   as ``sum``
    Saves:   input and result
    Raises:  RuntimeError for integers
    """
    return _spread_of(std_op, input, dim, unbiased, keepdim, correction)


def _spread_of(op: Any, input: Any, dim: Any, unbiased: bool | None, keepdim: bool,
               correction: float | None) -> Any:  # fmt: skip
    if not input.kind.is_floating_point:
        raise DTypeError("std and var only support floating point and complex dtypes")
    if correction is None:
        correction = 0 if unbiased is False else 1
    if isinstance(dim, bool):  # the old signature, var(unbiased)
        dim, correction = None, int(dim)
    return op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim, correction=correction)


@custom(node_name="VarMean", saves=("x",), many=True)
def var_mean_op(xp: Any, x: Any, *, axes: Any, keepdim: bool, correction: float) -> Any:
    """The variance and the mean."""
    both = _moments(xp, x, axes, keepdim, correction)
    return tuple([xp.asarray(y).astype(x.dtype, copy=False) for y in both])


@var_mean_op.vjp
def _(g: Any, x: Any, *, axes: Any, keepdim: bool, correction: float, shapes: Any) -> Any:
    return _moments_vjp(g[0], g[1], x, axes, correction, shapes)


@custom(node_name="StdMean", saves=("x", "result"), many=True)
def std_mean_op(xp: Any, x: Any, *, axes: Any, keepdim: bool, correction: float) -> Any:
    """The standard deviation and the mean."""
    variance, mean = _moments(xp, x, axes, keepdim, correction)
    return tuple([xp.asarray(y).astype(x.dtype, copy=False) for y in (xp.sqrt(variance), mean)])


@std_mean_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: bool, correction: float, shapes: Any) -> Any:
    half = None if g[0] is None else _half_over(g[0], y)
    return _moments_vjp(half, g[1], x, axes, correction, shapes)


def _moments_vjp(gv: Any, gm: Any, x: Any, axes: Any, correction: float, shapes: Any) -> Any:
    """From cotangents of the variance and the mean, either of which may be missing."""
    if gv is None:
        return _mean_vjp(gm, axes, shapes)
    whole = _variance_vjp(gv, x, axes, correction, shapes)
    return whole if gm is None else whole + _mean_vjp(gm, axes, shapes)


def _mean_vjp(g: Any, axes: Any, shapes: Any) -> Any:
    return spread(div(g, math.prod([shapes[0][a] for a in axes])), axes, shapes[0])


@public("torch out")
def var_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Any, Any]:
    """Variance and mean, as ``var`` and ``mean`` give them.

    Saves:   input
    """
    result: tuple[Any, Any] = _spread_of(var_mean_op, input, dim, unbiased, keepdim, correction)
    return result


@public("torch out")
def std_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Any, Any]:
    """Standard deviation and mean, as ``std`` and ``mean`` give them.

    Saves:   input and the standard deviation
    """
    result: tuple[Any, Any] = _spread_of(std_mean_op, input, dim, unbiased, keepdim, correction)
    return result


# ----------------------------------------------------------------------------------- exponentials
@public("torch method out special")
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """``log(sum(exp(input)))`` over ``dim``, without overflow.

    Saves:   input and result
    """
    if not input.kind.is_floating_point:
        input = convert(input, input.kind.with_dtype(default_dtype()))
    return logsumexp_op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim)


@custom(node_name="Logsumexp", saves=("x", "result"))
def logsumexp_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """Shifted by the largest element, so that no exponential overflows."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    top = 0
    if x.size:
        top = fold(xp, "maximum", wide, axes, True)
        top = xp.where(xp.isfinite(top), top, 0)
    y = xp.log(fold(xp, "add", xp.exp(wide - top), axes, True)) + top
    y = y.astype(x.dtype, copy=False)
    return y.reshape(y.shape if keepdim else [n for i, n in enumerate(y.shape) if i not in axes])


@logsumexp_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return mul(spread(g, axes, shapes[0]), exp(sub(x, spread(y, axes, shapes[0]))))


# ---------------------------------------------------------------------------------- truth, counts
@public("torch method out")
@valued
def all_(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all elements are true: of all, or along ``dim``. NaN is true."""
    return _truth(input, "all", dim, keepdim)


@public("torch method out")
@valued
def any_(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether any element is true: of all, or along ``dim``. NaN is true."""
    return _truth(input, "any", dim, keepdim)


def _truth(input: Any, name: str, dim: Any, keepdim: bool) -> Any:
    nowhere = dim is not None and not isinstance(dim, int) and not len(dim)
    axes = () if nowhere else axes_of(dim, len(input.shape))
    # As PyTorch has it: bool, but uint8 stays.
    kind = input.kind if input.kind.dtype is uint8 else input.kind.with_dtype(bool_)
    found = getattr(input.array != 0, name)(axis=axes, keepdims=keepdim)
    return new_tensor(kind.xp.asarray(found, kind.numpy), kind)


@public("torch method")
@valued
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not zero: of all, or along ``dim``."""
    kind = input.kind.with_dtype(int64)
    axes = axes_of(dim, len(input.shape))
    some = input.array != 0
    whole = kind.xp is np and len(axes) == some.ndim
    counts = np.count_nonzero(some) if whole else some.sum(axis=axes)
    return new_tensor(kind.xp.asarray(counts, np.int64), kind)

"""Reductions made of others, and those without a gradient.

Holds:     ``var`` saves its input once; results that are positions or truth values record nothing.
Must not:  reimplement a sum: see reduce.py.
"""

from __future__ import annotations

import math
from typing import Any

from ..array import bool_, int64
from ..errors import DTypeError, not_floating, nothing_to_reduce
from ..graph import Size, new_tensor
from .arithmetic import exp, mul, sign, sub
from .arithmetic import pow as power
from .broadcast import wide_dtype
from .compare import eq, where
from .dims import axes_of, axis_of
from .generic import Linear, custom, linear
from .index import slice_op
from .join import cat, stack, zeros_as
from .rearrange import flip_op
from .reduce import kept_shape, mean_op, shared, spread, sum_, sum_op
from .shape import reshape_op
from .surface import public

__all__ = ["all_", "any_", "argmax", "argmin", "count_nonzero", "cumsum", "logsumexp", "norm",
           "prod", "std", "var", "var_mean"]  # fmt: skip


# --------------------------------------------------------------------------------------- variance
@custom(node_name="Var", saves=("x",))
def var_op(xp: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any) -> Any:
    """Mean squared distance from the mean, with ``count - correction`` in the denominator."""
    return _variance(xp, x, axes, keepdim, correction).astype(x.dtype)


def _variance(xp: Any, x: Any, axes: Any, keepdim: bool, correction: float) -> Any:
    """The variance, of half types in float32."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    count = math.prod([x.shape[a] for a in axes])
    centred = wide - wide.sum(axis=axes, keepdims=True) / max(count, 1)
    centred *= centred
    total = centred.sum(axis=axes, keepdims=keepdim)
    return xp.divide(total, max(count - correction, 0))


@var_op.vjp
def _(g: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any, shapes: Any) -> Any:
    return _variance_vjp(g, x, axes, correction, shapes)


def _variance_vjp(g: Any, x: Any, axes: Any, correction: float, shapes: Any) -> Any:
    count = math.prod([shapes[0][a] for a in axes])
    centred = sub(x, spread(mean_op(x, axes=axes, keepdim=True), axes, shapes[0]))
    scale = 2.0 / max(count - correction, 1e-300)
    return mul(centred, spread(mul(g, scale), axes, shapes[0]))


@custom(node_name="Std", saves=("x", "result"))
def std_op(xp: Any, x: Any, *, axes: Any, keepdim: Any, correction: Any) -> Any:
    """The square root of the variance; its gradient at zero is zero."""
    return xp.sqrt(_variance(xp, x, axes, keepdim, correction)).astype(x.dtype)


@std_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, correction: Any, shapes: Any) -> Any:
    zero = eq(y, 0.0)
    half = where(zero, 0.0, mul(0.5, g / where(zero, 1.0, y)))
    return _variance_vjp(half, x, axes, correction, shapes)


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


@public("torch out")
def var_mean(input: Any, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Any, Any]:
    """Variance and mean."""
    axes = axes_of(dim, len(input.shape))
    centre = mean_op(input, axes=axes, keepdim=keepdim)
    return var(input, dim, unbiased, keepdim, correction=correction), centre


# ------------------------------------------------------------------------------------------ norms
@public("torch method")
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False) -> Any:
    """The p-norm of the elements, over all of them or ``dim``.

    Saves:   input and result; input alone for p = 1; nothing for p = 0
    """
    if not input.kind.is_floating_point:
        raise not_floating("norm", input.kind.dtype.name)
    axes = axes_of(dim, len(input.shape))
    if p == 0:
        return sum_(input != 0, dim, keepdim).to(input.kind.dtype)
    if p == 1:
        return sum_op(abs(input), axes=axes, keepdim=keepdim)
    order = 2.0 if p in ("fro", None) else float(p)
    return norm_op(input, p=order, axes=axes, keepdim=keepdim)


@custom(node_name="LinalgVectorNorm", saves=("x", "result"))
def norm_op(xp: Any, x: Any, *, p: float, axes: Any, keepdim: bool) -> Any:
    """``sum(abs(x) ** p) ** (1 / p)``; its gradient at zero is zero."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    if p == 2.0:
        y = xp.sqrt((wide * wide).sum(axis=axes, keepdims=keepdim))
    elif math.isinf(p):
        y = getattr(xp.abs(wide), "max" if p > 0 else "min")(axis=axes, keepdims=keepdim)
    else:
        y = (xp.abs(wide) ** p).sum(axis=axes, keepdims=keepdim) ** (1.0 / p)
    return y.astype(x.dtype)


@norm_op.vjp
def _(g: Any, x: Any, y: Any, *, p: float, axes: Any, keepdim: bool, shapes: Any) -> Any:
    if math.isinf(p):
        return mul(sign(x), shared(g, abs(x), y, axes, shapes[0]))
    whole = spread(y, axes, shapes[0])
    zero = eq(whole, 0.0)
    divisor = where(zero, 1.0, whole)
    divisor = divisor if p == 2.0 else power(divisor, p - 1)
    unit = where(zero, 0.0, spread(g, axes, shapes[0]) / divisor)
    if p == 2.0:
        return mul(x, unit)
    slope = mul(sign(x), power(abs(x), p - 1))
    return mul(where(eq(x, 0.0), 0.0, slope) if p < 1 else slope, unit)


@public("torch method out")
def logsumexp(input: Any, dim: Any, keepdim: bool = False) -> Any:
    """``log(sum(exp(input)))`` over ``dim``, without overflow.

    Saves:   input and result
    """
    return logsumexp_op(input, axes=axes_of(dim, len(input.shape)), keepdim=keepdim)


@custom(node_name="Logsumexp", saves=("x", "result"))
def logsumexp_op(xp: Any, x: Any, *, axes: Any, keepdim: Any) -> Any:
    """Shifted by the largest element, so that no exponential overflows."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    top = 0
    if x.size:
        top = wide.max(axis=axes, keepdims=True)
        top = xp.where(xp.isfinite(top), top, 0)
    y = xp.log(xp.exp(wide - top).sum(axis=axes, keepdims=True)) + top
    y = y.astype(x.dtype, copy=False)
    return y.reshape(y.shape if keepdim else [n for i, n in enumerate(y.shape) if i not in axes])


@logsumexp_op.vjp
def _(g: Any, x: Any, y: Any, *, axes: Any, keepdim: Any, shapes: Any) -> Any:
    return mul(spread(g, axes, shapes[0]), exp(sub(x, spread(y, axes, shapes[0]))))


# ----------------------------------------------------------------------------- products and scans
@custom(node_name="Prod", saves=("x",))
def prod_op(xp: Any, x: Any, *, axis: Any, keepdim: Any) -> Any:
    """The product along one axis; zeros need no special case in its gradient."""
    wide = wide_dtype(x)
    y = x.prod(axis=axis, dtype=wide, keepdims=keepdim)
    return y.astype(x.dtype) if wide == "float32" else y


@prod_op.vjp
def _(g: Any, x: Any, *, axis: Any, keepdim: Any, shapes: Any) -> Any:
    return mul(products_of_others(x, axis), spread(g, (axis,), shapes[0]))


def products_of_others(x: Any, axis: int) -> Any:
    """For each element the product of all others along ``axis``.

    Pairs are multiplied; what the others of a pair make, times its one half, is what the others of
    its other half make. So it takes log2(n) levels of multiplications, which can be differentiated.
    """
    count, shape = x.shape[axis], list(x.shape)
    if count < 2:
        return zeros_as(x, shape) + 1
    before = (slice(None),) * axis
    if count % 2:
        shape[axis] = 1
        x = cat([x, zeros_as(x, shape) + 1], axis)
    left = slice_op(x, key=(*before, slice(0, None, 2)))
    right = slice_op(x, key=(*before, slice(1, None, 2)))
    others = products_of_others(mul(left, right), axis)
    pairs = stack([mul(others, right), mul(others, left)], axis + 1)
    shape[axis] = x.shape[axis]
    both = reshape_op(pairs, shape=Size(shape))
    return slice_op(both, key=(*before, slice(count))) if count % 2 else both


@public("torch method")
def prod(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The product of all elements, or along ``dim``.

    Saves:   input
    """
    if not len(input.shape):
        return input.clone()
    if dim is None:
        return prod_op(input.reshape(-1), axis=0, keepdim=False)
    return prod_op(input, axis=axis_of(dim, len(input.shape)), keepdim=keepdim)


cumsum_op: Linear = linear(
    "cumsum",
    forward=lambda xp, x, *, axis: _cumsum(xp, x, axis),
    transpose=lambda g, *, axis: (
        flip_op(cumsum_op(flip_op(g, axes=(axis,)), axis=axis), axes=(axis,)) if len(g.shape) else g
    ),
)


def _cumsum(xp: Any, x: Any, axis: int) -> Any:
    wide = wide_dtype(x)
    y = xp.cumsum(x.reshape(1) if not x.ndim else x, axis, dtype=wide).reshape(x.shape)
    return y.astype(x.dtype) if wide == "float32" else y


@public("torch method out")
def cumsum(input: Any, dim: int) -> Any:
    """Running sums along ``dim``. Saves nothing."""
    return cumsum_op(input, axis=axis_of(dim, len(input.shape)))


# ----------------------------------------------------------------------- positions, truth, counts
def _plain(input: Any, array: Any, element: Any) -> Any:
    kind = input.kind.with_dtype(element)
    return new_tensor(kind.xp.asarray(array, kind.numpy), kind)


@public("torch method")
def argmax(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The position of the largest element, in the flattened input or along ``dim``."""
    return _arg(input, "argmax", dim, keepdim)


@public("torch method")
def argmin(input: Any, dim: int | None = None, keepdim: bool = False) -> Any:
    """The position of the smallest element, in the flattened input or along ``dim``."""
    return _arg(input, "argmin", dim, keepdim)


def _arg(input: Any, name: str, dim: int | None, keepdim: bool) -> Any:
    x = input.array
    axis = None if dim is None else axis_of(dim, x.ndim)
    if not (x.size if axis is None or not x.ndim else x.shape[axis]):
        raise nothing_to_reduce(name, axis, index=True)
    found = getattr(x, name)(axis) if x.ndim or axis is None else getattr(x, name)()
    out = _plain(input, found, int64)
    if not keepdim:
        return out
    axes = tuple(range(x.ndim)) if axis is None else (axis,)
    return out.reshape(kept_shape(input.shape, axes))


@public("torch method out")
def all_(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether all elements are true."""
    axes = axes_of(dim, len(input.shape))
    return _plain(input, (input.array != 0).all(axis=axes, keepdims=keepdim), bool_)


@public("torch method out")
def any_(input: Any, dim: Any = None, keepdim: bool = False) -> Any:
    """Whether any element is true."""
    axes = axes_of(dim, len(input.shape))
    return _plain(input, (input.array != 0).any(axis=axes, keepdims=keepdim), bool_)


@public("torch method")
def count_nonzero(input: Any, dim: Any = None) -> Any:
    """How many elements are not zero."""
    axes = axes_of(dim, len(input.shape))
    return _plain(input, (input.array != 0).sum(axis=axes), int64)

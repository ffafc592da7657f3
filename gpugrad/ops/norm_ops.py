"""The ops behind layer_norm, group_norm, instance_norm, batch_norm and rms_norm.

Each saves its input and, per group, a mean and a reciprocal standard deviation; the weight if the
input needs a gradient. Backward is an op too: one kernel for the input, at most two for weight and
bias. What it records for higher orders is made of means, products and sums.

Holds:     mean and rstd are constants to the graph: derivatives beyond the first take them again
           from the input.
Must not:  touch arrays (norm_kernels.py does), or check arguments (normalization.py does).
"""

from __future__ import annotations

from typing import Any

from ..array import as_dtype
from ..graph import Size
from . import norm_kernels as kernels
from .arithmetic import rsqrt
from .broadcast import convert, expand, kind_of_value, widened
from .families import custom
from .norm_kernels import Layout, Statistics
from .reduce import mean_op, sum_op
from .shape import reshape_op

__all__ = ["batch_norm_op", "group_norm_op", "layer_norm_op", "rms_norm_op"]


# -------------------------------------------------------------------------------------- forward
# ``affine`` are the weight and the bias, or the weight, or nothing; ``param`` is their dtype.
def _kept(needs: tuple[bool, ...]) -> tuple[str, ...]:
    statistics = ("x", "result1", "result2") if any(needs[:2]) else ()
    return statistics + (("weight0",) if needs[0] and len(needs) > 1 else ())


def _kept_of_rms(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("x", "result1", *(("weight0",) if needs[0] and len(needs) > 1 else ()))


def _normalized(x: Any, affine: Any, layout: Layout, eps: float, centred: bool = True) -> Any:
    weight, bias = (*affine, None, None)[:2]
    return kernels.normalize(x, weight, bias, eps, layout, centred)


@custom(node_name="NativeLayerNorm", saves=_kept)
def layer_norm_op(xp: Any, x: Any, *affine: Any, layout: Layout, eps: float, param: Any) -> Any:
    """The normalized input, and mean and rstd of every row."""
    y, stats = _normalized(x, affine, layout, eps)
    return y, stats.mean, stats.rstd


@custom(node_name="NativeGroupNorm", saves=_kept)
def group_norm_op(xp: Any, x: Any, *affine: Any, layout: Layout, eps: float, param: Any) -> Any:
    """The normalized input, and mean and rstd of every group."""
    y, stats = _normalized(x, affine, layout, eps)
    return y, stats.mean, stats.rstd


@custom(node_name="NativeBatchNorm", saves=_kept)
def batch_norm_op(xp: Any, x: Any, *affine: Any, layout: Layout, eps: float, param: Any) -> Any:
    """The normalized input, and mean, rstd and variance of every channel."""
    y, stats = _normalized(x, affine, layout, eps)
    return y, stats.mean, stats.rstd, stats.var


@custom(node_name="FusedRmsNorm", saves=_kept_of_rms)
def rms_norm_op(xp: Any, x: Any, *affine: Any, layout: Layout, eps: float, param: Any) -> Any:
    """The input divided by its root mean square, and the factor of every row."""
    y, stats = _normalized(x, affine, layout, eps, centred=False)
    return y, stats.rstd


# ------------------------------------------------------------------------------------- backward
@layer_norm_op.vjp
@group_norm_op.vjp
@batch_norm_op.vjp
def _(g: Any, *saved: Any, layout: Layout, eps: float, param: Any, needs: Any, shapes: Any) -> Any:
    if not saved:  # only the bias needs a gradient
        total = sum_op(reshape_op(g, shape=Size(layout[:4])), axes=(0, 3), keepdim=False)
        return None, None, _as_parameter(total, shapes[2], param)
    return _backward(g, saved, layout, eps, param, needs, shapes)


@rms_norm_op.vjp
def _(g: Any, x: Any, rstd: Any, *weight: Any, layout: Layout, eps: float, param: Any, needs: Any,
      shapes: Any) -> Any:
    return _backward(g, (x, None, rstd, *weight), layout, eps, param, needs, shapes)[: len(needs)]


def _backward(g: Any, saved: Any, layout: Layout, eps: float, param: Any, needs: Any,
              shapes: Any) -> tuple[Any, ...]:
    affine = any(needs[1:])
    found = norm_backward_op(g, *saved, layout=layout, eps=eps,
                             wanted=(needs[0], param if affine else None))  # fmt: skip
    dx = found[0] if needs[0] else None
    if not affine:
        return (dx,)
    return dx, *[_as_parameter(d, shapes[1], param) for d in found[-2:]]


def _as_parameter(d: Any, shape: Any, param: Any) -> Any:
    d = reshape_op(d, shape=Size(shape))
    return convert(d, kind_of_value(d).with_dtype(as_dtype(param)))


@custom(node_name="NormBackward", many=True,
        saves=lambda needs: ("g", "x", *(("weight0",) if len(needs) > 4 else ())))  # fmt: skip
def norm_backward_op(xp: Any, g: Any, x: Any, mean: Any, rstd: Any, *weight: Any, layout: Layout,
                     eps: float, wanted: tuple[bool, Any]) -> Any:
    """The cotangents that are ``wanted``: the input's; the weight's and the bias's."""
    dtype = None if wanted[1] is None else as_dtype(wanted[1]).numpy
    factor = weight[0] if weight else None
    found = kernels.normalize_backward(
        g, x, Statistics(mean, rstd), factor, layout, (wanted[0], dtype)
    )
    return tuple([d for d in found if d is not None])


@norm_backward_op.vjp
def _(us: Any, g: Any, x: Any, *weight: Any, layout: Layout, eps: float,
      wanted: tuple[bool, Any], shapes: Any) -> Any:
    centred = shapes[2] is not None
    kinds = [kind_of_value(t) for t in (g, x, *weight)]
    group = _Group(x, layout, eps, centred)
    u = group.seen(us[0]) if wanted[0] else None
    ws, bs = us[-2:] if wanted[1] is not None else (None, None)
    found = _second_order(
        group, group.seen(g), group.parameter(weight[0]) if weight else None,
        (u, group.parameter(ws), group.parameter(bs)),
    )  # fmt: skip
    dg, dx, dw = [
        None if d is None else convert(reshape_op(d, shape=Size(t.shape)), kind)
        for d, t, kind in zip(found, (g, x, *weight), kinds, strict=False)
    ] + [None] * (not weight)
    return dg, dx, None, None, dw


class _Group:
    """An input seen as (batch, groups, channels, inner), normalized by recorded ops."""

    def __init__(self, x: Any, layout: Layout, eps: float, centred: bool) -> None:
        self.layout = layout
        self.centred = centred
        self.axes = (0, 2, 3) if layout.across else (2, 3)
        x = self.seen(x)
        c = x - self.mean(x) if centred else x
        self.rstd = rsqrt(self.mean(c * c) + eps)
        self.xhat = c * self.rstd

    def seen(self, x: Any) -> Any:
        """``x`` in that shape, halves as float32."""
        return None if x is None else reshape_op(widened(x), shape=Size(self.layout[:4]))

    def parameter(self, w: Any) -> Any:
        """A weight beside ``seen`` tensors."""
        shape = (1, self.layout.groups, self.layout.channels, 1)
        return None if w is None else reshape_op(widened(w), shape=Size(shape))

    def mean(self, x: Any) -> Any:
        """The mean of every group."""
        return mean_op(x, axes=self.axes, keepdim=True)

    def project(self, v: Any) -> Any:
        """``v`` without its components along 1 and ``xhat``: rstd times that is the derivative."""
        rest = v - self.xhat * self.mean(v * self.xhat)
        return rest - self.mean(v) if self.centred else rest


def _second_order(group: _Group, g: Any, w: Any, us: tuple[Any, Any, Any]) -> list[Any]:
    """Cotangents of g, x and w for those of dx, dw and db.

    With h = g w and P = ``project``: dx = rstd P(h), dw = sum(g xhat), db = sum(g).
    """
    u, a, b = us
    rstd, xhat = group.rstd, group.xhat
    to_g, to_xhat, to_w, to_x = [], [], None, None
    if u is not None:
        h = g if w is None else g * w
        pulled = group.project(u) * rstd
        to_g.append(pulled if w is None else pulled * w)
        to_w = sum_op(g * pulled, axes=(0, 3), keepdim=False)
        cross = u * group.mean(h * xhat) + h * group.mean(u * xhat)
        to_xhat.append(-rstd * cross)
        through_rstd = group.mean(u * group.project(h))
        to_x = -(through_rstd * rstd * rstd) * xhat
    if a is not None:
        to_g.append(a * xhat)
        to_xhat.append(a * g)
    if b is not None:
        to_g.append(expand(b, g.shape))
    if to_xhat:
        pulled = rstd * group.project(sum(to_xhat[1:], start=to_xhat[0]))
        to_x = pulled if to_x is None else to_x + pulled
    return [sum(to_g[1:], start=to_g[0]) if to_g else None, to_x, to_w]

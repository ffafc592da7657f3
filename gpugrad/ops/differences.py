"""Differences between neighbours, and what is made of them: trapezoids, numerical gradients.

Holds:     everything is a few slices and elementwise ops: where spacings are numbers, nothing is
           kept.
Must not:  touch arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..array import bool_, float32
from ..errors import DTypeError, IndexRangeError, ShapeError
from ..graph import TensorBase
from .arithmetic import div, mul, sub
from .broadcast import convert
from .compare import logical_xor
from .dims import axes_of, axis_of
from .elementwise import keeping_numbers
from .join import cat, zeros_as
from .reduce import sum_
from .scan import cumsum, part
from .shape import reshape
from .surface import public

__all__ = ["cumulative_trapezoid", "diff", "gradient", "trapezoid"]

_times, _over = keeping_numbers(mul), keeping_numbers(div)


@public("torch method out")
def diff(input: Any, n: int = 1, dim: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Differences between neighbours along ``dim``, taken ``n`` times; of booleans: whether any.

    Shape:   (..., m, ...) -> (..., m - n, ...), with m counting what is prepended and appended
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.diff(gpugrad.tensor([1, 2, 4, 7]), n=2)
    tensor([1, 1])
    """
    if not input.shape:
        raise ShapeError("diff expects input to be at least one-dimensional")
    if n < 0:
        raise ShapeError(f"order must be non-negative but got {n}")
    axis = axis_of(dim, len(input.shape))
    ends = [t for t in (prepend, append) if t is not None]
    if any(len(t.shape) != len(input.shape) for t in ends):
        raise ShapeError("diff expects prepend or append to be the same dimension as input")
    if ends and n:
        input = cat([t for t in (prepend, input, append) if t is not None], axis)
    join = logical_xor if input.kind.dtype is bool_ else sub
    for _ in range(min(n, input.shape[axis])):
        input = join(part(input, axis, 1, None), part(input, axis, None, -1))
    return input


# ------------------------------------------------------------------------------------- trapezoids
@public("torch", also="trapz")
def trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """The integral of ``y`` along ``dim`` by the trapezoidal rule, at ``x`` or ``dx`` apart.

    Shape:   y (..., n, ...), x (n) or as y -> (...)
    Saves:   with x, what a product of two tensors keeps
    """
    if not y.shape:
        raise IndexRangeError(f"Dimension specified as {dim} but tensor has no dimensions")
    axis = axis_of(dim, len(y.shape))
    if not y.shape[axis]:
        return zeros_as(y, [n for i, n in enumerate(y.shape) if i != axis])
    if y.kind.dtype is bool_:
        raise DTypeError("trapezoid: received a bool input for `y`, but bool is not supported")
    step = _spacing("trapezoid", y, x, dx, axis)
    if x is not None:
        return div(sum_(mul(step, _both_sides(y, axis)), axis), 2.0)
    ends = part(y, axis, None, 1) + part(y, axis, y.shape[axis] - 1, None)
    return _times(sub(sum_(y, axis), _times(sum_(ends, axis), 0.5)), step)


@public("torch")
def cumulative_trapezoid(y: Any, x: Any = None, *, dx: Any = None, dim: int = -1) -> Any:
    """Running integrals of ``y`` along ``dim`` by the trapezoidal rule.

    Shape:   y (..., n, ...), x (n) or as y -> (..., n - 1, ...)
    Saves:   with x, what a product of two tensors keeps
    """
    if not y.shape:
        raise IndexRangeError("slice() cannot be applied to a 0-dim tensor.")
    axis = axis_of(dim, len(y.shape))
    sides, step = _both_sides(y, axis), _spacing("cumulative_trapezoid", y, x, dx, axis)
    if x is None:
        return cumsum(_times(sides, step / 2.0), axis)
    return div(cumsum(mul(step, sides), axis), 2.0)


def _both_sides(y: Any, axis: int) -> Any:
    return part(y, axis, None, -1) + part(y, axis, 1, None)


def _spacing(name: str, y: Any, x: Any, dx: Any, axis: int) -> Any:
    """The distances between samples: a number, or a tensor that broadcasts against them."""
    if x is None:
        return 1 if dx is None else dx
    if len(x.shape) == 1:
        if x.shape[0] != y.shape[axis]:
            raise ShapeError(f"{name}: There must be one `x` value for each sample point")
        x = reshape(x, [-1 if i == axis else 1 for i in range(len(y.shape))])
    elif len(x.shape) < len(y.shape):
        x = reshape(x, [1] * (len(y.shape) - len(x.shape)) + list(x.shape))
    return sub(part(x, axis, 1, None), part(x, axis, None, -1))


# ---------------------------------------------------------------------------- numerical gradients
@public("torch")
def gradient(input: Any, *, spacing: Any = 1, dim: Any = None, edge_order: int = 1
             ) -> tuple[Any, ...]:  # fmt: skip
    """Derivatives of samples along each dimension, by central differences inside.

    ``spacing`` is one distance, one per dimension, or one tensor of coordinates per dimension; at
    the edges differences are one-sided, of order ``edge_order``.

    Shape:   (...) -> a tuple of tensors of that shape, one per dimension of ``dim`` (or of all)
    Raises:  RuntimeError for a dimension with fewer than edge_order + 1 samples
    """
    axes = axes_of(dim, len(input.shape))
    if edge_order not in (1, 2):
        raise ShapeError("torch.gradient only supports edge_order=1 and edge_order=2.")
    steps = _spacings(spacing, len(axes), dim)
    if any(input.shape[axis] < edge_order + 1 for axis in axes):
        raise ShapeError("torch.gradient expected each dimension size to be at least edge_order+1")
    kind = input.kind
    if kind.is_floating_point and kind.dtype.itemsize == 2:
        wide = kind.with_dtype(float32)
        input, steps = convert(input, wide), [
            convert(s, wide) if isinstance(s, TensorBase) else s for s in steps
        ]
    slopes = [_slopes(input, axis, s, edge_order) for axis, s in zip(axes, steps, strict=True)]
    return tuple([convert(s, kind) for s in slopes] if kind.is_floating_point else slopes)


def _spacings(spacing: Any, count: int, dim: Any) -> Sequence[Any]:
    if spacing is None or isinstance(spacing, (bool, int, float)):
        return [1 if spacing is None else spacing] * count
    if isinstance(spacing, TensorBase):
        raise TypeError("gradient() received an invalid combination of arguments: spacing is a "
                        "number, or a list or tuple of numbers or of tensors")  # fmt: skip
    if len(spacing) != count:
        named = count if dim is not None else 0
        raise ShapeError(
            "torch.gradient expected spacing to be unspecified, a scalar or it's spacing and dim "
            f"arguments to have the same length, but got a spacing argument of length "
            f"{len(spacing)} and a dim argument of length {named}."
        )
    return list(spacing)


def _slopes(f: Any, axis: int, step: Any, order: int) -> Any:
    if not isinstance(step, TensorBase):
        return cat([
            _edge(f, axis, step, order, last=False),
            _over(sub(part(f, axis, 2, None), part(f, axis, None, -2)), 2 * step),
            _edge(f, axis, step, order, last=True),
        ], axis)  # fmt: skip
    gaps = reshape(diff(step), [-1 if i == axis else 1 for i in range(len(f.shape))])
    return cat([
        _edge_at(f, axis, gaps, order, last=False),
        _inside_at(f, axis, gaps),
        _edge_at(f, axis, gaps, order, last=True),
    ], axis)  # fmt: skip


def _from_edge(x: Any, axis: int, last: bool) -> Any:
    """The first three entries, or the last three, from the edge inwards."""
    places = range(-1, -4, -1) if last else range(3)
    return [part(x, axis, i, i + 1 or None) for i in places]


def _edge(f: Any, axis: int, step: Any, order: int, *, last: bool) -> Any:
    """The slope at the first or last sample, of the line or parabola through those nearest."""
    near, next_, third = _from_edge(f, axis, last)
    step = -step if last else step
    if order == 1:
        return _over(sub(next_, near), step)
    rise = sub(sub(_times(next_, 2), _times(near, 1.5)), _times(third, 0.5))
    return _over(rise, step)


def _edge_at(f: Any, axis: int, gaps: Any, order: int, *, last: bool) -> Any:
    near, next_, third = _from_edge(f, axis, last)
    a, b, _ = _from_edge(gaps, axis, last)
    if order == 1:
        return (near - next_) / a if last else (next_ - near) / a
    if last:
        near, next_, third = -near, -next_, -third
    return (-(2 * a + b) / (a * (a + b)) * near + (a + b) / (a * b) * next_
            - a / (b * (a + b)) * third)  # fmt: skip


def _inside_at(f: Any, axis: int, gaps: Any) -> Any:
    """The slope at the middle of each three samples of the parabola through them."""
    before, after = part(gaps, axis, None, -1), part(gaps, axis, 1, None)
    return (
        -after / (before * (before + after)) * part(f, axis, None, -2)
        + (after - before) / (before * after) * part(f, axis, 1, -1)
        + before / (after * (before + after)) * part(f, axis, 2, None)
    )

"""Distances between points, and angles between vectors.

A point is a row. With ``d = x1[i] - x2[j]`` the distance is ``sum(abs(d) ** p) ** (1 / p)``, and
its slope ``sign(d) * abs(d) ** (p - 1) / distance ** (p - 1)``.

Holds:     only points and distances are kept. A plain backward looks at a few rows at a time, so
           that no table of all differences is made; a recorded one makes it.
Must not:  subtract squared lengths where that costs digits, unless asked to or for many points.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...array import module_of
from ...errors import ShapeError, half_matrix
from ...graph import Size, TensorBase
from ..arithmetic import mul, rsqrt, sign, sub
from ..arithmetic import pow as power
from ..broadcast import expand
from ..compare import eq, where
from ..dims import axis_of
from ..generic import Linear, custom, linear
from ..join import zeros_as
from ..operands import broadcast_shapes
from ..reduce import sum_op
from ..shape import reshape_op
from ..surface import public
from .contractions import contract_op
from .norms import vector_norm
from .products import matmul_op, same_kind

__all__ = ["cdist", "cosine_similarity", "pairwise_distance", "pdist"]

_INF = float("inf")
_MANY = 25  # points from which PyTorch, too, multiplies matrices
_BLOCK = 1 << 17  # elements of the table of differences made at a time


# ------------------------------------------------------------------------------- between all pairs
@custom(node_name="Cdist", saves=("x1", "x2", "result"))
def cdist_op(xp: Any, x1: Any, x2: Any, *, p: float, products: bool) -> Any:
    """The distance of each row of ``x1`` from each of ``x2``."""
    return _distances(xp, x1, x2, p, products).astype(x1.dtype, copy=False)


def _distances(xp: Any, x1: Any, x2: Any, p: float, products: bool) -> Any:
    if x1.dtype.itemsize == 2:
        x1, x2 = x1.astype("float32"), x2.astype("float32")
    if products:
        squares = (x1 * x1).sum(-1)[..., :, None] + (x2 * x2).sum(-1)[..., None, :]
        squares -= 2 * xp.matmul(x1, x2.mT)
        return xp.sqrt(xp.maximum(squares, 0))
    out = xp.empty((*x1.shape[:-1], x2.shape[-2]), x1.dtype)
    for rows in _blocks(x1, x2):
        out[..., rows, :] = _length(xp, x1[..., rows, None, :] - x2[..., None, :, :], p)
    return out


def _blocks(x1: Any, x2: Any) -> list[slice]:
    """Stretches of the rows of ``x1`` whose differences from all of ``x2`` fit a block."""
    rows = x1.shape[-2]
    step = max(1, _BLOCK // max(x2.size, 1))
    return [slice(i, i + step) for i in range(0, rows, step)]


def _length(xp: Any, gaps: Any, p: float) -> Any:
    """The p-norm of differences along the last dimension; they may be overwritten."""
    if p == 0:
        return (gaps != 0).sum(-1, dtype=gaps.dtype)
    if p == 2:
        return xp.sqrt(np.vecdot(gaps, gaps) if xp is np else (gaps * gaps).sum(-1))
    xp.abs(gaps, out=gaps)
    if p == _INF and gaps.shape[-1]:
        return _largest(xp, gaps)
    if p not in (1, _INF):
        xp.power(gaps, p, out=gaps)
    total = xp.matmul(gaps, xp.ones(gaps.shape[-1], gaps.dtype))  # adds faster than a sum
    return total if p in (1, _INF) else total ** (1 / p)


def _largest(xp: Any, x: Any) -> Any:
    """The maximum along the last dimension; NumPy is slow at that, and fast at pairs of arrays."""
    if xp is not np:
        return x.max(-1)
    while x.shape[-1] > 1:
        half = (x.shape[-1] + 1) // 2
        np.maximum(x[..., :-half], x[..., half:], out=x[..., :-half])
        x = x[..., :half]
    return x[..., 0]


@cdist_op.vjp
def _(g: Any, x1: Any, x2: Any, y: Any, *, p: float, products: bool) -> Any:
    if p == 0:
        return zeros_as(g, x1.shape), zeros_as(g, x2.shape)
    weights = _weights(g, y, p)
    if p == 2:
        first = sub(mul(x1, sum_op(weights, axes=(len(g.shape) - 1,), keepdim=True)),
                    matmul_op(weights, x2))  # fmt: skip
        turned = weights.mT
        second = sub(mul(x2, sum_op(turned, axes=(len(g.shape) - 1,), keepdim=True)),
                     matmul_op(turned, x1))  # fmt: skip
        return first, second
    if isinstance(g, TensorBase):
        return _recorded_slopes(weights, x1, x2, y, p)
    return _slopes(weights, x1, x2, y, p)


def _weights(g: Any, y: Any, p: float) -> Any:
    """``g / y ** (p - 1)``, zero where the points coincide."""
    if p in (1, _INF):
        return g
    same = eq(y, 0.0)
    divisor = where(same, 1.0, y)
    return where(same, 0.0, g / (divisor if p == 2 else power(divisor, p - 1)))


def _slope(xp: Any, gaps: Any, y: Any, p: float) -> Any:
    """``sign(d) * abs(d) ** (p - 1)`` of raw differences; 0 where they are."""
    signs = xp.sign(gaps)
    if p == 1:
        return signs
    if p == _INF:
        return signs * (xp.abs(gaps) == y[..., None])
    size = xp.abs(gaps)
    return signs * xp.where(size == 0, 1, size) ** (p - 1)


def _slopes(weights: Any, x1: Any, x2: Any, y: Any, p: float) -> tuple[Any, Any]:
    xp = module_of(x1)
    first, second = xp.empty(x1.shape, x1.dtype), xp.zeros(x2.shape, x2.dtype)
    for rows in _blocks(x1, x2):
        gaps = x1[..., rows, None, :] - x2[..., None, :, :]
        part = _slope(xp, gaps, y[..., rows, :], p)
        part *= weights[..., rows, :, None]
        first[..., rows, :] = part.sum(-2)
        second -= part.sum(-3)
    return first, second


def _recorded_slopes(weights: Any, x1: Any, x2: Any, y: Any, p: float) -> tuple[Any, Any]:
    """``_slopes`` in ops, all differences at once."""
    gaps = sub(x1[..., :, None, :], x2[..., None, :, :])
    signs = sign(gaps)
    if p == 1:
        slopes = signs
    elif p == _INF:
        slopes = where(eq(abs(gaps), y[..., None]), signs, 0.0)
    else:
        none = eq(gaps, 0.0)
        slopes = mul(signs, power(where(none, 1.0, abs(gaps)), p - 1))
    part = mul(slopes, weights[..., None])
    last = len(part.shape)
    return (sum_op(part, axes=(last - 2,), keepdim=False),
            mul(sum_op(part, axes=(last - 3,), keepdim=False), -1.0))  # fmt: skip


_MODES = ("use_mm_for_euclid_dist_if_necessary", "use_mm_for_euclid_dist",
          "donot_use_mm_for_euclid_dist")  # fmt: skip


@public("torch")
def cdist(x1: Any, x2: Any, p: float = 2.0, compute_mode: str | None = _MODES[0]) -> Any:
    """The p-distance of each row of ``x1`` from each row of ``x2``.

    Shape:   (..., n, k), (..., m, k) -> (..., n, m); batches broadcast
    Saves:   both inputs and the result
    Raises:  RuntimeError for a negative p, or for integers
    """
    for name, x in (("X1", x1), ("X2", x2)):
        if not x.kind.is_floating_point:
            raise RuntimeError(
                f"cdist only supports floating-point dtypes, {name} got: {x.kind.dtype.name}"
            )
        if len(x.shape) < 2:
            raise ShapeError(
                f"cdist only supports at least 2D tensors, {name} got: {len(x.shape)}D"
            )
    if x1.shape[-1] != x2.shape[-1]:
        raise ShapeError("X1 and X2 must have the same number of columns. X1: "
                         f"{x1.shape[-1]} X2: {x2.shape[-1]}")  # fmt: skip
    if p < 0:
        raise RuntimeError("cdist only supports non-negative p values")
    mode = _MODES[0] if compute_mode is None else compute_mode
    if mode not in _MODES:
        raise ValueError(f"{compute_mode} is not a valid value for compute_mode")
    same_kind("cdist", x1, x2)
    x1, x2 = _broadcast(x1, x2)
    many = x1.shape[-2] > _MANY or x2.shape[-2] > _MANY
    products = p == 2 and (mode == _MODES[1] or (mode == _MODES[0] and many))
    return cdist_op(x1, x2, p=float(p), products=products)


def _broadcast(x1: Any, x2: Any) -> tuple[Any, Any]:
    if x1.shape[:-2] == x2.shape[:-2]:
        return x1, x2
    batch = np.broadcast_shapes(tuple(x1.shape[:-2]), tuple(x2.shape[:-2]))
    return expand(x1, (*batch, *x1.shape[-2:])), expand(x2, (*batch, *x2.shape[-2:]))


# -------------------------------------------------------------------------------- within one set
@custom(node_name="PdistForward", saves=("x", "result"))
def pdist_op(xp: Any, x: Any, *, p: float) -> Any:
    """The distances of all pairs of rows, the first row's first."""
    rows = x.shape[0]
    if xp is not np:
        return _distances(xp, x, x, p, False)[_places(xp, rows)]
    out = np.empty(rows * (rows - 1) // 2, x.dtype)
    at = 0
    for i in range(rows - 1):
        out[at : at + rows - 1 - i] = _length(np, x[i + 1 :] - x[i], p)
        at += rows - 1 - i
    return out


@pdist_op.vjp
def _(g: Any, x: Any, y: Any, *, p: float, shapes: Any) -> Any:
    rows = shapes[0][0]
    if p == 0:
        return zeros_as(g, shapes[0])
    distances = pairs_op(y, rows=rows, spread=True)
    weights = _weights(pairs_op(g, rows=rows, spread=True), distances, p)
    if p == 2:
        both = weights + weights.mT
        return sub(mul(x, sum_op(both, axes=(1,), keepdim=True)), matmul_op(both, x))
    slopes = _recorded_slopes if isinstance(g, TensorBase) else _slopes
    first, second = slopes(weights, x, x, distances, p)
    return first + second


def _pairs(xp: Any, x: Any, *, rows: int, spread: bool) -> Any:
    """Numbers of pairs as the upper triangle of a matrix (``spread``), or back."""
    places = _places(xp, rows)
    if not spread:
        return x[places]
    out = xp.zeros((rows, rows), x.dtype)
    out[places] = x
    return out


def _places(xp: Any, rows: int) -> tuple[Any, Any]:
    """Rows and columns of the upper triangle; CuPy's own would wait for the device."""
    if xp is np:
        return np.triu_indices(rows, 1)
    first = xp.arange(rows)
    starts = first * (2 * rows - first - 1) // 2
    pairs = xp.arange(rows * (rows - 1) // 2)
    i = xp.searchsorted(starts, pairs, side="right") - 1
    return i, pairs - starts[i] + i + 1


pairs_op: Linear = linear(
    "pairs", node_name="PdistPairs",
    forward=_pairs,
    transpose=lambda g, *, rows, spread: pairs_op(g, rows=rows, spread=not spread),
)  # fmt: skip


@public("torch F")
def pdist(input: Any, p: float = 2.0) -> Any:
    """The p-distances of all pairs of rows: the upper triangle of ``cdist(input, input)``.

    Shape:   (n, k) -> (n (n - 1) / 2)
    Saves:   input and result
    """
    if len(input.shape) != 2:
        raise ShapeError(f"pdist only supports 2D tensors, got: {len(input.shape)}D")
    if not input.kind.is_floating_point:
        raise RuntimeError("pdist only supports floating-point dtypes")
    if input.kind.dtype.itemsize == 2:
        raise half_matrix("pdist", input.kind.dtype.name)
    if p < 0:
        raise RuntimeError("pdist only supports non-negative p values")
    return pdist_op(input, p=float(p))


# ------------------------------------------------------------------------------------ row by row
@public("torch F")
def pairwise_distance(x1: Any, x2: Any, p: float = 2.0, eps: float = 1e-6, keepdim: bool = False
                      ) -> Any:
    """The p-norm of ``x1 - x2 + eps`` along the last dimension.

    Shape:   (..., k), (..., k) -> (...); broadcasts
    Saves:   the difference, and the result
    """
    return vector_norm(sub(x1, x2) + eps, p, -1, keepdim)


@custom(node_name="CosineSimilarity", saves=("x1", "x2"))
def cosine_op(xp: Any, x1: Any, x2: Any, *, axis: int, eps: float) -> Any:
    """The inner product of vectors divided by their lengths, or by ``eps`` where that is more."""
    a, b = (x.astype("float32") if x.dtype.itemsize == 2 else x for x in (x1, x2))
    lengths = [xp.maximum(xp.sqrt(_inner(x, x, axis)), eps) for x in (a, b)]
    cosine = _inner(a, b, axis) / lengths[0] / lengths[1]
    return xp.asarray(cosine).astype(x1.dtype, copy=False)


def _inner(a: Any, b: Any, axis: int) -> Any:
    """The inner products of vectors along one dimension: of tensors or raw arrays."""
    labels = tuple(range(len(a.shape)))
    return contract_op(a, b, labels=(labels, labels, (*labels[:axis], *labels[axis + 1 :])))


@cosine_op.vjp
def _(g: Any, x1: Any, x2: Any, *, axis: int, eps: float, needs: Any) -> Any:
    inverse1, inverse2 = (_inverse_length(x, axis, eps) for x in (x1, x2))
    both = mul(g, mul(inverse1[0], inverse2[0]))
    along = mul(both, _inner(x1, x2, axis))
    return (
        _turned(both, x2, along, x1, inverse1[1], axis) if needs[0] else None,
        _turned(both, x1, along, x2, inverse2[1], axis) if needs[1] else None,
    )


def _inverse_length(x: Any, axis: int, eps: float) -> tuple[Any, Any]:
    """One over the lengths, or over ``eps`` where they are less; squared, or 0 where they are."""
    squares = _inner(x, x, axis)
    short = squares < eps * eps
    inverse = where(short, 1 / eps if eps else math.inf, rsqrt(where(short, 1.0, squares)))
    return inverse, where(short, 0.0, mul(inverse, inverse))


def _turned(both: Any, other: Any, along: Any, own: Any, square: Any, axis: int) -> Any:
    shape = Size((*both.shape[:axis], 1, *both.shape[axis:]))
    first, second = (reshape_op(t, shape=shape) for t in (both, mul(along, square)))
    return sub(mul(other, first), mul(own, second))


@public("torch F")
def cosine_similarity(x1: Any, x2: Any, dim: int = 1, eps: float = 1e-8) -> Any:
    """The cosine of the angle between the vectors along ``dim``; lengths below ``eps`` count as it.

    Shape:   (..., k, ...), broadcasting -> without the dimension ``dim``
    Saves:   both inputs
    >>> import gpugrad
    >>> x, y = gpugrad.tensor([[3.0, 4.0]]), gpugrad.tensor([[4.0, 3.0]])
    >>> gpugrad.nn.functional.cosine_similarity(x, y)
    tensor([0.9600])
    """
    shape = broadcast_shapes("cosine_similarity", (x1, x2), ("x1", "x2"))
    axis = axis_of(dim, len(shape))
    if not (x1.kind.is_floating_point and x2.kind.is_floating_point):
        raise RuntimeError("expected common dtype to be floating point, yet common dtype is Long")
    same_kind("cosine_similarity", x1, x2)
    return cosine_op(expand(x1, shape), expand(x2, shape), axis=axis, eps=eps)

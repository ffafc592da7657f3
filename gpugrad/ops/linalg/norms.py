"""Norms of vectors and matrices.

Holds:     half types are added up in float32 and rounded once.
Must not:  keep powers or absolute values: the input and the result are enough.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...array import as_dtype, can_cast
from ...errors import DTypeError, ShapeError, no_matrix, not_real
from ..arithmetic import add, div, mul, sign, sub
from ..arithmetic import pow as power
from ..broadcast import convert
from ..compare import eq, gt, where
from ..dims import axes_of, axis_of
from ..extremes import amax, amin
from ..generic import custom
from ..reduce import kept_shape, shared, spread, sum_op
from ..shape import movedim, reshape_op
from ..surface import public
from .spectral import svdvals

__all__ = ["dist", "linalg_norm", "matrix_norm", "norm", "norm_op", "renorm", "vector_norm"]

_INF = float("inf")


# ----------------------------------------------------------------------------------------- vectors
@custom(node_name="LinalgVectorNorm", saves=("x", "result"))
def norm_op(xp: Any, x: Any, *, p: float, axes: Any, keepdim: bool) -> Any:
    """``sum(abs(x) ** p) ** (1 / p)``; its gradient at zero is zero."""
    return _norm(xp, x, p, axes, keepdim).astype(x.dtype)


def _norm(xp: Any, x: Any, p: float, axes: Any, keepdim: bool) -> Any:
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    if p == 2.0:
        return xp.sqrt(_squares(xp, wide, axes, keepdim))
    if math.isinf(p):
        return getattr(xp.abs(wide), "max" if p > 0 else "min")(axis=axes, keepdims=keepdim)
    if p == 1.0:
        return xp.abs(wide).sum(axis=axes, keepdims=keepdim)
    return (xp.abs(wide) ** p).sum(axis=axes, keepdims=keepdim) ** (1.0 / p)


_CHUNK = 4096  # BLAS adds up this many squares; chunks are added pairwise, which keeps digits


def _squares(xp: Any, x: Any, axes: Any, keepdim: bool) -> Any:
    """The sums of squares: by BLAS, which makes no array of them, where elements lie together."""
    lead = x.ndim - len(axes)
    if xp is not np or not x.flags.c_contiguous or sorted(axes) != list(range(lead, x.ndim)):
        return (x * x).sum(axis=axes, keepdims=keepdim)
    count = math.prod(x.shape[lead:])
    rows, whole = x.reshape(*x.shape[:lead], count), count // _CHUNK * _CHUNK
    total = np.vecdot(rows[..., whole:], rows[..., whole:])
    if whole:
        chunks = rows[..., :whole].reshape(*x.shape[:lead], -1, _CHUNK)
        total = total + np.vecdot(chunks, chunks).sum(-1)
    return total.reshape(kept_shape(x.shape, axes)) if keepdim else total


@norm_op.vjp
def _(g: Any, x: Any, y: Any, *, p: float, axes: Any, keepdim: bool, shapes: Any) -> Any:
    return norm_cotangent(g, x, y, p, axes, shapes[0])


def norm_cotangent(g: Any, x: Any, y: Any, p: float, axes: tuple[int, ...], shape: Any) -> Any:
    """The cotangent of ``x`` from that of its norm ``y``."""
    if math.isinf(p):
        return mul(sign(x), shared(g, abs(x), y, axes, shape))
    zero = eq(y, 0.0)
    divisor = where(zero, 1.0, y)
    divisor = divisor if p == 2.0 else power(divisor, p - 1)
    unit = spread(where(zero, 0.0, div(g, divisor)), axes, shape)
    if p == 2.0:
        return mul(x, unit)
    slope = mul(sign(x), power(abs(x), p - 1))
    return mul(where(eq(x, 0.0), 0.0, slope) if p < 1 else slope, unit)


def _typed(name: str, input: Any, dtype: Any) -> Any:
    """``input`` as ``dtype``, if it is floating and that is no narrower."""
    if not input.kind.is_floating_point:
        raise not_real(name, input.kind.dtype.name)
    if dtype is None:
        return input
    element = as_dtype(dtype)
    if not can_cast(input.kind.dtype, element) or element.itemsize < input.kind.dtype.itemsize:
        raise DTypeError(
            f"{name}: the dtype of the input ({input.kind.dtype.name}) should be convertible "
            f"without narrowing to the specified dtype ({element.name})"
        )
    return convert(input, input.kind.with_dtype(element))


@public("linalg out")
def vector_norm(x: Any, ord: Any = 2, dim: Any = None, keepdim: bool = False, *,
                dtype: Any = None) -> Any:  # fmt: skip
    """``sum(abs(x) ** ord) ** (1 / ord)`` over all elements, or over ``dim``.

    An infinite ``ord`` gives the largest, or smallest, absolute value; 0 counts what is not zero.

    Shape:   (*) -> the other dimensions; those summed over stay as 1 with keepdim
    Saves:   x and the result; x alone for 1; nothing for 0
    Raises:  RuntimeError for integers
    """
    if isinstance(ord, str):
        raise TypeError("linalg_vector_norm(): argument 'ord' must be Number, not str")
    x = _typed("linalg.vector_norm", x, dtype)
    axes = axes_of(dim, len(x.shape))
    if (ord < 0 or ord == _INF) and not all(x.shape[a] for a in axes):
        raise RuntimeError(
            f"linalg.vector_norm cannot compute the {ord} norm on an empty tensor because the "
            "operation does not have an identity"
        )
    if ord == 0:
        return convert(sum_op(x != 0, axes=axes, keepdim=keepdim), x.kind)
    if ord == 1:
        return sum_op(abs(x), axes=axes, keepdim=keepdim)
    return norm_op(x, p=float(ord), axes=axes, keepdim=keepdim)


# ---------------------------------------------------------------------------------------- matrices
@public("linalg out")
def matrix_norm(A: Any, ord: Any = "fro", dim: Any = (-2, -1), keepdim: bool = False, *,
                dtype: Any = None) -> Any:  # fmt: skip
    """A norm of matrices.

    "fro" of all elements; "nuc" the sum of singular values; 2 and -2 the largest and smallest of
    them; inf and -inf the largest and smallest sum of absolute values of a row, 1 and -1 of a
    column.

    Shape:   (..., n, m) -> (...); the two of ``dim`` stay as 1 with keepdim
    Raises:  RuntimeError for another ``ord``, or for integers
    """
    name = "linalg.matrix_norm"
    if len(A.shape) < 2:
        raise no_matrix(name)
    if isinstance(dim, int) or len(dim) != 2:
        raise ShapeError(f"{name}: dim must be a 2-tuple. Got {dim}")
    A = _typed(name, A, dtype)
    rows, columns = (axis_of(d, len(A.shape)) for d in dim)
    if rows == columns:
        raise ShapeError(f"{name}: dims must be different. Got ({dim[0]}, {dim[1]})")
    if ord == "fro":
        return norm_op(A, p=2.0, axes=(rows, columns), keepdim=keepdim)
    if ord in ("nuc", 2, -2):
        values = svdvals(movedim(A, (rows, columns), (-2, -1)))
        out = values.sum(-1) if ord == "nuc" else (amax if ord == 2 else amin)(values, -1)
    elif ord in (1, -1, _INF, -_INF):
        summed, other = (rows, columns) if abs(ord) == 1 else (columns, rows)
        sums = sum_op(abs(A), axes=(summed,), keepdim=False)
        out = (amax if ord > 0 else amin)(sums, other - (summed < other))
    else:
        raise RuntimeError(f"{name}: Order {ord} not supported.")
    return out.reshape(kept_shape(A.shape, (rows, columns))) if keepdim else out


@public("linalg out", name="norm")
def linalg_norm(A: Any, ord: Any = None, dim: Any = None, keepdim: bool = False, *,
                dtype: Any = None) -> Any:  # fmt: skip
    """A norm of vectors (one ``dim``) or matrices (two); without ``ord`` that of all elements.

    See ``vector_norm`` and ``matrix_norm``.
    """
    dims: Any = dim if dim is None or isinstance(dim, int) else tuple(dim)
    count = len(A.shape) if dims is None else 1 if isinstance(dims, int) else len(dims)
    if dims is not None and count not in (1, 2):
        raise ShapeError(
            f"linalg.norm: If dim is specified, it must be of length 1 or 2. Got {list(dims)}"
        )
    if ord is None:
        return vector_norm(A, 2, dims, keepdim, dtype=dtype)
    if dims is None and count not in (1, 2):
        raise ShapeError(
            "linalg.norm: If dim is not specified but ord is, the input must be 1D or 2D. "
            f"Got {count}D."
        )
    if isinstance(ord, str) or count == 2:
        return matrix_norm(A, ord, (-2, -1) if dims is None else dims, keepdim, dtype=dtype)
    return vector_norm(A, ord, dims, keepdim, dtype=dtype)


# ---------------------------------------------------------------------------------------- old names
@public("torch method out")
def norm(input: Any, p: Any = "fro", dim: Any = None, keepdim: bool = False, dtype: Any = None
         ) -> Any:
    """The p-norm of the elements, over all of them or ``dim``; "nuc" of the matrices in ``dim``.

    Saves:   input and result; input alone for p = 1; nothing for p = 0
    """
    if not isinstance(p, str):
        return vector_norm(input, 2 if p is None else p, dim, keepdim, dtype=dtype)
    few = dim is None or isinstance(dim, int) or len(dim) <= 2
    if p == "fro" and few:
        return vector_norm(input, 2, dim, keepdim, dtype=dtype)
    dims = tuple(range(len(input.shape))) if dim is None else dim
    return matrix_norm(input, p, dims, keepdim, dtype=dtype)


@public("torch method")
def dist(input: Any, other: Any, p: float = 2) -> Any:
    """The p-norm of the difference of two tensors.

    Saves:   the difference, and the result
    """
    difference = sub(input, other)
    if not difference.kind.is_floating_point:
        raise DTypeError(
            "norm(): input dtype should be either floating point or complex. Got "
            f"{difference.kind.dtype.name} instead."
        )
    return vector_norm(difference, p)


# ------------------------------------------------------------------------------------------ renorm
@custom(node_name="Renorm", saves=("x",))
def renorm_op(xp: Any, x: Any, *, p: float, axes: Any, most: float) -> Any:
    """``x`` with the slices whose norm exceeds ``most`` scaled down to it."""
    wide = x.astype("float32") if x.dtype.itemsize < 4 else x
    size = _norm(xp, wide, p, axes, True)
    factor = xp.where(size > most, most / (size + 1e-7), 1)
    return (wide * factor).astype(x.dtype, copy=False)


@renorm_op.vjp
def _(g: Any, x: Any, *, p: float, axes: Any, most: float, shapes: Any) -> Any:
    size = norm_op(x, p=p, axes=axes, keepdim=True)
    over, divisor = gt(size, most), add(size, 1e-7)
    factor = where(over, div(most, divisor), 1.0)
    along = sum_op(mul(g, x), axes=axes, keepdim=True)
    shrinking = where(over, div(mul(along, mul(factor, -1.0)), divisor), 0.0)
    moved = norm_cotangent(reshape_op(shrinking, shape=size.shape), x, size, p, axes, shapes[0])
    return mul(g, factor) + moved


@public("torch method inplace out")
def renorm(input: Any, p: float, dim: int, maxnorm: float) -> Any:
    """``input`` with each slice along ``dim`` whose p-norm exceeds ``maxnorm`` scaled down to it.

    Saves:   input
    """
    if p <= 0:
        raise RuntimeError("renorm: non-positive-norm not supported")
    if maxnorm < 0:
        raise RuntimeError(f"renorm: expected maxnorm to be >= 0 but got {maxnorm}")
    if len(input.shape) < 2:
        raise ShapeError(
            f"renorm: input needs at least 2 dimensions, got {len(input.shape)} dimensions"
        )
    axis = axis_of(dim, len(input.shape))
    axes = tuple([i for i in range(len(input.shape)) if i != axis])
    return renorm_op(input, p=float(p), axes=axes, most=float(maxnorm))

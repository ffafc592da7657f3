"""Views and rearrangements: linear ops that save nothing.

Holds:     what PyTorch returns as a view shares its bytes here too.
Must not:  copy where a view is promised: ``view`` raises instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..graph import Size
from .broadcast import expand, expand_to, sum_to
from .dims import axis_of, flat_sizes, resolve_sizes
from .generic import Linear, linear
from .record import same_bytes
from .surface import public

__all__ = [
    "broadcast_tensors", "broadcast_to", "clone", "contiguous", "expand", "expand_sizes", "flatten",
    "flip", "movedim", "permute", "repeat", "reshape", "roll", "squeeze", "sum_to", "t",
    "transpose", "unflatten", "unsqueeze", "view",
]  # fmt: skip


# ------------------------------------------------------------------------------- the primitives
def _reshaping(name: str, node_name: str) -> Linear:
    return linear(
        name, node_name=node_name, view=True,
        forward=lambda xp, x, *, shape: x.reshape(shape),
        transpose=lambda g, *, shape, shapes: reshape_op(g, shape=shapes[0]),
    )  # fmt: skip


def _permuting(name: str, node_name: str) -> Linear:
    return linear(
        name, node_name=node_name, view=True,
        forward=lambda xp, x, *, axes: x.transpose(axes),
        transpose=lambda g, *, axes: permute_op(g, axes=_inverse(axes)),
    )  # fmt: skip


# One op under the names that PyTorch's nodes have.
reshape_op = _reshaping("reshape", "View")
squeeze_op = _reshaping("squeeze", "Squeeze")
unsqueeze_op = _reshaping("unsqueeze", "Unsqueeze")
permute_op = _permuting("permute", "Permute")
transpose_op = _permuting("transpose", "Transpose")
matrix_transpose_op = _permuting("t", "T")

flip_op: Linear = linear(
    "flip",
    forward=lambda xp, x, *, axes: xp.ascontiguousarray(xp.flip(x, axes)) if x.ndim else x.copy(),
    transpose=lambda g, *, axes: flip_op(g, axes=axes),
)

roll_op: Linear = linear(
    "roll",
    forward=lambda xp, x, *, shifts, axes: xp.roll(x, shifts, axes),
    transpose=lambda g, *, shifts, axes: roll_op(g, shifts=_negated(shifts), axes=axes),
)


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(int(i) for i in np.argsort(axes))


def _negated(shifts: Any) -> Any:
    return -shifts if isinstance(shifts, int) else tuple(-s for s in shifts)


# ---------------------------------------------------------------------------------------- reshape
@public("torch method")
def reshape(input: Any, *shape: Any) -> Any:
    """``input`` with its elements, in order, in another shape; a view where strides allow.

    Shape:   (*) -> shape, of which one size may be -1
    Saves:   nothing
    """
    sizes = resolve_sizes(flat_sizes(shape), input.array.size)
    return reshape_op(input, shape=Size(sizes))


def view(input: Any, *shape: Any) -> Any:
    """``reshape`` that never copies.

    Raises:  ShapeError where the strides do not allow a view
    """
    sizes = resolve_sizes(flat_sizes(shape), input.array.size)
    if not input.array.flags.c_contiguous:
        trial = input.array.reshape(sizes)
        if trial.size and not same_bytes(trial, input.array):
            raise ShapeError(
                "view size is not compatible with input tensor's size and stride (at least one "
                "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
            )
    return reshape_op(input, shape=Size(sizes))


@public("torch method")
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Dimensions ``start_dim`` to ``end_dim`` as one."""
    ndim = len(input.shape)
    if not ndim:
        return reshape(input, 1)
    first, last = axis_of(start_dim, ndim), axis_of(end_dim, ndim)
    if first > last:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    shape = input.shape
    return input if first == last else reshape(input, (*shape[:first], -1, *shape[last + 1 :]))


@public("torch method")
def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """Dimension ``dim`` as several; one size may be -1."""
    at = axis_of(dim, len(input.shape))
    inner = resolve_sizes(sizes, input.shape[at])
    return reshape(input, (*input.shape[:at], *inner, *input.shape[at + 1 :]))


@public("torch method")
def squeeze(input: Any, dim: Any = None) -> Any:
    """Without the dimensions of size 1 (all, or those named)."""
    shape = input.shape
    named = range(len(shape)) if dim is None else [dim] if isinstance(dim, int) else dim
    gone = {axis_of(d, len(shape)) for d in named}
    return squeeze_op(
        input, shape=Size(n for i, n in enumerate(shape) if n != 1 or i not in gone)
    )


@public("torch method")
def unsqueeze(input: Any, dim: int) -> Any:
    """With a new dimension of size 1 at ``dim``."""
    at = axis_of(dim, len(input.shape) + 1)
    return unsqueeze_op(input, shape=Size((*input.shape[:at], 1, *input.shape[at:])))


# ---------------------------------------------------------------------------------------- permute
@public("torch method")
def permute(input: Any, *dims: Any) -> Any:
    """Dimensions in another order; a view."""
    axes = tuple(axis_of(d, len(input.shape)) for d in flat_sizes(dims))
    if sorted(axes) != list(range(len(input.shape))):
        raise ShapeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {len(input.shape)} "
            f"is not equal to len(dims) = {len(axes)}"
        )
    return permute_op(input, axes=axes)


@public("torch method", also="swapaxes swapdims")
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions swapped; a view."""
    ndim = len(input.shape)
    first, second = axis_of(dim0, ndim), axis_of(dim1, ndim)
    axes = list(range(ndim))
    if ndim:
        axes[first], axes[second] = second, first
    return transpose_op(input, axes=tuple(axes))


@public("torch method")
def t(input: Any) -> Any:
    """The transpose of a matrix; vectors and numbers as they are."""
    if len(input.shape) > 2:
        raise ShapeError(
            f"t() expects a tensor with <= 2 dimensions, but self is {len(input.shape)}D"
        )
    return matrix_transpose_op(input, axes=tuple(reversed(range(len(input.shape)))))


@public("torch method", also="moveaxis")
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Dimensions moved to other places, the rest in order."""
    ndim = len(input.shape)
    one = isinstance(source, int)
    sources = [axis_of(d, ndim) for d in ([source] if one else source)]
    places = [axis_of(d, ndim) for d in ([destination] if one else destination)]
    rest = iter(i for i in range(ndim) if i not in sources)
    moved = dict(zip(places, sources, strict=True))
    axes = tuple(moved[i] if i in moved else next(rest) for i in range(ndim))
    return permute_op(input, axes=axes)


@public("torch method")
def flip(input: Any, *dims: Any) -> Any:
    """Reversed along ``dims``; a copy."""
    return flip_op(input, axes=tuple(axis_of(d, len(input.shape)) for d in flat_sizes(dims)))


@public("torch method")
def roll(input: Any, shifts: Any, dims: Any = None) -> Any:
    """Shifted along ``dims``, what leaves at one end entering at the other."""
    return roll_op(input, shifts=shifts, axes=dims)


# -------------------------------------------------------------------------------------- expansion
@public("method", name="expand")
def expand_sizes(input: Any, *sizes: Any) -> Any:
    """``input`` seen with larger sizes; -1 keeps a size. A view."""
    wanted = flat_sizes(sizes)
    shape = input.shape
    lead = len(wanted) - len(shape)
    full = [n if n != -1 else shape[i - lead] if i >= lead else -1 for i, n in enumerate(wanted)]
    fits = lead >= 0 and -1 not in full and all(
        m in (1, n) for m, n in zip(shape, full[lead:], strict=True)
    )
    if not fits:
        raise ShapeError(
            f"The expanded size of the tensor {list(wanted)} must match the existing size "
            f"{list(shape)} at non-singleton dimensions"
        )
    return expand_to(input, shape=Size(full))


@public("torch method")
def broadcast_to(input: Any, size: Sequence[int]) -> Any:
    """``input`` broadcast to ``size``; a view."""
    return expand_sizes(input, size)


@public("torch")
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """The tensors, all broadcast to their common shape."""
    shape = np.broadcast_shapes(*(t.shape for t in tensors))
    return tuple(expand_sizes(t, shape) for t in tensors)


@public("method")
def repeat(input: Any, *repeats: Any) -> Any:
    """``input`` tiled ``repeats`` times along each dimension; a copy."""
    times = flat_sizes(repeats)
    shape = input.shape
    if len(times) < len(shape):
        raise ShapeError(
            "Number of dimensions of repeat dims can not be smaller than number of dimensions of "
            "tensor"
        )
    padded = (1,) * (len(times) - len(shape)) + tuple(shape)
    spread = reshape(input, [n for size in padded for n in (1, size)])
    pairs = list(zip(times, padded, strict=True))
    wide = expand_sizes(spread, [n for pair in pairs for n in pair])
    tiled = reshape(wide, [r * size for r, size in pairs])
    return clone(tiled) if tiled.origin is not None else tiled


@public("method")
def contiguous(input: Any) -> Any:
    """``input`` itself if its elements lie in order, else a copy that does."""
    return input if input.array.flags.c_contiguous else contiguous_op(input)


@public("torch method")
def clone(input: Any) -> Any:
    """A copy, through which gradients flow. Saves nothing."""
    return clone_op(input)


clone_op = linear(
    "clone",
    forward=lambda xp, x: x.copy(),
    transpose=lambda g: g,
)

contiguous_op = linear(
    "contiguous", node_name="Clone",
    forward=lambda xp, x: xp.ascontiguousarray(x).reshape(x.shape),
    transpose=lambda g: g,
)  # fmt: skip

"""Padding and cropping: linear ops, which save nothing.

Holds:     a negative number of entries takes them away.
Must not:  wait for a GPU: everything is slices.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...array import hostpool
from ...errors import ShapeError
from ..generic import Linear, linear
from ..index import slice_op
from ..surface import public

__all__ = ["constant_pad_nd", "pad"]

Pads = tuple[tuple[int, int], ...]
"""Entries before and behind, for each of the last dimensions."""


# ---------------------------------------------------------------------------------------- constant
def _constant(xp: Any, x: Any, *, pads: Pads, value: float) -> Any:
    first = x.ndim - len(pads)
    shape, inside, outside = list(x.shape), [slice(None)] * x.ndim, [slice(None)] * x.ndim
    for axis, (low, high) in enumerate(pads, first):
        shape[axis] += low + high
        inside[axis] = slice(max(low, 0), max(low, 0) + x.shape[axis] + min(low, 0) + min(high, 0))
        outside[axis] = slice(max(-low, 0), x.shape[axis] - max(-high, 0))
    fill = x.dtype.type(value)
    if xp is not np:
        out = xp.full(shape, fill, x.dtype)
        out[tuple(inside)] = x[tuple(outside)]
        return out
    out = hostpool.empty(tuple(shape), x.dtype)
    out[tuple(inside)] = x[tuple(outside)]
    for axis in range(first, x.ndim):  # the frame, without writing what is inside twice
        before = (*[slice(None)] * first, *inside[first:axis])
        out[(*before, slice(0, inside[axis].start))] = fill
        out[(*before, slice(inside[axis].stop, None))] = fill
    return out


constant_pad_op: Linear = linear(
    "constant_pad_nd", node_name="ConstantPadNd",
    forward=_constant,
    transpose=lambda g, *, pads, value: constant_pad_op(
        g, pads=tuple([(-low, -high) for low, high in pads]), value=0.0
    ),
)  # fmt: skip


@public("torch")
def constant_pad_nd(input: Any, pad: Sequence[int], value: float = 0) -> Any:
    """``input`` with a constant around it; see ``nn.functional.pad``."""
    return constant_pad_op(input, pads=_pairs(input.shape, pad), value=value)


def _pairs(shape: Sequence[int], pad: Sequence[int]) -> Pads:
    """PyTorch's list, which begins with the last dimension, in the order of dimensions."""
    sizes = tuple(operator.index(n) for n in pad)
    if len(sizes) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if len(sizes) > 2 * len(shape):
        raise ShapeError(
            "Padding length should be less than or equal to two times the input dimension but got "
            f"padding length {len(sizes)} and input of dimension {len(shape)}"
        )
    pairs = tuple(zip(sizes[-2::-2], sizes[::-2], strict=True))
    for n, (low, high) in zip(shape[len(shape) - len(pairs) :], pairs, strict=True):
        if n + low + high < 0 or n + min(low, 0) + min(high, 0) < 0:
            raise ShapeError(
                f"narrow(): length must be non-negative: padding {[low, high]} takes more than "
                f"there is of input {list(shape)}"
            )
    return pairs


# ------------------------------------------------------------------------------- from the input
Edge = tuple[slice, slice]
"""Entries of the padded dimension, and the entries of the input that they repeat."""


def _reflected(n: int, low: int, high: int) -> list[Edge]:
    behind = n - 2 - max(high, 0)
    return [
        (slice(0, low), slice(low, 0, -1)),
        (slice(low + n, low + n + high), slice(n - 2, behind if behind >= 0 else None, -1)),
    ]


def _repeated(n: int, low: int, high: int) -> list[Edge]:
    return [(slice(0, low), slice(0, 1)), (slice(low + n, low + n + high), slice(n - 1, n))]


def _wrapped(n: int, low: int, high: int) -> list[Edge]:
    return [(slice(0, low), slice(n - low, n)), (slice(low + n, low + n + high), slice(0, high))]


_EDGES = {"reflect": _reflected, "replicate": _repeated, "circular": _wrapped}


def _edges(mode: str, n: int, low: int, high: int) -> list[Edge]:
    """The edges that there are: those with a positive number of entries."""
    front, back = _EDGES[mode](n, low, high)
    return [*([front] if low > 0 else []), *([back] if high > 0 else [])]


def _along(axis: int, part: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, part)


def _middle(n: int, low: int, high: int) -> Edge:
    """The entries of the input that are kept, and where they lie in the result."""
    start, stop = max(-low, 0), n - max(-high, 0)
    return slice(start + low, stop + low), slice(start, stop)


def _padded(xp: Any, x: Any, *, pads: Pads, mode: str) -> Any:
    first = x.ndim - len(pads)
    if xp is not np or min(min(pair) for pair in pads) < 0:
        return _one_by_one(xp, x, pads, mode)
    sizes = [n + low + high for n, (low, high) in zip(x.shape[first:], pads, strict=True)]
    shape = (*x.shape[:first], *sizes)
    out = hostpool.empty(shape, x.dtype)
    inside = [slice(low, low + n) for n, (low, _) in zip(x.shape[first:], pads, strict=True)]
    out[(*[slice(None)] * first, *inside)] = x
    # Each dimension's edges are copied across the edges of the others, which the next one rewrites.
    for axis, (low, high) in enumerate(pads, first):
        whole = out[_along(axis, inside[axis - first])]
        for to, come in _edges(mode, x.shape[axis], low, high):
            out[_along(axis, to)] = whole[_along(axis, come)]
    return out


def _one_by_one(xp: Any, x: Any, pads: Pads, mode: str) -> Any:
    """The same where entries are taken away, which edges may still repeat; and on a GPU, where
    copies within an array would need a copy of their own."""
    for axis, (low, high) in enumerate(pads, x.ndim - len(pads)):
        n = x.shape[axis]
        shape = list(x.shape)
        shape[axis] = n + low + high
        out = hostpool.empty(tuple(shape), x.dtype) if xp is np else xp.empty(shape, x.dtype)
        for to, come in (_middle(n, low, high), *_edges(mode, n, low, high)):
            out[_along(axis, to)] = x[_along(axis, come)]
        x = out
    return x


def _folded(xp: Any, g: Any, *, pads: Pads, mode: str, sizes: tuple[int, ...]) -> Any:
    """The transpose: what lies at the edges is added to the entries it repeated."""
    dtype = g.dtype
    g = g.astype(np.float32) if dtype.itemsize == 2 else g
    for axis, (low, high) in enumerate(pads, g.ndim - len(pads)):
        n = sizes[axis]
        shape = list(g.shape)
        shape[axis] = n
        out = hostpool.empty(tuple(shape), g.dtype) if xp is np else xp.empty(shape, g.dtype)
        to, come = _middle(n, low, high)
        out[_along(axis, slice(0, come.start))] = 0
        out[_along(axis, slice(come.stop, None))] = 0
        out[_along(axis, come)] = g[_along(axis, to)]
        for there, here in _edges(mode, n, low, high):
            edge = g[_along(axis, there)]
            if mode == "replicate":
                edge = edge.sum(axis, keepdims=True)
            out[_along(axis, here)] += edge
        g = out
    return g.astype(dtype, copy=False)


def _padding(mode: str, node_name: str) -> Linear:
    def transpose(g: Any, *, pads: Pads, shapes: Any) -> Any:
        return fold(g, pads=pads, sizes=tuple(shapes[0]))

    op: Linear = linear(
        f"{mode}_pad", node_name=node_name,
        forward=lambda xp, x, *, pads: _padded(xp, x, pads=pads, mode=mode),
        transpose=transpose,
    )  # fmt: skip
    fold: Linear = linear(
        f"{mode}_fold", node_name=f"{node_name}Backward",
        forward=lambda xp, g, *, pads, sizes: _folded(xp, g, pads=pads, mode=mode, sizes=sizes),
        transpose=lambda g, *, pads, sizes: op(g, pads=pads),
    )  # fmt: skip
    return op


_NAMES = {"reflect": "ReflectionPad{}D", "replicate": "ReplicationPad{}D",
          "circular": "CircularPad{}D"}  # fmt: skip
_PADS = {
    (mode, dims): _padding(mode, name.format(dims))
    for mode, name in _NAMES.items()
    for dims in (1, 2, 3)
}


# ------------------------------------------------------------------------------------ for everyone
@public("F")
def pad(input: Any, pad: Sequence[int], mode: str = "constant", value: float | None = None) -> Any:
    """``input`` with more entries around it, or fewer: ``pad`` is (before, behind) for the last
    dimension, then for the one before it, and so on.

    Modes: constant (``value``, else 0), reflect (without the outermost entry), replicate, circular.
    All but constant take the last one, two or three dimensions of as many more or two more.

    Shape:   (..., n, ...) -> (..., n + before + behind, ...)
    Saves:   nothing
    Raises:  NotImplementedError, RuntimeError; ShapeError where there is too little to repeat
    >>> pad(tensor([[1, 2, 3]]), (1, 2), "reflect")
    tensor([[2, 1, 2, 3, 2, 1]])
    """
    if mode == "constant":
        return constant_pad_nd(input, pad, 0 if value is None else value)
    if len(pad) % 2:
        raise RuntimeError("Padding length must be divisible by 2")
    if mode not in _EDGES:
        raise NotImplementedError(f"Unrecognised padding mode {mode}")
    if value is not None and value != 0:
        raise RuntimeError(f'Padding mode "{mode}" doesn\'t take in value argument')
    dims, ndim = len(pad) // 2, len(input.shape)
    if dims not in (1, 2, 3) or ndim not in (dims + 1, dims + 2):
        raise NotImplementedError(
            f"Padding size {len(pad)} is not supported for {ndim}D input tensor. Supported "
            "combinations for non-constant padding: 2D or 3D input: padding size = 2; 3D or 4D "
            "input: padding size = 4; 4D or 5D input: padding size = 6"
        )
    return _edge_pad(input, pad, dims, mode)


def _edge_pad(input: Any, pad: Sequence[int], dims: int, mode: str) -> Any:
    sizes = tuple(operator.index(n) for n in pad)
    pads = tuple(zip(sizes[-2::-2], sizes[::-2], strict=True))
    _check_edges(tuple(input.shape), pads, mode)
    if mode == "circular":  # it wraps round what is left
        kept = [slice(max(-low, 0), n - max(-high, 0))
                for n, (low, high) in zip(input.shape[-dims:], pads, strict=True)]  # fmt: skip
        if min(sizes) < 0:
            input = slice_op(input, key=(Ellipsis, *kept))
        pads = tuple([(max(low, 0), max(high, 0)) for low, high in pads])
    return _PADS[mode, dims](input, pads=pads)


def _check_edges(shape: tuple[int, ...], pads: Pads, mode: str) -> None:
    dims = len(pads)
    if mode != "circular" and 0 in (shape[1:] if len(shape) == dims + 2 else shape):
        raise ShapeError(
            f"Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with possibly 0 batch size "
            f"and other non-zero dimensions for input, but got: {list(shape)}"
        )
    for d, (low, high) in enumerate(pads):
        n = shape[d - dims]
        if mode == "reflect" and max(low, high) >= n:
            raise ShapeError(
                "Padding size should be less than the corresponding input dimension, but got: "
                f"padding {(low, high)} at dimension {len(shape) - dims + d} of input {list(shape)}"
            )
        if mode == "circular" and max(low, high) > n:
            raise ShapeError("Padding value causes wrapping around more than once.")
        if n + low + high < (mode != "circular"):
            raise ShapeError(
                "Negative padding value is resulting in an empty dimension" if mode == "circular"
                else f"input (size {n}) is too small. Calculated output size: {n + low + high}"
            )

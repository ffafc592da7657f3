"""Reading raw arrays at places between their entries, the transpose, and slopes along coordinates.

NumPy here, kernels/grid.cu on a GPU: one launch each (for half types ``spread`` has one more).

Holds:     half types are computed in float32 and rounded once; no place, not even one that is not
           a number, reads out of bounds.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..rows import CUDA_NAMES, row_kernel

__all__ = ["Sampling", "affine", "sample", "slopes", "spread"]


class Sampling(NamedTuple):
    """How places are read; ``orders`` says how often weights are differentiated by each coordinate.

    mode       0 linear, 1 nearest, 2 cubic
    padding    0 zeros, 1 border, 2 reflection
    """

    mode: int
    padding: int
    corners: bool
    orders: tuple[int, ...]


def sample(xp: Any, x: Any, grid: Any, how: Sampling) -> Any:
    """(N, C, ...) read at (N, ..., dims) -> (N, C, ...)."""
    batch, channels = x.shape[:2]
    space = grid.shape[1:-1]
    places = prod(space)
    if xp is not np:
        y = xp.empty((batch, channels, *space), x.dtype)
        _launch("sample", y.size, places, x.shape, how, xp, x, grid, y)
        return y
    flat, real = _planes(x), _wide(grid)
    total = np.zeros((batch, channels, places), flat.dtype)
    for at, weights, _ in _entries(real, x.shape[2:], how):
        for n in range(batch if weights is not None else 0):
            part = flat[n].take(at[n], 1)
            part *= weights[n].astype(flat.dtype, copy=False)
            total[n] += part
    return total.astype(x.dtype, copy=False).reshape(batch, channels, *space)


def spread(xp: Any, g: Any, grid: Any, how: Sampling, shape: Sequence[int]) -> Any:
    """The transpose of ``sample``: (N, C, ...) added around the places of a result of ``shape``."""
    batch, channels, *space = shape
    places = prod(grid.shape[1:-1])
    if xp is not np:
        out = xp.zeros(tuple(shape), np.float32 if g.dtype.itemsize == 2 else g.dtype)
        _launch("spread", g.size, places, shape, how, xp, g, grid, out)
        return out.astype(g.dtype, copy=False)
    flat = _planes(g)
    out = np.zeros((batch, channels, prod(space)), flat.dtype)
    rows = np.arange(channels)[:, None] * out.shape[2]
    for at, weights, _ in _entries(_wide(grid), space, how):
        for n in range(batch if weights is not None else 0):
            part = flat[n] * weights[n].astype(flat.dtype, copy=False)
            np.add.at(out[n].reshape(-1), (rows + at[n]).reshape(-1), part.reshape(-1))
    return out.astype(g.dtype, copy=False).reshape(shape)


def slopes(xp: Any, g: Any, x: Any, grid: Any, how: Sampling) -> Any:
    """How the sum of ``g`` times the sample changes with each coordinate: (N, ..., dims)."""
    dims = grid.shape[-1]
    places = prod(grid.shape[1:-1])
    if xp is not np:
        out = xp.empty(grid.shape, grid.dtype)
        _launch("slopes", out.size // dims, places, x.shape, how, xp, g, x, grid, out)
        return out
    flat, seeds, real = _planes(x), _planes(g), _wide(grid)
    total = np.zeros((len(x), places, dims), real.dtype)
    for at, _, steps in _entries(real, x.shape[2:], how, slopes=True):
        there = [(d, step) for d, step in enumerate(steps) if step is not None]
        for n in range(len(x)):
            met = np.einsum("cp,cp->p", flat[n].take(at[n], 1), seeds[n])
            for d, step in there:
                total[n, :, d] += met * step[n]
    return total.astype(grid.dtype, copy=False).reshape(grid.shape)


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _planes(x: Any) -> Any:
    return _wide(x).reshape(*x.shape[:2], prod(x.shape[2:]))


# --------------------------------------------------------------------------------------- on a GPU
def _launch(template: str, count: int, places: int, shape: Sequence[int], how: Sampling, xp: Any,
            *arrays: Any) -> None:  # fmt: skip
    """One thread for each of ``count`` results; ``shape`` is that of what is read."""
    if not count:
        return
    *inputs, out = arrays
    dims = len(shape) - 2
    sizes = (*[1] * (3 - dims), *shape[2:])
    orders = (*how.orders, *[0] * (3 - dims))
    numbers = (dims, *sizes, how.mode, how.padding, int(how.corners), *orders)
    kernel = row_kernel("grid", template, CUDA_NAMES[inputs[0].dtype.name])
    kernel((min(1 << 20, -(-count // 128)),), (128,), (
        *[xp.ascontiguousarray(a) for a in inputs], out, count, shape[1], places,
        *[np.int32(n) for n in numbers],
    ))  # fmt: skip


# ------------------------------------------------------------------------------------- on the CPU
Weights = Any
"""(N, P), or None: no weight at all."""


def _entries(grid: Any, space: Sequence[int], how: Sampling, slopes: bool = False
             ) -> Iterator[tuple[Any, Weights, list[Weights]]]:  # fmt: skip
    """Of all entries that are read: positions in the flattened space, weights, and (if wanted) the
    derivatives of the weights by each coordinate."""
    dims = len(space)
    places = grid.reshape(len(grid), prod(grid.shape[1:-1]), dims)
    along = [
        _taps(places[..., dims - 1 - d], size, how, how.orders[dims - 1 - d], slopes)
        for d, size in enumerate(space)
    ]
    for chosen in product(*along):
        at: Any = 0
        for size, (entry, _, _) in zip(space, chosen, strict=True):
            at = at * size + entry
        weights = [weight for _, weight, _ in chosen]
        steps = [
            _product([*weights[:d], chosen[d][2], *weights[d + 1 :]])
            for d in reversed(range(dims))
        ]  # fmt: skip
        yield at, _product(weights), steps


def _product(factors: Sequence[Weights]) -> Weights:
    result: Any = None
    for factor in factors:
        if factor is None:
            return None
        result = factor if result is None else result * factor
    return result


Taps = list[tuple[Any, Weights, Weights]]
"""For each entry read along a dimension: where, its weights, and their next derivative."""


def _taps(g: Any, size: int, how: Sampling, order: int, slopes: bool) -> Taps:
    """The entries read along one dimension, of which coordinates are ``g``."""
    at, speed = _unnormalized(g, size, how)
    if how.mode == 2:
        base = np.floor(at)
        t = at - base
        entries = [base + k for k in range(-1, 3)]
        if how.padding:
            entries = [np.where(t == t, _inside(e, size, how)[0], -1) for e in entries]
        found = [_cubic(t, n, speed) for n in (order, order + 1)]
    else:
        if how.padding:
            at, turn = _inside(at, size, how)
            speed = speed * turn
        base = np.floor(at) if how.mode == 0 else np.rint(at)
        entries = [base, base + 1] if how.mode == 0 else [base]
        weigh = _linear if how.mode == 0 else _nearest
        found = [weigh(at - base, n, speed) for n in (order, order + 1)]
    if not slopes:
        found[1] = [None] * len(entries)
    return [_checked(e, w, s, size) for e, w, s in zip(entries, *found, strict=True)]


def _nearest(t: Any, order: int, speed: Any) -> list[Weights]:
    return [np.ones_like(t) if order == 0 else None]


def _linear(t: Any, order: int, speed: Any) -> list[Weights]:
    if order > 1:
        return [None, None]
    return [1 - t, t] if order == 0 else [-speed + 0 * t, speed + 0 * t]


def _unnormalized(g: Any, size: int, how: Sampling) -> tuple[Any, Any]:
    """Coordinates in -1 .. 1 as positions among entries, and how fast these change."""
    real = g.dtype.type
    if how.corners:
        return (g + real(1)) / real(2) * real(size - 1), real((size - 1) / 2)
    return ((g + real(1)) * real(size) - real(1)) / real(2), real(size / 2)


def _inside(at: Any, size: int, how: Sampling) -> tuple[Any, Any]:
    """Positions brought inside, and whether (and in which direction) they still move."""
    turn: Any = 1
    real = at.dtype.type
    if how.padding == 2:
        low, span = (0.0, float(size - 1)) if how.corners else (-0.5, float(size))
        if span == 0:
            return np.zeros_like(at), np.zeros_like(at)
        off = at - real(low)
        away = np.abs(off)
        extra = np.fmod(away, real(span))
        back = np.floor(away / real(span)) % 2 == 1
        at = np.where(back, real(span) - extra, extra) + real(low)
        turn = np.where(back == (off < 0), real(1), real(-1))
    moves = (at > 0) & (at < size - 1)
    at = np.where(at > 0, np.minimum(at, real(size - 1)), real(0))
    return at, turn * moves.astype(at.dtype)


def _checked(entry: Any, weights: Weights, slopes: Weights, size: int) -> tuple[Any, Any, Any]:
    """Entries as integers; those that do not exist weigh nothing."""
    exists = (entry >= 0) & (entry < size)
    where = np.where(exists, entry, 0).astype(np.int64)
    zero = entry.dtype.type(0)

    def kept(w: Weights) -> Weights:
        return None if w is None else np.where(exists, w, zero)

    return where, kept(weights), kept(slopes)


def _cubic(t: Any, order: int, speed: Any) -> list[Weights]:
    """Weights of the four entries around a place, or a derivative of them (Keys 1981, a = -3/4)."""
    if order > 3:
        return [None] * 4
    a = t.dtype.type(-0.75)
    found: list[Weights] = []
    for x, sign in ((t + 1, 1), (t, 1), (1 - t, -1), (2 - t, -1)):
        inner = a + 2, -(a + 3), 0 * a, 1 + 0 * a
        c3, c2, c1, c0 = (a, -5 * a, 8 * a, -4 * a) if len(found) in (0, 3) else inner
        value = (
            ((c3 * x + c2) * x + c1) * x + c0, (3 * c3 * x + 2 * c2) * x + c1, 6 * c3 * x + 2 * c2,
            6 * c3 + 0 * x,
        )[order]  # fmt: skip
        found.append(value * (sign * speed) ** order)
    return found


def affine(xp: Any, x: Any, space: Sequence[int], corners: bool, back: bool) -> Any:
    """All places of a space under the maps ``x`` (N, dims, dims + 1), or the transpose of that."""
    dims = len(space)
    wide = _wide(x)
    base = _untransformed(xp, space, corners, wide.dtype)
    if back:
        y = wide.reshape(len(x), prod(space), dims).transpose(0, 2, 1) @ base
    else:
        y = (base @ wide.transpose(0, 2, 1)).reshape(len(x), *space, dims)
    return y.astype(x.dtype, copy=False)


def _untransformed(xp: Any, space: Sequence[int], corners: bool, dtype: Any) -> Any:
    """The places of all entries, x first, and a 1 at the end: (entries, dims + 1)."""
    dims = len(space)
    places = xp.ones((*space, dims + 1), np.float64)
    for d, size in enumerate(space):
        along = xp.linspace(-1.0, 1.0, size) if size > 1 else xp.zeros(1)
        if not corners:
            along = along * (size - 1) / size
        places[..., dims - 1 - d] = along.reshape(-1, *[1] * (dims - 1 - d))
    return places.reshape(-1, dims + 1).astype(dtype)

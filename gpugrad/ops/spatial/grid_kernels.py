"""Reading raw arrays at places between their entries, and the transpose.

Holds:     half types are computed in float32 and rounded once; places that are not numbers, or
           outside where that counts as zero, read nothing.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..scatter_kernels import scatter_add_along

__all__ = ["Sampling", "affine", "sample", "spread"]


class Sampling(NamedTuple):
    """How places are read; ``orders`` says how often weights are differentiated by each coordinate.

    mode       0 linear, 1 nearest, 2 cubic
    padding    0 zeros, 1 border, 2 reflection
    """

    mode: int
    padding: int
    corners: bool
    orders: tuple[int, ...]


Taps = list[tuple[Any, Any]]
"""For each entry read along a dimension: where (N, P), and its weights (N, P)."""


def sample(xp: Any, x: Any, grid: Any, how: Sampling) -> Any:
    """(N, C, ...) read at (N, ..., dims) -> (N, C, ...)."""
    batch, channels = x.shape[:2]
    space = grid.shape[1:-1]
    flat = _wide(x).reshape(batch, channels, prod(x.shape[2:]))
    total = xp.zeros((batch, channels, prod(space)), flat.dtype)
    entries = _entries(xp, grid, x.shape[2:], how)
    if xp is np:
        for n in range(batch):
            for at, weights in entries:
                part = flat[n].take(at[n], 1)
                part *= weights[n].astype(flat.dtype, copy=False)
                total[n] += part
    else:
        one, two = xp.arange(batch)[:, None, None], xp.arange(channels)[:, None]
        for at, weights in entries:
            total += flat[one, two, at[:, None]] * weights[:, None].astype(flat.dtype, copy=False)
    return total.astype(x.dtype, copy=False).reshape(batch, channels, *space)


def spread(xp: Any, g: Any, grid: Any, how: Sampling, shape: Sequence[int]) -> Any:
    """The transpose of ``sample``: (N, C, ...) added around the places of a result of ``shape``."""
    batch, channels, *space = shape
    flat = _wide(g).reshape(batch, channels, prod(g.shape[2:]))
    out = xp.zeros((batch, channels, prod(space)), flat.dtype)
    rows = np.arange(channels)[:, None] * out.shape[2]
    for at, weights in _entries(xp, grid, space, how):
        weights = weights.astype(flat.dtype, copy=False)
        if xp is not np:
            index = xp.broadcast_to(at[:, None], flat.shape)
            scatter_add_along(out, 2, index, flat * weights[:, None])
            continue
        for n in range(batch):
            index = (rows + at[n]).reshape(-1)
            np.add.at(out[n].reshape(-1), index, (flat[n] * weights[n]).reshape(-1))
    return out.astype(g.dtype, copy=False).reshape(shape)


def _wide(x: Any) -> Any:
    return x.astype(np.float32) if x.dtype.itemsize == 2 else x


def _entries(xp: Any, grid: Any, space: Sequence[int], how: Sampling) -> Taps:
    """Positions in the flattened space and weights of all entries that are read."""
    dims = len(space)
    places = _wide(grid).reshape(len(grid), prod(grid.shape[1:-1]), dims)
    along = []
    for d, size in enumerate(space):
        which = dims - 1 - d  # x is the last dimension
        taps = _taps(xp, places[..., which], size, how, how.orders[which])
        along.append(taps)
    found = []
    for chosen in product(*along):
        at: Any = 0
        weights: Any = 1
        for size, (entry, weight) in zip(space, chosen, strict=True):
            at = at * size + entry
            weights = weights * weight
        found.append((at, weights))
    return found


def _taps(xp: Any, g: Any, size: int, how: Sampling, order: int) -> Taps:
    """The entries read along one dimension; none where their weights have no such derivative."""
    if order > (1, 0, 3)[how.mode]:
        return []
    at, slope = _unnormalized(xp, g, size, how)
    if how.mode == 2:
        base = xp.floor(at)
        t = at - base
        weights = [w * slope**order for w in _cubic(t, order)]
        entries = [base + k for k in range(-1, 3)]
        if how.padding:
            entries = [_inside(xp, e, size, how)[0] for e in entries]
        return [_checked(xp, e, w, size) for e, w in zip(entries, weights, strict=True)]
    if how.padding:
        at, turn = _inside(xp, at, size, how)
        slope = slope * turn
    if how.mode == 1:
        return [_checked(xp, xp.rint(at), xp.ones_like(at), size)]
    base = xp.floor(at)
    t = at - base
    near, far = (1 - t, t) if order == 0 else (-slope + 0 * t, slope + 0 * t)
    return [_checked(xp, base, near, size), _checked(xp, base + 1, far, size)]


def _unnormalized(xp: Any, g: Any, size: int, how: Sampling) -> tuple[Any, Any]:
    """Coordinates in -1 .. 1 as positions among entries, and how fast these change."""
    real = g.dtype.type
    if how.corners:
        return (g + real(1)) / real(2) * real(size - 1), real((size - 1) / 2)
    return ((g + real(1)) * real(size) - real(1)) / real(2), real(size / 2)


def _inside(xp: Any, at: Any, size: int, how: Sampling) -> tuple[Any, Any]:
    """Positions brought inside, and whether (and in which direction) they still move."""
    turn: Any = 1
    real = at.dtype.type
    if how.padding == 2:
        low, span = (0.0, float(size - 1)) if how.corners else (-0.5, float(size))
        if span == 0:
            return xp.zeros_like(at), xp.zeros_like(at)
        off = at - real(low)
        away = xp.abs(off)
        extra = xp.fmod(away, real(span))
        back = xp.floor(away / real(span)) % 2 == 1
        at = xp.where(back, real(span) - extra, extra) + real(low)
        turn = xp.where(back == (off < 0), real(1), real(-1))
    moves = (at > 0) & (at < size - 1)
    at = xp.where(at > 0, xp.minimum(at, real(size - 1)), real(0))
    return at, turn * moves.astype(at.dtype)


def _checked(xp: Any, entry: Any, weights: Any, size: int) -> tuple[Any, Any]:
    """Entries as integers; those that do not exist weigh nothing."""
    exists = (entry >= 0) & (entry < size)
    where = xp.where(exists, entry, 0).astype(np.int64)
    return where, xp.where(exists, weights, weights.dtype.type(0))


def _cubic(t: Any, order: int) -> list[Any]:
    """Weights of the four entries around a place, or a derivative of them (Keys 1981, a = -3/4)."""
    a = t.dtype.type(-0.75)
    found: list[Any] = []
    for x, sign in ((t + 1, 1), (t, 1), (1 - t, -1), (2 - t, -1)):
        inner = a + 2, -(a + 3), 0 * a, 1 + 0 * a
        c3, c2, c1, c0 = (a, -5 * a, 8 * a, -4 * a) if len(found) in (0, 3) else inner
        value = (
            ((c3 * x + c2) * x + c1) * x + c0, (3 * c3 * x + 2 * c2) * x + c1, 6 * c3 * x + 2 * c2,
            6 * c3 + 0 * x,
        )[order]  # fmt: skip
        found.append(value * t.dtype.type(sign**order))
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

"""Attention of raw arrays, forward and backward, in blocks of rows: no matrix of all pairs exists.

NumPy here; attention_cuda.py on a GPU.

Holds:     arrays are seen as (number, rows or keys, size); the logarithm of every row's sum of
           exponentials is all that backward needs beside inputs and output; half types are computed
           in float32 and rounded once; the callers have silenced NumPy's floating point warnings.
Must not:  know tensors or graphs.

NOTE [rows without keys] A row whose keys are all masked gives zero and gets no gradient. Its
logarithm is kept as +inf, so that exp(score - logarithm) is 0 again in backward.

NOTE [tiles of keys] A block of scores is (batch, tiles, rows, keys of a tile): many small products
instead of a large one. BLAS shares out large ones among threads of its own, which wait for each
other at every block; small ones run where they are called, on the threads that share the blocks.

NOTE [pairs that are dropped] Whether dropout keeps a pair is a hash of the seed and the pair's
place: forward and backward ask again instead of keeping a mask, on a GPU with the same answer.
"""

from __future__ import annotations

from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..array import hostpool
from ..expr import share_out
from . import attention_cuda

__all__ = ["AttentionOptions", "attend", "attend_backward", "kept_pairs"]

_BLOCK = 1 << 16  # scores of a block: they stay in a core's own cache
_ROWS = 64  # of a block, and the most keys of a tile
_SMALL = 1 << 18  # multiplications of a matrix product that OpenBLAS leaves to one thread


class AttentionOptions(NamedTuple):
    """What attention has beside tensors; ``seed`` is that of dropout."""

    scale: float
    causal: bool = False
    dropout: float = 0.0
    seed: int = 0

    @property
    def bound(self) -> int:
        """The smallest of 2**24 equally likely numbers that dropout keeps."""
        return round(self.dropout * (1 << 24))

    @property
    def growth(self) -> float:
        """What dropout multiplies the pairs that it keeps by."""
        return 1 / (1 - self.dropout) if self.dropout < 1 else 0.0


def attend(q: Any, k: Any, v: Any, mask: Any, options: AttentionOptions) -> tuple[Any, Any]:
    """``softmax(q @ k.mT * scale + mask) @ v``, and the logarithm of every row's sum.

    Shape:   q (..., L, E), k (..., S, E), v (..., S, Ev), mask broadcast to (..., L, S)
             -> (..., L, Ev), (..., L)
    """
    if not isinstance(q, np.ndarray):
        return attention_cuda.attend(q, k, v, mask, options)
    pairs = _Pairs(q, k, v, mask, options)
    out = hostpool.empty((pairs.number, pairs.rows, v.shape[-1]), q.dtype)
    logs = np.empty((pairs.number, pairs.rows, 1), pairs.wide)
    if not pairs.keys:
        out[...], logs[...] = 0, np.inf

    def work(block: tuple[slice, slice]) -> None:
        batch, rows = block
        scores = pairs.scores(batch, rows)
        top = scores.max(3).max(1)[..., None]
        top[np.isneginf(top)] = 0
        scores -= top[:, None]
        np.exp(scores, out=scores)
        total = scores.sum(3).sum(1)[..., None]
        dead = total == 0
        logs[batch, rows] = np.where(dead, np.inf, top + np.log(total))
        total[dead] = 1
        if options.dropout:
            scores *= pairs.kept(batch, rows, scores.shape[1])
        values = pairs.v[batch, : scores.shape[1]].astype(pairs.wide, copy=False)
        out[batch, rows] = (scores @ values).sum(1) / total

    blocks = [(batch, rows) for batch in pairs.batches() for rows in pairs.blocks()]
    share_out(blocks, work, pairs.number * pairs.rows * pairs.keys)
    shape = q.shape[:-1]
    return out.reshape(*shape, v.shape[-1]), logs.reshape(shape)


def attend_backward(g: Any, saved: tuple[Any, ...], mask: Any, options: AttentionOptions,
                    wants_mask: bool) -> tuple[Any, Any, Any, Any]:
    """Cotangents of q, k, v and, if wanted, the mask; ``saved`` is q, k, v, output, logarithms."""
    q, k, v, out, logs = saved
    if not isinstance(q, np.ndarray):
        return attention_cuda.attend_backward(g, saved, mask, options, wants_mask)
    pairs = _Pairs(q, k, v, mask, options)
    size = (pairs.number, pairs.rows, v.shape[-1])
    g, out, logs = g.reshape(size), out.reshape(size), logs.reshape(*size[:2], 1)
    dq = (hostpool.empty if pairs.keys else np.zeros)(pairs.q.shape, q.dtype)
    dk, dv = np.zeros(pairs.k.shape, pairs.wide), np.zeros(pairs.v.shape, pairs.wide)
    dmask = np.zeros(mask.shape, pairs.wide) if wants_mask else None

    def work(batch: slice) -> None:
        keys, values = (a[batch].astype(pairs.wide, copy=False) for a in (pairs.k, pairs.v))
        for rows in pairs.blocks():
            p = pairs.scores(batch, rows)
            p -= logs[batch, None, rows]
            np.exp(p, out=p)
            tiles = p.shape[1]
            gs, qs = pairs.part(g, batch, rows), pairs.part(pairs.q, batch, rows)
            dp = gs[:, None] @ values[:, :tiles].mT
            shares = p
            if options.dropout:
                kept = pairs.kept(batch, rows, tiles)
                shares = p * kept
                dp *= kept
            dv[batch, :tiles] += shares.mT @ gs[:, None]
            dp -= np.vecdot(gs, pairs.part(out, batch, rows))[:, None, :, None]
            dp *= p
            if dmask is not None:
                pairs.add_to_mask(dmask, dp, batch, rows)
            dq[batch, rows] = (dp @ keys[:, :tiles]).sum(1) * pairs.scale
            dk[batch, :tiles] += dp.mT @ (qs * pairs.scale)[:, None]

    alone = dmask is not None  # two batches may share an element of the mask
    share_out(pairs.batches(), work, 0 if alone else pairs.number * pairs.rows * pairs.keys)
    return (
        dq.reshape(q.shape), pairs.joined(dk, k), pairs.joined(dv, v),
        None if dmask is None else dmask.astype(mask.dtype, copy=False),
    )  # fmt: skip


class _Pairs:
    """The scores of queries and keys, block by block: NOTE [tiles of keys]."""

    def __init__(self, q: Any, k: Any, v: Any, mask: Any, options: AttentionOptions) -> None:
        self.batch = q.shape[:-2]
        self.number = prod(self.batch)
        self.rows, self.keys = q.shape[-2], k.shape[-2]
        self.wide = np.dtype(np.float32) if q.dtype.itemsize == 2 else q.dtype
        self.scale = self.wide.type(options.scale)
        self.mask, self.options = mask, options
        self.step = max(1, min(self.rows, _ROWS, max(16, 4 * _BLOCK // max(1, self.keys))))
        widest = max(q.shape[-1], v.shape[-1], 1)
        self.tile = max(1, min(self.keys, _ROWS, max(8, _SMALL // (self.step * widest))))
        self.q = q.reshape(self.number, *q.shape[-2:])
        self.k, self.v = self.tiled(k), self.tiled(v)

    def tiled(self, array: Any) -> Any:
        """(..., keys, size) as (number, tiles, keys of a tile, size), padded with zeros."""
        tiles = -(-self.keys // self.tile)
        array = array.reshape(self.number, *array.shape[-2:])
        missing = tiles * self.tile - self.keys
        if missing:
            array = np.pad(array, ((0, 0), (0, missing), (0, 0)))
        return array.reshape(self.number, tiles, self.tile, array.shape[-1])

    def joined(self, tiles: Any, like: Any) -> Any:
        """The opposite of ``tiled``."""
        size = tiles.shape[1] * tiles.shape[2]
        array = tiles.reshape(self.number, size, tiles.shape[-1])[:, : self.keys]
        return np.ascontiguousarray(array, like.dtype).reshape(like.shape)

    def batches(self) -> list[slice]:
        """Slices of the batch whose blocks have the right size."""
        step = max(1, _BLOCK // max(1, self.step * self.keys))
        return [slice(n, min(n + step, self.number)) for n in range(0, self.number, step)]

    def blocks(self) -> list[slice]:
        """Slices of the rows; none if there are no keys."""
        starts = range(0, self.rows if self.keys else 0, self.step)
        return [slice(i, min(i + self.step, self.rows)) for i in starts]

    def part(self, array: Any, batch: slice, rows: slice) -> Any:
        """A block of q or its like, to compute with."""
        return array[batch, rows].astype(self.wide, copy=False)

    def scores(self, batch: slice, rows: slice) -> Any:
        """``q @ k.mT * scale + mask`` of a block, without tiles of which nothing is seen."""
        seen = min(rows.stop, self.keys) if self.options.causal else self.keys
        tiles = -(-seen // self.tile)
        q = self.part(self.q, batch, rows) * self.scale
        scores = q[:, None] @ self.k[batch, :tiles].astype(self.wide, copy=False).mT
        outside = tiles * self.tile - self.keys
        if outside > 0:
            scores[:, -1, :, -outside:] = -np.inf
        if self.options.causal:
            first = rows.start // self.tile
            right = self.places(first, tiles) > np.arange(rows.start, rows.stop)[:, None]
            np.copyto(scores[:, first:], -np.inf, where=right)
        if self.mask is not None:
            for at, n in enumerate(range(batch.start, batch.stop)):
                self.apply_mask(scores[at], self.mask_of(self.mask, n, rows))
        return scores

    def places(self, first: int, end: int) -> Any:
        """The numbers of the keys of some tiles, to stand beside scores."""
        return np.arange(first * self.tile, end * self.tile).reshape(-1, 1, self.tile)

    def apply_mask(self, scores: Any, mask: Any) -> None:
        """Masks the scores of one batch entry."""
        mask = mask.reshape((1,) * (2 - mask.ndim) + mask.shape)
        if mask.shape[1] > 1:
            missing = scores.shape[0] * self.tile - self.keys
            mask = np.pad(mask, ((0, 0), (0, missing))) if missing else mask
            mask = mask.reshape(-1, scores.shape[0], self.tile).swapaxes(0, 1)
        if mask.dtype == bool:
            np.copyto(scores, -np.inf, where=~mask)
        else:
            scores += mask

    def mask_of(self, mask: Any, n: int, rows: slice) -> Any:
        """The part of a mask that belongs to some rows of batch entry ``n``."""
        lead = mask.ndim - 2
        places = np.unravel_index(n, self.batch)[len(self.batch) - lead :] if lead > 0 else ()
        index: list[Any] = [
            0 if size == 1 else int(i) for i, size in zip(places, mask.shape, strict=False)
        ]
        for size, wanted in zip(mask.shape[-2:], (rows, slice(None))[-mask.ndim :], strict=True):
            index.append(slice(None) if size == 1 else wanted)
        return mask[tuple(index)]

    def add_to_mask(self, dmask: Any, ds: Any, batch: slice, rows: slice) -> None:
        """Adds the cotangents of a block's scores to the mask's."""
        for at, n in enumerate(range(batch.start, batch.stop)):
            target = self.mask_of(dmask, n, rows)
            part = ds[at].swapaxes(0, 1).reshape(ds.shape[2], -1)[:, : self.keys]
            lead = part.ndim - target.ndim
            axes = tuple(range(lead)) + tuple(
                i + lead for i, size in enumerate(target.shape) if size == 1
            )
            target += part.sum(axes, keepdims=True).reshape(target.shape) if axes else part

    def kept(self, batch: slice, rows: slice, tiles: int) -> Any:
        """What dropout multiplies the pairs of a block by."""
        n = np.arange(batch.start, batch.stop).reshape(-1, 1, 1, 1)
        i = np.arange(rows.start, rows.stop)[:, None]
        kept = kept_pairs(np, self.options, (n, i, self.places(0, tiles)), (self.rows, self.keys))
        return kept * self.wide.type(self.options.growth)


def kept_pairs(xp: Any, options: AttentionOptions, places: tuple[Any, Any, Any],
               sizes: tuple[int, int]) -> Any:
    """NOTE [pairs that are dropped]: booleans for batch entries, rows and keys, broadcast.

    Source:  the finalizer of splitmix64 (Steele, Lea & Flood 2014)
    """
    n, i, j = (a.astype(np.uint64) for a in places)
    place = (n * np.uint64(sizes[0]) + i) * np.uint64(sizes[1]) + j
    z = (place + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(options.seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)) >= np.uint64(options.bound)

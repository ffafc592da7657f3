"""Attention of raw arrays, forward and backward, in blocks of rows: no matrix of all pairs exists.

NumPy here; attention_cuda.py on a GPU.

Holds:     arrays are seen as (number, rows or keys, size); the logarithm of every row's sum of
           exponentials is all that backward needs beside inputs and output; half types are computed
           in float32 and rounded once; the callers have silenced NumPy's floating point warnings.
Must not:  know tensors or graphs.

NOTE [rows without keys] A row whose keys are all masked gives zero and gets no gradient. Its
logarithm is kept as +inf, so that exp(score - logarithm) is 0 again in backward.

NOTE [pairs that are dropped] Whether dropout keeps a pair is a hash of the seed and the pair's
place: forward and backward ask again instead of keeping a mask, on a GPU with the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..array import hostpool
from ..expr import share_out
from . import attention_cuda

__all__ = ["AttentionOptions", "attend", "attend_backward", "kept_pairs"]

_BLOCK = 1 << 16  # scores of a block: they stay in a core's own cache
_CAUSAL_ROWS = 64  # of a block under a causal mask: what lies right of it is not computed


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
    logs = np.empty((pairs.number, pairs.rows), pairs.wide)
    if not pairs.keys:
        out[...], logs[...] = 0, np.inf

    def work(batch: slice) -> None:
        for rows, keys in pairs.blocks() if pairs.keys else ():
            scores = pairs.scores(batch, rows, keys)
            top = scores.max(2, keepdims=True)
            top[np.isneginf(top)] = 0
            scores -= top
            np.exp(scores, out=scores)
            total = scores.sum(2, keepdims=True)
            dead = total == 0
            logs[batch, rows] = np.where(dead, np.inf, top + np.log(total))[..., 0]
            total[dead] = 1
            if options.dropout:
                scores *= pairs.kept(batch, rows, keys)
            out[batch, rows] = (scores @ pairs.part(pairs.v, batch, keys)) / total

    share_out(pairs.batches(), work, pairs.number * pairs.rows * pairs.keys)
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
    dq = hostpool.empty(pairs.q.shape, q.dtype)
    dk, dv = np.zeros(pairs.k.shape, pairs.wide), np.zeros(pairs.v.shape, pairs.wide)
    dmask = np.zeros(mask.shape, pairs.wide) if wants_mask else None

    def work(batch: slice) -> None:
        keys_of, values_of = (pairs.part(a, batch, slice(None)) for a in (pairs.k, pairs.v))
        for rows, keys in pairs.blocks():
            p = pairs.scores(batch, rows, keys)
            p -= logs[batch, rows]
            np.exp(p, out=p)
            gs, qs = pairs.part(g, batch, rows), pairs.part(pairs.q, batch, rows)
            dp = gs @ values_of[:, keys].mT
            shares = p
            if options.dropout:
                kept = pairs.kept(batch, rows, keys)
                shares = p * kept
                dp *= kept
            dv[batch, keys] += shares.mT @ gs
            dp -= np.vecdot(gs, pairs.part(out, batch, rows))[..., None]
            dp *= p
            if dmask is not None:
                pairs.add_to_mask(dmask, dp, batch, rows, keys)
            dp *= pairs.wide.type(options.scale)
            dq[batch, rows] = dp @ keys_of[:, keys]
            dk[batch, keys] += dp.mT @ qs

    alone = dmask is not None  # two batches may share an element of the mask
    share_out(pairs.batches(), work, 0 if alone else pairs.number * pairs.rows * pairs.keys)
    found = [a.astype(q.dtype, copy=False) for a in (dq, dk, dv)]
    shapes = (q.shape, k.shape, v.shape)
    dq, dk, dv = (a.reshape(s) for a, s in zip(found, shapes, strict=True))
    return dq, dk, dv, None if dmask is None else dmask.astype(mask.dtype, copy=False)


class _Pairs:
    """The scores of queries and keys, block by block."""

    def __init__(self, q: Any, k: Any, v: Any, mask: Any, options: AttentionOptions) -> None:
        self.batch = q.shape[:-2]
        self.number = prod(self.batch)
        self.rows, self.keys = q.shape[-2], k.shape[-2]
        self.q, self.k, self.v = (a.reshape(self.number, *a.shape[-2:]) for a in (q, k, v))
        self.wide = np.dtype(np.float32) if q.dtype.itemsize == 2 else q.dtype
        self.mask, self.options = mask, options
        fitting = _CAUSAL_ROWS if options.causal else max(16, _BLOCK // max(1, self.keys))
        self.step = max(1, min(self.rows, fitting))

    def batches(self) -> list[slice]:
        """Slices of the batch whose blocks have the right size."""
        step = max(1, _BLOCK // max(1, self.step * self.keys))
        return [slice(n, min(n + step, self.number)) for n in range(0, self.number, step)]

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Rows, and the keys that they may see."""
        for start in range(0, self.rows, self.step):
            end = min(start + self.step, self.rows)
            yield slice(start, end), slice(min(end, self.keys) if self.options.causal else
                                           self.keys)  # fmt: skip

    def part(self, array: Any, batch: slice, rows: slice) -> Any:
        """A block of q, k, v or their like, to compute with."""
        return array[batch, rows].astype(self.wide, copy=False)

    def scores(self, batch: slice, rows: slice, keys: slice) -> Any:
        """``q @ k.mT * scale + mask`` of a block."""
        q = self.part(self.q, batch, rows) * self.wide.type(self.options.scale)
        scores = q @ self.part(self.k, batch, keys).mT
        if self.options.causal and keys.stop > rows.start:
            right = np.arange(rows.start, keys.stop) > np.arange(rows.start, rows.stop)[:, None]
            np.copyto(scores[:, :, rows.start :], -np.inf, where=right)
        if self.mask is not None:
            for at, n in enumerate(range(batch.start, batch.stop)):
                self.apply_mask(scores[at], self.mask_of(self.mask, n, rows, keys))
        return scores

    def apply_mask(self, scores: Any, mask: Any) -> None:
        if mask.dtype == bool:
            np.copyto(scores, -np.inf, where=~mask)
        else:
            scores += mask

    def mask_of(self, mask: Any, n: int, rows: slice, keys: slice) -> Any:
        """The part of a mask that belongs to a block of batch entry ``n``."""
        lead = mask.ndim - 2
        places = np.unravel_index(n, self.batch)[len(self.batch) - lead :] if lead > 0 else ()
        index = [0 if size == 1 else int(i) for i, size in zip(places, mask.shape, strict=False)]
        for size, wanted in zip(mask.shape[-2:], (rows, keys)[-mask.ndim :], strict=True):
            index.append(slice(None) if size == 1 else wanted)  # type: ignore[arg-type]
        return mask[tuple(index)]

    def add_to_mask(self, dmask: Any, ds: Any, batch: slice, rows: slice, keys: slice) -> None:
        """Adds the cotangents of a block's scores to the mask's."""
        for at, n in enumerate(range(batch.start, batch.stop)):
            target = self.mask_of(dmask, n, rows, keys)
            part = ds[at]
            lead = part.ndim - target.ndim
            axes = tuple(range(lead)) + tuple(
                i + lead for i, size in enumerate(target.shape) if size == 1
            )
            target += part.sum(axes, keepdims=True).reshape(target.shape) if axes else part

    def kept(self, batch: slice, rows: slice, keys: slice) -> Any:
        """What dropout multiplies the pairs of a block by."""
        numbers = [np.arange(s.start or 0, s.stop) for s in (batch, rows, keys)]
        kept = kept_pairs(np, self.options, numbers, (self.rows, self.keys))
        return kept * self.wide.type(self.options.growth)


def kept_pairs(xp: Any, options: AttentionOptions, numbers: list[Any], sizes: tuple[int, int]
               ) -> Any:
    """NOTE [pairs that are dropped]: booleans for given batch entries, rows and keys.

    Source:  the finalizer of splitmix64 (Steele, Lea & Flood 2014)
    """
    n, i, j = (xp.asarray(a).astype(np.uint64) for a in numbers)
    one = np.uint64(1)
    place = (n[:, None, None] * np.uint64(sizes[0]) + i[:, None]) * np.uint64(sizes[1]) + j
    z = (place + one) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(options.seed)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(40)) >= np.uint64(options.bound)


"""Attention on a GPU: cuBLAS for the products, kernels/attention.cu between them.

Holds:     scores exist for a block of query rows at a time, at most ``_SCORES`` of them; half types
           are computed in float32 and rounded once; nothing waits for the device.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any

import numpy as np

from ..array import module_of
from .rows import CUDA_NAMES, Rows, row_kernel, team_for

__all__ = ["attend", "attend_backward"]

_FILE = "attention"
_SCORES = 1 << 24
"""Scores of a block: 64 MiB in float32. A block costs the host 0.2 ms and an H100 less, so a causal
mask, which leaves out what lies right of a block, makes no more of them."""
_THREADS, _MOST_BLOCKS = 256, 1 << 16


def attend(q: Any, k: Any, v: Any, mask: Any, options: Any) -> tuple[Any, Any]:
    """The output, and the logarithm of every row's sum of exponentials."""
    pairs = _Pairs(q, k, v, mask, options)
    xp = pairs.xp
    out = xp.empty((pairs.number, pairs.rows, v.shape[-1]), pairs.wide)
    logs = xp.empty(q.shape[:-1], pairs.wide)
    if not pairs.keys:
        out.fill(0)
        logs.fill(np.inf)
    for rows, keys in pairs.blocks() if pairs.keys else ():
        scores = pairs.scores(rows, keys)
        pairs.share(scores, logs, rows.start)
        out[:, rows] = xp.matmul(scores, pairs.v[:, keys])
    return out.astype(q.dtype, copy=False).reshape(*q.shape[:-1], v.shape[-1]), logs


def attend_backward(g: Any, saved: tuple[Any, ...], mask: Any, options: Any, wants_mask: bool
                    ) -> tuple[Any, Any, Any, Any]:
    """Cotangents of q, k, v and, if wanted, the mask; ``saved`` is q, k, v, output, logarithms."""
    q, k, v, out, logs = saved
    pairs = _Pairs(q, k, v, mask, options)
    xp = pairs.xp
    g, out = pairs.flat(g), pairs.flat(out)
    dots = (g * out).sum(2)
    dq = xp.empty(pairs.q.shape, pairs.wide)
    dk, dv = xp.zeros(pairs.k.shape, pairs.wide), xp.zeros(pairs.v.shape, pairs.wide)
    dmask = xp.zeros(mask.shape, pairs.wide) if wants_mask else None
    for rows, keys in pairs.blocks() if pairs.keys else ():
        shares = pairs.scores(rows, keys)
        ds = xp.matmul(g[:, rows], pairs.v[:, keys].swapaxes(1, 2))
        pairs.pull(shares, ds, logs, dots, rows.start)
        dv[:, keys] += xp.matmul(shares.swapaxes(1, 2), g[:, rows])
        if dmask is not None:
            pairs.add_to_mask(dmask, ds, rows, keys)
        ds *= options.scale
        dq[:, rows] = xp.matmul(ds, pairs.k[:, keys])
        dk[:, keys] += xp.matmul(ds.swapaxes(1, 2), pairs.q[:, rows])
    if not pairs.keys:
        dq.fill(0)
    found = [a.astype(q.dtype, copy=False) for a in (dq, dk, dv)]
    dq, dk, dv = (a.reshape(s.shape) for a, s in zip(found, (q, k, v), strict=True))
    return dq, dk, dv, None if dmask is None else dmask.astype(mask.dtype, copy=False)


class _Pairs:
    """The scores of queries and keys, block by block."""

    def __init__(self, q: Any, k: Any, v: Any, mask: Any, options: Any) -> None:
        self.xp = module_of(q)
        self.batch = q.shape[:-2]
        self.number = prod(self.batch)
        self.rows, self.keys = q.shape[-2], k.shape[-2]
        self.wide = np.dtype(np.float32) if q.dtype.itemsize == 2 else q.dtype
        self.q, self.k, self.v = self.flat(q), self.flat(k), self.flat(v)
        self.options = options
        self.mask, self.strides = self._strided(mask)
        self.step = max(1, min(self.rows, _SCORES // max(1, self.number * self.keys)))

    def flat(self, array: Any) -> Any:
        """Contiguous, with one batch dimension, wide."""
        array = array.astype(self.wide, copy=False)
        return self.xp.ascontiguousarray(array.reshape(self.number, *array.shape[-2:]))

    def _strided(self, mask: Any) -> tuple[Any, tuple[int, ...]]:
        """A mask and how many heads, and the strides, in elements, of outer, head, row and key."""
        if mask is None:
            return None, (1, 0, 0, 0, 0)
        heads = self.batch[-1] if self.batch else 1
        seen = self.xp.broadcast_to(mask, (*self.batch, self.rows, self.keys))
        seen = seen.reshape(-1, heads, self.rows, self.keys)
        return seen, (heads, *[s // seen.itemsize for s in seen.strides])

    def blocks(self) -> Iterator[tuple[slice, slice]]:
        """Rows, and the keys that they may see."""
        for start in range(0, self.rows if self.number else 0, self.step):
            end = min(start + self.step, self.rows)
            last = min(end, self.keys) if self.options.causal else self.keys
            yield slice(start, end), slice(last)

    def scores(self, rows: slice, keys: slice) -> Any:
        """``q @ k.mT`` of a block."""
        return self.xp.matmul(self.q[:, rows], self.k[:, keys].swapaxes(1, 2))

    def share(self, scores: Any, logs: Any, first: int) -> None:
        """Makes scores the shares of values; writes ``logs``."""
        team = team_for(Rows(scores.shape[0] * scores.shape[1], scores.shape[2], 1))
        kernel = row_kernel(_FILE, "share", *self._types(), team.name)
        kernel(team.grid, team.block, (scores, logs, *self._settings(scores.shape, first)))

    def pull(self, scores: Any, dp: Any, logs: Any, dots: Any, first: int) -> None:
        """Makes scores the shares of values, and their cotangents ``dp`` those of the scores."""
        kernel = row_kernel(_FILE, "pull", *self._types())
        blocks = min(_MOST_BLOCKS, -(-scores.size // _THREADS))
        kernel((blocks,), (_THREADS,), (
            scores, dp, logs, dots, *self._settings(scores.shape, first)
        ))  # fmt: skip

    def _types(self) -> tuple[str, str]:
        of_mask = None if self.mask is None else self.mask.dtype.name
        wide = CUDA_NAMES[self.wide.name]
        return wide, wide if of_mask is None else {"bool": "bool", **CUDA_NAMES}[of_mask]

    def _settings(self, shape: tuple[int, ...], first: int) -> tuple[Any, ...]:
        options = self.options
        return (
            0 if self.mask is None else self.mask, *self.strides, np.uint64(options.seed),
            np.uint64(options.bound), float(options.scale), options.growth,
            np.int32(options.causal), *shape, first, self.rows, self.keys,
        )  # fmt: skip

    def add_to_mask(self, dmask: Any, ds: Any, rows: slice, keys: slice) -> None:
        """Adds the cotangents of a block's scores to the mask's."""
        ds = ds.reshape(*self.batch, *ds.shape[1:])
        lead = ds.ndim - dmask.ndim
        axes = tuple(range(lead)) + tuple(i + lead for i, n in enumerate(dmask.shape) if n == 1)
        part = ds.sum(axes, keepdims=True) if axes else ds
        index = [slice(None)] * dmask.ndim
        for axis, wanted in ((-2, rows), (-1, keys)):
            if dmask.ndim >= -axis and dmask.shape[axis] > 1:
                index[axis] = wanted
        target = dmask[tuple(index)]
        target += part.reshape(target.shape)

"""Convolution by its definition, in NumPy: the references of the rows of convolution.

Holds:     every element is computed from the formula, one window at a time.
Must not:  be fast.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

__all__ = ["WINDOWS"]

Number = int | Sequence[int]


def each(value: Number, dims: int) -> tuple[int, ...]:
    return (value,) * dims if isinstance(value, int) else tuple(value)


def windows(x: Any, kernel: Sequence[int], stride: Number = 1, padding: Number = 0,
            dilation: Number = 1, extra: Number = 0) -> Any:
    """``(batch, channels, *kernel, *out)``; ``extra`` is padding at the end alone."""
    dims = len(kernel)
    stride, padding, dilation, extra = (each(v, dims) for v in (stride, padding, dilation, extra))
    ends = [(p, p + e) for p, e in zip(padding, extra, strict=True)]
    x = np.pad(x, [(0, 0), (0, 0), *ends])
    out = [(n - d * (k - 1) - 1) // s + 1
           for n, d, k, s in zip(x.shape[2:], dilation, kernel, stride, strict=True)]  # fmt: skip
    found = np.zeros((*x.shape[:2], *kernel, *out), x.dtype)
    for tap in np.ndindex(*kernel):
        for place in np.ndindex(*out):
            at = [p * s + t * d for p, s, t, d in zip(place, stride, tap, dilation, strict=True)]
            found[(slice(None), slice(None), *tap, *place)] = x[(slice(None), slice(None), *at)]
    return found


def conv(x: Any, w: Any, stride: Number = 1, padding: Number = 0, dilation: Number = 1,
         groups: int = 1, extra: Number = 0) -> Any:
    dims = w.ndim - 2
    if x.ndim == dims + 1:
        return conv(x[None], w, stride, padding, dilation, groups, extra)[0]
    blocks = windows(x, w.shape[2:], stride, padding, dilation, extra)
    taken = [range(1, dims + 2)] * 2
    return np.concatenate([
        np.moveaxis(np.tensordot(filters, channels, taken), 0, 1)
        for filters, channels in zip(
            np.split(w, groups), np.split(blocks, groups, axis=1), strict=True
        )
    ], axis=1)


def folded(blocks: Any, size: Sequence[int], stride: Number = 1, padding: Number = 0,
           dilation: Number = 1) -> Any:
    """The sum of blocks ``(batch, channels, *kernel, *out)`` at their places in images."""
    dims = len(size)
    stride, padding, dilation = (each(v, dims) for v in (stride, padding, dilation))
    image = np.zeros((*blocks.shape[:2], *size), blocks.dtype)
    kernel, out = blocks.shape[2 : 2 + dims], blocks.shape[2 + dims :]
    for tap in np.ndindex(*kernel):
        for place in np.ndindex(*out):
            at = [o * s + t * d - p
                  for o, s, t, d, p in zip(place, stride, tap, dilation, padding, strict=True)]
            if all(0 <= a < n for a, n in zip(at, size, strict=True)):
                value = blocks[(slice(None), slice(None), *tap, *place)]
                image[(slice(None), slice(None), *at)] += value
    return image


def conv_t(x: Any, w: Any, stride: Number = 1, padding: Number = 0, output_padding: Number = 0,
           groups: int = 1, dilation: Number = 1) -> Any:
    dims = w.ndim - 2
    if x.ndim == dims + 1:
        return conv_t(x[None], w, stride, padding, output_padding, groups, dilation)[0]
    stride, padding, output_padding, dilation = (
        each(v, dims) for v in (stride, padding, output_padding, dilation)
    )
    size = [(n - 1) * s - 2 * p + d * (k - 1) + o + 1
            for n, s, p, d, k, o in zip(x.shape[2:], stride, padding, dilation, w.shape[2:],
                                        output_padding, strict=True)]  # fmt: skip
    parts = zip(np.split(x, groups, axis=1), np.split(w, groups), strict=True)
    blocks = [np.moveaxis(np.tensordot(a, b, (1, 0)), range(1, dims + 1), range(-dims, 0))
              for a, b in parts]  # fmt: skip
    return folded(np.concatenate(blocks, axis=1), size, stride, padding, dilation)


WINDOWS = {"conv": conv, "conv_t": conv_t, "windows": windows, "folded": folded}

"""Linear maps along one dimension: which entries an output is made of, and with which weights.

Averages over windows, adaptive averages and every interpolation are such maps, one dimension after
the other. kernels/resample.cu has the same formulas for a GPU.

Holds:     output ``o`` depends on the entries ``first[o] .. last[o]`` alone, and neither of the two
           ever decreases; a map is a few numbers, so it can be a key and costs a node nothing.
Must not:  know arrays of values.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

__all__ = ["AxisMap", "Table", "bands", "table"]


class AxisMap(NamedTuple):
    """From ``size`` entries to ``out``; what the other fields mean depends on ``kind``."""

    kind: str
    size: int
    out: int
    kernel: int = 1
    stride: int = 1
    padding: int = 0
    flag: int = 0
    scale: float = 1.0

    @property
    def plain(self) -> bool:
        """Whether nothing changes."""
        window = self.kind == "Window" and self.kernel == self.stride == 1 and not self.padding
        return self.size == self.out and (window or self.kind == "Adaptive")


    @property
    def parts(self) -> bool:
        """Whether the outputs are windows beside each other that leave nothing out."""
        beside = self.kind == "Window" and self.stride == self.kernel and not self.padding
        return beside and self.out * self.kernel == self.size


class Table(NamedTuple):
    """For every output its first and last entry, and the weights of the entries from the first."""

    first: Any
    last: Any
    weights: Any


Weigh = Callable[[Any], Any]


@lru_cache(maxsize=256)
def table(axis: AxisMap) -> Table:
    """The map written out."""
    o = np.arange(axis.out)
    first, last, weigh = _KINDS[axis.kind](axis, o)
    entries = first[:, None] + np.arange(int((last - first).max(initial=0)) + 1)
    weights = np.where(entries <= last[:, None], weigh(entries), 0.0)
    return Table(first, last, weights)


# ---------------------------------------------------------------------------------------- averages
def _window(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """The mean of a window (flag 0: its sum), counting the padding (1) or not (2)."""
    start = o * axis.stride - axis.padding
    end = np.minimum(start + axis.kernel, axis.size + axis.padding)
    first, last = np.maximum(start, 0), np.minimum(end, axis.size) - 1
    count = (np.ones_like(o), end - start, last - first + 1)[axis.flag]
    return first, last, lambda i: np.broadcast_to(1 / count[:, None], i.shape)


def _adaptive(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """The mean of the entries that share anything with the output's part of the whole."""
    first = o * axis.size // axis.out
    last = ((o + 1) * axis.size + axis.out - 1) // axis.out - 1
    return first, last, lambda i: np.broadcast_to(1 / (last - first + 1)[:, None], i.shape)


# ----------------------------------------------------------------------------------- interpolation
def _nearest(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """One entry; ``flag`` takes the nearest to the output's centre instead of its beginning.

    In float32, with the fused multiply-add of PyTorch: other roundings would choose other entries
    now and then.
    """
    scale = float(np.float32(axis.scale))
    at = (o * scale).astype(np.float32)
    if axis.flag:
        at = np.maximum(((o + 0.5) * scale - 0.5).astype(np.float32), 0) + np.float32(0.5)
    first = np.minimum(np.floor(at).astype(np.int64), axis.size - 1)
    return first, first, lambda i: np.ones(i.shape)


def _centre(axis: AxisMap, o: Any) -> Any:
    """Where outputs lie among the entries; ``flag`` aligns the outermost centres."""
    return o * axis.scale if axis.flag else (o + 0.5) * axis.scale - 0.5


def _linear(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """The two entries around an output."""
    centre = np.maximum(_centre(axis, o), 0.0)
    first = np.minimum(centre.astype(np.int64), axis.size - 1)
    last = np.minimum(first + 1, axis.size - 1)
    rest = np.clip(centre - first, 0.0, 1.0) * (last > first)
    return first, last, lambda i: np.where(i == first[:, None], 1 - rest[:, None], rest[:, None])


def _cubic(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """The four entries around an output; those outside are the outermost ones again."""
    centre = _centre(axis, o)
    base = np.floor(centre).astype(np.int64)
    taps = np.clip(base[:, None] + np.arange(-1, 3), 0, axis.size - 1)
    factors = keys(np.abs(centre[:, None] - (base[:, None] + np.arange(-1, 3))), -0.75)

    def weigh(i: Any) -> Any:
        return sum((taps[:, k, None] == i) * factors[:, k, None] for k in range(4))

    return taps[:, 0], taps[:, 3], weigh


def keys(x: Any, a: float) -> Any:
    """Cubic convolution at distance ``x`` >= 0 (Keys 1981)."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = ((x - 5) * x + 8) * x * a - 4 * a
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


_SUPPORT = (1.0, 2.0, 3.0)


def _smooth(axis: AxisMap, o: Any) -> tuple[Any, Any, Weigh]:
    """A filter (0 triangle, 1 cubic, 2 Lanczos), as wide as what is left out between outputs."""
    stretch = max(axis.scale, 1.0)
    support = _SUPPORT[axis.flag] * stretch
    centre = axis.scale * (o + 0.5)
    first = np.maximum((centre - support + 0.5).astype(np.int64), 0)
    last = np.minimum((centre + support + 0.5).astype(np.int64), axis.size) - 1

    def weigh(i: Any) -> Any:
        x = np.abs(i - centre[:, None] + 0.5) / stretch
        w = (np.maximum(1 - x, 0), keys(x, -0.5), lanczos(x))[axis.flag] * (i <= last[:, None])
        return w / w.sum(1, keepdims=True)

    return first, last, weigh


def lanczos(x: Any) -> Any:
    """The sinc function, within a sinc function three times as wide."""
    return np.where(x < 3, np.sinc(x) * np.sinc(x / 3), 0.0)


_KINDS: dict[str, Callable[[AxisMap, Any], tuple[Any, Any, Weigh]]] = {
    "Window": _window, "Adaptive": _adaptive, "Nearest": _nearest, "Linear": _linear,
    "Cubic": _cubic, "Smooth": _smooth,
}  # fmt: skip

# ----------------------------------------------------------------------------------------- matrices
_BAND = 64
"""Rows of the matrices that a map is cut into: BLAS needs some, and zeros cost."""


@lru_cache(maxsize=128)
def bands(axis: AxisMap, transposed: bool, dtype: str) -> list[tuple[slice, slice, Any]]:
    """The map, or its transpose, as dense matrices: (rows of the result, rows it needs, matrix)."""
    first, last, _ = table(axis)
    found = []
    for start in range(0, axis.size if transposed else axis.out, _BAND):
        if transposed:
            entries = slice(start, min(start + _BAND, axis.size))
            low = int(np.searchsorted(last, entries.start))
            outs = slice(low, max(low, int(np.searchsorted(first, entries.stop))))
            matrix = _dense(axis, outs, entries, dtype).T
            found.append((entries, outs, np.ascontiguousarray(matrix)))
        else:
            outs = slice(start, min(start + _BAND, axis.out))
            entries = slice(int(first[outs.start]), int(last[outs.stop - 1]) + 1)
            found.append((outs, entries, _dense(axis, outs, entries, dtype)))
    return found


def _dense(axis: AxisMap, outs: slice, entries: slice, dtype: str) -> Any:
    first, last, weights = table(axis)
    matrix = np.zeros((outs.stop - outs.start, entries.stop - entries.start), dtype)
    for row, o in enumerate(range(outs.start, outs.stop)):
        low, high = max(first[o], entries.start), min(last[o] + 1, entries.stop)
        if low < high:
            part = weights[o, low - first[o] : high - first[o]]
            matrix[row, low - entries.start : high - entries.start] = part
    return matrix

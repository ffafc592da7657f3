"""Convolution of NumPy arrays: kernel windows copied side by side, and one matrix product.

Holds:     columns are made for a few samples at a time, so they stay in the cache and the workspace
           is bounded; half types are computed in float32 and rounded once.
Must not:  know tensors or graphs.

A product of NumPy's BLAS takes 22 ms for 64 images of 64 channels, 32 x 32, and 64 kernels of
3 x 3; the columns add 6 ms. Adding up one product per kernel element instead took 60 ms, since
each reads and writes the result again, and PyTorch takes 28.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np

from ...array import hostpool
from ..broadcast import wide_dtype
from .geometry import Geometry, Part, channel_parts, position_parts

__all__ = ["convolve", "fold", "input_gradient", "unfold", "weight_gradient"]

LIMIT = 2 << 20
"""Elements of the columns made at a time: 8 MiB of floats. More is not faster, less is slower."""

# With fewer columns, a product for each sample costs more than bringing several samples together.
_WORTH_A_PRODUCT = 64


# ------------------------------------------------------------------------- the three of the family
def convolve(x: Any, weight: Any, bias: Any, geometry: Geometry) -> Any:
    """``bias`` and the sum over channels and taps of ``weight * x``.

    Shape:   x (batch, channels, *size), weight (filters, channels / groups, *kernel), bias
             (filters) or None -> (batch, filters, *out)
    """
    batch, filters = x.shape[0], weight.shape[0]
    y = hostpool.empty((batch, filters, *geometry.out), x.dtype)
    if not weight.size or not y.size:
        y[...] = 0 if bias is None else _beside(bias, y)
        return y
    columns = Columns(x, geometry)
    kernels = _matrices(weight, geometry, columns.dtype)
    if columns.whole:
        shape = batch, geometry.groups, -1, geometry.positions
        np.matmul(kernels, x.reshape(shape), out=y.reshape(shape))
        if bias is not None:
            y += _beside(bias, y)
        return y
    if bias is not None:
        bias = bias.astype(columns.dtype, copy=False).reshape(geometry.groups, -1, 1)
    for part in position_parts(geometry, batch, x.shape[1] * geometry.taps, LIMIT):
        out = y[part.samples, :, part.inner]
        direct = part.number == 1 and y.dtype == columns.dtype
        into = out.reshape(*kernels.shape[:2], -1) if direct else None
        value = np.matmul(kernels, columns.at_rows(part), out=into)
        if bias is not None:
            value += bias
        if not direct:
            out[...] = value.reshape(filters, part.number, *out.shape[2:]).swapaxes(0, 1)
    return y


def input_gradient(g: Any, weight: Any, bias: Any, geometry: Geometry) -> Any:
    """The transpose of ``convolve`` in ``x``: also what a transposed convolution computes.

    Shape:   g (batch, filters, *out), weight (filters, channels / groups, *kernel), bias (channels)
             or None -> (batch, channels, *size)
    """
    groups, channels = geometry.groups, weight.shape[1]
    filters = weight.shape[0] // groups
    if geometry.dense and (filters <= 2 * channels or geometry.pointwise):
        return convolve(g, _turned(weight, geometry), bias, geometry.reversed)
    x = hostpool.empty((g.shape[0], groups * channels, *geometry.size), g.dtype)
    if not weight.size or not x.size:
        x[...] = 0 if bias is None else _beside(bias, x)
        return x
    dtype = np.dtype(_computed_in(g))
    kernels, phases = _matrices(weight, geometry, dtype), Phases(geometry)
    apart = x.reshape(-1, groups, channels, *geometry.size)
    for part in channel_parts(geometry, g.shape[0], channels, LIMIT):
        taps = slice(part.inner.start * geometry.taps, part.inner.stop * geometry.taps)
        rows = _merged(g, part, groups, dtype, phases.width)
        columns = np.matmul(kernels[:, :, taps].swapaxes(1, 2), rows)
        shape = -1, *geometry.kernel, part.number, *geometry.out[:-1], phases.width
        columns = columns.reshape(shape)
        if part.inner.stop - part.inner.start == channels:
            phases.scatter(columns, x[part.samples], bias)
            continue
        for group, of_group in enumerate(np.split(columns, groups)):
            of = None if bias is None else bias.reshape(groups, -1)[group, part.inner]
            phases.scatter(of_group, apart[part.samples, group, part.inner], of)
    return x


def weight_gradient(x: Any, g: Any, geometry: Geometry) -> Any:
    """The transpose of ``convolve`` in ``weight``.

    Shape:   x (batch, channels, *size), g (batch, filters, *out)
             -> (filters, channels / groups, *kernel)
    """
    groups, taps = geometry.groups, geometry.taps
    channels, filters = x.shape[1] // groups, g.shape[1]
    columns = Columns(x, geometry)
    weight = np.zeros((filters, channels, *geometry.kernel), columns.dtype)
    total = weight.reshape(groups, filters // groups, channels * taps)
    if x.size and g.size:
        for part in channel_parts(geometry, x.shape[0], channels, LIMIT):
            here = total[:, :, part.inner.start * taps : part.inner.stop * taps]
            rows = _merged(g, part, groups, columns.dtype)
            here += np.matmul(rows, columns.at_channels(part).swapaxes(1, 2))
    return weight.astype(x.dtype, copy=False)


# ------------------------------------------------------------------------------- unfold and fold
def unfold(x: Any, geometry: Geometry) -> Any:
    """``(batch, channels, *size) -> (batch, channels, *kernel, *out)``."""
    dims = len(geometry.size)
    columns = hostpool.empty((*x.shape[:2], *geometry.kernel, *geometry.out), x.dtype)
    images = Columns(x, geometry, dtype=x.dtype)
    for part in channel_parts(geometry, x.shape[0], x.shape[1], LIMIT) if columns.size else ():
        windows = images.windows(images.readable(x[part.samples, part.inner]))
        columns[part.samples, part.inner] = np.moveaxis(windows, 1 + dims, 0)
    return columns


def fold(columns: Any, geometry: Geometry) -> Any:
    """The transpose of ``unfold``."""
    dims = len(geometry.size)
    wide = _computed_in(columns)
    x = hostpool.empty((*columns.shape[:2], *geometry.size), columns.dtype)
    phases = Phases(geometry)
    for part in channel_parts(geometry, x.shape[0], x.shape[1], LIMIT) if x.size else ():
        block = columns[part.samples, part.inner].astype(wide, copy=False)
        phases.scatter(np.moveaxis(block, 0, 1 + dims), x[part.samples, part.inner])
    return x


# ----------------------------------------------------------------------------------- their pieces
class Columns:
    """Copies what the kernels read, position by position, into buffers that are used again."""

    def __init__(self, x: Any, geometry: Geometry, dtype: Any = None) -> None:
        self.x, self.geometry = x, geometry
        self.dtype = np.dtype(dtype or _computed_in(x))
        self.whole = (
            geometry.pointwise and geometry.positions >= _WORTH_A_PRODUCT and x.dtype == self.dtype
        )
        self.padded: Any = None
        self.samples: slice | None = None
        self.source: Any = None
        self.buffer: Any = None

    def at_rows(self, part: Part) -> Any:
        """``(groups, channels of a group * taps, samples * positions)`` for rows of the output."""
        if part.samples != self.samples:  # else other rows of the same image
            self.samples = part.samples
            self.source = self.readable(self.x[part.samples])
        return self._copied(self.windows(self.source, part.inner))

    def at_channels(self, part: Part) -> Any:
        """The same for some channels of each group, at all positions."""
        block, groups = self.x[part.samples], self.geometry.groups
        channels = block.shape[1] // groups
        if part.inner.stop - part.inner.start < channels:
            apart = block.reshape(part.number, groups, channels, *block.shape[2:])
            block = apart[:, :, part.inner].reshape(part.number, -1, *block.shape[2:])
        return self._copied(self.windows(self.readable(block)))

    def _copied(self, windows: Any) -> Any:
        if self.buffer is None:  # the first part is the largest
            self.buffer = hostpool.empty((windows.size,), self.dtype)
        copied = self.buffer[: windows.size].reshape(windows.shape)
        np.copyto(copied, windows)
        samples = windows.shape[1 + len(self.geometry.size)]
        rows = windows.shape[2 + len(self.geometry.size)] if samples else 0
        count = samples * rows * (self.geometry.positions // self.geometry.out[0])
        return copied.reshape(self.geometry.groups, -1, count)

    def windows(self, source: Any, rows: slice | None = None) -> Any:
        """A view ``(channels, *kernel, samples, *out)`` of ``(samples, channels, *size)``."""
        geometry, steps = self.geometry, source.strides[2:]
        out, offset = geometry.out, 0
        if rows is not None:
            out = rows.stop - rows.start, *out[1:]
            offset = rows.start * geometry.stride[0] * steps[0]
        return np.ndarray(
            (source.shape[1], *geometry.kernel, source.shape[0], *out),
            source.dtype, source, offset,
            (
                source.strides[1], *map(int.__mul__, steps, geometry.dilation),
                source.strides[0], *map(int.__mul__, steps, geometry.stride),
            ),
        )  # fmt: skip

    def readable(self, block: Any) -> Any:
        """``block`` with padding, where kernels read it, and in order."""
        geometry = self.geometry
        if not geometry.pads:
            return np.ascontiguousarray(block, self.dtype)
        lines = block.shape[0] * block.shape[1]
        if self.padded is None:
            self.padded = np.zeros((lines, *geometry.reach), self.dtype)
        padded = self.padded[:lines].reshape(*block.shape[:2], *geometry.reach)
        there, here = [], []
        for n, low, reach in zip(geometry.size, geometry.padding, geometry.reach, strict=True):
            start = max(0, -low)
            count = max(0, min(n - start, reach - max(0, low)))
            here.append(slice(start, start + count))
            there.append(slice(max(0, low), max(0, low) + count))
        padded[(..., *there)] = block[(..., *here)]
        return padded


def _computed_in(x: Any) -> Any:
    return x.dtype if x.dtype.kind in "iub" else wide_dtype(x) or x.dtype


def _matrices(weight: Any, geometry: Geometry, dtype: Any) -> Any:
    """``(groups, filters of a group, channels of a group * taps)``."""
    filters = weight.shape[0] // geometry.groups
    size = weight.shape[1] * geometry.taps
    return weight.astype(dtype, copy=False).reshape(geometry.groups, filters, size)


def _merged(g: Any, part: Part, groups: int, dtype: Any, width: int = 0) -> Any:
    """Samples side by side: ``(groups, filters of a group, samples * positions)``.

    With ``width``, zeros make rows of the image that long.
    """
    block = g[part.samples].swapaxes(0, 1)
    if width > block.shape[-1]:
        wide = np.zeros((*block.shape[:-1], width), dtype)
        wide[..., : block.shape[-1]] = block
        block = wide
    filters, count = block.shape[0], block.size // block.shape[0]
    return block.astype(dtype, copy=False).reshape(groups, filters // groups, count)


def _turned(weight: Any, geometry: Geometry) -> Any:
    """The weight of the gradient of the input: taps from the back, filters for channels."""
    groups, dims = geometry.groups, len(geometry.kernel)
    apart = weight.reshape(groups, -1, *weight.shape[1:])[(..., *(slice(None, None, -1),) * dims)]
    shape = -1, weight.shape[0] // groups, *geometry.kernel
    return np.ascontiguousarray(apart.swapaxes(1, 2).reshape(shape))  # BLAS reads forwards only


class Phases:
    """An image apart by the remainders of places divided by the stride.

    What a tap reads lies side by side in one of them, so that taps are added to neighbours.
    """

    def __init__(self, geometry: Geometry) -> None:
        self.geometry = geometry
        self.size = [
            -(-max(r, p + n) // s)
            for r, p, n, s in zip(geometry.reach, geometry.padding, geometry.size, geometry.stride,
                                  strict=True)
        ]  # fmt: skip

    @property
    def width(self) -> int:
        """How long rows of columns should be: rows as long as a phase's are added as one."""
        wide, narrow = self.size[-1], self.geometry.out[-1]
        return wide if len(self.size) > 1 and wide <= narrow + narrow // 4 + 1 else narrow

    def scatter(self, columns: Any, out: Any, bias: Any = None) -> None:
        """Writes to ``out`` what the columns and a bias of each line add up to.

        Shape:   columns (lines, *kernel, samples, *out[:-1], width), out (samples, lines, *size)
        """
        dims = len(self.size)
        lines, samples = columns.shape[0], columns.shape[1 + dims]
        phases = np.zeros((*self.geometry.stride, lines, samples, *self.size), columns.dtype)
        if bias is not None:
            phases += bias.reshape(-1, *(1,) * (1 + dims))
        as_one = dims > 1 and columns.shape[-1] == self.size[-1]
        if as_one:
            columns = columns.reshape(*columns.shape[:-2], -1)
        for tap in product(*map(range, self.geometry.kernel)):
            phase, window = self._window(tap, as_one)
            whole = phases[phase]
            if as_one:
                whole = whole.reshape(*whole.shape[:-2], -1)
            here = whole[(..., *window)]
            here += columns[(slice(None), *tap)][..., : here.shape[-1]]
        for phase in product(*map(range, self.geometry.stride)):
            there, here = self._interleaved(phase)
            out[(..., *there)] = phases[phase].swapaxes(0, 1)[(..., *here)]

    def _window(self, tap: tuple[int, ...], as_one: bool) -> Any:
        """The phase that a tap reads, and where in it."""
        geometry = self.geometry
        at = [t * d for t, d in zip(tap, geometry.dilation, strict=True)]
        phase = tuple([a % s for a, s in zip(at, geometry.stride, strict=True)])
        first = [a // s for a, s in zip(at, geometry.stride, strict=True)]
        window = [slice(f, f + o) for f, o in zip(first, geometry.out, strict=True)]
        if as_one:
            start = first[-2] * self.size[-1] + first[-1]
            length = (geometry.out[-2] - 1) * self.size[-1] + geometry.out[-1]
            window[-2:] = [slice(start, start + length)]
        return phase, window

    def _interleaved(self, phase: tuple[int, ...]) -> Any:
        """Where a phase's elements stand in the image, and which of them do."""
        there, here = [], []
        for r, s, p, n in zip(phase, self.geometry.stride, self.geometry.padding,
                              self.geometry.size, strict=True):  # fmt: skip
            first = max(0, -((r - p) // s))
            start = first * s + r - p
            here.append(slice(first, first + max(0, -((start - n) // s))))
            there.append(slice(start, None, s))
        return there, here


def _beside(bias: Any, y: Any) -> Any:
    """The bias along dimension 1 of ``y``."""
    return bias.reshape(-1, *(1,) * (y.ndim - 2))

"""Convolution of CUDA arrays: kernels/convolution.cu makes columns, cuBLAS multiplies them.

Holds:     columns are made for as many samples as a bounded workspace has room for; half types are
           summed in float32 and rounded once; nothing waits for the device.
Must not:  know tensors or graphs.

Launches:  convolve: the bias where there is one, columns, product. input_gradient: product, sum of
           columns. weight_gradient: columns, the cotangent side by side, product. A pointwise
           convolution needs no columns, a depthwise one is a single launch.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from ...array import module_of
from ...array.cublas import multiply_into
from ...errors import not_implemented
from ..broadcast import wide_dtype
from ..rows import CUDA_NAMES, row_kernel
from .geometry import Geometry, Part, channel_parts, position_parts

__all__ = ["convolve", "fold", "input_gradient", "unfold", "weight_gradient"]

LIMIT = 1 << 25
"""Elements of the columns made at a time: 128 MiB of floats."""

_GEOMETRY = np.dtype([
    (name, np.int32, 3) for name in ("size", "kernel", "out", "stride", "padding", "dilation")
])  # fmt: skip
_COLUMNS = np.dtype(
    [(name, np.int64) for name in ("sample_step", "line_step", "first_position")]
    + [(name, np.int32) for name in ("channels", "group", "first", "count")]
)
_ELEMENTS = {**CUDA_NAMES, "bool": "bool"}
_THREADS = 256


# ------------------------------------------------------------------------- the three of the family
def convolve(x: Any, weight: Any, bias: Any, geometry: Geometry) -> Any:
    """``bias`` and the sum over channels and taps of ``weight * x``.

    Shape:   x (batch, channels, *size), weight (filters, channels / groups, *kernel), bias
             (filters) or None -> (batch, filters, *out)
    """
    xp = module_of(x)
    _check_dtype(x)
    groups, (batch, channels), filters = geometry.groups, x.shape[:2], weight.shape[0]
    y = xp.empty((batch, filters, *geometry.out), x.dtype)
    x, weight = xp.ascontiguousarray(x), xp.ascontiguousarray(weight)
    if not weight.size or not y.size:
        _fill(y, bias)
    elif _depthwise(weight, geometry):
        arrays = x, weight, _bias(bias), y
        _launch("depthwise_forward", geometry, arrays, geometry.positions, channels, filters)
    elif geometry.pointwise and groups == 1:
        _start(y, bias)
        kernels = weight.reshape(1, filters, channels)
        flat = x.reshape(batch, channels, -1)
        multiply_into(y.reshape(batch, filters, -1), kernels, flat, accumulate=bias is not None)
    else:
        _convolve_columns(x, weight, bias, y, geometry)
    return y


def _convolve_columns(x: Any, weight: Any, bias: Any, y: Any, geometry: Geometry) -> None:
    groups, filters = geometry.groups, weight.shape[0]
    kernels = weight.reshape(groups, filters // groups, -1)
    if groups == 1:
        _start(y, bias)
    row = geometry.positions // geometry.out[0]
    for part in position_parts(geometry, x.shape[0], x.shape[1] * geometry.taps, LIMIT):
        columns = _columns(x, geometry, part, merged=groups > 1)
        out = y[part.samples].reshape(part.number, filters, -1)
        out = out[:, :, part.inner.start * row : part.inner.stop * row]
        if groups == 1:
            multiply_into(out, kernels, columns, accumulate=bias is not None)
            continue
        value = module_of(x).empty((groups, filters // groups, columns.shape[2]), y.dtype)
        beside = value.reshape(filters, part.number, -1).swapaxes(0, 1)
        _start(beside, bias)
        multiply_into(value, kernels, columns, accumulate=bias is not None)
        out[...] = beside


def input_gradient(g: Any, weight: Any, bias: Any, geometry: Geometry) -> Any:
    """The transpose of ``convolve`` in ``x``: also what a transposed convolution computes.

    Shape:   g (batch, filters, *out), weight (filters, channels / groups, *kernel), bias (channels)
             or None -> (batch, channels, *size)
    """
    xp = module_of(g)
    _check_dtype(g)
    groups, (batch, filters), per_group = geometry.groups, g.shape[:2], weight.shape[1]
    x = xp.empty((batch, groups * per_group, *geometry.size), g.dtype)
    g, weight = xp.ascontiguousarray(g), xp.ascontiguousarray(weight)
    if not weight.size or not x.size:
        _fill(x, bias)
    elif _depthwise(weight, geometry):
        arrays = g, weight, _bias(bias), x
        _launch("depthwise_backward", geometry, arrays, x[0, 0].size, groups, filters)
    elif geometry.pointwise and groups == 1:
        _start(x, bias)
        kernels = weight.reshape(1, filters, per_group).swapaxes(1, 2)
        flat = g.reshape(batch, filters, -1)
        multiply_into(x.reshape(batch, per_group, -1), kernels, flat, accumulate=bias is not None)
    else:
        _collect_columns(g, weight, bias, x, geometry)
    return x


def _collect_columns(g: Any, weight: Any, bias: Any, x: Any, geometry: Geometry) -> None:
    xp, groups = module_of(g), geometry.groups
    per_group, filters = weight.shape[1], weight.shape[0] // groups
    kernels = weight.reshape(groups, filters, -1).swapaxes(1, 2)
    for part in channel_parts(geometry, g.shape[0], per_group, LIMIT):
        first, count = part.inner.start, part.inner.stop - part.inner.start
        chosen = kernels[:, first * geometry.taps : (first + count) * geometry.taps]
        if groups == 1:
            rows = g[part.samples].reshape(part.number, filters, -1)
        else:
            rows = _side_by_side(g[part.samples], groups)
        shape = rows.shape[0], count * geometry.taps, rows.shape[2]
        columns = xp.empty(shape, wide_dtype(g) or g.dtype)
        multiply_into(columns, chosen, rows)
        layout = _layout_of(geometry, part, x.shape[1], count, groups > 1)
        _launch_lines(
            "col2im", geometry, x[0, 0].size, part.number * groups * count,
            (_ELEMENTS[x.dtype.name], _ELEMENTS[columns.dtype.name]),
            (layout, columns, _bias(bias), x[part.samples]),
        )  # fmt: skip


def weight_gradient(x: Any, g: Any, geometry: Geometry) -> Any:
    """The transpose of ``convolve`` in ``weight``.

    Shape:   x (batch, channels, *size), g (batch, filters, *out)
             -> (filters, channels / groups, *kernel)
    """
    xp = module_of(x)
    _check_dtype(x)
    groups, filters, channels = geometry.groups, g.shape[1], x.shape[1] // geometry.groups
    shape = filters, channels, *geometry.kernel
    x, g = xp.ascontiguousarray(x), xp.ascontiguousarray(g)
    if not x.size or not g.size:
        return xp.zeros(shape, x.dtype)
    weight = xp.empty(shape, wide_dtype(x) or x.dtype)
    if _depthwise(weight, geometry):
        weight = xp.empty(shape, x.dtype)
        kernel = row_kernel("convolution", "depthwise_weights", _ELEMENTS[x.dtype.name])
        kernel((min(weight.size, 1 << 20),), (_THREADS,), (
            _packed(geometry), x, g, weight, np.int32(groups), np.int32(filters // groups),
            x.shape[0], weight.size,
        ))  # fmt: skip
        return weight
    total = weight.reshape(groups, filters // groups, channels * geometry.taps)
    for part in channel_parts(geometry, x.shape[0], channels, LIMIT):
        columns = _columns(x, geometry, part, merged=True, channels=True)
        here = total[:, :, part.inner.start * geometry.taps : part.inner.stop * geometry.taps]
        rows = _side_by_side(g[part.samples], groups)
        multiply_into(here, rows, columns.swapaxes(1, 2), accumulate=part.samples.start > 0)
    return weight.astype(x.dtype, copy=False)


# ------------------------------------------------------------------------------- unfold and fold
def unfold(x: Any, geometry: Geometry) -> Any:
    """``(batch, channels, *size) -> (batch, channels, *kernel, *out)``."""
    xp = module_of(x)
    part = Part(slice(0, x.shape[0]), x.shape[0], slice(0, x.shape[1]))
    shape = *x.shape[:2], *geometry.kernel, *geometry.out
    if not x.size:
        return xp.empty(shape, x.dtype)
    return _columns(xp.ascontiguousarray(x), geometry, part, channels=True).reshape(shape)


def fold(columns: Any, geometry: Geometry) -> Any:
    """The transpose of ``unfold``."""
    xp = module_of(columns)
    batch, channels = columns.shape[:2]
    x = xp.empty((batch, channels, *geometry.size), columns.dtype)
    if x.size:
        part = Part(slice(0, batch), batch, slice(0, channels))
        layout = _layout_of(geometry, part, channels, channels, False)
        types = (_ELEMENTS[x.dtype.name],) * 2
        arrays = layout, xp.ascontiguousarray(columns), np.uint64(0), x
        _launch_lines("col2im", geometry, x[0, 0].size, batch * channels, types, arrays)
    return x


# ----------------------------------------------------------------------------------- their pieces
def _check_dtype(x: Any) -> None:
    if x.dtype.kind in "iub":
        raise not_implemented("convolution_cuda", x.dtype.name)


def _depthwise(weight: Any, geometry: Geometry) -> bool:
    """Whether each channel has filters of its own: there is no matrix to multiply."""
    return geometry.groups > 1 and weight.shape[1] == 1


def _bias(bias: Any) -> Any:
    """The kernels' argument: an array, or no address."""
    return np.uint64(0) if bias is None else module_of(bias).ascontiguousarray(bias)


def _fill(y: Any, bias: Any) -> None:
    y[...] = 0
    _start(y, bias)


def _start(y: Any, bias: Any) -> None:
    """What a product is added to: exact, so that the sum is rounded once."""
    if bias is not None:
        y[...] = bias.reshape(-1, *(1,) * (y.ndim - 2))


def _side_by_side(g: Any, groups: int) -> Any:
    """``(groups, filters of a group, samples * positions)``; a single sample is a view."""
    filters = g.shape[1] // groups
    return g.swapaxes(0, 1).reshape(groups, filters, g.size // g.shape[1])


def _columns(x: Any, geometry: Geometry, part: Part, *, merged: bool = False,
             channels: bool = False) -> Any:  # fmt: skip
    """Columns of rows of the output, or of channels of each group.

    Shape:   (samples, channels * taps, positions), or with ``merged`` samples side by side:
             (groups, channels of a group * taps, samples * positions)
    """
    groups, row = geometry.groups, geometry.positions // geometry.out[0]
    group = x.shape[1] // groups
    count, rows = group, slice(0, geometry.out[0])
    if channels:
        count = part.inner.stop - part.inner.start
    else:
        rows, part = part.inner, Part(part.samples, part.number, slice(0, group))
    positions = (rows.stop - rows.start) * row
    if merged:
        shape = groups, count * geometry.taps, part.number * positions
    else:
        shape = part.number, groups * count * geometry.taps, positions
    columns = module_of(x).empty(shape, x.dtype)
    layout = _layout_of(geometry, part, x.shape[1], count, merged, positions, rows.start * row)
    _launch_lines(
        "im2col", geometry, positions, part.number * groups * count, (_ELEMENTS[x.dtype.name],),
        (layout, x[part.samples], columns), positions,
    )  # fmt: skip
    return columns


def _layout_of(geometry: Geometry, part: Part, channels: int, count: int, merged: bool,
               positions: int = 0, first: int = 0) -> Any:  # fmt: skip
    """``gg::Columns``."""
    positions = positions or geometry.positions
    group = channels // geometry.groups
    lines = geometry.groups * count * geometry.taps
    steps = (positions, positions * part.number) if merged else (lines * positions, positions)
    start = part.inner.start
    return np.array((*steps, first, channels, group, start, count), _COLUMNS)


@lru_cache(maxsize=1024)
def _packed(geometry: Geometry) -> Any:
    """``gg::Geometry``, with leading sizes of one."""
    missing = 3 - len(geometry.size)
    ones, zeros = (1,) * missing, (0,) * missing
    return np.array((
        ones + geometry.size, ones + geometry.kernel, ones + geometry.out, ones + geometry.stride,
        zeros + geometry.padding, ones + geometry.dilation,
    ), _GEOMETRY)  # fmt: skip


def _launch(name: str, geometry: Geometry, arrays: Any, places: int, channels: int, filters: int
            ) -> None:  # fmt: skip
    """A depthwise kernel: a line is a channel of the last array."""
    *_, out = arrays
    lines = out.shape[0] * out.shape[1]
    numbers = np.int32(channels), np.int32(filters // channels)
    _launch_lines(name, geometry, places, lines, (_ELEMENTS[out.dtype.name],), arrays, last=numbers)


def _launch_lines(name: str, geometry: Geometry, places: int, lines: int, types: tuple[str, ...],
                  arrays: Any, *positions: int, last: Any = ()) -> None:  # fmt: skip
    """A kernel whose threads have a place, and lines one after the other."""
    columns = min(_THREADS, 1 << max(0, places - 1).bit_length())
    rows = _THREADS // columns
    grid = -(-places // columns), min(-(-lines // rows), 32768)
    kernel = row_kernel("convolution", name, *types)
    kernel(grid, (columns, rows), (_packed(geometry), *arrays, *last, lines, *positions))

"""Normalization of raw arrays: norm_rows.py on the CPU, kernels/normalization.cu on a GPU.

Holds:     results are new and contiguous; half types are computed in float32 and rounded once, and
           so are a mixture of a half input and float32 weights.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import module_of
from .norm_rows import (
    Layout,
    Statistics,
    normalize_rows,
    normalize_rows_backward,
    sum_dtype,
)
from .rows import CUDA_NAMES, Rows, row_kernel, team_for

__all__ = ["Layout", "Statistics", "normalize", "normalize_backward"]

_FILE = "normalization"
_THREADS = 128
_CHUNKS = 64  # of samples, whose sums are added up by a second launch
_SERIAL = 32  # fewest samples of a chunk


def normalize(x: Any, weight: Any, bias: Any, eps: float, layout: Layout, centred: bool = True
              ) -> tuple[Any, Statistics]:
    """``(x - mean) / sqrt(var + eps) * weight + bias``, and the statistics of every group.

    Without ``centred`` the mean is taken to be 0.
    """
    if isinstance(x, np.ndarray):
        return normalize_rows(x, weight, bias, eps, layout, centred)
    xp, wide = module_of(x), sum_dtype(x.dtype)
    y = xp.empty(x.shape, x.dtype)
    mean = xp.empty(layout.rows, wide) if centred else None
    rstd = xp.empty(layout.rows, wide)
    var = xp.empty(layout.rows, wide) if layout.inner > 1 or layout.across else None
    if y.size:
        kernel, team = _kernel("normalize", x, weight, layout, centred)
        given = [_dense(xp, a) for a in (x, weight, bias)]
        kernel(team.grid, team.block, (
            *given, y, _or_null(mean), rstd, _or_null(var), float(eps), *_geometry(layout)
        ))  # fmt: skip
    return y, Statistics(mean, rstd, var)


def normalize_backward(g: Any, x: Any, stats: Statistics, weight: Any, layout: Layout,
                       wanted: tuple[bool, Any]) -> tuple[Any, Any, Any]:
    """Cotangents of input, weight and bias.

    ``wanted`` is whether the first is, and the dtype of the other two, or None.
    """
    if isinstance(x, np.ndarray):
        dx, *rest = normalize_rows_backward(
            g, x, stats, weight, layout, (wanted[0], wanted[1] is not None)
        )
        return dx, *[a if a is None else a.astype(wanted[1], copy=False) for a in rest]
    xp = module_of(x)
    g, x = xp.ascontiguousarray(g), xp.ascontiguousarray(x)
    dx = xp.empty(x.shape, x.dtype) if wanted[0] else None
    parts = None
    if wanted[1] is not None and layout.channels == 1:
        parts = xp.empty((2, layout.rows // layout.groups, layout.groups), stats.rstd.dtype)
    if x.size and (wanted[0] or parts is not None):
        kernel, team = _kernel("normalize_backward", x, weight, layout, stats.mean is not None)
        kernel(team.grid, team.block, (
            g, x, _or_null(stats.mean), stats.rstd, _dense(xp, weight), _or_null(dx),
            *((0, 0) if parts is None else parts), *_geometry(layout),
        ))  # fmt: skip
    if wanted[1] is None:
        return dx, None, None
    return dx, *_parameters(xp, g, x, stats, layout, parts, wanted[1])


def _parameters(xp: Any, g: Any, x: Any, stats: Statistics, layout: Layout, parts: Any,
                dtype: Any) -> tuple[Any, Any]:
    columns = layout.groups * layout.channels
    if not x.size:
        return xp.zeros(columns, dtype), xp.zeros(columns, dtype)
    if parts is None:
        add_up = _column_parts if layout.inner == 1 else _pixel_parts
        parts = add_up(xp, g, x, stats, layout)
    if parts.shape[1] == 1 and parts.dtype == dtype:
        return parts[0, 0], parts[1, 0]
    dweight, dbias = xp.empty(columns, dtype), xp.empty(columns, dtype)
    names = CUDA_NAMES[parts.dtype.name], CUDA_NAMES[np.dtype(dtype).name]
    kernel = row_kernel(_FILE, "sum_parts", *names)
    kernel((-(-columns // _THREADS),), (_THREADS,), (
        parts, dweight, dbias, parts.shape[1], columns
    ))  # fmt: skip
    return dweight, dbias


def _column_parts(xp: Any, g: Any, x: Any, stats: Statistics, layout: Layout) -> Any:
    columns = layout.groups * layout.channels
    chunk = max(_SERIAL, -(-layout.batch // _CHUNKS))
    chunks = -(-layout.batch // chunk)
    parts = xp.empty((2, chunks, columns), stats.rstd.dtype)
    centred = "true" if stats.mean is not None else "false"
    kernel = row_kernel(_FILE, "column_parts", CUDA_NAMES[x.dtype.name], centred)
    kernel((-(-columns // _THREADS), chunks), (_THREADS,), (
        g, x, _or_null(stats.mean), stats.rstd, parts, layout.batch, columns, layout.groups,
        layout.channels, chunk,
    ))  # fmt: skip
    return parts


def _pixel_parts(xp: Any, g: Any, x: Any, stats: Statistics, layout: Layout) -> Any:
    columns = layout.groups * layout.channels
    rows = Rows(layout.batch * columns, layout.inner, 1)
    parts = xp.empty((2, layout.batch, columns), stats.rstd.dtype)
    team = team_for(rows)
    kernel = row_kernel(_FILE, "pixel_parts", CUDA_NAMES[x.dtype.name], team.name)
    kernel(team.grid, team.block, (
        g, x, stats.mean, stats.rstd, parts, rows.number, layout.inner, layout.channels
    ))  # fmt: skip
    return parts


def _kernel(name: str, x: Any, weight: Any, layout: Layout, centred: bool) -> tuple[Any, Any]:
    team = team_for(Rows(layout.rows, layout.shared, 1))
    kind = x.dtype.name if weight is None else weight.dtype.name
    return row_kernel(
        _FILE, name, CUDA_NAMES[x.dtype.name], CUDA_NAMES[kind],
        "true" if centred else "false", team.name,
    ), team  # fmt: skip


def _geometry(layout: Layout) -> tuple[int, ...]:
    """The rows and the members of ``gg::Layout``."""
    inside = layout.channels * layout.inner
    span, stride = inside, layout.groups * inside
    return (layout.rows, layout.shared, span, stride, layout.groups, layout.channels, layout.inner)


def _dense(xp: Any, array: Any) -> Any:
    return 0 if array is None else xp.ascontiguousarray(array)


def _or_null(array: Any) -> Any:
    return 0 if array is None else array

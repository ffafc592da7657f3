"""softmax and log_softmax of raw arrays, forward and backward.

NumPy here, kernels/softmax.cu on a GPU: one launch each way.

Holds:     results are contiguous and new; half types are computed in float32 and rounded once; the
           callers have silenced NumPy's floating point warnings.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import hostpool, module_of
from ..expr import share_out
from .rows import CUDA_NAMES, Rows, blocks, row_kernel, row_max, row_sum, rows_along, team_for

__all__ = ["log_softmax", "log_softmax_backward", "softmax", "softmax_backward"]


def softmax(x: Any, dim: int) -> Any:
    """``exp(x - max) / sum`` along ``dim``."""
    return _apply("Softmax", _softmax_rows, dim, x)


def softmax_backward(g: Any, y: Any, dim: int) -> Any:
    """Cotangent of softmax's input, from its output ``y``: ``y * (g - sum(g * y))``."""
    return _apply("SoftmaxBackward", _softmax_rows_backward, dim, g, y)


def log_softmax(x: Any, dim: int) -> Any:
    """``x - max - log(sum(exp(x - max)))`` along ``dim``."""
    return _apply("LogSoftmax", _log_softmax_rows, dim, x)


def log_softmax_backward(g: Any, y: Any, dim: int) -> Any:
    """Cotangent of log_softmax's input, from its output ``y``: ``g - exp(y) * sum(g)``."""
    return _apply("LogSoftmaxBackward", _log_softmax_rows_backward, dim, g, y)


def _apply(name: str, numpy_rows: Callable[..., None], dim: int, *inputs: Any) -> Any:
    x = inputs[-1]
    rows = rows_along(x.shape, dim)
    if isinstance(x, np.ndarray):
        return _on_cpu(numpy_rows, rows, x.shape, [i.reshape(rows.shape) for i in inputs])
    xp = module_of(x)
    out = xp.empty(x.shape, x.dtype)
    if out.size:
        team = team_for(rows)
        template = "map_rows" if len(inputs) == 1 else "map_row_pairs"
        kernel = row_kernel("softmax", template, CUDA_NAMES[x.dtype.name], f"gg::{name}", team.name)
        dense = [xp.ascontiguousarray(i) for i in inputs]
        kernel(team.grid, team.block, (*dense, out, rows.number, rows.length, rows.inner))
    return out


# ------------------------------------------------------------------------------------- on the CPU
def _on_cpu(numpy_rows: Callable[..., None], rows: Rows, shape: tuple[int, ...],
            inputs: list[Any]) -> Any:
    out = hostpool.empty(rows.shape, inputs[-1].dtype)
    half = out.dtype.itemsize == 2

    def work(part: slice) -> None:
        xs = [i[part] for i in inputs]
        if half:
            wide = np.empty(xs[0].shape, np.float32)
            numpy_rows(wide, *(i.astype(np.float32) for i in xs))
            out[part] = wide
        else:
            numpy_rows(out[part], *xs)

    if out.size:
        share_out(list(blocks(rows)), work, out.size)
    return out.reshape(shape)


# Each writes rows along axis 1 of `out`.
def _softmax_rows(out: Any, x: Any) -> None:
    np.subtract(x, row_max(x, 1, None, None, True), out=out)
    np.exp(out, out=out)
    np.multiply(out, 1 / row_sum(out, 1, None, None, True), out=out)


def _log_softmax_rows(out: Any, x: Any) -> None:
    np.subtract(x, row_max(x, 1, None, None, True), out=out)
    out -= np.log(row_sum(np.exp(out), 1, None, None, True))


def _softmax_rows_backward(out: Any, g: Any, y: Any) -> None:
    np.multiply(g, y, out=out)
    np.subtract(g, row_sum(out, 1, None, None, True), out=out)
    out *= y


def _log_softmax_rows_backward(out: Any, g: Any, y: Any) -> None:
    np.exp(y, out=out)
    out *= row_sum(g, 1, None, None, True)
    np.subtract(g, out, out=out)

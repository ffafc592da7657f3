"""Pooling, padding, resampling and shuffles."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from tests.rows import HELPERS, row

__all__ = ["SPATIAL"]


# ----------------------------------------------------------------------------- references, by NumPy
def taps(x: Any, kernel: Sequence[int], stride: int, padding: int = 0, value: float = 0.0
            ) -> Any:  # fmt: skip
    """Windows over the last dimensions, whose entries are the last dimension of the result."""
    dims = len(kernel)
    pads = [(0, 0)] * (x.ndim - dims) + [(padding, padding)] * dims
    padded = np.pad(x, pads, constant_values=value)
    axes = tuple(range(x.ndim - dims, x.ndim))
    every = np.lib.stride_tricks.sliding_window_view(padded, tuple(kernel), axes)
    some = every[(Ellipsis, *[slice(None, None, stride)] * dims, *[slice(None)] * dims)]
    return some.reshape(*some.shape[:-dims], -1)


def parts(x: Any, sizes: Sequence[int], reduce: Callable[..., Any]) -> Any:
    """``reduce`` of equal parts of the last dimensions, which overlap where sizes do not divide."""
    for axis, out in enumerate(sizes, x.ndim - len(sizes)):
        n = x.shape[axis]
        cut = [x.take(range(o * n // out, -(-(o + 1) * n // out)), axis) for o in range(out)]
        x = np.stack([reduce(c, axis) for c in cut], axis)
    return x


def resized(x: Any, axis: int, points: Any, kernel: Callable[[Any], Any]) -> Any:
    """Convolved with a kernel four wide at each side, the outermost entries going on for ever."""
    n = x.shape[axis]
    matrix = np.zeros((len(points), n))
    for row_, p in zip(matrix, points, strict=True):
        for i in range(int(np.floor(p)) - 4, int(np.floor(p)) + 6):
            row_[min(max(i, 0), n - 1)] += kernel(abs(p - i))
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


def triangle(d: Any) -> Any:
    return np.maximum(1 - np.abs(d), 0)


def cubic(d: Any, a: float = -0.75) -> Any:
    d = np.abs(d)
    near, far = (a + 2) * d**3 - (a + 3) * d**2 + 1, a * (d**3 - 5 * d**2 + 8 * d - 4)
    return np.where(d < 1, near, np.where(d < 2, far, 0))


def smooth(x: Any, axis: int, out: int, kernel: Callable[[Any], Any], reach: float) -> Any:
    """Convolved with a kernel stretched by the factor that sizes shrink by, without going on."""
    n = x.shape[axis]
    scale = n / out
    centres = (np.arange(out)[:, None] + 0.5) * scale - 0.5
    matrix = kernel((np.arange(n) - centres) / max(scale, 1)) * (
        np.abs(np.arange(n) - centres) < reach * max(scale, 1)
    )
    matrix /= matrix.sum(1, keepdims=True)
    return np.moveaxis(np.tensordot(matrix, x, (1, axis)), 0, axis)


def fractional(x: Any, samples: Any, kernel: int, out: int) -> Any:
    size = x.shape[-1]
    y = np.zeros((*x.shape[:2], out, out))
    for n, c, i, j in np.ndindex(y.shape):
        starts = []
        for o, u in ((i, samples[n, c, 1]), (j, samples[n, c, 0])):
            alpha = (size - kernel) / (out - 1)
            starts.append(size - kernel if o == out - 1 else int((o + u) * alpha) - int(u * alpha))
        a, b = starts
        y[n, c, i, j] = x[n, c, a : a + kernel, b : b + kernel].max()
    return y


def sampled(x: Any, rows: Any, columns: Any, kernel: Callable[[Any], Any]) -> Any:
    """Images (N, C, H, W) at rows and columns (N, ...)."""
    h, w = (np.arange(n) for n in x.shape[2:])
    return np.einsum("ncij,n...i,n...j->nc...", x, kernel(rows[..., None] - h),
                     kernel(columns[..., None] - w))  # fmt: skip


def turned_back(c: Any, last: int) -> Any:
    return last - np.abs(last - np.abs(c) % (2 * last))


HELPERS.update(
    taps=taps, parts=parts, resized=resized, triangle=triangle, cubic=cubic, smooth=smooth,
    fractional=fractional, sampled=sampled, turned_back=turned_back,
)

# ------------------------------------------------------------------------------------------- rows
LINE, IMAGE, SPACE = (2, 3, 7), (1, 2, 5, 6), (1, 2, 3, 4, 4)

POOLING = [
    row("F.max_pool1d(x, 3, 2, 1)", "taps(x, [3], 2, 1, -9).max(-1)", "24", x=LINE),
    row("F.max_pool2d(x, 2)", "taps(x, [2, 2], 2).max(-1)", "12", x=IMAGE),
    row("F.max_pool2d(x, 3, 2, 1)", "taps(x, [3, 3], 2, 1, -9).max(-1)", "18", x=IMAGE),
    row("F.max_pool2d(x[0], (1, 2), 1)", "taps(x[0], [1, 2], 1).max(-1)", "50", x=IMAGE),
    row("F.max_pool3d(x, 2, 1)", "taps(x, [2, 2, 2], 1).max(-1)", "36", x=SPACE),
    row("F.adaptive_max_pool1d(x, 3)", "parts(x, [3], np.max)", "72", x=LINE),
    row("F.adaptive_max_pool2d(x, (5, 2))", "parts(x, [5, 2], np.max)", "20", x=IMAGE),
    row("F.adaptive_max_pool2d(x, 3)", "parts(x, [3, 3], np.max)", "72", x=IMAGE),
    row("F.adaptive_max_pool3d(x, 1)", "x.max((2, 3, 4), keepdims=True)", "2", x=SPACE),
    row("F.fractional_max_pool2d(x, 2, 3, _random_samples=k * k)",
        "fractional(x, k * k, 2, 3)", "72", domain=(-0.9, 0.9), x=(1, 2, 6, 6), k=(1, 2, 2)),
    row("F.max_unpool1d(x, i, 3)", "np.put_along_axis(y := np.zeros((1, 1, 9)), i, x, -1) or y",
        "i", below=9, x=(1, 1, 3), i=(1, 1, 3)),
    row("F.avg_pool1d(x, 3, 2, 1)", "taps(x, [3], 2, 1).mean(-1)", x=LINE),
    row("F.avg_pool2d(x, 2)", "taps(x, [2, 2], 2).mean(-1)", x=IMAGE),
    row("F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)",
        "np.nanmean(taps(x, [3, 3], 2, 1, np.nan), -1)", x=IMAGE),
    row("F.avg_pool2d(x, 3, 1, divisor_override=2)", "taps(x, [3, 3], 1).sum(-1) / 2", x=IMAGE),
    row("F.avg_pool3d(x, 2, 2)", "taps(x, [2, 2, 2], 2).mean(-1)", x=SPACE),
    row("F.avg_pool1d(x, 7)", "x.mean(-1, keepdims=True)", x=LINE),
    row("F.avg_pool1d(x, 20, 3, 10)", "taps(x, [20], 3, 10).mean(-1)", x=(1, 2, 30)),
    row("F.adaptive_avg_pool1d(x, 3)", "parts(x, [3], np.mean)", x=LINE),
    row("F.adaptive_avg_pool2d(x, (4, 3))", "parts(x, [4, 3], np.mean)", x=IMAGE),
    row("F.adaptive_avg_pool2d(x, 1)", "x.mean((2, 3), keepdims=True)", x=IMAGE),
    row("F.adaptive_avg_pool3d(x, (2, None, 1))", "parts(x, [2, 4, 1], np.mean)", x=SPACE),
    row("F.lp_pool1d(x, 3, 2)", "(taps(x, [2], 2)**3).sum(-1)**(1 / 3)", "x 72",
        domain=(0.5, 3.0), x=LINE),
    row("F.lp_pool2d(x, 2, 2)", "(taps(x, [2, 2], 2)**2).sum(-1)**0.5", "x 48", x=IMAGE),
    row("F.local_response_norm(x, 3, 0.5)",
        "x / (1 + 0.5 * np.stack([(x * x).take(range(max(c - 1, 0), min(c + 2, 4)), 1).sum(1) / 3"
        " for c in range(4)], 1))**0.75", "x x 96 x 96", x=(2, 4, 3)),
]  # fmt: skip

PADDING = [
    row("F.pad(x, (1, 2))", "np.pad(x, ((0, 0), (1, 2)))"),
    row("F.pad(x, (1, -1, -2, 3), value=2.0)",
        "np.pad(x[2:, :-1], ((0, 3), (1, 0)), constant_values=2)"),
    row("torch.constant_pad_nd(x, (0, 1), 3)", "np.pad(x, ((0, 0), (0, 1)), constant_values=3)"),
    row("F.pad(x, (2, 3), 'reflect')", "np.pad(x, ((0, 0), (0, 0), (2, 3)), 'reflect')", x=LINE),
    row("F.pad(x, (1, 2, 3, -1), 'reflect')",
        "np.pad(x, ((0, 0), (0, 0), (3, 0), (1, 2)), 'reflect')[:, :, :-1]", x=IMAGE),
    row("F.pad(x, (1, 0, 2, 1, 0, 2), 'reflect')",
        "np.pad(x, ((0, 0), (0, 0), (0, 2), (2, 1), (1, 0)), 'reflect')", x=SPACE),
    row("F.pad(x, (2, 9), 'replicate')", "np.pad(x, ((0, 0), (0, 0), (2, 9)), 'edge')", x=LINE),
    row("F.pad(x, (2, 1, -1, 3), 'replicate')",
        "np.pad(x, ((0, 0), (0, 0), (0, 3), (2, 1)), 'edge')[:, :, 1:]", x=IMAGE),
    row("F.pad(x, (2, 3), 'circular')", "np.pad(x, ((0, 0), (0, 0), (2, 3)), 'wrap')", x=LINE),
    row("F.pad(x, (1, 2, 3, -1), 'circular')",
        "np.pad(x[:, :, :-1], ((0, 0), (0, 0), (3, 0), (1, 2)), 'wrap')", x=IMAGE),
]  # fmt: skip

RESAMPLING = [
    row("F.interpolate(x, scale_factor=2)", "x.repeat(2, 2).repeat(2, 3)", x=IMAGE),
    row("F.interpolate(x, 4, mode='nearest-exact')", "x[..., [0, 2, 4, 6]]", x=LINE),
    row("F.interpolate(x, (2, 4, 3))", "x[:, :, [0, 1]][..., [0, 1, 2]]", x=SPACE),
    row("F.interpolate(x, (2, 4), mode='area')", "parts(x, [2, 4], np.mean)", x=IMAGE),
    row("F.interpolate(x, 10, mode='linear')",
        "resized(x, 2, np.clip((np.arange(10) + 0.5) * 0.7 - 0.5, 0, 6), triangle)", x=LINE),
    row("F.interpolate(x, 4, mode='linear', align_corners=True)", "x[..., ::2]", x=LINE),
    row("F.interpolate(x, scale_factor=2, mode='bilinear')",
        "resized(resized(x, 2, (np.arange(10) - 0.5) / 2, triangle), 3, (np.arange(12) - 0.5) / 2,"
        " triangle)", x=IMAGE),
    row("F.interpolate(x, scale_factor=(0.7, 1.3), mode='bilinear')",
        "resized(resized(x, 2, (np.arange(3) + 0.5) / 0.7 - 0.5, triangle), 3,"
        " (np.arange(7) + 0.5) / 1.3 - 0.5, triangle)", x=IMAGE),
    row("F.interpolate(x, (3, 2, 5), mode='trilinear', align_corners=True)",
        "resized(x[:, :, :, ::3], 4, np.arange(5) * 0.75, triangle)", x=SPACE),
    row("F.interpolate(x, (10, 3), mode='bicubic')",
        "resized(resized(x, 2, (np.arange(10) - 0.5) / 2, cubic), 3, np.arange(3) * 2 + 0.5,"
        " cubic)", x=IMAGE),
    row("F.interpolate(x, (2, 4), mode='bilinear', antialias=True)",
        "smooth(smooth(x, 2, 2, triangle, 1), 3, 4, triangle, 1)", x=IMAGE),
    row("F.interpolate(x, (2, 9), mode='bicubic', antialias=True)",
        "smooth(smooth(x, 2, 2, lambda d: cubic(d, -0.5), 2), 3, 9, lambda d: cubic(d, -0.5), 2)",
        x=IMAGE),
    row("F.interpolate(x, (2, 6), mode='lanczos', antialias=True)",
        "smooth(x, 2, 2, lambda d: np.sinc(d) * np.sinc(d / 3), 3)", x=IMAGE),
    row("F.upsample_bilinear(x, (9, 6))", "resized(x, 2, np.arange(9) / 2, triangle)",
        oracle="F.interpolate(x, (9, 6), mode='bilinear', align_corners=True)", x=IMAGE),
    row("F.pixel_shuffle(x, 2)",
        "x.reshape(1, 2, 2, 2, 2, 3).transpose(0, 1, 4, 2, 5, 3).reshape(1, 2, 4, 6)",
        x=(1, 8, 2, 3)),
    row("F.pixel_unshuffle(x, 2)",
        "x.reshape(1, 2, 2, 2, 3, 2).transpose(0, 1, 3, 5, 2, 4).reshape(1, 8, 2, 3)",
        x=(1, 2, 4, 6)),
    row("F.channel_shuffle(x, 2)", "x[:, [0, 3, 1, 4, 2, 5]]", x=(1, 6, 2)),
]  # fmt: skip

# PyTorch's grid_sample cannot be differentiated twice: it is asked for the same as an einsum.
_EINSUM = "torch.einsum('ncij,nhwi,nhwj->nchw', x, {kernel}({rows}), {kernel}({columns}))"
_TENT = "(lambda d: (1 - d.abs()).relu())"
_CUBIC = (
    "(lambda d: torch.where(d.abs() < 1, 1.25 * d.abs()**3 - 2.25 * d**2 + 1, torch.where(d.abs()"
    " < 2, -0.75 * (d.abs()**3 - 5 * d**2 + 8 * d.abs() - 4), 0)))"
)
_ROWS, _COLUMNS = "y[..., 1:] * 1.5 + 1", "y[..., :1] * 2 + 1.5"
_GRID: dict[str, Any] = {"domain": (-1.3, 1.3), "x": (1, 2, 3, 4), "y": (1, 3, 2, 2)}


def _beside(kernel: str, rows: str = _ROWS, columns: str = _COLUMNS) -> str:
    return _EINSUM.format(kernel=kernel, rows=f"{rows} - torch.arange(3.0)",
                          columns=f"{columns} - torch.arange(4.0)")  # fmt: skip


GRIDS = [
    row("F.grid_sample(x, y, align_corners=False)",
        "sampled(x, y[..., 1] * 1.5 + 1, y[..., 0] * 2 + 1.5, triangle)", "x y",
        oracle=_beside(_TENT), **_GRID),
    row("F.grid_sample(x, y, padding_mode='border', align_corners=True)",
        "sampled(x, np.clip(y[..., 1] + 1, 0, 2), np.clip(y[..., 0] * 1.5 + 1.5, 0, 3), triangle)",
        "x y", oracle=_beside(_TENT, "(y[..., 1:] + 1).clamp(0, 2)",
                              "(y[..., :1] * 1.5 + 1.5).clamp(0, 3)"), **_GRID),
    row("F.grid_sample(x, y, padding_mode='reflection', align_corners=True)",
        "sampled(x, turned_back(y[..., 1] + 1, 2), turned_back(y[..., 0] * 1.5 + 1.5, 3),"
        " triangle)", "x y", oracle=_beside(_TENT, "(2 - (2 - (y[..., 1:] + 1).abs() % 4).abs())",
                              "(3 - (3 - (y[..., :1] * 1.5 + 1.5).abs() % 6).abs())"),
        domain=(-3.9, 3.9), x=(1, 2, 3, 4), y=(1, 3, 2, 2)),
    row("F.grid_sample(x, y, 'nearest', align_corners=False)",
        "sampled(x, y[..., 1] * 1.5 + 1, y[..., 0] * 2 + 1.5, lambda d: np.abs(d) < 0.5)", "x y",
        oracle=_beside("(lambda d: (d.abs() < 0.5).to(x.dtype))") + " + 0 * y.sum()", **_GRID),
    row("F.grid_sample(x, y, 'bicubic', align_corners=False)",
        "sampled(x, y[..., 1] * 1.5 + 1, y[..., 0] * 2 + 1.5, cubic)", "x y",
        oracle=_beside(_CUBIC), **_GRID),
    row("F.grid_sample(x, y, align_corners=False)",
        "np.einsum('ncijk,nhwdi,nhwdj,nhwdk->nchwd', x, triangle(y[..., 2:] + 0.5 - np.arange(2)),"
        " triangle(y[..., 1:2] * 1.5 + 1 - np.arange(3)), triangle(y[..., :1] + 0.5"
        " - np.arange(2)))", "x y", oracle="torch.einsum('ncijk,nhwdi,nhwdj,nhwdk->nchwd', x, "
        f"{_TENT}(y[..., 2:] + 0.5 - torch.arange(2.0)), {_TENT}(y[..., 1:2] * 1.5 + 1"
        f" - torch.arange(3.0)), {_TENT}(y[..., :1] + 0.5 - torch.arange(2.0)))",
        domain=(-1.3, 1.3), x=(1, 2, 2, 3, 2), y=(1, 1, 2, 2, 3)),
    row("F.affine_grid(x, (1, 1, 2, 3), align_corners=True)",
        "np.stack(np.broadcast_arrays(np.array([-1, 0, 1]), np.array([[-1], [1]]), 1), -1)"
        " @ np.swapaxes(x, 1, 2)[:, None]", x=(1, 2, 3)),
]  # fmt: skip

SPATIAL = [*POOLING, *PADDING, *RESAMPLING, *GRIDS]

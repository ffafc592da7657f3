"""Averages over windows: linear maps, which save nothing.

Holds:     a mean over a window is a mean along each dimension, one after the other; means of int64
           drop the fraction, as PyTorch's do (on the CPU; it has none on a GPU).
Must not:  touch arrays.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...graph import new_tensor
from ..aliases import div
from ..surface import public
from .axis_maps import AxisMap, table
from .resampling import resampled
from .windows import Windows, output_sizes, windows_of

__all__ = ["adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_mean",
           "avg_pool1d", "avg_pool2d", "avg_pool3d", "local_response_norm", "lp_pool1d",
           "lp_pool2d", "lp_pool3d"]  # fmt: skip


# ------------------------------------------------------------------------------------ over windows
def _mean(name: str, input: Any, windows: Windows, counted: int) -> Any:
    """Means, of the window with (1) or without (2) its padding, or sums (0)."""
    whole = input.kind.dtype.name == "int64" and not input.kind.is_cuda
    if not whole:
        _check_floating(name, input)
    maps = tuple(
        AxisMap("Window", size, out, kernel, stride, padding, 0 if whole else counted)
        for size, out, kernel, stride, padding, _ in zip(*windows, strict=True)
    )
    sums = resampled(f"AvgPool{len(maps)}D", input, maps)
    return div(sums, _counts(input, maps, counted), rounding_mode="trunc") if whole else sums


def _counts(input: Any, maps: tuple[AxisMap, ...], counted: int) -> Any:
    """How many entries each window averages."""
    counts: Any = np.ones((), np.int64)
    for m in maps:
        shares = table(m._replace(flag=counted)).weights[:, 0]
        counts = counts[..., None] * np.rint(1 / shares).astype(np.int64)
    return new_tensor(counts, input.kind)


def _check_floating(name: str, input: Any) -> None:
    if not input.kind.is_floating_point:
        raise NotImplementedError(f'"{name}" not implemented for {input.kind.dtype.name}')


def _avg_pool(dims: int, input: Any, kernel_size: Any, stride: Any, padding: Any, ceil_mode: bool,
              count_include_pad: bool, divisor_override: int | None = None) -> Any:
    name = f"avg_pool{dims}d"
    if divisor_override == 0:
        raise RuntimeError("divisor must be not zero")
    windows = windows_of(name, input.shape, dims, kernel_size, stride, padding, 1, ceil_mode)
    if divisor_override is None:
        return _mean(name, input, windows, 1 if count_include_pad else 2)
    return div(
        _mean(name, input, windows, 0), divisor_override,
        rounding_mode=None if input.kind.is_floating_point else "trunc",
    )  # fmt: skip


@public("torch F")
def avg_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True) -> Any:
    """Means over windows of the last dimension; see ``avg_pool2d``."""
    return _avg_pool(1, input, kernel_size, stride, padding, ceil_mode, count_include_pad)


@public("F")
def avg_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Any:
    """Means over windows of the last two dimensions, one every ``stride`` (or beside each other).

    Zeros of the padding count unless ``count_include_pad`` is False; ``divisor_override`` divides
    the sums instead of their windows' sizes.

    Shape:   (C, H, W) or (N, C, H, W) -> the same with fewer rows and columns
    Saves:   nothing
    Raises:  RuntimeError; ShapeError where no window fits
    >>> avg_pool2d(tensor([[[1.0, 2.0], [3.0, 6.0]]]), 2)
    tensor([[[3.]]])
    """
    return _avg_pool(2, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)  # fmt: skip


@public("F")
def avg_pool3d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               ceil_mode: bool = False, count_include_pad: bool = True,
               divisor_override: int | None = None) -> Any:
    """Means over windows of the last three dimensions; see ``avg_pool2d``."""
    return _avg_pool(3, input, kernel_size, stride, padding, ceil_mode, count_include_pad,
                     divisor_override)  # fmt: skip


# ----------------------------------------------------------------------------------- of any size
def adaptive_mean(name: str, input: Any, output_size: Any, dims: int) -> Any:
    """Means over as many windows as are asked for; they overlap where sizes do not divide."""
    sizes = output_sizes(name, output_size, input.shape, dims)
    _check_floating(name, input)
    maps = tuple(map(_adaptive, input.shape[-dims:], sizes))
    return resampled(f"AdaptiveAvgPool{dims}D", input, maps)


def _adaptive(size: int, out: int) -> AxisMap:
    if out and size % out == 0:
        return AxisMap("Window", size, out, size // out, size // out, 0, 1)
    return AxisMap("Adaptive", size, out)


@public("torch F")
def adaptive_avg_pool1d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` equal parts of the last dimension."""
    return adaptive_mean("adaptive_avg_pool1d", input, output_size, 1)


@public("F")
def adaptive_avg_pool2d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` equal parts of the last two dimensions; None keeps a size.

    Shape:   (C, H, W) or (N, C, H, W) -> (..., *output_size)
    Saves:   nothing
    """
    return adaptive_mean("adaptive_avg_pool2d", input, output_size, 2)


@public("F")
def adaptive_avg_pool3d(input: Any, output_size: Any) -> Any:
    """Means over ``output_size`` equal parts of the last three dimensions; None keeps a size."""
    return adaptive_mean("adaptive_avg_pool3d", input, output_size, 3)


# ------------------------------------------------------------------------------------------ powers
def _lp_pool(dims: int, input: Any, norm_type: float, kernel_size: Any, stride: Any,
             ceil_mode: bool) -> Any:  # fmt: skip
    name = f"lp_pool{dims}d"
    windows = windows_of(name, input.shape, dims, kernel_size, stride, 0, 1, ceil_mode)
    means = _mean(name, input**norm_type, windows, 1)
    return (means * prod(windows.kernel)) ** (1.0 / norm_type)


@public("F")
def lp_pool1d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Any:
    """``sum(x ** p) ** (1 / p)`` over windows of the last dimension; see ``lp_pool2d``."""
    return _lp_pool(1, input, norm_type, kernel_size, stride, ceil_mode)


@public("F")
def lp_pool2d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Any:
    """``sum(x ** p) ** (1 / p)`` over windows of the last two dimensions, p = ``norm_type``.

    Shape:   as ``avg_pool2d``
    Saves:   input and the sums
    """
    return _lp_pool(2, input, norm_type, kernel_size, stride, ceil_mode)


@public("F")
def lp_pool3d(input: Any, norm_type: float, kernel_size: Any, stride: Any = None,
              ceil_mode: bool = False) -> Any:
    """``sum(x ** p) ** (1 / p)`` over windows of the last three dimensions; see ``lp_pool2d``."""
    return _lp_pool(3, input, norm_type, kernel_size, stride, ceil_mode)


# ---------------------------------------------------------------------------------------- channels
@public("F")
def local_response_norm(input: Any, size: int, alpha: float = 1e-4, beta: float = 0.75,
                        k: float = 1.0) -> Any:
    """``input / (k + alpha * mean of squares) ** beta``, the mean over ``size`` channels around.

    Shape:   (N, C, ...) -> the same
    Saves:   input, the denominator and the sum below its power
    Source:  Krizhevsky et al. 2012, section 3.3
    """
    if len(input.shape) < 3:
        raise ValueError(
            f"Expected 3D or higher dimensionality input (got {len(input.shape)} dimensions)"
        )
    if size <= 0:
        raise RuntimeError(f"kernel size should be greater than zero, but got {size}")
    if not input.shape.numel():
        return input
    batch, channels, *rest = input.shape
    squares = (input * input).reshape(batch, channels, prod(rest))
    window = AxisMap("Window", channels, channels, size, 1, size // 2, 1)
    kept = AxisMap("Window", prod(rest), prod(rest))
    means = resampled("AvgPool2D", squares, (window, kept)).reshape(input.shape)
    return input / (means * alpha + k) ** beta

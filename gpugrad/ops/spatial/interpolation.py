"""Interpolation to other sizes.

Holds:     every mode is a map along each dimension (axis_maps.py) and saves nothing.
Must not:  touch arrays.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

from ...errors import ShapeError
from ..surface import public
from .average import adaptive_mean
from .axis_maps import AxisMap
from .resampling import resampled

__all__ = ["interpolate", "upsample", "upsample_bilinear", "upsample_nearest"]

Maps = tuple[AxisMap, ...]

# Mode: number of spatial dimensions (None: 1 to 3), kind of map.
_MODES = {
    "nearest": (None, "Nearest"), "nearest-exact": (None, "Nearest"), "area": (None, "Adaptive"),
    "linear": (1, "Linear"), "bilinear": (2, "Linear"), "trilinear": (3, "Linear"),
    "bicubic": (2, "Cubic"), "lanczos": (2, "Smooth"),
}  # fmt: skip
_FILTERS = {"bilinear": 0, "bicubic": 1, "lanczos": 2}
_WITHOUT_CORNERS = ("nearest", "nearest-exact", "area")


@public("F")
def interpolate(input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
                align_corners: bool | None = None, recompute_scale_factor: bool | None = None,
                antialias: bool = False) -> Any:
    """``input`` (N, C, ...) resampled to ``size``, or by ``scale_factor``.

    Modes: nearest, nearest-exact, area, linear (3-D), bilinear and bicubic (4-D), trilinear (5-D),
    and lanczos (4-D, with ``antialias``). ``antialias`` widens the filter when sizes shrink.

    Shape:   (N, C, *sizes) -> (N, C, *other sizes)
    Saves:   nothing
    Raises:  ValueError, NotImplementedError for arguments that do not go together; ShapeError for
             sizes of 0
    >>> interpolate(tensor([[[1.0, 3.0]]]), scale_factor=2, mode="linear")
    tensor([[[1.0000, 1.5000, 2.5000, 3.0000]]])
    """
    if mode in _WITHOUT_CORNERS and align_corners is not None:
        raise ValueError(
            "align_corners option can only be set with the interpolating modes: linear | bilinear "
            "| bicubic | trilinear"
        )
    shape, dims = input.shape, len(input.shape) - 2
    size, factors = _size_or_factors(shape, dims, size, scale_factor)
    if recompute_scale_factor and factors is None:
        raise ValueError("recompute_scale_factor is not meaningful with an explicit size.")
    if antialias and not (mode in _FILTERS and dims == 2):
        raise ValueError(
            "Anti-alias option is restricted to bilinear, bicubic, and lanczos modes and requires "
            "a 4-D tensor as input"
        )
    _check_mode(mode, dims, antialias, bool(align_corners))
    if factors is not None:
        size = tuple(int(n * f) for n, f in zip(shape[2:], factors, strict=True))
        factors = None if recompute_scale_factor or mode == "area" else factors
    _check_sizes(input, shape, size)
    if mode == "area":
        return adaptive_mean(f"adaptive_avg_pool{dims}d", input, size, dims)
    node = f"Upsample{mode.title().replace('-', '')}{dims}D{'Aa' if antialias else ''}"
    maps = _maps(mode, shape[2:], size, factors, bool(align_corners), antialias)
    _check_dtype(input, mode)
    return resampled(node, input, maps)


def _size_or_factors(shape: Any, dims: int, size: Any, scale_factor: Any) -> tuple[Any, Any]:
    """One entry per dimension, of the one that is given; the other is None."""
    if size is not None and scale_factor is not None:
        raise ValueError("only one of size or scale_factor should be defined")
    if size is None and scale_factor is None:
        raise ValueError("either size or scale_factor should be defined")
    given, what = (size, "output size") if scale_factor is None else (scale_factor, "scale_factor")
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if len(several) != dims:
        raise ValueError(
            "Input and output must have the same number of spatial dimensions, but got input with "
            f"spatial dimensions of {list(shape[2:])} and {what} of {given}. Please provide input "
            "tensor in (N, C, d1, d2, ...,dK) format and one entry for each of d1 ... dK."
        )
    if scale_factor is not None:
        return None, tuple(map(float, several))
    try:
        return tuple(map(operator.index, several)), None
    except TypeError:
        raise TypeError(
            "expected size to be one of int or Tuple[int] or Tuple[int, int] or Tuple[int, int, "
            f"int], but got size with types {[type(n) for n in several]}"
        ) from None


def _check_mode(mode: str, dims: int, antialias: bool, corners: bool) -> None:
    if mode == "lanczos" and dims == 2:
        if corners:
            raise ValueError("Lanczos mode does not support align_corners=True")
        if not antialias:
            raise ValueError("Lanczos mode requires antialias=True")
    need = _MODES.get(mode, (0, ""))[0]
    if mode in _MODES and dims in (1, 2, 3) and need in (None, dims):
        return
    if mode in ("linear", "bilinear", "trilinear") and dims in (1, 2, 3):
        raise NotImplementedError(
            f"Got {dims + 2}D input, but {mode} mode needs {need + 2 if need else 0}D input"
        )
    raise NotImplementedError(
        f"Input Error: Only 3D, 4D and 5D input Tensors supported (got {dims + 2}D) for the modes: "
        "nearest | linear | bilinear | bicubic | trilinear | lanczos | area | nearest-exact "
        f"(got {mode})"
    )


def _check_sizes(input: Any, shape: Sequence[int], size: Sequence[int]) -> None:
    if min(size) <= 0 or min(shape[2:]) <= 0:
        raise ShapeError(
            "Input and output sizes should be greater than 0, but got input "
            f"{list(shape[2:])} output {list(size)}"
        )
    if not shape[1]:
        raise ShapeError(
            f"Non-empty {len(shape)}D data tensor expected but got a tensor with sizes "
            f"{list(shape)}"
        )


def _check_dtype(input: Any, mode: str) -> None:
    dtype = input.kind.dtype
    if not dtype.is_floating_point and not (dtype.name == "uint8" and mode.startswith("nearest")):
        raise NotImplementedError(f'"interpolate" of mode {mode} not implemented for {dtype.name}')


def _maps(mode: str, old: Sequence[int], new: Sequence[int], factors: Any, corners: bool,
          antialias: bool) -> Maps:  # fmt: skip
    kind = "Smooth" if antialias else _MODES[mode][1]
    flag = _FILTERS[mode] if antialias else int(corners or mode == "nearest-exact")
    scales = factors or (None,) * len(old)
    return tuple(
        AxisMap(kind, n, m, flag=flag, scale=_step(n, m, f, corners))
        for n, m, f in zip(old, new, scales, strict=True)
    )


def _step(old: int, new: int, factor: float | None, corners: bool) -> float:
    """How many entries lie between two outputs."""
    if corners:
        return (old - 1) / (new - 1) if new > 1 else 0.0
    return 1 / factor if factor else old / new


@public("F")
def upsample(input: Any, size: Any = None, scale_factor: Any = None, mode: str = "nearest",
             align_corners: bool | None = None) -> Any:
    """``interpolate`` under its old name."""
    return interpolate(input, size, scale_factor, mode, align_corners)


@public("F")
def upsample_nearest(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """``interpolate`` with the mode nearest."""
    return interpolate(input, size, scale_factor, "nearest")


@public("F")
def upsample_bilinear(input: Any, size: Any = None, scale_factor: Any = None) -> Any:
    """``interpolate`` with the mode bilinear and aligned corners."""
    return interpolate(input, size, scale_factor, "bilinear", True)

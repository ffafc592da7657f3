"""Max pooling over windows at random places, so that sizes shrink by any factor (Graham 2014).

Holds:     positions of the winners in their planes are kept, as int32.
Must not:  draw numbers where they are given.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...array import int64
from ...errors import DTypeError, ShapeError
from ..generic import Custom, custom
from ..random import rand
from ..surface import public
from .max_kernels import best_of
from .maximum import placed_in_planes
from .windows import check_dims, sizes_of

__all__ = ["fractional_max_pool2d", "fractional_max_pool2d_with_indices", "fractional_max_pool3d",
           "fractional_max_pool3d_with_indices"]  # fmt: skip


def _fractional(node_name: str) -> Custom:
    def fractional_max(xp: Any, x: Any, samples: Any, *, kernel: Any, sizes: Any) -> Any:
        return _largest(xp, x, samples, kernel, sizes)

    op = custom(node_name=node_name, saves=("result1",))(fractional_max)

    @op.vjp
    def _(g: Any, index: Any, *, kernel: Any, sizes: Any, shapes: Any) -> Any:
        return placed_in_planes(g, index, len(sizes), shapes[0]), None

    return op


_OPS = {dims: _fractional(f"FractionalMaxPool{dims}D") for dims in (2, 3)}


def _largest(xp: Any, x: Any, samples: Any, kernel: Any, sizes: Any) -> Any:
    dims = len(sizes)
    lead = x.shape[:-dims]
    wide = samples.astype(np.float32) if samples.dtype.itemsize == 2 else samples
    parts = []
    for d, (n, out, k) in enumerate(zip(x.shape[-dims:], sizes, kernel, strict=True)):
        sample = wide[..., dims - 1 - d if dims == 2 else d].reshape(*lead, 1)
        start = _starts(xp, sample, n, out, k)
        shape = (*lead, *[1] * d, out, *[1] * (dims - 1 - d))
        parts.append([(start + j).reshape(shape) for j in range(k)])
    return best_of(x, dims, sizes, parts)


def _starts(xp: Any, sample: Any, size: int, out: int, kernel: int) -> Any:
    """Where the windows of each plane begin; the last ends with the input."""
    real = sample.dtype.type
    alpha = real(size - kernel) / real(out - 1) if out > 1 else real(0)
    o = xp.arange(out).astype(sample.dtype)
    starts = ((o + sample) * alpha).astype(np.int64) - (sample * alpha).astype(np.int64)
    starts[..., out - 1] = size - kernel
    return starts


def _pool(dims: int, input: Any, kernel_size: Any, output_size: Any, output_ratio: Any,
          samples: Any) -> tuple[Any, Any]:  # fmt: skip
    name = f"fractional_max_pool{dims}d"
    if output_size is None and output_ratio is None:
        raise ValueError(f"{name} requires specifying either an output_size or an output_ratio")
    check_dims(name, input.shape, dims)
    kernel = sizes_of(name, "kernel_size", kernel_size, dims)
    if output_size is None:
        ratios = output_ratio if isinstance(output_ratio, (tuple, list)) else (output_ratio,) * dims
        output_size = [int(n * r) for n, r in zip(input.shape[-dims:], ratios, strict=True)]
    sizes = sizes_of(name, "output_size", output_size, dims)
    for n, out, k in zip(input.shape[-dims:], sizes, kernel, strict=True):
        if out < 1 or k < 1 or out + k - 1 > n:
            raise ShapeError(
                f"{name}(): pool size {k} too large relative to input size {n}, for an output of "
                f"{out}"
            )
    lead = tuple(input.shape[:-dims])
    batch, channels = (1, *lead) if len(lead) == 1 else lead
    if samples is None:
        samples = rand(batch, channels, dims, dtype=input.kind.dtype, device=input.kind.device)
    _check_samples(input, samples, batch, channels, dims)
    values, index = _OPS[dims](input, samples[:batch, :channels], kernel=kernel, sizes=sizes)
    return values, index.to(int64)


def _check_samples(input: Any, samples: Any, batch: int, channels: int, dims: int) -> None:
    if samples.kind.dtype is not input.kind.dtype:
        raise DTypeError("Expect _random_samples to have the same dtype as input")
    shape = tuple(samples.shape)
    if len(shape) != 3 or shape[0] < batch or shape[1] < channels or shape[2] != dims:
        raise ShapeError(
            f"Expect _random_samples.size(2) equals to {dims}; got {list(shape)}, need at least "
            f"{[batch, channels, dims]}"
        )


@public("F")
def fractional_max_pool2d(input: Any, kernel_size: Any, output_size: Any = None,
                          output_ratio: Any = None, return_indices: bool = False,
                          _random_samples: Any = None) -> Any:
    """The largest entries of windows whose places are random, ``output_size`` of them.

    Shape:   (C, H, W) or (N, C, H, W) -> (..., *output_size), or ``output_ratio`` of the sizes
    Saves:   4 bytes per result
    Raises:  ValueError without either; ShapeError where windows do not fit
    """
    pair = _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


@public("F")
def fractional_max_pool3d(input: Any, kernel_size: Any, output_size: Any = None,
                          output_ratio: Any = None, return_indices: bool = False,
                          _random_samples: Any = None) -> Any:
    """``fractional_max_pool2d`` over three dimensions."""
    pair = _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)
    return pair if return_indices else pair[0]


@public("F")
def fractional_max_pool2d_with_indices(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """``fractional_max_pool2d`` with ``return_indices``."""
    return _pool(2, input, kernel_size, output_size, output_ratio, _random_samples)


@public("F")
def fractional_max_pool3d_with_indices(
    input: Any, kernel_size: Any, output_size: Any = None, output_ratio: Any = None,
    return_indices: bool = False, _random_samples: Any = None,
) -> tuple[Any, Any]:  # fmt: skip
    """``fractional_max_pool3d`` with ``return_indices``."""
    return _pool(3, input, kernel_size, output_size, output_ratio, _random_samples)

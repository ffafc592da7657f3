"""Windows that slide over the last dimensions: what PyTorch's arguments mean, and where they lie.

Holds:     everything about a window is a tuple with one entry per spatial dimension; sizes that do
           not fit are refused here, in PyTorch's words, before anything is computed.
Must not:  look at values.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, NamedTuple

from ...errors import ShapeError

__all__ = ["Windows", "check_dims", "output_sizes", "position_type", "sizes_of", "windows_of"]

Sizes = tuple[int, ...]


class Windows(NamedTuple):
    """``out`` windows of ``kernel`` entries, ``dilation`` apart, one every ``stride``, that begin
    ``padding`` before the first of ``size`` entries."""

    size: Sizes
    out: Sizes
    kernel: Sizes
    stride: Sizes
    padding: Sizes
    dilation: Sizes


_WORDS = {1: "one int", 2: "two ints", 3: "three ints"}


def sizes_of(name: str, what: str, given: Any, dims: int) -> Sizes:
    """``given`` (one int, or one per dimension) as one int per dimension."""
    several = tuple(given) if isinstance(given, (tuple, list)) else (given,)
    sizes = tuple(operator.index(n) for n in several)
    if len(sizes) == 1:
        return sizes * dims
    if len(sizes) != dims:
        raise RuntimeError(
            f"{name}: {what} must either be a single int, or a tuple of {_WORDS[dims]}"
        )
    return sizes


def check_dims(name: str, shape: Sequence[int], dims: int) -> None:
    """ShapeError unless ``shape`` is (C, spatial) or (N, C, spatial), empty in N alone."""
    whole = len(shape) in (dims + 1, dims + 2)
    if whole and 0 not in shape[-dims - 1 :]:
        return
    raise ShapeError(
        f"{name}: Expected {dims + 1}D or {dims + 2}D (batch mode) tensor with optional 0 dim "
        f"batch size for input, non-empty otherwise, but got:{list(shape)}"
    )


def windows_of(name: str, shape: Sequence[int], dims: int, kernel_size: Any, stride: Any,
               padding: Any, dilation: Any = 1, ceil_mode: bool = False) -> Windows:  # fmt: skip
    """The windows of a pooling function's arguments over the last dimensions of ``shape``.

    Raises:  RuntimeError for arguments without sense, ShapeError if no window fits
    """
    kernel = sizes_of(name, "kernel_size", kernel_size, dims)
    unset = stride is None or (isinstance(stride, (tuple, list)) and not stride)
    steps = kernel if unset else sizes_of(name, "stride", stride, dims)
    pads = sizes_of(name, "padding", padding, dims)
    gaps = sizes_of(name, "dilation", dilation, dims)
    _check_positive(name, kernel, steps, gaps)
    check_dims(name, shape, dims)
    size = tuple(shape[-dims:])
    for k, p, d in zip(kernel, pads, gaps, strict=True):
        if p < 0:
            raise RuntimeError(f"{name}() pad must be non-negative, but got pad: {p}")
        if p > (d * (k - 1) + 1) // 2:
            raise RuntimeError(
                f"{name}() pad should be at most half of effective kernel size, but got pad={p}, "
                f"kernel_size={k} and dilation={d}"
            )
    out = tuple(map(_count, size, kernel, steps, pads, gaps, [ceil_mode] * dims))
    if min(out) < 1:
        channels = shape[-dims - 1]
        raise ShapeError(
            f"{name}: Given input size: ({'x'.join(map(str, (channels, *size)))}). Calculated "
            f"output size: ({'x'.join(map(str, (channels, *out)))}). Output size is too small"
        )
    return Windows(size, out, kernel, steps, pads, gaps)


def _check_positive(name: str, kernel: Sizes, stride: Sizes, dilation: Sizes) -> None:
    if min(kernel) <= 0:
        raise RuntimeError(f"{name}() kernel size should be greater than zero, but got {kernel}")
    if 0 in stride:
        raise RuntimeError(f"{name}() stride should not be zero")
    if min(stride) < 0:
        raise RuntimeError(f"{name}() stride should be greater than zero, but got {stride}")
    if min(dilation) <= 0:
        raise RuntimeError(f"{name}() dilation should be greater than zero, but got {dilation}")


def _count(size: int, kernel: int, stride: int, padding: int, dilation: int, ceil: bool) -> int:
    """How many windows there are; with ``ceil`` the last may reach beyond the padding, but begins
    inside the input or the padding in front of it."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    count = (room + (stride - 1 if ceil else 0)) // stride + 1
    return count - 1 if ceil and (count - 1) * stride >= size + padding else count


def position_type(most: int) -> str:
    """The type of positions in a plane of so many entries, in kernels/planes.cuh."""
    return "int" if most < 1 << 30 else "long long"


def output_sizes(name: str, output_size: Any, shape: Sequence[int], dims: int) -> Sizes:
    """The sizes an adaptive pooling is asked for; None keeps that of the input.

    Raises:  ShapeError
    """
    several = output_size if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(several) != dims:
        raise ShapeError(
            f"{name}: output_size must be {dims}: argument 'output_size' should contain "
            f"{_WORDS[dims]} (got {len(several)})"
        )
    check_dims(name, shape, dims)
    sizes = tuple(
        n if wanted is None else operator.index(wanted)
        for wanted, n in zip(several, shape[-dims:], strict=True)
    )
    if min(sizes) < 0:
        raise ShapeError(
            f"{name}: elements of output_size must be greater than or equal to 0 but received "
            f"{list(sizes)}: a negative dimension"
        )
    return sizes

"""unfold and fold: images as columns of blocks, and blocks added up to images.

Holds:     they are transposes of each other, so neither saves anything.
Must not:  touch arrays. on_cpu.py and on_cuda.py do.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import bad_block_argument, bad_block_count, bad_block_input, not_implemented
from ..families import Linear, linear
from ..shape import reshape
from ..surface import public
from . import on_cpu, on_cuda
from .arguments import numbers
from .geometry import Geometry, Sizes

__all__ = ["fold", "unfold"]


def _on(xp: Any) -> Any:
    return on_cpu if xp is np else on_cuda


unfold_op: Linear = linear(
    "unfold",
    node_name="Im2Col",
    forward=lambda xp, x, *, geometry: _on(xp).unfold(x, geometry),
    transpose=lambda g, *, geometry: fold_op(g, geometry=geometry),
    doc="``(N, C, *size) -> (N, C, *kernel, *out)``: what each tap reads at each position.",
)

fold_op: Linear = linear(
    "fold",
    node_name="Col2Im",
    forward=lambda xp, x, *, geometry: _on(xp).fold(x, geometry),
    transpose=lambda g, *, geometry: unfold_op(g, geometry=geometry),
    doc="``(N, C, *kernel, *out) -> (N, C, *size)``: adds up what ``unfold`` took apart.",
)


@public("F")
def unfold(input: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1
           ) -> Any:  # fmt: skip
    """The blocks that a kernel lies on as columns (im2col).

    Shape:   input (N, C, H, W) or (C, H, W) -> (N, C * kernel elements, blocks)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.nn.functional.unfold(gpugrad.arange(6.0).reshape(1, 2, 3), 2)
    tensor([[0., 1.],
            [1., 2.],
            [3., 4.],
            [4., 5.]])
    """
    shape = tuple(input.shape)
    if len(shape) not in (3, 4) or 0 in shape[-3:]:
        raise bad_block_input("3D or 4D (batch mode) tensor with possibly 0 batch size and other "
                              "non-zero", shape)  # fmt: skip
    _check_dtype("im2col", input)
    batch = shape if len(shape) == 4 else (1, *shape)
    kernel, dilation, padding, stride = _arguments(kernel_size, dilation, padding, stride)
    blocks = _blocks(batch[2:], kernel, dilation, padding, stride)
    if min(blocks) < 1:
        raise bad_block_count(None, batch[2:], blocks, 0, kernel_size=kernel, dilation=dilation,
                              padding=padding)  # fmt: skip
    geometry = Geometry(batch[2:], kernel, blocks, stride, padding, dilation, 1)
    columns = unfold_op(reshape(input, batch), geometry=geometry)
    rows = batch[1] * geometry.taps
    return reshape(columns, (*shape[:-3], rows, geometry.positions))


@public("F")
def fold(input: Any, output_size: Any, kernel_size: Any, dilation: Any = 1, padding: Any = 0,
         stride: Any = 1) -> Any:  # fmt: skip
    """Adds up columns to images, where blocks overlap (col2im): the transpose of ``unfold``.

    Shape:   input (N, C * kernel elements, blocks) or the same without N -> (N, C, *output_size)
    Saves:   nothing
    """
    shape = tuple(input.shape)
    if len(shape) not in (2, 3) or 0 in shape[-2:]:
        raise bad_block_input("2D or 3D (batch mode) tensor for input with possibly 0 batch size "
                              "and non-zero", shape)  # fmt: skip
    _check_dtype("col2im", input)
    size = _pair("output_size", output_size)
    kernel, dilation, padding, stride = _arguments(kernel_size, dilation, padding, stride)
    blocks = _blocks(size, kernel, dilation, padding, stride)
    rows, columns = shape[-2:]
    channels, rest = divmod(rows, kernel[0] * kernel[1])
    if rest or min(blocks) < 0 or blocks[0] * blocks[1] != columns or not columns:
        raise bad_block_count(size, (columns,), blocks, rows, kernel_size=kernel,
                              dilation=dilation, padding=padding, stride=stride)  # fmt: skip
    geometry = Geometry(size, kernel, blocks, stride, padding, dilation, 1)
    apart = reshape(input, (*(shape[:-2] or (1,)), channels, *kernel, *blocks))
    image = fold_op(apart, geometry=geometry)
    return image if len(shape) == 3 else reshape(image, image.shape[1:])


def _arguments(kernel: Any, dilation: Any, padding: Any, stride: Any) -> tuple[Sizes, ...]:
    found = []
    for argument, value, least in (("kernel_size", kernel, 1), ("dilation", dilation, 1),
                                   ("padding", padding, 0), ("stride", stride, 1)):  # fmt: skip
        pair = _pair(argument, value)
        if min(pair) < least:
            raise bad_block_argument(argument, pair)
        found.append(pair)
    return tuple(found)


def _pair(argument: str, value: Any) -> Sizes:
    pair = numbers("im2col", argument, value)
    if not isinstance(value, (list, tuple)):
        return pair * 2
    if len(pair) != 2:
        raise bad_block_argument(argument, pair)
    return pair


def _blocks(size: Sizes, kernel: Sizes, dilation: Sizes, padding: Sizes, stride: Sizes) -> Sizes:
    return tuple([
        (n + 2 * p - d * (k - 1) - 1) // s + 1
        for n, k, d, p, s in zip(size, kernel, dilation, padding, stride, strict=True)
    ])


def _check_dtype(name: str, input: Any) -> None:
    if not input.kind.is_floating_point and input.kind.dtype.name != "bool":
        raise not_implemented(name, input.kind.dtype.name)

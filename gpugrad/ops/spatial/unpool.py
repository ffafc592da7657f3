"""The way back from max pooling: values at given positions of larger planes, zeros elsewhere.

Holds:     the indices are kept, which the caller has.
Must not:  ask a GPU whether indices are in range.
"""

from __future__ import annotations

import operator
from math import prod
from typing import Any

from ...errors import DTypeError, ShapeError
from ...graph import Size, values_behind
from ..generic import custom
from ..index import gather_op
from ..shape import reshape_op
from ..surface import public
from .windows import sizes_of

__all__ = ["max_unpool1d", "max_unpool2d", "max_unpool3d"]


@custom(node_name="MaxUnpool", saves=("index",))
def unpool_op(xp: Any, x: Any, index: Any, *, sizes: tuple[int, ...]) -> Any:
    """Zeros with the entries of ``x`` at ``index``; of entries at one place, one stays."""
    dims = len(sizes)
    lead = x.shape[:-dims]
    planes, count = prod(lead), prod(x.shape[-dims:])
    out = xp.zeros((planes, prod(sizes)), x.dtype)
    rows = xp.arange(planes)[:, None]
    out[rows, index.reshape(planes, count)] = x.reshape(planes, count)
    return out.reshape(*lead, *sizes)


@unpool_op.vjp
def _(g: Any, index: Any, *, sizes: tuple[int, ...], shapes: Any) -> Any:
    shape = shapes[0]
    lead = shape[: -len(sizes)]
    rows = reshape_op(g, shape=Size((*lead, prod(sizes))))
    flat = reshape_op(index, shape=Size((*lead, prod(shape[-len(sizes) :]))))
    return reshape_op(gather_op(rows, flat, axis=len(lead)), shape=shape), None


def _unpool(dims: int, input: Any, indices: Any, kernel_size: Any, stride: Any, padding: Any,
            output_size: Any) -> Any:  # fmt: skip
    name = f"max_unpool{dims}d"
    kernel = sizes_of(name, "kernel_size", kernel_size, dims)
    steps = kernel if stride is None else sizes_of(name, "stride", stride, dims)
    pads = sizes_of(name, "padding", padding, dims)
    shape = tuple(input.shape)
    if len(shape) not in (dims + 1, dims + 2):
        raise ShapeError(
            f"Input to {name} should be a {dims + 1}d or {dims + 2}d Tensor, but got a tensor with "
            f"{len(shape)} dimensions."
        )
    usual = tuple(
        (n - 1) * s - 2 * p + k
        for n, s, p, k in zip(shape[-dims:], steps, pads, kernel, strict=True)
    )
    sizes = usual if output_size is None else _given(output_size, usual, steps, dims)
    _check_indices(input, indices, sizes)
    return unpool_op(input, indices, sizes=sizes)


def _given(output_size: Any, usual: Any, steps: Any, dims: int) -> tuple[int, ...]:
    sizes = tuple(output_size)
    if len(sizes) == dims + 2:
        sizes = sizes[2:]
    if len(sizes) != dims:
        raise ValueError(
            f"output_size should be a sequence containing {dims} or {dims + 2} elements, but it "
            f"has a length of '{len(sizes)}'"
        )
    for d, (n, middle, step) in enumerate(zip(sizes, usual, steps, strict=True)):
        if not middle - step < n < middle + step:
            raise ValueError(
                f'invalid output_size "{sizes}" (dim {d} must be between {middle - step} and '
                f"{middle + step})"
            )
    return tuple(map(operator.index, sizes))


def _check_indices(input: Any, indices: Any, sizes: tuple[int, ...]) -> None:
    if indices.kind.dtype.name != "int64":
        raise DTypeError(
            f"elements in indices should be type int64 but got: {indices.kind.dtype.name}"
        )
    if indices.shape != input.shape:
        raise ShapeError(
            "Expected shape of indices to be same as that of the input tensor "
            f"({list(input.shape)}) but got indices tensor with shape: {list(indices.shape)}"
        )
    if indices.kind.is_cuda or not indices.shape.numel():
        return
    values = values_behind(indices)
    low, high = int(values.min()), int(values.max())
    if low < 0 or high >= prod(sizes):
        raise ShapeError(
            f"Found an invalid max index: {low if low < 0 else high} (output volumes are of size "
            f"{'x'.join(map(str, sizes))})"
        )


@public("F")
def max_unpool1d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Any:
    """Undoes ``max_pool1d`` as far as that is possible; see ``max_unpool2d``."""
    return _unpool(1, input, indices, kernel_size, stride, padding, output_size)


@public("F")
def max_unpool2d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Any:
    """Undoes ``max_pool2d(..., return_indices=True)``: values at ``indices``, zeros elsewhere.

    Shape:   (C, H, W) or (N, C, H, W) -> the size pooling came from, or ``output_size``
    Saves:   the indices
    Raises:  ValueError for an impossible size; RuntimeError for an index outside (on the CPU)
    """
    return _unpool(2, input, indices, kernel_size, stride, padding, output_size)


@public("F")
def max_unpool3d(input: Any, indices: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                 output_size: Any = None) -> Any:
    """Undoes ``max_pool3d`` as far as that is possible; see ``max_unpool2d``."""
    return _unpool(3, input, indices, kernel_size, stride, padding, output_size)

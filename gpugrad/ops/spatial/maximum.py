"""The largest entries of windows.

Holds:     a window's winner is kept as its place in the window, a byte where windows have less
           than 256 entries: backward needs nothing else, and the input may go. Of equal entries the
           first wins; NaN wins over everything.
Must not:  touch arrays. max_kernels.py does.
"""

from __future__ import annotations

from typing import Any

from ...array import int64
from ...graph import Size, is_traced, new_tensor
from ..generic import Custom, custom, valued
from ..index import put_along
from ..record import records
from ..shape import reshape_op
from ..surface import public
from . import max_kernels as kernels
from .windows import Windows, output_sizes, windows_of

__all__ = ["adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d", "max_pool1d",
           "max_pool2d", "max_pool3d", "placed_in_planes"]  # fmt: skip


# ---------------------------------------------------------------------------------------- the ops
def _pooling(node_name: str) -> Custom:
    """The op under the name of a node: the largest entries, and where in its window each was."""

    def max_pool(xp: Any, x: Any, *, windows: Windows) -> Any:
        return kernels.max_pool(x, windows)

    op = custom(node_name=node_name, saves=("result1",))(max_pool)

    @op.vjp
    def _(g: Any, places: Any, *, windows: Windows) -> Any:
        return route_op(g, places, windows=windows, back=True)

    return op


_POOLS = {dims: _pooling(f"MaxPool{dims}DWithIndices") for dims in (1, 2, 3)}


@custom(node_name="MaxPoolBackward", saves=("places",))
def route_op(xp: Any, x: Any, places: Any, *, windows: Windows, back: bool) -> Any:
    """Entries of inputs where the winners were; ``back`` puts them there, zeros elsewhere."""
    return (kernels.put if back else kernels.pick)(x, places, windows)


@route_op.vjp
def _(g: Any, places: Any, *, windows: Windows, back: bool) -> Any:
    return route_op(g, places, windows=windows, back=not back), None


def _max_pool(input: Any, windows: Windows, indices: bool) -> Any:
    """The largest entries; with ``indices`` also where they are in their plane."""
    if not (indices or records((input,)) or is_traced(input)):
        return new_tensor(kernels.max_pool(input.array, windows, places=False), input.kind)
    values, places = _POOLS[len(windows.size)](input, windows=windows)
    if not indices:
        return values
    return values, _indices(places, windows=windows)


@valued
def _indices(places: Any, *, windows: Windows) -> Any:
    """Where the winners are in their plane."""
    kind = places.kind.with_dtype(int64)
    return new_tensor(kernels.indices(places.array, windows), kind)


def _check(name: str, input: Any, integers: bool = True) -> None:
    kind = input.kind
    if kind.dtype.name == "bool" or not (integers or kind.is_floating_point):
        raise NotImplementedError(f'"{name}" not implemented for {kind.dtype.name}')


# ------------------------------------------------------------------------------------ over windows
def _sliding(dims: int, input: Any, kernel_size: Any, stride: Any, padding: Any, dilation: Any,
             ceil_mode: bool, return_indices: bool) -> Any:  # fmt: skip
    name = f"max_pool{dims}d"
    windows = windows_of(name, input.shape, dims, kernel_size, stride, padding, dilation, ceil_mode)
    _check(name, input, integers=dims > 1)
    return _max_pool(input, windows, return_indices)


@public("torch F")
def max_pool1d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest entries of windows of the last dimension; see ``max_pool2d``."""
    return _sliding(1, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@public("torch F")
def max_pool2d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest entries of windows of the last two dimensions, one every ``stride``.

    With ``return_indices`` also their positions in the flattened plane, for ``max_unpool2d``.

    Shape:   (C, H, W) or (N, C, H, W) -> the same with fewer rows and columns
    Saves:   a byte per result (PyTorch: the input, and 8 bytes per result)
    Raises:  RuntimeError; ShapeError where no window fits
    >>> max_pool2d(tensor([[[1.0, 2.0], [4.0, 3.0]]]), 2, return_indices=True)
    (tensor([[[4.]]]), tensor([[[2]]]))
    """
    return _sliding(2, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@public("torch F")
def max_pool3d(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
               dilation: Any = 1, ceil_mode: bool = False, return_indices: bool = False) -> Any:
    """The largest entries of windows of the last three dimensions; see ``max_pool2d``."""
    return _sliding(3, input, kernel_size, stride, padding, dilation, ceil_mode, return_indices)


@public("torch F")
def max_pool1d_with_indices(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                            dilation: Any = 1, ceil_mode: bool = False,
                            return_indices: bool = False) -> Any:
    """``max_pool1d`` with ``return_indices``."""
    return _sliding(1, input, kernel_size, stride, padding, dilation, ceil_mode, True)


@public("F")
def max_pool2d_with_indices(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                            dilation: Any = 1, ceil_mode: bool = False,
                            return_indices: bool = False) -> Any:
    """``max_pool2d`` with ``return_indices``."""
    return _sliding(2, input, kernel_size, stride, padding, dilation, ceil_mode, True)


@public("F")
def max_pool3d_with_indices(input: Any, kernel_size: Any, stride: Any = None, padding: Any = 0,
                            dilation: Any = 1, ceil_mode: bool = False,
                            return_indices: bool = False) -> Any:
    """``max_pool3d`` with ``return_indices``."""
    return _sliding(3, input, kernel_size, stride, padding, dilation, ceil_mode, True)


# ------------------------------------------------------------------------------------- of any size
def _adaptive(dims: int, input: Any, output_size: Any, return_indices: bool) -> Any:
    name = f"adaptive_max_pool{dims}d"
    sizes = output_sizes(name, output_size, input.shape, dims)
    _check(name, input, integers=False)
    size = tuple(input.shape[-dims:])
    if 0 not in sizes and all(n % m == 0 for n, m in zip(size, sizes, strict=True)):
        parts = tuple([n // m for n, m in zip(size, sizes, strict=True)])
        ones = (1,) * dims
        windows = Windows(size, sizes, parts, parts, (0,) * dims, ones)
        return _max_pool(input, windows, return_indices)
    values, index = _UNEVEN[dims](input, sizes=sizes)
    return (values, index.to(int64)) if return_indices else values


def _uneven(node_name: str) -> Custom:
    """The op for windows of different sizes, which keeps positions in the plane."""

    def adaptive_max(xp: Any, x: Any, *, sizes: tuple[int, ...]) -> Any:
        return kernels.adaptive_max(x, sizes)

    op = custom(node_name=node_name, saves=("result1",))(adaptive_max)

    @op.vjp
    def _(g: Any, index: Any, *, sizes: tuple[int, ...], shapes: Any) -> Any:
        return placed_in_planes(g, index, len(sizes), shapes[0])

    return op


_UNEVEN = {dims: _uneven(f"AdaptiveMaxPool{dims}D") for dims in (1, 2, 3)}


def placed_in_planes(g: Any, index: Any, dims: int, shape: Size) -> Any:
    """``g`` added to zeros of ``shape``, at positions in the planes of the last dimensions."""
    lead = shape[:-dims]
    count = kernels.prod(shape[-dims:])
    rows = Size((*lead, kernels.prod(index.shape[-dims:])))
    flat = put_along(reshape_op(g, shape=rows), reshape_op(index, shape=rows), axis=len(lead),
                     shape=Size((*lead, count)))  # fmt: skip
    return reshape_op(flat, shape=shape)


@public("F")
def adaptive_max_pool1d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest entries of ``output_size`` parts of the last dimension."""
    return _adaptive(1, input, output_size, return_indices)


@public("F")
def adaptive_max_pool2d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest entries of ``output_size`` parts of the last two dimensions.

    Shape:   (C, H, W) or (N, C, H, W) -> (..., *output_size); None keeps a size
    Saves:   a byte per result where sizes divide, else 4
    """
    return _adaptive(2, input, output_size, return_indices)


@public("F")
def adaptive_max_pool3d(input: Any, output_size: Any, return_indices: bool = False) -> Any:
    """The largest entries of ``output_size`` parts of the last three dimensions."""
    return _adaptive(3, input, output_size, return_indices)


@public("torch", name="adaptive_max_pool1d")
def _adaptive_max_pool1d_pair(input: Any, output_size: Any) -> tuple[Any, Any]:
    """The largest entries of ``output_size`` parts of the last dimension, and their positions."""
    return _adaptive(1, input, output_size, True)  # type: ignore[no-any-return]


@public("F")
def adaptive_max_pool1d_with_indices(input: Any, output_size: Any,
                                     return_indices: bool = False) -> Any:
    """``adaptive_max_pool1d`` with ``return_indices``."""
    return _adaptive(1, input, output_size, True)


@public("F")
def adaptive_max_pool2d_with_indices(input: Any, output_size: Any,
                                     return_indices: bool = False) -> Any:
    """``adaptive_max_pool2d`` with ``return_indices``."""
    return _adaptive(2, input, output_size, True)


@public("F")
def adaptive_max_pool3d_with_indices(input: Any, output_size: Any,
                                     return_indices: bool = False) -> Any:
    """``adaptive_max_pool3d`` with ``return_indices``."""
    return _adaptive(3, input, output_size, True)

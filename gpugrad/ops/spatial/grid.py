"""Sampling at given places: ``grid_sample`` and the grids of affine transformations.

Three ops, of any order of derivative: ``sample`` reads the input at the grid's places, ``spread``
is its transpose, ``slopes`` is what both send to the grid. Along a coordinate they have themselves
as derivative, with weights differentiated once more in that coordinate. So ``orders``, one number
per coordinate, makes them each other's backward.

Holds:     the grid is kept, and the input where the grid needs a gradient.
Must not:  touch arrays. grid_kernels.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ...errors import DTypeError, ShapeError
from ...graph import Size
from ..arithmetic import add, mul
from ..generic import Linear, custom, linear
from ..index import slice_op
from ..shape import reshape_op
from ..surface import PLACES, public
from . import grid_kernels as kernels
from .grid_kernels import Sampling

__all__ = ["affine_grid", "grid_sample", "grid_sampler"]

MODES = {"bilinear": 0, "nearest": 1, "bicubic": 2}
PADDINGS = {"zeros": 0, "border": 1, "reflection": 2}
PLACES["F"].update(GRID_SAMPLE_INTERPOLATION_MODES=MODES, GRID_SAMPLE_PADDING_MODES=PADDINGS)


# ---------------------------------------------------------------------------------------- the ops
@custom(node_name="GridSampler", saves=lambda needs: ("x", "grid") if needs[1] else ("grid",))
def sample_op(xp: Any, x: Any, grid: Any, *, how: Sampling) -> Any:
    """Entries of ``x`` (N, C, ...) around the places of ``grid`` (N, ..., dims), weighed."""
    return kernels.sample(xp, x, grid, how)


@sample_op.vjp
def _(g: Any, *saved: Any, how: Sampling, shapes: Any, needs: Any) -> Any:
    grid = saved[-1]
    dx = spread_op(g, grid, how=how, shape=shapes[0]) if needs[0] else None
    return dx, slopes_op(g, saved[0], grid, how=how) if needs[1] else None


@custom(node_name="GridSamplerBackward", saves=lambda n: ("g", "grid") if n[1] else ("grid",))
def spread_op(xp: Any, g: Any, grid: Any, *, how: Sampling, shape: Size) -> Any:
    """``g`` added to zeros of ``shape`` around the places of ``grid``, weighed."""
    return kernels.spread(xp, g, grid, how, shape)


@spread_op.vjp
def _(u: Any, *saved: Any, how: Sampling, shape: Size, needs: Any) -> Any:
    grid = saved[-1]
    dg = sample_op(u, grid, how=how) if needs[0] else None
    return dg, slopes_op(saved[0], u, grid, how=how) if needs[1] else None


@custom(node_name="GridSamplerBackward", saves=("g", "x", "grid"))
def slopes_op(xp: Any, g: Any, x: Any, grid: Any, *, how: Sampling) -> Any:
    """How the sum of ``g`` times the sample changes with each coordinate of ``grid``."""
    return kernels.slopes(xp, g, x, grid, how)


@slopes_op.vjp
def _(u: Any, g: Any, x: Any, grid: Any, *, how: Sampling, needs: Any) -> Any:
    found: list[Any] = [None, None, None]
    for d in range(len(how.orders)):
        steeper = how._replace(orders=tuple([n + (i == d) for i, n in enumerate(how.orders)]))
        part = slice_op(u, key=(Ellipsis, d))
        along = reshape_op(part, shape=Size((part.shape[0], 1, *part.shape[1:])))
        if needs[0]:
            _add(found, 0, mul(along, sample_op(x, grid, how=steeper)))
        if needs[1]:
            _add(found, 1, spread_op(mul(along, g), grid, how=steeper, shape=Size(x.shape)))
        if needs[2]:
            _add(found, 2, slopes_op(mul(along, g), x, grid, how=steeper))
    return tuple(found)


def _add(found: list[Any], which: int, more: Any) -> None:
    found[which] = more if found[which] is None else add(found[which], more)


# ------------------------------------------------------------------------------------ for everyone
@public("F")
def grid_sample(input: Any, grid: Any, mode: str = "bilinear", padding_mode: str = "zeros",
                align_corners: bool | None = None) -> Any:
    """``input`` read at the places of ``grid``, whose coordinates run from -1 to 1, x before y.

    Modes bilinear, nearest, bicubic (4-D only); beyond the border zeros, the border or the
    reflection. With ``align_corners`` -1 and 1 are centres of entries, not their outer sides.

    Shape:   input (N, C, H, W), grid (N, Ho, Wo, 2) -> (N, C, Ho, Wo), or with D and 3
    Saves:   the grid; the input where the grid needs a gradient
    Raises:  ValueError for a mode there is not; ShapeError; DTypeError
    >>> grid_sample(tensor([[[[1.0, 3.0]]]]), tensor([[[[0.0, 0.0]]]]))
    tensor([[[[2.]]]])
    """
    if mode not in MODES:
        raise ValueError(
            "nn.functional.grid_sample(): expected mode to be 'bilinear', 'nearest' or 'bicubic', "
            f"but got: '{mode}'"
        )
    if padding_mode not in PADDINGS:
        raise ValueError(
            "nn.functional.grid_sample(): expected padding_mode to be 'zeros', 'border', or "
            f"'reflection', but got: '{padding_mode}'"
        )
    return grid_sampler(input, grid, MODES[mode], PADDINGS[padding_mode], bool(align_corners))


@public("torch", also="grid_sampler_2d grid_sampler_3d")
def grid_sampler(input: Any, grid: Any, interpolation_mode: int, padding_mode: int,
                 align_corners: bool) -> Any:
    """``nn.functional.grid_sample`` with its modes as numbers, in the order it lists them."""
    _check(input, grid, interpolation_mode)
    zero = (0,) * (len(input.shape) - 2)
    how = Sampling(interpolation_mode, padding_mode, bool(align_corners), zero)
    return sample_op(input, grid, how=how)


def _check(input: Any, grid: Any, mode: int) -> None:
    shape, places = list(input.shape), list(grid.shape)
    dims = len(shape) - 2
    if places[:1] != shape[:1]:
        raise ShapeError(
            "grid_sampler(): expected grid and input to have same batch size, but got input with "
            f"sizes {shape} and grid with sizes {places}"
        )
    if places[-1:] != [dims]:
        raise ShapeError(
            f"grid_sampler(): expected grid to have size {dims} in last dimension, but got grid "
            f"with sizes {places}"
        )
    if dims not in (2, 3) or len(places) != len(shape):
        raise ShapeError(
            "grid_sampler(): expected 4D or 5D input and grid with same number of dimensions, but "
            f"got input with sizes {shape} and grid with sizes {places}"
        )
    if 0 in shape[2:]:
        raise ShapeError(
            "grid_sampler(): expected input to have non-empty spatial dimensions, but input has "
            f"sizes {shape}"
        )
    if mode == MODES["bicubic"] and dims == 3:
        raise ShapeError("grid_sampler(): bicubic interpolation only supports 4D input")
    if not input.kind.is_floating_point:
        raise NotImplementedError(f'"grid_sampler" not implemented for {input.kind.dtype.name}')
    if grid.kind.dtype is not input.kind.dtype:
        raise DTypeError(
            f"grid_sampler(): expected scalar type {input.kind.dtype.name} but found "
            f"{grid.kind.dtype.name}"
        )


# ------------------------------------------------------------------------------------------- grids
@public("F")
def affine_grid(theta: Any, size: Sequence[int], align_corners: bool | None = None) -> Any:
    """The grid that makes ``grid_sample`` apply the affine maps ``theta``.

    Shape:   theta (N, 2, 3), size (N, C, H, W) -> (N, H, W, 2); (N, 3, 4) and 5 sizes -> (..., 3)
    Saves:   nothing
    Raises:  ValueError, NotImplementedError for other shapes
    """
    sizes = tuple(int(n) for n in size)
    if not theta.kind.is_floating_point:
        raise ValueError(f"Expected theta to have floating point type, but got {theta.kind.dtype}")
    dims = len(sizes) - 2
    if dims not in (2, 3):
        raise NotImplementedError(
            "affine_grid only supports 4D and 5D sizes, for 2D and 3D affine transforms, "
            f"respectively. Got size {sizes}."
        )
    if len(theta.shape) != 3 or tuple(theta.shape[1:]) != (dims, dims + 1):
        raise ValueError(
            f"Expected a batch of {dims}D affine matrices of shape Nx{dims}x{dims + 1} for size "
            f"{sizes}. Got {theta.shape}."
        )
    if min(sizes) <= 0:
        raise ValueError(f"Expected non-zero, positive output size. Got {sizes}")
    return affine_grid_generator(theta, sizes, bool(align_corners))


@public("torch")
def affine_grid_generator(theta: Any, size: Sequence[int], align_corners: bool) -> Any:
    """``nn.functional.affine_grid`` without its checks."""
    batch, _, *space = (int(n) for n in size)
    if theta.shape[0] != batch:
        raise ShapeError(
            f"Expected size for first two dimensions of batch2 tensor to be: {[batch, 3]} but got: "
            f"{list(theta.shape[:2])}."
        )
    return affine_op(theta, space=tuple(space), corners=bool(align_corners), back=False)


affine_op: Linear = linear(
    "affine_grid", node_name="AffineGridGenerator",
    forward=lambda xp, x, *, space, corners, back: kernels.affine(xp, x, space, corners, back),
    transpose=lambda g, *, space, corners, back: affine_op(
        g, space=space, corners=corners, back=not back
    ),
)  # fmt: skip

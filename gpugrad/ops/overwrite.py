"""Copies of a tensor in which a region that a view would show is replaced.

Holds:     the gradient of the region goes to what replaced it, the rest to the tensor; nothing is
           saved.
Must not:  change the tensor itself.
"""

from __future__ import annotations

from typing import Any

from ..graph import NotConcrete
from .broadcast import convert
from .diagonal import diagonal_axes, diagonal_op
from .generic import Custom, View, custom
from .index import select_op, slice_op
from .join import zeros_as
from .pieces import select_key, slice_key
from .strided import check_region
from .surface import public

__all__ = ["diagonal_scatter", "select_scatter", "slice_scatter"]


def _scattering(name: str, view: View, node_name: str) -> Custom:
    """The op ``x`` with the region ``view(x, **attrs)`` replaced by ``src``."""

    def forward(xp: Any, x: Any, src: Any, **attrs: Any) -> Any:
        out = x.copy()
        view.forward(xp, out, **attrs)[...] = src
        return out

    def vjp(g: Any, *, shapes: Any, needs: Any, **attrs: Any) -> Any:
        rest = op(g, zeros_as(g, shapes[1]), **attrs) if needs[0] else None
        return rest, view(g, **attrs) if needs[1] else None

    forward.__name__ = name
    op = custom(node_name=node_name)(forward)
    op.vjp(vjp)
    return op


select_scatter_op = _scattering("select_scatter", select_op, "SelectScatter")
slice_scatter_op = _scattering("slice_scatter", slice_op, "SliceScatter")
diagonal_scatter_op = _scattering("diagonal_scatter", diagonal_op, "DiagonalScatter")


def _replaced(op: Custom, view: View, input: Any, src: Any, **attrs: Any) -> Any:
    try:
        region = view.forward(input.kind.xp, input.array, **attrs)
    except NotConcrete:
        region = view(input, **attrs)
    check_region(src, region.shape)
    return op(input, convert(src, input.kind), **attrs)


@public("torch method out")
def select_scatter(input: Any, src: Any, dim: int, index: int) -> Any:
    """A copy of ``input`` with ``src`` in the place of ``select(input, dim, index)``.

    Shape:   input (..., n, ...), src (..., ...) -> (..., n, ...)
    Saves:   nothing
    """
    key = select_key(input, dim, index)
    return _replaced(select_scatter_op, select_op, input, src, key=key)


@public("torch method out")
def slice_scatter(input: Any, src: Any, dim: int = 0, start: int | None = None,
                  end: int | None = None, step: int = 1) -> Any:
    """A copy of ``input`` with ``src`` in the place of ``input[start:end:step]`` along ``dim``.

    Shape:   input (..., n, ...), src (..., length, ...) -> (..., n, ...)
    Saves:   nothing
    """
    key = slice_key(input, dim, start, end, step)
    return _replaced(slice_scatter_op, slice_op, input, src, key=key)


@public("torch method out")
def diagonal_scatter(input: Any, src: Any, offset: int = 0, dim1: int = 0, dim2: int = 1) -> Any:
    """A copy of ``input`` with ``src`` on the diagonal of two dimensions.

    Shape:   input (*), src that of ``diagonal(input, offset, dim1, dim2)`` -> (*)
    Saves:   nothing
    """
    axis1, axis2 = diagonal_axes(dim1, dim2, len(input.shape))
    return _replaced(diagonal_scatter_op, diagonal_op, input, src,
                     offset=offset, axis1=axis1, axis2=axis2)  # fmt: skip

"""Tensors as sets and as sorted tables: unique elements, membership, places in an order.

Holds:     results are positions, truth values or copies through which no gradient flows. Where a
           shape depends on the data, a GPU is waited for; elsewhere it is not.
Must not:  sort anything itself: see order_kernels.py.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ..array import Kind, bool_, int32, int64, promote_operands
from ..errors import DTypeError, ShapeError
from ..graph import TensorBase, new_tensor
from .dims import axis_of
from .operands import common_device
from .order_kernels import comparable, ordered_positions
from .surface import public

__all__ = ["bucketize", "isin", "searchsorted", "unique", "unique_consecutive"]


# ---------------------------------------------------------------------------------------- unique
@public("torch method")
def unique(input: Any, sorted: bool = True, return_inverse: bool = False,
           return_counts: bool = False, dim: int | None = None) -> Any:
    """The different elements, ascending; along ``dim`` the different slices.

    ``return_inverse`` adds where each element is among them, ``return_counts`` how often. Each NaN
    is different. No gradient flows.

    Shape:   (*) -> (U), [(*)], [(U)]; with dim: (..., U, ...), [(n)], [(U)]
    >>> import gpugrad
    >>> gpugrad.unique(gpugrad.tensor([3, 1, 3]), return_counts=True)
    (tensor([1, 3]), tensor([1, 2]))
    """
    x, xp = input.array, input.kind.xp
    if dim is None:
        flat = x.reshape(-1)
        if return_inverse:
            order = ordered_positions(xp, flat)
            ordered = flat[order]
        else:
            order, ordered = None, xp.sort(comparable(flat)).astype(x.dtype, copy=False)
        firsts = _starts(xp, ordered)
        inverse = _inverse(xp, firsts, order, x.shape) if return_inverse else None
        return _answer(input, ordered[firsts], firsts, inverse, return_counts)
    axis, rows = _slices(input, dim)
    order = _row_order(xp, rows)
    firsts = _starts(xp, rows[order])
    values = xp.take(x, order[firsts], axis)
    inverse = _inverse(xp, firsts, order, rows.shape[:1]) if return_inverse else None
    return _answer(input, values, firsts, inverse, return_counts)


@public("torch method")
def unique_consecutive(input: Any, return_inverse: bool = False, return_counts: bool = False,
                       dim: int | None = None) -> Any:  # fmt: skip
    """The elements (or slices along ``dim``) that differ from the one before, as ``unique``."""
    x, xp = input.array, input.kind.xp
    if dim is None:
        firsts, shape = _starts(xp, x.reshape(-1)), x.shape
        values = x.reshape(-1)[firsts]
    else:
        axis, rows = _slices(input, dim)
        firsts, shape = _starts(xp, rows), rows.shape[:1]
        values = xp.take(x, xp.flatnonzero(firsts), axis)
    inverse = _inverse(xp, firsts, None, shape) if return_inverse else None
    return _answer(input, values, firsts, inverse, return_counts)


def _slices(input: Any, dim: int) -> tuple[int, Any]:
    """The axis, and what lies along it as rows."""
    x, axis = input.array, axis_of(dim, len(input.shape))
    if not x.ndim:
        return 0, x.reshape(1, 1)
    if not x.size and (x.shape[axis] or x.shape.count(0) > 1):
        raise ShapeError(
            "There are 0 sized dimensions, and they aren't selected, so unique cannot be applied"
        )
    width = prod(x.shape[:axis]) * prod(x.shape[axis + 1 :])
    return axis, input.kind.xp.moveaxis(x, axis, 0).reshape(x.shape[axis], width)


def _row_order(xp: Any, rows: Any) -> Any:
    """The order of rows by their first elements, then their second, ..."""
    keys = comparable(rows)
    return xp.lexsort((keys.astype(np.uint8) if keys.dtype == bool else keys).T[::-1])


def _starts(xp: Any, ordered: Any) -> Any:
    """Where an entry differs from the one before it."""
    firsts = xp.ones(len(ordered), bool)
    differs = ordered[1:] != ordered[:-1]
    firsts[1:] = differs.any(1) if ordered.ndim > 1 else differs
    return firsts


def _inverse(xp: Any, firsts: Any, order: Any, shape: tuple[int, ...]) -> Any:
    numbers = xp.cumsum(firsts, dtype=np.int64) - 1
    if order is not None:
        placed = xp.empty_like(numbers)
        placed[order] = numbers
        numbers = placed
    return numbers.reshape(shape)


def _answer(input: Any, values: Any, firsts: Any, inverse: Any, counts: bool) -> Any:
    kind = input.kind.with_dtype(int64)
    found = [new_tensor(values, input.kind)]
    if inverse is not None:
        found.append(new_tensor(inverse, kind))
    if counts:
        xp = kind.xp
        ends = xp.concatenate([xp.flatnonzero(firsts), xp.asarray([firsts.size])])
        found.append(new_tensor(xp.diff(ends).astype(np.int64, copy=False), kind))
    return tuple(found) if len(found) > 1 else found[0]


# ------------------------------------------------------------------------------------- membership
@public("torch out")
def isin(elements: Any, test_elements: Any, *, assume_unique: bool = False,
         invert: bool = False) -> Any:  # fmt: skip
    """Which ``elements`` are among ``test_elements`` (either may be a number). NaN is nowhere.

    Shape:   elements (*) -> (*) bool
    """
    tensors = [t for t in (elements, test_elements) if isinstance(t, TensorBase)]
    if not tensors:
        raise TypeError("isin() received an invalid combination of arguments - got two numbers")
    for t in tensors:
        if t.kind.dtype is bool_:
            raise DTypeError("Unsupported input type encountered for isin(): Bool")
    common_device("isin", tensors)
    kind, (ours, theirs) = _joined(tensors[0].kind, elements, test_elements)
    found = kind.xp.isin(ours, theirs, assume_unique=assume_unique, invert=invert)
    return new_tensor(kind.xp.asarray(found), kind.with_dtype(bool_))


def _joined(kind: Kind, *values: Any) -> tuple[Kind, list[Any]]:
    """Tensors and numbers as arrays of their common dtype, and its kind."""
    tensors = [v for v in values if isinstance(v, TensorBase)]
    kind = kind.with_dtype(promote_operands(
        [t.kind.dtype for t in tensors if t.shape], [t.kind.dtype for t in tensors if not t.shape],
        [v for v in values if not isinstance(v, TensorBase)],
    ))  # fmt: skip
    arrays = [v.array if isinstance(v, TensorBase) else v for v in values]
    arrays = [kind.xp.asarray(a).astype(kind.numpy, copy=False) for a in arrays]
    return kind, [comparable(a) for a in arrays]


# ------------------------------------------------------------------------------ places in an order
@public("torch out")
def searchsorted(sorted_sequence: Any, input: Any, *, out_int32: bool = False, right: bool = False,
                 side: str | None = None, sorter: Any = None) -> Any:  # fmt: skip
    """Where ``input`` would have to be put in so that ``sorted_sequence`` stays sorted.

    Before equal elements, or after them with ``right`` (``side="right"``). ``sorter`` lists the
    order of a sequence that is not sorted.

    Shape:   sorted_sequence (n), input (*); or (..., n) and (..., m) -> that of input
    Raises:  RuntimeError where they do not belong together
    >>> import gpugrad
    >>> gpugrad.searchsorted(gpugrad.tensor([1, 3, 5]), gpugrad.tensor([3, 6]))
    tensor([1, 3])
    """
    _check_search(sorted_sequence, input, right, side, sorter)
    right = right or side == "right"
    kind, (table, values) = _joined(sorted_sequence.kind, sorted_sequence, input)
    xp = kind.xp
    if sorter is not None:
        table = xp.take_along_axis(table, sorter.array, -1)
    if table.ndim == 1:
        found = xp.searchsorted(table, values.reshape(-1), "right" if right else "left")
    else:
        found = _search_rows(xp, table, values, right)
    kind = kind.with_dtype(int32 if out_int32 else int64)
    return new_tensor(found.astype(kind.numpy, copy=False).reshape(values.shape), kind)


def _check_search(table: Any, values: Any, right: bool, side: str | None, sorter: Any) -> None:
    name, shape = "torch.searchsorted():", list(table.shape)
    if side not in (None, "left", "right"):
        raise RuntimeError(f"{name} side can only be 'left' or 'right' but got {side}")
    if right and side == "left":
        raise RuntimeError(f"{name} side and right can't be set to opposites, got side of left "
                           "while right was True")  # fmt: skip
    if not shape:
        raise ShapeError(f"{name} boundaries tensor should have positive dimension, but got 0 "
                         "dimension")  # fmt: skip
    given = list(values.shape) if isinstance(values, TensorBase) else []
    if len(shape) > 1 and not given:
        raise ShapeError(f"{name} input value can be a scalar only when boundaries tensor dimension"
                         f" is 1, but we got boundaries tensor dim({len(shape)})")  # fmt: skip
    if len(shape) > 1 and shape[:-1] != given[:-1]:
        raise ShapeError(
            f"{name} boundaries tensor should be 1 dimension or the first N-1 dimensions of "
            "boundaries tensor and input value tensor must match, but we got boundaries tensor "
            f"{shape} and input value tensor {given}"
        )
    if sorter is not None:
        _check_sorter(name, shape, sorter)
    common_device("searchsorted", [t for t in (table, values) if isinstance(t, TensorBase)])


def _check_sorter(name: str, shape: list[int], sorter: Any) -> None:
    if list(sorter.shape) != shape:
        raise ShapeError(f"{name} boundary and sorter must have the same size, but got boundary "
                         f"tensor {shape} and got sorter tensor {list(sorter.shape)}")  # fmt: skip
    if sorter.kind.dtype is not int64:
        raise DTypeError(f"{name} sorter must be a tensor of long dtype but got dtype "
                         f"{sorter.kind.dtype.name}")  # fmt: skip
    outside = (sorter.array < 0) | (sorter.array >= shape[-1])
    if not sorter.kind.is_cuda and outside.any():
        raise RuntimeError(f"{name} sorter index out of range")


def _search_rows(xp: Any, table: Any, values: Any, right: bool) -> Any:
    """Binary search in each row, all at once."""
    size = table.shape[-1]
    low = xp.zeros(values.shape, np.int64)
    high = xp.full(values.shape, size, np.int64)
    for _ in range(size.bit_length()):
        middle = (low + high) // 2
        met = xp.take_along_axis(table, xp.minimum(middle, size - 1), -1)
        beyond = (low < high) & ~(met > values if right else met >= values)
        low = xp.where(beyond, middle + 1, low)
        high = xp.where(beyond, high, middle)
    return low


@public("torch out")
def bucketize(input: Any, boundaries: Any, *, out_int32: bool = False, right: bool = False) -> Any:
    """Between which of the sorted ``boundaries`` (a vector) the elements lie.

    Shape:   input (*), boundaries (n) -> (*), of 0..n
    """
    if len(boundaries.shape) != 1:
        raise ShapeError(
            f"boundaries tensor must be 1 dimension, but got dim({len(boundaries.shape)})"
        )
    return searchsorted(boundaries, input, out_int32=out_int32, right=right)

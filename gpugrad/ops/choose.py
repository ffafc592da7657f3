"""Choosing several of a vector's elements, and pairing those of several vectors.

Holds:     which elements are chosen depends on sizes alone, so no positions are kept.
Must not:  save anything.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations as choices
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..graph import Size
from .broadcast import expand
from .generic import Linear, linear
from .join import stack
from .scatter_kernels import scatter_add_rows
from .shape import reshape_op
from .surface import public

__all__ = ["cartesian_prod", "combinations"]


@lru_cache(maxsize=16)
def _chosen(n: int, r: int, repeated: bool) -> Any:
    """The positions of all choices of ``r`` among ``n``, a row each."""
    found = list((combinations_with_replacement if repeated else choices)(range(n), r))
    return np.array(found, np.int64).reshape(len(found), r)


def _unchosen(xp: Any, g: Any, n: int, r: int, repeated: bool) -> Any:
    index = xp.asarray(_chosen(n, r, repeated))
    return scatter_add_rows(xp.zeros(n, g.dtype), index.reshape(-1), g.reshape(-1))


combinations_op: Linear = linear(
    "combinations",
    forward=lambda xp, x, *, r, repeated: x[xp.asarray(_chosen(x.size, r, repeated))],
    transpose=lambda g, *, r, repeated, shapes: uncombined_op(
        g, n=shapes[0][0], r=r, repeated=repeated
    ),
)

uncombined_op: Linear = linear(
    "uncombined", node_name="CombinationsBackward",
    forward=lambda xp, g, *, n, r, repeated: _unchosen(xp, g, n, r, repeated),
    transpose=lambda g, *, n, r, repeated: combinations_op(g, r=r, repeated=repeated),
)  # fmt: skip


@public("torch")
def combinations(input: Any, r: int = 2, with_replacement: bool = False) -> Any:
    """All choices of ``r`` elements of a vector, a row each, in the order of their positions.

    Shape:   (n) -> (number of choices, r)
    Saves:   nothing
    >>> import gpugrad
    >>> gpugrad.combinations(gpugrad.tensor([1, 2, 3])).tolist()
    [[1, 2], [1, 3], [2, 3]]
    """
    if len(input.shape) != 1:
        raise ShapeError(f"Expect a 1D vector, but got shape {list(input.shape)}")
    if r < 0:
        raise RuntimeError(f"Expect a non-negative number, but got {r}")
    if r == 0:
        return input[:0].clone()
    return combinations_op(input, r=r, repeated=with_replacement)


@public("torch")
def cartesian_prod(*tensors: Any) -> Any:
    """All ways to take one element of each vector, a row each; of one vector itself.

    Shape:   (n_1), ..., (n_k) -> (n_1 * ... * n_k, k)
    Saves:   nothing
    Raises:  RuntimeError for other shapes, or different dtypes
    """
    if not tensors:
        raise ShapeError("meshgrid expects a non-empty TensorList")
    for t in tensors:
        if len(t.shape) != 1:
            raise ShapeError(f"Expect a 1D vector, but got shape {list(t.shape)}")
    if len(tensors) == 1:
        return tensors[0]
    if any(t.kind.dtype is not tensors[0].kind.dtype for t in tensors):
        raise DTypeError("meshgrid expects all tensors to have the same dtype")
    shape = Size(t.shape[0] for t in tensors)
    grids = []
    for d, t in enumerate(tensors):
        along = Size(-1 if i == d else 1 for i in range(len(shape)))
        grids.append(expand(reshape_op(t, shape=along), shape))
    rows = stack(grids, -1)
    return reshape_op(rows, shape=Size((rows.shape.numel() // len(shape), len(shape))))

"""The rows of an array along one dimension, and who works on them.

Holds:     an array is seen as (outer, length, inner) around the dimension that is reduced; on a GPU
           one launch covers all rows, on the CPU blocks of rows stay in cache.
Must not:  know what is computed on a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, lru_cache
from math import prod
from typing import Any, NamedTuple

import numpy as np

from ..array.raw_kernels import raw_module

__all__ = [
    "CUDA_NAMES", "Rows", "Team", "blocks", "row_kernel", "row_max", "row_sum", "rows_along",
    "team_for",
]  # fmt: skip

CUDA_NAMES = {
    "float16": "__half", "bfloat16": "__nv_bfloat16", "float32": "float", "float64": "double",
    "int64": "long long", "int32": "int", "uint8": "unsigned char",
}  # fmt: skip

# Four passes over a block this large stay in cache: softmax of (200, 50000) floats takes 16 ms in
# blocks and 20 ms without, of (1000, 1000) 1.7 and 2.4 ms.
_BLOCK = 1 << 16

# row_sum(x, 1, None, None, True) keeps axis 1, in half the time of x.sum(1, keepdims=True).
row_sum: Any = np.add.reduce
row_max: Any = np.maximum.reduce


class Rows(NamedTuple):
    """``outer * inner`` rows of ``length`` elements, each ``inner`` apart."""

    outer: int
    length: int
    inner: int

    @property
    def shape(self) -> tuple[int, ...]:
        """The array's shape with the rows along axis 1."""
        return (self.outer, self.length) if self.inner == 1 else tuple(self)

    @property
    def column(self) -> tuple[int, ...]:
        """The shape of one value per row."""
        return (self.outer,) if self.inner == 1 else (self.outer, self.inner)

    @property
    def number(self) -> int:
        """How many rows there are."""
        return self.outer * self.inner


def rows_along(shape: tuple[int, ...], dim: int) -> Rows:
    """The rows of ``shape`` along ``dim``; a 0-d array is one row of one element."""
    if not shape:
        return Rows(1, 1, 1)
    dim %= len(shape)
    return Rows(prod(shape[:dim]), shape[dim], prod(shape[dim + 1 :]))


def blocks(rows: Rows) -> Iterator[slice]:
    """Slices of the outer dimension that cover it, each small enough for the cache."""
    step = max(1, _BLOCK // max(1, rows.length * rows.inner))
    for start in range(0, rows.outer, step):
        yield slice(start, start + step)


# --------------------------------------------------------------------------------------- on a GPU
class Team(NamedTuple):
    """Who works on a row (``Solo``, ``Warp`` or ``Block`` of kernels/rows.cuh), and the launch."""

    name: str
    grid: tuple[int]
    block: tuple[int]


@lru_cache(maxsize=1024)
def team_for(rows: Rows, most_blocks: int = 1 << 20) -> Team:
    """The team for these rows: threads of a warp should read neighbours, and enough of them run.

    With ``inner`` above 1 neighbouring rows are neighbours in memory, so a thread takes a row,
    unless there are too few rows to fill a GPU with.
    """
    solo = rows.length <= 8 or (rows.inner > 1 and (rows.number >= 8192 or rows.length <= 64))
    if solo:
        name, threads, per_block = "gg::Solo", 128, 128
    elif rows.inner == 1 and rows.length <= 1024:
        name, threads, per_block = "gg::Warp", 128, 4
    else:
        threads = 256 if rows.length <= 4096 else 512 if rows.length <= 16384 else 1024
        name, per_block = "gg::Block", 1
    return Team(name, (min(most_blocks, -(-rows.number // per_block)),), (threads,))


@cache
def row_kernel(file: str, template: str, *arguments: str) -> Any:
    """The instance ``gg::template<arguments...>`` of ``kernels/<file>.cu``."""
    expression = f"gg::{template}<{', '.join(arguments)}>"
    return raw_module(file, (expression,)).get_function(expression)

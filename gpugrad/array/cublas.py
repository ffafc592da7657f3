"""Products of strided batches of matrices, written where they belong: one call of cuBLAS.

``cupy.matmul`` copies transposed batches, makes tables of addresses for repeated ones, and has no
bfloat16; cuBLAS needs none of that.

Holds:     half types are summed in float32; float32 is not shortened to TF32.
Must not:  copy, convert or wait.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .devices import cupy

__all__ = ["multiply_into"]

_TYPES = {"float32": 0, "float64": 1, "float16": 2, "bfloat16": 14}  # cudaDataType_t
_IN_FLOAT, _IN_DOUBLE = 68, 70  # cublasComputeType_t
_FACTORS = {wide: np.array([0, 1], wide) for wide in ("float32", "float64")}
_PLAIN, _TRANSPOSED, _DEFAULT = 0, 1, -1


def multiply_into(out: Any, a: Any, b: Any, *, accumulate: bool = False) -> None:
    """``out[i] = a[i] @ b[i]``, or ``+=``; an operand with a single matrix serves all of them.

    Shape:   out (batch, n, m), a (batch or 1, n, k), b (batch or 1, k, m); rows or columns of each
             matrix of an operand, and rows of ``out``, are contiguous
    Dtype:   one for both operands; ``out`` the same, or float32 for halves
    """
    module = cupy()
    batch, rows, columns = out.shape
    if not out.size:
        return
    wide = "float64" if out.dtype == np.float64 else "float32"
    factors, size = _FACTORS[wide].ctypes.data, _FACTORS[wide].itemsize
    kinds = [_TYPES[x.dtype.name] for x in (b, a, out)]
    # cuBLAS counts columns first, so it sees every matrix transposed: out.T = b.T @ a.T.
    (form_b, step_b, next_b), (form_a, step_a, next_a) = _layout(b), _layout(a)
    step = max(out.strides[1] // out.itemsize, columns)
    module.cuda.cublas.gemmStridedBatchedEx(
        module.cuda.device.get_cublas_handle(), form_b, form_a, columns, rows, a.shape[2],
        factors + size, b.data.ptr, kinds[0], step_b, next_b, a.data.ptr, kinds[1], step_a, next_a,
        factors + size * accumulate, out.data.ptr, kinds[2], step, out.strides[0] // out.itemsize,
        batch, _IN_DOUBLE if wide == "float64" else _IN_FLOAT, _DEFAULT,
    )  # fmt: skip


def _layout(x: Any) -> tuple[int, int, int]:
    """Whether rows or columns are contiguous, how far apart they are, and the next matrix."""
    number, rows, columns = x.shape
    apart, row, column = (stride // x.itemsize for stride in x.strides)
    following = apart if number > 1 else 0
    if column == 1 or columns == 1:
        return _PLAIN, max(row, columns) if rows > 1 else max(columns, 1), following
    return _TRANSPOSED, max(column, rows), following

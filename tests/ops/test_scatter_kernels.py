"""Adding rows into a table: against np.add.at, in every dtype, shape and on every device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gpugrad.array import as_dtype, cupy
from gpugrad.errors import IndexRangeError
from gpugrad.ops import scatter_kernels
from gpugrad.ops.scatter_kernels import scatter_add_along, scatter_add_rows

DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "uint8")
# (rows of the table, shape of the indices, shape of a row); the last one is worth SciPy's product
SHAPES = [(7, (30,), (5,)), (7, (3, 4), ()), (3, (0,), (4,)), (5, (9,), (2, 3)),
          (100, (600,), (64,))]  # fmt: skip


def case(rows: int, indices: Any, row: Any, dtype: str) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    element = as_dtype(dtype).numpy
    table = (rng.random((rows, *row)) * 8).astype(element)
    values = (rng.random((*indices, *row)) * 8).astype(element)
    return table, rng.integers(-rows, rows, indices), values


def added(table: Any, indices: Any, values: Any) -> Any:
    kind = np.int64 if table.dtype.kind in "iu" else np.float64
    want = table.astype(kind)
    np.add.at(want, indices, values.astype(kind))
    return want.astype(table.dtype)


def assert_close(got: Any, want: Any, dtype: str) -> None:
    tolerance = {"float64": 1e-13, "float32": 1e-5, "float16": 1e-3, "bfloat16": 8e-3}.get(dtype, 0)
    got, want = got.astype(np.float64), want.astype(np.float64)
    np.testing.assert_allclose(got, want, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "indices", "row"), SHAPES)
def test_repeated_indices_add_up(rows: int, indices: Any, row: Any, dtype: str) -> None:
    table, at, values = case(rows, indices, row, dtype)
    want = added(table, at, values)
    strided = table.copy(order="F")
    assert scatter_add_rows(table, at, values) is table
    assert_close(table, want, dtype)
    scatter_add_rows(strided, at, values)
    assert_close(strided, want, dtype)


def test_the_result_is_the_same_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    table, at, values = case(100, (600,), (64,), "float64")
    want = scatter_add_rows(table.copy(), at, values)
    monkeypatch.setattr(scatter_kernels, "_sparse_product", lambda size: None)
    assert_close(scatter_add_rows(table, at, values), want, "float64")


@pytest.mark.parametrize("bad", [3, -4])
def test_an_index_out_of_range_is_named_and_changes_nothing(bad: int) -> None:
    table = np.zeros((3, 2))
    with pytest.raises(IndexRangeError, match="index out of range"):
        scatter_add_rows(table, np.array([0, bad]), np.ones((2, 2)))
    assert not table.any()


def along_cases() -> list[Any]:
    return [((4, 5, 6), 1, (3, 9, 6)), ((4, 5, 6), -1, (4, 5, 2)), ((4,), 0, (9,))]


@pytest.mark.parametrize(("shape", "dim", "taken"), along_cases())
def test_scatter_along_is_the_transpose_of_take_along(shape: Any, dim: int, taken: Any) -> None:
    rng = np.random.default_rng(0)
    x, source = rng.standard_normal(shape), rng.standard_normal(taken)
    index = rng.integers(0, shape[dim], taken)
    out = scatter_add_along(np.zeros(shape), dim, index, source)
    part = tuple(slice(None) if d == dim % len(shape) else slice(n) for d, n in enumerate(taken))
    gathered = np.take_along_axis(x[part], index, dim)
    assert np.isclose((out * x).sum(), (source * gathered).sum(), rtol=1e-12)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "indices", "row"), SHAPES)
def test_gpu_agrees_with_cpu(rows: int, indices: Any, row: Any, dtype: str) -> None:
    table, at, values = case(rows, indices, row, dtype)
    on_gpu = cupy().asarray(table)
    scatter_add_rows(on_gpu, cupy().asarray(at), cupy().asarray(values))
    assert_close(cupy().asnumpy(on_gpu), added(table, at, values), dtype)


@pytest.mark.cuda
@pytest.mark.parametrize(("shape", "dim", "taken"), along_cases())
def test_scatter_along_on_gpu_agrees_with_cpu(shape: Any, dim: int, taken: Any) -> None:
    rng = np.random.default_rng(0)
    index, source = rng.integers(0, shape[dim], taken), rng.standard_normal(taken)
    want = scatter_add_along(np.zeros(shape), dim, index, source)
    arrays = [cupy().asarray(a) for a in (np.zeros(shape), index, source)]
    got = scatter_add_along(arrays[0], dim, *arrays[1:])
    assert_close(cupy().asnumpy(got), want, "float64")


@pytest.mark.cuda
def test_a_gpu_skips_indices_out_of_range() -> None:
    table = cupy().zeros((3, 2))
    scatter_add_rows(table, cupy().array([0, 5, -9, 2]), cupy().ones((4, 2)))
    assert table.sum(axis=1).tolist() == [2.0, 0.0, 2.0]

"""Combining rows and elements at an index: against NumPy, in every dtype and on every device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from gpugrad.array import as_dtype, cupy
from gpugrad.errors import IndexRangeError
from gpugrad.ops import scatter_kernels
from gpugrad.ops.along import combine_along, gather_along, write_along
from gpugrad.ops.scatter_kernels import combine_at, combine_rows, scatter_add_rows

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
    monkeypatch.setattr(scatter_kernels, "_sparse_product", lambda name, size: None)
    assert_close(scatter_add_rows(table, at, values), want, "float64")


@pytest.mark.parametrize("bad", [3, -4])
def test_an_index_out_of_range_is_named_and_changes_nothing(bad: int) -> None:
    table = np.zeros((3, 2))
    with pytest.raises(IndexRangeError, match="index out of range"):
        scatter_add_rows(table, np.array([0, bad]), np.ones((2, 2)))
    assert not table.any()


# -------------------------------------------------------------------------------- along a dimension
# Arrays, dimensions, indices. The last ones are worth more than one block.
ALONG = [((4, 5, 6), 1, (3, 9, 6)), ((4, 5, 6), 2, (4, 5, 2)), ((4,), 0, (9,)), ((), 0, (3,)),
         ((300, 200), 0, (400, 150)), ((300, 200), 1, (250, 300)), ((90_000,), 0, (70_000,))]
HOW = ("add", "multiply", "maximum", "minimum")


def along_case(shape: Any, dim: int, taken: Any, spread: bool = False) -> tuple[Any, Any, Any]:
    """An array, an index (``spread``: a vector that was broadcast) and a source."""
    rng = np.random.default_rng(0)
    size = shape[dim] if shape else 1
    index = rng.integers(0, size, taken)
    if spread:
        taken = tuple(n if d == dim else shape[d] for d, n in enumerate(taken))
        index = np.broadcast_to(index[tuple(slice(n if d == dim else 1) for d, n in
                                            enumerate(index.shape))], taken)  # fmt: skip
    return rng.standard_normal(shape), index, rng.standard_normal(taken)


def combined(out: Any, dim: int, index: Any, source: Any, how: str) -> Any:
    """By ufunc.at on NumPy's own indices."""
    result = np.array(out).reshape(out.shape or (1,))
    grid = list(np.indices(index.shape))
    grid[dim] = index
    getattr(np, how).at(result, tuple(grid), source)
    return result.reshape(out.shape)


@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize(("shape", "dim", "taken"), ALONG)
def test_elements_are_combined_where_the_index_says(shape: Any, dim: int, taken: Any, how: str
                                                    ) -> None:  # fmt: skip
    for spread in (False, len(shape) > 1):
        out, index, source = along_case(shape, dim, taken, spread)
        want = combined(out, dim, index, source, how)
        turned = out.copy(order="F")
        assert combine_along(out, dim, index, source, how) is out
        np.testing.assert_allclose(out, want, rtol=1e-12, atol=1e-12)
        combine_along(turned, dim, index, source, how)
        np.testing.assert_allclose(turned, want, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("shape", "dim", "taken"), ALONG[:3] + ALONG[4:])
def test_gathering_and_writing_are_numpys(shape: Any, dim: int, taken: Any) -> None:
    for spread in (False, len(shape) > 1):
        x, index, source = along_case(shape, dim, taken, spread)
        part = tuple(slice(None) if d == dim else slice(n) for d, n in enumerate(index.shape))
        want = np.take_along_axis(x[part], index, dim)
        assert (gather_along(x, dim, index) == want).all()
        assert (gather_along(np.asfortranarray(x), dim, index - shape[dim]) == want).all()
        written = x.copy()
        np.put_along_axis(written[part], index, source, dim)
        for out in (x.copy(), x.copy(order="F")):
            write_along(out, dim, index, source)
            assert (out == written).all()


@pytest.mark.parametrize("how", HOW[1:])
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [3, 20])
def test_rows_are_combined_element_by_element(dtype: str, width: int, how: str) -> None:
    out, at, rows = case(7, (30,), (width,), dtype)
    rows = (rows.astype(np.float64) / 8 + 0.5).astype(rows.dtype)
    at, wide = abs(at) % 7, out.astype(np.int64 if out.dtype.kind in "iu" else np.float64)
    getattr(np, how).at(wide, at, rows.astype(wide.dtype))
    want = wide.astype(out.dtype)
    combine_rows(out, at, rows, how)
    assert_close(out, want, dtype)


@pytest.mark.cuda
@pytest.mark.parametrize("how", HOW)
@pytest.mark.parametrize("dtype", [*DTYPES, "int8", "bool"])
def test_elements_are_combined_on_a_gpu_as_on_the_cpu(dtype: str, how: str) -> None:
    flat, at, values = case(7, (40,), (), dtype)
    if dtype not in ("int8", "uint8", "bool", "int32", "int64"):
        values[3] = np.nan
    on_gpu = cupy().asarray(flat)
    combine_at(on_gpu, cupy().asarray(at), cupy().asarray(values), how)
    with np.errstate(all="ignore"):
        combine_at(flat, at, values, how)
    assert_close(cupy().asnumpy(on_gpu), flat, dtype)


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("rows", "indices", "row"), SHAPES)
def test_gpu_agrees_with_cpu(rows: int, indices: Any, row: Any, dtype: str) -> None:
    table, at, values = case(rows, indices, row, dtype)
    on_gpu = cupy().asarray(table)
    scatter_add_rows(on_gpu, cupy().asarray(at), cupy().asarray(values))
    assert_close(cupy().asnumpy(on_gpu), added(table, at, values), dtype)


@pytest.mark.cuda
@pytest.mark.parametrize(("shape", "dim", "taken"), ALONG[:4])
def test_along_a_dimension_a_gpu_agrees_with_the_cpu(shape: Any, dim: int, taken: Any) -> None:
    for spread in (False, len(shape) > 1):
        arrays = along_case(shape, dim, taken, spread)
        x, index, source = map(cupy().asarray, arrays)
        assert (cupy().asnumpy(gather_along(x, dim, index)) == gather_along(
            arrays[0], dim, arrays[1])).all()  # fmt: skip
        for how in HOW:
            got = combine_along(x.copy(), dim, index, source, how)
            want = combine_along(arrays[0].copy(), dim, *arrays[1:], how)
            assert_close(cupy().asnumpy(got), want, "float64")


@pytest.mark.cuda
def test_a_gpu_skips_indices_out_of_range() -> None:
    table = cupy().zeros((3, 2))
    scatter_add_rows(table, cupy().array([0, 5, -9, 2]), cupy().ones((4, 2)))
    assert table.sum(axis=1).tolist() == [2.0, 0.0, 2.0]

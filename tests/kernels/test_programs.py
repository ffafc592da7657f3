"""Programs on NumPy arrays: any shape, any dtype, in place, in blocks and on threads."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any
from weakref import ref

import numpy as np
import pytest

from gpugrad import expr as s
from gpugrad.array.quiet import quiet
from gpugrad.errors import ExpressionError
from gpugrad.expr import Bool, blocks, num_threads, program, set_num_threads, summed, trace
from gpugrad.expr.print_numpy import print_numpy

GELU = trace(lambda x: 0.5 * x * (1 + s.tanh(0.79788456 * (x + 0.044715 * x**3))), "gelu")
GELU_BACKWARD = GELU.vjp((True,)).function
CHOICE = trace(lambda x, y, *, k: s.where(x > y, s.exp(x) * k, s.sqrt(s.abs(y)) - x), "choice")
LARGE = blocks.LARGE * 3 + 1234


@pytest.fixture(autouse=True)
def silent() -> Iterator[None]:
    before = num_threads()
    with quiet():
        yield
    set_num_threads(before)


def random(*shape: int, dtype: Any = np.float32, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def plain(function: Any, *given: Any) -> Any:
    """The same operations, one after the other on whole arrays."""
    code = print_numpy(function, given[0].dtype, reuse=False)
    scope = {**code.namespace, **dict(zip((*function.names, *function.attrs), given, strict=True))}
    exec("\n".join(code.lines), scope)
    return scope[code.results[0]]


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("layout", ["row", "columns", "strided", "broadcast", "scalar"])
def test_blocks_equal_whole_arrays_to_the_bit(threads: int, layout: str) -> None:
    set_num_threads(threads)
    x, y = random(LARGE), random(LARGE, seed=1)
    if layout == "columns":
        x, y = (a[:160_000].reshape(400, 400).T for a in (x, y))
    elif layout == "strided":
        x, y = x[::2], y[1::2]
    elif layout == "broadcast":
        x, y = x[:160_000].reshape(40, 1, 4000), y[:4000 * 3].reshape(3, 4000)
    elif layout == "scalar":
        y = y[0]
        y = np.asarray(y)
    ours = program(CHOICE, "cpu", np.float32)(x, y, 0.3)
    assert ours.dtype == np.float32
    assert np.array_equal(ours, plain(CHOICE, x, y, 0.3))


@pytest.mark.parametrize("size", [7, LARGE])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_out_may_be_the_cotangent(size: int, dtype: Any) -> None:
    g, x = random(size, dtype=dtype), random(size, dtype=dtype, seed=1)
    run = program(GELU_BACKWARD, "cpu", dtype)
    expected = run(g, x)
    assert run(g, x, out=g) is g
    assert g.dtype == dtype
    assert np.array_equal(g, expected)


def test_out_of_an_operand_that_broadcasts_the_other() -> None:
    g, x = random(6, 5), random(5, seed=1)
    expected = plain(GELU_BACKWARD, g, x)
    assert np.array_equal(program(GELU_BACKWARD, "cpu", np.float32)(g, x, out=g), expected)


@pytest.mark.parametrize("shapes", [((), ()), ((3,), ()), ((), (2, 3)), ((3, 1), (1, 4)),
                                    ((0,), (0,)), ((2, 0), (1,))])
def test_results_are_arrays_of_the_broadcast_shape(shapes: Any) -> None:
    arrays = [random(*shape, seed=i) for i, shape in enumerate(shapes)]
    result = program(CHOICE, "cpu", np.float32)(*arrays, 2.0)
    assert result.__class__ is np.ndarray
    assert result.shape == np.broadcast_shapes(*shapes)
    assert result.dtype == np.float32
    assert np.array_equal(result, plain(CHOICE, *arrays, 2.0))


def test_half_types_are_computed_in_float_and_rounded_once() -> None:
    x = random(1000, dtype=np.float16)
    wide = program(GELU, "cpu", np.float32)(x.astype(np.float32))
    assert np.array_equal(program(GELU, "cpu", np.float16)(x), wide.astype(np.float16))


def test_bfloat16_is_computed_in_float() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = random(1000).astype(ml_dtypes.bfloat16)
    wide = program(GELU, "cpu", np.float32)(x.astype(np.float32))
    result = program(GELU, "cpu", np.dtype(ml_dtypes.bfloat16))(x)
    assert np.array_equal(result, wide.astype(ml_dtypes.bfloat16))


def test_integers_stay_integers_and_exact() -> None:
    function = trace(lambda x, y, *, k: s.maximum(x * y, x - y) + k)
    x, y = np.array([2**53 + 1, -3]), np.array([1, 5])
    result = program(function, "cpu", np.int64)(x, y, 2)
    assert result.dtype == np.int64
    assert result.tolist() == [2**53 + 3, -6]


def test_several_outputs_of_several_types() -> None:
    def split(x: Any, c: Bool) -> Any:
        return x + 1, x > 0, s.where(c, x, 0), x

    run = program(trace(split), "cpu", np.float32)
    for size in (3, LARGE):
        x, c = random(size), random(size, seed=1) > 0
        a, b, chosen, same = run(x, c)
        assert np.array_equal(a, x + 1)
        assert b.dtype == bool
        assert np.array_equal(b, x > 0)
        assert np.array_equal(chosen, np.where(c, x, np.float32(0)))
        assert np.array_equal(same, x)
        assert same is not x


def test_a_result_that_ignores_a_parameter_has_the_shape_of_all() -> None:
    run = program(trace(lambda x, y: x * 2), "cpu", np.float32)
    assert run(random(3, 1), random(4)).shape == (3, 4)
    ones = program(trace(lambda x: s.exp(0)), "cpu", np.float32)(random(2, 3))
    assert np.array_equal(ones, np.ones((2, 3), np.float32))


@pytest.mark.parametrize("value", [0.0, -0.0, 2, 2.0, True, np.inf, np.nan, 1e300])
def test_keyword_numbers_are_taken_as_they_are(value: float) -> None:
    run = program(trace(lambda x, *, k: x * k), "cpu", np.float32)
    x = np.array([1.0, -3.0], np.float32)
    for _ in range(2):
        result = run(x, value)
        expected = x * np.asarray(value).astype(np.float32)
        assert np.array_equal(result, expected, equal_nan=True)
        assert np.array_equal(np.signbit(result), np.signbit(expected))


def test_arithmetic_on_keyword_numbers_divides_by_zero_quietly() -> None:
    run = program(trace(lambda x, *, k: x * (1 / k)), "cpu", np.float32)
    assert run(np.ones(1, np.float32), 0.0).tolist() == [np.inf]


@pytest.mark.parametrize("axes", [(0,), (0, 1), (1,), (0, 2), (0, 1, 2), (-1,)])
def test_sums_of_large_and_small_results(axes: tuple[int, ...]) -> None:
    for rows in (3, 900):
        x, y = random(rows, 20, 30, dtype=np.float64), random(30, dtype=np.float64, seed=1)
        total = summed(CHOICE, "cpu", np.float64)(x, y, 0.5, axes=axes)
        expected = plain(CHOICE, x, y, 0.5).sum(axes)
        assert total.shape == expected.shape
        np.testing.assert_allclose(total, expected, rtol=1e-11)


def test_a_sum_of_halves_is_kept_in_float() -> None:
    x = np.full(70_000, 1, np.float16)
    total = summed(trace(lambda x: x / 4), "cpu", np.float16)(x, axes=(0,))
    assert total.dtype == np.float16
    assert float(total) == 17504.0  # 17500 rounded once


def test_programs_go_with_their_function() -> None:
    function = trace(lambda x: x * 3)
    run = program(function, "cpu", np.float32)
    assert program(function, "cpu", np.dtype("float32")) is run
    gone = ref(function.outs[0])
    del function, run
    gc.collect()
    assert gone() is None


# ------------------------------------------------------------------------------------ expressions
def test_equal_expressions_are_one_object() -> None:
    function = trace(lambda x, y: (s.exp(x * y) + 1, s.exp(x * y) * 2))
    assert function.outs[0].args[0] is function.outs[1].args[0]


def test_a_branch_on_elements_says_what_to_do() -> None:
    def branching(x: Any) -> Any:
        return x if x > 0 else -x

    with pytest.raises(ExpressionError, match=r"where\(condition, a, b\)"):
        trace(branching)


@pytest.mark.parametrize("function", [lambda *xs: xs[0], lambda x, y=1: x * y])
def test_open_or_optional_parameters_cannot_be_fused(function: Any) -> None:
    with pytest.raises(ExpressionError, match="cannot be fused"):
        trace(function)


def test_deep_expressions_need_no_recursion() -> None:
    def deep(x: Any) -> Any:
        for _ in range(2000):
            x = s.sin(x) + 1
        return x

    function = trace(deep)
    x = random(3, dtype=np.float64)
    result = program(function.vjp((True,)).function, "cpu", np.float64)(np.ones(3), x)
    assert np.isfinite(result).all()

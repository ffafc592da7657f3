"""CUDA programs: one launch per call, whatever the layout; equal to the NumPy path."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from gpugrad import expr as s
from gpugrad.array import cupy
from gpugrad.array.quiet import quiet
from gpugrad.expr import Bool, program, summed, trace

pytestmark = pytest.mark.cuda

GELU = trace(lambda x: 0.5 * x * (1 + s.tanh(0.79788456 * (x + 0.044715 * x**3))), "gelu")
CHOICE = trace(lambda x, y, *, k: s.where(x > y, s.exp(x) * k, s.sqrt(s.abs(y)) - x), "choice")
TOLERANCE = {"float16": 2e-3, "float32": 3e-6, "float64": 1e-13}


@contextmanager
def one_launch() -> Iterator[None]:
    """Holds that exactly one kernel runs and nothing is copied from the host (emulator only)."""
    if find_spec("cudasim") is None:
        yield
        return
    import cudasim

    with cudasim.measure() as measured:
        yield
    assert measured.launches == 1
    assert measured.h2d_bytes == 0


def random(*shape: int, dtype: Any = "float32", seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal(shape).astype(dtype)


def check(function: Any, arrays: list[Any], attrs: tuple[Any, ...] = (), view: Any = None) -> None:
    """Runs on both devices and compares; ``view`` is applied on each device."""
    dtype = next((a.dtype for a in arrays if a.dtype != bool), np.dtype(bool))
    view = view or (lambda a: a)
    with quiet():
        expected = program(function, "cpu", dtype)(*map(view, arrays), *attrs)
    run = program(function, "cuda", dtype)
    given = [view(cupy().asarray(a)) for a in arrays]
    run(*given, *attrs)  # compiles
    with one_launch():
        result = run(*given, *attrs)
    many = isinstance(expected, tuple)
    for ours, theirs in zip(result if many else [result], expected if many else [expected],
                            strict=True):  # fmt: skip
        assert ours.dtype == theirs.dtype
        assert ours.shape == theirs.shape
        tolerance = TOLERANCE.get(theirs.dtype.name, 0)
        np.testing.assert_allclose(ours.get(), theirs, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("size", [0, 1, 3, 4, 1003, 300_001])
def test_contiguous_arrays_of_any_size(size: int) -> None:
    if size:
        check(GELU, [random(size)])
    else:
        assert program(GELU, "cuda", np.float32)(cupy().empty((2, 0), "float32")).shape == (2, 0)


@pytest.mark.parametrize("dtype", ["float16", "float64"])
def test_other_dtypes(dtype: str) -> None:
    check(CHOICE, [random(1003, dtype=dtype), random(1003, dtype=dtype, seed=1)], (0.3,))


def test_bfloat16_is_computed_in_float() -> None:
    ml_dtypes = pytest.importorskip("ml_dtypes")
    x = random(1003).astype(ml_dtypes.bfloat16)
    on_host = program(GELU, "cpu", x.dtype)(x).astype("float32")
    on_device = program(GELU, "cuda", x.dtype)(cupy().asarray(x)).get().astype("float32")
    np.testing.assert_allclose(on_device, on_host, rtol=8e-3)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_integers(dtype: str) -> None:
    function = trace(lambda x, y, *, k: s.maximum(x * y, x) + k, "whole")
    x = np.arange(1003).astype(dtype) % 11
    check(function, [x, x[::-1].copy()], (2,))


@pytest.mark.parametrize("dtype", ["bool", "int32", "uint8"])
def test_bits_and_conditions(dtype: str) -> None:
    def mixed(x: Any, y: Any) -> Any:
        return s.bitwise_xor(x, s.bitwise_not(y)), s.logical_and(x, s.eq(x, y))

    x = (np.arange(103) % 5).astype(dtype)
    check(trace(mixed), [x, x[::-1].copy()])


VIEWS = {
    "transposed": lambda a: a.reshape(10, 100).T,
    "strided": lambda a: a[::3],
    "unaligned": lambda a: a[1:],
    "reversed": lambda a: a[::-1],
}


@pytest.mark.parametrize("name", VIEWS)
def test_views(name: str) -> None:
    check(CHOICE, [random(1000), random(1000, seed=1)], (0.3,), VIEWS[name])


@pytest.mark.parametrize("shapes", [((5, 1, 4), (3, 1)), ((6,), ()), ((), ()), ((2, 3), (3,))])
def test_broadcasting(shapes: Any) -> None:
    check(CHOICE, [random(*shape, seed=i) for i, shape in enumerate(shapes)], (0.3,))


def test_several_outputs_conditions_and_a_boolean_input() -> None:
    def split(x: Any, c: Bool, *, k: float) -> Any:
        return s.where(c, x, k), x > 0, s.exp(x)

    function = trace(split)
    check(function, [random(1003), random(1003, seed=1) > 0], (2,))
    check(function, [random(1000), random(1000, seed=1) > 0], (2,), VIEWS["transposed"])


@pytest.mark.parametrize("view", [None, *VIEWS.values()])
def test_out_may_be_the_cotangent(view: Any) -> None:
    backward = GELU.vjp((True,)).function
    view = view or (lambda a: a)
    g, x = (view(cupy().asarray(random(1000, seed=i))) for i in range(2))
    run = program(backward, "cuda", np.float32)
    expected = run(g, x).get()
    with one_launch():
        assert run(g, x, out=g) is g
    assert np.array_equal(g.get(), expected)


@pytest.mark.parametrize("axes", [(0,), (1,), (0, 1), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_a_sum_is_one_launch_arithmetic_included(axes: tuple[int, ...], dtype: str) -> None:
    x, y = random(7, 5, 30, dtype=dtype), random(30, dtype=dtype, seed=1)
    run = summed(CHOICE, "cuda", x.dtype)
    given = cupy().asarray(x), cupy().asarray(y)
    run(*given, 1, axes=axes)
    with one_launch():
        total = run(*given, 1, axes=axes)
    with quiet():
        expected = summed(CHOICE, "cpu", x.dtype)(x, y, 1, axes=axes)
    assert total.dtype == expected.dtype
    tolerance = 30 * TOLERANCE[dtype]
    np.testing.assert_allclose(total.get(), expected, rtol=tolerance, atol=tolerance)


def test_a_sum_over_no_axis_is_the_result() -> None:
    x = random(3, 4)
    total = summed(GELU, "cuda", x.dtype)(cupy().asarray(x), axes=())
    np.testing.assert_allclose(total.get(), program(GELU, "cpu", x.dtype)(x), rtol=3e-6)


def test_numbers_change_nothing_that_is_compiled() -> None:
    if find_spec("cudasim") is None:
        pytest.skip("only the emulator counts compilations")
    import cudasim

    run, x = program(CHOICE, "cuda", np.float32), cupy().asarray(random(8))
    run(x, x, 0.1)
    with cudasim.measure() as measured:
        for k in (0.2, 3, True):
            run(x, x, k)
    assert measured.compiles == 0

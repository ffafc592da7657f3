"""Derived gradients: masked branches stay silent, forward mode is the transpose of reverse mode."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernels.functions import FUNCTIONS, numbers_for

from gpugrad import expr as s
from gpugrad.array.quiet import quiet
from gpugrad.expr import Function, program, trace


def differentiable(function: Function) -> bool:
    """Whether it is no condition and does not work on bits."""
    root = function.outs[0]
    return not root.boolean and (root.function is None or root.function.cotangents is not None)


def run(function: Function, arrays: list[Any], attrs: dict[str, Any]) -> tuple[Any, ...]:
    values = [attrs[name] for name in function.attrs]
    with quiet():
        results = program(function, "cpu", np.float64)(*arrays, *values)
    return results if isinstance(results, tuple) else (results,)


class Record:
    """What an op's node would keep, and its backward."""

    def __init__(self, function: Function, arrays: list[Any], attrs: dict[str, Any]) -> None:
        self.function, self.arrays, self.attrs = function, arrays, attrs
        (self.result,) = run(function, arrays, attrs)
        self.needs = tuple(param.kind != "bool" for param in function.params)
        self.vjp = function.vjp(self.needs)

    def saved(self) -> list[Any]:
        by_name = {**dict(zip(self.function.names, self.arrays, strict=True)),
                   "result": self.result}  # fmt: skip
        return [by_name[name] for name in self.vjp.saves]

    def backward(self, g: Any) -> tuple[Any, ...]:
        return run(self.vjp.function, [g, *self.saved()], self.attrs)


# --------------------------------------------------------------------------------------- branches
def gradient(function: Any, x: list[float]) -> Any:
    (g,) = Record(trace(function), [np.array(x)], {}).backward(np.ones(len(x)))
    return g


def test_an_unselected_branch_leaks_no_nan() -> None:
    def safe_root(x: Any) -> Any:
        return s.where(x > 0, s.sqrt(x), 0)

    assert gradient(safe_root, [-1.0, 0.0, 4.0]).tolist() == [0.0, 0.0, 0.25]


def test_a_choice_before_a_singular_function_leaks_no_nan() -> None:
    def root_of_part(x: Any) -> Any:
        return s.where(x > 0, s.sqrt(s.where(x > 0, x, 0)), 0)

    assert gradient(root_of_part, [-1.0, 0.0, 4.0]).tolist() == [0.0, 0.0, 0.25]


def test_choices_on_different_conditions_leak_no_nan() -> None:
    def two_windows(x: Any) -> Any:
        root = s.sqrt(x)
        return s.where(x > 2, root, 0) + s.where(x < 1, s.where(x > 0, 2 * root, 0), 0)

    assert gradient(two_windows, [-1.0, 0.0, 1.5, 4.0]).tolist() == [0.0, 0.0, 0.0, 0.25]


def test_forward_mode_leaks_no_nan() -> None:
    function = trace(lambda x: s.where(x > 0, s.sqrt(s.where(x > 0, x, 0)), 0)).jvp()
    with quiet():
        t = program(function, "cpu", np.float64)(np.array([-1.0, 0.0, 4.0]), np.ones(3))
    assert t.tolist() == [0.0, 0.0, 0.25]


def test_trigamma_is_exact_where_pytorchs_is_not() -> None:
    x = np.array([0.1, 1.7, -0.07, -2.3])
    exact = [101.4332991507927477, 0.7932328301639984088, 205.9123207017452421, 14.72591216096129]
    (trigamma,) = Record(FUNCTIONS["digamma"], [x], {}).backward(np.ones(4))
    np.testing.assert_allclose(trigamma, exact, rtol=1e-14)


@pytest.mark.parametrize("x, p, expected", [(0.0, 0.0, 0.0), (3.0, 0.0, 0.0), (0.0, 1.0, 1.0),
                                            (0.0, 2.0, 0.0), (-2.0, 3.0, 12.0)])
def test_power_has_pytorchs_corner_cases(x: float, p: float, expected: float) -> None:
    g = np.ones(1)
    arrays = [np.array([x]), np.array([p])]
    assert Record(FUNCTIONS["pow"], arrays, {}).backward(g)[0].tolist() == [expected]
    uniform = trace(lambda x, *, exponent: s.pow(x, exponent))
    assert Record(uniform, arrays[:1], {"exponent": p}).backward(g)[0].tolist() == [expected]


@pytest.mark.parametrize("name", [n for n, f in FUNCTIONS.items() if differentiable(f)])
def test_forward_mode_is_the_transpose_of_reverse_mode(name: str) -> None:
    """``<g, jvp(t)> = <vjp(g), t>`` at every element, wherever it has a finite derivative."""
    function = FUNCTIONS[name]
    attrs = dict(zip(function.attrs, numbers_for(function), strict=True))
    rng = np.random.default_rng(0)
    arrays = [rng.random(200) < 0.5 if p.kind == "bool" else rng.uniform(-3, 3, 200)
              for p in function.params]  # fmt: skip
    tangents = [rng.standard_normal(200) for p in function.params if p.kind != "bool"]
    g = rng.standard_normal(200)
    (forward,) = run(function.jvp(), [*arrays, *tangents], attrs)
    backward = Record(function, arrays, attrs).backward(g)
    reverse = sum(t * b for t, b in zip(tangents, backward, strict=True))
    finite = np.isfinite(forward) & np.isfinite(reverse)
    assert finite.sum() > 20
    np.testing.assert_allclose((g * forward)[finite], reverse[finite], rtol=1e-10, atol=1e-11)


def test_names_of_the_function_are_never_captured() -> None:
    def awkward(g: Any, y: Any, t0: Any) -> Any:
        return s.exp(g) * y + s.sin(t0 * g)

    rng = np.random.default_rng(2)
    arrays = [rng.standard_normal(5) for _ in range(3)]
    record = Record(trace(awkward), arrays, {})
    g, y, t0 = arrays
    expected = [np.exp(g) * y + np.cos(t0 * g) * t0, np.exp(g), np.cos(t0 * g) * g]
    for ours, theirs in zip(record.backward(np.ones(5)), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-13)

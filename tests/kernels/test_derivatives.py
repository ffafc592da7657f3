"""Derived gradients, of first and second order, are PyTorch's; masked branches stay silent."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from kernels.functions import FUNCTIONS, ROWS, Row

from gpugrad import expr as s
from gpugrad.array.quiet import quiet
from gpugrad.expr import Function, program, trace


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

    def second(self, g: Any, h: list[Any]) -> list[Any]:
        """Gradients of ``sum(h * backward(g))`` with respect to g and the inputs, as an engine
        finds them: the backward's own vjp, then the op's for what reached its result."""
        inner = self.vjp.function
        bars = run_vjp(inner, [g, *self.saved()], self.attrs, h)
        totals = {name: np.zeros_like(g) for name in (*self.function.names, "result")}
        for name, bar in zip(self.vjp.saves, bars[1:], strict=True):
            totals[name] = totals[name] + (0 if bar is None else bar)
        through = iter(self.backward(totals["result"]))
        needed = zip(self.function.names, self.needs, strict=True)
        return [bars[0], *(totals[n] + next(through) for n, need in needed if need)]


def run_vjp(function: Function, arrays: list[Any], attrs: dict[str, Any], h: list[Any]
            ) -> list[Any]:  # fmt: skip
    needs = tuple(param.kind != "bool" for param in function.params)
    vjp = function.vjp(needs)
    by_name: dict[str, Any] = dict(zip(function.names, arrays, strict=True))
    if "result" in vjp.saves:
        (by_name["result"],) = run(function, arrays, attrs)
    found = iter(run(vjp.function, [*h, *(by_name[n] for n in vjp.saves)], attrs))
    return [next(found) if need else None for need in needs]


def close(ours: Any, theirs: Any, row: Row, what: str) -> None:
    expected = theirs.detach().numpy(force=True)
    error = np.max(np.abs(ours - expected) / np.maximum(np.abs(expected), 1))
    assert error <= row.tolerance, f"{what} differs by {error:.1e}"


@pytest.mark.oracle
@pytest.mark.parametrize("row", ROWS, ids=str)
def test_both_orders_equal_pytorch(row: Row) -> None:
    torch = pytest.importorskip("torch")
    arrays, function = row.arrays(), row.function
    attrs = dict(zip(function.attrs, row.values, strict=True))
    record = Record(function, arrays, attrs)
    rng = np.random.default_rng(1)
    g = rng.standard_normal(record.result.shape)
    tensors = [torch.tensor(a, requires_grad=a.dtype != bool) for a in arrays]
    leaves = [t for t in tensors if t.requires_grad]
    seed = torch.tensor(g, requires_grad=True)
    result = row.oracle(torch)(*tensors)
    close(record.result, result, row, "value")
    if not result.requires_grad:
        assert all(record.vjp.zero)
        return
    theirs = torch.autograd.grad(result, leaves, seed, create_graph=True, materialize_grads=True)
    ours = record.backward(g)
    names = [n for n, need in zip(function.names, record.needs, strict=True) if need]
    for name, a, b in zip(names, ours, theirs, strict=True):
        close(a, b, row, f"gradient of {name}")
    h = [rng.standard_normal(g.shape) for _ in ours]
    total = sum((torch.tensor(x) * y).sum() for x, y in zip(h, theirs, strict=True))
    if not total.requires_grad:
        return
    second = torch.autograd.grad(total, [seed, *leaves], materialize_grads=True)
    for a, b in zip(record.second(g, h), second, strict=True):
        close(a, b, row, "second derivative")


def test_every_differentiable_op_has_a_row() -> None:
    known = {row.name for row in ROWS}
    assert not {name for name, f in FUNCTIONS.items() if not f.constant} - known


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


def test_forward_mode_is_the_transpose_of_reverse_mode() -> None:
    rng = np.random.default_rng(0)
    for name in ("tanh_gelu", "pow", "atan2", "softplus", "clamp_both", "logaddexp"):
        row = next(row for row in ROWS if row.name == name)
        attrs = dict(zip(row.function.attrs, row.values, strict=True))
        arrays = row.arrays()
        tangents = [rng.standard_normal(a.shape) for a in arrays]
        g = rng.standard_normal(arrays[0].shape)
        (forward,) = run(row.function.jvp(), [*arrays, *tangents], attrs)
        backward = Record(row.function, arrays, attrs).backward(g)
        reverse = sum(t * b for t, b in zip(tangents, backward, strict=True))
        np.testing.assert_allclose(g * forward, reverse, rtol=1e-12, atol=1e-12)


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

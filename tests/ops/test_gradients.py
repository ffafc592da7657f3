"""Every op's derivatives, first and second, against finite differences and against PyTorch."""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from tests.cases import BROADCAST, CASES, Case
from tests.ops.walk import assert_close, both_orders, difference, gradient, host, random_like


@pytest.mark.parametrize("case", [*CASES, *BROADCAST], ids=str)
def test_the_first_derivative_is_the_slope_of_numpys_value(case: Case) -> None:
    arrays = case.arrays()
    seed = random_like(case.reference(arrays), 1)
    tensors = case.tensors(arrays)
    found = gradient(case, tensors, gpugrad.tensor(seed, device="cpu"))
    for name, ours in zip(case.differentiable, found, strict=True):

        def total(moved: Any) -> float:
            return float((case.reference(moved) * seed).sum())

        assert_close(host(ours), difference(total, arrays, name), 1e-7, f"gradient of {name}")


@pytest.mark.parametrize("case", [*CASES, *BROADCAST], ids=str)
def test_the_second_derivative_is_the_slope_of_the_first(case: Case) -> None:
    arrays = case.arrays()
    orders = both_orders(case, arrays)
    seed = gpugrad.tensor(random_like(orders.value, 1), device="cpu")
    weights = [random_like(g, 2 + i) for i, g in enumerate(orders.first)]

    def total(moved: Any) -> float:
        found = gradient(case, case.tensors(moved), seed)
        return sum(float((w * host(g)).sum()) for w, g in zip(weights, found, strict=True))

    for name, ours in zip(case.differentiable, orders.second[1:], strict=True):
        assert_close(ours, difference(total, arrays, name), 1e-7, f"second, of {name}")


@pytest.mark.parametrize("case", [*CASES, *BROADCAST], ids=str)
def test_a_recorded_backward_computes_what_a_plain_one_does(case: Case) -> None:
    arrays = case.arrays()
    recorded = both_orders(case, arrays)
    seed = gpugrad.tensor(random_like(recorded.value, 1), device="cpu")
    plain = gradient(case, case.tensors(arrays), seed)
    for ours, theirs in zip(plain, recorded.first, strict=True):
        assert ours.array.dtype == seed.array.dtype
        assert_close(host(ours), theirs, 1e-14)


@pytest.mark.oracle
@pytest.mark.parametrize("case", [*CASES, *BROADCAST], ids=str)
def test_both_derivatives_are_pytorchs(case: Case) -> None:
    torch = pytest.importorskip("torch")
    arrays = case.arrays()
    ours, theirs = both_orders(case, arrays), both_orders(case, arrays, torch)
    for a, b in zip(ours.first, theirs.first, strict=True):
        assert_close(a, b, case.tolerance, "first")
    for a, b in zip(ours.second, theirs.second, strict=True):
        assert_close(a, b, case.tolerance, "second")

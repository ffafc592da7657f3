"""Ops do not care how their inputs lie in memory, nor how many elements they have."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.cases import CASES, CONDITIONS, ELEMENTWISE, Case
from tests.ops.walk import assert_close, both_orders, gradient, host, random_like

ANY_SHAPE = [case for case in ELEMENTWISE if set(case.shapes.values()) == {(4, 3)}]


def of_shape(case: Case, shape: tuple[int, ...]) -> Case:
    return replace(case, shapes=dict.fromkeys(case.shapes, shape), functions={})


def turned(tensor: Any) -> Any:
    """The same values in the opposite order of memory."""
    back = tuple(reversed(range(len(tensor.shape))))
    copied = tensor.permute(back).clone().contiguous().permute(back)
    assert copied.is_contiguous() == tensor.is_contiguous() or max(tensor.shape, default=1) > 1
    return copied


# What the order of memory decides.
ORDERED = ("x.view(", "as_strided")
ANY_ORDER = [c for c in CASES if not any(name in c.call for name in ORDERED)]


@pytest.mark.parametrize("case", ANY_ORDER, ids=str)
def test_inputs_in_another_order_of_memory_change_nothing(case: Case) -> None:
    arrays = case.arrays()
    plain, other = case.tensors(arrays), case.tensors(arrays)
    value = case(plain)
    again = case({name: turned(tensor) for name, tensor in other.items()})
    assert_close(host(again), host(value), 1e-13)
    if not case.differentiable:
        return
    seed = gpugrad.tensor(random_like(host(value), 1), device="cpu")
    value.backward(seed)
    again.backward(seed)
    for name in case.differentiable:
        assert other[name].grad.is_contiguous()
        assert_close(host(other[name].grad), host(plain[name].grad), 1e-13, name)


@pytest.mark.parametrize("case", ANY_SHAPE, ids=str)
def test_elements_on_their_own_are_what_they_are_in_a_matrix(case: Case) -> None:
    single = of_shape(case, ())
    arrays = single.arrays()
    alone = both_orders(single, arrays)
    together = both_orders(of_shape(case, (1, 1)), {n: a.reshape(1, 1) for n, a in arrays.items()})
    assert_close(alone.value, together.value.reshape(()), 1e-14)
    for a, b in zip(alone.first, together.first, strict=True):
        assert a.shape == ()
        assert b.shape == (1, 1)
    tensors = single.tensors(arrays)
    case(tensors).backward()
    for name in case.differentiable:
        assert isinstance(tensors[name].grad.array, np.ndarray)


@pytest.mark.parametrize("shape", [(0,), (2, 0, 3)], ids=str)
@pytest.mark.parametrize("case", [*ANY_SHAPE, *CONDITIONS], ids=str)
def test_no_elements_give_no_elements(case: Case, shape: tuple[int, ...]) -> None:
    empty = of_shape(case, shape)
    tensors = empty.tensors(empty.arrays())
    value = case(tensors)
    assert value.shape == shape
    if value.requires_grad:
        for g in gradient(empty, tensors, gpugrad.zeros_like(value)):
            assert g.shape == shape


@pytest.mark.parametrize("case", ANY_SHAPE, ids=str)
def test_large_arrays_are_computed_as_small_ones(case: Case) -> None:
    """Above 65,536 elements arrays are split into blocks, above 8,192 programs differ."""
    large = of_shape(case, (90_001,))
    arrays = large.arrays()
    few = {name: array[-1000:] for name, array in arrays.items()}
    seed = np.random.default_rng(1).standard_normal(90_001)
    found = gradient(large, large.tensors(arrays), gpugrad.tensor(seed, device="cpu"))
    expected = gradient(large, large.tensors(few), gpugrad.tensor(seed[-1000:], device="cpu"))
    value, short = case(large.tensors(arrays)), case(large.tensors(few))
    assert_close(host(value)[-1000:], host(short), 1e-14)
    for a, b in zip(found, expected, strict=True):
        assert_close(host(a)[-1000:], host(b), 1e-13)

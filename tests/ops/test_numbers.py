"""A Python number in the place of a tensor: the same results, and no memory of its own."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.graph import reachable, saved_slots
from tests.cases import BROADCAST, ELEMENTWISE, Case
from tests.ops.walk import assert_close, gradient, host, random_like

# These take tensors only, as PyTorch's do.
TENSORS_ONLY = ("F.", "losses.", "x.masked_fill")

BINARY = [
    (case, names)
    for case in ELEMENTWISE
    if not case.call.startswith(TENSORS_ONLY)
    for count in range(1, len(case.shapes))
    for names in combinations([n for n in case.shapes if n in "xyzw"], count)
    if len(case.differentiable) > count
]


@pytest.mark.parametrize(("case", "names"), BINARY, ids=str)
def test_a_number_is_an_operand_as_good_as_a_tensor(case: Case, names: tuple[str, ...]) -> None:
    arrays = case.arrays()
    numbers = {n: float(arrays[n].flat[0]) for n in names}
    rest = [n for n in case.differentiable if n not in names]
    full = {n: np.full(a.shape, numbers[n]) if n in numbers else a for n, a in arrays.items()}
    tensors = case.tensors(full, rest)
    value = case(tensors)
    short = case({**case.tensors(full, rest), **numbers})
    assert_close(host(short), host(value), 1e-14)
    seed = gpugrad.tensor(random_like(host(value), 1), device="cpu")
    expected = gradient(case, tensors, seed)
    with_numbers = {**case.tensors(full, rest), **{n: Number(v) for n, v in numbers.items()}}
    found = gradient(case, with_numbers, seed)
    for a, b in zip(found, expected, strict=True):
        assert_close(host(a), host(b), 1e-14)


class Number(float):
    """A number that says, as a tensor would, that it needs no gradient."""

    requires_grad = False


@pytest.mark.parametrize(("case", "names"), BINARY, ids=str)
def test_a_number_is_saved_as_a_number(case: Case, names: tuple[str, ...]) -> None:
    arrays = case.arrays()
    value = case({**case.tensors(arrays), **dict.fromkeys(names, 0.7)})
    for node in reachable(value):
        for name, array, _ in saved_slots(node):
            assert array.shape == value.shape, name


@pytest.mark.parametrize("number", [2, True, 0.5])
def test_whole_numbers_and_booleans_do_not_change_a_floating_dtype(number: Any) -> None:
    x = gpugrad.tensor([1.0, 2.0], dtype=gpugrad.float16, device="cpu")
    assert (x * number).dtype is gpugrad.float16
    assert (number - x).dtype is gpugrad.float16


def test_a_fraction_makes_integers_floating() -> None:
    i = gpugrad.tensor([1, 2], device="cpu")
    assert (i * 2).dtype is gpugrad.int64
    assert (i * 2.0).dtype is gpugrad.float32
    assert (i / 2).dtype is gpugrad.float32
    assert (i > 1.5).tolist() == [False, True]


def test_two_numbers_have_to_meet_a_tensor() -> None:
    with pytest.raises(TypeError, match="must be Tensor"):
        gpugrad.add(1.0, 2.0)


def test_the_rows_cover_three_operands() -> None:
    assert any(len(names) == 2 for _, names in BINARY)
    assert len(BROADCAST) > 60

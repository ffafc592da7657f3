"""The dtype of a result: tensors with dimensions, then 0-d tensors, then numbers, as in PyTorch."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

import gpugrad
from gpugrad.array import DTYPES
from tests.beside import dtype_name

NAMES = [d.name for d in DTYPES]
ORDER = ["uint8", "int8", "int16", "int32", "int64"]  # of integers, by size
NUMBERS: list[Any] = [True, 3, 2.5]


def operand(module: Any, name: str, shape: tuple[int, ...]) -> Any:
    return module.ones(shape, dtype=getattr(module, name), device="cpu")


@pytest.mark.parametrize("a", NAMES)
def test_two_dtypes_meet_in_the_smallest_that_holds_both(a: str) -> None:
    for b in NAMES:
        result = (operand(gpugrad, a, (2,)) + operand(gpugrad, b, (2,))).dtype
        assert result is gpugrad.promote_types(getattr(gpugrad, a), getattr(gpugrad, b))
        assert result is gpugrad.promote_types(getattr(gpugrad, b), getattr(gpugrad, a))
        assert result.is_floating_point == ("float" in a or "float" in b)
        assert result.name == a or a != b


@pytest.mark.parametrize("a", NAMES)
def test_a_0d_tensor_counts_only_with_a_higher_category(a: str) -> None:
    many = operand(gpugrad, a, (2,))
    for one in (operand(gpugrad, b, ()) for b in NAMES):
        higher = one.dtype.category > many.dtype.category
        expected = one.dtype if higher else many.dtype
        assert (many * one).dtype is expected
        assert (one * many).dtype is expected


@pytest.mark.parametrize("name", NAMES)
def test_a_number_counts_only_with_a_higher_category(name: str) -> None:
    for shape, number in product(((2,), ()), NUMBERS):
        x = operand(gpugrad, name, shape)
        own = gpugrad.tensor(number).dtype
        expected = own if own.category > x.dtype.category else x.dtype
        assert (x + number).dtype is expected
        assert (number * x).dtype is expected


def test_integers_of_two_sizes_give_the_larger() -> None:
    for i, a in enumerate(ORDER):
        for b in ORDER[i + 1 :]:
            result = gpugrad.promote_types(getattr(gpugrad, a), getattr(gpugrad, b)).name
            assert result == ("int16" if (a, b) == ("uint8", "int8") else b)


@pytest.mark.oracle
@pytest.mark.parametrize("a", NAMES)
def test_the_whole_table_is_pytorchs(a: str) -> None:
    torch = pytest.importorskip("torch")

    def results(module: Any) -> list[str]:
        found = []
        for b, left, right in product(NAMES, ((2,), ()), ((2,), ())):
            x, y = operand(module, a, left), operand(module, b, right)
            found += [x + y, x * y, x / y, x > y, module.where(x > 0, x, y), module.maximum(x, y)]
        for shape, number in product(((2,), ()), NUMBERS):
            x = operand(module, a, shape)
            found += [x + number, number * x, x / number, number / x, x == number]
            found += [module.where(x > 0, x, number)]
        for b in NAMES:
            found += [module.promote_types(getattr(module, a), getattr(module, b))]
        return [dtype_name(getattr(r, "dtype", r)) for r in found]

    assert results(gpugrad) == results(torch)


@pytest.mark.oracle
@pytest.mark.parametrize("a", NAMES)
def test_what_may_be_written_where_is_pytorchs(a: str) -> None:
    torch = pytest.importorskip("torch")

    def writable(module: Any, b: str) -> bool:
        x = operand(module, a, (2,))
        try:
            x.add_(operand(module, b, (2,)))
        except RuntimeError:
            return False
        return dtype_name(x.dtype) == a

    for b in NAMES:
        assert writable(gpugrad, b) == writable(torch, b), b
        same = gpugrad.can_cast(getattr(gpugrad, b), getattr(gpugrad, a))
        assert same == torch.can_cast(getattr(torch, b), getattr(torch, a))


def test_a_gradient_comes_back_in_the_dtype_of_its_input() -> None:
    half = gpugrad.ones(3, dtype=gpugrad.float16, device="cpu", requires_grad=True)
    single = gpugrad.ones(3, device="cpu", requires_grad=True)
    scalar = gpugrad.ones((), dtype=gpugrad.float64, device="cpu", requires_grad=True)
    (half * single * scalar).sum().backward()
    assert half.grad.dtype is gpugrad.float16
    assert single.grad.dtype is gpugrad.float32
    assert scalar.grad.dtype is gpugrad.float64
    assert scalar.grad.item() == 3.0

"""softmax and log_softmax as ops: derivatives of any order, what is saved, errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.errors import DTypeError, IndexRangeError
from tests.ops.slopes import check_orders, sample

OPS = ("softmax", "log_softmax")
DIMS = [((3, 4), 1), ((3, 4), 0), ((2, 3, 4), -2), ((5,), 0), ((), 0)]


@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize(("shape", "dim"), DIMS)
def test_three_orders_match_finite_differences(
    name: str, shape: Any, dim: int, device: str
) -> None:
    weights = sample(shape, device, 1).detach()
    check_orders(lambda x: (getattr(gpugrad, name)(x, dim) * weights).sum(), sample(shape, device))


def test_softmin_is_softmax_of_the_negative() -> None:
    x = sample((3, 4)).detach()
    got = gpugrad.ops.softmax.softmin(x, 1)
    assert np.allclose(got.numpy(), gpugrad.softmax(-x, 1).numpy(), rtol=1e-15)


def test_without_dim_pytorchs_implicit_one_is_taken() -> None:
    for shape, dim in (((4,), 0), ((3, 4), 1), ((2, 3, 4), 0), ((2, 3, 4, 5), 1)):
        x = sample(shape).detach()
        with pytest.warns(UserWarning, match="Implicit dimension choice for softmax"):
            implicit = gpugrad.nn.functional.softmax(x)
        assert np.array_equal(implicit.numpy(), gpugrad.softmax(x, dim).numpy())


def test_dtype_converts_before_the_exponential() -> None:
    x = gpugrad.tensor([20, 0], device="cpu")
    y = gpugrad.softmax(x, 0, dtype=gpugrad.float64)
    assert y.dtype is gpugrad.float64
    assert y[1].item() == pytest.approx(np.exp(-20.0), rel=1e-6)


def test_integers_are_refused() -> None:
    with pytest.raises(DTypeError, match="not implemented for"):
        gpugrad.softmax(gpugrad.tensor([1, 2]), 0)


def test_a_dimension_out_of_range_is_an_index_error() -> None:
    with pytest.raises(IndexRangeError, match="range"):
        gpugrad.softmax(sample((3, 4)), 2)


@pytest.mark.parametrize("name", OPS)
def test_only_the_result_is_saved(name: str, device: str) -> None:
    x = sample((10, 20), device)
    before = gpugrad.memory.held(device)
    y = getattr(gpugrad, name)(x, 1)
    assert gpugrad.memory.held(device) - before == x.array.nbytes
    y.sum().backward()
    assert gpugrad.memory.held(device) == before


@pytest.mark.parametrize("name", OPS)
def test_the_input_may_be_written_afterwards_and_the_result_may_not(name: str) -> None:
    x = sample((3, 4)) * 1.0
    y = getattr(gpugrad, name)(x, 1)
    x.mul_(2.0)
    y.sum().backward()
    y = getattr(gpugrad, name)(sample((3, 4)), 1)
    y.mul_(2.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.oracle
@pytest.mark.parametrize("name", OPS)
@pytest.mark.parametrize(("shape", "dim"), [*DIMS, ((0, 3), 1), ((50, 300), 1)])
def test_value_gradient_and_second_order_match_pytorch(name: str, shape: Any, dim: int) -> None:
    torch = pytest.importorskip("torch")
    ours, values = [], [sample(shape, seed=s).detach().numpy() for s in range(3)]
    for lib in (gpugrad, torch):
        x, g, u = (lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in values)
        y = getattr(lib, name)(x, dim)
        (dx,) = lib.autograd.grad(y, x, g, create_graph=True)
        second = lib.autograd.grad(dx, (x, g), u)
        ours.append([t.detach().numpy() for t in (y, dx, *second)])
    for got, want in zip(*ours, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.cuda
@pytest.mark.parametrize("name", OPS)
def test_softmax_is_one_launch_each_way(name: str) -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    x, seed = sample((70, 50), "cuda"), sample((70, 50), "cuda", 1).detach()
    getattr(gpugrad, name)(x, 1).backward(seed)  # compiles
    x.grad = None
    with cudasim.measure() as counted:
        y = getattr(gpugrad, name)(x, 1)
    assert counted.launches == 1
    with cudasim.measure() as counted:
        y.backward(seed)
    assert counted.launches == 1

"""Reductions beyond the table: dtypes, ties, no elements, NaN, positions, complaints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from tests.beside import derivatives, pytorchs_refusals, refusals, results
from tests.ops.walk import assert_close, host


def names(module: Any, make: Any = None) -> dict[str, Any]:
    make = make or (lambda values: module.tensor(values, device="cpu"))
    rng = np.random.default_rng(0)
    return {
        "torch": module, "np": np, "x": make(rng.standard_normal((3, 4, 5))),
        "ties": make(np.array([[1.0, 3.0, 3.0], [2.0, 2.0, 2.0], [0.0, -1.0, 0.0]])),
        "holes": make(np.array([[1.0, np.nan], [2.0, np.inf]])), "s": make(np.array(2.5)),
        "i": make(rng.integers(-5, 5, (3, 4))), "b": make(rng.random((3, 4)) < 0.5),
        "u": make(np.array([[250, 3], [7, 9]], np.uint8)), "e": make(np.zeros((0, 3))),
        "h": make(np.array([1.5, 2.5], np.float16)), "c": make(np.array([1, 2], np.int8)),
    }  # fmt: skip


RESULTS = {  # a call -> the same in NumPy
    "i.sum()": "i.sum()",
    "b.sum(0)": "b.sum(0)",
    "u.sum()": "u.sum()",
    "c.sum()": "c.sum()",
    "u.prod(1)": "u.astype('int64').prod(1)",
    "b.prod()": "b.prod()",
    "u.cumsum(0)": "u.astype('int64').cumsum(0)",
    "b.cumsum(1)": "b.cumsum(1)",
    "h.sum()": "h.sum()",
    "h.mean()": "h.mean()",
    "x.sum(dtype=torch.float32)": "x.sum()",
    "i.mean(dtype=torch.float64)": "i.mean()",
    "s.sum()": "s",
    "s.sum(0)": "s",
    "s.mean(-1)": "s",
    "s.max()": "s",
    "s.prod()": "s",
    "s.cumsum(0)": "s",
    "x.sum(())": "x.sum()",
    "x.sum((0, 2))": "x.sum((0, 2))",
    "x.sum(-2, True)": "x.sum(-2, keepdims=True)",
    "e.sum()": "0.0",
    "e.sum(0)": "np.zeros(3)",
    "e.sum(1)": "np.zeros(0)",
    "e.prod()": "1.0",
    "e.mean()": "np.nan",
    "e.mean(0)": "np.full(3, np.nan)",
    "e.var(0)": "np.full(3, np.nan)",
    "s.var()": "np.nan",
    "e.norm()": "0.0",
    "e.logsumexp(0)": "np.full(3, -np.inf)",
    "e.all()": "np.array(True)",
    "e.any()": "np.array(False)",
    "holes.max()": "np.nan",
    "holes.amax(1)": "np.array([np.nan, np.inf])",
    "holes.sum(1)": "np.array([np.nan, np.inf])",
    "holes.logsumexp(1)": "np.array([np.nan, np.inf])",
    "holes.argmax()": "np.array(1)",
    "holes.max(1)[0]": "np.array([np.nan, np.inf])",
    "x.argmax()": "x.argmax()",
    "x.argmin(1)": "x.argmin(1)",
    "x.argmax(-1, keepdim=True)": "x.argmax(-1, keepdims=True)",
    "ties.argmax(1)": "ties.argmax(1)",
    "ties.max(1)[1]": "ties.argmax(1)",
    "ties.min(0).indices": "ties.argmin(0)",
    "ties.min(0).values": "ties.min(0)",
    "i.max(0)[0]": "i.max(0)",
    "i.amin()": "i.min()",
    "b.max()": "b.max()",
    "b.all(1)": "b.all(1)",
    "i.any(0, keepdim=True)": "i.any(0, keepdims=True)",
    "x.all()": "np.array(True)",
    "torch.count_nonzero(i, 1)": "np.count_nonzero(i, 1)",
    "x.norm(0)": "np.array(60.0)",
    "x.std((0, 1))": "x.std((0, 1), ddof=1)",
    "x.var(unbiased=False)": "x.var()",
    "torch.var_mean(x, 0)[1]": "x.mean(0)",
}


@pytest.mark.parametrize("call", RESULTS)
def test_the_result_is_numpys(call: str) -> None:
    ours = eval(call, names(gpugrad))
    expected = np.asarray(eval(RESULTS[call], names(np, np.asarray)))
    assert_close(host(ours), expected, 1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("call", RESULTS)
def test_the_result_on_a_gpu_is_numpys(call: str) -> None:
    on_gpu = names(gpugrad, lambda values: gpugrad.tensor(values, device="cuda"))
    ours = eval(call, on_gpu)
    assert ours.is_cuda
    assert_close(host(ours), np.asarray(eval(RESULTS[call], names(np, np.asarray))), 1e-6)


test_the_result_and_its_dtype_are_pytorchs = results(RESULTS, names, 1e-6)


@pytest.mark.parametrize("shape", [(20_001,), (3000, 5), (5, 3000), (3, 9001), (40, 7, 60)],
                         ids=str)  # fmt: skip
@pytest.mark.parametrize("call", ["sum", "mean", "amax", "amin", "var", "logsumexp"])
def test_many_elements_are_reduced_as_few_are(call: str, shape: tuple[int, ...]) -> None:
    """From 8192 floats on there are several ways to go about it: see ops/folds.py."""
    array = np.random.default_rng(0).standard_normal(shape).astype("float32")
    exact = gpugrad.tensor(array, dtype=gpugrad.float64, device="cpu")
    dims = [[*range(n)] for n in range(1, 1 + len(shape))] + [[-1], [len(shape) - 1, 0]]
    for dim in [d for d in dims if len(d) <= len(shape)]:
        for keepdim in (False, True):
            found = getattr(gpugrad.tensor(array, device="cpu"), call)(dim, keepdim=keepdim)
            slow = gpugrad.stack([exact, exact], -1)[..., 0]  # no rows that lie together
            assert_close(host(found), host(getattr(slow, call)(dim, keepdim=keepdim)), 2e-5)


@pytest.mark.parametrize("shape", [(10_007,), (90, 101), (900, 10)], ids=str)
def test_many_factors_are_multiplied_as_few_are(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).uniform(0.9, 1.1, shape)
    found = gpugrad.tensor(array, device="cpu").prod(-1)
    assert_close(host(found), array.prod(-1), 1e-12)
    array[..., 5] = np.nan
    found = gpugrad.tensor(array, device="cpu").nansum(-1)
    assert_close(host(found), np.nansum(array, -1), 1e-12)


# ----------------------------------------------------------------------------- gradients at corners
CORNERS = [
    "ties.amax(1)", "ties.amin(0)", "ties.max()", "ties.min()", "ties.max(1)[0]", "ties.min(0)[0]",
    "ties.amax((0, 1))", "ties.prod(1)", "ties.prod()", "ties.norm()", "ties.norm(dim=1)",
    "ties.norm(1)", "ties.norm(3, 1)", "ties.norm(float('inf'), 1)", "(ties * 0).norm()",
    "(ties * 0).norm(dim=0)", "(ties * 0).std()", "ties.var(1)", "ties.logsumexp(1)",
    "s.sum(0)", "s.max(0)[0]", "s.amax()", "s.prod()", "s.mean()", "s.cumsum(0)", "e.sum()",
    "e.prod()", "e.prod(0)", "ties.cumsum(-1)", "s.norm()",
]  # fmt: skip


def leaves(module: Any) -> dict[str, Any]:
    scope = names(module)
    return {n: scope[n].requires_grad_() for n in ("ties", "s", "e")}


test_gradients_at_ties_zeros_and_singletons_are_pytorchs = derivatives(CORNERS, leaves, 1e-14)


@pytest.mark.parametrize("row", [[2.0, 0, 3.0], [0, 0, 3.0], [0.0, 0, 0], [1.0, 2.0, 4.0]])
def test_the_gradient_of_a_product_needs_no_division(row: list[float]) -> None:
    x = gpugrad.tensor(row, dtype=gpugrad.float64, device="cpu", requires_grad=True)
    (first,) = gpugrad.autograd.grad(x.prod(), x, create_graph=True)
    assert first.tolist() == [np.prod(np.delete(row, i)) for i in range(3)]
    (second,) = gpugrad.autograd.grad(first[0] + 2 * first[2], x, create_graph=True)
    a, b, c = row
    assert second.tolist() == [2 * b, c + 2 * a, b]
    (third,) = gpugrad.autograd.grad(second[1], x)
    assert third.tolist() == [2.0, 0.0, 1.0]


def test_halves_are_added_up_in_float32() -> None:
    for dtype in (gpugrad.float16, gpugrad.bfloat16):
        x = gpugrad.full((4097,), 1.0, dtype=dtype, device="cpu", requires_grad=True)
        assert x.sum().item() == pytest.approx(4097, rel=2**-8)
        assert x.reshape(1, -1).mean(1).item() == 1.0
        one = gpugrad.ones((), dtype=dtype, device="cpu", requires_grad=True)
        (one * x).backward(gpugrad.ones_like(x).detach())
        assert one.grad.item() == pytest.approx(4097, rel=2**-8)


def test_a_maximum_keeps_positions_and_not_the_input() -> None:
    x = gpugrad.rand(100, 50, device="cpu", requires_grad=True)
    value, index = x.max(1)
    assert memory.graph(value).unique_bytes == 100 * 8
    assert not index.requires_grad


# --------------------------------------------------------------------------------------- complaints
WRONG = {
    "x.sum(3)": (IndexError, r"Dimension out of range \(expected to be in range of \[-3, 2\]"),
    "x.sum((0, 0))": (RuntimeError, "dim 0 appears multiple times in the list of dims"),
    "i.mean()": (RuntimeError, "Input dtype must be either a floating point or complex dtype"),
    "e.max()": (RuntimeError, "Specify the reduction dim with the 'dim' argument"),
    "e.amax()": (RuntimeError, "Expected reduction dim to be specified"),
    "e.amax(0)": (IndexError, "Expected reduction dim 0 to have non-zero size"),
    "e.max(0)": (IndexError, "Expected reduction dim 0 to have non-zero size"),
    "e.argmax()": (IndexError, "Expected reduction dim to be specified for input.numel()"),
    "i.std()": (RuntimeError, "std and var only support floating point and complex dtypes"),
    "i.norm()": (RuntimeError, ""),
    "x.cumsum(5)": (IndexError, "Dimension out of range"),
}


test_a_wrong_call_is_refused_with_pytorchs_words = refusals(WRONG, names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, names)

"""Ops on a GPU, real or emulated: the CPU's results, in as few launches as there can be."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.graph import reachable
from tests.cases import BROADCAST, CASES, CONDITIONS, ELEMENTWISE, NONDIFF, Case
from tests.ops.walk import assert_close, both_orders, gradient, host, random_like

pytestmark = pytest.mark.cuda


def both_devices(case: Case) -> tuple[dict[str, Any], dict[str, Any]]:
    """float32 leaves on the GPU, and their exact values as float64 leaves on the CPU."""
    arrays = case.arrays(dtype=np.float32)
    wide = {n: a.astype(np.float64) if a.dtype == np.float32 else a for n, a in arrays.items()}
    return case.tensors(arrays, device="cuda"), case.tensors(wide)


@pytest.mark.parametrize("case", [*CASES, *CONDITIONS, *NONDIFF, *BROADCAST], ids=str)
def test_values_and_gradients_are_those_of_the_cpu(case: Case) -> None:
    start = memory.held()
    ours, exact = both_devices(case)
    value, expected = case(ours), case(exact)
    assert value.is_cuda
    assert_close(host(value), host(expected), 2e-6)
    if value.requires_grad:
        seed = random_like(host(value), 1).astype(np.float32)
        found = gradient(case, ours, gpugrad.tensor(seed, device="cuda"))
        wanted = gradient(case, exact, gpugrad.tensor(seed.astype(np.float64), device="cpu"))
        for name, a, b in zip(case.differentiable, found, wanted, strict=True):
            assert a.is_cuda
            assert a.dtype is gpugrad.float32
            assert_close(host(a), host(b), 2e-5, f"gradient of {name}")
    del value, expected
    assert memory.held() == start


SECOND = [c for c in CASES if c.call in {
    "x * y", "x / y", "x ** y", "torch.exp(x)", "torch.tanh(x)", "F.gelu(x)",
    "torch.where(b, x, y)", "x.sum(0)", "x.max(1)[0]", "x.var()", "x[i]", "x[b]", "x @ y",
    "x.softmax(1)", "x.prod(1)", "F.cross_entropy(x, i)", "torch.cat([x, y, x], 1)",
    "torch.gather(x, 1, i)", "x.sort()[0]", "x.cummax(0)[0]", "x.cumprod(1)", "x.logcumsumexp(0)",
}]  # fmt: skip


@pytest.mark.parametrize("case", SECOND, ids=str)
def test_second_derivatives_are_those_of_the_cpu(case: Case) -> None:
    arrays = case.arrays()
    ours, theirs = both_orders(case, arrays, device="cuda"), both_orders(case, arrays)
    for a, b in zip([*ours.first, *ours.second], [*theirs.first, *theirs.second], strict=True):
        assert_close(a, b, 1e-11)


HALVES = [c for c in CASES if c.call in {
    "x * y", "torch.exp(x)", "F.gelu(x)", "x.sum(0)", "x.mean()", "x.var()", "x.norm()", "x @ y",
    "F.linear(x, y, z)", "x[i]", "x[b]", "x.max(1)[0]", "x.prod(1)", "x.cumsum(1)",
    "torch.gather(x, 1, i)", "torch.cat([x, y, x], 1)", "torch.logsumexp(x, (0, 1))",
    "x.sort()[0]", "x.topk(2)[0]", "x.kthvalue(2)[0]", "x.median(0)[0]", "x.mode()[0]",
    "x.cumprod(1)", "x.logcumsumexp(0)", "x.cummax(0)[0]", "x.quantile(0.3)", "x.nanmean(0, True)",
}]  # fmt: skip


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("case", HALVES, ids=str)
def test_halves_are_computed_in_float32_and_rounded_once(case: Case, dtype: str) -> None:
    kind, precision = getattr(gpugrad, dtype), {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    ours = {n: t.to(kind) if t.is_floating_point() else t
            for n, t in case.tensors(case.arrays(), (), device="cuda").items()}  # fmt: skip
    exact = {n: host(t) if t.is_floating_point() else t.cpu().numpy() for n, t in ours.items()}
    leaves = {n: t.requires_grad_() if n in "xyzw" else t for n, t in ours.items()}
    value = case(leaves)
    assert value.dtype is kind
    assert_close(host(value), case.reference(exact), 4 * precision)
    seed = random_like(host(value), 1)
    found = gradient(case, leaves, gpugrad.tensor(seed, dtype=kind, device="cuda"))
    expected = gradient(case, case.tensors(exact), gpugrad.tensor(seed, device="cpu"))
    for a, b in zip(found, expected, strict=True):
        assert a.dtype is kind
        assert_close(host(a), host(b), 128 * precision)


# ----------------------------------------------------------------------------------------- launches
def launches(work: Any) -> tuple[Any, int]:
    """The result of ``work`` and how many kernels it launched; skips where nobody counts them."""
    cudasim = pytest.importorskip("cudasim")
    with cudasim.measure() as counted:
        result = work()
    return result, counted.launches


def launched(case: Case, backwards: Any) -> tuple[int, int, int]:
    """Recorded ops, launches forward, launches backward; everything has been compiled before."""
    arrays = case.arrays(dtype=np.float32)
    warm = case.tensors(arrays, device="cuda")
    value = case(warm)
    seed = gpugrad.ones_like(value).detach()
    backwards(value, [warm[name] for name in case.differentiable], seed)
    tensors = case.tensors(arrays, device="cuda")
    value, forward = launches(lambda: case(tensors))
    inputs = [tensors[name] for name in case.differentiable]
    ops = len(reachable(value))
    _, backward = launches(lambda: backwards(value, inputs, seed))
    return ops, forward, backward


# The two halves of x * x come from one launch, their sum is another one. The hinge loss compares
# its target twice, ldexp converts integers: launches that no node records.
COMPOUND = ("x * x", "losses.hinge_embedding_loss(x, k, 0.9, reduction='none')",
            "torch.ldexp(x, i)")  # fmt: skip
ONE_OP = [
    c for c in ELEMENTWISE if set(c.shapes.values()) == {(4, 3)} and c.call not in COMPOUND
]


@pytest.mark.parametrize("case", ONE_OP, ids=str)
def test_an_elementwise_op_is_one_launch_each_way(case: Case) -> None:
    ops, forward, backward = launched(case, gpugrad.autograd.grad)
    assert forward == ops
    assert backward <= ops


@pytest.mark.parametrize("case", BROADCAST, ids=str)
def test_a_broadcast_gradient_is_computed_and_summed_in_one_launch(case: Case) -> None:
    ops, forward, backward = launched(case, lambda value, _, seed: value.backward(seed))
    assert forward == ops
    assert backward <= ops - 1 + len(case.differentiable)

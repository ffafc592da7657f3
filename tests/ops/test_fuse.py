"""gpugrad.fuse: user-written functions of elements become one op, of any order of derivative."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.errors import ExpressionError
from tests.ops.walk import assert_close, difference, host, random_like


@gpugrad.fuse
def tanh_gelu(x):
    return 0.5 * x * (1 + gpugrad.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


@gpugrad.fuse
def gated(x, gate, *, sharpness: float = 1.0):
    return x * gpugrad.sigmoid(sharpness * gate)


@gpugrad.fuse
def safe_root(x):
    return gpugrad.where(x > 0, gpugrad.sqrt(x), 0.0)


@gpugrad.fuse
def distance(x, y, z):
    return gpugrad.sqrt(x * x + y * y + z * z + 1)


@gpugrad.fuse
def bounded(x, y, *, low: float, high: float):
    inside = (x > low) & (x < high)
    return gpugrad.where(inside, x * y, gpugrad.abs(y) + gpugrad.maximum(x, high))


@gpugrad.fuse
def made_of_fused(x, y):
    return tanh_gelu(gated(x, y, sharpness=2.0)) + safe_root(y * y)


Function = Callable[..., Any]
FUSED: dict[str, tuple[Function, dict[str, Any], Function]] = {
    "tanh_gelu": (tanh_gelu, {},
                  lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))),
    "gated": (gated, {"sharpness": 3.0}, lambda x, y: x / (1 + np.exp(-3 * y))),
    "safe_root": (safe_root, {}, lambda x: np.sqrt(np.maximum(x, 0))),
    "distance": (distance, {}, lambda x, y, z: np.sqrt(x * x + y * y + z * z + 1)),
    "bounded": (bounded, {"low": -1.0, "high": 1.0},
                lambda x, y: np.where(abs(x) < 1, x * y, abs(y) + np.maximum(x, 1))),
    "made_of_fused": (made_of_fused, {},
                      lambda x, y: FUSED["tanh_gelu"][2](x / (1 + np.exp(-2 * y))) + abs(y)),
}  # fmt: skip


def sample(name: str, shapes: list[tuple[int, ...]] | None = None) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    count = FUSED[name][2].__code__.co_argcount
    sizes = shapes or [(3, 4)] * count
    return {f"v{i}": rng.uniform(-2, 2, sizes[i]) for i in range(count)}


def constant(array: Any) -> Any:
    return gpugrad.tensor(array, device="cpu")


def leaves(arrays: dict[str, Any]) -> list[Any]:
    return [gpugrad.tensor(a, device="cpu", requires_grad=True) for a in arrays.values()]


@pytest.mark.parametrize("name", FUSED)
@pytest.mark.parametrize("shapes", [None, [(3, 1), (4,), ()]], ids=["same", "broadcast"])
def test_a_fused_function_has_two_orders_of_derivatives(name: str, shapes: Any) -> None:
    function, attrs, reference = FUSED[name]
    arrays = sample(name, shapes)
    inputs = leaves(arrays)
    value = function(*inputs, **attrs)
    assert_close(host(value), reference(*arrays.values()), 1e-13)
    seed = random_like(host(value), 1)
    first = gpugrad.autograd.grad(value, inputs, constant(seed), create_graph=True)

    def total(moved: dict[str, Any]) -> float:
        return float((reference(*moved.values()) * seed).sum())

    def slope(moved: dict[str, Any]) -> float:
        plain = leaves(moved)
        found = gpugrad.autograd.grad(function(*plain, **attrs), plain, constant(seed))
        return sum(float((host(g) * random_like(g.array, 2)).sum()) for g in found)

    for variable, ours in zip(arrays, first, strict=True):
        assert_close(host(ours), difference(total, arrays, variable), 1e-8)
    combined = sum((g * constant(random_like(g.array, 2))).sum() for g in first)
    second = gpugrad.autograd.grad(combined, inputs, allow_unused=True, materialize_grads=True)
    for variable, ours in zip(arrays, second, strict=True):
        assert_close(host(ours), difference(slope, arrays, variable), 1e-8)


@pytest.mark.parametrize("name", FUSED)
def test_a_fused_function_is_one_node(name: str) -> None:
    function, attrs, _ = FUSED[name]
    value = function(*leaves(sample(name)), **attrs)
    assert all(edge is None or hasattr(edge, "leaf") for edge in value.node.edges)


def test_tanh_gelu_keeps_four_bytes_per_element() -> None:
    x = gpugrad.rand(1000, device="cpu", requires_grad=True)
    y = tanh_gelu(x)
    report = memory.graph(y)
    assert (report.unique_bytes, report.exclusive_bytes) == (4 * 1000, 0)
    del y


def test_a_recorded_backward_of_tanh_gelu_keeps_two_values_per_element() -> None:
    x = gpugrad.rand(1000, device="cpu", requires_grad=True)
    seed = gpugrad.rand(1000, device="cpu", requires_grad=True)
    (g,) = gpugrad.autograd.grad(tanh_gelu(x), x, seed, create_graph=True)
    assert memory.graph(g).unique_bytes == 8 * 1000


def test_a_branch_that_is_not_taken_leaks_no_nan_in_any_order() -> None:
    x = gpugrad.tensor([-1.0, 0.0, 4.0], dtype=gpugrad.float64, device="cpu", requires_grad=True)
    (first,) = gpugrad.autograd.grad(safe_root(x).sum(), x, create_graph=True)
    assert first.tolist() == [0.0, 0.0, 0.25]
    (second,) = gpugrad.autograd.grad(first.sum(), x)
    assert second.tolist() == [0.0, 0.0, -1 / 32]


def test_keyword_arguments_are_values_not_programs() -> None:
    x = gpugrad.rand(5, device="cpu", requires_grad=True)
    gate = gpugrad.rand(5, device="cpu")
    gated(x, gate, sharpness=1.5)
    programs = len(gated.op.function.programs)
    for sharpness in np.linspace(0, 5, 20).tolist():
        gated(x, gate, sharpness=sharpness)
    assert len(gated.op.function.programs) == programs


def test_numbers_may_stand_for_tensors() -> None:
    x = gpugrad.tensor([0.5, -0.5], device="cpu", requires_grad=True)
    half = gpugrad.full((2,), 0.5, device="cpu")
    assert gated(x, 0.5).tolist() == gated(x, half).tolist()
    gated(x, 0.5).sum().backward()
    assert x.grad.tolist() == pytest.approx([gpugrad.sigmoid(half)[0].item()] * 2)


def test_a_condition_on_elements_is_refused_with_advice() -> None:
    @gpugrad.fuse
    def branching(x):
        return x if x > 0 else -x

    with pytest.raises(ExpressionError, match="where"):
        branching(gpugrad.ones(2, device="cpu"))


def test_the_result_may_be_a_condition() -> None:
    @gpugrad.fuse
    def inside(x):
        return (x > -1) & (x < 1)

    x = gpugrad.tensor([-2.0, 0.0], device="cpu", requires_grad=True)
    assert inside(x).dtype is gpugrad.bool
    assert inside(x).tolist() == [False, True]
    assert not inside(x).requires_grad


def test_integers_are_promoted_where_a_part_is_floating() -> None:
    @gpugrad.fuse
    def twice(x):
        return x + x

    i = gpugrad.tensor([1, 2], device="cpu")
    assert twice(i).dtype is gpugrad.int64
    assert tanh_gelu(i).dtype is gpugrad.float32


def test_a_fused_function_reads_as_its_declaration() -> None:
    assert tanh_gelu.__name__ == "tanh_gelu"
    assert gated.__wrapped__.__kwdefaults__ == {"sharpness": 1.0}


@pytest.mark.oracle
def test_fused_tanh_gelu_is_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    arrays = {"x": np.random.default_rng(0).standard_normal((50, 7))}
    (x,) = leaves(arrays)
    t = torch.tensor(arrays["x"], requires_grad=True)
    theirs = torch.nn.functional.gelu(t, approximate="tanh")
    assert_close(host(tanh_gelu(x)), host(theirs), 1e-15)
    theirs.sum().backward()
    tanh_gelu(x).sum().backward()
    assert_close(host(x.grad), host(t.grad), 1e-14)

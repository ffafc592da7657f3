"""Every optimizer option against PyTorch: five steps in float64, to 1e-9."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import optim

CASES = [
    ("SGD", {"lr": 0.1}),
    ("SGD", {"lr": 0.1, "weight_decay": 0.3}),
    ("SGD", {"lr": 0.1, "momentum": 0.9}),
    ("SGD", {"lr": 0.1, "momentum": 0.9, "dampening": 0.4, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "nesterov": True, "weight_decay": 0.1}),
    ("SGD", {"lr": 0.1, "momentum": 0.8, "maximize": True}),
    ("SGD", {"lr": 0.1, "maximize": True, "weight_decay": 0.1}),
    ("Adam", {}),
    ("Adam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 1e-3}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.2}),
    ("Adam", {"lr": 0.1, "amsgrad": True}),
    ("Adam", {"lr": 0.1, "amsgrad": True, "weight_decay": 0.2, "maximize": True}),
    ("Adam", {"lr": 0.1, "weight_decay": 0.2, "decoupled_weight_decay": True}),
    ("AdamW", {}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.2, "betas": (0.0, 0.99)}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.0, "amsgrad": True}),
    ("AdamW", {"lr": 0.1, "weight_decay": 0.2, "maximize": True}),
]
# A scalar, an empty one, one thread's share, and more than a block of either implementation.
SHAPES = [(3,), (), (0,), (7, 5), (1025,), (33, 1024)]
STEPS = 5


def arrays(seed: int, dtype: Any = np.float64) -> list[Any]:
    rng = np.random.default_rng(seed)
    return [np.asarray(rng.standard_normal(shape), dtype) for shape in SHAPES]


def trained(library: Any, params: list[Any], optimizer: Any, make: Any) -> list[Any]:
    """Parameters after some steps; one of them gets its first gradient at the third."""
    for step in range(STEPS):
        for index, (p, g) in enumerate(zip(params, arrays(step + 1), strict=True)):
            p.grad = make(g) if index or step >= 2 else None
        optimizer.step()
    return [np.asarray(p.detach().cpu().numpy()) for p in params]


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: str(value))
def test_five_steps_equal_pytorch(name: str, options: dict[str, Any], device: str) -> None:
    torch = pytest.importorskip("torch")
    expected_params = [torch.tensor(a, requires_grad=True) for a in arrays(0)]
    expected_optimizer = getattr(torch.optim, name)(expected_params, **options)
    expected = trained(torch, expected_params, expected_optimizer, torch.tensor)

    params = [gpugrad.tensor(a, requires_grad=True, device=device) for a in arrays(0)]
    optimizer = getattr(optim, name)(params, **options)
    got = trained(gpugrad, params, optimizer, lambda a: gpugrad.tensor(a, device=device))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=1e-9)


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "options"), CASES, ids=lambda value: str(value))
def test_state_dict_has_the_layout_of_pytorch(name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")

    def state(library: Any) -> Any:
        p = library.ones(3, requires_grad=True)
        p.grad = library.ones(3)
        optimizer = getattr(library.optim, name)([p], **options)
        optimizer.step()
        return optimizer.state_dict(), repr(optimizer)

    (expected, expected_text), (got, text) = state(torch), state(gpugrad)
    assert got["param_groups"] == expected["param_groups"]
    assert got["state"].keys() == expected["state"].keys()
    for number, entries in expected["state"].items():
        assert list(got["state"][number]) == list(entries)
        for key, value in entries.items():
            np.testing.assert_allclose(got["state"][number][key].numpy(), value.numpy(), rtol=1e-6)
    assert text == expected_text


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_parameters_that_are_transposed_views_are_updated_in_place(name: str, device: str) -> None:
    torch = pytest.importorskip("torch")
    options = {"momentum": 0.9} if name == "SGD" else {"amsgrad": True}

    def run(library: Any, make: Any) -> Any:
        base = make(np.arange(12.0).reshape(3, 4))
        p = base.t().detach().requires_grad_()
        optimizer = getattr(library.optim, name)([p], lr=0.1, **options)
        for step in range(3):
            p.grad = make(np.full((4, 3), 0.5 + step))
            optimizer.step()
        return base.detach().cpu().numpy()

    got = run(gpugrad, lambda a: gpugrad.tensor(a, device=device))
    np.testing.assert_allclose(got, run(torch, torch.tensor), rtol=0, atol=1e-9)


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float32", "float16", "bfloat16"])
@pytest.mark.parametrize("name", ["SGD", "Adam", "AdamW"])
def test_short_dtypes_stay_within_their_rounding(name: str, dtype: str, device: str) -> None:
    torch = pytest.importorskip("torch")
    start, gradient = np.linspace(-1, 1, 301), np.linspace(2, 0.5, 301)

    def run(library: Any, **where: Any) -> Any:
        element = getattr(library, dtype)
        p = library.tensor(start, dtype=element, **where).requires_grad_()
        optimizer = getattr(library.optim, name)([p], lr=0.1)
        for _ in range(3):
            p.grad = library.tensor(gradient, dtype=element, **where)
            optimizer.step()
        return np.asarray(p.detach().cpu().float().numpy(), np.float64)

    rounding = {"float32": 1e-6, "float16": 4e-3, "bfloat16": 3e-2}[dtype]
    np.testing.assert_allclose(run(gpugrad, device=device), run(torch), rtol=0, atol=rounding)

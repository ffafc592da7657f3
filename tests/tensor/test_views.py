"""Views and writes through them: values, gradients and refusals are PyTorch's."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from tests.ops.walk import assert_close, host
from tests.tensor.view_programs import PROGRAMS

Outcome = tuple[str, list[Any]]


def scope(module: Any, device: str = "cpu") -> dict[str, Any]:
    rng = np.random.default_rng(3)

    def make(values: Any, **options: Any) -> Any:
        return module.tensor(values, device=device, **options)

    x = make(rng.standard_normal((4, 3)), requires_grad=True)
    w = make(rng.standard_normal(3), requires_grad=True)
    c = make(rng.standard_normal((4, 3)))
    m = make(rng.random((4, 3)) < 0.4)
    return {"torch": module, "x": x, "w": w, "y": x * 1, "c": c, "m": m, "i": make([2, 0])}


def run(program: str, module: Any, device: str = "cpu") -> Outcome:
    """Where it ended ("value", or the stage and class of an error), and the arrays to compare."""
    names = scope(module, device)
    try:
        exec(compile(program, "program", "exec"), names)
    except (RuntimeError, IndexError, TypeError, ValueError) as error:
        return f"raises {base_class(error)}", []
    out = names["out"]
    value = [host(out), host(names["y"]), host(names["c"])]
    if not out.requires_grad:
        return "no gradient", value
    weights = module.tensor(np.cos(np.arange(out.numel())).reshape(tuple(out.shape)), device=device)
    try:
        return "value", [*value, *both_orders((out * weights).sum(), names, module)]
    except RuntimeError:
        return "backward raises", value


def both_orders(loss: Any, names: dict[str, Any], module: Any) -> list[Any]:
    """The gradients of the leaves, plain and recorded, and those of a sum of their squares."""
    leaves = [names["x"], names["w"]]
    options = {"allow_unused": True, "materialize_grads": True}
    first = module.autograd.grad(loss, leaves, create_graph=True, **options)
    total = sum((g * g).sum() for g in first)
    second = [module.zeros_like(leaf) for leaf in leaves]
    if total.requires_grad:
        second = module.autograd.grad(total, leaves, retain_graph=True, **options)
    loss.backward()
    plain = [module.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    return [host(g) for g in (*first, *second, *plain)]


def base_class(error: BaseException) -> str:
    builtin = (IndexError, TypeError, ValueError, RuntimeError)
    return next(c.__name__ for c in builtin if isinstance(error, c))


@pytest.mark.oracle
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_program_of_views_and_writes_ends_as_pytorchs(program: str) -> None:
    torch = pytest.importorskip("torch")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        end, theirs = run(program, torch)
    ours_end, ours = run(program, gpugrad)
    assert ours_end == end
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b, 1e-13)


@pytest.mark.cuda
@pytest.mark.parametrize("program", PROGRAMS)
def test_a_gpu_ends_as_the_cpu(program: str) -> None:
    end, values = run(program, gpugrad, "cuda")
    cpu_end, expected = run(program, gpugrad)
    assert end == cpu_end
    for a, b in zip(values, expected, strict=True):
        assert_close(a, b, 1e-13)


@pytest.mark.parametrize("program", PROGRAMS)
def test_nothing_is_held_once_a_program_is_over(program: str) -> None:
    start = memory.held()
    run(program, gpugrad)
    assert memory.held() == start

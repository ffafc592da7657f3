"""Gradients of gradients: right to any order, and no leak."""

from __future__ import annotations

import gc

import pytest

import gpugrad
from gpugrad import autograd, memory
from gpugrad.graph import live_nodes, live_storages


def test_derivatives_of_higher_order_are_exact() -> None:
    x = gpugrad.tensor([1.5], dtype=gpugrad.float64, device="cpu", requires_grad=True)
    y = x**4
    expected = [4 * 1.5**3, 12 * 1.5**2, 24 * 1.5, 24.0]
    for value in expected:
        (y,) = autograd.grad(y, x, create_graph=True)
        assert y.item() == pytest.approx(value, rel=1e-14)


def test_create_graph_retains_unless_told_otherwise() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = x.exp().sum()
    y.backward(create_graph=True)
    y.backward(create_graph=True, retain_graph=False)
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def penalised_step(x: gpugrad.Tensor, w: gpugrad.Tensor) -> None:
    """A gradient penalty: the gradient of the loss is part of the loss."""
    output = (x @ w).tanh()
    (g,) = autograd.grad(output.sum(), x, create_graph=True)
    loss = output.mean() + ((g * g).sum() - 1) ** 2
    loss.backward()
    with gpugrad.no_grad():
        w -= 0.01 * w.grad
    w.grad = None
    x.grad = None


def test_a_thousand_steps_without_garbage_collector_keep_memory_flat() -> None:
    gpugrad.manual_seed(0)
    x = gpugrad.randn(4, 3, device="cpu").requires_grad_()
    w = gpugrad.randn(3, 2, device="cpu").requires_grad_()
    penalised_step(x, w)
    assert not gc.isenabled()
    before = memory.held(), len(live_nodes()), sum(s.nbytes for s in live_storages())
    for _ in range(1000):
        penalised_step(x, w)
    after = memory.held(), len(live_nodes()), sum(s.nbytes for s in live_storages())
    assert after == before


def test_a_gradient_that_carries_a_graph_makes_no_cycle() -> None:
    nodes = len(live_nodes())
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    (x * x * x).sum().backward(create_graph=True)
    assert len(live_nodes()) > nodes
    del x
    assert len(live_nodes()) == nodes

"""Which ops record: grad mode, and what requires a gradient."""

from __future__ import annotations

import threading

import pytest

import gpugrad


def leaf() -> gpugrad.Tensor:
    return gpugrad.ones(3, device="cpu", requires_grad=True)


def test_no_grad_records_nothing() -> None:
    x = leaf()
    with gpugrad.no_grad():
        y = x * 2
        assert not gpugrad.is_grad_enabled()
    assert not y.requires_grad
    assert gpugrad.is_grad_enabled()


def test_enable_grad_records_inside_no_grad() -> None:
    x = leaf()
    with gpugrad.no_grad(), gpugrad.enable_grad():
        y = x * 2
    assert y.requires_grad


def test_modes_decorate_functions() -> None:
    @gpugrad.no_grad()
    def silent(x):
        return x * 2

    @gpugrad.no_grad
    def bare(x):
        return x * 2

    assert not silent(leaf()).requires_grad
    assert not bare(leaf()).requires_grad


def test_the_mode_returns_after_an_exception() -> None:
    with pytest.raises(ZeroDivisionError), gpugrad.no_grad():
        raise ZeroDivisionError
    assert gpugrad.is_grad_enabled()


def test_set_grad_enabled_works_at_once_and_as_a_block() -> None:
    with gpugrad.set_grad_enabled(False):
        assert not gpugrad.is_grad_enabled()
    assert gpugrad.is_grad_enabled()
    gpugrad.set_grad_enabled(False)
    try:
        assert not (leaf() * 2).requires_grad
    finally:
        gpugrad.set_grad_enabled(True)


def test_a_leaf_made_inside_no_grad_keeps_its_flag() -> None:
    with gpugrad.no_grad():
        assert leaf().requires_grad


def test_backward_inside_no_grad_still_creates_a_graph_if_asked() -> None:
    x = leaf()
    y = (x * x).sum()
    with gpugrad.no_grad():
        y.backward(create_graph=True)
    assert x.grad.requires_grad


def test_the_mode_belongs_to_the_thread() -> None:
    seen: list[bool] = []
    with gpugrad.no_grad():
        thread = threading.Thread(target=lambda: seen.append(gpugrad.is_grad_enabled()))
        thread.start()
        thread.join()
    assert seen == [True]


def test_only_floating_tensors_can_require_gradients() -> None:
    with pytest.raises(RuntimeError, match="floating point"):
        gpugrad.tensor([1, 2], device="cpu", requires_grad=True)
    assert not leaf().argmax().requires_grad
    assert not (leaf() > 0).requires_grad
    assert not leaf().long().requires_grad


def test_a_computed_tensor_cannot_drop_its_requires_grad() -> None:
    y = leaf() * 2
    with pytest.raises(RuntimeError, match="leaf variables"):
        y.requires_grad = False
    assert not y.detach().requires_grad

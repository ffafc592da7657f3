"""The ledger's one number: what live graphs hold, exactly, at every moment."""

from __future__ import annotations

from itertools import pairwise

import pytest

import gpugrad
from gpugrad import memory

N = 1000
BYTES = 4 * N


@pytest.fixture
def x(device) -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, N, device=device).requires_grad_()


def test_retained_graphs_grow_by_the_same_bytes_and_return_exactly(x) -> None:
    weight = gpugrad.ones(N, device=x.device, requires_grad=True)
    start, losses, held = memory.held(), [], []
    for _ in range(5):
        loss = (x * weight).tanh().exp().sum()
        loss.backward(retain_graph=True)
        losses.append(loss)
        held.append(memory.held() - start)
    growth = [b - a for a, b in pairwise(held)]
    assert growth == [2 * BYTES] * 4  # tanh and exp save their results
    assert held[0] == 4 * BYTES  # x and weight as well, once for all steps
    for loss in losses:
        loss.backward()
    assert memory.held() == start


def test_dropping_retained_graphs_returns_exactly(x) -> None:
    start = memory.held()
    losses = [x.exp().sum() for _ in range(5)]
    assert memory.held() == start + 5 * BYTES
    losses.clear()
    assert memory.held() == start


def test_a_storage_counts_once_however_many_slots_save_it(x) -> None:
    start = memory.held()
    y = x * x
    z = x.sin() + x.cos() * x
    assert memory.held() == start + BYTES + BYTES  # x, and the result of cos
    del y, z
    assert memory.held() == start


def test_views_and_twins_count_as_the_storage_they_share(x) -> None:
    start = memory.held()
    parts = [x[:10].sin(), x[10:].sin(), x.reshape(10, 100).sin()]
    parts.append(x * x.detach())
    assert memory.held() == start + BYTES
    del parts
    assert memory.held() == start


def test_what_is_not_recorded_is_not_held(x) -> None:
    start = memory.held()
    with gpugrad.no_grad():
        silent = x.exp().sin()
    constant = x.detach().exp()
    linear = (x + 1).reshape(10, 100).sum()
    assert memory.held() == start
    del silent, constant, linear


def test_an_op_that_fails_holds_nothing(x) -> None:
    start = memory.held()
    y = x.exp()
    with pytest.raises(RuntimeError):
        y * gpugrad.ones(7, device=x.device)
    with pytest.raises(RuntimeError):
        y.reshape(10, 100) @ gpugrad.ones(7, 3, device=x.device, requires_grad=True)
    assert memory.held() == start + BYTES
    del y
    assert memory.held() == start


def test_failed_backwards_leave_no_drift(x) -> None:
    start = memory.held()
    for _ in range(20):
        y = x.exp()
        loss = y.sum()
        loss.backward()
        with pytest.raises(RuntimeError):
            loss.backward()
        z = y.detach().requires_grad_() * 1
        late = z.sin()
        z.zero_()
        with pytest.raises(RuntimeError):
            late.sum().backward()
        del y, z, late, loss
    assert memory.held() == start


def test_held_is_told_per_device(x) -> None:
    device, start = x.device, memory.held(x.device)
    y = x.exp()
    assert memory.held(device) == start + BYTES
    assert memory.held() >= memory.held(device)
    del y


@pytest.mark.cuda
def test_each_device_has_an_account_of_its_own() -> None:
    on_cpu = gpugrad.ones(N, device="cpu", requires_grad=True)
    cpu, cuda = memory.held("cpu"), memory.held("cuda")
    y = on_cpu.exp()
    assert (memory.held("cpu"), memory.held("cuda")) == (cpu + BYTES, cuda)
    z = y.to("cuda").exp()
    assert (memory.held("cpu"), memory.held("cuda")) == (cpu + BYTES, cuda + BYTES)
    del y, z


# ------------------------------------------------------------------------------------------ steps
def test_a_step_remembers_what_was_held_at_its_end_and_at_most(x) -> None:
    memory.step()
    start = memory.held(x.device)
    kept = x.exp()
    x.sin().exp().sum().backward()
    memory.step()
    last = memory.steps()[-1]
    assert last.held[str(x.device)] == start + BYTES
    assert last.peak[str(x.device)] == start + 3 * BYTES  # kept, x for sin, the second exp
    del kept


def test_steps_are_counted_and_optimizers_count_them(x) -> None:
    optimizer = gpugrad.optim.SGD([x], lr=0.1)
    first = memory.step()
    x.sum().backward()
    optimizer.step()
    assert (x * 2).node.scope.step == first + 1


def test_the_summary_adds_up_and_says_what_is_exact(x) -> None:
    kept = x.exp()
    text = memory.summary(x.device)
    assert "live" in text
    assert "= used" in text
    assert "held by graphs" in text
    assert "ExpBackward0" in text
    assert max(map(len, text.splitlines())) <= 100
    del kept

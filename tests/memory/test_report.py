"""What a graph keeps: node by node, and what would really come back."""

from __future__ import annotations

import sys

import pytest

import gpugrad
from gpugrad import memory, nn
from gpugrad.graph import live_storages

N = 1000
BYTES = 4 * N


def leaf(device: str = "cpu") -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, N, device=device).requires_grad_()


def line(offset: int = 0) -> int:
    return sys._getframe(1).f_lineno + offset


# ------------------------------------------------------------------------------------------ facts
def test_the_report_tells_every_node_with_line_and_saved_slots() -> None:
    x = leaf()
    y = x.exp()
    loss = (y * x).sum()
    report = memory.graph(loss)
    exp, mul, total = report.nodes
    assert [node.name for node in report.nodes] == ["ExpBackward0", "MulBackward0", "SumBackward0"]
    assert exp.where.endswith(f"test_report.py:{line(-5)} in {sys._getframe().f_code.co_name}")
    assert [slot.shape for slot in exp.saved] == [(N,)]
    assert [(slot.dtype, slot.nbytes) for slot in mul.saved] == [("float32", BYTES)] * 2
    assert exp.saved[0].storage in {slot.storage for slot in mul.saved}  # y, saved twice
    assert total.saved == ()


def test_naive_counts_slots_and_unique_counts_storages() -> None:
    x = leaf()
    report = memory.graph(((x * x) + x.sin()).sum())
    assert report.naive_bytes == 3 * BYTES
    assert report.unique_bytes == BYTES


def test_module_and_step_are_noted() -> None:
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Linear(3, 2, device="cpu")

        def forward(self, x):
            return self.inner(x).tanh()

    step = memory.step()
    report = memory.graph(Net()(gpugrad.ones(4, 3, device="cpu")))
    assert {node.step for node in report.nodes} == {step}
    assert {node.module for node in report.nodes} == {"Net", "Net.inner"}


def test_the_report_follows_release() -> None:
    x = leaf()
    loss = x.exp().sum()
    loss.backward()
    report = memory.graph(loss)
    assert (report.naive_bytes, report.unique_bytes, report.exclusive_bytes) == (0, 0, 0)
    assert any("backward() at" in node.freed for node in report.nodes)


def test_a_tensor_without_graph_has_an_empty_report() -> None:
    report = memory.graph(gpugrad.ones(3, device="cpu"))
    assert report.nodes == []
    assert str(report) == "no graph" or "0 B" in str(report)


def test_the_table_is_sorted_by_bytes_and_adds_up() -> None:
    x = leaf()
    small = x[:10].exp()
    big = x.exp().exp()
    loss = big.sum() + small.sum()
    text = str(memory.graph(loss)).splitlines()
    assert f":{line(-3)}" in text[2]  # the biggest line first
    assert f":{line(-5)}" in text[3]
    assert text[-1].split()[-2:] != []
    assert "in all" in text[-1]
    assert max(map(len, text)) <= 100


# -------------------------------------------------------------------------------------- exclusive
def test_what_somebody_else_holds_is_not_exclusive() -> None:
    x = leaf()
    y = x.exp()
    loss = y.sin().sum()
    assert memory.graph(loss).exclusive_bytes == 0  # y is a variable
    del y
    assert memory.graph(loss).exclusive_bytes == BYTES


def test_a_view_an_array_or_a_twin_outside_holds_the_bytes() -> None:
    for take in (
        lambda y: y[3:5],
        lambda y: y.detach(),
        lambda y: y.detach().numpy(),
        lambda y: y.detach().numpy()[::2],
    ):
        y = leaf().exp()
        loss, outside = y.sin().sum(), take(y)
        del y
        assert memory.graph(loss).exclusive_bytes == 0
        del outside
        assert memory.graph(loss).exclusive_bytes == BYTES


def test_another_graph_holds_the_bytes() -> None:
    y = leaf().exp()
    loss, other = y.sin().sum(), y.cos().sum()
    del y
    assert memory.graph(loss).exclusive_bytes == 0  # the other graph saves y too
    assert memory.graph([loss, other]).exclusive_bytes == BYTES
    del other
    assert memory.graph(loss).exclusive_bytes == BYTES


def test_a_leaf_nobody_holds_any_more_is_exclusive() -> None:
    x = leaf()
    loss = x.sin().sum()
    assert memory.graph(loss).exclusive_bytes == 0
    del x
    assert memory.graph(loss).exclusive_bytes == BYTES


def test_a_living_root_keeps_its_own_result() -> None:
    x = leaf()
    y = x.exp()
    assert memory.graph(y).unique_bytes == BYTES
    assert memory.graph(y).exclusive_bytes == 0


@pytest.mark.parametrize("large", [False, True])
def test_views_saved_by_several_slots_are_exclusive_together(large: bool) -> None:
    n = 1_000_000 if large else N
    y = gpugrad.ones(n, device="cpu", requires_grad=True).exp()
    loss = y.reshape(10, -1).sin().sum() + y[: n // 2].cos().sum() + y.sin().sum()
    del y
    report = memory.graph(loss)
    assert report.unique_bytes == report.exclusive_bytes == 4 * n
    assert report.exclusive_blocks == [4 * n]


def test_the_report_itself_keeps_nothing_alive() -> None:
    before = memory.held()
    loss = leaf().exp().sum()
    report = memory.graph(loss)
    del loss
    assert memory.held() == before
    assert report.unique_bytes == BYTES


def small_lstm_loss(device: str) -> gpugrad.Tensor:
    lstm = nn.LSTM(3, 5, device=device)
    output, _ = lstm(gpugrad.ones(7, 2, 3, device=device))
    return (output * output).mean()


def small_mlp_loss(device: str) -> gpugrad.Tensor:
    first, second = nn.Linear(20, 30, device=device), nn.Linear(30, 5, device=device)
    net = nn.Sequential(first, nn.ReLU(), second)
    target = gpugrad.zeros(16, dtype=gpugrad.int64, device=device)
    logits = net(gpugrad.ones(16, 20, device=device))
    return nn.functional.cross_entropy(logits, target)


@pytest.mark.parametrize("make", [small_lstm_loss, small_mlp_loss])
def test_exclusive_bytes_are_what_release_gives_back_to_the_host(make) -> None:
    gpugrad.manual_seed(0)
    loss = make("cpu")
    report = memory.graph(loss)
    assert report.exclusive_bytes > 0
    before = sum(s.nbytes for s in live_storages())
    loss.release_graph()
    assert before - sum(s.nbytes for s in live_storages()) == report.exclusive_bytes


@pytest.mark.cuda
@pytest.mark.parametrize("make", [small_lstm_loss, small_mlp_loss])
def test_exclusive_blocks_are_what_release_gives_back_to_the_pool(make) -> None:
    gpugrad.manual_seed(0)
    loss = make("cuda")
    report = memory.graph(loss)
    rounded = sum(-(-nbytes // 512) * 512 for nbytes in report.exclusive_blocks)
    assert rounded > 0
    before = memory.used_bytes("cuda")
    loss.release_graph()
    assert before - memory.used_bytes("cuda") == rounded

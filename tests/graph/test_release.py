"""When saved values go: node by node, once, and only what a pass has run."""

from __future__ import annotations

import pytest

import gpugrad
from gpugrad import memory
from gpugrad.errors import GraphFreedError
from gpugrad.graph import live_nodes, reachable

N = 1000
BYTES = 4 * N


def leaf() -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, N, device="cpu").requires_grad_()


def test_backward_releases_saved_values_of_every_node() -> None:
    before = memory.held()
    x = leaf()
    y = x.exp()
    loss = (y.sin() * y).sum()
    nodes = [node for node in reachable(loss) if node.saved]
    assert len(nodes) == 3
    loss.backward()
    assert all(node.saved is None for node in nodes)
    assert memory.held() == before


def test_saved_values_go_one_node_after_the_other() -> None:
    before = memory.held()
    values = [leaf()]
    seen: list[int] = []
    for _ in range(4):
        values.append(values[-1].exp())  # saves its own result
        values[-1].register_hook(lambda g: seen.append(memory.held() - before))
    values[-1].sum().backward()
    assert seen == [4 * BYTES, 3 * BYTES, 2 * BYTES, BYTES]
    assert memory.held() == before


def test_retain_graph_keeps_them_and_the_next_pass_lets_them_go() -> None:
    x = leaf()
    loss = x.exp().sum()
    before = memory.held()
    loss.backward(retain_graph=True)
    assert memory.held() == before
    once = x.grad.clone()
    loss.backward()
    assert memory.held() == before - BYTES
    assert (x.grad == 2 * once).all()
    with pytest.raises(GraphFreedError):
        loss.backward()


def test_a_kept_loss_keeps_one_small_graph_after_backward() -> None:
    x = leaf()
    y = x
    for _ in range(50):
        y = y.sin()
    loss = y.sum()
    del y
    assert len(reachable(loss)) == 51
    loss.backward()
    assert len(reachable(loss)) == 2


def test_nodes_that_save_nothing_can_be_run_again() -> None:
    x = leaf()
    loss = (x.reshape(10, 100).transpose(0, 1) + 1).sum()
    loss.backward()
    loss.backward()
    assert (x.grad == 2).all()


def test_dropping_the_last_tensor_frees_the_graph_at_once() -> None:
    held, nodes = memory.held(), len(live_nodes())
    x = leaf()
    loss = (x.exp() * x.sin()).sum()
    assert memory.held() > held
    del loss
    assert memory.held() == held
    assert len(live_nodes()) == nodes


def test_a_pass_to_some_inputs_releases_only_what_it_ran() -> None:
    x, w = leaf(), leaf()
    a, b = x.exp(), w.exp()
    loss = (a + b).sum()
    before = memory.held()
    loss.backward(inputs=[x])
    assert w.grad is None
    assert memory.held() == before - BYTES
    loss.backward(inputs=[w])
    assert memory.held() == before - 2 * BYTES
    with pytest.raises(GraphFreedError):
        loss.backward(inputs=[x])


def test_release_graph_returns_the_bytes_it_let_go() -> None:
    x = leaf()
    loss = x.exp().sum()
    before = memory.held()
    assert loss.release_graph() == BYTES
    assert memory.held() == before - BYTES
    assert loss.release_graph() == 0
    assert x.grad is None
    with pytest.raises(GraphFreedError, match="release_graph"):
        loss.backward()


def test_release_graph_counts_only_what_no_other_graph_saves() -> None:
    x = leaf()
    y = x.exp()
    a, b = y.sin().sum(), y.cos().sum()  # both save y
    assert a.release_graph() == 0
    assert b.release_graph() == BYTES


def test_a_failed_hook_leaves_the_rest_of_the_graph_usable() -> None:
    x = leaf()
    middle = x.exp()
    handle = middle.register_hook(lambda g: 1 / 0)
    loss = middle.sum()
    before = memory.held()
    with pytest.raises(ZeroDivisionError):
        loss.backward()
    assert memory.held() == before
    handle.remove()
    loss.backward()
    assert (x.grad == middle).all()

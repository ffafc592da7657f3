"""Depth costs no stack: a million nodes forward, backward and away."""

from __future__ import annotations

import sys

import gpugrad
from gpugrad import memory
from gpugrad.graph import live_nodes

DEEP = 1_000_000


def test_a_chain_of_a_million_ops_runs_both_ways_and_is_dropped() -> None:
    x = gpugrad.tensor([0.5], device="cpu", requires_grad=True)
    before = memory.held()
    y = x
    for _ in range(DEEP // 2):
        y = y + x
        y = -y
    assert sys.getrecursionlimit() < DEEP / 100
    y.backward()
    assert x.grad.tolist() == [1.0]  # y is -2x, x, -2x, x, ... in turn
    del y
    assert memory.held() == before


def test_a_deep_chain_of_saved_values_is_dropped_without_backward() -> None:
    x = gpugrad.tensor([0.5], device="cpu", requires_grad=True)
    before, nodes = memory.held(), len(live_nodes())
    y = x
    for _ in range(200_000):
        y = y.tanh()
    assert memory.held() == before + 4 * 200_000
    del y
    assert memory.held() == before
    assert len(live_nodes()) == nodes


def test_a_deep_graph_is_released_and_explained_without_recursion() -> None:
    x = gpugrad.tensor([0.5], device="cpu", requires_grad=True)
    y = x
    for _ in range(50_000):
        y = y.tanh()
    assert len(memory.graph(y).nodes) == 50_000
    assert y.release_graph() == 4 * 50_000

"""The list of all live graphs."""

from __future__ import annotations

import gc

import pytest

import gpugrad
from gpugrad import memory

N = 1000
BYTES = 4 * N


@pytest.fixture(autouse=True)
def _clean_slate() -> None:
    """Exceptions of earlier tests may still keep graphs in cycles."""
    gc.collect()


def leaf() -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1, N, device="cpu").requires_grad_()


def here() -> list[memory.GraphSummary]:
    """The live graphs whose root this file recorded."""
    return [g for g in memory.graphs() if "test_graphs.py" in g.where]


def test_every_live_graph_is_listed_with_root_line_nodes_and_bytes() -> None:
    x = leaf()
    big, small = x.exp().sin().sum(), x[:10].exp().sum()
    first, second = here()
    assert (first.name, first.nodes, first.nbytes) == ("SumBackward0", 3, BYTES)
    assert (second.name, second.nodes, second.nbytes) == ("SumBackward0", 3, 40)
    del big, small
    assert here() == []


def test_a_value_inside_a_graph_is_no_graph_of_its_own() -> None:
    y = leaf().exp()
    z = y.sin()
    assert len(here()) == 1
    del z
    assert len(here()) == 1
    del y


def test_the_outputs_of_one_node_are_one_graph() -> None:
    parts = leaf().exp().split(100)
    assert len(here()) == 1
    del parts


def test_the_age_counts_steps() -> None:
    kept = leaf().exp()
    memory.step()
    memory.step()
    (found,) = here()
    assert found.age == 2
    del kept


def test_a_loss_kept_after_backward_is_still_listed() -> None:
    loss = leaf().exp().sum()
    loss.backward()
    (found,) = here()
    assert found.nbytes == 0
    assert found.nodes <= 2
    del loss


def test_a_listed_graph_can_be_reported_and_released() -> None:
    loss = leaf().exp().sum()
    (found,) = here()
    assert found.report().unique_bytes == BYTES
    assert found.release() == BYTES
    del loss
    assert found.node is None
    assert found.release() == 0


def test_the_table_names_each_root() -> None:
    kept = leaf().exp()
    text = str(memory.graphs())
    assert "ExpBackward0" in text
    assert "test_graphs.py" in text
    assert max(map(len, text.splitlines())) <= 100
    del kept


def test_shared_nodes_belong_to_each_graph() -> None:
    trunk = leaf().exp()
    a, b = trunk.sum(), trunk.mean()
    del trunk
    assert [g.nbytes for g in here()] == [BYTES, BYTES]
    del a, b

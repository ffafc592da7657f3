"""What ops keep for their backward: the table's slots, to the byte, and never more than PyTorch."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.graph import reachable, saved_slots
from tests.cases import CASES, Case
from tests.ops.walk import gradient


def kept(tensors: dict[str, Any], value: Any) -> list[str]:
    """Slot by slot: an input's name, ``result``, the bytes of something in between, ``again``."""
    names = {id(t.storage): n for n, t in {"result": value, **tensors}.items() if t.storage}
    found = []
    for node in sorted(reachable(value), key=lambda node: node.seq):
        for _, _, storage in saved_slots(node):
            found.append(names.get(id(storage), str(storage.nbytes)))
            names.setdefault(id(storage), "again")
    return found


@pytest.mark.parametrize("case", CASES, ids=str)
def test_the_slots_are_the_rows_and_the_ledger_counts_their_bytes(case: Case) -> None:
    tensors = case.tensors(case.arrays(dtype=np.float32))
    start = memory.held()
    value = case(tensors)
    assert kept(tensors, value) == list(case.saves)
    nbytes = {"again": 0, "result": value.nbytes, **{n: t.nbytes for n, t in tensors.items()}}
    between = [int(n) for n in case.saves if n.isdigit()]
    assert memory.held() - start == sum(between) + sum(nbytes[n] for n in {*case.saves} & {*nbytes})


@pytest.mark.parametrize("case", CASES, ids=str)
def test_after_backward_nothing_is_held(case: Case) -> None:
    tensors = case.tensors(case.arrays())
    start = memory.held()
    value = case(tensors)
    value.backward(gpugrad.ones_like(value).detach())
    assert memory.held() == start


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_dropped_second_order_graph_leaves_nothing_behind(case: Case) -> None:
    start = memory.held()
    tensors = case.tensors(case.arrays())
    seed = gpugrad.ones_like(case(tensors)).detach()
    grads = gradient(case, tensors, seed, create_graph=True)
    del grads, tensors
    assert memory.held() == start


# --------------------------------------------------------------------------------- beside PyTorch
def subsets(names: list[str]) -> Iterator[tuple[str, ...]]:
    for count in range(1, len(names) + 1):
        yield from combinations(names, count)


def kept_by_pytorch(torch: Any, case: Case, tensors: dict[str, Any]) -> dict[int, int]:
    """The bytes of every storage that PyTorch's graph keeps, by address."""
    storages: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        case(tensors, torch)
    return storages


@pytest.mark.oracle
@pytest.mark.parametrize("case", CASES, ids=str)
def test_no_more_is_kept_than_pytorch_keeps(case: Case) -> None:
    torch = pytest.importorskip("torch")
    arrays = case.arrays(dtype=np.float32)
    for needs in subsets(case.differentiable):
        tensors = case.tensors(arrays, needs)
        value = case(tensors)
        ours = memory.graph(value).unique_bytes
        inputs = case.tensors(arrays, needs, module=torch)
        theirs = kept_by_pytorch(torch, case, inputs)
        if case.fused:
            given = {t.untyped_storage().data_ptr() for t in inputs.values()}
            theirs = {where: n for where, n in theirs.items() if where not in given}
            ours -= sum(tensors[n].nbytes for n in {*kept(tensors, value)} & {*tensors})
        assert ours <= sum(theirs.values()), f"for gradients of {needs}"

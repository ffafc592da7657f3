"""Exclusive bytes on random programs: the number a report tells is what release really frees."""

from __future__ import annotations

import random
import weakref
from typing import Any

import pytest

import gpugrad
from gpugrad import memory
from gpugrad.graph import live_nodes, live_storages, reachable, saved_slots

SHAPE = (8, 16)


def random_program(rng: random.Random, device: str) -> tuple[list[Any], gpugrad.Tensor]:
    """Values made from each other at random, of which some survive; and a root over the last."""
    values = [gpugrad.rand(*SHAPE, device=device).requires_grad_() for _ in range(3)]
    ops = [
        lambda a, b: a * b, lambda a, b: a + b, lambda a, b: a.exp(), lambda a, b: a.sin() * b,
        lambda a, b: a[2:].tanh().sum() * b, lambda a, b: a.reshape(16, 8).sin().reshape(SHAPE),
        lambda a, b: a @ (b.t() @ a), lambda a, b: gpugrad.where(a > 0.5, a, b),
        lambda a, b: a.softmax(1), lambda a, b: gpugrad.cat([a[:4], b[4:]]) * a,
        lambda a, b: a[a.detach() > 0.5].sum() + b * b.detach(),
    ]  # fmt: skip
    for _ in range(rng.randrange(3, 15)):
        values.append(rng.choice(ops)(rng.choice(values[-4:]), rng.choice(values)))
    root = values[-1].sum() + values[-2].mean()
    outside = [
        rng.choice([v, v.detach(), v[1:3], v.array, v.array[:2], v.sin()])
        for v in values
        if rng.random() < 0.3
    ]
    return outside, root


def saved_owners(root: gpugrad.Tensor) -> list[tuple[weakref.ref[Any], int]]:
    """The arrays that own what the graph saves, weakly, with their bytes."""
    owners = {}
    for node in reachable(root):
        for _, array, _ in saved_slots(node):
            while isinstance(array.base, type(array)):
                array = array.base
            owners[id(array)] = weakref.ref(array), array.nbytes
    return list(owners.values())


@pytest.mark.parametrize("seed", range(100))
def test_the_arrays_that_go_add_up_to_the_exclusive_bytes(seed: int) -> None:
    gpugrad.manual_seed(seed)
    outside, root = random_program(random.Random(seed), "cpu")
    owners = saved_owners(root)
    report = memory.graph(root)
    root.release_graph()
    assert sum(nbytes for owner, nbytes in owners if owner() is None) == report.exclusive_bytes
    del outside


@pytest.mark.parametrize("seed", range(20))
def test_held_equals_a_count_by_walking_all_live_nodes(seed: int) -> None:
    rng = random.Random(seed)
    _outside, root = random_program(rng, "cpu")
    if seed % 2:
        (root * root).backward(create_graph=True)
    if seed % 3 == 0:
        root.backward(retain_graph=seed % 2 == 0)
    saved = {id(s): s.nbytes for node in live_nodes() for _, _, s in saved_slots(node)}
    assert memory.held("cpu") == sum(saved.values())


@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_held_when_everything_is_gone(seed: int) -> None:
    before = memory.held(), sum(s.nbytes for s in live_storages())
    outside, root = random_program(random.Random(seed), "cpu")
    if seed % 2:
        root.backward()
    del outside, root
    assert (memory.held(), sum(s.nbytes for s in live_storages())) == before


@pytest.mark.cuda
@pytest.mark.parametrize("seed", range(25))
def test_the_pool_gets_back_every_exclusive_block(seed: int) -> None:
    gpugrad.manual_seed(seed)
    outside, root = random_program(random.Random(seed), "cuda")
    report = memory.graph(root)
    before = memory.used_bytes("cuda")
    root.release_graph()
    rounded = sum(-(-nbytes // 512) * 512 for nbytes in report.exclusive_blocks)
    assert before - memory.used_bytes("cuda") == rounded
    del outside

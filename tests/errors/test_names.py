"""Which variable an error names, wherever it is kept, and that the search leaves no trace."""

from __future__ import annotations

import contextlib
import weakref
from collections.abc import Callable

import pytest

import gpugrad
from gpugrad.errors import GraphFreedError

at_module_level = None


def leaf() -> gpugrad.Tensor:
    return gpugrad.ones(3, device="cpu", requires_grad=True)


def failure(backward: Callable[[], None]) -> GraphFreedError:
    with pytest.raises(GraphFreedError) as caught:
        backward()
    return caught.value


def run_twice(value: gpugrad.Tensor) -> Callable[[], None]:
    """Runs one backward through ``value``; returns the one that fails."""
    value.sum().backward()
    loss = (value * 2).sum()
    return lambda: loss.backward()


def test_a_local_variable() -> None:
    state = leaf().exp()
    assert failure(run_twice(state)).variable == "state"


def test_a_variable_of_a_calling_function() -> None:
    outer_state = leaf().exp()

    def inner(backward: Callable[[], None]) -> GraphFreedError:
        return failure(backward)

    assert inner(run_twice(outer_state)).variable == "outer_state"


def test_a_global_variable() -> None:
    global at_module_level
    at_module_level = leaf().exp()
    try:
        assert failure(run_twice(at_module_level)).variable == "at_module_level"
    finally:
        at_module_level = None


def test_an_entry_of_a_list_or_a_dict() -> None:
    cache = [None, leaf().exp()]
    assert failure(run_twice(cache[1])).variable == "cache[1]"
    memo = {"state": leaf().exp()}
    assert failure(run_twice(memo["state"])).variable == "memo['state']"


def test_an_attribute_several_objects_deep() -> None:
    class Box:
        pass

    trainer = Box()
    trainer.model = Box()
    trainer.model.state = leaf().exp()
    assert failure(run_twice(trainer.model.state)).variable == "trainer.model.state"


def test_an_attribute_goes_by_self_where_its_own_class_made_it() -> None:
    class Cell:
        def __init__(self) -> None:
            self.state = leaf()

        def advance(self) -> gpugrad.Tensor:
            self.state = self.state.exp()
            return self.state.sum()

    cell = Cell()
    cell.advance().backward()
    loss = cell.advance()
    error = failure(loss.backward)
    assert error.variable == "self.state"
    assert error.holder == "cell.state"
    assert error.situation == "carried"


def test_the_variable_nearest_to_the_released_node_is_named() -> None:
    near = leaf().exp()
    far = near + 1
    farther = far.reshape(3, 1)
    near.sum().backward()
    loss = farther.sum()
    error = failure(loss.backward)
    assert error.variable == "near"
    assert farther.shape == (3, 1)


def test_a_running_total_that_keeps_every_step_is_told_to_detach() -> None:
    def train() -> None:
        total = gpugrad.zeros((), device="cpu")
        for _ in range(3):
            loss = (leaf() * 2).sum()
            total = total + loss
            total.backward()

    error = failure(train)
    assert error.situation == "carried"
    assert error.variable == "total"
    assert "total = total.detach()" in error.fix


def test_a_previous_value_kept_under_another_name_is_named_itself() -> None:
    def train() -> None:
        weight = leaf()
        previous = gpugrad.zeros(3, device="cpu")
        for _ in range(3):
            current = (weight * previous + 1).tanh()
            current.sum().backward()
            previous = current

    error = failure(train)
    assert error.variable == "previous"
    assert error.situation == "carried"


def test_a_graph_without_any_name_is_still_explained() -> None:
    losses = iter([run_twice(leaf().exp())])
    error = failure(next(losses))
    assert error.node == "ExpBackward0"
    assert "retain_graph=True" in error.fix


def test_grad_and_several_roots_are_explained_too() -> None:
    x = leaf()
    state = x.exp()
    gpugrad.autograd.grad(state.sum(), x)
    total, other = state.mean(), (x * 2).sum()
    error = failure(lambda: gpugrad.autograd.backward([other, total]))
    assert error.variable == "state"
    assert error.freed_by == "autograd.grad()"
    assert error.root == "total"


def test_objects_that_resist_inspection_do_no_harm() -> None:
    class Hostile:
        def __getattribute__(self, name: str) -> object:
            raise ValueError(name)

        def __eq__(self, other: object) -> bool:
            raise ValueError

        __hash__ = None

    class Lazy(dict):
        def items(self) -> list:
            raise ValueError

    kept = [Hostile(), Lazy(a=1)]
    kept.append(kept)
    state = leaf().exp()
    assert failure(run_twice(state)).variable == "state"
    assert len(kept) == 3


def test_the_search_keeps_no_variable_alive() -> None:
    state = leaf().exp()
    loss = state.sum()
    loss.backward()
    with contextlib.suppress(GraphFreedError):
        loss.backward()
    alive = weakref.ref(state)
    del state, loss
    assert alive() is None


def test_the_search_leaves_the_programs_own_view_of_its_variables_alone() -> None:
    state = leaf().exp()
    mine = locals()
    failure(run_twice(state))
    assert mine["state"] is state

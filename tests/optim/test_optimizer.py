"""What every optimizer does around its arithmetic: groups, state, hooks, errors, versions."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import optim
from gpugrad.graph import step_number
from gpugrad.optim import SGD, Adam, AdamW, Optimizer


def leaf(*values: float, device: str = "cpu") -> Any:
    return gpugrad.tensor(list(values), requires_grad=True, device=device)


def with_gradient(p: Any) -> Any:
    p.grad = gpugrad.ones_like(p)
    return p


# ----------------------------------------------------------------------------------------- errors
@pytest.mark.parametrize(
    ("make", "error", "phrase"),
    [
        (lambda: SGD([leaf(1.0) * 2], lr=0.1), ValueError, "can't optimize a non-leaf Tensor"),
        (lambda: SGD([], lr=0.1), ValueError, "optimizer got an empty parameter list"),
        (lambda: SGD(leaf(1.0)), TypeError, "should be an iterable of Tensors or dicts"),
        (lambda: SGD([1.0]), TypeError, "optimizer can only optimize Tensors"),
        (lambda: SGD([{"params": {leaf(1.0)}}]), TypeError, "ordered collections"),
        (lambda: SGD([leaf(1.0)], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda: SGD([leaf(1.0)], momentum=-1), ValueError, "Invalid momentum value: -1"),
        (lambda: SGD([leaf(1.0)], weight_decay=-1), ValueError, "Invalid weight_decay value: -1"),
        (lambda: SGD([leaf(1.0)], nesterov=True), ValueError, "Nesterov momentum requires"),
        (lambda: Adam([leaf(1.0)], lr=-1), ValueError, "Invalid learning rate: -1"),
        (lambda: Adam([leaf(1.0)], eps=-1), ValueError, "Invalid epsilon value: -1"),
        (lambda: Adam([leaf(1.0)], betas=(1.0, 0.9)), ValueError, "parameter at index 0: 1.0"),
        (lambda: AdamW([leaf(1.0)], betas=(0.9, -1.0)), ValueError, "parameter at index 1: -1.0"),
        (lambda: AdamW([leaf(1.0)], weight_decay=-1), ValueError, "Invalid weight_decay"),
        (lambda: Adam([leaf(1.0)], foreach=True, fused=True), RuntimeError, "cannot be `True`"),
        (lambda: Adam([leaf(1.0)], differentiable=True), NotImplementedError, "differentiable"),
        (lambda: SGD([("a", leaf(1.0)), leaf(1.0)]), ValueError, "with/without names"),
    ],
)
def test_bad_arguments_raise_pytorchs_errors(make: Any, error: type, phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        make()


def test_a_parameter_in_two_groups_is_refused() -> None:
    p = leaf(1.0)
    optimizer = SGD([p], lr=0.1)
    with pytest.raises(ValueError, match="more than one parameter group"):
        optimizer.add_param_group({"params": [p]})
    assert len(optimizer.param_groups) == 1


def test_a_parameter_twice_in_a_group_is_warned_about() -> None:
    p = leaf(1.0)
    with pytest.warns(UserWarning, match="duplicate parameters"):
        SGD([p, p], lr=0.1)


def test_a_required_option_must_be_given_by_each_group() -> None:
    class Custom(Optimizer):
        def __init__(self, params: Any) -> None:
            super().__init__(params, {"lr": optim.optimizer.required})

    with pytest.raises(ValueError, match="required optimization parameter lr"):
        Custom([leaf(1.0)])


# ----------------------------------------------------------------------------------------- groups
def test_groups_have_their_own_options_and_share_the_defaults() -> None:
    slow, fast = with_gradient(leaf(1.0)), with_gradient(leaf(1.0))
    optimizer = SGD([{"params": slow}, {"params": [fast], "lr": 0.5}], lr=0.1)
    optimizer.step()
    assert slow.item() == pytest.approx(0.9)
    assert fast.item() == pytest.approx(0.5)
    assert [group["momentum"] for group in optimizer.param_groups] == [0, 0]


def test_named_parameters_give_their_names_to_the_group() -> None:
    optimizer = SGD([("weight", leaf(1.0)), ("bias", leaf(2.0))], lr=0.1)
    assert optimizer.param_groups[0]["param_names"] == ["weight", "bias"]
    assert optimizer.state_dict()["param_groups"][0]["param_names"] == ["weight", "bias"]


def test_a_changed_learning_rate_is_used_by_the_next_step() -> None:
    p = with_gradient(leaf(1.0))
    optimizer = SGD([p], lr=0.5)
    optimizer.param_groups[0]["lr"] = 0.25
    optimizer.step()
    assert p.item() == 0.75


def test_a_learning_rate_may_be_a_tensor() -> None:
    p = with_gradient(leaf(1.0))
    SGD([p], lr=gpugrad.tensor(0.25)).step()
    assert p.item() == 0.75


# ------------------------------------------------------------------------------------------ steps
def test_parameters_without_gradient_stay_and_get_no_state() -> None:
    p, q = with_gradient(leaf(1.0)), leaf(1.0)
    optimizer = Adam([p, q])
    optimizer.step()
    assert q.item() == 1.0
    assert list(optimizer.state) == [p]


def test_a_closure_runs_with_gradients_enabled_and_its_loss_is_returned() -> None:
    p = leaf(2.0)
    optimizer = SGD([p], lr=0.25)

    def closure() -> Any:
        optimizer.zero_grad()
        loss = (p * p).sum()
        loss.backward()
        return loss

    with gpugrad.no_grad():
        assert optimizer.step(closure).item() == 4.0
    assert p.item() == 1.0


def test_zero_grad_forgets_or_fills() -> None:
    p = with_gradient(leaf(1.0, 2.0))
    optimizer = SGD([p], lr=0.1)
    grad = p.grad
    optimizer.zero_grad(set_to_none=False)
    assert p.grad is grad
    assert p.grad.tolist() == [0.0, 0.0]
    optimizer.zero_grad()
    assert p.grad is None


@pytest.mark.parametrize("make", [lambda p: SGD(p, lr=0.1, momentum=0.9), Adam, AdamW])
def test_a_step_writes_into_the_parameters_bytes_and_raises_their_version(make: Any) -> None:
    p = with_gradient(leaf(1.0, 2.0))
    array, version = p.array, p._version
    make([p]).step()
    assert p.array is array
    assert p._version == version + 1
    assert p.array[0] != 1.0


def test_a_step_between_forward_and_backward_is_reported_with_its_line() -> None:
    p = leaf(1.0)
    optimizer = SGD([p], lr=0.1)
    loss = (p * p).sum()
    p.grad = gpugrad.ones_like(p)
    optimizer.step()
    with pytest.raises(RuntimeError, match="modified by an inplace operation") as caught:
        loss.backward()
    assert "test_optimizer.py" in str(caught.value)


def test_a_step_of_an_optimizer_is_a_step_of_the_ledger() -> None:
    p = with_gradient(leaf(1.0))
    optimizer = Adam([p])
    before = step_number()
    optimizer.step()
    optimizer.step()
    assert step_number() == before + 2


def test_a_users_optimizer_that_calls_super_counts_one_step() -> None:
    class Twice(SGD):
        def step(self, closure: Any = None) -> Any:
            super().step(closure)
            return super().step(closure)

    p = with_gradient(leaf(1.0))
    before = step_number()
    Twice([p], lr=0.25).step()
    assert p.item() == 0.5
    assert step_number() == before + 1


def test_step_hooks_run_around_the_step_until_removed() -> None:
    seen: list[str] = []
    p = with_gradient(leaf(1.0))
    optimizer = SGD([p], lr=0.25)
    before = optimizer.register_step_pre_hook(lambda *_: seen.append(f"before {p.item()}"))
    optimizer.register_step_post_hook(lambda *_: seen.append(f"after {p.item()}"))
    optimizer.step()
    before.remove()
    optimizer.step()
    assert seen == ["before 1.0", "after 0.75", "after 0.5"]


# ------------------------------------------------------------------------------------------ state
@pytest.mark.parametrize("make", [lambda p: SGD(p, lr=0.1, momentum=0.9), Adam, AdamW])
def test_a_loaded_state_continues_exactly(make: Any, device: str) -> None:
    def start(p: Any) -> Any:
        p.grad = gpugrad.full_like(p, 0.5)
        return p

    first = start(leaf(1.0, -2.0, device=device))
    optimizer = make([first])
    optimizer.step()
    second = start(leaf(*first.tolist(), device=device))
    other = make([second])
    other.load_state_dict(optimizer.state_dict())
    for _ in range(2):
        optimizer.step()
        other.step()
    assert first.tolist() == second.tolist()


def test_a_loaded_state_is_a_copy_in_the_parameters_dtype() -> None:
    p = with_gradient(leaf(1.0))
    optimizer = Adam([p])
    optimizer.step()
    q = gpugrad.tensor([1.0], dtype=gpugrad.float64, requires_grad=True)
    other = Adam([q])
    other.load_state_dict(optimizer.state_dict())
    assert other.state[q]["exp_avg"].dtype is gpugrad.float64
    assert other.state[q]["step"].dtype is gpugrad.float32
    same = Adam([leaf(1.0)])
    same.load_state_dict(optimizer.state_dict())
    optimizer.step()
    (state,) = same.state.values()
    assert state["exp_avg"].item() == pytest.approx(0.1)
    assert state["step"].item() == 1.0


def test_a_state_dict_of_other_groups_is_refused() -> None:
    one, two = leaf(1.0), leaf(2.0)
    both = SGD([one, two], lr=0.1)
    with pytest.raises(ValueError, match="doesn't match the size of optimizer's group"):
        SGD([leaf(1.0)], lr=0.1).load_state_dict(both.state_dict())
    split = SGD([{"params": [one]}, {"params": [two]}], lr=0.1)
    with pytest.raises(ValueError, match="different number of parameter groups"):
        both.load_state_dict(split.state_dict())


def test_an_optimizer_survives_pickling() -> None:
    optimizer = Adam([with_gradient(leaf(1.0))], lr=0.25)
    optimizer.step()
    again = pickle.loads(pickle.dumps(optimizer))
    (p,) = again.param_groups[0]["params"]
    assert again.state[p]["step"].item() == 1.0
    p.grad = gpugrad.ones_like(p)
    again.step()
    assert again.state[p]["step"].item() == 2.0


def test_a_deep_copied_state_dict_shares_nothing() -> None:
    p = with_gradient(leaf(1.0))
    optimizer = Adam([p])
    optimizer.step()
    snapshot = copy.deepcopy(optimizer.state_dict())
    optimizer.step()
    assert snapshot["state"][0]["step"].item() == 1.0
    assert not np.shares_memory(snapshot["state"][0]["exp_avg"].array,
                                optimizer.state[p]["exp_avg"].array)  # fmt: skip

"""Backward hooks of modules, hooks of all modules and of state dicts, beside PyTorch's."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

import gpugrad
from gpugrad import memory, nn
from tests.alike import assert_alike, data


def network(m: Any) -> Any:
    """Two layers with results of two kinds, the same weights in both libraries."""

    class Net(m.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.second = m.nn.Linear(3, 2).double(), m.nn.Linear(2, 2).double()

        def forward(self, x: Any, k: float) -> Any:
            return self.second(self.first(x).tanh()), (x * k).sum()

    net = Net()
    with m.no_grad():
        for i, p in enumerate(net.parameters()):
            p.copy_(data(m, *p.shape, seed=i))
    return net


def noted(log: list[Any], name: str, *values: Any) -> None:
    log.append([name, *[[None if g is None else g.detach().clone() for g in v] for v in values]])


def everything(m: Any) -> Any:
    net, log = network(m), []
    net.register_full_backward_pre_hook(lambda mod, go: noted(log, "pre", go))
    net.register_full_backward_hook(lambda mod, gi, go: noted(log, "full", gi, go))
    net.register_full_backward_hook(lambda mod, gi, go: noted(log, "first", gi), prepend=True)
    x = data(m, 2, 3).requires_grad_()
    a, b = net(x, 2.0)
    (a.sum() + b).backward()
    return log, x.grad


def replaced_gradients(m: Any) -> Any:
    net = network(m)
    net.first.register_full_backward_hook(lambda mod, gi, go: (gi[0] * 2,))
    net.second.register_full_backward_pre_hook(lambda mod, go: (go[0] * 3,))
    x = data(m, 2, 3).requires_grad_()
    net(x, 1.0)[0].sum().backward()
    return x.grad, net.second.weight.grad


def no_input_requires_a_gradient(m: Any) -> Any:
    net, log = network(m), []
    net.register_full_backward_hook(lambda mod, gi, go: noted(log, "full", gi, go))
    net(data(m, 2, 3), 2.0)[0].sum().backward()
    return log


def the_old_kind(m: Any) -> Any:
    layer, log = m.nn.Linear(3, 2).double(), []
    layer.register_backward_hook(lambda mod, gi, go: log.append(len(go)))
    layer(data(m, 2, 3).requires_grad_()).sum().backward()
    return log


def hooks_of_all_modules(m: Any) -> Any:
    module = import_module(f"{m.__name__}.nn.modules.module")
    net, log = network(m), []

    def name(mod: Any) -> str:
        return type(mod).__name__

    handles = [
        module.register_module_forward_pre_hook(lambda mod, a: log.append(f"pre {name(mod)}")),
        module.register_module_forward_hook(lambda mod, a, o: log.append(f"after {name(mod)}")),
        module.register_module_full_backward_hook(lambda mod, i, o: log.append(f"b {name(mod)}")),
        module.register_module_full_backward_pre_hook(lambda mod, o: log.append(f"p {name(mod)}")),
    ]
    try:
        net(data(m, 2, 3).requires_grad_(), 1.0)[0].sum().backward()
    finally:
        for handle in handles:
            handle.remove()
    net(data(m, 2, 3), 1.0)
    return log


def state_dict_hooks(m: Any) -> Any:
    net, log = network(m), []
    net.register_state_dict_pre_hook(lambda mod, prefix, keep: log.append(["pre", prefix]))
    net.register_state_dict_post_hook(
        lambda mod, state, prefix, local: state.update(extra=m.ones(1)))
    net.first.register_load_state_dict_pre_hook(
        lambda mod, state, prefix, *rest: log.append(["load", prefix]))
    net.register_load_state_dict_post_hook(
        lambda mod, keys: keys.unexpected_keys.clear())
    state = net.state_dict()
    return log, list(state), list(net.load_state_dict(state)), log


PROGRAMS = [everything, replaced_gradients, no_input_requires_a_gradient, the_old_kind,
            hooks_of_all_modules, state_dict_hooks]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p.__name__)
def test_hooks_see_what_pytorchs_see(program: Callable[[Any], Any]) -> None:
    assert_alike(program)


def test_both_kinds_on_one_module_are_refused() -> None:
    layer = nn.Linear(2, 2, device="cpu")
    layer.register_full_backward_hook(lambda *_: None)
    with pytest.raises(RuntimeError, match="Cannot use both regular backward hooks and full"):
        layer.register_backward_hook(lambda *_: None)


def test_a_hook_that_returns_too_many_gradients_is_refused() -> None:
    layer = nn.Linear(2, 2, device="cpu")
    layer.register_full_backward_hook(lambda mod, gi, go: (gi[0], gi[0]))
    with pytest.raises(RuntimeError, match="invalid number of grad"):
        layer(gpugrad.ones(1, 2, device="cpu", requires_grad=True)).sum().backward()


def double(mod: Any, gi: Any, go: Any) -> Any:
    return (gi[0] * 2,)


def test_hooks_survive_copies_and_pickles() -> None:
    layer = nn.Linear(2, 2, device="cpu")
    layer.register_full_backward_hook(double)
    grads = []
    for each in (layer, copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        x = gpugrad.ones(1, 2, device="cpu", requires_grad=True)
        each(x).sum().backward()
        grads.append(x.grad.tolist())
    assert grads[0] == grads[1] == grads[2]


def test_a_graph_with_hooks_goes_with_its_last_tensor() -> None:
    layer = nn.Linear(2, 2, device="cpu")
    layer.register_full_backward_hook(lambda mod, gi, go: None)
    before = memory.held()
    y = layer(gpugrad.ones(1, 2, device="cpu", requires_grad=True))
    assert memory.held() > before
    del y
    assert memory.held() == before

"""Module: registration, lookup, modes, hooks, conversion, printing, and the path graphs see."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

import gpugrad
from gpugrad import nn


class Block(nn.Module):
    """A module with every kind of member."""

    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(gpugrad.ones(2))
        self.register_buffer("mean", gpugrad.zeros(2))
        self.register_buffer("cache", gpugrad.zeros(1), persistent=False)
        self.inner = nn.Linear(2, 2)
        self.plain = 3

    def forward(self, x: Any) -> Any:
        return self.inner(x * self.scale) + self.mean


class Network(nn.Module):
    """Two blocks in a list, and a head."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([Block(), Block()])
        self.head = nn.Linear(2, 1)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return self.head(x)


# ----------------------------------------------------------------------------------- registration
def test_members_are_found_with_dotted_names_in_order() -> None:
    network = Network()
    assert [name for name, _ in network.named_parameters()] == [
        "layers.0.scale", "layers.0.inner.weight", "layers.0.inner.bias",
        "layers.1.scale", "layers.1.inner.weight", "layers.1.inner.bias",
        "head.weight", "head.bias",
    ]  # fmt: skip
    assert [name for name, _ in network.named_modules()] == [
        "", "layers", "layers.0", "layers.0.inner", "layers.1", "layers.1.inner", "head",
    ]  # fmt: skip
    assert [name for name, _ in network.named_buffers()] == [
        "layers.0.mean", "layers.0.cache", "layers.1.mean", "layers.1.cache",
    ]  # fmt: skip
    assert [name for name, _ in network.named_children()] == ["layers", "head"]
    assert len(list(Block().parameters(recurse=False))) == 1


def test_shared_members_are_found_once() -> None:
    network = Network()
    network.again = network.head
    network.head.bias = network.layers[0].inner.bias = nn.Parameter(gpugrad.zeros(1))
    names = [name for name, _ in network.named_parameters()]
    assert "head.bias" not in names
    assert "layers.0.inner.bias" in names
    assert not any(name.startswith("again") for name in names)
    both = [name for name, _ in network.named_parameters(remove_duplicate=False)]
    assert {"again.weight", "head.weight", "head.bias"} <= set(both)


def test_assignment_moves_a_name_between_kinds() -> None:
    block = Block()
    block.plain = nn.Parameter(gpugrad.zeros(1))
    assert "plain" not in block.__dict__
    assert "plain" in dict(block.named_parameters())
    block.scale = None
    assert block.scale is None
    assert "scale" not in dict(block.named_parameters())
    del block.inner
    assert not hasattr(block, "inner")
    block.mean = gpugrad.ones(2)
    assert block._buffers["mean"].tolist() == [1.0, 1.0]
    block.offset = nn.Buffer(gpugrad.ones(1), persistent=False)
    assert "offset" in dict(block.named_buffers())
    assert "offset" not in block.state_dict()


@pytest.mark.parametrize(
    ("act", "error", "phrase"),
    [
        (lambda b: setattr(b, "scale", 1.0), TypeError, "cannot assign 'float' as parameter"),
        (lambda b: setattr(b, "inner", 1.0), TypeError, "cannot assign 'float' as child module"),
        (lambda b: setattr(b, "mean", 1.0), TypeError, "cannot assign 'float' as buffer 'mean'"),
        (lambda b: b.register_parameter("a.b", None), KeyError, "contain"),
        (lambda b: b.register_parameter("", None), KeyError, "be empty string"),
        (lambda b: b.register_parameter("plain", None), KeyError, "'plain' already exists"),
        (lambda b: b.register_parameter("x", gpugrad.zeros(1)), TypeError, "to parameter 'x'"),
        (lambda b: b.register_buffer("x", 1.0), TypeError, "object to buffer 'x'"),
        (lambda b: b.register_buffer(3, None), TypeError, "buffer name should be a string"),
        (lambda b: b.add_module("x", 3), TypeError, "is not a Module subclass"),
        (lambda b: b.missing, AttributeError, "'Block' object has no attribute 'missing'"),
        (lambda b: b.get_submodule("inner.gone"), AttributeError, "has no attribute `gone`"),
        (lambda b: b.get_parameter("mean"), AttributeError, "`mean` is not an nn.Parameter"),
        (lambda b: b.train(1), ValueError, "training mode is expected to be boolean"),
        (lambda b: b.to(gpugrad.int64), TypeError, "only accepts floating point"),
    ],
)
def test_misuse_raises_pytorchs_errors(act: Any, error: type, phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        act(Block())


def test_a_computed_tensor_is_no_parameter() -> None:
    class Wrong(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            p = nn.Parameter(gpugrad.ones(1))
            p.node = (p * 2).node
            self.p = p

    with pytest.raises(ValueError, match="Cannot assign non-leaf Tensor to parameter 'p'"):
        Wrong()


def test_members_before_init_are_refused() -> None:
    class Early(nn.Module):
        def __init__(self) -> None:
            self.p = nn.Parameter(gpugrad.ones(1))

    class EarlyChild(nn.Module):
        def __init__(self) -> None:
            self.child = nn.Linear(1, 1)

    for early in (Early, EarlyChild):
        with pytest.raises(AttributeError, match=r"before Module.__init__\(\) call"):
            early()


def test_lookup_by_path() -> None:
    network = Network()
    assert network.get_submodule("layers.1.inner") is network.layers[1].inner
    assert network.get_parameter("layers.0.scale") is network.layers[0].scale
    assert network.get_buffer("layers.0.mean") is network.layers[0].mean
    assert network.get_submodule("") is network
    assert {"scale", "mean", "inner", "plain", "forward"} <= set(dir(network.layers[0]))


# ------------------------------------------------------------------------------------------ modes
def test_modes_reach_every_module_through_overridden_methods() -> None:
    class Frozen(nn.Linear):
        def train(self, mode: bool = True) -> Any:
            return super().train(False)

    model = nn.Sequential(nn.Dropout(0.5), Frozen(1, 1))
    assert model.train().training
    assert not model[1].training
    assert not model.eval()[0].training


def test_gradients_can_be_switched_off_and_forgotten() -> None:
    block = Block()
    block(gpugrad.ones(1, 2)).sum().backward()
    grad = block.scale.grad
    block.zero_grad(set_to_none=False)
    assert block.scale.grad.tolist() == [0.0, 0.0]
    assert grad is not None
    block.zero_grad()
    assert all(p.grad is None for p in block.parameters())
    block.requires_grad_(False)
    assert not block(gpugrad.ones(1, 2)).requires_grad


def test_apply_visits_children_first() -> None:
    seen: list[str] = []
    assert isinstance(Block().apply(lambda m: seen.append(type(m).__name__)), Block)
    assert seen == ["Linear", "Block"]


# ------------------------------------------------------------------------------------------ hooks
def test_hooks_change_arguments_and_results_until_removed() -> None:
    layer = nn.Identity()
    before = layer.register_forward_pre_hook(lambda module, args: args[0] + 1)
    after = layer.register_forward_hook(lambda module, args, output: output * 10)
    assert layer(1) == 20
    before.remove()
    assert layer(1) == 10
    after.remove()
    after.remove()
    assert layer(1) == 1


def test_hooks_run_in_order_and_can_go_first() -> None:
    seen: list[str] = []
    layer = nn.Identity()
    layer.register_forward_hook(lambda *_: seen.append("second"))
    layer.register_forward_hook(lambda *_: seen.append("first"), prepend=True)
    layer(0)
    assert seen == ["first", "second"]


def test_hooks_see_keyword_arguments_if_they_want() -> None:
    class Sum(nn.Module):
        def forward(self, a: int, *, b: int) -> int:
            return a + b

    layer = Sum()
    layer.register_forward_pre_hook(lambda m, args, kwargs: (args, {"b": 5}), with_kwargs=True)
    seen: list[Any] = []
    layer.register_forward_hook(
        lambda m, args, kwargs, output: seen.append((args, kwargs, output)), with_kwargs=True
    )
    assert layer(1, b=2) == 6
    assert seen == [((1,), {"b": 5}, 6)]


def test_a_hook_that_is_always_called_sees_a_failed_forward() -> None:
    class Broken(nn.Module):
        def forward(self) -> None:
            raise ArithmeticError

    seen: list[Any] = []
    layer = Broken()
    layer.register_forward_hook(lambda *_: seen.append("never"))
    layer.register_forward_hook(lambda *_: seen.append("always"), always_call=True)
    with pytest.raises(ArithmeticError):
        layer()
    assert seen == ["always"]


# ------------------------------------------------------------------------------------- conversion
def test_conversion_keeps_the_parameter_objects_and_their_gradients(device: str) -> None:
    block = Block()
    block.register_buffer("count", gpugrad.tensor(3))
    scale = block.scale
    scale.grad = gpugrad.ones(2)
    block.to(device, gpugrad.float64)
    assert block.scale is scale
    assert scale.dtype is gpugrad.float64
    assert scale.device.type == device
    assert scale.requires_grad
    assert scale.is_leaf
    assert scale.grad.dtype is gpugrad.float64
    assert scale.grad.device.type == device
    assert block.mean.dtype is gpugrad.float64
    assert block.count.dtype is gpugrad.int64
    x = gpugrad.ones(1, 2, dtype=gpugrad.float64, device=device)
    block(x).sum().backward()
    assert block.inner.weight.grad.device.type == device
    assert block.cpu().float().scale.dtype is gpugrad.float32
    assert block.half().mean.dtype is gpugrad.float16
    assert block.double().mean.dtype is gpugrad.float64


def test_an_optimizer_follows_a_converted_module() -> None:
    layer = nn.Linear(1, 1)
    optimizer = gpugrad.optim.SGD(layer.parameters(), lr=1.0)
    layer.double()
    layer(gpugrad.ones(1, 1, dtype=gpugrad.float64)).sum().backward()
    before = layer.bias.item()
    optimizer.step()
    assert layer.bias.item() == before - 1


def test_copies_share_nothing_and_pickles_come_back() -> None:
    network = Network()
    for other in (copy.deepcopy(network), pickle.loads(pickle.dumps(network))):
        x = gpugrad.ones(1, 2)
        assert other(x).tolist() == network(x).tolist()
        assert repr(other) == repr(network)
        with gpugrad.no_grad():
            other.head.bias.add_(1)
        assert other(x).item() == pytest.approx(network(x).item() + 1)
        assert isinstance(other.head.bias, nn.Parameter)


# --------------------------------------------------------------------------------------- printing
def test_a_module_prints_its_children_indented() -> None:
    class Outer(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
            self.none = None
            self.loss = nn.MSELoss()

        def extra_repr(self) -> str:
            return "first\nsecond"

    assert repr(Outer()) == (
        "Outer(\n"
        "  first\n"
        "  second\n"
        "  (net): Sequential(\n"
        "    (0): Linear(in_features=2, out_features=3, bias=True)\n"
        "    (1): ReLU()\n"
        "  )\n"
        "  (loss): MSELoss()\n"
        ")"
    )


def test_a_parameter_prints_as_one() -> None:
    p = nn.Parameter(gpugrad.zeros(2))
    assert repr(p) == "Parameter containing:\ntensor([0., 0.], requires_grad=True)"
    assert not nn.Parameter(gpugrad.zeros(2), requires_grad=False).requires_grad


def test_a_parameter_shares_its_tensors_bytes() -> None:
    data = gpugrad.zeros(2)
    p = nn.Parameter(data)
    with gpugrad.no_grad():
        p.add_(1)
    assert data.tolist() == [1.0, 1.0]
    assert data._version == p._version


# -------------------------------------------------------------------------------- what graphs see
def recorded_in(tensor: Any) -> list[str]:
    return [node.module for node in gpugrad.memory.graph(tensor).nodes]


def test_nodes_know_the_path_of_the_module_that_recorded_them() -> None:
    modules = set(recorded_in(Network()(gpugrad.ones(1, 2)).sum()))
    assert {"Network.layers.0", "Network.layers.1.inner", "Network.head"} <= modules
    assert "" in modules  # the sum


def test_a_module_that_joins_a_list_late_gets_the_lists_name() -> None:
    network = Network()
    network.layers.append(nn.Linear(2, 2))
    assert "Network.layers.2" in recorded_in(network(gpugrad.ones(1, 2)))


def test_the_path_is_left_when_forward_raises() -> None:
    class Broken(nn.Module):
        def forward(self) -> None:
            raise ArithmeticError

    with pytest.raises(ArithmeticError):
        Broken()()
    x = gpugrad.ones(1, requires_grad=True)
    assert set(recorded_in(x * x)) <= {""}

"""state_dict and load_state_dict: keys, sharing, errors."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any

import pytest

import gpugrad
from gpugrad import nn


class Counter(nn.Module):
    """A module with a state that is no tensor."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(gpugrad.zeros(2))
        self.register_buffer("seen", gpugrad.tensor(0))
        self.steps = 0

    def get_extra_state(self) -> Any:
        return {"steps": self.steps}

    def set_extra_state(self, state: Any) -> None:
        self.steps = state["steps"]


def model() -> nn.Module:
    return nn.Sequential(OrderedDict(a=nn.Linear(2, 3), b=nn.Sequential(nn.Linear(3, 1))))


def test_a_round_trip_restores_every_value() -> None:
    first, second = model(), model()
    result = second.load_state_dict(first.state_dict())
    assert repr(result) == "<All keys matched successfully>"
    for p, q in zip(first.parameters(), second.parameters(), strict=True):
        assert p.tolist() == q.tolist()
        assert p.array is not q.array


def test_keys_are_dotted_names_in_order() -> None:
    assert list(model().state_dict()) == ["a.weight", "a.bias", "b.0.weight", "b.0.bias"]
    assert next(iter(model().state_dict(prefix="net."))) == "net.a.weight"


def test_values_share_the_parameters_bytes_without_their_graph() -> None:
    net = model()
    value = net.state_dict()["a.bias"]
    assert not value.requires_grad
    assert value.array is net.a.bias.array
    assert net.state_dict(keep_vars=True)["a.bias"] is net.a.bias


def test_loading_writes_in_place_and_raises_the_version() -> None:
    net = model()
    bias, version = net.a.bias, net.a.bias._version
    net.load_state_dict({k: v.clone() for k, v in model().state_dict().items()})
    assert net.a.bias is bias
    assert bias._version > version


def test_every_misfit_is_reported_in_one_error() -> None:
    state = model().state_dict()
    del state["a.bias"]
    state["c.weight"] = gpugrad.zeros(1)
    state["a.extra"] = gpugrad.zeros(1)
    state["b.0.weight"] = gpugrad.zeros(1, 4)
    state["b.0.bias"] = 3.0
    with pytest.raises(RuntimeError) as caught:
        model().load_state_dict(state)
    text = str(caught.value)
    assert text.startswith("Error(s) in loading state_dict for Sequential:\n\t")
    assert 'Missing key(s) in state_dict: "a.bias". ' in text
    assert 'Unexpected key(s) in state_dict: "c.weight", "a.extra". ' in text
    assert "size mismatch for b.0.weight: copying a param with shape" in text
    assert 'While copying the parameter named "b.0.bias"' in text


def test_without_strict_the_misfits_are_returned() -> None:
    state = model().state_dict()
    bias = state.pop("a.bias")
    state["more"] = bias
    result = model().load_state_dict(state, strict=False)
    assert result.missing_keys == ["a.bias"]
    assert result.unexpected_keys == ["more"]
    missing, unexpected = result
    assert (missing, unexpected) == (["a.bias"], ["more"])


def test_something_else_than_a_mapping_is_refused() -> None:
    with pytest.raises(TypeError, match="Expected state_dict to be dict-like"):
        model().load_state_dict([1])  # type: ignore[arg-type]


def test_assign_takes_the_tensors_themselves() -> None:
    net, state = model(), model().double().state_dict()
    net.load_state_dict(state, assign=True)
    assert net.a.weight.dtype is gpugrad.float64
    assert net.a.weight.array is state["a.weight"].array
    assert isinstance(net.a.weight, nn.Parameter)
    assert net.a.weight.requires_grad


def test_values_are_converted_to_dtype_and_device_of_the_module(device: str) -> None:
    net = model().to(device)
    net.load_state_dict(model().double().state_dict())
    assert net.a.weight.dtype is gpugrad.float32
    assert net.a.weight.device.type == device


def test_extra_state_travels_along() -> None:
    first, second = Counter(), Counter()
    first.steps = 7
    state = first.state_dict()
    assert list(state) == ["weight", "seen", "_extra_state"]
    second.load_state_dict(state)
    assert second.steps == 7
    del state["_extra_state"]
    with pytest.raises(RuntimeError, match=r'Missing key\(s\) in state_dict: "_extra_state"'):
        second.load_state_dict(state)


def test_a_zero_dimensional_buffer_takes_a_one_element_vector() -> None:
    module = Counter()
    state = module.state_dict()
    state["seen"] = gpugrad.tensor([5])
    module.load_state_dict(state)
    assert module.seen.item() == 5

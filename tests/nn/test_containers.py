"""Containers behave as the list, the dictionary or the pipeline they stand for."""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from gpugrad import nn


def names(module: Any) -> list[str]:
    return [name for name, _ in module.named_parameters()]


def test_sequential_calls_in_order() -> None:
    model = nn.Sequential(nn.Flatten(), nn.ReLU())
    assert model(gpugrad.tensor([[[-1.0], [2.0]]])).tolist() == [[0.0, 2.0]]
    assert nn.Sequential()(3) == 3


def test_sequential_is_indexed_sliced_and_changed() -> None:
    a, b, c = nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1)
    model = nn.Sequential(a, b, c)
    assert model[-1] is c
    assert list(model[:2]) == [a, b]
    assert isinstance(model[:2], nn.Sequential)
    del model[1]
    assert list(model) == [a, c]
    assert names(model) == ["0.weight", "0.bias", "1.weight", "1.bias"]
    model.insert(1, b)
    model[0] = nn.Identity()
    assert [type(m).__name__ for m in model] == ["Identity", "ReLU", "Linear"]
    assert model.pop(0).__class__ is nn.Identity
    with pytest.raises(IndexError, match="out of range"):
        model[5]


def test_sequential_keeps_names_it_was_given() -> None:
    model = nn.Sequential({"first": nn.Linear(1, 1), "second": nn.Tanh()})
    assert names(model) == ["first.weight", "first.bias"]
    assert model[1] is model.second
    assert names(model[:1]) == ["first.weight", "first.bias"]


def test_module_list_is_a_list() -> None:
    layers = nn.ModuleList([nn.Linear(1, 1)])
    layers += [nn.ReLU(), nn.Tanh()]
    layers.append(nn.Linear(1, 1)).extend([nn.Sigmoid()])
    layers.insert(0, nn.Identity())
    assert len(layers) == 6
    assert names(layers) == ["1.weight", "1.bias", "4.weight", "4.bias"]
    assert isinstance(layers[1:3], nn.ModuleList)
    del layers[0:2]
    assert len(layers + layers) == 8
    with pytest.raises(TypeError, match="is not a Module subclass"):
        layers.append(3)


def test_equal_neighbours_print_as_one_line() -> None:
    layers = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU()])
    assert repr(layers) == (
        "ModuleList(\n"
        "  (0-1): 2 x Linear(in_features=2, out_features=2, bias=True)\n"
        "  (2): ReLU()\n"
        ")"
    )
    assert repr(nn.ModuleList()) == "ModuleList()"


def test_module_dict_is_a_dictionary() -> None:
    towers = nn.ModuleDict({"a": nn.Linear(1, 1)})
    towers["b"] = nn.ReLU()
    towers.update([("c", nn.Tanh())])
    assert list(towers) == list(towers.keys()) == ["a", "b", "c"]
    assert "a" in towers
    assert towers.pop("b").__class__ is nn.ReLU
    del towers["c"]
    assert names(towers) == ["a.weight", "a.bias"]
    towers.clear()
    assert len(towers) == 0


def test_parameter_list_and_dict_register_what_they_hold() -> None:
    values = nn.ParameterList([gpugrad.zeros(2), nn.Parameter(gpugrad.ones(1))])
    values.append(gpugrad.zeros(3))
    assert names(values) == ["0", "1", "2"]
    assert values[-1].requires_grad
    assert [p.numel() for p in values[1:]] == [1, 3]
    table = nn.ParameterDict({"a": gpugrad.zeros(2)})
    table["b"] = gpugrad.ones(1)
    assert names(table) == ["a", "b"]
    assert "b" in table
    assert repr(values[:1]) == (
        "ParameterList(\n  (0): Parameter containing: [gpugrad.float32 of size 2]\n)"
    )

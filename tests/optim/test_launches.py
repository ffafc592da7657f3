"""How many launches a step costs, counted by the emulated device."""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from gpugrad import optim
from gpugrad.nn.utils import clip_grad_norm_, clip_grad_value_

pytestmark = pytest.mark.cuda


@pytest.fixture
def cudasim() -> Any:
    return pytest.importorskip("cudasim", reason="launches are counted under cudasim only")


def parameters(count: int, dtype: Any = None) -> list[Any]:
    """Tensors of assorted sizes with gradients."""
    made = []
    for index in range(count):
        p = gpugrad.ones(3, 40 + 61 * index, device="cuda", dtype=dtype).requires_grad_()
        p.grad = gpugrad.ones_like(p)
        made.append(p)
    return made


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("SGD", {"lr": 0.1}),
        ("SGD", {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.1}),
        ("Adam", {}),
        ("AdamW", {"amsgrad": True}),
    ],
)
def test_a_step_over_twenty_parameters_is_one_launch(
    name: str, options: dict[str, Any], cudasim: Any
) -> None:
    optimizer = getattr(optim, name)(parameters(20), **options)
    optimizer.step()  # makes the state, compiles
    with cudasim.measure() as measured:
        optimizer.step()
    assert measured.launches == 1
    assert (measured.lib_calls, measured.h2d_count, measured.d2h_count) == (0, 0, 0)
    assert (measured.mallocs, measured.memset_count) == (0, 0)


def test_parameters_beyond_one_table_take_another_launch(cudasim: Any) -> None:
    optimizer = optim.Adam(parameters(100))
    optimizer.step()
    with cudasim.measure() as measured:
        optimizer.step()
    assert measured.launches == 2


def test_dtypes_take_a_launch_each(cudasim: Any) -> None:
    optimizer = optim.SGD(parameters(3) + parameters(3, gpugrad.float64), lr=0.1)
    optimizer.step()
    with cudasim.measure() as measured:
        optimizer.step()
    assert measured.launches == 2


def test_clipping_the_norm_waits_for_nothing_on_the_host(cudasim: Any) -> None:
    params = parameters(20)
    clip_grad_norm_(params, 1.0)
    with cudasim.measure() as measured:
        clip_grad_norm_(params, 1.0)
    assert measured.launches <= 4  # partial norms, the norm, its dtype, the scaling
    assert measured.d2h_count == 0
    assert measured.h2d_count == 0


def test_clipping_values_is_one_launch(cudasim: Any) -> None:
    params = parameters(20)
    clip_grad_value_(params, 0.5)
    with cudasim.measure() as measured:
        clip_grad_value_(params, 0.25)
    assert measured.launches == 1
    assert params[0].grad.max().item() == 0.25

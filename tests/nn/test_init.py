"""First values: bounds, variances, and what PyTorch draws for its layers."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import nn
from gpugrad.nn import init

SHAPE = (200, 300)  # fan out, fan in


def weight(device: str = "cpu") -> Any:
    gpugrad.manual_seed(0)
    return gpugrad.empty(*SHAPE, device=device, requires_grad=True)


def spread(tensor: Any) -> tuple[float, float]:
    """Largest magnitude, and standard deviation."""
    array = tensor.detach().cpu().numpy()
    return float(np.abs(array).max()), float(array.std())


@pytest.mark.parametrize(
    ("fill", "bound"),
    [
        (lambda t: init.uniform_(t, -2.0, 2.0), 2.0),
        (init.xavier_uniform_, math.sqrt(6 / 500)),
        (lambda t: init.xavier_uniform_(t, gain=2.0), 2 * math.sqrt(6 / 500)),
        (init.kaiming_uniform_, math.sqrt(2) * math.sqrt(3 / 300)),
        (lambda t: init.kaiming_uniform_(t, mode="fan_out"), math.sqrt(2) * math.sqrt(3 / 200)),
        (lambda t: init.kaiming_uniform_(t, a=math.sqrt(5)), 1 / math.sqrt(300)),
        (lambda t: init.kaiming_uniform_(t, nonlinearity="tanh"), 5 / 3 * math.sqrt(3 / 300)),
    ],
)
def test_uniform_values_fill_their_interval(fill: Any, bound: float, device: str) -> None:
    tensor = weight(device)
    assert fill(tensor) is tensor
    largest, deviation = spread(tensor)
    assert 0.999 * bound < largest <= bound * (1 + 1e-6)
    assert deviation == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert tensor.requires_grad
    assert tensor.is_leaf


@pytest.mark.parametrize(
    ("fill", "deviation"),
    [
        (init.normal_, 1.0),
        (lambda t: init.normal_(t, std=0.5), 0.5),
        (init.xavier_normal_, math.sqrt(2 / 500)),
        (init.kaiming_normal_, math.sqrt(2 / 300)),
        (lambda t: init.kaiming_normal_(t, mode="fan_out", nonlinearity="linear"), 1 / 200**0.5),
    ],
)
def test_normal_values_have_their_deviation(fill: Any, deviation: float, device: str) -> None:
    assert spread(fill(weight(device)))[1] == pytest.approx(deviation, rel=0.02)


def test_truncated_normal_stays_inside_and_follows_the_normal_there() -> None:
    array = init.trunc_normal_(weight(), mean=1.0, std=2.0, a=0.0, b=3.0).detach().numpy()
    assert array.min() >= 0.0
    assert array.max() <= 3.0
    middle = ((array > 0.5) & (array < 1.5)).mean()
    assert middle == pytest.approx(0.1974 / 0.5328, abs=0.01)  # P(|z| < 1/4) / P(-1/2 < z < 1)


def test_constants_and_structured_values() -> None:
    assert init.ones_(gpugrad.empty(2)).tolist() == [1.0, 1.0]
    assert init.zeros_(gpugrad.empty(2)).tolist() == [0.0, 0.0]
    assert init.constant_(gpugrad.empty(2), 0.5).tolist() == [0.5, 0.5]
    assert init.eye_(gpugrad.empty(2, 3)).tolist() == [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    assert init.dirac_(gpugrad.empty(2, 2, 3))[1].tolist() == [[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]
    sparse = init.sparse_(gpugrad.empty(10, 4), 0.35)
    assert (sparse == 0).sum(0).tolist() == [4, 4, 4, 4]


@pytest.mark.parametrize("shape", [(5, 5), (3, 7), (7, 3), (4, 2, 3)])
def test_orthogonal_rows_or_columns(shape: tuple[int, ...]) -> None:
    tensor = init.orthogonal_(gpugrad.empty(*shape, dtype=gpugrad.float64), gain=2.0)
    matrix = tensor.numpy().reshape(shape[0], -1)
    product = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    np.testing.assert_allclose(product, 4 * np.eye(len(product)), atol=1e-12)


def test_the_seed_decides(device: str) -> None:
    def drawn(seed: int) -> Any:
        gpugrad.manual_seed(seed)
        return nn.Linear(3, 4, device=device).weight.tolist()

    assert drawn(1) == drawn(1)
    assert drawn(1) != drawn(2)


@pytest.mark.parametrize(
    ("act", "phrase"),
    [
        (lambda: init.xavier_uniform_(gpugrad.empty(3)), "fewer than 2 dimensions"),
        (lambda: init.kaiming_normal_(gpugrad.empty(3, 3), mode="in"), "Mode in not supported"),
        (lambda: init.calculate_gain("cos"), "Unsupported nonlinearity cos"),
        (lambda: init.calculate_gain("leaky_relu", "x"), "not a valid number"),
        (lambda: init.eye_(gpugrad.empty(3)), "Only tensors with 2 dimensions"),
        (lambda: init.orthogonal_(gpugrad.empty(3)), "2 or more dimensions"),
    ],
)
def test_bad_arguments_raise_pytorchs_errors(act: Any, phrase: str) -> None:
    with pytest.raises(ValueError, match=phrase):
        act()


def test_nothing_to_fill_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="zero-element tensors is a no-op"):
        init.kaiming_uniform_(gpugrad.empty(0, 3))


@pytest.mark.oracle
def test_gains_equal_pytorch() -> None:
    torch = pytest.importorskip("torch")
    for name in ("linear", "conv2d", "sigmoid", "tanh", "relu", "selu", "leaky_relu"):
        assert init.calculate_gain(name) == torch.nn.init.calculate_gain(name)
    assert init.calculate_gain("leaky_relu", 0.2) == torch.nn.init.calculate_gain("leaky_relu", 0.2)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("Linear", (300, 200)),
        ("Embedding", (200, 300)),
        ("LSTM", (100, 80)),
        ("LSTMCell", (100, 80)),
    ],
)
def test_layers_are_drawn_from_pytorchs_distributions(name: str, args: tuple[int, int]) -> None:
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    gpugrad.manual_seed(0)
    expected, got = getattr(torch.nn, name)(*args), getattr(nn, name)(*args)
    for (key, p), (other, q) in zip(
        got.named_parameters(), expected.named_parameters(), strict=True
    ):
        assert key == other
        mine, theirs = spread(p), spread(q)
        if name != "Embedding":  # the largest of normal numbers says little
            assert mine[0] == pytest.approx(theirs[0], rel=0.05)
        assert mine[1] == pytest.approx(theirs[1], rel=0.12 if p.numel() < 1000 else 0.02)

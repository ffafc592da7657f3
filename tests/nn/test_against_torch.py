"""Every row of cases.py against PyTorch in float64, to 1e-9; and small trainings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from nn.cases import CASES, Case

import gpugrad

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def torch() -> Any:
    return pytest.importorskip("torch")


def inputs(case: Case) -> list[Any]:
    """Float inputs first, then the classes; or the other way round where the module wants that."""
    rng = np.random.default_rng(len(str(case)))
    low, high = case.range
    made = [
        rng.uniform(low, high, shape) if index == 0 else rng.uniform(0, 1, shape)
        for index, shape in enumerate(case.shapes)
    ]
    if case.classes is not None:
        shape, count = case.classes
        made.append(rng.integers(0, count, shape))
    return made


def copied(source: Any, target: Any, device: str) -> Any:
    """``target``, a module of ours on ``device``, with the weights of ``source``."""
    state = {key: gpugrad.tensor(value.numpy()) for key, value in source.state_dict().items()}
    result = target.load_state_dict(state)
    assert not result.missing_keys
    assert not result.unexpected_keys
    return target.to(device)


def outcome(library: Any, module: Any, arrays: list[Any], **where: Any) -> list[Any]:
    """Outputs, gradients of inputs and parameters, and buffers after, as NumPy arrays."""
    tensors = [
        library.tensor(a, requires_grad=a.dtype.kind == "f", **where) for a in arrays
    ]
    args = tensors
    if len(tensors) == 3:
        args = [tensors[0], (tensors[1], tensors[2])]  # an LSTM's states
    outputs = list(flat(module(*args)))
    loss = sum((y * weights_like(library, y, **where)).sum() for y in outputs)
    if loss.requires_grad:
        loss.backward()
    leaves = [*tensors, *module.parameters()]
    found = [y.detach() for y in outputs] + [t.grad for t in leaves if t.grad is not None]
    found += module.buffers()
    return [np.asarray(t.cpu().numpy()) for t in found]


def flat(value: Any) -> Any:
    if isinstance(value, tuple):
        for part in value:
            yield from flat(part)
    else:
        yield value


def weights_like(library: Any, y: Any, **where: Any) -> Any:
    rng = np.random.default_rng(7)
    return library.tensor(rng.standard_normal(tuple(y.shape)), **where)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_outputs_and_gradients_equal_pytorch(case: Case, device: str, torch: Any) -> None:
    expected_module = case.make(torch)
    module = copied(expected_module, case.make(gpugrad), device)
    got = outcome(gpugrad, module, inputs(case), device=device)
    expected = outcome(torch, expected_module, inputs(case))
    assert len(got) == len(expected)
    for a, b in zip(got, expected, strict=True):
        assert a.shape == b.shape
        np.testing.assert_allclose(a, b, rtol=case.tolerance, atol=case.tolerance)


@pytest.mark.parametrize("case", CASES, ids=str)
def test_printed_form_and_default_settings_equal_pytorch(case: Case, torch: Any) -> None:
    expected, got = case.make(torch), case.make(gpugrad)
    assert repr(got) == repr(expected)
    assert {k: tuple(v.shape) for k, v in got.state_dict().items()} == {
        k: tuple(v.shape) for k, v in expected.state_dict().items()
    }
    assert list(got.state_dict()) == list(expected.state_dict())


class Gradients:
    """Gradient penalty of a module: the second derivative of everything at once."""

    @staticmethod
    def of(library: Any, module: Any, arrays: list[Any]) -> list[Any]:
        tensors = [library.tensor(a, requires_grad=True) for a in arrays]
        args = tensors if len(tensors) < 3 else [tensors[0], (tensors[1], tensors[2])]
        loss = sum((y * y * y).sum() for y in flat(module(*args)))
        leaves = [*tensors, *module.parameters()]
        first = library.autograd.grad(loss, leaves, create_graph=True)
        penalty = sum((g * g).sum() for g in first)
        second = library.autograd.grad(penalty, leaves)
        return [np.asarray(g.detach().numpy()) for g in (*first, *second)]


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name in ("LSTM", "LSTMCell") and c.shapes], ids=str
)
def test_second_derivatives_of_recurrent_modules_equal_pytorch(case: Case, torch: Any) -> None:
    expected_module = case.make(torch)
    module = copied(expected_module, case.make(gpugrad), "cpu")
    got = Gradients.of(gpugrad, module, inputs(case))
    expected = Gradients.of(torch, expected_module, inputs(case))
    for a, b in zip(got, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-8)


def training(library: Any, model: Any, optimizer: str, **where: Any) -> list[float]:
    rng = np.random.default_rng(3)
    x = library.tensor(rng.standard_normal((6, 4, 3)), **where)
    y = library.tensor(rng.standard_normal((4, 2)), **where)
    step = getattr(library.optim, optimizer)(model.parameters(), lr=0.05)
    losses = []
    for _ in range(5):
        step.zero_grad()
        loss = library.nn.functional.mse_loss(model(x), y)
        loss.backward()
        step.step()
        losses.append(loss.item())
    return losses


def predictor(library: Any) -> Any:
    nn = library.nn

    class Predictor(nn.Module):  # type: ignore[misc, name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.lstm = nn.LSTM(3, 5, num_layers=2)
            self.head = nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))

        def forward(self, x: Any) -> Any:
            out, _ = self.lstm(x)
            return self.head(out[-1])

    return Predictor().double()


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_five_training_steps_equal_pytorch(optimizer: str, device: str, torch: Any) -> None:
    expected = predictor(torch)
    model = copied(expected, predictor(gpugrad), device)
    losses = training(gpugrad, model, optimizer, device=device)
    np.testing.assert_allclose(losses, training(torch, expected, optimizer), rtol=1e-9)
    for (name, p), (other, q) in zip(
        model.named_parameters(), expected.named_parameters(), strict=True
    ):
        assert name == other
        np.testing.assert_allclose(
            p.detach().cpu().numpy(), q.detach().numpy(), rtol=0, atol=1e-9
        )

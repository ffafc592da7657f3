"""The situations users meet with retained graphs: each fails, and works once fixed as advised."""

from __future__ import annotations

from itertools import pairwise

import pytest

import gpugrad
from gpugrad import memory, nn
from gpugrad.errors import GraphFreedError

PHRASE = "Trying to backward through the graph a second time"


def two_losses(torch, **keywords) -> tuple:
    """A trunk and two losses, and the trunk's input."""
    x = torch.tensor([1.0, 2.0, 3.0], requires_grad=True, **keywords)
    y = x**2
    z = y * 4
    return x, z.mean(), z.sum()


# -------------------------------------------------------------------------- two losses, one trunk
def test_the_second_loss_over_a_trunk_fails() -> None:
    _, average, total = two_losses(gpugrad, device="cpu")
    average.backward()
    with pytest.raises(RuntimeError, match=PHRASE):
        total.backward()


def test_with_retain_graph_the_second_loss_works_and_a_third_fails() -> None:
    x, average, total = two_losses(gpugrad, device="cpu")
    average.backward(retain_graph=True)
    total.backward()
    assert x.grad.tolist() == pytest.approx([8 * v * (1 + 1 / 3) for v in (1, 2, 3)])
    with pytest.raises(RuntimeError, match=PHRASE):
        average.backward()


@pytest.mark.oracle
def test_gradients_of_both_losses_equal_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    found = []
    for library in (gpugrad, torch):
        x, average, total = two_losses(library, device="cpu")
        average.backward(retain_graph=True)
        once = x.grad.tolist()
        total.backward()
        found.append((once, x.grad.tolist()))
    assert found[0] == found[1]


def test_one_backward_of_the_sum_works() -> None:
    x, average, total = two_losses(gpugrad, device="cpu")
    (average + total).backward()
    assert x.grad.tolist() == pytest.approx([8 * v * (1 + 1 / 3) for v in (1, 2, 3)])


def test_the_error_says_what_retaining_would_cost() -> None:
    x = gpugrad.ones(1000, device="cpu", requires_grad=True)
    y = x.exp()
    first, second = y.sum(), y.mean()
    first.backward()
    with pytest.raises(GraphFreedError, match=r"it would keep 3\.9 KiB alive") as caught:
        second.backward()
    assert caught.value.freed_bytes == 4000


# -------------------------------------------------------------------------- data outside the loop
def train_on_slices(requires_grad: bool, detach: bool = False) -> list[float]:
    gpugrad.manual_seed(0)
    x = gpugrad.linspace(0, 1, 20, device="cpu").requires_grad_(requires_grad)
    y = 1 + 2 * x + 0.3 * gpugrad.randn(20, device="cpu")
    if detach:
        y = y.detach()
    inputs, targets = x.detach()[:16].unsqueeze(1), y[:16].unsqueeze(1)
    model = nn.Linear(1, 1, device="cpu")
    losses = []
    for _ in range(3):
        loss = ((model(inputs) - targets) ** 2).mean()
        model.zero_grad()
        loss.backward()
        with gpugrad.no_grad():
            for p in model.parameters():
                p -= 0.1 * p.grad
        losses.append(loss.item())
    return losses


def test_data_with_a_graph_fails_in_the_second_epoch() -> None:
    with pytest.raises(GraphFreedError) as caught:
        train_on_slices(requires_grad=True)
    assert caught.value.variable == "y"
    assert caught.value.leaves == ["x"]
    assert "x with requires_grad=False" in caught.value.fix


def test_data_without_a_graph_works() -> None:
    losses = train_on_slices(requires_grad=False)
    assert losses[2] < losses[0]
    assert train_on_slices(requires_grad=True, detach=True) == losses


# ----------------------------------------------------------------------------------- hidden state
class Predictor(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(1, 4, device="cpu")
        self.linear = nn.Linear(4, 1, device="cpu")
        self.hidden = self.init_hidden()

    def init_hidden(self) -> tuple:
        zeros = gpugrad.zeros(1, 1, 4, device="cpu")
        return zeros.clone().requires_grad_(), zeros.clone().requires_grad_()

    def forward(self, sequence):
        output, self.hidden = self.lstm(sequence, self.hidden)
        return self.linear(output[-1])


def train_predictor(between_steps) -> list[float]:
    gpugrad.manual_seed(0)
    model = Predictor()
    optimizer = gpugrad.optim.SGD(model.parameters(), lr=0.1)
    sequence = gpugrad.ones(5, 1, 1, device="cpu")
    losses = []
    for _ in range(3):
        optimizer.zero_grad()
        between_steps(model)
        loss = ((model(sequence) - 1) ** 2).mean()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def initialise(model: Predictor) -> None:
    model.hidden = model.init_hidden()


def detach(model: Predictor) -> None:
    model.hidden = tuple(t.detach() for t in model.hidden)


def test_a_hidden_state_carried_over_fails_and_is_named() -> None:
    with pytest.raises(GraphFreedError) as caught:
        train_predictor(lambda model: None)
    assert caught.value.variable == "self.hidden"
    assert "self.hidden = self.init_hidden()" in caught.value.fix
    assert "model.hidden here" in str(caught.value)


@pytest.mark.parametrize("between_steps", [initialise, detach])
def test_a_hidden_state_made_anew_or_detached_works(between_steps) -> None:
    losses = train_predictor(between_steps)
    assert losses[2] < losses[0]


# ------------------------------------------------------------------------------- graphs that grow
def test_retaining_in_a_loop_grows_evenly_and_release_returns_to_the_start() -> None:
    x = gpugrad.ones(1000, device="cpu", requires_grad=True)
    start, kept, held = memory.held(), [], []
    for _ in range(6):
        loss = (x * x.exp()).sum()
        loss.backward(retain_graph=True)
        kept.append(loss)
        held.append(memory.held())
    assert {b - a for a, b in pairwise(held)} == {4000}
    released = sum(loss.release_graph() for loss in kept)
    assert memory.held() == start
    assert released == held[-1] - start

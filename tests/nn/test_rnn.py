"""What an LSTM costs and refuses, and its derivatives of every order through several passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import nn

STEPS, BATCH, HIDDEN, FEATURES = 6, 3, 4, 2


def sequence(**options: Any) -> Any:
    gpugrad.manual_seed(0)
    return gpugrad.randn(STEPS, BATCH, FEATURES, **options)


def test_a_layer_is_one_node_whatever_the_length() -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN)

    def recurrences(steps: int) -> list[str]:
        out, _ = lstm(gpugrad.ones(steps, BATCH, FEATURES))
        names = [node.name for node in gpugrad.memory.graph(out).nodes]
        return [name for name in names if name.startswith("Lstm")]

    assert len(recurrences(2)) == len(recurrences(50)) == 1


def test_saved_bytes_are_the_gates_and_what_was_there(device: str) -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN, device=device)
    x = sequence(device=device)
    before = gpugrad.memory.held(device)
    out, _ = lstm(x)
    held = gpugrad.memory.held(device) - before
    gates = STEPS * BATCH * 4 * HIDDEN * 4
    state = BATCH * HIDDEN * 4  # zeros, h and c at once
    assert held == gates + state + x.nbytes + lstm.weight_hh_l0.nbytes
    out.sum().backward()
    assert gpugrad.memory.held(device) == before


def test_states_carried_on_give_the_long_sequence() -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN, num_layers=2)
    x = sequence()
    whole, (h, c) = lstm(x)
    first, state = lstm(x[:4])
    second, (h2, c2) = lstm(x[4:], state)
    np.testing.assert_allclose(gpugrad.cat([first, second]).detach().numpy(),
                               whole.detach().numpy(), rtol=1e-5)  # fmt: skip
    np.testing.assert_allclose(h2.detach().numpy(), h.detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(c2.detach().numpy(), c.detach().numpy(), rtol=1e-5)


def test_cells_in_a_loop_give_the_sequence() -> None:
    lstm, cell = nn.LSTM(FEATURES, HIDDEN), nn.LSTMCell(FEATURES, HIDDEN)
    cell.load_state_dict({k.removesuffix("_l0"): v for k, v in lstm.state_dict().items()})
    x, state = sequence(), None
    for row in x:
        state = cell(row, state)
    assert state is not None
    _, (h, c) = lstm(x)
    np.testing.assert_allclose(state[0].detach().numpy(), h[0].detach().numpy(), rtol=1e-5)
    np.testing.assert_allclose(state[1].detach().numpy(), c[0].detach().numpy(), rtol=1e-5)


def test_a_frozen_recurrent_weight_gets_no_gradient() -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN)
    lstm.weight_hh_l0.requires_grad_(False)
    x = sequence(requires_grad=True)
    lstm(x)[0].sum().backward()
    assert lstm.weight_hh_l0.grad is None
    assert x.grad is not None
    assert lstm.weight_ih_l0.grad is not None


def test_only_the_states_may_need_gradients() -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN).requires_grad_(False)
    h = gpugrad.zeros(1, BATCH, HIDDEN, requires_grad=True)
    c = gpugrad.zeros(1, BATCH, HIDDEN, requires_grad=True)
    _, (_, last) = lstm(sequence(), (h, c))
    last.sum().backward()
    assert h.grad.shape == h.shape
    assert float(c.grad.abs().min()) > 0


def test_dropout_between_layers_is_drawn_in_training_only() -> None:
    lstm = nn.LSTM(FEATURES, HIDDEN, num_layers=2, dropout=0.5)
    x = sequence()
    assert lstm(x)[0].tolist() != lstm(x)[0].tolist()
    lstm.eval()
    assert lstm(x)[0].tolist() == lstm(x)[0].tolist()


@pytest.mark.oracle
def test_two_recorded_passes_through_one_graph_add_up() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.LSTM(FEATURES, HIDDEN).double()
    mine = nn.LSTM(FEATURES, HIDDEN).double()
    mine.load_state_dict({k: gpugrad.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    array = np.random.default_rng(0).standard_normal((STEPS, BATCH, FEATURES))

    def penalty(library: Any, module: Any) -> list[Any]:
        x = library.tensor(array, requires_grad=True)
        out, _ = module(x)
        total = 0
        for power in (2, 3):
            (g,) = library.autograd.grad((out**power).sum(), [x], create_graph=True)
            total = total + (g * g).sum()
        total.backward()
        return [x.grad.numpy(), module.weight_hh_l0.grad.numpy(), module.bias_ih_l0.grad.numpy()]

    for a, b in zip(penalty(gpugrad, mine), penalty(torch, theirs), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.oracle
def test_third_derivatives_equal_pytorch() -> None:
    torch = pytest.importorskip("torch")
    theirs = torch.nn.LSTM(FEATURES, HIDDEN).double()
    mine = nn.LSTM(FEATURES, HIDDEN).double()
    mine.load_state_dict({k: gpugrad.tensor(v.numpy()) for k, v in theirs.state_dict().items()})
    array = np.random.default_rng(0).standard_normal((3, 2, FEATURES))

    def third(library: Any, module: Any) -> Any:
        x = library.tensor(array, requires_grad=True)
        value = (module(x)[0] ** 2).sum()
        for _ in range(3):
            (g,) = library.autograd.grad(value, [x], create_graph=True)
            value = (g * g).sum()
        return g.detach().numpy()

    np.testing.assert_allclose(third(gpugrad, mine), third(torch, theirs), rtol=1e-9, atol=1e-13)


@pytest.mark.cuda
def test_a_step_is_one_launch_and_one_product_each_way() -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted under cudasim only")
    lstm = nn.LSTM(FEATURES, HIDDEN, device="cuda")

    def cost(steps: int) -> tuple[Any, Any]:
        x = gpugrad.ones(steps, BATCH, FEATURES, device="cuda")
        with cudasim.measure() as forward:
            out, _ = lstm(x)
        loss = out.sum()
        with cudasim.measure() as backward:
            loss.backward()
        lstm.zero_grad()
        return forward, backward

    cost(2)
    short, long = cost(4), cost(14)
    for few, many in zip(short, long, strict=True):
        assert many.launches - few.launches == 10
        assert many.lib_calls - few.lib_calls == 10
        assert many.h2d_count == 0


@pytest.mark.parametrize(
    ("act", "error", "phrase"),
    [
        (lambda m: m(gpugrad.ones(3)), ValueError, "Expected input to be 2D or 3D, got 1D instead"),
        (lambda m: m(gpugrad.ones(3, 1, 5)), RuntimeError, "Expected 2, got 5"),
        (lambda m: m(gpugrad.ones(0, 1, 2)), RuntimeError, "sequence length to be larger than 0"),
        (
            lambda m: m(gpugrad.ones(3, 1, 2), (gpugrad.ones(1, 2, 4), gpugrad.ones(1, 1, 4))),
            RuntimeError,
            r"Expected hidden\[0\] size \(1, 1, 4\), got \[1, 2, 4\]",
        ),
        (
            lambda m: m(gpugrad.ones(3, 2), (gpugrad.ones(1, 1, 4), gpugrad.ones(1, 1, 4))),
            RuntimeError,
            "For unbatched 2-D input, hx and cx should also be 2-D",
        ),
        (lambda m: nn.LSTM(2, 0), ValueError, "hidden_size must be greater than zero"),
        (lambda m: nn.LSTM(2, 2, 0), ValueError, "num_layers must be greater than zero"),
        (lambda m: nn.LSTM(2, 2, dropout=2.0), ValueError, "dropout should be a number in range"),
        (lambda m: nn.LSTM(2, 2, proj_size=2), ValueError, "proj_size has to be"),
        (lambda m: nn.LSTMCell(2, 4)(gpugrad.ones(3, 5)), RuntimeError, "got 5 expected 2"),
        (lambda m: nn.LSTMCell(2, 4)(gpugrad.ones(1, 3, 2)), ValueError, "1D or 2D, got 3D"),
    ],
)
def test_misuse_raises_pytorchs_errors(act: Any, error: type, phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        act(nn.LSTM(FEATURES, HIDDEN))


def test_dropout_of_a_single_layer_is_warned_about() -> None:
    with pytest.warns(UserWarning, match="dropout option adds dropout after all but last"):
        nn.LSTM(2, 2, dropout=0.5)

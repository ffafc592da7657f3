"""Random numbers: reproducible, of the right distribution, range, dtype and device."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import no_names, pytorchs_refusals, refusals

N = 20_000

DRAWS = {  # a draw, its mean and its variance
    "torch.rand(N)": (0.5, 1 / 12),
    "torch.randn(N)": (0.0, 1.0),
    "torch.rand(100, N // 100, dtype=torch.float64)": (0.5, 1 / 12),
    "torch.rand_like(torch.empty(N))": (0.5, 1 / 12),
    "torch.randn_like(torch.empty(N))": (0.0, 1.0),
    "torch.randint(3, 7, (N,)).double()": (4.5, 15 / 12),
    "torch.randint(10, (N,)).double()": (4.5, 99 / 12),
    "torch.randperm(N).double()": ((N - 1) / 2, (N**2 - 1) / 12),
    "torch.normal(2.0, 3.0, (N,))": (2.0, 9.0),
    "torch.normal(torch.full((N,), 2.0), 3.0)": (2.0, 9.0),
    "torch.normal(2.0, torch.full((N,), 3.0))": (2.0, 9.0),
    "torch.bernoulli(torch.full((N,), 0.3))": (0.3, 0.21),
    "torch.empty(N).uniform_(-1, 3)": (1.0, 16 / 12),
    "torch.empty(N).normal_(5, 2)": (5.0, 4.0),
    "torch.empty(N).bernoulli_(0.3)": (0.3, 0.21),
    "torch.multinomial(torch.tensor([1.0, 2.0, 1.0]), N, True).double()": (1.0, 0.5),
    "torch.multinomial(torch.tensor([[1.0, 2.0, 1.0]] * 100), N // 100, True).double()": (1.0, 0.5),
    "torch.randint_like(torch.empty(N), 10)": (4.5, 99 / 12),
    "torch.poisson(torch.full((N,), 3.5))": (3.5, 3.5),
    "torch.binomial(torch.full((N,), 12.0), torch.full((N,), 0.25))": (3.0, 2.25),
    "torch.empty(N).exponential_(2.0)": (0.5, 0.25),
    "torch.empty(N).geometric_(0.25)": (4.0, 12.0),
    "torch.empty(N, dtype=torch.int64).geometric_(0.5)": (2.0, 2.0),
    "torch.empty(N).log_normal_(0.5, 0.5).log()": (0.5, 0.25),
    "torch.empty(N).cauchy_(2.0, 3.0).sub(2.0).div(3.0).atan()": (0.0, np.pi**2 / 12),
    "torch.empty(N).random_(2, 7)": (4.0, 2.0),
    "torch.empty(N, dtype=torch.uint8).random_()": (127.5, (2**16 - 1) / 12),
    "torch.empty(N, dtype=torch.bool).random_()": (0.5, 0.25),
    "torch.empty(N).bernoulli_(torch.full((N,), 0.3))": (0.3, 0.21),
}


def draw(call: str) -> Any:
    return eval(call, {"torch": gpugrad, "N": N})


@pytest.mark.parametrize("call", DRAWS)
def test_mean_and_variance_are_those_of_the_distribution(call: str, device: str) -> None:
    gpugrad.manual_seed(7)
    mean, variance = DRAWS[call]
    drawn = draw(call)
    assert drawn.device.type == device
    values = drawn.double().cpu().numpy()
    assert values.mean() == pytest.approx(mean, abs=5 * (variance / N) ** 0.5)
    assert values.var() == pytest.approx(variance, rel=0.06)


@pytest.mark.parametrize("call", DRAWS)
@pytest.mark.usefixtures("device")
def test_the_same_seed_gives_the_same_numbers(call: str) -> None:
    gpugrad.manual_seed(3)
    once = draw(call)
    other = draw(call)
    gpugrad.manual_seed(3)
    assert draw(call).tolist() == once.tolist() != other.tolist()


def test_a_generator_is_a_stream_of_its_own() -> None:
    first, second = gpugrad.Generator("cpu").manual_seed(1), gpugrad.Generator("cpu").manual_seed(1)
    gpugrad.manual_seed(1)
    a = gpugrad.rand(5, generator=first, device="cpu")
    gpugrad.rand(3, device="cpu")
    assert gpugrad.rand(5, generator=second, device="cpu").tolist() == a.tolist()
    assert first.initial_seed() == 1


@pytest.mark.parametrize("draws", [0, 1, 3])
def test_a_state_brings_the_same_numbers_back(draws: int) -> None:
    gpugrad.rand(draws, device="cpu", dtype=gpugrad.float32)
    state = gpugrad.get_rng_state()
    once = gpugrad.rand(5, device="cpu").tolist(), gpugrad.randint(9, (3,), device="cpu").tolist()
    gpugrad.set_rng_state(state)
    again = gpugrad.rand(5, device="cpu").tolist(), gpugrad.randint(9, (3,), device="cpu").tolist()
    assert once == again
    generator = gpugrad.Generator("cpu").manual_seed(draws)
    twin = generator.clone_state()
    assert gpugrad.rand(2, generator=twin, device="cpu").tolist() == gpugrad.rand(
        2, generator=generator, device="cpu"
    ).tolist()
    assert twin.initial_seed() == draws


def test_forked_numbers_leave_no_trace() -> None:
    gpugrad.manual_seed(5)
    expected = gpugrad.rand(3, device="cpu").tolist()
    gpugrad.manual_seed(5)
    with gpugrad.random.fork_rng():
        gpugrad.rand(10, device="cpu")
        gpugrad.manual_seed(8)
    assert gpugrad.rand(3, device="cpu").tolist() == expected
    with gpugrad.random.fork_rng(enabled=False):
        inside = gpugrad.rand(3, device="cpu").tolist()
    assert gpugrad.rand(3, device="cpu").tolist() != inside
    assert gpugrad.default_generator is gpugrad.random.default_generator


def test_generators_that_nobody_seeded_agree() -> None:
    first, second = gpugrad.Generator("cpu"), gpugrad.Generator("cpu")
    assert first.initial_seed() == second.initial_seed()
    assert first.seed() == first.initial_seed() != second.initial_seed()


def test_draws_let_no_gradient_through() -> None:
    for draw_of in ("torch.normal(x, 1.0)", "torch.poisson(x)", "torch.bernoulli(x)",
                    "torch.normal(0.0, x)"):  # fmt: skip
        x = gpugrad.full((3,), 0.5, requires_grad=True)
        y = eval(draw_of, {"torch": gpugrad, "x": x})
        assert y.requires_grad
        y.sum().backward()
        assert x.grad.tolist() == [0, 0, 0]
    y = gpugrad.ones(3, requires_grad=True) * 2
    y.normal_().sum().backward()


def test_seeds_are_told() -> None:
    gpugrad.manual_seed(42)
    assert gpugrad.initial_seed() == 42
    assert gpugrad.seed() == gpugrad.initial_seed()


@pytest.mark.parametrize("dtype", [gpugrad.float16, gpugrad.bfloat16, gpugrad.float32])
def test_uniform_numbers_stay_below_one(dtype: Any) -> None:
    gpugrad.manual_seed(0)
    x = gpugrad.rand(200_000, dtype=dtype, device="cpu")
    assert x.dtype is dtype
    assert 0 <= x.min().item() < x.max().item() < 1


def test_a_permutation_has_every_number_once() -> None:
    assert sorted(gpugrad.randperm(100).tolist()) == list(range(100))


def test_samples_without_replacement_differ_and_follow_the_weights() -> None:
    gpugrad.manual_seed(0)
    weights = gpugrad.tensor([[0.0, 1.0, 2.0, 3.0]] * 3000, device="cpu")
    drawn = gpugrad.multinomial(weights, 2).numpy()
    assert (drawn[:, 0] != drawn[:, 1]).all()
    assert not (drawn == 0).any()
    assert (drawn[:, 0] == 3).mean() == pytest.approx(0.5, abs=0.04)


WRONG = {
    "torch.multinomial(torch.zeros(3), 1)": (RuntimeError, "sum of probabilities <= 0"),
    "torch.multinomial(torch.ones(3), 4)": (RuntimeError, "without replacement"),
    "torch.bernoulli(torch.full((2,), 1.5))": (RuntimeError, ""),
    "torch.randint(5, 5, (2,))": (RuntimeError, "expects 'from' to be less than 'to'"),
    "torch.empty(2).uniform_(1, 0)": (RuntimeError, "expects to return a \\[from, to\\) range"),
    "torch.empty(2).normal_(0, -1)": (RuntimeError, "normal expects std >= 0.0"),
    "torch.rand(2, generator=1)": (TypeError, ""),
}


test_a_wrong_call_is_refused_with_pytorchs_words = refusals(WRONG, no_names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, no_names)

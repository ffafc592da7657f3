"""Losses of more than two inputs, or whose targets take no gradient, beside PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from alike import assert_alike, data

pytestmark = pytest.mark.oracle

SIGNS = [1.0, -1.0, 1.0, 1.0]


def differentiated(make: Callable[[Any], Any], *rest: Callable[[Any], Any], inputs: int = 3
                   ) -> Callable[[Any], Any]:  # fmt: skip
    """A program: the value and all gradients of a loss of some float inputs and some targets."""

    def program(m: Any) -> Any:
        xs = [data(m, 4, 5, seed=i, requires_grad=True) for i in range(inputs)]
        loss = make(m.nn)(*xs, *(part(m) for part in rest))
        loss.sum().backward()
        return [loss.detach(), *(x.grad for x in xs)]

    return program


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("swap", [False, True])
def test_triplets(reduction: str, swap: bool) -> None:
    assert_alike(differentiated(lambda nn: nn.TripletMarginLoss(0.7, swap=swap,
                                                                reduction=reduction)))  # fmt: skip
    assert_alike(differentiated(lambda nn: nn.TripletMarginWithDistanceLoss(
        distance_function=nn.PairwiseDistance(1.0), swap=swap, reduction=reduction)))  # fmt: skip


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_pairs_with_signs(reduction: str) -> None:
    def signs(m: Any) -> Any:
        return m.tensor(SIGNS, dtype=m.float64)

    def column(m: Any) -> Any:
        return signs(m)[:, None]

    cosine = differentiated(lambda nn: nn.CosineEmbeddingLoss(0.1, reduction=reduction), signs,
                            inputs=2)  # fmt: skip
    ranking = differentiated(lambda nn: nn.MarginRankingLoss(0.1, reduction=reduction), column,
                             inputs=2)  # fmt: skip
    assert_alike(cosine)
    assert_alike(ranking)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_soft_margins(reduction: str) -> None:
    def signs(m: Any) -> Any:
        return data(m, 4, 5, seed=9).sign()

    assert_alike(differentiated(lambda nn: nn.SoftMarginLoss(reduction=reduction), signs, inputs=1))


@pytest.mark.parametrize("full", [False, True])
def test_normal_distributions(full: bool) -> None:
    def variance(m: Any) -> Any:
        return data(m, 4, 5, seed=9).abs() + 0.1

    assert_alike(differentiated(lambda nn: nn.GaussianNLLLoss(full=full), variance, inputs=2))


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_connectionist_temporal_classification(reduction: str) -> None:
    def program(m: Any) -> Any:
        x = data(m, 6, 2, 4, requires_grad=True)
        target, lengths = m.tensor([[1, 2, 2], [3, 1, 0]]), m.tensor([3, 2])
        loss = m.nn.CTCLoss(reduction=reduction)(x.log_softmax(-1), target, m.tensor([6, 5]),
                                                 lengths)  # fmt: skip
        loss.sum().backward()
        return [loss.detach(), x.grad]

    assert_alike(program)


@pytest.mark.parametrize("name", ["TripletMarginLoss", "TripletMarginWithDistanceLoss"])
def test_margins_are_positive(name: str) -> None:
    assert_alike(lambda m: getattr(m.nn, name)(margin=0.0), "expected margin to be greater than 0")

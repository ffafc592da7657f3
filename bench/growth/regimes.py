"""Five ways to train the same predictor, which differ only in what becomes of the graph.

Holds:     every regime sees the same weights at the start and the same weeks in the same order;
           `mark(phase)` is called where the memory is worth a look.
Must not:  measure or draw.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import gpugrad as torch
from gpugrad import nn, optim
from gpugrad.nn import functional as F

Mark = Callable[[str], None]
LEARNING_RATE = 0.01
PENALTY = 0.01


class Predictor(nn.Module):
    """An LSTM over the weeks so far, with a head for next week's level and one for its change."""

    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.trunk = nn.LSTM(1, hidden, batch_first=True)
        self.level = nn.Linear(hidden, 1)
        self.change = nn.Linear(hidden, 1)

    def forward(self, weeks: Any) -> Any:
        return self.level(self.trunk(weeks)[0])


class Regime:
    """A training step, the graphs that outlive it, and how to let go of them."""

    title = "freed every step"
    story = "loss.backward()"

    def __init__(self, model: Predictor) -> None:
        self.model = model
        self.optimizer = optim.Adam(self.learning_parameters(), lr=LEARNING_RATE)

    def learning_parameters(self) -> list[Any]:
        return list(self.model.parameters())

    def step(self, weeks: Any, following: Any, mark: Mark) -> float:
        """One training step; returns its loss."""
        loss = self.forward(weeks, following, mark)
        loss.backward()
        mark("backward")
        return self.update(loss)

    def forward(self, weeks: Any, following: Any, mark: Mark) -> Any:
        """The loss, as one root that reaches the whole graph."""
        loss = F.mse_loss(self.model(weeks), following)
        mark("forward")
        return loss

    def update(self, loss: Any) -> float:
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.item())

    def open_graphs(self, weeks: Any, following: Any) -> Iterator[Any]:
        """Roots to release at the end: what training kept, or the graph of one more step."""
        yield self.forward(weeks, following, lambda phase: None)

    def forget(self) -> None:
        """Drops whatever the regime still refers to."""


class TwoLosses(Regime):
    title = "two losses, one trunk"
    story = "first.backward(retain_graph=True); second.backward()"

    def step(self, weeks: Any, following: Any, mark: Mark) -> float:
        first, second = self.losses(weeks, following)
        mark("forward")
        first.backward(retain_graph=True)
        mark("first backward")
        second.backward()
        mark("backward")
        return self.update(first)

    def losses(self, weeks: Any, following: Any) -> tuple[Any, Any]:
        features = self.model.trunk(weeks)[0]
        level = F.mse_loss(self.model.level(features), following)
        change = F.mse_loss(self.model.change(features), following - weeks)
        return level, change

    def forward(self, weeks: Any, following: Any, mark: Mark) -> Any:
        first, second = self.losses(weeks, following)
        return first + second


class KeptLosses(Regime):
    title = "losses kept in a list"
    story = "loss.backward(retain_graph=True); losses.append(loss)"

    def __init__(self, model: Predictor) -> None:
        super().__init__(model)
        self.losses: list[Any] = []

    def step(self, weeks: Any, following: Any, mark: Mark) -> float:
        loss = self.forward(weeks, following, mark)
        loss.backward(retain_graph=True)
        mark("backward")
        self.losses.append(loss)
        return self.update(loss)

    def open_graphs(self, weeks: Any, following: Any) -> Iterator[Any]:
        yield from self.losses

    def forget(self) -> None:
        self.losses.clear()


class CarriedState(Regime):
    """Each step's graph hangs on the state of the one before, and each backward walks them all.

    All these graphs keep the recurrent weights, so writing to those in place would rightly be
    refused. Their gradients add up, and only the head learns: no later step looks back through it.
    """

    title = "hidden state carried"
    story = "out, state = lstm(x, state); loss.backward(retain_graph=True)"

    def __init__(self, model: Predictor) -> None:
        super().__init__(model)
        self.state: Any = None
        self.loss: Any = None

    def learning_parameters(self) -> list[Any]:
        return list(self.model.level.parameters())

    def step(self, weeks: Any, following: Any, mark: Mark) -> float:
        features, self.state = self.model.trunk(weeks, self.state)
        self.loss = F.mse_loss(self.model.level(features), following)
        mark("forward")
        self.loss.backward(retain_graph=True)
        mark("backward")
        return self.update(self.loss)

    def open_graphs(self, weeks: Any, following: Any) -> Iterator[Any]:
        yield self.loss

    def forget(self) -> None:
        self.state = self.loss = None


class GradientPenalty(Regime):
    """The penalty is a function of a gradient, so the gradient's own graph is kept as well."""

    title = "gradient penalty"
    story = "grad(prediction.sum(), x, create_graph=True); loss.backward()"

    def forward(self, weeks: Any, following: Any, mark: Mark) -> Any:
        weeks.requires_grad_()
        prediction = self.model(weeks)
        mark("forward")
        (slope,) = torch.autograd.grad(prediction.sum(), weeks, create_graph=True)
        mark("create_graph")
        return F.mse_loss(prediction, following) + PENALTY * (slope * slope).mean()


REGIMES: dict[str, type[Regime]] = {
    "freed": Regime,
    "two_losses": TwoLosses,
    "kept_losses": KeptLosses,
    "carried_state": CarriedState,
    "gradient_penalty": GradientPenalty,
}

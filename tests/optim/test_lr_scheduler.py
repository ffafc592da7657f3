"""Every scheduler beside PyTorch: thirty epochs, two groups, a rate set by hand in between."""

from __future__ import annotations

from typing import Any

import pytest
from alike import assert_alike

pytestmark = pytest.mark.oracle

SCHEDULERS: list[tuple[str, dict[str, Any]]] = [
    ("LambdaLR", {"lr_lambda": lambda epoch: 0.9**epoch}),
    ("LambdaLR", {"lr_lambda": [lambda epoch: 1 / (1 + epoch), lambda epoch: 0.5]}),
    ("MultiplicativeLR", {"lr_lambda": lambda epoch: 0.95}),
    ("StepLR", {"step_size": 7}),
    ("StepLR", {"step_size": 1, "gamma": 0.7}),
    ("MultiStepLR", {"milestones": [3, 3, 12], "gamma": 0.5}),
    ("ConstantLR", {}),
    ("ConstantLR", {"factor": 0.5, "total_iters": 9}),
    ("LinearLR", {}),
    ("LinearLR", {"start_factor": 0.1, "end_factor": 0.8, "total_iters": 11}),
    ("ExponentialLR", {"gamma": 0.9}),
    ("PolynomialLR", {"total_iters": 12, "power": 2.0}),
    ("CosineAnnealingLR", {"T_max": 10}),
    ("CosineAnnealingLR", {"T_max": 7, "eta_min": 0.01}),
]


def optimizer_of(m: Any) -> Any:
    groups = [{"params": [m.ones(2, requires_grad=True)]},
              {"params": [m.zeros(3, requires_grad=True)], "lr": 0.02}]  # fmt: skip
    return m.optim.SGD(groups, lr=0.5)


def rates(m: Any, scheduler: Any, epochs: int) -> list[list[float]]:
    seen = [list(scheduler.get_last_lr())]
    for epoch in range(epochs):
        scheduler.optimizer.step()
        scheduler.step()
        if epoch == 16:
            scheduler.optimizer.param_groups[0]["lr"] = 0.3
        seen.append(list(scheduler.get_last_lr()))
    return seen


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
def test_rates_equal_pytorch(name: str, options: dict[str, Any]) -> None:
    def program(m: Any) -> Any:
        return rates(m, getattr(m.optim.lr_scheduler, name)(optimizer_of(m), **options), 30)

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
def test_a_loaded_state_goes_on_alike(name: str, options: dict[str, Any]) -> None:
    def program(m: Any) -> Any:
        first = getattr(m.optim.lr_scheduler, name)(optimizer_of(m), **options)
        rates(m, first, 9)
        optimizer = optimizer_of(m)
        second = getattr(m.optim.lr_scheduler, name)(optimizer, **options)
        optimizer.load_state_dict(first.optimizer.state_dict())
        second.load_state_dict(first.state_dict())
        return rates(m, second, 9)

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(
    "options",
    [
        {"patience": 1},
        {"patience": 2, "mode": "max", "factor": 0.5},
        {"patience": 1, "threshold_mode": "abs", "threshold": 0.2, "cooldown": 3},
        {"patience": 0, "min_lr": [0.1, 0.01], "factor": 0.3},
    ],
    ids=str,
)
def test_plateaus_equal_pytorch(options: dict[str, Any]) -> None:
    measures = [5.0, 4.0, 3.9, 3.9, 3.9, 4.1, 2.0, 2.0, 2.1, 2.2, 2.3, 2.4, 1.0, 1.1, 1.2, 1.3]

    def program(m: Any) -> Any:
        optimizer = optimizer_of(m)
        scheduler = m.optim.lr_scheduler.ReduceLROnPlateau(optimizer, **options)
        seen = []
        for measure in measures:
            scheduler.step(m.tensor(measure))
            seen.append([group["lr"] for group in optimizer.param_groups])
        return seen

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(
    ("phrase", "make"),
    [
        ("is not an Optimizer", lambda s, o: s.StepLR(3, 1)),
        ("Expected 2 lr_lambdas", lambda s, o: s.LambdaLR(o, [abs])),
        ("factor expected to be between 0 and 1", lambda s, o: s.ConstantLR(o, 2.0)),
        ("Factor should be < 1.0", lambda s, o: s.ReduceLROnPlateau(o, factor=1.5)),
        ("'initial_lr' is not specified", lambda s, o: s.StepLR(o, 1, last_epoch=3)),
    ],
)
def test_bad_arguments(phrase: str, make: Any) -> None:
    assert_alike(lambda m: make(m.optim.lr_scheduler, optimizer_of(m)), phrase)

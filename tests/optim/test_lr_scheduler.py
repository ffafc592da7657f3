"""Every scheduler beside PyTorch: thirty epochs, two groups, a rate set by hand in between."""

from __future__ import annotations

from typing import Any

import pytest
from alike import assert_alike

import gpugrad

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


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
def test_a_step_to_an_epoch_equals_pytorch(name: str, options: dict[str, Any]) -> None:
    def program(m: Any) -> Any:
        scheduler = getattr(m.optim.lr_scheduler, name)(optimizer_of(m), **options)
        scheduler.optimizer.step()
        seen = []
        for epoch in (5, 12, 3, 7, 0, 11):
            scheduler.step(epoch)
            seen.append(list(scheduler.get_last_lr()))
        return seen

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
@pytest.mark.parametrize("last", [0, 6])
def test_a_scheduler_resumes_at_an_epoch(name: str, options: dict[str, Any], last: int) -> None:
    def program(m: Any) -> Any:
        optimizer = optimizer_of(m)
        for group in optimizer.param_groups:
            group["initial_lr"], group["lr"] = group["lr"], group["lr"] / 2
        make = getattr(m.optim.lr_scheduler, name)
        return rates(m, make(optimizer, **options, last_epoch=last), 9)

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
def test_two_schedulers_work_on_one_optimizer(name: str, options: dict[str, Any]) -> None:
    def program(m: Any) -> Any:
        schedulers = m.optim.lr_scheduler
        warmup = schedulers.LinearLR(optimizer := optimizer_of(m), 0.1, total_iters=4)
        decay = getattr(schedulers, name)(optimizer, **options)
        seen = []
        for _ in range(12):
            optimizer.step()
            warmup.step()
            decay.step()
            seen.append([group["lr"] for group in optimizer.param_groups])
        return [seen, decay.base_lrs]

    assert_alike(program, tolerance=1e-12)


@pytest.mark.parametrize(("name", "options"), SCHEDULERS, ids=lambda value: str(value)[:40])
def test_a_state_dict_has_pytorchs_keys(name: str, options: dict[str, Any]) -> None:
    flags = {"_is_initial", "_get_lr_called_within_step"}

    def program(m: Any) -> Any:
        state = getattr(m.optim.lr_scheduler, name)(optimizer_of(m), **options).state_dict()
        return {key: state[key] for key in sorted(state.keys() - flags)}

    assert_alike(program)


def test_a_rate_that_is_a_tensor_is_written_in_place() -> None:
    def program(m: Any) -> Any:
        rate = m.tensor(0.5, dtype=m.float64)
        optimizer = m.optim.SGD([m.ones(2, requires_grad=True)], lr=rate)
        scheduler = m.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)
        optimizer.step()
        scheduler.step()
        return [rate, scheduler.base_lrs, scheduler.get_last_lr(),
                optimizer.param_groups[0]["lr"] is rate]  # fmt: skip

    assert_alike(program)


class Decay:
    def __init__(self, factor: float) -> None:
        self.factor = factor

    def __call__(self, epoch: int) -> float:
        return self.factor**epoch


def test_callable_objects_are_part_of_the_state() -> None:
    def program(m: Any) -> Any:
        first = m.optim.lr_scheduler.LambdaLR(optimizer_of(m), Decay(0.5))
        second = m.optim.lr_scheduler.LambdaLR(optimizer_of(m), Decay(0.9))
        second.load_state_dict(first.state_dict())
        return rates(m, second, 3)

    assert_alike(program)


def test_a_step_before_the_optimizers_is_warned_about() -> None:
    scheduler = gpugrad.optim.lr_scheduler.StepLR(optimizer_of(gpugrad), 1)
    with pytest.warns(UserWarning, match=r"`lr_scheduler.step\(\)` before `optimizer.step\(\)`"):
        scheduler.step()
    scheduler.step()  # once is enough


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

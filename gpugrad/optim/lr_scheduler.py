"""Learning rates that change from step to step, ``torch.optim.lr_scheduler``.

Holds:     a step computes each group's rate from the rate it has now, as PyTorch does, so that what
           a program sets by hand lives on. ``state_dict`` has PyTorch's keys, its private flags
           apart.
Must not:  touch parameters or state of the optimizer.
"""

from __future__ import annotations

import math
import types
import warnings
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

from ..tensor import Tensor
from .optimizer import Optimizer

__all__ = [
    "ConstantLR", "CosineAnnealingLR", "ExponentialLR", "LRScheduler", "LambdaLR", "LinearLR",
    "MultiStepLR", "MultiplicativeLR", "PolynomialLR", "ReduceLROnPlateau", "StepLR",
]  # fmt: skip


class LRScheduler:
    """Sets ``group["lr"]`` at every ``step``; a subclass says in ``get_lr`` to what.

    A subclass that can also tell the rates from the epoch alone has ``_get_closed_form_lr``; it
    serves ``step(epoch)``.

    >>> class Halving(LRScheduler):
    ...     def get_lr(self):
    ...         return [group["lr"] / 2 for group in self.optimizer.param_groups]
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        self.optimizer = _checked(optimizer)
        for index, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:  # kept, where another scheduler has noted it
                group.setdefault("initial_lr", _own(group["lr"]))
            elif "initial_lr" not in group:
                raise KeyError(
                    "param 'initial_lr' is not specified in "
                    f"param_groups[{index}] when resuming scheduler with last_epoch >= 0"
                )
        self.base_lrs: list[Any] = [_own(group["initial_lr"]) for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._step_count = 0
        self._go(None)
        self._step_count = 1

    @property
    def _groups(self) -> list[dict[str, Any]]:
        return self.optimizer.param_groups

    @property
    def _is_initial(self) -> bool:
        """Whether the rates are those of the constructor: one that resumes leaves them alone."""
        return self._step_count == 0

    def step(self, epoch: int | None = None) -> None:
        """Goes on to the next epoch, or to ``epoch``, and sets the rates."""
        if self._step_count == 1 and not self.optimizer._opt_called:
            warnings.warn(
                "Detected call of `lr_scheduler.step()` before `optimizer.step()`: the first value "
                "of the learning rate schedule is never used. Call `optimizer.step()` first.",
                stacklevel=2,
            )
        self._step_count += 1
        self._go(epoch)

    def _go(self, epoch: int | None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        closed = None if epoch is None else getattr(self, "_get_closed_form_lr", None)
        for group, rate in zip(self._groups, (closed or self.get_lr)(), strict=True):
            _set(group, rate)
        self._last_lr = [_own(group["lr"]) for group in self._groups]

    def get_lr(self) -> list[Any]:
        """The rates of this epoch, one per group."""
        raise NotImplementedError

    def get_last_lr(self) -> list[Any]:
        """The rates that the last ``step`` set."""
        return self._last_lr

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer."""
        return {key: value for key, value in self.__dict__.items() if key != "optimizer"}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a ``state_dict``."""
        self.__dict__.update(state_dict)

    def _times(self, factor: float) -> list[Any]:
        """The present rates times ``factor``."""
        return [group["lr"] * factor for group in self._groups]

    def _times_base(self, factor: float) -> list[Any]:
        """The first rates times ``factor``."""
        return [base * factor for base in self.base_lrs]


def _checked(optimizer: Any) -> Optimizer:
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"{type(optimizer).__name__} is not an Optimizer")
    return optimizer


def _own(rate: Any) -> Any:
    """``rate``, of a tensor a copy: a scheduler writes into the group's."""
    return rate.detach().clone() if isinstance(rate, Tensor) else rate


def _set(group: dict[str, Any], rate: Any) -> None:
    """Sets the group's rate; a tensor, which others may hold, in place."""
    if isinstance(group["lr"], Tensor):
        group["lr"].fill_(float(rate))
    else:
        group["lr"] = rate


# --------------------------------------------------------------------------------------- functions
class LambdaLR(LRScheduler):
    """The first rate times ``lr_lambda(epoch)``; a list has a function per group."""

    def __init__(self, optimizer: Optimizer, lr_lambda: Any, last_epoch: int = -1) -> None:
        self.lr_lambdas = _per_group(lr_lambda, optimizer)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        return [base * function(self.last_epoch)
                for function, base in zip(self.lr_lambdas, self.base_lrs, strict=True)]  # fmt: skip

    def state_dict(self) -> dict[str, Any]:
        """Everything but the optimizer and functions; of callable objects, their attributes."""
        kept = [
            None if isinstance(function, types.FunctionType)
            else dict(getattr(function, "__dict__", {}))
            for function in self.lr_lambdas
        ]  # fmt: skip
        return {**super().state_dict(), "lr_lambdas": kept}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a ``state_dict``; functions stay, objects get their attributes."""
        super().load_state_dict({k: v for k, v in state_dict.items() if k != "lr_lambdas"})
        for function, kept in zip(self.lr_lambdas, state_dict["lr_lambdas"], strict=True):
            if kept:
                function.__dict__.update(kept)


class MultiplicativeLR(LambdaLR):
    """The present rate times ``lr_lambda(epoch)``."""

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        if self._is_initial:
            return self._times(1)
        return [group["lr"] * function(self.last_epoch)
                for function, group in zip(self.lr_lambdas, self._groups, strict=True)]  # fmt: skip


def _per_group(function: Any, optimizer: Optimizer) -> list[Callable[[int], float]]:
    count = len(optimizer.param_groups)
    if not isinstance(function, list | tuple):
        return [function] * count
    if len(function) != count:
        raise ValueError(f"Expected {count} lr_lambdas, but got {len(function)}")
    return list(function)


# ------------------------------------------------------------------------------------------- steps
class StepLR(LRScheduler):
    """Times ``gamma`` every ``step_size`` epochs."""

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.step_size = step_size
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        due = self.last_epoch and self.last_epoch % self.step_size == 0
        return self._times(self.gamma if due else 1)

    def _get_closed_form_lr(self) -> list[Any]:
        return self._times_base(self.gamma ** (self.last_epoch // self.step_size))


class MultiStepLR(LRScheduler):
    """Times ``gamma`` at each of the ``milestones``."""

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.milestones = Counter(milestones)
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        return self._times(self.gamma ** self.milestones[self.last_epoch])

    def _get_closed_form_lr(self) -> list[Any]:
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return self._times_base(self.gamma**passed)


class ExponentialLR(LRScheduler):
    """Times ``gamma`` every epoch."""

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = gamma
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        return self._times(1 if self._is_initial else self.gamma)

    def _get_closed_form_lr(self) -> list[Any]:
        return self._times_base(self.gamma**self.last_epoch)


# ------------------------------------------------------------------------------------------- ramps
class ConstantLR(LRScheduler):
    """``factor`` of the rate for ``total_iters`` epochs, then all of it."""

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5,
                 last_epoch: int = -1) -> None:  # fmt: skip
        if factor > 1.0 or factor < 0:
            raise ValueError("Constant multiplicative factor expected to be between 0 and 1.")
        self.factor = factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        if self.last_epoch == 0:
            return self._times(self.factor)
        return self._times(1.0 / self.factor if self.last_epoch == self.total_iters else 1)

    def _get_closed_form_lr(self) -> list[Any]:
        return self._times_base(self.factor if self.last_epoch < self.total_iters else 1)


class LinearLR(LRScheduler):
    """From ``start_factor`` to ``end_factor`` of the rate in ``total_iters`` equal steps."""

    def __init__(self, optimizer: Optimizer, start_factor: float = 1.0 / 3,
                 end_factor: float = 1.0, total_iters: int = 5,
                 last_epoch: int = -1) -> None:  # fmt: skip
        if start_factor > 1.0 or start_factor <= 0:
            raise ValueError(
                "Starting multiplicative factor expected to be greater than 0 and less or equal "
                "to 1."
            )
        if end_factor > 1.0 or end_factor < 0:
            raise ValueError("Ending multiplicative factor expected to be between 0 and 1.")
        self.start_factor = start_factor
        self.end_factor = end_factor
        self.total_iters = total_iters
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        if self.last_epoch == 0:
            return self._times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._times(1)
        rise = self.end_factor - self.start_factor
        before = self.total_iters * self.start_factor + (self.last_epoch - 1) * rise
        return self._times(1.0 + rise / before)

    def _get_closed_form_lr(self) -> list[Any]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        rise = self.end_factor - self.start_factor
        return self._times_base(self.start_factor + rise * share)


class PolynomialLR(LRScheduler):
    """``(1 - epoch / total_iters) ** power`` of the rate, then zero."""

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.total_iters = total_iters
        self.power = power
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        epoch, total = self.last_epoch, self.total_iters
        if self._is_initial or epoch > total:
            return self._times(1)
        return self._times(((total - epoch) / (total - epoch + 1)) ** self.power)

    def _get_closed_form_lr(self) -> list[Any]:
        share = min(self.total_iters, self.last_epoch) / self.total_iters
        return self._times_base((1 - share) ** self.power)


class CosineAnnealingLR(LRScheduler):
    """Half a cosine from the first rate down to ``eta_min`` in ``T_max`` epochs, and up again.

    Source:  Loshchilov & Hutter 2017, without the restarts
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0,
                 last_epoch: int = -1) -> None:  # fmt: skip
        self.T_max = T_max
        self.eta_min = eta_min
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[Any]:
        """The rates of this epoch."""
        epoch, half = self.last_epoch, self.T_max
        if self._is_initial:
            return self._times(1)
        if (epoch - 1 - half) % (2 * half) == 0:  # the turning point: nothing to divide by
            rise = (1 - math.cos(math.pi / half)) / 2
            return [group["lr"] + (base - self.eta_min) * rise
                    for base, group in zip(self.base_lrs, self._groups, strict=True)]  # fmt: skip
        before = 1 + math.cos(math.pi * (epoch - 1) / half)
        share = (1 + math.cos(math.pi * epoch / half)) / before
        return [share * (group["lr"] - self.eta_min) + self.eta_min for group in self._groups]

    def _get_closed_form_lr(self) -> list[Any]:
        share = (1 + math.cos(math.pi * self.last_epoch / self.T_max)) / 2
        return [self.eta_min + (base - self.eta_min) * share for base in self.base_lrs]


# ---------------------------------------------------------------------------------------- measures
class ReduceLROnPlateau(LRScheduler):
    """Times ``factor`` once a measure has not improved for more than ``patience`` epochs."""

    def __init__(self, optimizer: Optimizer, mode: str = "min", factor: float = 0.1,
                 patience: int = 10, threshold: float = 1e-4, threshold_mode: str = "rel",
                 cooldown: int = 0, min_lr: Any = 0, eps: float = 1e-8) -> None:  # fmt: skip
        if factor >= 1.0:
            raise ValueError("Factor should be < 1.0.")
        if mode not in ("min", "max"):
            raise ValueError(f"mode {mode} is unknown!")
        if threshold_mode not in ("rel", "abs"):
            raise ValueError(f"threshold mode {threshold_mode} is unknown!")
        self.optimizer = _checked(optimizer)
        count = len(optimizer.param_groups)
        self.min_lrs = list(min_lr) if isinstance(min_lr, list | tuple) else [min_lr] * count
        if len(self.min_lrs) != count:
            raise ValueError(f"expected {count} min_lrs, got {len(self.min_lrs)}")
        self.mode, self.factor, self.patience = mode, factor, patience
        self.threshold, self.threshold_mode = threshold, threshold_mode
        self.cooldown, self.eps = cooldown, eps
        self.best = math.inf if mode == "min" else -math.inf
        self.cooldown_counter = self.num_bad_epochs = self.last_epoch = 0
        self._last_lr = [_own(group["lr"]) for group in optimizer.param_groups]

    def step(self, metrics: Any, epoch: int | None = None) -> None:  # type: ignore[override]
        """Takes note of this epoch's measure, and lowers the rates if it is time."""
        current = float(metrics)
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        better = self.is_better(current, self.best)
        self.best = current if better else self.best
        self.num_bad_epochs = 0 if better else self.num_bad_epochs + 1
        if self.cooldown_counter > 0:
            self.cooldown_counter -= 1
            self.num_bad_epochs = 0
        if self.num_bad_epochs > self.patience:
            self._reduce()
            self.cooldown_counter = self.cooldown
            self.num_bad_epochs = 0
        self._last_lr = [_own(group["lr"]) for group in self._groups]

    def _reduce(self) -> None:
        for group, least in zip(self._groups, self.min_lrs, strict=True):
            rate = max(float(group["lr"]) * self.factor, least)
            if float(group["lr"]) - rate > self.eps:
                _set(group, rate)

    def is_better(self, a: float, best: float) -> bool:
        """Whether ``a`` improves on ``best`` by more than the threshold."""
        sign = 1 if self.mode == "max" else -1
        margin = self.threshold
        bar = best * (1 + sign * margin) if self.threshold_mode == "rel" else best + sign * margin
        return sign * a > sign * bar

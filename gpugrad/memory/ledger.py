"""What live graphs hold, at any moment and step by step.

Holds:     ``held`` is the sum over storages that live graphs save, each counted once; reading it
           costs a look-up, because every save and release keeps the account.
Must not:  cost an op anything beyond that account: steps and passes are looked at, ops are not.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from ..array import accounts, as_device
from ..graph import listeners, next_step
from .allocator import observe

__all__ = ["Step", "held", "peak_held", "step", "steps"]

_REMEMBERED = 256  # steps


@dataclass(frozen=True, slots=True)
class Step:
    """A step that has ended: its number, what graphs held at its end and at most, in bytes.

    ``held`` and ``peak`` are per device. The peak is what was seen when backward passes began and
    when the step ended: in between a graph only grows until its backward.
    """

    number: int
    held: dict[str, int]
    peak: dict[str, int]


_steps: deque[Step] = deque(maxlen=_REMEMBERED)
_peak: dict[Any, int] = {}  # per device, since the last step


def held(device: Any = None) -> int:
    """Bytes that all live graphs keep now, on ``device`` or (None) on all devices together.

    A storage counts once however many slots save it; saved parameters and inputs count as well.
    """
    if device is None:
        return sum(account.held for account in accounts.values())
    account = accounts.get(as_device(device))
    return account.held if account is not None else 0


def peak_held(device: Any = None) -> int:
    """The most that ``held`` was since the last step, at the moments that ``Step`` tells of."""
    _observe()
    if device is None:
        return sum(_peak.values())
    return _peak.get(as_device(device), 0)


def step() -> int:
    """Ends a step of the program and begins the next; returns its number. Optimizers call it."""
    _observe()
    number = next_step()
    now = {str(on): account.held for on, account in accounts.items()}
    _steps.append(Step(number - 1, now, {str(on): n for on, n in _peak.items()}))
    _peak.clear()
    return number


def steps() -> list[Step]:
    """The last steps that have ended, oldest first."""
    return list(_steps)


def _observe(event: str = "begin") -> None:
    """Lets the peaks, here and of the meters in use, see the present moment."""
    if event == "begin":
        for on, account in list(accounts.items()):
            if account.held > _peak.get(on, 0):
                _peak[on] = account.held
        observe()


listeners.append(_observe)

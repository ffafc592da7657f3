"""A switch that scripts may set: a backward pass runs in the thread that asks for it, always.

Holds:     several threads may run passes at once; the switch is remembered and changes nothing.
"""

from __future__ import annotations

__all__ = ["is_multithreading_enabled", "set_multithreading_enabled"]

_enabled = [True]


def is_multithreading_enabled() -> bool:
    """What ``set_multithreading_enabled`` was set to."""
    return _enabled[0]


class set_multithreading_enabled:  # noqa: N801  (PyTorch's name)
    """Sets the switch at once; as a context manager, until the block ends."""

    def __init__(self, mode: bool) -> None:
        self._before = _enabled[0]
        _enabled[0] = mode

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        _enabled[0] = self._before

"""Switching anomaly mode: whole stacks in errors from backward, and a search for the first nan.

Holds:     a block or a call leaves the mode as it found it, whatever ends it.
Must not:  warn that it costs time: it costs less than twice a plain run.
"""

from __future__ import annotations

from ..graph.anomaly import anomaly, set_anomaly

__all__ = ["detect_anomaly", "is_anomaly_check_nan_enabled", "is_anomaly_enabled",
           "set_detect_anomaly"]  # fmt: skip


class set_detect_anomaly:  # noqa: N801  (PyTorch's name)
    """Switches anomaly mode at once, in all threads; as a context manager, until the block ends.

    What is recorded while it is on carries the whole stack; a backward pass raises as soon as a
    node makes a nan (unless ``check_nan=False``), and names the op and the first nan behind it.
    """

    def __init__(self, mode: bool, check_nan: bool = True) -> None:
        self._before = anomaly.on, anomaly.check_nan
        set_anomaly(mode, check_nan)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        set_anomaly(*self._before)


class detect_anomaly:  # noqa: N801
    """Anomaly mode for the length of a block; see ``set_detect_anomaly``."""

    def __init__(self, check_nan: bool = True) -> None:
        self._check_nan = check_nan
        self._before: list[tuple[bool, bool]] = []

    def __enter__(self) -> None:
        self._before.append((anomaly.on, anomaly.check_nan))
        set_anomaly(True, self._check_nan)

    def __exit__(self, *_: object) -> None:
        set_anomaly(*self._before.pop())


def is_anomaly_enabled() -> bool:
    """Whether anomaly mode is on."""
    return anomaly.on


def is_anomaly_check_nan_enabled() -> bool:
    """Whether it looks for nans."""
    return anomaly.check_nan

"""Devices, and the choice of the default one.

Holds:     CUDA is the default where CuPy can use a GPU, the CPU otherwise; ``GPUGRAD_DEVICE`` and
           ``set_default_device`` override. CuPy is imported the first time CUDA is asked for.
Must not:  touch CuPy on a machine where ``GPUGRAD_DEVICE=cpu``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from ..errors import DeviceError, cuda_missing

__all__ = [
    "as_device", "cpu", "cuda_available", "cupy", "default_device", "device", "on_first_cuda",
    "set_default_device",
]  # fmt: skip

_TYPES = ("cpu", "cuda")


class device:  # noqa: N801  (PyTorch's name)
    """Where bytes live: ``type`` ("cpu" or "cuda") and ``index`` (None: the current one)."""

    __slots__ = ("index", "type")

    type: str
    index: int | None

    def __init__(self, type: str | device | int, index: int | None = None) -> None:
        text = f"cuda:{type}" if isinstance(type, int) else str(type)
        name, _, number = text.partition(":")
        if name not in _TYPES or (number and not number.isdigit()):
            raise DeviceError(
                f"Expected one of {', '.join(_TYPES)} device type at start of device string: {text}"
            )
        self.type = name
        self.index = int(number) if number else index

    def __repr__(self) -> str:
        at = "" if self.index is None else f", index={self.index}"
        return f"device(type='{self.type}'{at})"

    def __str__(self) -> str:
        return self.type if self.index is None else f"{self.type}:{self.index}"

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, device) and self.type == other.type and self.index == other.index
        )

    def __hash__(self) -> int:
        return hash((self.type, self.index))

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return device, (str(self),)


cpu = device("cpu")


# ------------------------------------------------------------------------------------------- CuPy
_cupy: list[Any] = []  # the module, once a device was really reached
_missing: list[str] = []  # or the reason why there is none
on_first_cuda: list[Callable[[], None]] = []
"""Called once, when a device has been reached; the memory room installs its allocator here."""


def cupy() -> Any:
    """The cupy module, with a device that answers; DeviceError otherwise."""
    if not _cupy and not _missing:
        _probe()
    if _cupy:
        return _cupy[0]
    raise cuda_missing(_missing[0])


def cuda_available() -> bool:
    """Whether CuPy is installed and reaches a GPU."""
    if not _cupy and not _missing:
        _probe()
    return bool(_cupy)


def _probe() -> None:
    if find_spec("cupy") is None:
        _missing.append("CuPy is not installed")
        return
    try:
        import cupy as module

        count = module.cuda.runtime.getDeviceCount()
    except Exception as error:  # a broken driver raises anything; the reason is kept and shown
        _missing.append(f"{type(error).__name__}: {error}".splitlines()[0])
        return
    if not count:
        _missing.append("no CUDA device is visible")
        return
    _cupy.append(module)
    for prepare in on_first_cuda:
        prepare()


def loaded_cupy() -> Any:
    """The cupy module if anyone has imported it, else None: asking costs nothing."""
    return sys.modules.get("cupy")


# ---------------------------------------------------------------------------------------- default
_default: list[device] = []


def default_device() -> device:
    """Where new tensors are made when nothing is said."""
    if not _default:
        chosen = os.environ.get("GPUGRAD_DEVICE") or ("cuda" if cuda_available() else "cpu")
        _default.append(canonical(device(chosen)))
    return _default[0]


def set_default_device(device: Any) -> None:
    """Makes ``device`` the place of new tensors; None restores the automatic choice."""
    if device is None:
        _default.clear()
    else:
        _default[:] = [as_device(device)]


def as_device(value: Any) -> device:
    """A device that exists, with its index, from a device, string, index or None (the default)."""
    if value is None:
        return default_device()
    return canonical(value if isinstance(value, device) else device(value))


def canonical(d: device) -> device:
    """``d`` as tensors carry it: the CPU without an index, a GPU with one; it has to exist."""
    if d.type == "cpu":
        return cpu
    module = cupy()
    index = module.cuda.runtime.getDevice() if d.index is None else d.index
    count = module.cuda.runtime.getDeviceCount()
    if index >= count:
        raise DeviceError(f"CUDA error: invalid device ordinal {index}; there are {count}")
    return device("cuda", index)

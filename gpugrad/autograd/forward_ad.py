"""Forward mode under PyTorch's names, ``torch.autograd.forward_ad``.

Holds:     one level at a time, as in PyTorch; ``gpugrad.func.jvp`` nests.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from ..errors import DTypeError, GraphError, ShapeError
from ..graph import TensorBase
from ..transforms.dual import Dual, make
from ..transforms.traced import new_level

__all__ = ["UnpackedDualTensor", "dual_level", "enter_dual_level", "exit_dual_level", "make_dual",
           "unpack_dual"]  # fmt: skip


class UnpackedDualTensor(NamedTuple):
    """What ``unpack_dual`` returns; ``tangent`` is None for a tensor without one."""

    primal: Any
    tangent: Any


class _Open(threading.local):
    """The level that ``dual_level`` has entered, and what ends it."""

    level: int = -1
    ends: Any = None


_open = _Open()


def enter_dual_level() -> int:
    """Enters forward mode; ``dual_level`` is the context manager for it.

    Raises:  RuntimeError inside another level
    """
    if _open.ends is not None:
        raise GraphError("Nested forward mode AD is not supported at the moment: use "
                         "gpugrad.func.jvp, which nests.")  # fmt: skip
    _open.ends = new_level()
    _open.level = _open.ends.__enter__()
    return 0


def exit_dual_level(*, level: int | None = None) -> None:
    """Ends forward mode."""
    if _open.ends is None or level not in (None, 0):
        raise GraphError("Trying to exit a forward AD level that was not the last one that was "
                         "created. This is not supported.")  # fmt: skip
    ends, _open.ends, _open.level = _open.ends, None, -1
    ends.__exit__(None, None, None)


@contextmanager
def dual_level() -> Iterator[int]:
    """Inside, ``make_dual`` attaches tangents and ops carry them along.

    >>> import gpugrad
    >>> x, t = gpugrad.tensor([1.0, 2.0]), gpugrad.tensor([1.0, 0.0])
    >>> with dual_level():
    ...     y = make_dual(x, t) ** 2
    ...     unpack_dual(y).tangent
    tensor([2., 0.])
    """
    level = enter_dual_level()
    try:
        yield level
    finally:
        exit_dual_level()


def make_dual(tensor: Any, tangent: Any, *, level: int | None = None) -> Any:
    """``tensor`` with a tangent of its shape, dtype and device.

    Raises:  RuntimeError outside ``dual_level`` or for a tangent that does not fit
    """
    if _open.ends is None:
        raise GraphError("Trying to create a dual Tensor for forward AD but no level exists, make "
                         "sure to enter_dual_level() first.")  # fmt: skip
    for value in (tensor, tangent):
        if not isinstance(value, TensorBase):
            raise TypeError(f"make_dual(): expected a Tensor, but got {type(value).__name__}")
        if not value.kind.is_floating_point:
            raise ValueError("Expected tensor and tangent to be floating point, but got "
                             f"{value.kind.dtype.name}")  # fmt: skip
    if tuple(tensor.shape) != tuple(tangent.shape):
        raise ShapeError("Trying to set a forward gradient that has a different size than that of "
                         f"the original Tensor, this is not supported. Tensor is of size "
                         f"{list(tensor.shape)} while the given forward gradient is of size "
                         f"{list(tangent.shape)}.")  # fmt: skip
    if tensor.kind is not tangent.kind:
        raise DTypeError(f"make_dual(): tensor is {tensor.kind}, tangent {tangent.kind}")
    return make(tensor, tangent, _open.level)


def unpack_dual(tensor: Any, *, level: int | None = None) -> UnpackedDualTensor:
    """A tensor's primal and tangent.

    Raises:  RuntimeError outside ``dual_level``
    """
    if _open.ends is None:
        return UnpackedDualTensor(tensor, None)
    if isinstance(tensor, Dual) and tensor.level == _open.level:
        return UnpackedDualTensor(tensor.primal, tensor.tangent)
    return UnpackedDualTensor(tensor, None)

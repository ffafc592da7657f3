"""New tensors in sequences: ranges, spaces between two numbers, windows.

Holds:     values are computed in float64, or exactly in integers, and rounded once.
Must not:  record anything: new tensors are leaves or constants.
"""

from __future__ import annotations

import math
from typing import Any

from ..array import default_dtype, promote_operands
from ..errors import DTypeError, ShapeError
from ..graph import TensorBase, new_tensor
from .bessel import i0
from .creation import finished
from .filled import chosen_kind
from .surface import public

__all__ = ["arange", "linspace", "logspace"]


def _number(name: str, which: str, value: Any) -> Any:
    """A limit of a sequence as a Python number."""
    if not isinstance(value, TensorBase):
        return value
    if value.shape:
        raise ShapeError(
            f"{name} only supports 0-dimensional start and end tensors, but got {which} with "
            f"{len(value.shape)} dimension(s)."
        )
    return value.array.item()


# ----------------------------------------------------------------------------------------- ranges
@public("torch out")
def arange(*limits: Any, start: Any = None, end: Any = None, step: Any = None, dtype: Any = None,
           layout: Any = None, device: Any = None, pin_memory: bool = False,
           requires_grad: bool = False) -> Any:
    """Numbers from ``start`` (0) to ``end``, which is excluded, by ``step`` (1).

    Dtype:   that of the numbers: int64 if all are integers, else the default one
    Raises:  RuntimeError if the step is zero or leads away from ``end``
    >>> import gpugrad
    >>> gpugrad.arange(1, 2.5, 0.5)
    tensor([1.0000, 1.5000, 2.0000])
    """
    first, last, by = _limits("arange", limits, start, end, step)
    begin, stop, width = (_number("arange", "start", x) for x in (first, last, by))
    element = None
    if dtype is None:
        given = [x.kind.dtype for x in (first, last, by) if isinstance(x, TensorBase)]
        plain = [x for x in (first, last, by) if not isinstance(x, (TensorBase, bool))]
        element = promote_operands((), given, [*plain, 1])
        element = default_dtype() if element.is_floating_point else element
    kind = chosen_kind(dtype, device, element)
    if kind.dtype.name == "bool":
        raise DTypeError('"arange" not implemented for bool')
    made = _steps(kind, begin, width, _count(begin, stop, width))
    return finished(made, requires_grad, layout, pin_memory)


def _limits(name: str, given: tuple[Any, ...], start: Any, end: Any, step: Any) -> Any:
    """start, end and step from positional arguments and names: one position alone is the end."""
    places = list(given)
    if len(places) == 1 and end is None and start is None:
        end = places.pop()
    if places:
        start = places.pop(0)
    if places:
        end = places.pop(0)
    if places:
        step = places.pop(0)
    if places or end is None:
        raise TypeError(f"{name}() received an invalid combination of arguments")
    return 0 if start is None else start, end, 1 if step is None else step


def _count(start: float, end: float, step: float) -> int:
    _check_step(start, end, step)
    if isinstance(start, int) and isinstance(end, int) and isinstance(step, int):
        return -((start - end) // step)
    return math.ceil((end - start) / step)


def _check_step(start: Any, end: Any, step: Any) -> None:
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if not (math.isfinite(start) and math.isfinite(end)):
        raise RuntimeError(f"unsupported range: {start} -> {end}")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")


def _steps(kind: Any, start: Any, step: Any, count: int) -> Any:
    """``start + k * step`` for k below ``count``, as a tensor."""
    if isinstance(start, int) and isinstance(step, int):
        places = kind.xp.arange(start, start + count * step, step, dtype="int64")
    else:
        places = start + step * kind.xp.arange(count, dtype="float64")
    return new_tensor(places.astype(kind.numpy, copy=False), kind)


@public("torch out", name="range")
def closed_range(start: Any = 0, end: Any = None, step: Any = 1, *, dtype: Any = None,
                 layout: Any = None, device: Any = None, pin_memory: bool = False,
                 requires_grad: bool = False) -> Any:
    """``arange`` with the end included, in the default dtype. Deprecated by PyTorch."""
    begin, stop, width = (_number("range", "start", x) for x in (start, end, step))
    _check_step(begin, stop, width)
    count = math.floor((stop - begin) / width) + 1
    made = _steps(chosen_kind(dtype, device), begin, width, count)
    return finished(made, requires_grad, layout, pin_memory)


# ------------------------------------------------------------------------- between two numbers
@public("torch out")
def linspace(start: Any, end: Any, steps: int, *, dtype: Any = None, layout: Any = None,
             device: Any = None, pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included."""
    kind = chosen_kind(dtype, device)
    places = _between("linspace", start, end, steps, kind.xp)
    made = new_tensor(places.astype(kind.numpy), kind)
    return finished(made, requires_grad, layout, pin_memory)


@public("torch out")
def logspace(start: Any, end: Any, steps: int, base: float = 10.0, *, dtype: Any = None,
             layout: Any = None, device: Any = None, pin_memory: bool = False,
             requires_grad: bool = False) -> Any:
    """``base`` to the powers of ``linspace(start, end, steps)``."""
    kind = chosen_kind(dtype, device)
    powers = float(base) ** _between("logspace", start, end, steps, kind.xp)
    made = new_tensor(powers.astype(kind.numpy), kind)
    return finished(made, requires_grad, layout, pin_memory)


def _between(name: str, start: Any, end: Any, steps: int, xp: Any) -> Any:
    """The places in float64, counted from the nearer end, so that both are exact."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    start, end = _number(name, "start", start), _number(name, "end", end)
    if steps == 1:
        return xp.full(1, start, "float64")
    places = xp.arange(steps, dtype="float64")
    step = (end - start) / (steps - 1) if steps else 0.0
    return xp.where(places < steps // 2, start + step * places, end - step * (steps - 1 - places))


# ---------------------------------------------------------------------------------------- windows
def _window(name: str, length: int, periodic: bool, options: dict[str, Any], shape: Any) -> Any:
    """``shape(xp, places)`` of places from 0 to 1; a periodic window lacks its last value."""
    kind = chosen_kind(options.pop("dtype", None), options.pop("device", None))
    if not kind.is_floating_point:
        raise DTypeError(f"{name} expects floating point dtypes, got: {kind.dtype.name}")
    if length < 0:
        raise RuntimeError(
            f"{name} requires non-negative window_length, got window_length={length}"
        )
    if length < 2:
        values = kind.xp.ones(length)
    else:
        last = length if periodic else length - 1
        values = shape(kind.xp, kind.xp.arange(length, dtype="float64") / last)
    return finished(new_tensor(values.astype(kind.numpy), kind), **options)


@public("torch")
def hann_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """``(1 - cos(2 pi t)) / 2`` for t from 0 to 1."""
    return _window("hann_window", window_length, periodic, options,
                   lambda xp, t: 0.5 - 0.5 * xp.cos(2 * math.pi * t))  # fmt: skip


@public("torch")
def hamming_window(window_length: int, periodic: bool = True, alpha: float = 0.54,
                   beta: float = 0.46, **options: Any) -> Any:
    """``alpha - beta * cos(2 pi t)`` for t from 0 to 1."""
    return _window("hamming_window", window_length, periodic, options,
                   lambda xp, t: alpha - beta * xp.cos(2 * math.pi * t))  # fmt: skip


@public("torch")
def blackman_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """``0.42 - cos(2 pi t) / 2 + 0.08 cos(4 pi t)`` for t from 0 to 1."""
    return _window(
        "blackman_window", window_length, periodic, options,
        lambda xp, t: 0.42 - 0.5 * xp.cos(2 * math.pi * t) + 0.08 * xp.cos(4 * math.pi * t),
    )  # fmt: skip


@public("torch")
def bartlett_window(window_length: int, periodic: bool = True, **options: Any) -> Any:
    """A triangle: 0 at both ends, 1 in the middle."""
    return _window("bartlett_window", window_length, periodic, options,
                   lambda xp, t: 1 - abs(2 * t - 1))  # fmt: skip


@public("torch")
def kaiser_window(window_length: int, periodic: bool = True, beta: float = 12.0, **options: Any
                  ) -> Any:
    """``i0(beta * sqrt(1 - (2 t - 1)**2)) / i0(beta)`` for t from 0 to 1."""

    def shape(xp: Any, t: Any) -> Any:
        inside = xp.maximum(1 - (2 * t - 1) ** 2, 0)
        return i0(beta * xp.sqrt(inside)) / i0(xp.full(1, beta, "float64"))

    return _window("kaiser_window", window_length, periodic, options, shape)

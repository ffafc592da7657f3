"""Brings the operands of an elementwise op together: promotion, devices, shapes.

Holds:     nothing is converted before every check has passed.
Must not:  be on the way of operands that agree already: those take the printed call.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..array import (
    Kind,
    bool_,
    default_dtype,
    device,
    kind_of,
    promote_operands,
)
from ..errors import broadcast_mismatch, different_devices, not_on_booleans, operand
from ..graph import Size, TensorBase, here, location
from .broadcast import convert

__all__ = ["broadcast_shapes", "common_device", "prepare"]


def prepare(op: Any, operands: Sequence[Any], numbers: Sequence[Any], name: str
            ) -> tuple[list[Any], Kind, Size]:
    """The operands as tensors of one kind (conditions: boolean), that kind, and the result's shape.

    Raises:  TypeError for what is no tensor, DeviceError, ShapeError
    """
    for x in operands:
        if not isinstance(x, TensorBase):
            raise TypeError(f"{name}(): argument must be Tensor, not {type(x).__name__}")
        if x.kind.dtype is bool_ and (refused := not_on_booleans(name)) is not None:
            raise refused
    on = common_device(name, operands)
    shape = broadcast_shapes(name, operands, op.params)
    values = [t for t, c in zip(operands, op.conditions, strict=True) if not c]
    element = promote_operands(
        [t.kind.dtype for t in values if t.shape],
        [t.kind.dtype for t in values if not t.shape],
        [n for n in numbers if isinstance(n, (bool, int, float))] if values else [1.0],
    )
    kind = kind_of(on, element)
    if not op.accepts(kind):
        kind = kind.with_dtype(default_dtype())
    condition = kind.with_dtype(bool_)
    tensors = [
        convert(t, condition if c else kind) for t, c in zip(operands, op.conditions, strict=True)
    ]
    return tensors, kind, shape


def common_device(name: str, operands: Sequence[TensorBase]) -> device:
    """The device of all operands; 0-d tensors on the CPU go along with any other device."""
    places = {t.kind.device for t in operands if t.shape or t.kind.is_cuda}
    if len(places) > 1:
        raise different_devices(name, [str(t.kind.device) for t in operands], _line())
    return places.pop() if places else operands[0].kind.device


def broadcast_shapes(name: str, operands: Sequence[TensorBase], names: Sequence[str]) -> Size:
    """The shape all operands broadcast to."""
    first = operands[0].shape
    if all(t.shape == first for t in operands[1:]):
        return first
    result = list(first)
    for t in operands[1:]:
        shape = t.shape
        if len(shape) > len(result):
            result[:0] = [1] * (len(shape) - len(result))
        for i in range(-len(shape), 0):
            if result[i] == 1:
                result[i] = shape[i]
            elif shape[i] not in (1, result[i]):
                rows = [operand(n, o.shape, o.kind.dtype.name, o.kind.device)
                        for n, o in zip(names, operands, strict=False)]  # fmt: skip
                raise broadcast_mismatch(name, tuple(result), shape, *rows, where=_line())
    return Size(result)


def _line() -> str:
    return str(location(*here()))

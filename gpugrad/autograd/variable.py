"""``Variable``, which old scripts wrap tensors in: a tensor is one already."""

from __future__ import annotations

from typing import Any

from ..ops.creation import require_grad
from ..tensor import Tensor

__all__ = ["Variable"]


class _VariableMeta(type):
    def __instancecheck__(cls, instance: object) -> bool:
        return isinstance(instance, Tensor)


class Variable(metaclass=_VariableMeta):
    """``Variable(data, requires_grad)`` is another tensor on the same bytes, outside any graph."""

    def __new__(cls, data: Any, requires_grad: bool = False) -> Any:
        if not isinstance(data, Tensor):
            raise TypeError(f"Variable data has to be a tensor, but got {type(data).__name__}")
        return require_grad(data.detach(), requires_grad)

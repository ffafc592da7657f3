"""Constructors from before ``torch.tensor``: ``Tensor(2, 3)``, ``FloatTensor([1])``, ``x.new()``.

Holds:     integers are sizes, anything else is data.
Must not:  be needed by new code.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import as_device, as_dtype, default_dtype, device, dtype, kind_of, set_default_dtype
from ..errors import DTypeError
from ..graph import Size, TensorBase, new_tensor, storage_of
from ..ops import creation, filled
from ..ops.queries import TYPE_NAMES, typename

__all__ = ["TENSOR_TYPES", "TensorType", "legacy_tensor", "set_default_tensor_type", "type_of"]


def legacy_tensor(data: tuple[Any, ...], element: dtype | None, on: Any) -> Any:
    """An uninitialised tensor of the sizes, or a copy of the data, that ``data`` holds.

    ``element`` is the dtype, or None for the default one, in which case a tensor keeps its own.
    """
    kind = kind_of(as_device(on), element or default_dtype())
    if not data:
        return new_tensor(kind.xp.empty(0, kind.numpy), kind)
    first = data[0]
    if len(data) > 1 or isinstance(first, (int, Size)):
        return filled.empty(*data, dtype=kind.dtype, device=kind.device)
    if isinstance(first, TensorBase):
        if element is not None and first.kind is not kind:
            raise TypeError(f"expected a tensor of {kind}, got one of {first.kind}")
        return new_tensor(first.array, first.kind, None, storage_of(first), first.shape)
    if isinstance(first, str):
        raise TypeError("new(): invalid data type 'str'")
    if not isinstance(first, (list, tuple, np.ndarray)) and not hasattr(first, "__array__"):
        raise TypeError(f"new(): data must be a sequence (got {type(first).__name__})")
    return creation.tensor(first, dtype=kind.dtype, device=kind.device)


class TensorType:
    """``FloatTensor`` and its kin: called they make tensors; ``isinstance`` tells the dtype."""

    def __init__(self, name: str, element: dtype) -> None:
        self.__name__ = self.__qualname__ = name
        self.dtype = element
        self.device = device("cpu")

    def __call__(self, *data: Any, device: Any = "cpu") -> Any:
        return legacy_tensor(data, self.dtype, device)

    def __instancecheck__(self, obj: Any) -> bool:
        return (
            isinstance(obj, TensorBase) and obj.kind.dtype is self.dtype and not obj.kind.is_cuda
        )

    def __repr__(self) -> str:
        return f"<tensor type gpugrad.{self.__name__}>"


TENSOR_TYPES = {name: TensorType(name, as_dtype(element)) for element, name in TYPE_NAMES.items()
                if element != "bfloat16"}  # fmt: skip


def type_of(tensor: TensorBase, wanted: Any) -> Any:
    """What ``Tensor.type`` returns without an argument, else the (device, dtype) it asks for."""
    if wanted is None:
        return typename(tensor)
    if isinstance(wanted, TensorType):
        return wanted.device, wanted.dtype
    if isinstance(wanted, str):
        place, _, name = wanted.rpartition(".")
        for element, known in TYPE_NAMES.items():
            if name == known and place in ("torch", "torch.cuda", "gpugrad", "gpugrad.cuda"):
                return device("cuda" if place.endswith("cuda") else "cpu"), as_dtype(element)
        raise ValueError(f"invalid type: {wanted!r}")
    return tensor.kind.device, as_dtype(wanted)


def set_default_tensor_type(t: Any) -> None:
    """Makes the dtype of a tensor type, or of its name, that of new floating tensors."""
    if isinstance(t, str):
        name = t.rpartition(".")[2]
        t = TENSOR_TYPES.get(name)
    if not isinstance(t, TensorType):
        raise TypeError("invalid type object")
    if not t.dtype.is_floating_point:
        raise DTypeError("only floating-point types are supported as the default type")
    set_default_dtype(t.dtype)

"""Pickles objects as PyTorch does: tensors by the names that PyTorch's reader knows.

Holds:     a storage is written once, whoever looks at it; a tensor that is no view of whole storage
           bytes in memory order is written as a copy of its own.
Must not:  write a name of gpugrad's for anything PyTorch has a name for.
"""

from __future__ import annotations

import pickle
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from ..array import device, dtype
from ..graph import Size, TensorBase, is_leaf, storage_of
from ..nn.parameter import Parameter

__all__ = ["STORAGES", "Pickler"]

STORAGES = {
    "float32": "FloatStorage", "float64": "DoubleStorage", "float16": "HalfStorage",
    "bfloat16": "BFloat16Storage", "int64": "LongStorage", "int32": "IntStorage",
    "int16": "ShortStorage", "int8": "CharStorage", "uint8": "ByteStorage", "bool": "BoolStorage",
}  # fmt: skip
"""What PyTorch calls the storage of a dtype."""


class _Name:
    """A global of PyTorch's, which need not be there to be written."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name

    def __call__(self, *_: Any) -> Any:
        raise TypeError(f"{self.module}.{self.name} is only a name here")


_TENSOR = _Name("torch._utils", "_rebuild_tensor_v2")
_PARAMETER = _Name("torch._utils", "_rebuild_parameter")
_NAMES = {name: _Name("torch", name) for name in ("device", "Size", *STORAGES.values())}


class _StorageId:
    """What a tensor's pickle says of its storage: ("storage", class, key, place, elements)."""

    def __init__(self, *parts: Any) -> None:
        self.parts = parts


class Pickler(pickle._Pickler):  # the Python one: it can be taught to write a name
    """Writes one object; ``storages`` then gives the bytes its tensors refer to."""

    dispatch: ClassVar[dict[Any, Any]] = dict(pickle._Pickler.dispatch)

    def __init__(self, file: Any, protocol: int) -> None:
        super().__init__(file, protocol)
        self.keys: dict[int, str] = {}
        self.kept: list[tuple[Any, Any]] = []  # (storage, flat array): alive until written

    def storages(self) -> Iterator[tuple[str, bytes]]:
        """The number and the bytes of every storage."""
        for key, (_, flat) in enumerate(self.kept):
            host = flat if isinstance(flat, np.ndarray) else flat.get()
            yield str(key), host.tobytes()

    def persistent_id(self, obj: Any) -> Any:
        return obj.parts if isinstance(obj, _StorageId) else None

    def reducer_override(self, obj: Any) -> Any:
        if isinstance(obj, Parameter):
            hooks: Any = OrderedDict()
            return _PARAMETER, (obj.detach(), obj.requires_grad, hooks)
        if isinstance(obj, TensorBase):
            return _TENSOR, self.tensor(obj)
        if isinstance(obj, OrderedDict) and type(obj).__module__.startswith("gpugrad."):
            return OrderedDict, (), vars(obj) or None, None, iter(obj.items())
        if isinstance(obj, device):
            return _NAMES["device"], (str(obj),)
        if isinstance(obj, Size):
            return _NAMES["Size"], (tuple(obj),)
        return NotImplemented

    def tensor(self, tensor: Any) -> tuple[Any, ...]:
        """The arguments of PyTorch's ``_rebuild_tensor_v2``."""
        element = tensor.kind.dtype
        key, flat, offset, array = self.place(tensor)
        strides = tuple(step // element.itemsize for step in array.strides)
        where = "cpu" if not tensor.kind.is_cuda else str(tensor.kind.device)
        storage = _StorageId("storage", _NAMES[STORAGES[element.name]], key, where, flat.size)
        hooks: Any = OrderedDict()
        requires_grad = tensor.node is not None and is_leaf(tensor)
        return storage, offset, tuple(tensor.shape), strides, requires_grad, hooks

    def place(self, tensor: Any) -> tuple[str, Any, int, Any]:
        """The storage's number and flat array, where in it the tensor begins, and its array."""
        storage, array = storage_of(tensor), tensor.array
        flat = _flat(storage.array, array)
        if flat is None:
            array = tensor.kind.xp.ascontiguousarray(array).reshape(tensor.shape)
            storage, flat = array, array.reshape(-1)
        key = self.keys.get(id(storage))
        if key is None:
            key = self.keys[id(storage)] = str(len(self.kept))
            self.kept.append((storage, flat))
        return key, flat, (_address(array) - _address(flat)) // flat.itemsize, array


def _flat(owner: Any, array: Any) -> Any:
    """``owner`` as one row in memory order, if it is one and ``array`` has its element type."""
    if owner.dtype != array.dtype or any(step < 0 for step in array.strides):
        return None
    if owner.flags.c_contiguous:
        return owner.reshape(-1)
    return owner.T.reshape(-1) if owner.flags.f_contiguous else None


def _address(array: Any) -> int:
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)


def _save_name(pickler: Any, obj: Any) -> None:
    if isinstance(obj, dtype):
        obj = _Name("torch", obj.name)
    pickler.write(pickle.GLOBAL + f"{obj.module}\n{obj.name}\n".encode())
    pickler.memoize(obj)


Pickler.dispatch[_Name] = _save_name
Pickler.dispatch[dtype] = _save_name

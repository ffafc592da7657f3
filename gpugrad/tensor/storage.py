"""The bytes behind tensors as objects: ``untyped_storage()`` and ``_typed_storage()``.

Holds:     an object looks at the bytes that tensors share; writing an element shows in all of them
           and raises their version.
Must not:  own anything: array.Storage is the identity of the bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from ..graph import TensorBase, mutated, storage_of

__all__ = ["TypedStorage", "UntypedStorage", "address", "offset_of"]


def address(array: Any) -> int:
    """Where the first element of a raw array is."""
    return int(array.ctypes.data if isinstance(array, np.ndarray) else array.data.ptr)


def offset_of(tensor: TensorBase) -> int:
    """How many elements lie before the first one in the storage."""
    start = address(storage_of(tensor).array)
    return (address(tensor.array) - start) // tensor.kind.dtype.itemsize


class _Elements:
    """What both kinds of storage share: elements of the flat ``array`` of one tensor's bytes."""

    __slots__ = ("_array", "_tensor")

    def __init__(self, tensor: TensorBase, array: Any) -> None:
        self._tensor = tensor
        self._array = array

    @property
    def device(self) -> Any:
        """Where the bytes are."""
        return self._tensor.kind.device

    @property
    def is_cuda(self) -> bool:
        """Whether they are on a GPU."""
        return self._tensor.kind.is_cuda

    def size(self) -> int:
        """The number of elements."""
        return int(self._array.size)

    __len__ = size

    def nbytes(self) -> int:
        """The number of bytes."""
        return int(self._array.nbytes)

    def element_size(self) -> int:
        """Bytes per element."""
        return int(self._array.itemsize)

    def data_ptr(self) -> int:
        """The address of the first byte."""
        return address(self._array)

    def tolist(self) -> list[Any]:
        """The elements as Python numbers."""
        return list(self._array.tolist())

    def __iter__(self) -> Iterator[Any]:
        return iter(self.tolist())

    def __getitem__(self, place: Any) -> Any:
        found = self._array[place]
        return found.tolist() if isinstance(place, slice) else found.item()

    def __setitem__(self, place: Any, value: Any) -> None:
        self._array[place] = value
        mutated(self._tensor)

    def fill_(self, value: Any) -> Any:
        """Overwrites every element."""
        self[:] = value
        return self

    def __repr__(self) -> str:
        rows = "\n".join(f" {value}" for value in self.tolist())
        return f"{rows}\n[{self._title()} of size {self.size()}]"

    def _title(self) -> str:
        return f"gpugrad.{type(self).__name__}(device={self.device})"


class UntypedStorage(_Elements):
    """Bytes."""

    __slots__ = ()

    def __init__(self, tensor: TensorBase) -> None:
        super().__init__(tensor, _bytes(storage_of(tensor).array))

    def untyped(self) -> UntypedStorage:
        """Itself."""
        return self


class TypedStorage(_Elements):
    """Elements of one dtype."""

    __slots__ = ()

    def __init__(self, tensor: TensorBase) -> None:
        array = _bytes(storage_of(tensor).array).view(tensor.kind.numpy)
        super().__init__(tensor, array)

    @property
    def dtype(self) -> Any:
        """The element type."""
        return self._tensor.kind.dtype

    def untyped(self) -> UntypedStorage:
        """The same bytes."""
        return UntypedStorage(self._tensor)

    def _title(self) -> str:
        return f"gpugrad.TypedStorage(dtype={self.dtype}, device={self.device})"


def _bytes(owner: Any) -> Any:
    """All bytes of an allocation in the order in which they lie, as a flat array that shares."""
    by_step = sorted(range(owner.ndim), key=lambda axis: -owner.strides[axis])
    flat = owner.transpose(by_step).reshape(-1)
    return flat.view(np.uint8)

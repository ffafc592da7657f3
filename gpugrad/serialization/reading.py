"""Reads PyTorch's pickles: only the names of tensors and plain containers, unless told otherwise.

Holds:     with ``weights_only`` nothing is called that is not in the table here or was declared
           safe; without it, the file may run any code, as its docstring in PyTorch says.
Must not:  trust a size, an offset or a stride of a file: a tensor lies inside its storage.
"""

from __future__ import annotations

import pickle
import sys
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..array import DTYPES, as_device, cuda_available, device, dtype, kind_of
from ..graph import Size, new_tensor, storage_of
from ..nn.parameter import Parameter
from ..ops.creation import require_grad
from .writing import STORAGES

__all__ = ["Unpickler", "add_safe_globals", "clear_safe_globals", "get_safe_globals", "refused",
           "safe_globals"]  # fmt: skip

_ELEMENTS = {storage: next(d for d in DTYPES if d.name == name)
             for name, storage in STORAGES.items()}  # fmt: skip
_safe: dict[tuple[str, str], Any] = {}


def add_safe_globals(safe_globals: list[Any]) -> None:
    """Declares classes and functions that a ``weights_only`` load may call."""
    for found in safe_globals:
        function, path = found if isinstance(found, tuple) else (found, "")
        path = path or f"{function.__module__}.{function.__qualname__}"
        module, _, name = path.rpartition(".")
        _safe[module, name] = function


def get_safe_globals() -> list[Any]:
    """What has been declared safe."""
    return list(_safe.values())


def clear_safe_globals() -> None:
    """Declares nothing safe any more."""
    _safe.clear()


@contextmanager
def safe_globals(safe_globals: list[Any]) -> Iterator[None]:
    """``add_safe_globals`` until the end of the block."""
    before = dict(_safe)
    add_safe_globals(safe_globals)
    try:
        yield
    finally:
        _safe.clear()
        _safe.update(before)


def refused(what: str) -> pickle.UnpicklingError:
    """The error for something a safe load does not read."""
    return pickle.UnpicklingError(
        f"Weights only load failed: {what} is not read, since it could run any code. If you trust "
        "the file, declare it with gpugrad.serialization.add_safe_globals([...]) or load with "
        "weights_only=False."
    )


class _Flat:
    """A storage that has been read: its bytes as one row of an element type, where they go."""

    def __init__(self, tensor: Any) -> None:
        self.tensor = tensor


class Unpickler(pickle.Unpickler):
    """Reads one object whose storages ``bytes_of(key)`` are at hand."""

    def __init__(self, file: Any, bytes_of: Callable[[str], bytes], byteorder: str,
                 map_location: Any, weights_only: bool) -> None:  # fmt: skip
        super().__init__(file)
        self.bytes_of, self.order = bytes_of, byteorder
        self.map_location, self.weights_only = map_location, weights_only
        self.flats: dict[str, _Flat] = {}

    def find_class(self, module: str, name: str) -> Any:
        known = _KNOWN.get((module, name)) or _safe.get((module, name))
        if known is not None:
            return known
        if module == "torch" and name in _ELEMENTS:
            return _ELEMENTS[name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        if self.weights_only:
            raise refused(f"the global {module}.{name}")
        return super().find_class(module, name)

    def persistent_load(self, pid: Any) -> Any:
        if not isinstance(pid, tuple) or len(pid) != 5 or pid[0] != "storage":
            raise pickle.UnpicklingError(f"unknown persistent id {pid!r}")
        _, element, key, place, count = pid
        if not isinstance(element, dtype) or not isinstance(count, int):
            raise pickle.UnpicklingError("a storage of an unknown element type")
        if key not in self.flats:
            self.flats[key] = self.flat(element, key, place, count)
        return self.flats[key]

    def flat(self, element: dtype, key: str, place: str, count: int) -> _Flat:
        data = self.bytes_of(key)
        if len(data) != count * element.itemsize:
            raise RuntimeError(
                f"load: storage {key} has {len(data)} bytes where {count} of {element} are named"
            )
        array = np.frombuffer(bytearray(data), element.numpy)
        if self.order != sys.byteorder:
            array = array.byteswap()
        kind = kind_of(self.device(place), element)
        return _Flat(new_tensor(kind.xp.asarray(array), kind))

    def device(self, place: str) -> device:
        """Where what was saved at ``place`` goes."""
        wanted = self.map_location
        if isinstance(wanted, dict):
            wanted = wanted.get(place)
        elif callable(wanted) and not isinstance(wanted, device):
            wanted = getattr(wanted(_Place("cpu"), place), "place", place)
        if wanted is not None:
            return as_device(wanted)
        if place.startswith("cuda") and not cuda_available():
            raise RuntimeError(
                "Attempting to deserialize object on a CUDA device but gpugrad.cuda.is_available() "
                "is False: load with map_location='cpu'."
            )
        return as_device(place)


class _Place:
    """The storage that a ``map_location`` function is given: it can say where it should go."""

    def __init__(self, place: str) -> None:
        self.place = place

    def cuda(self, index: int | None = None) -> _Place:
        """On a GPU."""
        return _Place("cuda" if index is None else f"cuda:{index}")

    def cpu(self) -> _Place:
        """On the CPU."""
        return _Place("cpu")


# --------------------------------------------------------------------------------- what is rebuilt
def _tensor(flat: _Flat, offset: int, shape: Any, strides: Any, requires_grad: bool = False,
            *_: Any) -> Any:  # fmt: skip
    whole = flat.tensor
    shape = tuple(shape)
    last = offset + sum((n - 1) * step for n, step in zip(shape, strides, strict=True))
    if min([offset, *shape, *strides], default=0) < 0 or (
        0 not in shape and last >= whole.array.size
    ):
        raise RuntimeError(f"load: a tensor of shape {shape} lies outside its storage")
    steps = tuple(step * whole.array.itemsize for step in strides)
    strided = whole.kind.xp.lib.stride_tricks.as_strided
    array = strided(whole.array[offset:], shape, steps)
    return require_grad(new_tensor(array, whole.kind, None, storage_of(whole)), requires_grad)


def _parameter(data: Any, requires_grad: bool, *_: Any) -> Any:
    return Parameter(data, requires_grad)


_DTYPES = {d.name: d for d in DTYPES}
_KNOWN: dict[tuple[str, str], Any] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_tensor"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): Size,
    ("torch", "device"): device,
    ("collections", "OrderedDict"): OrderedDict,
    ("collections", "Counter"): Counter,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
    ("builtins", "frozenset"): frozenset,
    ("builtins", "complex"): complex,
    ("builtins", "bytearray"): bytearray,
}

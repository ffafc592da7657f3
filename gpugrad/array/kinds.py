"""A kind is a (device, dtype) pair, interned: one identity check tells whether operands agree.

Holds:     two tensors of the same dtype on the same device share one Kind object.
Must not:  know about tensors or graphs.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .devices import canonical, cupy, device, loaded_cupy
from .dtypes import dtype, from_numpy_dtype

__all__ = ["Account", "Kind", "accounts", "kind_of", "kind_of_array", "module_of"]


class Account:
    """What live graphs save on one device: ``held`` bytes, every storage counted once."""

    __slots__ = ("device", "held")

    def __init__(self, on: device) -> None:
        self.device = on
        self.held = 0


class Kind:
    """A device and a dtype, with the array module that serves them."""

    __slots__ = ("account", "device", "dtype", "is_cuda", "is_floating_point", "numpy", "xp")

    def __init__(self, on: device, element: dtype, account: Account) -> None:
        self.device = on
        self.dtype = element
        self.numpy: Any = element.numpy
        self.is_cuda = on.type == "cuda"
        self.is_floating_point = element.is_floating_point
        self.xp: Any = cupy() if self.is_cuda else np
        self.account = account

    def __repr__(self) -> str:
        return f"<{self.dtype.name} on {self.device}>"

    def with_dtype(self, element: dtype) -> Kind:
        """The kind of ``element`` on the same device."""
        return self if element is self.dtype else kind_of(self.device, element)

    def __reduce__(self) -> tuple[Any, tuple[device, dtype]]:
        return kind_of, (self.device, self.dtype)


accounts: dict[device, Account] = {}
_kinds: dict[tuple[device, dtype], Kind] = {}
_of_arrays: dict[tuple[int, Any], Kind] = {}
"""By number of the GPU (-1 for the host) and NumPy's dtype."""


def kind_of(on: device, element: dtype) -> Kind:
    """The one Kind of a device and a dtype."""
    found = _kinds.get((on, element))
    if found is None:
        on = canonical(on)
        account = accounts.setdefault(on, Account(on))
        found = _kinds.setdefault((on, element), Kind(on, element, account))
    return found


def kind_of_array(array: Any) -> Kind:
    """The Kind of a raw NumPy or CuPy array, or of a NumPy scalar, which 0-d arithmetic makes."""
    on_host = isinstance(array, (np.ndarray, np.generic))
    key = (-1 if on_host else array.device.id), array.dtype
    found = _of_arrays.get(key)
    if found is None:
        on = device("cpu") if on_host else device("cuda", key[0])
        found = _of_arrays[key] = kind_of(on, from_numpy_dtype(array.dtype))
    return found


def module_of(array: Any) -> Any:
    """numpy or cupy, whichever made ``array``."""
    return np if isinstance(array, (np.ndarray, np.generic)) else loaded_cupy()

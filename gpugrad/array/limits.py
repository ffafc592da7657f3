"""What numbers a dtype can hold: ``finfo`` and ``iinfo``."""

from __future__ import annotations

from typing import Any

import numpy as np

from .dtypes import FLOAT, as_dtype, bfloat16, bool_, default_dtype, dtype

__all__ = ["finfo", "iinfo"]

# bits, eps, largest, smallest normal, resolution
_BFLOAT16 = (16, 2.0**-7, 2.0**128 - 2.0**120, 2.0**-126, 0.01)


class finfo:  # noqa: N801  (PyTorch's name)
    """Limits of a floating dtype: ``bits``, ``eps``, ``max``, ``min``, ``tiny``, ``resolution``.

    >>> finfo(as_dtype("float16")).max
    65504.0
    """

    __slots__ = ("bits", "dtype", "eps", "max", "min", "resolution", "smallest_normal", "tiny")

    def __init__(self, type: dtype | None = None) -> None:
        chosen = default_dtype() if type is None else as_dtype(type)
        if chosen.category != FLOAT:
            raise TypeError(
                "gpugrad.finfo() requires a floating point input type. Use gpugrad.iinfo to "
                f"handle '{chosen}'"
            )
        self.dtype = chosen.name
        if chosen is bfloat16:
            self.bits, self.eps, self.max, self.tiny, self.resolution = _BFLOAT16
        else:
            limits: Any = np.finfo(chosen.numpy)
            self.bits, self.eps, self.max = int(limits.bits), float(limits.eps), float(limits.max)
            self.tiny = float(limits.smallest_normal)
            self.resolution = float(f"1e-{limits.precision}")
        self.min, self.smallest_normal = -self.max, self.tiny

    def __eq__(self, other: object) -> bool:
        return isinstance(other, finfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        names = ("resolution", "min", "max", "eps", "smallest_normal", "tiny")
        numbers = ", ".join(f"{name}={getattr(self, name):.6g}" for name in names)
        return f"finfo({numbers}, dtype={self.dtype})"


class iinfo:  # noqa: N801  (PyTorch's name)
    """Limits of an integer dtype: ``bits``, ``max``, ``min``.

    >>> iinfo(as_dtype("int8"))
    iinfo(min=-128, max=127, dtype=int8)
    """

    __slots__ = ("bits", "dtype", "max", "min")

    def __init__(self, type: dtype) -> None:
        chosen = as_dtype(type)
        if chosen.category == FLOAT:
            raise TypeError(
                "gpugrad.iinfo() requires an integer input type. Use gpugrad.finfo to handle "
                f"'{chosen}'"
            )
        if chosen is bool_:
            raise TypeError("gpugrad.bool is not supported by gpugrad.iinfo")
        limits: Any = np.iinfo(chosen.numpy)
        self.dtype = chosen.name
        self.bits, self.max, self.min = int(limits.bits), int(limits.max), int(limits.min)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, iinfo) and self.dtype == other.dtype

    def __hash__(self) -> int:
        return hash(self.dtype)

    def __repr__(self) -> str:
        return f"iinfo(min={self.min:.6g}, max={self.max:.6g}, dtype={self.dtype})"

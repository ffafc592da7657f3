"""Element types and their promotion.

Holds:     a dtype is one interned object; promotion is PyTorch's: a tensor with dimensions beats a
           0-d tensor beats a Python number, within and across the categories bool < int < float.
Must not:  import ml_dtypes before bfloat16 is really used.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from ..errors import DTypeError, no_complex

__all__ = [
    "DTYPES", "as_dtype", "bfloat16", "bool_", "can_cast", "default_dtype", "dtype", "float16",
    "float32", "float64", "from_numpy_dtype", "int8", "int16", "int32", "int64", "promote_types",
    "scalar_dtype", "set_default_dtype", "uint8",
]  # fmt: skip

BOOL, INT, FLOAT = 0, 1, 2  # categories, in promotion order


class dtype:  # noqa: N801  (PyTorch's name)
    """An element type: ``name``, ``itemsize`` (bytes), ``is_floating_point``, ``numpy``."""

    __slots__ = ("_numpy", "category", "is_floating_point", "is_signed", "itemsize", "name")

    def __init__(self, name: str, itemsize: int, category: int, signed: bool = True) -> None:
        self.name = name
        self.itemsize = itemsize
        self.category = category
        self.is_floating_point = category == FLOAT
        self.is_signed = signed
        self._numpy: Any = None if name == "bfloat16" else np.dtype(name)

    is_complex = False

    def to_real(self) -> dtype:
        """Itself: all dtypes are real."""
        return self

    def to_complex(self) -> dtype:
        """Refused: there are no complex dtypes.

        Raises:  DTypeError
        """
        raise no_complex("to_complex")

    @property
    def numpy(self) -> Any:
        """The NumPy dtype of the same bytes."""
        if self._numpy is None:
            self._numpy = _load_bfloat16()
        return self._numpy

    def __repr__(self) -> str:
        return f"gpugrad.{self.name}"

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return _by_name, (self.name,)


def _load_bfloat16() -> Any:
    try:
        import ml_dtypes
    except ImportError as error:
        message = "bfloat16 needs the package ml_dtypes: pip install 'gpugrad[bfloat16]'"
        raise DTypeError(message) from error
    return np.dtype(ml_dtypes.bfloat16)


bool_ = dtype("bool", 1, BOOL, signed=False)
uint8 = dtype("uint8", 1, INT, signed=False)
int8 = dtype("int8", 1, INT)
int16 = dtype("int16", 2, INT)
int32 = dtype("int32", 4, INT)
int64 = dtype("int64", 8, INT)
float16 = dtype("float16", 2, FLOAT)
bfloat16 = dtype("bfloat16", 2, FLOAT)
float32 = dtype("float32", 4, FLOAT)
float64 = dtype("float64", 8, FLOAT)

DTYPES = (bool_, uint8, int8, int16, int32, int64, float16, bfloat16, float32, float64)
_NAMES = {d.name: d for d in DTYPES}
_ALIASES = {"float": float32, "double": float64, "half": float16, "long": int64, "int": int32,
            "short": int16, "char": int8, "byte": uint8}  # fmt: skip
_PYTHON = {float: float64, int: int64, bool: bool_}


def _by_name(name: str) -> dtype:
    return _NAMES[name]


def from_numpy_dtype(numpy_dtype: Any) -> dtype:
    """The gpugrad dtype of a NumPy or CuPy dtype; DTypeError where there is none."""
    found = _NAMES.get(numpy_dtype.name)
    if found is None and numpy_dtype.kind == "c":
        raise no_complex(f"an array of {numpy_dtype}")
    if found is None:
        raise DTypeError(
            f"can't convert an array of type {numpy_dtype}. The supported types are: "
            + ", ".join(_NAMES)
        )
    return found


def as_dtype(value: Any) -> dtype:
    """A dtype from a dtype, a Python type, a NumPy dtype or a name."""
    if isinstance(value, dtype):
        return value
    if isinstance(value, type) and value in _PYTHON:
        return _PYTHON[value]
    if isinstance(value, str):
        name = value.removeprefix("gpugrad.").removeprefix("torch.")
        found = _NAMES.get(name) or _ALIASES.get(name)
        if found is not None:
            return found
    try:
        return from_numpy_dtype(np.dtype(value))
    except TypeError:
        raise TypeError(f"dtype must be a gpugrad.dtype, not {value!r}") from None


# -------------------------------------------------------------------------------------- promotion
_default = [float32]


def default_dtype() -> dtype:
    """The floating dtype of new tensors made from Python floats."""
    return _default[0]


def set_default_dtype(d: dtype) -> None:
    """Makes ``d`` the dtype of new floating tensors.

    Raises:  TypeError if ``d`` is not floating
    """
    chosen = as_dtype(d)
    if not chosen.is_floating_point:
        raise TypeError(f"only floating-point types are supported as the default type, not {d}")
    _default[0] = chosen


def promote_types(type1: dtype, type2: dtype) -> dtype:
    """The smallest dtype that holds both, by PyTorch's table (int64 + float32 -> float32)."""
    if type1 is type2:
        return type1
    low, high = sorted((type1, type2), key=lambda d: (d.category, d.itemsize, d.is_signed))
    if low.category < high.category:
        return high
    if high.category == FLOAT and low.itemsize == high.itemsize:
        return float32  # float16 with bfloat16
    if uint8 in (low, high) and high.itemsize == 1:
        return int16  # uint8 with int8
    return high


def scalar_dtype(value: object) -> dtype:
    """The dtype a Python number has on its own."""
    if isinstance(value, bool):
        return bool_
    if isinstance(value, int):
        return int64
    if isinstance(value, float):
        return _default[0]
    raise TypeError(f"expected a number, not {type(value).__name__}")


def promote_operands(dimensioned: Iterable[dtype], zero_dim: Iterable[dtype],
                     numbers: Iterable[object]) -> dtype:
    """The dtype of an operation's result from its three classes of operands.

    A lower class only matters if its category is higher than that of the classes above it.
    """
    result: dtype | None = None
    number_dtypes = [scalar_dtype(n) for n in numbers]
    for group in (dimensioned, zero_dim, number_dtypes):
        joined: dtype | None = None
        for d in group:
            joined = d if joined is None else promote_types(joined, d)
        if joined is None:
            continue
        if result is None:
            result = joined
        elif joined.category > result.category:
            result = promote_types(result, joined) if result.is_floating_point else joined
    if result is None:
        raise TypeError("an operation needs at least one operand")
    return result


def can_cast(from_: dtype, to: dtype) -> bool:
    """Whether a result of ``from_`` may be written into ``to``: categories only go up."""
    return from_.category <= to.category

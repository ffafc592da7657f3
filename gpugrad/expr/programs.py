"""Programs that run a function on arrays: one per function, device type and dtype, kept for ever.

Holds:     a program is made once; it is dropped with its function.
Must not:  print or compile anything itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .compile import cuda_program, cuda_sum
from .function import Function
from .host import host_program, host_sum

__all__ = ["program", "summed"]

_PROGRAMS = {"cpu": host_program, "cuda": cuda_program}
_SUMS = {"cpu": host_sum, "cuda": cuda_sum}


def program(function: Function, device_type: str, np_dtype: Any) -> Callable[..., Any]:
    """``program(*arrays, *keyword_values, out=None)`` for arrays of that dtype.

    Arrays broadcast. The result is one array, or a tuple if there are several outputs; of the
    dtype, or bool for conditions. ``out`` may be any input of the result's shape.
    """
    key = "program", device_type, np.dtype(np_dtype)
    known = function.programs.get(key)
    if known is None:
        made = _PROGRAMS[device_type](function, np_dtype)
        known = function.programs.setdefault(key, made)
    return known  # type: ignore[no-any-return]


def summed(function: Function, device_type: str, np_dtype: Any) -> Callable[..., Any]:
    """``program(*arrays, *keyword_values, axes)``: the result summed over ``axes``, dropped."""
    key = "summed", device_type, np.dtype(np_dtype)
    known = function.programs.get(key)
    if known is None:
        made = _SUMS[device_type](function, np_dtype)
        known = function.programs.setdefault(key, made)
    return known  # type: ignore[no-any-return]

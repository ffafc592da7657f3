"""Every built-in elementwise op as an expression function, and numbers to call it with.

What the derivatives should be is said by the table of ops (tests/cases).
"""

from __future__ import annotations

from typing import Any

from gpugrad.expr import Function
from tools.print_kernels import declared

__all__ = ["FUNCTIONS", "numbers_for"]

FUNCTIONS = {f.name: f for functions in declared().values() for f in functions}

# Where a keyword argument without a default, or with one at which a branch is missed, is not 0.7.
_NUMBERS = {"order": 3, "scale": 1.5, "value": 2.0, "min_val": -1.5, "threshold": 0.3, "eps": 0.2,
            "lower": 0.1, "upper": 0.3}  # fmt: skip


def numbers_for(function: Function) -> list[Any]:
    """A value for every keyword argument, in the order in which programs take them."""
    return [
        True if name in function.boolean_attrs else _NUMBERS.get(name, 0.7)
        for name in function.attrs
    ]

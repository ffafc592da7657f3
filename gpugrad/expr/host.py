"""Programs on NumPy arrays: printed once per function and dtype, then called.

Holds:     a program takes arrays of its dtype (conditions: bool), then the keyword arguments as
           Python numbers, and returns arrays, never NumPy scalars. One text of it is fast, for
           arrays of one shape; another one takes whatever broadcasts.
Must not:  care how large arrays are split (blocks.py), or silence warnings: callers have.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .blocks import LARGE, Blocks, LargeSum
from .function import Function
from .print_numpy import Code, print_numpy

__all__ = ["host_program", "host_sum", "statements"]


def statements(function: Function, np_dtype: Any, *, reuse: bool = True
               ) -> tuple[list[str], list[str], dict[str, Any]]:
    """Straight-line code for arrays of one shape: its lines, the names of the results, globals.

    The lines read variables named as the parameters and keyword arguments, and assign names that
    begin with ``t``. The results are arrays if the parameters have at least one dimension.
    ``reuse`` writes over temporaries: half the memory traffic on large arrays, but NumPy needs
    540 ns instead of 230 for a one-element array that is input and output.
    """
    code = print_numpy(function, np_dtype, reuse=reuse)
    return code.lines, code.results, code.namespace


def host_program(function: Function, np_dtype: Any) -> Callable[..., Any]:
    """The program: ``program(*arrays, *keyword_values, out=None)``."""
    dtype = np.dtype(np_dtype)
    text, namespace = _Text(function, dtype).build()
    exec(compile(text, f"<gpugrad {function.name}>", "exec"), namespace)
    program: Callable[..., Any] = namespace["program"]
    program.__doc__ = text
    return program


def host_sum(function: Function, np_dtype: Any) -> Callable[..., Any]:
    """``program(*arrays, *keyword_values, axes)``: the result summed over ``axes``, dropped."""
    return LargeSum(function, np.dtype(np_dtype), host_program(function, np_dtype))


class _Text:
    """The Python text of one program.

    NOTE [one shape or many] The fast text writes over its temporaries. With 0-d arrays those are
    NumPy scalars (TypeError), and where shapes differ one may be too small (ValueError); then the
    general text starts again. Inputs have not been touched: only the last statement writes to
    ``out``.
    """

    def __init__(self, function: Function, dtype: Any) -> None:
        self.function, self.dtype = function, dtype
        self.arrays = list(function.names)
        self.given = ", ".join([*function.names, *function.attrs])
        self.single = len(function.outs) == 1
        self.namespace: dict[str, Any] = {
            "asarray": np.asarray,
            "ndarray": np.ndarray,
            "fit": _fit,
            "deliver": _deliver,
        }
        self.lines: list[str] = []

    def build(self) -> tuple[str, dict[str, Any]]:
        fast = print_numpy(self.function, self.dtype)
        if fast.whole:
            self.namespace["large"] = Blocks(self.function, self.dtype)
            self.general()
            self.fast(fast)
        else:
            self.general("program")
        return "\n".join(self.lines), self.namespace

    def general(self, name: str = "general") -> None:
        """Any shapes that broadcast; each result is checked."""
        code = self.take(print_numpy(self.function, self.dtype, reuse=False))
        self.add(0, f"def {name}({self.given}, out=None):")
        self.add(1, *code.lines)
        if code.whole:
            results = [f"asarray({text})" for text in code.results]
        else:
            arrays = ", ".join(self.arrays)
            results = [f"fit({text}, {arrays})" for text in code.results]
        if self.single:
            self.add(1, f"return deliver({results[0]}, out)")
        else:
            self.add(1, f"return ({', '.join(results)},)")

    def fast(self, code: Code) -> None:
        """One shape: no checks but one for size before and one for scalars after."""
        self.take(code)
        limits = " or ".join(f"{name}.size > {LARGE}" for name in self.arrays)
        self.add(0, f"def program({self.given}{', out=None' if self.single else ''}):")
        self.add(1, f"if {limits}:")
        arrays = "".join(f"{name}, " for name in self.arrays)
        attrs = "".join(f"{name}, " for name in self.function.attrs)
        self.add(2, f"return large(({arrays}), ({attrs}), {'out' if self.single else None})")
        if not self.single:
            self.attempt(1, code.lines, f"general({self.given})")
            self.add(1, f"return ({', '.join(code.results)},)")
            return
        (result,) = code.results
        self.add(1, "if out is None:")
        self.attempt(2, code.lines, f"general({self.given})")
        self.add(2, f"return {result} if {result}.__class__ is ndarray else asarray({result})")
        into = self.take(print_numpy(self.function, self.dtype, into=("out",)))
        self.attempt(1, into.lines, f"general({self.given}, out)")
        self.add(1, "return out")

    def attempt(self, depth: int, lines: list[str], otherwise: str) -> None:
        self.add(depth, "try:")
        self.add(depth + 1, *lines)
        self.add(depth, "except (TypeError, ValueError):")
        self.add(depth + 1, f"return {otherwise}")

    def take(self, code: Code) -> Code:
        self.namespace.update(code.namespace)
        return code

    def add(self, depth: int, *lines: str) -> None:
        self.lines += ["    " * depth + line for line in lines]


def _fit(result: Any, *arrays: Any) -> Any:
    """A result that does not depend on all parameters, in the shape of all of them."""
    shape = np.broadcast_shapes(*(array.shape for array in arrays))
    result = np.asarray(result)
    return result if result.shape == shape else np.broadcast_to(result, shape).copy()


def _deliver(result: Any, out: Any) -> Any:
    if out is None:
        return result
    np.copyto(out, result)
    return out

"""Prints functions as straight-line NumPy code.

Holds:     every value is computed once; where all arrays have one shape, a temporary that is no
           longer needed is written over; numbers are 0-d arrays of the dtype (np.multiply(a, 2.0)
           takes 440 ns, with a 0-d array 237); keyword arguments are computed with as Python
           numbers first. Half types are computed in float32 and rounded once.
Must not:  run anything, or know where large arrays come from.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from .function import Function
from .nodes import Expr, constant, postorder
from .scalars import is_constant, load

__all__ = ["Code", "Numbers", "compute_dtype", "lower", "numbers", "print_numpy"]


# NumPy is about to give their third positional argument another meaning.
_KEYWORD_OUT = ("numpy.maximum", "numpy.minimum")


class Numbers(dict[float, Any]):
    """Python numbers -> read-only 0-d arrays of one dtype. A look-up costs 25 ns."""

    def __init__(self, dtype: Any) -> None:
        self.dtype = np.dtype(dtype)

    def __missing__(self, value: float) -> Any:
        made = np.array(value).astype(self.dtype)
        made.flags.writeable = False
        # 0.0 and -0.0 are one key; NaN is never found again.
        if value and value == value and len(self) < 4096:
            self[value] = made
        return made


_numbers: dict[Any, Numbers] = {}


def numbers(dtype: Any) -> Numbers:
    """The table of 0-d arrays of a dtype."""
    dtype = np.dtype(dtype)
    return _numbers.setdefault(dtype, Numbers(dtype))


def compute_dtype(dtype: Any) -> Any:
    """The dtype that values of ``dtype`` are computed in."""
    dtype = np.dtype(dtype)
    half = dtype.itemsize == 2 and dtype.kind not in "iub"
    return np.dtype(np.float32) if half else dtype


def lower(outs: Iterable[Expr], dtype: Any) -> tuple[Expr, ...]:
    """The outputs in terms of functions that NumPy has for this dtype."""
    outs = tuple(outs)
    whole = np.dtype(dtype).kind in "iub"
    done: dict[Expr, Expr] = {}
    for part in postorder(outs):
        function = part.function
        if function is None:
            continue
        args = tuple(done.get(arg, arg) for arg in part.args)
        if whole and function.whole:
            done[part] = args[0]
        elif function.lowering is not None and not part.uniform:
            done[part] = lower((function.lowering(*args),), dtype)[0]
        else:
            done[part] = function(*args)
    return tuple(done.get(out, out) for out in outs)


@dataclass
class Code:
    """Printed code: ``lines``, the names that hold the ``results``, and the ``namespace`` used.

    ``work`` and ``flags`` are the buffers that blocked code writes its temporaries to.
    ``whole`` says that every result is an array as large as all parameters together.
    """

    lines: list[str] = field(default_factory=list)
    results: list[str] = field(default_factory=list)
    namespace: dict[str, Any] = field(default_factory=dict)
    work: list[str] = field(default_factory=list)
    flags: list[str] = field(default_factory=list)
    whole: bool = True


def print_numpy(function: Function, dtype: Any, *, reuse: bool = True, into: tuple[str, ...] = (),
                blocked: bool = False) -> Code:  # fmt: skip
    """Code over variables named as the function's parameters.

    reuse    write over temporaries: all arrays must have one shape
    into     names of arrays that the results are written to
    blocked  write every temporary to a buffer: ``work`` and ``flags`` name those
    """
    printer = _Printer(function, np.dtype(dtype), reuse, into, blocked)
    printer.run()
    return printer.code


class _Printer:
    """One pass over the expressions, in an order in which operands come first."""

    def __init__(self, function: Function, dtype: Any, reuse: bool, into: tuple[str, ...],
                 blocked: bool) -> None:  # fmt: skip
        self.function, self.dtype, self.reuse, self.into = function, dtype, reuse, into
        self.compute = compute_dtype(dtype)
        self.blocked = blocked
        self.code = Code()
        self.counter = count()
        self.outs = lower(function.outs, dtype)
        self.parts = [p for p in postorder(self.outs) if not p.uniform]
        self.names: dict[Expr, str] = {}
        self.owned: dict[Expr, str] = {}  # parts that live in a temporary
        self.free: dict[bool, list[str]] = {False: [], True: []}
        self.taken = {*function.names, *function.attrs, *into}
        self.last = {
            arg: index for index, part in enumerate(self.parts) for arg in part.args
        }
        self.last.update(dict.fromkeys(self.outs, len(self.parts)))
        self.position = {out: index for index, out in reversed([*enumerate(self.outs)])}

    def run(self) -> None:
        params = {param.variable: param for param in self.function.params}
        for index, part in enumerate(self.parts):
            if part.function is None:
                self.names[part] = part.leaf
                if self.compute != self.dtype and params[part].kind != "bool":
                    self.widen(part)
            else:
                self.statement(part, index)
        used: set[str] = set()
        for index, out in enumerate(self.outs):
            self.result(out, index, used)

    # ------------------------------------------------------------------------------- one statement
    def widen(self, part: Expr) -> None:
        """A half type's parameter in float32."""
        name = self.temporary(False)
        if self.blocked:
            self.emit(f"{self.use('np_copyto', np.copyto)}({name}, {part.leaf})")
        else:
            self.emit(f"{name} = {part.leaf}.astype({self.use('np_float32', self.compute)})")
        self.names[part] = self.owned[part] = name

    def statement(self, part: Expr, index: int) -> None:
        args = [self.operand(arg) for arg in part.args]
        path = part.function.numpy
        call = self.use("np_" + path.rpartition(".")[2], load(path))
        dead = [
            arg for arg in dict.fromkeys(part.args) if arg in self.owned and self.last[arg] == index
        ]
        target = self.target(part, dead)
        for arg in dead:
            if self.owned[arg] != target:
                self.free[arg.boolean].append(self.owned[arg])
            del self.owned[arg]
        if target is None:
            target = self.temporary(part.boolean, fresh=True)
            self.emit(f"{target} = {call}({', '.join(args)})")
        else:
            keyword = "out=" if path in _KEYWORD_OUT else ""
            self.emit(f"{call}({', '.join(args)}, {keyword}{target})")
        self.names[part] = target
        if target not in self.into:
            self.owned[part] = target

    def target(self, part: Expr, dead: list[Expr]) -> str | None:
        """Where to write: an output, a temporary that ends here or ended before, or None."""
        if self.into and part in self.position and self.result_dtype(part) == self.held_dtype(part):
            return self.into[self.position[part]]
        choosing = part.function.name == "where" and not self.blocked
        if self.reuse and not choosing:
            for arg in dead:
                if arg.boolean == part.boolean:
                    return self.owned[arg]
            if self.free[part.boolean]:
                return self.free[part.boolean].pop()
        return self.temporary(part.boolean) if self.blocked else None

    def held_dtype(self, part: Expr) -> Any:
        return np.dtype(bool) if part.boolean else self.compute

    def result_dtype(self, part: Expr) -> Any:
        return np.dtype(bool) if part.boolean else self.dtype

    def result(self, out: Expr, index: int, used: set[str]) -> None:
        """Names the result; what is no fresh array of the right dtype is made one."""
        names = {param.variable.leaf for param in self.function.params if _uses(out, param)}
        self.code.whole &= len(names) == len(self.function.params) and out.function is not None
        text = self.operand(out)
        goal = self.into[index] if self.into else None
        if goal is not None:
            if text != goal:
                self.emit(f"{self.use('np_copyto', np.copyto)}({goal}, {text}, 'unsafe')")
            text = goal
        elif out.uniform:
            like = self.function.params[0].name
            text = self.named(
                f"{self.use('np_full', np.full)}({like}.shape, {text}, {self.kind(out)})"
            )
        elif self.result_dtype(out) != self.held_dtype(out):
            text = self.named(f"{text}.astype({self.kind(out)})")
        elif out.function is None or text in used:
            text = self.named(f"{text}.copy()")
        used.add(text)
        self.code.results.append(text)

    # --------------------------------------------------------------------------------------- names
    def kind(self, out: Expr) -> str:
        dtype = self.result_dtype(out)
        return self.use(f"np_{dtype.name}", dtype)

    def named(self, text: str) -> str:
        name = self.temporary(False, fresh=True)
        self.emit(f"{name} = {text}")
        return name

    def temporary(self, boolean: bool, fresh: bool = False) -> str:
        if not fresh and self.reuse and self.free[boolean]:
            return self.free[boolean].pop()
        while (name := f"t{next(self.counter)}") in self.taken:
            pass
        if self.blocked:
            (self.code.flags if boolean else self.code.work).append(name)
        return name

    def operand(self, part: Expr) -> str:
        """The text of an operand; numbers become 0-d arrays of the right dtype."""
        if not part.uniform:
            return self.names[part]
        dtype = np.dtype(bool) if part.boolean else self.compute
        if is_constant(part):
            text = re.sub(r"\W", lambda m: {"-": "m", ".": "p", "+": ""}[m[0]], repr(part.leaf))
            return self.use(f"k_{dtype.name}_{text}", _constant(dtype, part.leaf))
        return f"{self.use(f'K_{dtype.name}', numbers(dtype))}[{self.python(part)}]"

    def python(self, part: Expr) -> str:
        """A uniform expression as Python text over Python numbers."""
        if part.function is None:
            if isinstance(part.leaf, str):
                return part.leaf
            text = repr(part.leaf)
            return text if text[-1].isdigit() else f"float({text!r})"
        args = [self.python(arg) for arg in part.args]
        if part.function.python:
            return str(part.function.python.format(*args))
        name = part.function.name
        call = self.use(f"py_{name}", _divide if name == "div" else _PythonNumber(part.function))
        return f"{call}({', '.join(args)})"

    def use(self, name: str, value: Any) -> str:
        self.code.namespace[name] = value
        return name

    def emit(self, line: str) -> None:
        self.code.lines.append(line)


def _divide(a: float, b: float) -> float:
    return a / b if b else float(np.true_divide(a, b))


class _PythonNumber:
    """A scalar function of Python numbers, with NumPy's results at poles and overflows."""

    def __init__(self, function: Any) -> None:
        self.function = function

    def __call__(self, *numbers: float) -> Any:
        return self.function.fold(tuple(map(constant, numbers))).leaf


_constants: dict[tuple[Any, str], Any] = {}


def _constant(dtype: Any, value: float) -> Any:
    key = dtype, repr(value)
    if key not in _constants:
        made = np.array(value).astype(dtype)
        made.flags.writeable = False
        _constants[key] = made
    return _constants[key]


def _uses(out: Expr, param: Any) -> bool:
    wanted = param.variable
    return any(part is wanted for part in postorder((out,)))

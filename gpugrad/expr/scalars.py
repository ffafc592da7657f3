"""What a scalar function is: its spellings, its derivative, and the rules that keep calls tidy.

Holds:     a call folds constants and drops what changes no value (``x + 0``, ``1 * x``); operands
           are turned into values or conditions as the function asks.
Must not:  contain a row of the table (table.py), or know how code is printed or run.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import wrong_operand_count
from .nodes import FUNCTIONS, Expr, Operand, apply, constant, lift, same_constant

__all__ = ["Scalar", "applied", "condition", "is_constant", "is_zero", "load", "scalar",
           "value"]  # fmt: skip

Cotangents = Callable[..., tuple[Expr | None, ...]]
TABLE: dict[str, Scalar] = {}


@dataclass(frozen=True, eq=False)
class Scalar:
    """A scalar function. ``scalar()`` makes one and enters it into the table.

    cuda        CUDA C++, with ``{0}``, ``{1}`` for the operands
    numpy       dotted name of a ufunc, or of a function called like one (``f(a, b, out)``)
    lowering    instead of ``numpy``: the same value in terms of other rows, for NumPy only
    python      the same for Python numbers, where that is safe for any numbers
    cotangents  ``(g, y, *operands) -> one cotangent per operand``, linear in ``g``; ``y`` is the
                result. None for a cotangent that is zero everywhere.
    simplify    ``operands -> Expr or None``: rewritings that keep the value
    boolean     the result is a condition;  ``conditions``: so are these operands
    floating    integers are promoted to floating point first
    whole       on whole numbers the value is the operand
    result      the cotangents are stated in ``y``: keep the result rather than the operand
    constant    a real function whose result counts as a constant, since it has no derivative here
    """

    name: str
    arity: int
    cuda: str
    numpy: str = ""
    lowering: Callable[..., Expr] | None = None
    python: str = ""
    cotangents: Cotangents | None = None
    simplify: Callable[..., Expr | None] | None = None
    boolean: bool = False
    conditions: tuple[int, ...] = ()
    floating: bool = False
    whole: bool = False
    result: bool = False
    constant: bool = False
    doc: str = ""

    def __call__(self, *operands: Operand) -> Expr:
        if len(operands) != self.arity:
            raise wrong_operand_count(self.name, self.arity, len(operands))
        parts = tuple(
            condition(lift(x)) if i in self.conditions else value(lift(x))
            for i, x in enumerate(operands)
        )
        if all(is_constant(part) for part in parts):
            return self.fold(parts)
        if self.simplify is not None:
            simpler = self.simplify(*parts)
            if simpler is not None:
                return simpler
        return apply(self, parts)

    def fold(self, parts: tuple[Expr, ...]) -> Expr:
        """The value at constants, computed in double precision."""
        if self.lowering is not None:
            return self.lowering(*parts)
        numbers = [part.leaf for part in parts]
        if self.floating:
            numbers = [float(number) for number in numbers]
        with np.errstate(all="ignore"):
            return constant(load(self.numpy)(*map(np.asarray, numbers)).item())

    def __repr__(self) -> str:
        return f"<scalar {self.name}>"


def scalar(name: str, arity: int, cuda: str, numpy: str = "", **rest: Any) -> Scalar:
    """A new row of the table."""
    row = FUNCTIONS[name] = TABLE[name] = Scalar(name, arity, cuda, numpy, **rest)
    return row


@cache
def load(path: str) -> Any:
    """The NumPy or SciPy function of that dotted name; SciPy is imported when one of its is."""
    module, _, name = path.rpartition(".")
    return getattr(import_module(module), name)


def is_constant(part: Expr) -> bool:
    """Whether the expression is a number or a truth value."""
    return part.function is None and not isinstance(part.leaf, str)


def is_zero(part: Expr) -> bool:
    """Whether the expression is the number zero, of either sign."""
    return is_constant(part) and not part.boolean and part.leaf == 0


def value(part: Expr) -> Expr:
    """A condition where a value is needed counts as 1 or 0."""
    if not part.boolean:
        return part
    if is_constant(part):
        return constant(int(part.leaf))
    return FUNCTIONS["where"](part, 1, 0)


def condition(part: Expr) -> Expr:
    """A value where a condition is needed is true unless it is zero."""
    if part.boolean:
        return part
    if is_constant(part):
        return constant(bool(part.leaf))
    return FUNCTIONS["ne"](part, 0)


# ----------------------------------------------------------------- rewritings that keep the value
def applied(part: Expr, name: str) -> bool:
    """Whether the outermost function of ``part`` has this name."""
    return part.function is not None and part.function.name == name


def simplify_add(a: Expr, b: Expr) -> Expr | None:
    """``x + 0``; a sum with a negated or negative term is a difference."""
    if is_zero(b):
        return a
    if is_constant(b) and b.leaf < 0:
        return FUNCTIONS["sub"](a, -b.leaf)
    if is_zero(a):
        return b
    if applied(b, "neg"):
        return FUNCTIONS["sub"](a, b.args[0])
    if applied(a, "neg"):
        return FUNCTIONS["sub"](b, a.args[0])
    return None


def simplify_sub(a: Expr, b: Expr) -> Expr | None:
    """``x - 0``, ``0 - x``, ``x - (-y)``."""
    if is_zero(b):
        return a
    if is_zero(a):
        return FUNCTIONS["neg"](b)
    if applied(b, "neg"):
        return FUNCTIONS["add"](a, b.args[0])
    return None


def simplify_mul(a: Expr, b: Expr) -> Expr | None:
    """``1 * x``, ``-1 * x``; signs move outward, nested constant factors meet."""
    if is_constant(b):
        a, b = b, a
    if same_constant(a, 1):
        return b
    if same_constant(a, -1):
        return FUNCTIONS["neg"](b)
    if is_constant(a) and applied(b, "mul") and is_constant(b.args[0]):
        return FUNCTIONS["mul"](a.leaf * b.args[0].leaf, b.args[1])
    if is_constant(a) and applied(b, "mul") and is_constant(b.args[1]):
        return FUNCTIONS["mul"](a.leaf * b.args[1].leaf, b.args[0])
    return _signs_outward("mul", a, b)


def simplify_div(a: Expr, b: Expr) -> Expr | None:
    """``x / 1``, ``1 / x``; signs move outward."""
    if same_constant(b, 1):
        return a
    if same_constant(a, 1):
        return FUNCTIONS["reciprocal"](b)
    return _signs_outward("div", a, b)


def _signs_outward(name: str, a: Expr, b: Expr) -> Expr | None:
    left, right = applied(a, "neg"), applied(b, "neg")
    if not (left or right):
        return None
    product = FUNCTIONS[name](a.args[0] if left else a, b.args[0] if right else b)
    return product if left and right else FUNCTIONS["neg"](product)


def simplify_neg(x: Expr) -> Expr | None:
    """``-(-x)`` and ``-(2 * x)``."""
    if applied(x, "neg"):
        return x.args[0]
    if applied(x, "mul") and is_constant(x.args[0]):
        return FUNCTIONS["mul"](-x.args[0].leaf, x.args[1])
    return None


def simplify_pow(x: Expr, p: Expr) -> Expr | None:
    """Small constant exponents are products and roots, as PyTorch computes them."""
    if not is_constant(p):
        return None
    f = FUNCTIONS
    forms: dict[float, Callable[[], Expr]] = {
        0: lambda: constant(1),
        1: lambda: x,
        2: lambda: f["mul"](x, x),
        3: lambda: f["mul"](f["mul"](x, x), x),
        0.5: lambda: f["sqrt"](x),
        -0.5: lambda: f["rsqrt"](x),
        -1: lambda: f["reciprocal"](x),
        -2: lambda: f["reciprocal"](f["mul"](x, x)),
    }
    form = forms.get(p.leaf)
    return form() if form is not None else None


def simplify_where(c: Expr, a: Expr, b: Expr) -> Expr | None:
    """A known condition, equal branches, the same condition asked again, a negated one."""
    if is_constant(c):
        return a if c.leaf else b
    if a is b:
        return a
    if applied(c, "logical_not"):
        return FUNCTIONS["where"](c.args[0], b, a)
    if applied(a, "where") and a.args[0] is c:
        return FUNCTIONS["where"](c, a.args[1], b)
    if applied(b, "where") and b.args[0] is c:
        return FUNCTIONS["where"](c, a, b.args[2])
    return None


def simplify_and(a: Expr, b: Expr) -> Expr | None:
    """``True & c``, ``False & c``, ``c & c``."""
    if is_constant(a):
        return b if a.leaf else a
    if is_constant(b):
        return a if b.leaf else b
    return a if a is b else None


def simplify_or(a: Expr, b: Expr) -> Expr | None:
    """``True | c``, ``False | c``, ``c | c``."""
    if is_constant(a):
        return a if a.leaf else b
    if is_constant(b):
        return b if b.leaf else a
    return a if a is b else None


def simplify_not(a: Expr) -> Expr | None:
    """Twice not."""
    return a.args[0] if applied(a, "logical_not") else None

"""Scalar expressions: variables, constants and applications of scalar functions.

Holds:     an expression never changes; two equal ones are the same object while one of them lives
           (a table of weak references, so a dropped expression frees its parts); every one is
           either a value or a condition; nothing here recurses, so depth is no limit.
Must not:  know any scalar function, array, tensor or printer.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any
from weakref import ref

from ..errors import expression_has_no_truth, not_an_operand

__all__ = ["Expr", "Operand", "apply", "constant", "free_variables", "lift", "postorder",
           "replace", "same_constant", "variable"]  # fmt: skip


# The operators below are names here and functions in scalars.py, which fills this in.
FUNCTIONS: dict[str, Callable[..., Expr]] = {}
_TABLE: dict[Any, ref[Expr]] = {}


class Expr:
    """One scalar expression. Make them with operators and the functions of ``gpugrad.expr``.

    ``function`` is None for a leaf, whose ``leaf`` is then a variable's name or a number.
    ``boolean`` tells a condition from a value. ``uniform`` says that nothing in it varies over the
    elements of an array: constants and keyword arguments only.
    """

    __slots__ = ("__weakref__", "args", "boolean", "function", "leaf", "uniform")
    __array_ufunc__ = None  # so that a NumPy scalar on the left leaves the operator to us

    args: tuple[Expr, ...]
    boolean: bool
    function: Any
    leaf: Any
    uniform: bool

    def __init__(self) -> None:
        raise TypeError("expressions are made by variable(), constant() and scalar functions")

    def __add__(self, other: Operand) -> Expr:
        return FUNCTIONS["add"](self, other)

    def __radd__(self, other: Operand) -> Expr:
        return FUNCTIONS["add"](other, self)

    def __sub__(self, other: Operand) -> Expr:
        return FUNCTIONS["sub"](self, other)

    def __rsub__(self, other: Operand) -> Expr:
        return FUNCTIONS["sub"](other, self)

    def __mul__(self, other: Operand) -> Expr:
        return FUNCTIONS["mul"](self, other)

    def __rmul__(self, other: Operand) -> Expr:
        return FUNCTIONS["mul"](other, self)

    def __truediv__(self, other: Operand) -> Expr:
        return FUNCTIONS["div"](self, other)

    def __rtruediv__(self, other: Operand) -> Expr:
        return FUNCTIONS["div"](other, self)

    def __mod__(self, other: Operand) -> Expr:
        return FUNCTIONS["remainder"](self, other)

    def __rmod__(self, other: Operand) -> Expr:
        return FUNCTIONS["remainder"](other, self)

    def __pow__(self, other: Operand) -> Expr:
        return FUNCTIONS["pow"](self, other)

    def __rpow__(self, other: Operand) -> Expr:
        return FUNCTIONS["pow"](other, self)

    def __neg__(self) -> Expr:
        return FUNCTIONS["neg"](self)

    def __pos__(self) -> Expr:
        return self

    def __abs__(self) -> Expr:
        return FUNCTIONS["abs"](self)

    def __gt__(self, other: Operand) -> Expr:
        return FUNCTIONS["gt"](self, other)

    def __ge__(self, other: Operand) -> Expr:
        return FUNCTIONS["ge"](self, other)

    def __lt__(self, other: Operand) -> Expr:
        return FUNCTIONS["lt"](self, other)

    def __le__(self, other: Operand) -> Expr:
        return FUNCTIONS["le"](self, other)

    def __eq__(self, other: Operand) -> Expr:  # type: ignore[override]
        return FUNCTIONS["eq"](self, other)

    def __ne__(self, other: Operand) -> Expr:  # type: ignore[override]
        return FUNCTIONS["ne"](self, other)

    __hash__ = object.__hash__

    def __and__(self, other: Operand) -> Expr:
        return FUNCTIONS["logical_and"](self, other)

    __rand__ = __and__

    def __or__(self, other: Operand) -> Expr:
        return FUNCTIONS["logical_or"](self, other)

    __ror__ = __or__

    def __invert__(self) -> Expr:
        return FUNCTIONS["logical_not"](self)

    def __bool__(self) -> bool:
        raise expression_has_no_truth(str(self))

    def __getattr__(self, name: str) -> Any:
        """Scalar functions as methods, ``x.tanh()``, as tensors have them."""
        function = FUNCTIONS.get(name)
        if function is None:
            raise AttributeError(f"expressions have no {name!r}")
        return lambda *args, **kwargs: function(self, *args, **kwargs)

    def __repr__(self) -> str:
        """Calls written out: ``mul(x, sigmoid(x))``; parts deeper than a few levels as dots."""
        return self._text(6)

    def _text(self, depth: int) -> str:
        if self.function is None:
            return str(self.leaf)
        if depth == 0:
            return "..."
        parts = ", ".join(part._text(depth - 1) for part in self.args)
        return f"{self.function.name}({parts})"


Operand = Expr | float


def variable(name: str, *, boolean: bool = False, uniform: bool = False) -> Expr:
    """The variable called ``name``."""
    return _interned((name, boolean, uniform), None, (), name, boolean, uniform)


def constant(value: float) -> Expr:
    """A number or a truth value as an expression; 1, 1.0 and -0.0 stay what they are."""
    return _interned((type(value), repr(value)), None, (), value, isinstance(value, bool), True)


def apply(function: Any, args: tuple[Expr, ...]) -> Expr:
    """The function applied, without any simplification."""
    uniform = True
    for part in args:
        uniform = uniform and part.uniform
    # Ids are safe in the key: the entry goes before its arguments can.
    key = (id(function), *map(id, args))
    return _interned(key, function, args, None, function.boolean, uniform)


def _interned(key: Any, function: Any, args: tuple[Expr, ...], leaf: Any,
              boolean: bool, uniform: bool) -> Expr:  # fmt: skip
    known = _TABLE.get(key)
    found = known() if known is not None else None
    if found is not None:
        return found
    made = object.__new__(Expr)
    made.function, made.args, made.leaf = function, args, leaf
    made.boolean, made.uniform = boolean, uniform

    def forget(gone: ref[Expr]) -> None:
        if _TABLE.get(key) is gone:
            del _TABLE[key]

    _TABLE[key] = ref(made, forget)
    return made


def lift(value: Any) -> Expr:
    """The operand itself, or the constant for a number."""
    if isinstance(value, Expr):
        return value
    if isinstance(value, (bool, int, float)):
        return constant(value)
    if getattr(value, "ndim", None) == 0 and hasattr(value, "item"):  # a NumPy scalar
        return constant(value.item())
    raise not_an_operand(type(value).__name__)


def same_constant(part: Expr, value: float) -> bool:
    """Whether ``part`` is this constant; -0.0 is not 0."""
    leaf = part.leaf
    if part.function is not None or leaf.__class__ is str or leaf != value:
        return False
    return bool(leaf) or not str(leaf).startswith("-")


def postorder(roots: Iterable[Expr]) -> list[Expr]:
    """Every part of ``roots`` once, arguments before what uses them, left to right."""
    seen: set[int] = set()
    order: list[Expr] = []
    stack = [(root, False) for root in reversed(tuple(roots))]
    while stack:
        part, ready = stack.pop()
        if ready:
            order.append(part)
        elif id(part) not in seen:
            seen.add(id(part))
            stack.append((part, True))
            stack.extend((arg, False) for arg in reversed(part.args))
    return order


def free_variables(roots: Iterable[Expr]) -> list[Expr]:
    """The variables in ``roots``, in the order in which they are met."""
    return [p for p in postorder(roots) if p.function is None and isinstance(p.leaf, str)]


def replace(roots: Iterable[Expr], by: Mapping[Expr, Expr]) -> tuple[Expr, ...]:
    """``roots`` with every part that is a key of ``by`` replaced; the rest is simplified anew."""
    roots = tuple(roots)
    done: dict[int, Expr] = {id(part): new for part, new in by.items()}
    for part in postorder(roots):
        if id(part) in done:
            continue
        new = tuple(done[id(arg)] for arg in part.args)
        changed = any(a is not b for a, b in zip(new, part.args, strict=True))
        done[id(part)] = part.function(*new) if changed else part
    return tuple(done[id(root)] for root in roots)

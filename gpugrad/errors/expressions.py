"""What cannot be traced, derived or inlined."""

from __future__ import annotations

from .text import facts
from .tree import ExpressionError

__all__ = [
    "expression_has_no_truth", "no_derivative", "no_such_attribute", "not_an_operand",
    "untraceable", "wrong_operand_count",
]  # fmt: skip


def expression_has_no_truth(text: str) -> ExpressionError:
    """A condition on elements was used as a Python truth value."""
    return ExpressionError(facts(
        "a fused function cannot branch on its elements: their values are not known yet",
        ("condition", text),
        ("fix", "choose per element with where(condition, a, b); use & | ~ for and, or, not"),
    ))


def not_an_operand(kind: str) -> ExpressionError:
    """A value that cannot be part of an expression."""
    return ExpressionError(facts(
        f"an expression cannot hold a {kind}",
        ("need", "expressions, numbers and truth values"),
        ("fix", "make it a positional parameter of the fused function"),
    ))


def wrong_operand_count(name: str, need: int, got: int) -> ExpressionError:
    """A scalar function called with too few or too many operands."""
    return ExpressionError(f"{name} takes {need} operand{'s' if need != 1 else ''}, got {got}")


def no_derivative(name: str, operand: int) -> ExpressionError:
    """A scalar function that has no derivative in one of its operands."""
    return ExpressionError(facts(
        f"{name} has no derivative in its operand {operand}",
        ("fix", "detach that operand, or use a function that can be differentiated"),
    ))


def untraceable(name: str, why: str) -> ExpressionError:
    """A Python function that cannot be turned into a fused one."""
    return ExpressionError(facts(f"{name} cannot be fused", ("why", why)))


def no_such_attribute(name: str, given: str, known: tuple[str, ...]) -> ExpressionError:
    """A fused function called inside another one with a keyword argument it does not have."""
    has = ", ".join(known) or "none"
    return ExpressionError(facts(f"{name} has no keyword argument {given!r}", ("has", has)))

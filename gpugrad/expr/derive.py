"""Derivatives of expressions: cotangents pulled back, tangents pushed forward.

Holds:     the result is made of the same scalar functions, so it can be derived again, to any
           order. A branch that ``where`` does not select contributes an exact zero, whatever its
           value or its slope: masks are kept outermost (NOTE [masks outward]).
Must not:  know names of parameters, kernels or arrays.

NOTE [masks outward]
1. A cotangent ``where(c, p, 0)`` reaching ``sqrt(x)`` becomes ``where(c, p / (2 * y), 0)``, never
   ``where(c, p, 0) / (2 * y)``: at x = 0, outside c, that would be 0 * inf.
2. Sums of masked cotangents are masked by "either": ``where(a | b, ..., 0)``.
3. Masks on the same condition merge: ``where(c, p, 0) + where(c, 0, q)`` is ``where(c, p, q)``;
   masks inside masks stay nested, so that they meet again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce

from ..errors import no_derivative
from .nodes import Expr, constant, postorder
from .scalars import applied, is_zero
from .table import logical_and, logical_not, logical_or, where

__all__ = ["cost", "cotangents", "scaled", "tangents"]

ZERO, ONE = constant(0), constant(1)
_CHEAP = {"add", "sub", "mul", "neg", "gt", "ge", "lt", "le", "eq", "ne", "abs", "maximum"}


def cotangents(roots: Sequence[Expr], seeds: Sequence[Expr], wrt: Sequence[Expr]) -> list[Expr]:
    """For each variable in ``wrt`` the sum over roots of seed times derivative."""
    order = postorder(roots)
    leads = _leads_to(order, wrt)
    bars: dict[int, Expr] = {}
    for root, seed in zip(roots, seeds, strict=True):
        if not root.boolean:
            bars[id(root)] = plus(bars.get(id(root), ZERO), seed)
    for part in reversed(order):
        g = bars.get(id(part), ZERO)
        if part.function is None or is_zero(g) or id(part) not in leads:
            continue
        wanted = [not arg.boolean and id(arg) in leads for arg in part.args]
        for arg, bar in zip(part.args, pull(part, g, wanted), strict=True):
            if not is_zero(bar):
                bars[id(arg)] = plus(bars.get(id(arg), ZERO), bar)
    return [bars.get(id(variable), ZERO) for variable in wrt]


def scaled(roots: Sequence[Expr], seed: Expr, wrt: Sequence[Expr]) -> list[Expr]:
    """As ``cotangents`` for one root: the derivative first, times the seed at the end.

    With a seed of 1 much folds away, so this is often shorter; where inner results are shared by
    several variables the other one is. ``cost`` decides.
    """
    return [times(seed, slope) for slope in cotangents(roots, [ONE], wrt)]


def cost(roots: Sequence[Expr]) -> int:
    """Passes over an array that computing ``roots`` takes, roughly."""
    parts = [part for part in postorder(roots) if part.function is not None and not part.uniform]
    return sum(1 if part.function.name in _CHEAP else 3 for part in parts)


def tangents(roots: Sequence[Expr], given: Mapping[Expr, Expr]) -> list[Expr]:
    """The tangent of each root, given those of some variables."""
    known = {id(variable): tangent for variable, tangent in given.items()}
    for part in postorder(roots):
        if part.function is None or part.boolean:
            continue
        total = ZERO
        for index, arg in enumerate(part.args):
            t = known.get(id(arg), ZERO)
            if not is_zero(t):
                wanted = [i == index for i in range(len(part.args))]
                # A scalar derivative is its own transpose.
                total = plus(total, pull(part, t, wanted)[index])
        known[id(part)] = total
    return [known.get(id(root), ZERO) for root in roots]


def pull(part: Expr, g: Expr, wanted: Sequence[bool]) -> list[Expr]:
    """The cotangents of the wanted arguments of one application, zero for the others."""
    rule = part.function.cotangents
    if rule is None:
        raise no_derivative(part.function.name, list(wanted).index(True))
    masks, core = unmask(g)
    bars = []
    for bar, want in zip(rule(core, part, *part.args), wanted, strict=True):
        bars.append(mask(bar, masks) if want and bar is not None else ZERO)
    return bars


Masks = tuple[tuple[Expr, bool], ...]


def unmask(g: Expr) -> tuple[Masks, Expr]:
    """``g`` as masks around a core: it is zero where one of these conditions is not as stated."""
    masks: list[tuple[Expr, bool]] = []
    while applied(g, "where") and (is_zero(g.args[1]) or is_zero(g.args[2])):
        holds = is_zero(g.args[2])
        masks.append((g.args[0], holds))
        g = g.args[1] if holds else g.args[2]
    either = _either(g)
    if either is not None:
        masks.append((either, True))
    return tuple(masks), g


def _either(g: Expr) -> Expr | None:
    """Where a sum of masked terms may differ from zero; None if a term has no mask."""
    conditions: list[Expr] = []
    while applied(g, "add") or applied(g, "sub"):
        masks, _ = unmask(g.args[1])
        if not masks:
            return None
        conditions.append(_all(masks))
        g = g.args[0]
    first, _ = unmask(g) if conditions else ((), g)
    return reduce(logical_or, [_all(first), *reversed(conditions)]) if first else None


def mask(core: Expr, masks: Masks) -> Expr:
    """``core`` inside these masks again, the first one outermost."""
    for condition, holds in reversed(masks):
        core = where(condition, core, 0) if holds else where(condition, 0, core)
    return core


def _all(masks: Masks) -> Expr:
    conditions = [c if holds else logical_not(c) for c, holds in masks]
    return reduce(logical_and, conditions)


def plus(a: Expr, b: Expr) -> Expr:
    """``a + b``, without adding zeros, with choices on one condition merged."""
    if is_zero(a):
        return b
    if is_zero(b):
        return a
    if applied(a, "where") and applied(b, "where") and a.args[0] is b.args[0]:
        condition = a.args[0]
        return where(condition, plus(a.args[1], b.args[1]), plus(a.args[2], b.args[2]))
    return a + b


def times(g: Expr, slope: Expr) -> Expr:
    """``g * slope``, with choices, signs and divisions kept outermost."""
    if is_zero(slope):
        return ZERO
    if slope.function is None:
        return g * slope
    name, args = slope.function.name, slope.args
    if name == "where":
        return where(args[0], times(g, args[1]), times(g, args[2]))
    if name == "neg":
        return -times(g, args[0])
    if name == "reciprocal":
        return g / args[0]
    return g * slope


def _leads_to(order: Sequence[Expr], wrt: Sequence[Expr]) -> set[int]:
    """The parts that depend on one of the variables."""
    leads = {id(variable) for variable in wrt}
    for part in order:
        if any(id(arg) in leads for arg in part.args):
            leads.add(id(part))
    return leads

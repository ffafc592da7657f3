"""Collects like terms and common factors of sums: ``a*b + b*a + a*c`` becomes ``a * (2*b + c)``.

Derivatives of products repeat factors; every one left out is a pass over memory saved.

Holds:     the value is the same up to rounding. Functions, quotients and choices are left whole.
Must not:  be used on what a user wrote: only derivatives are rearranged, and only if that is
           cheaper (function.py compares).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from .nodes import Expr, constant, postorder
from .scalars import applied, is_constant

__all__ = ["collect"]

_SUMS = ("add", "sub", "neg")
_MOST_FACTORS = 8


@dataclass(frozen=True)
class Term:
    """A coefficient times a product of expressions."""

    coefficient: float
    factors: tuple[Expr, ...]

    @property
    def key(self) -> tuple[int, ...]:
        return tuple(sorted(map(id, self.factors)))


def collect(roots: Sequence[Expr]) -> list[Expr]:
    """The same expressions with every sum rearranged."""
    order = postorder(roots)
    inner = _inner_sums(order, roots)
    done: dict[int, Expr] = {}
    for part in order:
        if part.function is None or part.uniform:
            done[id(part)] = part
        elif id(part) in inner:
            continue
        elif _is_sum(part):
            done[id(part)] = _rebuilt(_terms(part, inner, done))
        else:
            done[id(part)] = part.function(*(done[id(arg)] for arg in part.args))
    return [done[id(root)] for root in roots]


def _is_sum(part: Expr) -> bool:
    return part.function is not None and part.function.name in _SUMS and not part.uniform


def _inner_sums(order: Sequence[Expr], roots: Sequence[Expr]) -> set[int]:
    """Sums that are used once, by another sum: they are taken apart with it."""
    uses = Counter(id(arg) for part in order for arg in part.args)
    uses.update(map(id, roots))
    by_sums = {id(arg) for part in order if _is_sum(part) for arg in part.args if _is_sum(arg)}
    return {key for key in by_sums if uses[key] == 1}


def _terms(total: Expr, inner: set[int], done: dict[int, Expr]) -> list[Term]:
    """The terms of a sum, left to right, made of parts that are done."""
    terms: list[Term] = []
    stack: list[tuple[Expr, int]] = [(total, 1)]
    while stack:
        part, sign = stack.pop()
        if part is total or id(part) in inner:
            signs = {"add": (sign, sign), "sub": (sign, -sign), "neg": (-sign,)}
            pairs = zip(part.args, signs[part.function.name], strict=True)
            stack.extend(reversed(list(pairs)))
        else:
            terms.append(_term(done[id(part)], sign))
    return terms


def _term(part: Expr, sign: int) -> Term:
    coefficient: float = sign
    factors: list[Expr] = []
    stack = [part]
    while stack:
        factor = stack.pop()
        if is_constant(factor):
            coefficient *= factor.leaf
        elif applied(factor, "neg"):
            coefficient = -coefficient
            stack.append(factor.args[0])
        elif applied(factor, "mul") and len(stack) + len(factors) < _MOST_FACTORS:
            stack.extend(reversed(factor.args))
        else:
            factors.append(factor)
    return Term(coefficient, tuple(factors))


def _rebuilt(terms: Sequence[Term]) -> Expr:
    """The sum again, with what most terms share taken out of them."""
    terms = _merged(terms)
    counts = Counter({factor: 0 for term in terms for factor in term.factors})
    for term in terms:
        counts.update(set(term.factors))
    shared = max(counts, key=lambda factor: counts[factor], default=None)
    if shared is None or counts[shared] < 2:
        return _sum(terms)
    inside = [t for t in terms if any(f is shared for f in t.factors)]
    outside = [t for t in terms if not any(f is shared for f in t.factors)]
    product = shared * _rebuilt([_without(term, shared) for term in inside])
    return product + _rebuilt(outside) if outside else product


def _merged(terms: Sequence[Term]) -> list[Term]:
    """Like terms as one; those that cancel are gone."""
    by_key: dict[tuple[int, ...], Term] = {}
    for term in terms:
        known = by_key.get(term.key)
        if known is not None:
            term = Term(known.coefficient + term.coefficient, known.factors)
        by_key[term.key] = term
    return [term for term in by_key.values() if term.coefficient != 0]


def _without(term: Term, factor: Expr) -> Term:
    place = next(i for i, f in enumerate(term.factors) if f is factor)
    return Term(term.coefficient, term.factors[:place] + term.factors[place + 1 :])


def _sum(terms: Sequence[Term]) -> Expr:
    total = constant(0)
    for term in terms:
        total = total + _product(term)
    return total


def _product(term: Term) -> Expr:
    """Equal factors first, so that ``x * x`` is one expression wherever it occurs."""
    counts = Counter(term.factors)
    ordered = sorted(dict.fromkeys(term.factors), key=lambda factor: -counts[factor])
    product = constant(1)
    for factor in ordered:
        for _ in range(counts[factor]):
            product = product * factor
    return term.coefficient * product

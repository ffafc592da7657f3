"""``einsum``: its equations, and the order in which the operands are multiplied.

An equation becomes one tuple of labels per operand and one for the result. A label is a number:
that of a letter, or, for the dimensions of an ellipsis, one counted from the ellipsis's end.

Holds:     operands are contracted two at a time by ``contract``; what a label in one operand alone
           runs over is summed first. Of more than two operands, those with the smallest product go
           first.
Must not:  compute anything itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import combinations
from math import prod
from typing import Any

from ...errors import ShapeError
from ..broadcast import expand
from ..diagonal import diagonal
from ..rearrange import clone_op
from ..reduce import sum_op
from ..shape import permute_op
from ..surface import public
from .contractions import contract

__all__ = ["einsum"]

Labels = tuple[int, ...]

_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ELLIPSIS = -1  # in a parsed operand, until the dimensions it stands for are known
_FIRST = len(_LETTERS)  # dimensions of an ellipsis: _FIRST is the last of them, and so on


@public("torch")
def einsum(equation: Any, *operands: Any) -> Any:
    """Sums of products by Einstein's convention.

    ``einsum("ij,jk->ik", a, b)``, or with numbers for letters: ``einsum(a, [0, 1], b, [1, 2],
    [0, 2])``. A letter twice in one operand takes the diagonal, one that is not in the result is
    summed over, ``...`` stands for dimensions that broadcast. Without ``->`` the result has the
    letters that occur once, in alphabetical order.

    Saves:   each of two operands if the other needs a gradient; of more, also products in between
    Raises:  RuntimeError for an equation that does not fit the operands
    >>> import gpugrad
    >>> gpugrad.einsum("ij,j->i", gpugrad.ones(2, 3), gpugrad.arange(3.0))
    tensor([3., 3.])
    """
    if isinstance(equation, str):
        if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
            operands = tuple(operands[0])
        inputs, output = _parse(equation)
    else:
        operands, inputs, output = _from_lists((equation, *operands))
    if not operands:
        raise ValueError("einsum(): must provide at least one operand")
    if len(inputs) != len(operands):
        few = "fewer" if len(operands) < len(inputs) else "more"
        raise ShapeError(f"einsum(): {few} operands were provided than specified in the equation")
    spelled = [_spelled(labels, len(x.shape), i)
               for i, (labels, x) in enumerate(zip(inputs, operands, strict=True))]  # fmt: skip
    result = _result(spelled, inputs, output)
    terms = [_diagonal(x, labels, i, alone=len(operands) == 1)
             for i, (x, labels) in enumerate(zip(operands, spelled, strict=True))]  # fmt: skip
    return _contracted(_broadcast(terms), result)


# --------------------------------------------------------------------------------------- equations
@lru_cache(256)
def _parse(equation: str) -> tuple[tuple[Labels, ...], Labels | None]:
    left, arrow, right = equation.partition("->")
    inputs = tuple([_labels(part, equation) for part in left.split(",")])
    return inputs, _labels(right, equation) if arrow else None


def _labels(part: str, equation: str) -> Labels:
    letters = part.replace(" ", "")
    before, dots, after = letters.partition("...")
    for letter in before + after:
        if letter not in _LETTERS:
            raise ShapeError(
                f"einsum(): invalid subscript given at index {equation.index(letter)} in the "
                "equation string, subscripts must be in [a-zA-Z]"
            )
    found = [_LETTERS.index(letter) for letter in before + after]
    return (*found[: len(before)], *([_ELLIPSIS] if dots else []), *found[len(before) :])


def _from_lists(parts: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Labels, ...], Labels | None]:
    """Operands and labels from ``a, [0, 1], b, [1, 2]``, and the result's from a last list."""
    output = _numbers(parts[-1]) if len(parts) % 2 else None
    pairs = parts[: len(parts) // 2 * 2]
    return tuple(pairs[::2]), tuple([_numbers(labels) for labels in pairs[1::2]]), output


def _numbers(labels: Sequence[Any]) -> Labels:
    found = [_ELLIPSIS if n is Ellipsis else int(n) for n in labels]
    if any(n is not Ellipsis and not 0 <= n < len(_LETTERS) for n in labels):
        raise ShapeError(
            "einsum(): invalid subscript given in the list, subscripts must be in [0, 52)"
        )
    return tuple(found)


def _spelled(labels: Labels, ndim: int, operand: int) -> Labels:
    """``labels`` with those of the dimensions an ellipsis stands for."""
    extra = ndim - len(labels) + labels.count(_ELLIPSIS)
    if extra < 0 or (extra and _ELLIPSIS not in labels) or labels.count(_ELLIPSIS) > 1:
        raise ShapeError(
            f"einsum(): the number of subscripts in the equation ({len(labels)}) does not match "
            f"the number of dimensions ({ndim}) for operand {operand}"
            + ("" if _ELLIPSIS in labels else " and no ellipsis was given")
        )
    hidden = range(_FIRST + extra - 1, _FIRST - 1, -1)
    return tuple([n for label in labels for n in (hidden if label == _ELLIPSIS else (label,))])


def _result(spelled: Sequence[Labels], inputs: Sequence[Labels], output: Labels | None) -> Labels:
    """The labels of the result: those asked for, or those that occur once."""
    hidden = sorted({n for labels in spelled for n in labels if n >= _FIRST}, reverse=True)
    if output is None:
        counts = Counter(n for labels in inputs for n in labels if n != _ELLIPSIS)
        return (*hidden, *sorted(n for n, count in counts.items() if count == 1))
    for n in output:
        if n != _ELLIPSIS and output.count(n) > 1:
            raise ShapeError(
                f"einsum(): output subscript {_LETTERS[n]} appears more than once in the output"
            )
        if n != _ELLIPSIS and not any(n in labels for labels in inputs):
            raise ShapeError(
                f"einsum(): output subscript {_LETTERS[n]} does not appear in the equation for any "
                "input operand"
            )
    return tuple([n for label in output for n in (hidden if label == _ELLIPSIS else (label,))])


# --------------------------------------------------------------------------------------- operands
def _diagonal(x: Any, labels: Labels, operand: int, *, alone: bool) -> tuple[Any, Labels]:
    """``x`` with each label once: a view, or a copy where a product would keep all of ``x``."""
    whole = x
    for label in labels:
        while labels.count(label) > 1:
            i, j = [at for at, n in enumerate(labels) if n == label][:2]
            if x.shape[i] != x.shape[j]:
                raise ShapeError(
                    f"einsum(): subscript {_LETTERS[label]} is repeated for operand {operand} but "
                    f"the sizes don't match, {x.shape[j]} != {x.shape[i]}"
                )
            rest = [n for at, n in enumerate(labels) if at not in (i, j)]
            x, labels = diagonal(x, dim1=i, dim2=j), (*rest, label)
    return (x if alone or x is whole else clone_op(x)), labels


def _broadcast(terms: list[tuple[Any, Labels]]) -> list[tuple[Any, Labels]]:
    """The operands with sizes of 1 expanded where another one has more at the same label."""
    sizes: dict[int, int] = {}
    for i, (x, labels) in enumerate(terms):
        for n, size in zip(labels, x.shape, strict=True):
            if sizes.get(n, 1) != size and 1 not in (sizes.get(n, 1), size):
                name = _LETTERS[n] if n < _FIRST else "..."
                raise ShapeError(
                    f"einsum(): subscript {name} has size {size} for operand {i} which does not "
                    f"broadcast with previously seen size {sizes[n]}"
                )
            sizes[n] = size if sizes.get(n, 1) == 1 else sizes[n]
    return [(expand(x, [sizes[n] for n in labels]), labels) for x, labels in terms]


def _contracted(terms: list[tuple[Any, Labels]], result: Labels) -> Any:
    """The sum of products over all labels that are not in the result."""
    while len(terms) > 1:
        i, j = _next_pair(terms, result) if len(terms) > 2 else (0, 1)
        a, b = terms[i], terms[j]
        rest = [term for k, term in enumerate(terms) if k not in (i, j)]
        needed = {*result, *(n for _, labels in rest for n in labels)}
        first, ours = _summed(*a, keep={*b[1]} | needed)
        second, theirs = _summed(*b, keep={*ours} | needed)
        made = result if not rest else _kept(ours, theirs, needed)
        terms = [*rest, (contract(first, second, ours, theirs, made), made)]
    x, labels = _summed(*terms[0], keep={*result})
    axes = tuple([labels.index(n) for n in result])
    return x if axes == tuple(range(len(axes))) else permute_op(x, axes=axes)


def _summed(x: Any, labels: Labels, *, keep: set[int]) -> tuple[Any, Labels]:
    """``x`` summed over the labels nobody else has."""
    axes = tuple([i for i, n in enumerate(labels) if n not in keep])
    if not axes:
        return x, labels
    return sum_op(x, axes=axes, keepdim=False), tuple([n for n in labels if n in keep])


def _kept(ours: Labels, theirs: Labels, needed: set[int]) -> Labels:
    """The labels of a product in between, in the order in which it is made."""
    batch = [n for n in ours if n in theirs and n in needed]
    return (*batch, *(n for n in ours if n not in theirs), *(n for n in theirs if n not in ours))


def _next_pair(terms: list[tuple[Any, Labels]], result: Labels) -> tuple[int, int]:
    """The two operands whose product is smallest, and of those the ones with the least work."""
    sizes = {n: size for x, labels in terms for n, size in zip(labels, x.shape, strict=True)}

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        rest = {n for k, (_, labels) in enumerate(terms) if k not in pair for n in labels}
        both = {*terms[pair[0]][1], *terms[pair[1]][1]}
        kept = [sizes[n] for n in both if n in rest or n in result]
        return prod(kept), prod([sizes[n] for n in both])

    return min(combinations(range(len(terms)), 2), key=cost)

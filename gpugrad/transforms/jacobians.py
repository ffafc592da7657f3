"""Whole Jacobians and Hessians: one pass per row or per column, all of them as one batch.

Holds:     what is returned has the structure of the results, and in it that of the arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import prod
from typing import Any

from ..errors import GraphError
from ..graph import new_tensor
from ..ops.shape import reshape
from .func import Pullback, jvp
from .trees import flatten
from .vmap import vmap

__all__ = ["basis", "hessian", "jacfwd", "jacrev"]


def jacrev(func: Callable[..., Any], argnums: Any = 0, *, has_aux: bool = False,
           chunk_size: int | None = None) -> Callable[..., Any]:
    """The Jacobian of ``func``, row by row: for few results of many arguments.

    chunk_size   how many rows at most are computed at once
    """

    @wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        of_chosen, chosen = _of_chosen(func, args, argnums, kwargs)
        run = Pullback(of_chosen, chosen, has_aux)
        sizes = [prod(y.shape) for y in run.ys]

        def pull(*seeds: Any) -> Any:
            return tuple(run.pull(list(seeds)))

        rows = vmap(pull, chunk_size=chunk_size)(*basis(run.ys, sizes))
        blocks = []
        for y, start, size in zip(run.ys, _starts(sizes), sizes, strict=True):
            parts = [reshape(r[start : start + size], (*y.shape, *r.shape[1:])) for r in rows]
            filled = run.filled(parts)
            blocks.append(filled[0] if isinstance(argnums, int) else filled)
        found = run.outputs.filled(blocks)
        return (found, run.value(run.aux)) if has_aux else found

    return derived


def jacfwd(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False, *,
           randomness: str = "error") -> Callable[..., Any]:
    """The Jacobian of ``func``, column by column in forward mode: for few arguments."""

    @wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        of_chosen, chosen = _of_chosen(func, args, argnums, kwargs)
        xs, inputs = flatten(chosen)
        sizes = [prod(x.shape) for x in xs]

        def push(*tangents: Any) -> Any:
            return jvp(of_chosen, chosen, inputs.filled(tangents), has_aux=has_aux)

        made = vmap(lambda *ts: _leaves_last(push(*ts), has_aux), randomness=randomness)(
            *basis(xs, sizes)
        )  # fmt: skip
        columns, structure = flatten(made[0])
        blocks = []
        for column in columns:
            parts = [
                _columns_last(column[start : start + size], x.shape)
                for x, start, size in zip(xs, _starts(sizes), sizes, strict=True)
            ]
            filled = inputs.filled(parts)
            blocks.append(filled[0] if isinstance(argnums, int) else filled)
        found = structure.filled(blocks)
        if not has_aux:
            return found
        leaves, aux = flatten(made[1])
        return found, aux.filled([leaf[0] for leaf in leaves])

    return derived


def _leaves_last(result: tuple[Any, ...], has_aux: bool) -> tuple[Any, ...]:
    return (result[1], result[2]) if has_aux else (result[1],)


def _columns_last(column: Any, shape: Sequence[int]) -> Any:
    """(size, *y) as (*y, *x)."""
    size = column.shape[0]
    return reshape(column.movedim(0, -1), (*column.shape[1:], *shape)) if size != 1 or shape else (
        column[0]
    )  # fmt: skip


def hessian(func: Callable[..., Any], argnums: Any = 0) -> Callable[..., Any]:
    """The Hessian of ``func``: forward mode over reverse mode.

    >>> import gpugrad
    >>> hessian(lambda x: (x ** 3).sum())(gpugrad.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    return jacfwd(jacrev(func, argnums), argnums)


def _of_chosen(func: Callable[..., Any], args: tuple[Any, ...], argnums: Any,
               kwargs: dict[str, Any]) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """``func`` as a function of the chosen arguments alone, and those."""
    places = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for n in places:
        if not -len(args) <= n < len(args):
            raise GraphError(f"Got argnum={n}, but only {len(args)} positional inputs")

    def of_chosen(*parts: Any) -> Any:
        full = list(args)
        for place, part in zip(places, parts, strict=True):
            full[place] = part
        return func(*full, **kwargs)

    return of_chosen, tuple([args[n] for n in places])


def _starts(sizes: Sequence[int]) -> list[int]:
    return [sum(sizes[:i]) for i in range(len(sizes))]


def basis(tensors: Sequence[Any], sizes: Sequence[int]) -> list[Any]:
    """For each tensor the rows of an identity over all elements of all of them."""
    total = sum(sizes)
    made = []
    for t, start, size in zip(tensors, _starts(sizes), sizes, strict=True):
        kind = t.kind
        eye = kind.xp.zeros((total, size), kind.numpy)
        eye[range(start, start + size), range(size)] = 1
        made.append(new_tensor(eye.reshape(total, *t.shape), kind))
    return made

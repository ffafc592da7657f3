"""Derivatives of functions as functions: ``grad``, ``vjp``, ``jvp``, ``jacrev``, ``jacfwd``.

Each call of a transformed function makes fresh leaves of its arguments, runs the function on them,
and differentiates. A leaf of an argument that is in a graph already is joined to it by a recorded
identity, and one of a batch or a dual is made part by part: so transformations nest in any order.

Holds:     results are in a graph only as far as the arguments, or what the function closes over,
           were.
Must not:  touch any ``.grad``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, wraps
from typing import Any

from ..errors import GraphError
from ..graph import (
    Accumulator,
    TensorBase,
    enable_grad,
    is_traced,
    new_tensor,
    reachable,
    storage_of,
)
from ..graph import grad as gradients
from ..ops.broadcast import expand
from ..ops.shape import reshape
from .dual import Dual, make
from .traced import new_level
from .trees import flatten, map_leaves

__all__ = ["grad", "grad_and_value", "jvp", "linearize", "vjp"]


# ------------------------------------------------------------------------------------------ leaves
def fresh(x: Any) -> Any:
    """A tensor to differentiate with respect to, of the value of ``x``."""
    if isinstance(x, Dual):
        return make(fresh(x.primal), x.tangent, x.level)
    if is_traced(x):
        return x.rebuilt(fresh)
    if x.node is not None:
        with enable_grad():
            return reshape(x, x.shape)
    leaf = new_tensor(x.array, x.kind, None, storage_of(x), x.shape)
    leaf.node = Accumulator(leaf)
    return leaf


def _has_gradients(x: Any) -> bool:
    return isinstance(x, TensorBase) and x.kind.is_floating_point


def _own_leaves(xs: list[Any]) -> set[Any]:
    """The accumulators of the leaves among ``xs`` that ``fresh`` has made."""
    return {part.node for x in xs for part in _parts(x) if part.node.__class__ is Accumulator}


def _parts(x: Any) -> list[Any]:
    if not is_traced(x):
        return [x]
    return [part for inner in x.parts() for part in _parts(inner)]


def _reaches_others(outputs: list[Any], xs: list[Any]) -> bool:
    """Whether the graph of ``outputs`` leads to leaves that are not ``xs``'s own."""
    own = _own_leaves(xs)
    roots = [part for y in outputs for part in _parts(y) if part.node is not None]
    if any(r.node.__class__ is Accumulator and r.node not in own for r in roots):
        return True
    return any(
        edge.__class__ is Accumulator and edge not in own
        for node in reachable(roots) for edge in node.edges
    )  # fmt: skip


def _cut(x: Any) -> Any:
    """``x`` outside the graph, its tangents too."""
    if isinstance(x, Dual):
        return make(_cut(x.primal), _cut(x.tangent), x.level)
    if is_traced(x):
        return x.rebuilt(_cut)
    required = isinstance(x, TensorBase) and x.node is not None
    return x.detach() if required else x


# -------------------------------------------------------------------------------------------- vjp
class Pullback:
    """A function that was run on fresh leaves, ready to be differentiated.

    outer   whether what it returned depends on other leaves: then results are recorded
    """

    def __init__(self, func: Callable[..., Any], args: tuple[Any, ...], has_aux: bool) -> None:
        leaves, structure = flatten(args)
        self.structure = structure
        self.tensors = [i for i, x in enumerate(leaves) if _has_gradients(x)]
        levels = _batch_levels(leaves)
        made = [fresh(_alike(x, levels)) if _has_gradients(x) else x for x in leaves]
        self.xs = [made[i] for i in self.tensors]
        with enable_grad():
            result = func(*structure.filled(made))
        self.aux: Any = None
        if has_aux:
            if not (isinstance(result, tuple) and len(result) == 2):
                raise GraphError(
                    "Expected the function to return (output, aux) as a tuple of two, since "
                    f"has_aux=True, but got {type(result).__name__}"
                )
            result, self.aux = result
        self.ys, self.outputs = flatten(result)
        for y in self.ys:
            if not isinstance(y, TensorBase):
                raise GraphError(f"Expected the function to return tensors, got unsupported type "
                                 f"{type(y)}")  # fmt: skip
        self.outer = _reaches_others(self.ys, self.xs)

    def value(self, x: Any) -> Any:
        """A result of the function as its caller sees it."""
        return x if self.outer else map_leaves(_cut, x)

    def result(self) -> Any:
        """What the function returned."""
        return self.value(self.outputs.filled(self.ys))

    def pull(self, seeds: list[Any]) -> list[Any]:
        """The gradients of the tensors among the arguments."""
        pairs = [(y, g) for y, g in zip(self.ys, seeds, strict=True) if y.requires_grad]
        if not pairs:
            return [_zeros(x) for x in self.xs]
        ys, gs = zip(*pairs, strict=True)
        found = gradients(list(ys), self.xs, list(gs), retain_graph=True, create_graph=self.outer,
                          allow_unused=True)  # fmt: skip
        return [_zeros(x) if g is None else g for x, g in zip(self.xs, found, strict=True)]

    def filled(self, grads: list[Any]) -> Any:
        """Gradients in the structure of the arguments; None in the place of what is no tensor."""
        leaves: list[Any] = [None] * self.structure.count
        for i, g in zip(self.tensors, grads, strict=True):
            leaves[i] = g
        return self.structure.filled(leaves)


def _zeros(x: Any) -> Any:
    if is_traced(x):
        return x.detach() * 0
    return new_tensor(x.kind.xp.zeros(x.shape, x.kind.numpy), x.kind)


def vjp(func: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """``func(*primals)``, and a function from cotangents of its results to those of ``primals``.

    >>> import gpugrad
    >>> y, pull = vjp(lambda x: x * x, gpugrad.tensor([1.0, 2.0]))
    >>> pull(gpugrad.ones(2))
    (tensor([2., 4.]),)
    """
    run = Pullback(func, primals, has_aux)

    def pull(*cotangents: Any, **_: Any) -> Any:
        given = cotangents[0] if len(cotangents) == 1 else cotangents
        seeds, structure = flatten(given)
        if not structure.same_as(run.outputs):
            raise GraphError(
                "Expected pytree structure of cotangents to be the same as pytree structure of "
                "outputs to the function."
            )
        made = run.filled(run.pull(seeds))
        return made if isinstance(made, tuple) else (made,)

    return (run.result(), pull, run.value(run.aux)) if has_aux else (run.result(), pull)


# ------------------------------------------------------------------------------------------- grad
def grad_and_value(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False
                   ) -> Callable[..., Any]:
    """A function that returns ``(gradient, value)`` of ``func``, which returns one number."""

    @wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        chosen = (argnums,) if isinstance(argnums, int) else tuple(argnums)
        chosen = tuple([_place(n, len(args)) for n in chosen])
        args = _batched_alike(args, chosen)

        def of_chosen(*parts: Any) -> Any:
            full = list(args)
            for place, part in zip(chosen, parts, strict=True):
                full[place] = part
            return func(*full, **kwargs)

        run = Pullback(of_chosen, tuple(args[n] for n in chosen), has_aux)
        if len(run.ys) != 1 or run.ys[0].shape.numel() != 1 or len(run.ys[0].shape):
            shapes = [tuple(y.shape) for y in run.ys]
            raise GraphError("Expected f(*args) to return a scalar tensor, got tensors of shapes "
                             f"{shapes}")  # fmt: skip
        made = run.filled(run.pull([None]))
        found = made[0] if isinstance(argnums, int) else made
        value = run.result()
        return (found, (value, run.value(run.aux))) if has_aux else (found, value)

    return derived


def grad(func: Callable[..., Any], argnums: Any = 0, has_aux: bool = False) -> Callable[..., Any]:
    """A function that returns the gradient of ``func`` with respect to some of its arguments.

    argnums   the argument, or several of them
    has_aux   ``func`` returns ``(value, aux)``; the result is then ``(gradient, aux)``

    >>> import gpugrad
    >>> grad(lambda x: (x ** 3).sum())(gpugrad.tensor([1.0, 2.0]))
    tensor([ 3., 12.])
    """
    both = grad_and_value(func, argnums, has_aux)

    @wraps(func)
    def derived(*args: Any, **kwargs: Any) -> Any:
        found, value = both(*args, **kwargs)
        return (found, value[1]) if has_aux else found

    return derived


def _place(argnum: int, count: int) -> int:
    if not -count <= argnum < count:
        raise GraphError(f"Got argnum={argnum}, but only {count} positional inputs")
    return argnum % count


def _batched_alike(args: tuple[Any, ...], chosen: tuple[int, ...]) -> tuple[Any, ...]:
    """Arguments to differentiate by as batches of the levels that any argument has.

    A parameter that all examples share gets a gradient per example under ``vmap``.
    """
    levels = _batch_levels(flatten(args)[0])
    made = list(args)
    for n in chosen:
        made[n] = map_leaves(partial(_alike, levels=levels), made[n])
    return tuple(made)


def _batch_levels(leaves: list[Any]) -> list[Any]:
    """A batch of every level that occurs in ``leaves``, lowest first."""
    found: dict[int, Any] = {}
    stack = [x for x in leaves if is_traced(x)]
    while stack:
        x = stack.pop()
        if not isinstance(x, Dual):
            found[x.level] = x
        stack += [part for part in x.parts() if is_traced(part)]
    return [found[level] for level in sorted(found)]


def _alike(x: Any, levels: list[Any]) -> Any:
    """``x`` as a batch of all these levels."""
    for like in levels:
        x = _like(x, like)
    return x


def _like(x: Any, like: Any) -> Any:
    """``x`` as a batch of the level of ``like``, the same for every example."""
    inner = x
    while is_traced(inner):
        if inner.level == like.level:
            return x
        inner = inner.parts()[0]
    if not isinstance(x, TensorBase) or not x.kind.is_floating_point:
        return x
    count = like.parts()[0].shape[0]
    traced: Any = x
    if is_traced(x) and traced.level > like.level:
        return traced.rebuilt(lambda part: _like(part, like))
    return like.rebuilt(lambda _: expand(reshape(x, (1, *x.shape)), (count, *x.shape)))


# -------------------------------------------------------------------------------------------- jvp
def jvp(func: Callable[..., Any], primals: Any, tangents: Any, *, strict: bool = False,
        has_aux: bool = False) -> Any:
    """``func(*primals)``, and its change along ``tangents``: ``(output, tangent[, aux])``.

    >>> import gpugrad
    >>> one = gpugrad.tensor([1.0])
    >>> jvp(lambda x: x.exp() * 2, (one * 0,), (one,))
    (tensor([2.]), tensor([2.]))
    """
    if not isinstance(primals, tuple) or not isinstance(tangents, tuple):
        raise GraphError("jvp: Expected primals and tangents to be tuples: jvp(f, (x,), (t,))")
    xs, structure = flatten(primals)
    ts, others = flatten(tangents)
    if not structure.same_as(others):
        raise GraphError("jvp: Expected primals and tangents to have the same python structure")
    for x, t in zip(xs, ts, strict=True):
        if tuple(x.shape) != tuple(t.shape):
            raise GraphError("jvp: Expected primals and tangents of the same shape, got "
                             f"{tuple(x.shape)} and {tuple(t.shape)}")  # fmt: skip
    with new_level() as level:
        duals = [make(x, t, level) for x, t in zip(xs, ts, strict=True)]
        result = func(*structure.filled(duals))
        aux = None
        if has_aux:
            result, aux = result
        out = map_leaves(lambda y: _primal(y, level), result)
        moved = map_leaves(lambda y: _tangent(y, level, strict), result)
        return (out, moved, map_leaves(lambda y: _primal(y, level), aux)) if has_aux else (
            out, moved
        )  # fmt: skip


def _primal(y: Any, level: int) -> Any:
    return y.primal if isinstance(y, Dual) and y.level == level else y


def _tangent(y: Any, level: int, strict: bool) -> Any:
    if isinstance(y, Dual) and y.level == level:
        return y.tangent
    if not isinstance(y, TensorBase):
        raise GraphError(f"jvp: Expected the function to return tensors, got {type(y)}")
    if strict:
        raise GraphError("jvp(f, primals, tangents, strict=True): The output of f is independent "
                         "of the inputs. This is not allowed with strict=True.")  # fmt: skip
    return _zeros(y)


def linearize(func: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """``func(*primals)``, and its change along tangents as a function of them."""
    output = func(*primals)
    return output, lambda *tangents: jvp(func, primals, tangents)[1]

"""``backward`` and ``grad``: what users ask for, checked and handed to the engine.

Holds:     whatever is wrong with the request is said before the engine starts.
Must not:  look into the graph; that is the engine's.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ..array import Kind, kind_of_array
from ..errors import (
    DeviceError,
    GraphError,
    implicit_seed,
    no_grad_root,
    not_required,
    seed_shape,
)
from .accumulate import whole
from .base import Size, TensorBase, new_tensor
from .edges import EdgePlace, GradientEdge
from .engine import run
from .lost import why_no_grad
from .node import Accumulator
from .traced import topmost
from .where import here, location

__all__ = ["backward", "grad", "is_leaf"]

Tensors = TensorBase | Sequence[TensorBase]


def backward(tensors: Tensors, grad_tensors: Any = None, retain_graph: bool | None = None,
             create_graph: bool = False, inputs: Tensors | None = None) -> None:
    """Accumulates the gradients of ``tensors`` into the ``.grad`` of their leaves.

    tensors       one root or several; a root with several elements needs a seed
    grad_tensors  one seed per root: a tensor or array of its shape, or a number; None means 1
    retain_graph  keep saved values for another pass; by default what ``create_graph`` is
    create_graph  record the pass itself, so that its results can be differentiated
    inputs        accumulate only into these (leaves or not)

    Raises:  GraphError, GraphFreedError, InplaceError, ShapeError; nothing has changed then
    """
    roots = _several(tensors)
    targets = None if inputs is None else _several(inputs, target=True)
    if targets is not None and not targets:
        raise GraphError("`inputs` argument to `backward()` cannot be empty.")
    seeds = _seeds(roots, _one_per_root(roots, grad_tensors), create_graph)
    if targets is not None:
        _check_targets(targets)
        _check_places(targets)
    retain = create_graph if retain_graph is None else retain_graph
    results = run(roots, seeds, targets, retain_graph=retain, create_graph=create_graph,
                  accumulate=True, call="backward()")  # fmt: skip
    for target, g in zip(targets or (), results, strict=True):
        if g is not None and not is_leaf(target):
            _accumulate(target, g)


def grad(outputs: Tensors, inputs: Tensors, grad_outputs: Any = None,
         retain_graph: bool | None = None, create_graph: bool = False,
         allow_unused: bool | None = None, is_grads_batched: bool = False,
         materialize_grads: bool = False) -> tuple[Any, ...]:
    """The gradients of ``outputs`` with respect to ``inputs``, as a tuple; no ``.grad`` changes.

    allow_unused       return None for an input that was not used, instead of raising
    materialize_grads  return zeros for it
    is_grads_batched   the first dimension of each seed counts seeds; results have it, too

    Raises:  as ``backward``; UnusedInputError; ValueError for allow_unused=False with
             materialize_grads=True
    """
    roots, targets = _several(outputs), _several(inputs, target=True)
    if materialize_grads and allow_unused is False:
        raise ValueError(
            "Expected allow_unused to be True or not passed when materialize_grads=True, "
            "but got: allow_unused=False."
        )
    if not targets:
        raise GraphError("`inputs` argument to `grad()` cannot be empty.")
    retain = create_graph if retain_graph is None else retain_graph
    options: dict[str, Any] = {"retain_graph": retain, "create_graph": create_graph,
                               "allow_unused": bool(allow_unused) or materialize_grads}
    given = _one_per_root(roots, grad_outputs)
    if is_grads_batched:
        results: Any = batched_gradients(roots, targets, given, **options)
    elif (top := topmost((*roots, *targets, *given))) is not None:
        results = top.gradients(roots, targets, given, **options)
    else:
        seeds = _seeds(roots, given, create_graph)
        _check_targets(targets)
        results = run(roots, seeds, targets, accumulate=False, call="autograd.grad()", **options)
    return tuple(
        _result(g, target, materialize_grads) for g, target in zip(results, targets, strict=True)
    )


# --------------------------------------------------------------------------------------- requests
def is_leaf(tensor: Any) -> bool:
    """Whether the user made the tensor, rather than a recorded op."""
    node = tensor.node
    return node is None or node.__class__ is Accumulator


def _several(tensors: Any, target: bool = False) -> list[Any]:
    """Tensors, or places that edges stand for."""
    one = isinstance(tensors, (TensorBase, GradientEdge))
    found = [tensors] if one else list(tensors)
    for i, t in enumerate(found):
        if isinstance(t, GradientEdge):
            found[i] = EdgePlace(t, target)
        elif not isinstance(t, TensorBase):
            raise TypeError(f"expected a Tensor, but got {type(t).__name__}")
    return found


def _check_targets(targets: list[Any]) -> None:
    for target in targets:
        if target.node is None:
            raise not_required(why_no_grad(target), str(location(*here())))


def _check_places(targets: list[Any]) -> None:
    if any(isinstance(target, EdgePlace) and not is_leaf(target) for target in targets):
        raise GraphError("backward(inputs=...) takes edges of leaves only: no other edge has a "
                         ".grad; use autograd.grad")  # fmt: skip


def _one_per_root(roots: list[Any], given: Any) -> list[Any]:
    if given is None or isinstance(given, (TensorBase, int, float)) or hasattr(given, "dtype"):
        given = [given] * len(roots) if given is None else [given]
    if len(given) != len(roots):
        raise GraphError(f"got {len(roots)} tensors and {len(given)} gradients")
    return list(given)


def gradients_of_traced(roots: list[Any], targets: list[Any], seeds: list[Any], *,
                        retain_graph: bool, create_graph: bool, allow_unused: bool) -> list[Any]:
    """``grad`` where ordinary tensors get seeds that are traced; so are the results, then."""
    for index, root in enumerate(roots):
        if root.node is None:
            raise no_grad_root(index, why_no_grad(root), str(location(*here())))
    _check_targets(targets)
    return run(roots, seeds, targets, accumulate=False, call="autograd.grad()", on_tensors=True,
               retain_graph=retain_graph, create_graph=create_graph, allow_unused=allow_unused)


class _Batching:
    """How ``is_grads_batched`` is done: the room of transformations says so."""

    gradients: Any = None


def use_batching(gradients: Any) -> None:
    """Makes ``gradients(roots, targets, seeds, **options)`` serve ``is_grads_batched=True``."""
    _Batching.gradients = gradients


def batched_gradients(*args: Any, **options: Any) -> Any:
    """What ``use_batching`` was told."""
    return _Batching.gradients(*args, **options)


def _seeds(roots: list[Any], given: list[Any], create: bool) -> list[Any]:
    seeds = []
    for index, (root, seed) in enumerate(zip(roots, given, strict=True)):
        if root.node is None:
            raise no_grad_root(index, why_no_grad(root), str(location(*here())))
        seeds.append(_seed(index, root, seed, create))
    return seeds


def _seed(index: int, root: Any, seed: Any, create: bool) -> Any:
    """The cotangent of one root: a raw array, or a tensor for a recorded pass."""
    known = root.kind or getattr(seed, "kind", None)
    if known is None:
        raise GraphError(f"grad_output[{index}] is needed: the edge does not say its dtype")
    kind: Kind = known
    if seed is None:
        if prod(root.shape) != 1:
            raise implicit_seed(tuple(root.shape), str(location(*here())))
        seed = kind.xp.ones(root.shape, kind.numpy)
    elif isinstance(seed, TensorBase):
        if seed.kind.device != kind.device:
            raise DeviceError(
                f"grad_output[{index}] is on {seed.kind.device}, output[{index}] on {kind.device}"
            )
        if tuple(seed.shape) != tuple(root.shape):
            raise seed_shape(index, tuple(seed.shape), tuple(root.shape))
        if create and seed.kind is kind:
            return seed
        seed = seed.array.astype(kind.numpy, copy=False)
    else:
        seed = kind.xp.asarray(seed, kind.numpy)
        if seed.shape != tuple(root.shape):
            if seed.size != 1 or prod(root.shape) != 1:
                raise seed_shape(index, seed.shape, tuple(root.shape))
            seed = seed.reshape(root.shape)
    return new_tensor(seed, kind) if create else seed


def _result(g: Any, target: Any, materialize: bool) -> Any:
    if isinstance(target, EdgePlace):
        g = target.of(g)
    kind = target.kind
    if g is None:
        if not materialize or kind is None:
            return None
        g = kind.xp.zeros(target.shape, kind.numpy)
    if isinstance(g, TensorBase):
        return g
    return new_tensor(g if whole(g) else g.copy(), kind or kind_of_array(g), shape=Size(g.shape))


def _accumulate(target: Any, g: Any) -> None:
    """Adds to the ``.grad`` of a tensor that is no leaf but was named in ``inputs``."""
    new = g if isinstance(g, TensorBase) else new_tensor(g.copy(), target.kind)
    target._grad = new if target._grad is None else target._grad + new

"""Derivatives of functions of tensors by backward passes: ``vjp``, ``jvp``, ``jacobian``, ...

Inputs and results may be one tensor or a tuple; results of several have the structure of both.

Holds:     inputs are not touched: the function gets copies of them, joined to their graphs where
           ``create_graph`` asks for it.
Must not:  change any ``.grad``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..errors import independent_output, not_a_scalar, wrong_argument, wrong_shapes
from ..graph import TensorBase, enable_grad, grad
from ..ops.creation import require_grad
from ..ops.filled import ones_like, zeros_like
from ..ops.join import stack
from ..ops.shape import reshape
from .func import fresh
from .jacobians import basis, jacfwd
from .trees import map_leaves

__all__ = ["hessian", "hvp", "jacobian", "jvp", "vhp", "vjp"]


# ------------------------------------------------------------------------- arguments and results
def _tuple_of(value: Any, what: str, name: str) -> tuple[tuple[Any, ...], bool]:
    """A tensor or a tuple of them as a tuple, and whether it was one."""
    several = isinstance(value, tuple)
    found = value if several else (value,)
    for i, each in enumerate(found):
        if not isinstance(each, TensorBase):
            raise wrong_argument(name, what, i if several else None, type(each))
    return found, several


def _like_inputs(results: Sequence[Any], several: bool) -> Any:
    return tuple(results) if several else results[0]


def _leaves(inputs: Sequence[Any], create_graph: bool) -> tuple[Any, ...]:
    """What the function is called with: joined to the inputs' graphs if those matter."""
    return tuple([fresh(x if create_graph else x.detach()) for x in inputs])


def _outside(results: Any, create_graph: bool) -> Any:
    if create_graph:
        return results
    return tuple([None if r is None else r.detach() for r in results])


class _Run:
    """A function that was run on fresh leaves."""

    def __init__(self, name: str, func: Callable[..., Any], inputs: Any, create_graph: bool,
                 strict: bool) -> None:
        self.name, self.create, self.strict = name, create_graph, strict
        given, self.several = _tuple_of(inputs, "inputs", name)
        self.xs = _leaves(given, create_graph)
        with enable_grad():
            result = func(*self.xs)
        self.ys, self.many = _tuple_of(result, "outputs of the user-provided function", name)
        if strict:
            for i, y in enumerate(self.ys):
                if not y.requires_grad:
                    raise independent_output(name, i)

    def one_number(self) -> None:
        """Refuses a function whose result is not one number."""
        if self.many or self.ys[0].shape.numel() != 1:
            raise not_a_scalar(self.name)

    def seeds(self, v: Any, like: Sequence[Any], several: bool, what: str) -> tuple[Any, ...]:
        """``v``, which must be like ``like``; ones for a single number without it."""
        if v is None:
            if len(like) != 1 or like[0].shape.numel() != 1:
                raise wrong_shapes(self.name, f"The vector v can only be None if {what} is one "
                                   "Tensor of one element.")  # fmt: skip
            return (ones_like(like[0].detach()),)
        found, _ = _tuple_of(v, "v", self.name)
        if len(found) != len(like):
            raise wrong_shapes(self.name, f"v is a tuple of invalid length: should be {len(like)} "
                               f"but got {len(found)}.")  # fmt: skip
        for i, (a, b) in enumerate(zip(found, like, strict=True)):
            if tuple(a.shape) != tuple(b.shape):
                raise wrong_shapes(self.name, f"v has invalid size at index {i}: should be "
                                   f"{list(b.shape)} but got {list(a.shape)}.")  # fmt: skip
        return found

    def gradients(self, ys: Sequence[Any], seeds: Sequence[Any], *, record: bool,
                  strict: bool = False) -> list[Any]:
        """Gradients with respect to the leaves, zeros where there are none."""
        pairs = [(y, g) for y, g in zip(ys, seeds, strict=True) if y.requires_grad]
        found: Sequence[Any] = [None] * len(self.xs)
        if pairs:
            roots, gs = map(list, zip(*pairs, strict=True))
            found = grad(roots, list(self.xs), gs, retain_graph=True, create_graph=record,
                         allow_unused=True)  # fmt: skip
        for i, g in enumerate(found):
            if strict and g is None:
                raise independent_output(self.name, i, of_input=True)
        return [zeros_like(x.detach()) if g is None else g
                for x, g in zip(self.xs, found, strict=True)]  # fmt: skip

    def outputs(self) -> Any:
        """What the function returned."""
        return _like_inputs(_outside(self.ys, self.create), self.many)


# ----------------------------------------------------------------------------------------- products
def vjp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, and ``v`` times its Jacobian.

    >>> import gpugrad
    >>> x = gpugrad.tensor([1.0, 2.0])
    >>> vjp(lambda x: x * x, x, gpugrad.ones(2))[1]
    tensor([2., 4.])
    """
    run = _Run("vjp", func, inputs, create_graph, strict)
    seeds = run.seeds(v, run.ys, run.many, "the output")
    found = run.gradients(run.ys, seeds, record=create_graph, strict=strict)
    return run.outputs(), _like_inputs(_outside(found, create_graph), run.several)


def jvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, and its Jacobian times ``v``: the gradient of a gradient."""
    run = _Run("jvp", func, inputs, create_graph, strict)
    seeds = run.seeds(v, run.xs, run.several, "the input")
    duals = [require_grad(zeros_like(y.detach())) for y in run.ys]
    pulled = run.gradients(run.ys, duals, record=True, strict=strict)
    moved = _of_linear(pulled, duals, seeds, create_graph)
    return run.outputs(), _like_inputs(_outside(moved, create_graph), run.many)


def _of_linear(results: Sequence[Any], leaves: Sequence[Any], seeds: Sequence[Any], record: bool
               ) -> list[Any]:
    pairs = [(r, s) for r, s in zip(results, seeds, strict=True) if r.requires_grad]
    found: Sequence[Any] = [None] * len(leaves)
    if pairs:
        roots, gs = map(list, zip(*pairs, strict=True))
        found = grad(roots, list(leaves), gs, create_graph=record, retain_graph=True,
                     allow_unused=True)  # fmt: skip
    return [zeros_like(x.detach()) if d is None else d for x, d in zip(leaves, found, strict=True)]


def vhp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, one number, and ``v`` times its Hessian."""
    run = _Run("vhp", func, inputs, create_graph, strict)
    run.one_number()
    seeds = run.seeds(v, run.xs, run.several, "the input")
    first = run.gradients(run.ys, [None], record=True, strict=strict)
    if strict and not all(g.requires_grad for g in first):
        raise independent_output("vhp", 0, of_gradient=True)
    second = run.gradients(first, seeds, record=create_graph, strict=strict)
    return run.outputs(), _like_inputs(_outside(second, create_graph), run.several)


def hvp(func: Callable[..., Any], inputs: Any, v: Any = None, create_graph: bool = False,
        strict: bool = False) -> tuple[Any, Any]:
    """``func(*inputs)``, one number, and its Hessian times ``v``.

    The Hessian is symmetric, so this is ``vhp``, which is the cheaper way.
    """
    return vhp(func, inputs, v, create_graph, strict)


# ----------------------------------------------------------------------------------------- matrices
def jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool = False,
             strict: bool = False, vectorize: bool = False,
             strategy: str = "reverse-mode") -> Any:
    """The Jacobian: for every output and every input a tensor of both shapes together.

    vectorize   all rows in one batched pass instead of one pass each
    strategy    "reverse-mode", or "forward-mode" (with ``vectorize``)

    >>> import gpugrad
    >>> jacobian(lambda x: x * x, gpugrad.tensor([1.0, 2.0]))
    tensor([[2., 0.],
            [0., 4.]])
    """
    if strategy not in ("forward-mode", "reverse-mode"):
        raise ValueError('Expected strategy to be either "forward-mode" or "reverse-mode". Hint: '
                         'If your function has more outputs than inputs, "forward-mode" tends to '
                         "be more performant.")  # fmt: skip
    if strategy == "forward-mode":
        return _forward_jacobian(func, inputs, create_graph, strict, vectorize)
    run = _Run("jacobian", func, inputs, create_graph, strict)
    if vectorize:
        if strict:
            raise RuntimeError("torch.autograd.functional.jacobian: `strict=True` and "
                               "`vectorize=True` are not supported together.")  # fmt: skip
        blocks = _rows_at_once(run)
    else:
        blocks = [_rows(run, y) for y in run.ys]
    made = [_like_inputs(_outside(block, create_graph), run.several) for block in blocks]
    return _like_inputs(made, run.many)


def _rows(run: _Run, y: Any) -> list[Any]:
    """The Jacobian of one output, a pass for each of its elements."""
    flat = reshape(y, (y.shape.numel(),))
    rows = [
        run.gradients([flat[i]], [None], record=run.create, strict=run.strict)
        for i in range(y.shape.numel())
    ]
    if not rows:
        return [zeros_like(x.detach()).reshape(*x.shape)[None][:0].reshape(*y.shape, *x.shape)
                for x in run.xs]  # fmt: skip
    columns = zip(*rows, strict=True)
    return [reshape(stack(list(c)), (*y.shape, *x.shape)) for c, x in zip(columns, run.xs,
                                                                        strict=True)]  # fmt: skip


def _rows_at_once(run: _Run) -> list[list[Any]]:
    sizes = [y.shape.numel() for y in run.ys]
    found = grad(list(run.ys), list(run.xs), basis(run.ys, sizes), retain_graph=True,
                 create_graph=run.create, allow_unused=True, is_grads_batched=True)  # fmt: skip
    blocks, start = [], 0
    for y, size in zip(run.ys, sizes, strict=True):
        block = []
        for x, g in zip(run.xs, found, strict=True):
            if g is None:
                g = zeros_like(x.detach()).expand(sum(sizes), *x.shape)
            block.append(reshape(g[start : start + size], (*y.shape, *x.shape)))
        blocks.append(block)
        start += size
    return blocks


def _forward_jacobian(func: Callable[..., Any], inputs: Any, create_graph: bool, strict: bool,
                      vectorize: bool) -> Any:
    if strict or create_graph or not vectorize:
        raise NotImplementedError(
            "torch.autograd.functional.jacobian: strategy=\"forward-mode\" needs vectorize=True, "
            "and takes neither create_graph=True nor strict=True; gpugrad.func.jacfwd nests"
        )
    given, several = _tuple_of(inputs, "inputs", "jacobian")
    xs = tuple([x.detach() for x in given])
    found = jacfwd(func, tuple(range(len(xs))) if several else 0)(*xs)
    return map_leaves(lambda block: block.detach(), found)


def hessian(func: Callable[..., Any], inputs: Any, create_graph: bool = False,
            strict: bool = False, vectorize: bool = False,
            outer_jacobian_strategy: str = "reverse-mode") -> Any:
    """The Hessian of a function that returns one number: the Jacobian of its gradient.

    >>> import gpugrad
    >>> hessian(lambda x: (x ** 3).sum(), gpugrad.tensor([1.0, 2.0]))
    tensor([[ 6.,  0.],
            [ 0., 12.]])
    """
    _, several = _tuple_of(inputs, "inputs", "hessian")
    if outer_jacobian_strategy not in ("forward-mode", "reverse-mode"):
        raise ValueError('Expected strategy to be either "forward-mode" or "reverse-mode".')

    def gradient(*xs: Any) -> Any:
        run = _Run("hessian", func, xs if several else xs[0], True, strict)
        run.one_number()
        found = run.gradients(run.ys, [None], record=True, strict=strict)
        if strict and not all(g.requires_grad for g in found):
            raise independent_output("hessian", 0, of_gradient=True)
        return _like_inputs(found, several)

    return jacobian(gradient, inputs, create_graph=create_graph, strict=strict,
                    vectorize=vectorize, strategy=outer_jacobian_strategy)  # fmt: skip

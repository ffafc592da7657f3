"""Gradients compared with slopes: ``gradcheck`` and ``gradgradcheck``.

Holds:     slopes are central differences of the function itself, in the precision of its inputs;
           the message of a failure names input and output, and shows both matrices.
Must not:  change the inputs: they are moved in place for a slope, and back, so what graphs saved
           of them is not stale afterwards.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import GradcheckError
from ..graph import TensorBase, grad
from ..ops.creation import require_grad, tensor
from ..ops.filled import ones_like, zeros_like
from ..ops.join import stack
from ..ops.random import randn_like
from .func import jvp
from .vmap import vmap

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]


def gradcheck(func: Callable[..., Any], inputs: Any, *, eps: float = 1e-6, atol: float = 1e-5,
              rtol: float = 1e-3, raise_exception: bool = True, nondet_tol: float = 0.0,
              check_undefined_grad: bool = True, check_grad_dtypes: bool = False,
              check_batched_grad: bool = False, check_batched_forward_grad: bool = False,
              check_forward_ad: bool = False, check_backward_ad: bool = True,
              fast_mode: bool = False, masked: bool | None = None) -> bool:
    """Whether the gradients of ``func`` are its slopes, for all inputs that require grad.

    fast_mode  compares one random projection of the matrices instead of all their entries

    Raises:  GradcheckError (RuntimeError) where they are not, unless ``raise_exception=False``
    >>> import gpugrad
    >>> x = gpugrad.rand(3, dtype=gpugrad.float64, requires_grad=True)
    >>> gradcheck(gpugrad.exp, x)
    True
    """
    check = _Check(func, inputs, eps, atol, rtol)
    try:
        check.prepare(check_backward_ad)
        if check_backward_ad:
            check.determinism(nondet_tol)
            check.gradients(fast_mode)
            if check_undefined_grad:
                check.undefined()
            if check_grad_dtypes:
                check.dtypes()
        if check_forward_ad:
            check.tangents(fast_mode)
        if check_batched_grad or check_batched_forward_grad:
            check.batched(check_batched_grad, check_batched_forward_grad)
    except GradcheckError:
        if raise_exception:
            raise
        return False
    return True


def gradgradcheck(func: Callable[..., Any], inputs: Any, grad_outputs: Any = None, *,
                  eps: float = 1e-6, atol: float = 1e-5, rtol: float = 1e-3,
                  gen_non_contig_grad_outputs: bool = False, raise_exception: bool = True,
                  nondet_tol: float = 0.0, check_undefined_grad: bool = True,
                  check_grad_dtypes: bool = False, check_batched_grad: bool = False,
                  check_fwd_over_rev: bool = False, check_rev_over_rev: bool = True,
                  fast_mode: bool = False, masked: bool = False) -> bool:
    """``gradcheck`` of the gradient of ``func``: its second derivatives are slopes of the first.

    grad_outputs  the cotangents of the results, by default random ones
    """
    given = _tuple_of(inputs)
    if grad_outputs is None:
        results = _tuple_of(func(*given))
        drawn = [randn_like(y.detach()) for y in results if y.kind.is_floating_point]
        if gen_non_contig_grad_outputs:
            drawn = [stack([g, g], -1)[..., 0] for g in drawn]
        grad_outputs = tuple([require_grad(g.detach()) for g in drawn])
    seeds = _tuple_of(grad_outputs)

    def first(*args: Any) -> Any:
        own, cotangents = args[: len(given)], args[len(given) :]
        wanted = [x for x in own if getattr(x, "requires_grad", False)]
        ys = [y for y in _tuple_of(func(*own)) if y.kind.is_floating_point]
        found = grad(ys, wanted, list(cotangents), create_graph=True, allow_unused=True)
        return tuple([g for g in found if g is not None and g.requires_grad])

    return gradcheck(
        first, (*given, *seeds), eps=eps, atol=atol, rtol=rtol, raise_exception=raise_exception,
        nondet_tol=nondet_tol, check_undefined_grad=check_undefined_grad,
        check_grad_dtypes=check_grad_dtypes, check_batched_grad=check_batched_grad,
        check_forward_ad=check_fwd_over_rev, check_backward_ad=check_rev_over_rev,
        fast_mode=fast_mode,
    )  # fmt: skip


def _tuple_of(value: Any) -> tuple[Any, ...]:
    return tuple(value) if isinstance(value, (tuple, list)) else (value,)


class _Check:
    """One function at one point."""

    def __init__(self, func: Callable[..., Any], inputs: Any, eps: float, atol: float,
                 rtol: float) -> None:
        self.func = func
        self.inputs = _tuple_of(inputs)
        self.eps, self.atol, self.rtol = eps, atol, rtol

    def prepare(self, backward: bool) -> None:
        """Runs the function once and looks at what goes in and comes out."""
        self.places = [i for i, x in enumerate(self.inputs)
                       if isinstance(x, TensorBase) and x.node is not None]
        if not self.places:
            raise ValueError("gradcheck expects at least one input tensor to require gradient, but "
                             "none of the them have requires_grad=True.")  # fmt: skip
        self.xs = [self.inputs[i] for i in self.places]
        for i, x in zip(self.places, self.xs, strict=True):
            if x.kind.dtype.itemsize < 8:
                warnings.warn(
                    f"Input #{i} requires gradient and is not a double precision floating point or "
                    "complex. This check will likely fail if all the inputs are not of double "
                    "precision floating point or complex. ", stacklevel=4,
                )  # fmt: skip
            if 0 in x.array.strides and any(
                not step and n > 1 for step, n in zip(x.array.strides, x.shape, strict=True)
            ):
                raise RuntimeError(f"The {i}th input has a dimension with stride 0. gradcheck only "
                                   "supports inputs that are non-overlapping")  # fmt: skip
        self.ys = self.outputs()
        if backward and self.ys and not any(y.requires_grad for y in self.ys):
            for numerical in self.slopes():
                if any(np.abs(m).max(initial=0) > self.atol for m in numerical):
                    raise GradcheckError("Numerical gradient for function expected to be zero")

    def outputs(self) -> list[Any]:
        """The floating results of the function."""
        return [y for y in _tuple_of(self.func(*self.inputs))
                if isinstance(y, TensorBase) and y.kind.is_floating_point]  # fmt: skip

    # ------------------------------------------------------------------------------------- matrices
    def slopes(self) -> list[list[Any]]:
        """For every input a matrix (elements of the input, of the output) for every output."""
        return [self._slopes_of(x) for x in self.xs]

    def _slopes_of(self, x: Any) -> list[Any]:
        columns: list[list[Any]] = [[] for _ in self.ys]
        for place in np.ndindex(tuple(x.shape)):
            for column, (up, down) in zip(columns, self._moved(x, place), strict=True):
                column.append((up - down) / (2 * self.eps))
        sizes = [y.shape.numel() for y in self.ys]
        return [np.array(c).reshape(-1, n) if c else np.zeros((0, n))
                for c, n in zip(columns, sizes, strict=True)]  # fmt: skip

    def _moved(self, x: Any, place: tuple[int, ...]) -> list[tuple[Any, Any]]:
        """Every output with one element of ``x`` a little larger, and a little smaller."""
        before = x.array[place].copy()
        found = []
        try:
            for step in (self.eps, -self.eps):
                x.array[place] = before + step
                found.append([_flat(y) for y in self.outputs()])
        finally:
            x.array[place] = before
        return list(zip(*found, strict=True))

    def analytical(self) -> list[list[Any]]:
        """The same matrices by backward passes, one for each element of each output."""
        matrices = [[np.zeros((x.shape.numel(), y.shape.numel())) for y in self.ys]
                    for x in self.xs]  # fmt: skip
        elements = [(j, y, k) for j, y in enumerate(self.ys) if y.requires_grad
                    for k in range(y.shape.numel())]  # fmt: skip
        for j, y, k in elements:
            seed = zeros_like(y.detach())
            seed.array.reshape(-1)[k] = 1
            for i, g in enumerate(self._pull(y, seed)):
                matrices[i][j][:, k] = 0 if g is None else _flat(g)
        return matrices

    def _pull(self, y: Any, seed: Any) -> Sequence[Any]:
        return grad(y, self.xs, seed, retain_graph=True, allow_unused=True)

    # --------------------------------------------------------------------------------------- checks
    def gradients(self, fast: bool) -> None:
        """Gradients against slopes."""
        if fast:
            self._projected()
            return
        numerical, analytical = self.slopes(), self.analytical()
        for i, place in enumerate(self.places):
            for j in range(len(self.ys)):
                self._compare(analytical[i][j], numerical[i][j], place, j, "backward")

    def _compare(self, ours: Any, slopes: Any, place: int, j: int, how: str) -> None:
        if np.allclose(ours, slopes, self.rtol, self.atol):
            return
        raise GradcheckError(
            f"Jacobian mismatch for output {j} with respect to input {place} ({how} mode),\n"
            f"numerical:{slopes}\nanalytical:{ours}\n"
        )

    def _projected(self) -> None:
        """u^T J v by a backward pass and by one difference."""
        rng = np.random.default_rng(0)
        for i, (place, x) in enumerate(zip(self.places, self.xs, strict=True)):
            v = rng.standard_normal(tuple(x.shape))
            v /= max(float(np.linalg.norm(v)), 1e-300)
            slopes = self._along(x, v)
            for j, y in enumerate(self.ys):
                u = rng.standard_normal(tuple(y.shape))
                u /= max(float(np.linalg.norm(u)), 1e-300)
                g = None
                if y.requires_grad:
                    seed = tensor(u, dtype=y.kind.dtype, device=y.kind.device)
                    g = self._pull(y, seed)[i]
                ours = 0.0 if g is None else float((_flat(g) * v.reshape(-1)).sum())
                self._compare(ours, float((slopes[j] * u.reshape(-1)).sum()), place, j, "fast")

    def _along(self, x: Any, v: Any) -> list[Any]:
        before = x.array.copy()
        step = x.kind.xp.asarray(v * self.eps, x.kind.numpy)
        found = []
        try:
            for sign in (1, -1):
                x.array[...] = before + sign * step
                found.append([_flat(y) for y in self.outputs()])
        finally:
            x.array[...] = before
        return [(up - down) / (2 * self.eps) for up, down in zip(*found, strict=True)]

    def determinism(self, tolerance: float) -> None:
        """Two backward passes give the same."""
        for j, y in enumerate(self.ys):
            if not y.requires_grad:
                continue
            seed = ones_like(y.detach())
            for i, (a, b) in enumerate(zip(self._pull(y, seed), self._pull(y, seed), strict=True)):
                apart = 0.0 if a is None else np.abs(_flat(a) - _flat(b)).max(initial=0)
                if apart > tolerance:
                    raise GradcheckError(
                        "Backward is not reentrant, i.e., running backward with same input and "
                        "grad_output multiple times gives different values, although analytical "
                        f"gradient matches numerical gradient (output {j}, input {self.places[i]})."
                        f" The tolerance for nondeterminism was {tolerance}."
                    )

    def undefined(self) -> None:
        """A result that nothing arrives at contributes nothing."""
        ys = [y for y in self.ys if y.requires_grad]
        if len(ys) < 2:
            return
        for skipped in range(len(ys)):
            rest = [y for j, y in enumerate(ys) if j != skipped]
            zeros = [zeros_like(y.detach()) if j == skipped else ones_like(y.detach())
                     for j, y in enumerate(ys)]  # fmt: skip
            ones = [ones_like(y.detach()) for y in rest]
            options = {"retain_graph": True, "allow_unused": True}
            with_zeros = grad(ys, self.xs, zeros, **options)
            without = grad(rest, self.xs, ones, **options)
            for a, b in zip(with_zeros, without, strict=True):
                ours = np.zeros(1) if b is None else _flat(b)
                if not np.allclose(ours, 0 if a is None else _flat(a), equal_nan=True):
                    raise GradcheckError("Expected backward function to handle undefined output "
                                         "grads. Please look at \"Notes about undefined output "
                                         "gradients\"")  # fmt: skip

    def dtypes(self) -> None:
        """Gradients have the dtype and device of their inputs."""
        for y in (y for y in self.ys if y.requires_grad):
            for i, g in enumerate(self._pull(y, ones_like(y.detach()))):
                if g is not None and g.kind is not self.xs[i].kind:
                    raise GradcheckError(f"grad is of {g.kind}, input {self.places[i]} of "
                                         f"{self.xs[i].kind}")  # fmt: skip

    def tangents(self, fast: bool) -> None:
        """Forward mode against slopes."""
        for place, x, slopes in zip(self.places, self.xs, self.slopes(), strict=True):
            for k in range(x.shape.numel()):
                t = zeros_like(x.detach())
                t.array.reshape(-1)[k] = 1
                for j, moved in enumerate(self._push(place, t)):
                    self._compare(_flat(moved), slopes[j][k], place, j, "forward")

    def _push(self, place: int, t: Any) -> list[Any]:
        def of_one(x: Any) -> Any:
            args = [*self.inputs]
            args[place] = x
            return tuple([y for y in _tuple_of(self.func(*args)) if y.kind.is_floating_point])

        return list(jvp(of_one, (self.inputs[place],), (t,))[1])

    def batched(self, backward: bool, forward: bool) -> None:
        """Several cotangents, or tangents, at once give what each gives alone."""
        options = {"retain_graph": True, "allow_unused": True}
        for y in [y for y in self.ys if y.requires_grad] if backward else ():
            seeds = stack([randn_like(y.detach()), ones_like(y.detach())])
            whole = grad(y, self.xs, seeds, is_grads_batched=True, **options)
            _same(whole, [self._pull(y, seeds[row]) for row in range(2)], "gradients")
        for place, x in zip(self.places, self.xs, strict=True) if forward else ():
            ts = stack([randn_like(x.detach()), ones_like(x.detach())])
            both = vmap(lambda t, place=place: tuple(self._push(place, t)))(ts)
            _same(both, [self._push(place, ts[row]) for row in range(2)], "forward gradients")


def _same(whole: Sequence[Any], rows: Sequence[Sequence[Any]], what: str) -> None:
    """GradcheckError unless the entries of ``whole`` are those of ``rows`` stacked."""
    for i, entry in enumerate(whole):
        for row, alone in enumerate(rows):
            absent = entry is None and alone[i] is None
            if not absent and not np.allclose(_flat(entry[row]), _flat(alone[i])):
                raise GradcheckError(f"While computing batched {what}, got other values than one "
                                     "by one.")  # fmt: skip


def _flat(t: Any) -> Any:
    return np.array(t.detach().cpu().tolist(), np.float64).reshape(-1)

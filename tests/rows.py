"""What a row of the table of ops is (cases.py), and how it is called.

A row is an expression over ``torch`` (gpugrad, or PyTorch), ``F`` (its nn.functional) and tensors:

    x y z w   floating, differentiable     i j   integers below ``below``
    k         floating, constant           b c   booleans

Holds:     one row can be called on tensors of gpugrad, tensors of PyTorch and NumPy arrays.
Must not:  know any op.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import scipy.linalg
import scipy.special

import gpugrad
from gpugrad.nn import functional
from gpugrad.ops import loss, loss_terms, softmax
from tests import references
from tests.windows import WINDOWS

__all__ = ["Case", "Shape", "row"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One row.

    call       the expression
    numpy      the same for float64 NumPy arrays, if it is not ``call`` with np for torch
    oracle     the same for PyTorch, if it is not ``call``
    saves      what backward keeps, node by node and slot by slot: inputs, ``result``, the size in
               bytes of a value in between, ``again`` for one that was there before
    shapes     the inputs' shapes; (4, 3) unless given
    domain     the range of floating inputs
    below      the bound of integers
    tolerance  how close gradients come to PyTorch's, where 1e-10 is not PyTorch's own accuracy
    fused      it keeps inputs, which the caller has, where PyTorch keeps fewer values in between
    halves     False for what neither library computes in float16 and bfloat16
    """

    call: str
    numpy: str
    oracle: str
    saves: tuple[str, ...]
    shapes: dict[str, Shape]
    domain: tuple[float, float] = (-3.0, 3.0)
    below: int = 3
    tolerance: float = 1e-10
    fused: bool = False
    halves: bool = True
    functions: dict[str, Callable[..., Any]] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        odd = [f"{n}{list(s)}" for n, s in self.shapes.items() if s != (4, 3)]
        return " ".join([self.call, *odd]).replace(" ", "")

    @property
    def differentiable(self) -> list[str]:
        """The inputs that can need a gradient."""
        return [name for name in self.shapes if name in "xyzw"]

    def arrays(self, shapes: dict[str, Shape] | None = None, dtype: Any = np.float64
               ) -> dict[str, Any]:
        """Random inputs, the same in every run."""
        rng = np.random.default_rng(crc32(self.call.encode()))
        return {n: self._array(rng, n, s, dtype) for n, s in (shapes or self.shapes).items()}

    def _array(self, rng: Any, name: str, shape: Shape, dtype: Any) -> Any:
        if name in "ij":
            return rng.integers(0, self.below, shape)
        if name in "bc":
            return np.asarray(rng.random(shape) < 0.5)
        return np.asarray(rng.uniform(*self.domain, shape)).astype(dtype)

    def tensors(self, arrays: dict[str, Any], needs: Sequence[str] | None = None, *,
                module: Any = gpugrad, device: str = "cpu") -> dict[str, Any]:
        """``arrays`` as leaves of ``module``; ``needs`` (all) are those that require a gradient."""
        wanted = self.differentiable if needs is None else needs
        made = {n: module.tensor(a, device=device) for n, a in arrays.items()}
        return {n: t.requires_grad_() if n in wanted else t for n, t in made.items()}

    def __call__(self, inputs: dict[str, Any], module: Any = gpugrad) -> Any:
        """The value on tensors of ``module``."""
        if module is gpugrad:
            scope = {"torch": gpugrad, "F": functional, "terms": loss_terms, "losses": loss,
                     "softmin": softmax.softmin}  # fmt: skip
            return self._function("call", self.call, scope)(*inputs.values())
        scope = {"torch": module, "F": module.nn.functional}
        return self._function("oracle", self.oracle, scope)(*inputs.values())

    def reference(self, arrays: dict[str, Any]) -> Any:
        """The value by NumPy."""
        scope = {"np": np, "sp": scipy.special, **HELPERS}
        with np.errstate(all="ignore"):
            return np.asarray(self._function("numpy", self.numpy, scope)(*arrays.values()))

    def _function(self, key: str, text: str, scope: dict[str, Any]) -> Callable[..., Any]:
        if key not in self.functions:
            self.functions[key] = eval(f"lambda {', '.join(self.shapes)}: {text}", scope)
        return self.functions[key]


def row(call: str, numpy: str = "", saves: str = "", *, oracle: str = "", domain: Any = (-3.0, 3.0),
         below: int = 3, tolerance: float = 1e-10, fused: bool = False, halves: bool = True,
         **shapes: Shape) -> Case:
    names = dict.fromkeys(re.findall(r"\b[xyzwkijbc]\b", call))
    return Case(
        call, numpy or call.replace("torch.", "np."), oracle or call, tuple(saves.split()),
        {name: shapes.get(name, (4, 3)) for name in sorted(names, key="xyzwkijbc".index)},
        domain, below, tolerance, fused, halves,
    )  # fmt: skip


HELPERS = {
    "linalg": scipy.linalg,
    "softplus": lambda x: np.logaddexp(0, x),
    "softmax": lambda x, axis: scipy.special.softmax(x, axis),
    "log_softmax": lambda x, axis: scipy.special.log_softmax(x, axis),
    "normal_cdf": scipy.special.ndtr,
    **WINDOWS,
    **{name: getattr(references, name) for name in references.__all__},
}

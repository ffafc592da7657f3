"""The table of ops: one row per op and way of calling it; the suites in tests/ops walk it.

A row is an expression over ``torch`` (gpugrad, or PyTorch), ``F`` (its nn.functional) and tensors:

    x y z w   floating, differentiable     i j   integers below ``below``
    k         floating, constant           b c   booleans

Holds:     a row says what the op keeps for its backward, when all inputs need a gradient.
Must not:  know how an op is made, or avoid the values where it is difficult.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import numpy as np
import scipy.special

import gpugrad
from gpugrad.nn import functional
from gpugrad.ops import loss, loss_terms, softmax

__all__ = ["CASES", "ELEMENTWISE", "Case"]

Shape = tuple[int, ...]


@dataclass(frozen=True)
class Case:
    """One row.

    call       the expression
    numpy      the same for float64 NumPy arrays, if it is not ``call`` with np for torch
    oracle     the same for PyTorch, if it is not ``call``
    saves      what backward keeps, node by node and slot by slot: inputs, ``result``, and the sizes
               in bytes of values in between
    shapes     the inputs' shapes; (4, 3) unless given
    domain     the range of floating inputs
    below      the bound of integers
    tolerance  how close gradients come to PyTorch's, where 1e-10 is not PyTorch's own accuracy
    more       why more is kept than PyTorch keeps
    """

    call: str
    numpy: str
    oracle: str
    saves: tuple[str, ...]
    shapes: dict[str, Shape]
    domain: tuple[float, float] = (-3.0, 3.0)
    below: int = 3
    tolerance: float = 1e-10
    more: str = ""
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


def case(call: str, numpy: str = "", saves: str = "", *, oracle: str = "", domain: Any = (-3.0, 3.0),
         below: int = 3, tolerance: float = 1e-10, more: str = "", **shapes: Shape) -> Case:
    names = dict.fromkeys(re.findall(r"\b[xyzwkijbc]\b", call))
    return Case(
        call, numpy or call.replace("torch.", "np."), oracle or call, tuple(saves.split()),
        {name: shapes.get(name, (4, 3)) for name in sorted(names, key="xyzwkijbc".index)},
        domain, below, tolerance, more,
    )  # fmt: skip


def along(text: str) -> Callable[[Any], Any]:
    return eval(f"lambda x: {text}", {"np": np, "sp": scipy.special})


HELPERS = {
    "softplus": along("np.logaddexp(0, x)"),
    "softmax": lambda x, axis: scipy.special.softmax(x, axis),
    "log_softmax": lambda x, axis: scipy.special.log_softmax(x, axis),
    "normal_cdf": scipy.special.ndtr,
}

# --------------------------------------------------------------------------------------- elementwise
ARITHMETIC = [
    case("x + y"),
    case("x + 2.5"),
    case("torch.add(x, y, alpha=2.5)", "x + 2.5 * y"),
    case("x - y"),
    case("2.5 - x"),
    case("torch.sub(x, y, alpha=2.5)", "x - 2.5 * y"),
    case("torch.rsub(x, y)", "y - x"),
    case("x * y", saves="x y"),
    case("x * x", saves="x x"),
    case("x * 2.5"),
    case("x / y", saves="x y"),
    case("x / 2.5"),
    case("2.5 / x", saves="x"),
    case("-x"),
    case("torch.abs(x)", saves="x"),
    case("torch.reciprocal(x)", "1 / x", "result"),
    case("torch.square(x)", saves="x"),
    case("torch.addcmul(x, y, z, value=0.7)", "x + 0.7 * y * z", "y z"),
    case("torch.addcdiv(x, y, z, value=0.7)", "x + 0.7 * y / z", "y z"),
    case("torch.lerp(x, y, z)", "x + z * (y - x)", "x y z"),
    case("torch.deg2rad(x)"),
    case("torch.rad2deg(x)"),
    case("x ** 2", saves="x"),
    case("x ** 3", saves="x"),
    case("x ** 0.5", saves="x", domain=(0.1, 4)),
    case("x ** -1.5", saves="x", domain=(0.1, 4)),
    case("x ** 0", saves="x"),
    case("2.5 ** x", saves="result"),
    case("x ** y", saves="x y", domain=(0.1, 4)),
    case("x // y"),
    case("torch.div(x, y, rounding_mode='trunc')", "np.trunc(x / y)"),
    case("torch.div(x, y, rounding_mode='floor')", "np.floor(x / y)"),
    case("x % y", saves="x y"),
    case("x % 2"),
    case("2 % x", saves="x"),
    case("torch.fmod(x, y)", saves="x y"),
    case("torch.sign(x)"),
    case("torch.floor(x)"),
    case("torch.ceil(x)"),
    case("torch.trunc(x)"),
    case("torch.round(x)"),
    case("torch.frac(x)", "x - np.trunc(x)"),
    case("torch.copysign(x, y)", saves="x y"),
    case("torch.nan_to_num(x)", saves="x"),
]  # fmt: skip

ELEMENTARY = [
    *(case(f"torch.{name}(x)", saves="result") for name in ("exp", "exp2", "expm1", "tan", "tanh")),
    *(case(f"torch.{name}(x)", saves="x") for name in ("sin", "cos", "sinh", "cosh")),
    *(case(f"torch.{name}(x)", saves="x", domain=(0.1, 9))
      for name in ("log", "log2", "log10", "log1p")),
    case("torch.sqrt(x)", saves="result", domain=(0.1, 9)),
    case("torch.rsqrt(x)", "1 / np.sqrt(x)", "result", domain=(0.1, 9)),
    case("torch.asin(x)", "np.arcsin(x)", "x", domain=(-0.97, 0.97)),
    case("torch.acos(x)", "np.arccos(x)", "x", domain=(-0.97, 0.97)),
    case("torch.atan(x)", "np.arctan(x)", "x"),
    case("torch.asinh(x)", "np.arcsinh(x)", "x"),
    case("torch.acosh(x)", "np.arccosh(x)", "x", domain=(1.1, 9)),
    case("torch.atanh(x)", "np.arctanh(x)", "x", domain=(-0.97, 0.97)),
    case("torch.atan2(x, y)", "np.arctan2(x, y)", "x y"),
    case("torch.hypot(x, y)", saves="x y"),
    case("torch.logaddexp(x, y)", saves="x y"),
    case("torch.logaddexp2(x, y)", saves="x y"),
    case("torch.xlogy(x, y)", "sp.xlogy(x, y)", "x y", domain=(0.1, 5)),
    case("torch.erf(x)", "sp.erf(x)", "x"),
    case("torch.erfc(x)", "sp.erfc(x)", "x"),
    case("torch.erfinv(x)", "sp.erfinv(x)", "result", domain=(-0.97, 0.97)),
    # PyTorch's trigamma is off by up to 1e-9; tests/kernels compare ours with exact values.
    case("torch.lgamma(x)", "sp.gammaln(x)", "x", domain=(-3, 9), tolerance=2e-9),
    case("torch.digamma(x)", "sp.digamma(x)", "x", domain=(-3, 9), tolerance=2e-9),
    case("torch.polygamma(2, x)", "sp.polygamma(2, x)", "x", domain=(0.2, 9)),
    case("torch.sinc(x)", saves="x"),
    case("torch.logit(x)", "sp.logit(x)", "x", domain=(0.05, 0.95)),
    case("torch.logit(x, 0.2)", "sp.logit(np.clip(x, 0.2, 0.8))", "x", domain=(0.05, 0.95)),
]  # fmt: skip

ACTIVATIONS = [
    case("torch.relu(x)", "np.maximum(x, 0)", "result"),
    case("F.relu6(x)", "np.clip(x, 0, 6)", "x", domain=(-7, 7)),
    case("F.leaky_relu(x, 0.2)", "np.where(x > 0, x, 0.2 * x)", "x"),
    case("F.prelu(x, y)", "np.where(x > 0, x, y * x)", "x y", x=(4, 3, 2), y=(3,)),
    case("F.threshold(x, 0.3, 2.0)", "np.where(x > 0.3, x, 2)", "x"),
    case("F.hardtanh(x, -1.5)", "np.clip(x, -1.5, 1)", "x"),
    # PyTorch computes hardsigmoid and celu with constants rounded to float32.
    case("F.hardsigmoid(x)", "np.clip(x + 3, 0, 6) / 6", "x", domain=(-7, 7),
         oracle="torch.clamp(x + 3, 0, 6) / 6"),
    case("F.hardswish(x)", "x * np.clip(x + 3, 0, 6) / 6", "x", domain=(-7, 7)),
    case("F.hardshrink(x)", "np.where(abs(x) > 0.5, x, 0)", "x"),
    case("F.softshrink(x)", "np.sign(x) * np.maximum(abs(x) - 0.5, 0)", "x"),
    case("torch.sigmoid(x)", "sp.expit(x)", "result"),
    case("F.logsigmoid(x)", "sp.log_expit(x)", "x"),
    case("F.softplus(x, 2.0, 4.0)", "np.where(2 * x > 4, x, softplus(2 * x) / 2)", "x"),
    case("F.silu(x)", "x * sp.expit(x)", "x"),
    case("F.mish(x)", "x * np.tanh(softplus(x))", "x"),
    case("F.elu(x, 0.7)", "np.where(x > 0, x, 0.7 * np.expm1(x))", "x"),
    case("F.celu(x, 0.7)", "np.where(x > 0, x, 0.7 * np.expm1(x / 0.7))", "x",
         oracle="torch.where(x > 0, x, 0.7 * torch.expm1(x / 0.7))"),
    case("F.selu(x)", "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))",
         "x"),
    case("F.softsign(x)", "x / (1 + abs(x))", "x"),
    case("F.tanhshrink(x)", "x - np.tanh(x)", "x"),
    case("F.gelu(x)", "x * normal_cdf(x)", "x"),
    case("F.gelu(x, approximate='tanh')",
         "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))", "x"),
]  # fmt: skip

CHOICES = [
    case("torch.where(b, x, y)", saves="b"),
    case("torch.where(b, x, 0.5)", saves="b"),
    case("x.masked_fill(b, 0.5)", "np.where(b, 0.5, x)", "b"),
    case("torch.maximum(x, y)", saves="x y"),
    case("torch.minimum(x, y)", saves="x y"),
    case("torch.fmax(x, y)", saves="x y"),
    case("torch.fmin(x, y)", saves="x y"),
    case("torch.clamp(x, -1, 1)", "np.clip(x, -1, 1)", "x"),
    case("torch.clamp(x, min=-1)", "np.maximum(x, -1)", "x"),
    case("torch.clamp(x, max=1)", "np.minimum(x, 1)", "x"),
    case("torch.clamp(x, y, z)", "np.minimum(np.maximum(x, y), z)", "x y z"),
    case("torch.clamp(x, min=y)", "np.maximum(x, y)", "x y"),
    case("torch.clamp(x, max=y)", "np.minimum(x, y)", "x y"),
]  # fmt: skip

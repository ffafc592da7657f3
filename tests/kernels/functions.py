"""Every built-in elementwise op as an expression function, with what PyTorch calls it.

Holds:     a row per op that has a derivative; a test fails when an op is declared without one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from gpugrad.expr import Function
from tools.print_kernels import declared

FUNCTIONS = {f.name: f for functions in declared().values() for f in functions}


@dataclass(frozen=True)
class Row:
    """``torch`` is an expression over ``torch``, ``F`` and the op's own parameter names."""

    name: str
    torch: str
    attrs: dict[str, Any] = field(default_factory=dict)
    low: float = -3.0
    high: float = 3.0
    tolerance: float = 1e-10

    @property
    def function(self) -> Function:
        return FUNCTIONS[self.name]

    @property
    def values(self) -> list[Any]:
        """Keyword arguments in the order programs take them."""
        f = self.function
        return [self.attrs.get(a, f.attr_defaults.get(a)) for a in f.attrs]

    def arrays(self, size: int = 40) -> list[Any]:
        """Random float64 arrays, the same for every run."""
        rng = np.random.default_rng(sum(map(ord, self.name)))
        return [
            rng.random(size) < 0.5 if p.kind == "bool" else rng.uniform(self.low, self.high, size)
            for p in self.function.params
        ]

    def oracle(self, torch: Any) -> Callable[..., Any]:
        """PyTorch's function of the same tensors."""
        names = [*self.function.names, *self.function.attrs]
        scope = {"torch": torch, "F": torch.nn.functional}
        call: Any = eval(f"lambda {', '.join(names)}: {self.torch}", scope)
        return lambda *tensors: call(*tensors, *self.values)

    def __str__(self) -> str:
        return self.name


def unary(names: str, low: float = -3.0, high: float = 3.0, where: str = "torch") -> list[Row]:
    return [Row(n, f"{where}.{n}(input)", low=low, high=high) for n in names.split()]


def binary(names: str, low: float = -3.0, high: float = 3.0) -> list[Row]:
    return [Row(n, f"torch.{n}(input, other)", low=low, high=high) for n in names.split()]


ROWS = [
    *unary("neg abs square reciprocal sign floor ceil trunc round frac deg2rad rad2deg nan_to_num"),
    *unary("exp exp2 expm1 sin cos tan atan sinh cosh tanh asinh erf erfc sinc sigmoid"),
    *unary("log log2 log10 log1p sqrt rsqrt", 0.1, 9.0),
    # PyTorch's trigamma is off by up to 1e-9 in double precision; ours by 1e-15 (tested below).
    *(replace(row, tolerance=2e-9) for row in unary("lgamma digamma", -3.0, 9.0)),
    *unary("asin acos atanh erfinv", -0.97, 0.97),
    *unary("acosh", 1.1, 9.0),
    *unary("relu relu6 hardswish logsigmoid silu mish selu softsign tanhshrink",
           -7.0, 7.0, "F"),
    *unary("ndtr log_ndtr erfcx i0e i1 i1e", where="torch.special"),
    *unary("i0 angle"),
    *unary("entr", 0.1, 5.0, "torch.special"),
    *unary("ndtri", 0.02, 0.98, "torch.special"),
    # PyTorch does not differentiate these.
    Row("spherical_bessel_j0", "torch.sin(input) / input"),
    Row("gamma_density", "torch.exp((input - 1) * torch.log(other) - other - torch.lgamma(input))",
        low=0.3, high=5.0, tolerance=2e-9),
    Row("xlog1py", "torch.special.xlog1py(input, other)", low=0.2, high=5.0),
    Row("ldexp", "input * 2**other"),
    Row("random_slope", "torch.where(input > 0, 1, lower + width * drawn)",
        {"lower": 0.125, "width": 0.25}),
    Row("gated", "input * torch.sigmoid(gate)"),
    Row("round_scaled", "torch.round(input, decimals=1)", {"factor": 10.0, "divisor": 1.0}),
    *binary("add sub mul div remainder fmod copysign atan2 hypot logaddexp logaddexp2"),
    *binary("maximum minimum fmax fmin"),
    *binary("xlogy", 0.2, 5.0),
    Row("rsub", "other - input"),
    Row("add_scaled", "torch.add(input, other, alpha=alpha)", {"alpha": 2.5}),
    Row("sub_scaled", "torch.sub(input, other, alpha=alpha)", {"alpha": 2.5}),
    Row("floor_divide", "torch.div(input, other, rounding_mode='floor')"),
    Row("trunc_divide", "torch.div(input, other, rounding_mode='trunc')"),
    Row("pow", "torch.pow(input, exponent)", low=0.1, high=4.0),
    Row("addcmul", "torch.addcmul(input, tensor1, tensor2, value=value)", {"value": 0.7}),
    Row("addcdiv", "torch.addcdiv(input, tensor1, tensor2, value=value)", {"value": 0.7}, 0.5),
    Row("lerp", "torch.lerp(input, end, weight)"),
    Row("scaled_zeta", "torch.polygamma(2, input)", {"order": 3, "scale": -2.0}, 0.2, 9.0),
    Row("plain_logit", "torch.logit(input)", low=0.05, high=0.95),
    Row("clamped_logit", "torch.logit(input, eps)", {"eps": 0.2}, 0.05, 0.95),
    Row("leaky_relu", "F.leaky_relu(input, negative_slope)", {"negative_slope": 0.2}),
    Row("prelu", "torch.where(input > 0, input, weight * input)"),
    Row("threshold", "F.threshold(input, threshold, value)", {"threshold": 0.3, "value": 2.0}),
    Row("hardtanh", "F.hardtanh(input, min_val, max_val)", {"min_val": -1.5}),
    # PyTorch computes these two with constants rounded to float32.
    Row("hardsigmoid", "torch.clamp(input + 3, 0, 6) / 6", low=-7.0, high=7.0),
    Row("celu", "torch.where(input > 0, input, alpha * torch.expm1(input / alpha))",
        {"alpha": 0.7}),
    Row("hardshrink", "F.hardshrink(input, lambd)"),
    Row("softshrink", "F.softshrink(input, lambd)"),
    Row("softplus", "F.softplus(input, beta, threshold)", {"beta": 2.0, "threshold": 4.0}),
    Row("elu", "F.elu(input, alpha)", {"alpha": 0.7}),
    Row("exact_gelu", "F.gelu(input)"),
    Row("tanh_gelu", "F.gelu(input, approximate='tanh')"),
    Row("where", "torch.where(condition, input, other)"),
    Row("masked_fill", "torch.where(mask, value, input)"),
    Row("clamp_both", "torch.clamp(input, min, max)"),
    Row("clamp_min", "torch.clamp(input, min=min)"),
    Row("clamp_max", "torch.clamp(input, max=max)"),
    Row("kept_part", "torch.where(keep, scale * input, 0)", {"scale": 1.5}),
    Row("mse_term", "F.mse_loss(input, target, reduction='none')"),
    Row("smooth_l1_term", "F.smooth_l1_loss(input, target, reduction='none', beta=beta)",
        {"beta": 0.8}),
    Row("huber_term", "F.huber_loss(input, target, reduction='none', delta=delta)",
        {"delta": 0.8}),
    Row("poisson_nll_log_term", "F.poisson_nll_loss(input, target, reduction='none')"),
    Row("poisson_nll_term",
        "F.poisson_nll_loss(input, target, log_input=False, reduction='none', eps=eps)",
        low=0.2, high=4.0),
    Row("binary_cross_entropy_term", "F.binary_cross_entropy(input, target, reduction='none')",
        low=0.05, high=0.95),
    Row("bce_with_logits_term",
        "F.binary_cross_entropy_with_logits(input, target, reduction='none')"),
    # PyTorch has no gradient for pos_weight, nor for the target of soft_margin_loss.
    Row("weighted_bce_with_logits_term",
        "-(pos_weight * target * F.logsigmoid(input) + (1 - target) * F.logsigmoid(-input))"),
    Row("kl_div_term", "F.kl_div(input, target, reduction='none')", low=0.1, high=2.0),
    Row("kl_div_log_target_term", "F.kl_div(input, target, reduction='none', log_target=True)"),
    Row("soft_margin_term", "F.softplus(-target * input, threshold=99)"),
    Row("hinge_embedding_term",
        "torch.where(near, input, 0) + torch.where(far, torch.clamp(margin - input, min=0), 0)"),
    Row("margin_ranking_term",
        "F.margin_ranking_loss(difference, 0 * difference, target, margin, reduction='none')",
        {"margin": 0.3}),
]  # fmt: skip

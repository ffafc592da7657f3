"""The table of ops: one row per op and way of calling it; the suites in tests/ops walk it.

Holds:     a row says what the op keeps for its backward, when all inputs need a gradient; rows.py
           explains how it is written.
Must not:  know how an op is made, or avoid the values where it is difficult.
"""

from __future__ import annotations

from dataclasses import replace

from tests.rows import Case, Shape, row

__all__ = ["BROADCAST", "CASES", "CONDITIONS", "ELEMENTWISE", "Case"]

# ------------------------------------------------------------------------------------- elementwise
ARITHMETIC = [
    row("x + y"),
    row("x + 2.5"),
    row("torch.add(x, y, alpha=2.5)", "x + 2.5 * y"),
    row("x - y"),
    row("2.5 - x"),
    row("torch.sub(x, y, alpha=2.5)", "x - 2.5 * y"),
    row("torch.rsub(x, y)", "y - x"),
    row("x * y", saves="x y"),
    row("x * x", saves="x x"),
    row("x * 2.5"),
    row("x / y", saves="x y"),
    row("x / 2.5"),
    row("2.5 / x", saves="x"),
    row("-x"),
    row("torch.abs(x)", saves="x"),
    row("torch.reciprocal(x)", "1 / x", "result"),
    row("torch.square(x)", saves="x"),
    row("torch.addcmul(x, y, z, value=0.7)", "x + 0.7 * y * z", "y z"),
    row("torch.addcdiv(x, y, z, value=0.7)", "x + 0.7 * y / z", "y z"),
    row("torch.lerp(x, y, z)", "x + z * (y - x)", "x y z"),
    row("torch.deg2rad(x)"),
    row("torch.rad2deg(x)"),
    row("x ** 2", saves="x"),
    row("x ** 3", saves="x"),
    row("x ** 0.5", saves="x", domain=(0.1, 4)),
    row("x ** -1.5", saves="x", domain=(0.1, 4)),
    row("x ** 0", saves="x"),
    row("2.5 ** x", saves="x"),
    row("x ** y", saves="x y", domain=(0.1, 4)),
    # PyTorch cannot differentiate floor_divide, nor remainder with a number on the left.
    row("x // y", oracle="torch.div(x, y, rounding_mode='floor')"),
    row("torch.div(x, y, rounding_mode='trunc')", "np.trunc(x / y)"),
    row("torch.div(x, y, rounding_mode='floor')", "np.floor_divide(x, y)"),
    row("x % y", saves="x y"),
    row("x % 2"),
    row("2 % x", saves="x", oracle="2 - x * torch.div(2, x, rounding_mode='floor')",
        domain=(0.3, 3)),
    # Near a divisor of 0 remainders jump more often than differences can follow.
    row("torch.fmod(x, y)", saves="x y", domain=(0.3, 3)),
    row("torch.fmod(y, -x)", saves="y 48", domain=(0.3, 3)),
    row("torch.sign(x)"),
    row("torch.floor(x)"),
    row("torch.ceil(x)"),
    row("torch.trunc(x)"),
    row("torch.round(x)"),
    row("torch.frac(x)", "x - np.trunc(x)"),
    row("torch.copysign(x, y)", saves="x y"),
    row("torch.nan_to_num(x)", saves="x"),
]  # fmt: skip

ELEMENTARY = [
    *(row(f"torch.{name}(x)", saves="result") for name in ("exp", "exp2", "expm1", "tan", "tanh")),
    *(row(f"torch.{name}(x)", saves="x") for name in ("sin", "cos", "sinh", "cosh")),
    *(row(f"torch.{name}(x)", saves="x", domain=(0.1, 9))
      for name in ("log", "log2", "log10", "log1p")),
    row("torch.sqrt(x)", saves="result", domain=(0.1, 9)),
    row("torch.rsqrt(x)", "1 / np.sqrt(x)", "result", domain=(0.1, 9)),
    row("torch.asin(x)", "np.arcsin(x)", "x", domain=(-0.97, 0.97)),
    row("torch.acos(x)", "np.arccos(x)", "x", domain=(-0.97, 0.97)),
    row("torch.atan(x)", "np.arctan(x)", "x"),
    row("torch.asinh(x)", "np.arcsinh(x)", "x"),
    row("torch.acosh(x)", "np.arccosh(x)", "x", domain=(1.1, 9)),
    row("torch.atanh(x)", "np.arctanh(x)", "x", domain=(-0.97, 0.97)),
    row("torch.atan2(x, y)", "np.arctan2(x, y)", "x y"),
    row("torch.hypot(x, y)", saves="x y"),
    row("torch.logaddexp(x, y)", saves="x y"),
    row("torch.logaddexp2(x, y)", saves="x y"),
    row("torch.xlogy(x, y)", "sp.xlogy(x, y)", "x y", domain=(0.1, 5)),
    row("torch.erf(x)", "sp.erf(x)", "x"),
    row("torch.erfc(x)", "sp.erfc(x)", "x"),
    row("torch.erfinv(x)", "sp.erfinv(x)", "result", domain=(-0.97, 0.97)),
    # PyTorch's trigamma is off by up to 1e-9; tests/kernels compare ours with exact values.
    row("torch.lgamma(x)", "np.where(x == -np.inf, np.inf, sp.gammaln(x))", "x", domain=(-3, 9),
        tolerance=2e-9),
    row("torch.digamma(x)", "sp.digamma(x)", "x", domain=(-3, 9), tolerance=2e-9),
    row("torch.polygamma(2, x)", "sp.polygamma(2, x)", "x", domain=(0.2, 9)),
    row("torch.sinc(x)", saves="x"),
    row("torch.logit(x)", "sp.logit(x)", "x", domain=(0.05, 0.95)),
    row("torch.logit(x, 0.2)", "sp.logit(np.clip(x, 0.2, 0.8))", "x", domain=(0.05, 0.95)),
]  # fmt: skip

ACTIVATIONS = [
    row("torch.relu(x)", "np.maximum(x, 0)", "result"),
    row("F.relu6(x)", "np.clip(x, 0, 6)", "x", domain=(-7, 7)),
    row("F.leaky_relu(x, 0.2)", "np.where(x > 0, x, 0.2 * x)", "x"),
    row("F.prelu(x, y)", "np.where(x > 0, x, y[:, None] * x)", "x y",
        x=(4, 3, 2), y=(3,)),
    row("F.threshold(x, 0.3, 2.0)", "np.where(x <= 0.3, 2, x)", "x"),
    row("F.hardtanh(x, -1.5)", "np.clip(x, -1.5, 1)", "x"),
    # PyTorch computes hardsigmoid and celu with constants rounded to float32.
    row("F.hardsigmoid(x)", "np.clip(x + 3, 0, 6) / 6", "x", domain=(-7, 7),
        oracle="torch.clamp(x + 3, 0, 6) / 6"),
    row("F.hardswish(x)", "np.where(x <= -3, 0, x * np.clip(x + 3, 0, 6) / 6)", "x",
        domain=(-7, 7)),
    row("F.hardshrink(x)", "np.where(abs(x) <= 0.5, 0, x)", "x"),
    row("F.softshrink(x)", "np.sign(x) * np.maximum(abs(x) - 0.5, 0)", "x"),
    row("torch.sigmoid(x)", "sp.expit(x)", "result"),
    row("F.logsigmoid(x)", "sp.log_expit(x)", "x"),
    row("F.softplus(x, 2.0, 4.0)", "np.where(2 * x > 4, x, softplus(2 * x) / 2)", "x"),
    row("F.silu(x)", "x * sp.expit(x)", "x"),
    row("F.mish(x)", "x * np.tanh(softplus(x))", "x"),
    row("F.elu(x, 0.7)", "np.where(x > 0, x, 0.7 * np.expm1(x))", "x"),
    row("F.celu(x, 0.7)", "np.where(x > 0, x, 0.7 * np.expm1(x / 0.7))", "x",
        oracle="torch.where(x > 0, x, 0.7 * torch.expm1(x / 0.7))"),
    row("F.selu(x)", "1.0507009873554805 * np.where(x > 0, x, 1.6732632423543772 * np.expm1(x))",
        "x"),
    row("F.softsign(x)", "x / (1 + abs(x))", "x"),
    row("F.tanhshrink(x)", "x - np.tanh(x)", "x"),
    row("F.gelu(x)", "x * normal_cdf(x)", "x"),
    row("F.gelu(x, approximate='tanh')",
         "0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x ** 3)))", "x"),
]  # fmt: skip

CHOICES = [
    row("torch.where(b, x, y)", saves="b"),
    row("torch.where(b, x, 0.5)", saves="b"),
    row("x.masked_fill(b, 0.5)", "np.where(b, 0.5, x)", "b"),
    row("torch.maximum(x, y)", saves="x y"),
    row("torch.minimum(x, y)", saves="x y"),
    row("torch.fmax(x, y)", saves="x y"),
    row("torch.fmin(x, y)", saves="x y"),
    row("torch.clamp(x, -1, 1)", "np.clip(x, -1, 1)", "x"),
    row("torch.clamp(x, min=-1)", "np.maximum(x, -1)", "x"),
    row("torch.clamp(x, max=1)", "np.minimum(x, 1)", "x"),
    # PyTorch cannot go backwards through clamp where three shapes broadcast.
    row("torch.clamp(x, y, z)", "np.minimum(np.maximum(x, y), z)", "x y z",
        oracle="torch.clamp(torch.clamp(x, min=y), max=z)", fused=True),
    row("torch.clamp(x, min=y)", "np.maximum(x, y)", "x y"),
    row("torch.clamp(x, max=y)", "np.minimum(x, y)", "x y"),
]  # fmt: skip

TERMS = [
    row("F.mse_loss(x, y, reduction='none')", "(x - y) ** 2", "x y"),
    row("F.l1_loss(x, y, reduction='none')", "abs(x - y)", "48"),
    row("F.smooth_l1_loss(x, y, reduction='none', beta=0.8)",
        "np.where(abs(x - y) < 0.8, (x - y) ** 2 / 1.6, abs(x - y) - 0.4)", "x y"),
    row("F.huber_loss(x, y, reduction='none', delta=0.8)",
        "np.where(abs(x - y) < 0.8, (x - y) ** 2 / 2, 0.8 * (abs(x - y) - 0.4))", "x y"),
    row("terms.poisson_nll_log_term(x, y)", "np.exp(x) - y * x", "x y",
        oracle="F.poisson_nll_loss(x, y, reduction='none')"),
    row("terms.poisson_nll_term(x, y, eps=1e-8)", "x - y * np.log(x + 1e-8)", "x y",
        oracle="F.poisson_nll_loss(x, y, log_input=False, reduction='none')", domain=(0.2, 4)),
    row("F.binary_cross_entropy(x, y, reduction='none')",
        "-(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100))", "x y",
        domain=(0.05, 0.95)),
    row("F.binary_cross_entropy_with_logits(x, y, reduction='none')", "softplus(x) - x * y", "x y"),
    row("F.binary_cross_entropy_with_logits(x, y, pos_weight=k, reduction='none')",
        "k * y * softplus(-x) + (1 - y) * softplus(x)", "x y k", k=(3,)),
    row("F.kl_div(x, y, reduction='none')", "sp.xlogy(y, y) - y * x", "x y", domain=(0.1, 2)),
    row("F.kl_div(x, y, reduction='none', log_target=True)", "np.exp(y) * (y - x)", "x y"),
    # PyTorch has no gradient for the targets of soft_margin_loss.
    row("losses.soft_margin_loss(x, y, reduction='none')", "softplus(-y * x)", "x y",
        oracle="F.softplus(-y * x, threshold=99)"),
    row("losses.hinge_embedding_loss(x, k, 0.9, reduction='none')",
        "x + np.maximum(0.9 - x, 0)", "x 12 12",
        oracle="F.hinge_embedding_loss(x, k, 0.9, reduction='none')"),
    row("losses.margin_ranking_loss(x, y, z, 0.3, reduction='none')",
        "np.maximum(0.3 - z * (x - y), 0)", "48 z",
        oracle="F.margin_ranking_loss(x, y, z, 0.3, reduction='none')"),
]  # fmt: skip

CONDITIONS = [
    *(row(f"x {sign} y") for sign in ("==", "!=", "<", "<=", ">", ">=")),
    *(row(f"torch.{name}(x, y)") for name in ("logical_and", "logical_or", "logical_xor")),
    *(row(f"torch.{name}(x)") for name in ("isnan", "isinf", "isfinite", "signbit", "logical_not",
                                           "isposinf", "isneginf")),
    row("torch.isclose(x, y, rtol=0.5)"),
    *(row(f"i {sign} j", below=9) for sign in "&|^"),
    row("~i", below=9),
    row("b & c"),
    row("~b"),
]  # fmt: skip

ELEMENTWISE = [*ARITHMETIC, *ELEMENTARY, *ACTIVATIONS, *CHOICES, *TERMS]

# ---------------------------------------------------------------------- reductions, shapes, places
REDUCTIONS = [
    row("x.sum()"),
    row("x.sum(0)"),
    row("x.sum((0, -1), keepdim=True)", "x.sum((0, 2), keepdims=True)", x=(2, 3, 4)),
    row("x.mean()"),
    row("x.mean((0, 2))", x=(2, 3, 4)),
    row("x.mean(-1, keepdim=True)", "x.mean(-1, keepdims=True)"),
    row("torch.amax(x, (0, 2))", saves="x result", x=(2, 3, 4)),
    row("torch.amin(x, 1, keepdim=True)", "x.min(1, keepdims=True)", "x result"),
    row("x.max()", saves="x result"),
    row("x.min()", saves="x result"),
    row("x.max(1)[0]", "x.max(1)", "32"),
    row("x.min(0, keepdim=True)[0]", "x.min(0, keepdims=True)", "24"),
    row("x.var()", "x.var(ddof=1)", "x"),
    row("x.var(1, unbiased=False)", "x.var(1)", "x"),
    row("x.var((0, 2), correction=2, keepdim=True)", "x.var((0, 2), ddof=2, keepdims=True)", "x",
        x=(2, 3, 4)),
    row("x.std(0)", "x.std(0, ddof=1)", "x result"),
    row("torch.add(*torch.var_mean(x, 1))", "x.var(1, ddof=1) + x.mean(1)", "x"),
    row("x.norm()", "np.sqrt((x * x).sum())", "x result"),
    row("x.norm(dim=1, keepdim=True)", "np.sqrt((x * x).sum(1, keepdims=True))", "x result"),
    row("x.norm(1, 0)", "abs(x).sum(0)", "x"),
    row("x.norm(3, 1)", "(abs(x) ** 3).sum(1) ** (1 / 3)", "x result"),
    row("x.norm(0.7)", "(abs(x) ** 0.7).sum() ** (1 / 0.7)", "x result"),
    row("x.norm(float('inf'), 1)", "abs(x).max(1)", "x result"),
    row("x.norm(-float('inf'))", "abs(x).min()", "x result"),
    row("torch.logsumexp(x, (0, 1))", "np.log(np.exp(x).sum())", "x result"),
    row("torch.logsumexp(x, 1, keepdim=True)", "np.log(np.exp(x).sum(1, keepdims=True))",
        "x result"),
    row("x.prod()", saves="x"),
    row("x.prod(1)", saves="x"),
    row("x.cumsum(1)"),
]  # fmt: skip

SHAPES = [
    row("x.reshape(2, 6)"),
    row("x.view(-1)", "x.reshape(-1)"),
    row("x.flatten(1)", "x.reshape(2, 12)", x=(2, 3, 4)),
    row("x.unflatten(0, (2, -1))", "x.reshape(2, 2, 3)"),
    row("x.squeeze()", x=(1, 3, 1)),
    row("x.squeeze(0)", x=(1, 3, 1)),
    row("x.unsqueeze(-1)", "x[..., None]"),
    row("x.permute(2, 0, 1)", "x.transpose(2, 0, 1)", x=(2, 3, 4)),
    row("x.transpose(0, -1)", "np.swapaxes(x, 0, -1)", x=(2, 3, 4)),
    row("x.t()", "x.T"),
    row("x.mT", x=(2, 3, 4)),
    row("torch.movedim(x, 0, -1)", "np.moveaxis(x, 0, -1)", x=(2, 3, 4)),
    row("torch.flip(x, (0, 1))", "np.flip(x)"),
    row("torch.roll(x, (1, -2), (0, 1))"),
    row("torch.roll(x, 5)"),
    row("x.expand(2, 4, -1)", "np.broadcast_to(x, (2, 4, 3))", x=(1, 3)),
    row("x.repeat(2, 1, 3)", "np.tile(x, (2, 1, 3))"),
    row("x.clone()", "x"),
    row("x.t().contiguous()", "x.T"),
    row("torch.add(*torch.broadcast_tensors(x, y))", "x + y", y=(4, 1)),
    row("torch.cat([x, y, x], 1)", "np.concatenate([x, y, x], 1)", y=(4, 2)),
    row("torch.stack([x, y], -1)"),
    row("x.split(3)[1]", "x[3:]"),
    row("torch.cat(x.split([1, 2], 1)[::-1], 1)", "x[:, [1, 2, 0]]"),
    row("torch.chunk(x, 2, 1)[1]", "x[:, 2:]"),
    row("torch.stack(x.unbind(1)[:2])", "x.T[:2]"),
]  # fmt: skip

PLACES = [
    row("x[1]"),
    row("x[-1, 0]"),
    row("x[1:, ::2]"),
    row("x[..., None, 1:2]"),
    row("x.narrow(1, 1, 2)", "x[:, 1:3]"),
    row("x.select(1, -1)", "x[:, -1]"),
    row("x[i]", saves="i", i=(5,), below=4),
    row("x[i, j]", saves="i j", i=(5, 1), j=(2,)),
    row("x[:, i]", saves="i", i=(2, 2)),
    row("x[1, :, i]", "x[1][:, i]", "i", x=(2, 3, 4), i=(5,), below=4),
    row("x[[0, 2, 0]]", saves="24"),
    row("x[b]", saves="b"),
    row("x[:, b]", saves="b", b=(3,)),
    row("torch.gather(x, 1, i)", "np.take_along_axis(x, i, 1)", "i", i=(4, 5)),
    row("torch.gather(x, 0, i)", "np.take_along_axis(x[:, :2], i, 0)", "i", i=(3, 2)),
    row("x.index_select(1, i)", "x[:, i]", "i", i=(4,)),
    row("torch.take_along_dim(x, i, 1)", "np.take_along_axis(x, i, 1)", "i", i=(4, 2)),
    row("torch.take_along_dim(x, i)", "x.reshape(-1)[i.reshape(-1)]", "i", i=(4, 2), below=12),
    row("F.embedding(i, x)", "x[i]", "i", x=(4, 3), i=(2, 3), below=4),
]  # fmt: skip

# ----------------------------------------------------------------- linear algebra, softmax, losses
PRODUCTS = [
    row("x @ y", saves="x y", y=(3, 5)),
    row("x @ y", saves="x y", x=(2, 4, 3), y=(3, 5)),
    row("x @ y", saves="x y", x=(2, 1, 4, 3), y=(5, 3, 2)),
    row("x @ y", saves="x y", y=(3,)),
    row("x @ y", saves="x y", x=(3,), y=(3, 2)),
    row("x @ y", saves="x y", x=(2, 4, 3), y=(3,)),
    row("torch.mm(x, y)", "x @ y", "x y", y=(3, 2)),
    row("torch.bmm(x, y)", "x @ y", "x y", x=(2, 4, 3), y=(2, 3, 2)),
    row("torch.mv(x, y)", "x @ y", "x y", y=(3,)),
    row("torch.dot(x, y)", saves="x y", x=(5,), y=(5,)),
    row("torch.outer(x, y)", saves="x y", x=(5,), y=(4,)),
    row("torch.addmm(x, y, z, beta=0.5, alpha=2)", "0.5 * x + 2 * y @ z", "y z",
        x=(5,), y=(4, 3), z=(3, 5)),
    row("F.linear(x, y)", "x @ y.T", "x y", y=(5, 3)),
    row("F.linear(x, y, z)", "x @ y.T + z", "x y", x=(2, 4, 3), y=(5, 3), z=(5,)),
]  # fmt: skip

SOFTMAX = [
    row("x.softmax(1)", "softmax(x, 1)", "result"),
    row("x.softmax(0)", "softmax(x, 0)", "result", x=(2, 3, 4)),
    row("x.log_softmax(-1)", "log_softmax(x, -1)", "result"),
    row("x.log_softmax(1)", "log_softmax(x, 1)", "result", x=(2, 3, 4)),
    row("softmin(x, 1)", "softmax(-x, 1)", "result", oracle="F.softmin(x, 1)"),
    row("F.nll_loss(x, i)", "-x[np.arange(4), i].mean()", "i 4", i=(4,)),
    row("F.nll_loss(x, i, k, reduction='none')", "-x[np.arange(4), i] * k[i]", "i k 4",
        i=(4,), k=(3,)),
    row("F.cross_entropy(x, i)", "-log_softmax(x, 1)[np.arange(4), i].mean()", "x i 4", i=(4,)),
    row("F.cross_entropy(x, i, reduction='sum', label_smoothing=0.1)",
        "-(0.9 * log_softmax(x, 1)[np.arange(4), i] + 0.1 * log_softmax(x, 1).mean(1)).sum()",
        "x i 4", i=(4,)),
    row("F.cross_entropy(x, i, k, ignore_index=1)",
        "-((i != 1) * k[i] * log_softmax(x, 1)[np.arange(9), i]).sum() / ((i != 1) * k[i]).sum()",
        "x i k 4", x=(9, 3), i=(9,), k=(3,)),
    row("F.cross_entropy(x, i, reduction='none')",
        "-np.take_along_axis(log_softmax(x, 1), i[:, None], 1)[:, 0]", "x i 4",
        x=(2, 3, 4), i=(2, 4)),
    row("F.cross_entropy(x, y)", "-(log_softmax(x, 1) * y).sum(1).mean()", "48 again y"),
]  # fmt: skip

LOSSES = [
    row("F.mse_loss(x, y)", "((x - y) ** 2).mean()", "x y"),
    row("F.mse_loss(x, k, reduction='sum')", "((x - k) ** 2).sum()", "x k"),
    row("F.l1_loss(x, y)", "abs(x - y).mean()", "48"),
    row("F.binary_cross_entropy_with_logits(x, k)", "(softplus(x) - x * k).mean()", "x k"),
    row("F.kl_div(x, y, reduction='batchmean')", "(sp.xlogy(y, y) - y * x).sum() / 4", "x y",
        domain=(0.1, 2)),
]  # fmt: skip

CASES = [*ELEMENTWISE, *REDUCTIONS, *SHAPES, *PLACES, *PRODUCTS, *SOFTMAX, *LOSSES]

# ---------------------------------------------------------------------------------------- variants
_SHAPES: tuple[tuple[Shape, ...], ...] = (
    ((3, 1), (4,), (2, 3, 4)), ((), (2, 3), (3,)), ((2, 1, 3), (1, 4, 1), ()),
)  # fmt: skip


def broadcast(case: Case, shapes: tuple[Shape, ...]) -> Case:
    """The row with inputs whose shapes differ."""
    return replace(case, shapes=dict(zip(case.shapes, shapes, strict=False)), functions={})


BROADCAST = [
    broadcast(case, shapes)
    for case in (*ARITHMETIC, *ELEMENTARY, *CHOICES)
    if len(case.shapes) > 1
    for shapes in _SHAPES
]

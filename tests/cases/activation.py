"""Activations."""

from tests.rows import row

__all__ = ["ACTIVATIONS"]

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

"""Choices, bounds, comparisons and conditions."""

from tests.rows import row

__all__ = ["CHOICES", "CONDITIONS"]

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

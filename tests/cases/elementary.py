"""Exponentials, logarithms, trigonometry and special functions."""

from tests.rows import row

__all__ = ["ELEMENTARY"]

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

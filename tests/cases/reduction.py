"""Reductions."""

from tests.rows import row

__all__ = ["REDUCTIONS"]

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

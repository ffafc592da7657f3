"""Linear algebra."""

from tests.rows import row

__all__ = ["PRODUCTS"]

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

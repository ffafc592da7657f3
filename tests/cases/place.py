"""Reading and writing by index."""

from tests.rows import row

__all__ = ["PLACES"]

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

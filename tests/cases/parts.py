"""Joining and splitting, diagonals and triangles, windows and walks by strides, regions replaced.
"""

from tests.rows import row

__all__ = ["PARTS", "PART_INDICES"]

_WOVEN = "[y[0, :1], x[0, 1:2], y[0, 1:], x[1], y[1, :1], x[2, 1:2], y[1, 1:], x[3]]"

PARTS = [
    row("torch.cat([x, y, x], 1)", "np.concatenate([x, y, x], 1)", y=(4, 2)),
    row("torch.cat([x, y])", "x", y=(0,)),
    row("torch.stack([x, y], -1)"),
    row("torch.hstack([x, y])", x=(4,), y=(2,)),
    row("torch.vstack([x, y])", y=(3,)),
    row("torch.dstack([x, y])", x=(3,), y=(3,)),
    row("torch.column_stack([x, y])", y=(4,)),
    row("torch.atleast_3d(x)"),
    row("torch.block_diag(x, y, z)",
        "np.block([[x, np.zeros((4, 3))], [np.zeros((1, 3)), y[None], np.zeros((1, 1))], "
        "[np.zeros((1, 5)), z]])", y=(2,), z=()),
    row("torch.mul(*torch.meshgrid(x, y, indexing='ij'))", "np.multiply.outer(x, y)", "x y",
        x=(4,), y=(3,)),
    row("torch.sub(*torch.meshgrid(x, y, indexing='xy'))", "x[None] - y[:, None]",
        x=(4,), y=(3,)),
    row("x.split(3)[1]", "x[3:]"),
    row("torch.cat(x.split([1, 2], 1)[::-1], 1)", "x[:, [1, 2, 0]]"),
    row("torch.chunk(x, 2, 1)[1]", "x[:, 2:]"),
    row("torch.stack(x.unbind(1)[:2])", "x.T[:2]"),
    row("torch.tensor_split(x, 3)[0]", "x[:2]"),
    row("x.dsplit([1, 3])[1]", "x[:, :, 1:3]", x=(2, 3, 4)),
    row("torch.unsafe_split(x, 2)[1]", "x[2:]"),
    # ----------------------------------------------------------------------------------- diagonals
    row("x.diagonal()", "np.diagonal(x)"),
    row("torch.diagonal(x, 1, 0, 2)", "np.diagonal(x, 1, 0, 2)", x=(2, 3, 4)),
    row("torch.diag(x)", "np.diag(x)"),
    row("torch.diag(x, -2)", "np.diag(x, -2)", x=(3,)),
    row("torch.diag_embed(x, 1)", "np.stack([np.diag(r, 1) for r in x])"),
    row("torch.diag_embed(x, 0, 0, 2)", "np.stack([np.diag(r) for r in x], 1)"),
    row("torch.diagflat(x)", "np.diagflat(x)"),
    row("torch.tril(x)"),
    row("x.triu(1)", "np.triu(x, 1)", x=(2, 3, 4)),
    row("x.clone().fill_diagonal_(2.5)", "np.where(np.eye(4, 3), 2.5, x)"),
    # ------------------------------------------------------------------------------------- strides
    row("x.unfold(0, 2, 1)", "np.stack([x[:3], x[1:]], -1)"),
    row("x.unfold(1, 3, 2)", "np.stack([x[:, i:i + 3] for i in (0, 2, 4)], 1)", x=(2, 8)),
    row("x.unfold(0, 2, 3)", "np.stack([x[0:2], x[3:5], x[6:8]]).swapaxes(1, 2)", x=(9, 2)),
    row("x.unfold(0, 7, 1)", "np.stack([x[:7], x[1:]])", x=(8,)),
    row("torch.as_strided(x, (3, 2), (1, 2), 1)", "x.reshape(-1)[[[1, 3], [2, 4], [3, 5]]]"),
    row("x.as_strided((2, 2), (6, 2))", "x.reshape(-1)[[[0, 2], [6, 8]]]"),
    row("x[1:].as_strided((2, 2), (1, 3), 5)", "x.reshape(-1)[[[5, 8], [6, 9]]]"),
    row("x.expand(4, 3).as_strided((3, 2), (1, 0))", "np.stack([x, x], 1)", x=(3,)),
    # ------------------------------------------------------------------------------------- regions
    row("torch.select_scatter(x, y, 0, 1)", "np.stack([x[0], y, x[2], x[3]])", y=(3,)),
    row("torch.slice_scatter(x, y, 1, 0, None, 2)", "np.stack([y[:, 0], x[:, 1], y[:, 1]], 1)",
        y=(4, 2)),
    row("torch.diagonal_scatter(x, y, -1)", "x - np.diag(np.diag(x, -1), -1)[:, :3] + "
        "np.diag(y, -1)[:, :3]", y=(3,)),
    # PyTorch 2.13 gives x the gradient of the region that y replaces.
    row("torch.as_strided_scatter(x, y, (2, 2), (6, 2))", f"np.concatenate({_WOVEN}).reshape(4, 3)",
        oracle=f"torch.cat({_WOVEN}).reshape(4, 3)", y=(2, 2)),
]  # fmt: skip

PART_INDICES = [
    row("torch.tril_indices(4, 3, 1)", "np.stack(np.tril_indices(4, 1, 3))"),
    row("torch.triu_indices(4, 3, -1, dtype=torch.int32)", "np.stack(np.triu_indices(4, -1, 3))"),
    row("torch.repeat_interleave(i)", "np.repeat(np.arange(4), i)", i=(4,)),
]

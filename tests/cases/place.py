"""Reading and writing by index."""

from tests.rows import row

__all__ = ["FOUND", "PLACES"]

READING = [
    row("x[1]"),
    row("x[-1, 0]"),
    row("x[1:, ::2]"),
    row("x[..., None, 1:2]"),
    row("x.narrow(1, 1, 2)", "x[:, 1:3]"),
    row("x.select(1, -1)", "x[:, -1]"),
    row("x[i]", saves="i", i=(5,), below=4),
    row("x[i, j]", saves="i j", i=(5, 1), j=(2,)),
    row("x[:, i]", saves="i", i=(2, 2)),
    row("x[..., i]", saves="i", i=(2,)),
    row("x[1, :, i]", "x[1][:, i]", "i", x=(2, 3, 4), i=(5,), below=4),
    row("x[[0, 2, 0]]", saves="24"),
    row("x[range(2), [[0], [1]]]", saves="16 16"),
    row("x[b]", saves="b"),
    row("x[:, b]", saves="b", b=(3,)),
    row("x[b, 1:]", saves="b", b=(4,)),
    row("torch.gather(x, 1, i)", "np.take_along_axis(x, i, 1)", "i", i=(4, 5)),
    row("torch.gather(x, 0, i)", "np.take_along_axis(x[:, :2], i, 0)", "i", i=(3, 2)),
    row("torch.gather(x, 1, i)", "np.take_along_axis(x, i, 1)", "i", x=(2, 3, 4), i=(2, 2, 4)),
    row("x.index_select(1, i)", "x[:, i]", "i", i=(4,)),
    row("x.index_select(0, i)", "x[i]", "i", i=(4,)),
    row("torch.take(x, i - 6)", "x.reshape(-1)[i - 6]", "48", i=(3, 2), below=12),
    row("torch.take_along_dim(x, i, 1)", "np.take_along_axis(x, i, 1)", "i", i=(4, 2)),
    row("torch.take_along_dim(x, i, 0)", "np.take_along_axis(x, i.repeat(3, 1), 0)", "i", i=(2, 1)),
    row("torch.take_along_dim(x, i)", "x.reshape(-1)[i.reshape(-1)]", "i", i=(4, 2), below=12),
    row("torch.masked_select(x, b)", "x[b]", "b"),
    row("torch.masked_select(x, b)", "np.broadcast_to(x, (2, 4, 3))[b.repeat(4, 1).repeat(3, 2)]",
        "b", b=(2, 1, 1)),
]  # fmt: skip

WRITING = [
    row("x.masked_fill(b, y)", "np.where(b, y, x)", "b", b=(3,), y=()),
    row("x.masked_scatter(b, y)", "masked_scatter(x, b, y)", "b", y=(13,)),
    row("x.masked_scatter(b, y)", "masked_scatter(x, b, y)", "b", b=(3,)),
    row("torch.scatter(x, 1, i, y)", "scatter(x, 1, i, y)", "i", i=(4, 1), y=(4, 1)),
    row("torch.scatter(x, 0, i, 0.5)", "scatter(x, 0, i, 0.5)", "i", i=(2, 3), below=4),
    # PyTorch has no gradient of reduce=, nor of a source larger than the index.
    row("torch.scatter(x, 0, i, y, reduce='add')", "scatter_reduce(x, 0, i, y, np.add)", "i",
        i=(5, 3), y=(5, 3), oracle="torch.scatter_add(x, 0, i, y)"),
    row("torch.scatter(x, 0, i, y, reduce='multiply')", "scatter_reduce(x, 0, i, y, np.multiply)",
        "x i y", i=(5, 3), y=(5, 3), oracle="torch.scatter_reduce(x, 0, i, y, 'prod')"),
    row("torch.scatter_add(x, 0, i, y)", "scatter_reduce(x, 0, i, y[:2, :2], np.add)", "i",
        i=(2, 2), oracle="torch.scatter_add(x, 0, i, y[:2, :2])"),
    row("torch.scatter_add(x, 0, i, y)", "scatter_reduce(x, 0, i, y, np.add)", "i", i=(6, 2),
        y=(6, 2)),
    row("torch.index_add(x, 1, i, y, alpha=2)", "index_reduce(x, 1, i, 2 * y, np.add)", "i",
        i=(5,), y=(4, 5)),
    row("torch.index_add(x, 0, i, y)", "index_reduce(x, 0, i, y, np.add)", "i", i=(4,)),
    row("torch.index_copy(x, 1, i, y)", "index_reduce(x, 1, i, y, lambda a, b: b)", "i", i=(1,),
        y=(4, 1)),
    row("torch.index_fill(x, 1, i, 0.5)", "np.where(np.isin(np.arange(3), i), 0.5, x)", "i",
        i=(2,)),
    row("torch.index_fill(x, 1, i, y)", "np.where(np.isin(np.arange(3), i), y, x)", "i",
        i=(2,), y=()),
    row("torch.index_put(x, (i,), y)", "index_reduce(x, 0, i, y, lambda a, b: b)", "i", i=(1,),
        y=(1, 3)),
    row("torch.index_put(x, (b,), y)", "np.where(b, y, x)", "b", y=()),
    row("torch.index_put(x, (i, j), y, True)", "added_at(x, (i, j), y)", "i j", i=(5, 1), j=(2,),
        y=(2,)),
    row("torch.put(x, i, y)", "scatter(x.reshape(-1), 0, i, y).reshape(4, 3)", "i", i=(1,), y=(1,),
        below=12),
    row("torch.put(x, i, y, True)", "scatter_reduce(x.reshape(-1), 0, i, y, np.add).reshape(4, 3)",
        "i", i=(7,), y=(7,), below=12),
]  # fmt: skip

_LIKE = {"i": (5, 3), "y": (5, 3), "below": 4}
REDUCING = [
    row("torch.scatter_reduce(x, 0, i, y, 'sum')", "scatter_reduce(x, 0, i, y, np.add)", "i",
        **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'sum', include_self=False)",
        "scatter_reduce(x, 0, i, y, np.add, False)", "i i", **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'mean')", "scatter_reduce(x, 0, i, y, 'mean')",
        "i i", **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'mean', include_self=False)",
        "scatter_reduce(x, 0, i, y, 'mean', False)", "i i i", **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'prod')", "scatter_reduce(x, 0, i, y, np.multiply)",
        "x i y", **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'prod', include_self=False)",
        "scatter_reduce(x, 0, i, y, np.multiply, False)", "x i y", **_LIKE),
    row("torch.scatter_reduce(x, 0, i, y, 'amax')", "scatter_reduce(x, 0, i, y, np.maximum)",
        "x i y result", **_LIKE),
    row("torch.scatter_reduce(x, 1, i, y, 'amin', include_self=False)",
        "scatter_reduce(x, 1, i, y, np.minimum, False)", "x i y result", i=(4, 2), y=(4, 2)),
    row("torch.index_reduce(x, 1, i, y, 'mean')",
        "scatter_reduce(x, 1, np.broadcast_to(i, y.shape), y, 'mean')", "i i", i=(5,),
        y=(4, 5)),
    row("torch.index_reduce(x, 0, i, y, 'prod')", "index_reduce(x, 0, i, y, np.multiply)", "x i y",
        i=(4,)),
    row("torch.index_reduce(x, 0, i, y, 'amax')", "index_reduce(x, 0, i, y, np.maximum)",
        "x i y result", i=(4,)),
]  # fmt: skip

# PyTorch goes through embedding_bag only once: its oracle is what it stands for.
_BAGS = "torch.zeros(3, 3, dtype=x.dtype).index_add(0, torch.tensor([0, 0, 2, 2, 2]), {})"
_STARTS = "torch.tensor([0, 2, 2], device=x.device)"
_SUMS = "np.stack([{0}[:2].sum(0), np.zeros(3), {0}[2:].sum(0)])"
TABLES = [
    row("F.embedding(i, x)", "x[i]", "i", i=(2, 3), below=4),
    row(f"F.embedding_bag(i, x, {_STARTS}, mode='sum')", _SUMS.format("x[i]"), "i 32", i=(5,),
        oracle=_BAGS.format("F.embedding(i, x)"), below=4),
    row("F.embedding_bag(i, x)", "x[i].mean(1)", "i 40", i=(4, 2),
        oracle="torch.zeros(4, 3, dtype=x.dtype).index_add(0, torch.arange(8) // 2, "
        "F.embedding(i.reshape(-1), x)) / 2"),
    row(f"F.embedding_bag(i, x, {_STARTS}, mode='sum', per_sample_weights=y)",
        _SUMS.format("(x[i] * y[:, None])"), "i 32 x y", i=(5,), y=(5,),
        oracle=_BAGS.format("F.embedding(i, x) * y[:, None]"), below=4),
    row("F.embedding_bag(i, x, mode='max')", "x[i].max(1)", "96", i=(4, 2),
        oracle="F.embedding(i, x).max(1)[0]"),
]  # fmt: skip

PLACES = [*READING, *WRITING, *REDUCING, *TABLES]

# Results are positions.
FOUND = [
    row("torch.nonzero(b)", "np.argwhere(b)"),
    row("torch.nonzero(b, as_tuple=True)[1]", "np.nonzero(b)[1]"),
    row("torch.argwhere(x > 0)", "np.argwhere(x > 0)"),
    row("torch.where(b)[0]", "np.nonzero(b)[0]"),
    row("torch.where(b, 1, 2)", "np.where(b, 1, 2)"),
    row("torch.nonzero_static(b, size=3)", "np.argwhere(b)[:3]"),
    row("torch.unravel_index(i, (2, 5))[1]", "i % 5", below=10),
]  # fmt: skip

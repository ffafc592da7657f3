"""Views, rearrangements, joining and splitting."""

from tests.rows import row

__all__ = ["SHAPES"]

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

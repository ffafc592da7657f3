"""Convolution, its transpose, and unfold and fold."""

from tests.rows import row

__all__ = ["CONVOLUTIONS", "FOLDS"]

CONVOLUTIONS = [
    row("F.conv1d(x, y, z)", "conv(x, y) + z[:, None]", "x y", x=(2, 3, 7), y=(4, 3, 3), z=(4,)),
    row("torch.conv1d(x, y, stride=2, padding=1)", "conv(x, y, 2, 1)", "x y",
        x=(2, 3, 6), y=(2, 3, 3)),
    row("F.conv1d(x, y, dilation=2, groups=2)", "conv(x, y, dilation=2, groups=2)", "x y",
        x=(4, 7), y=(2, 2, 3)),
    row("F.conv2d(x, y, z)", "conv(x, y) + z[:, None, None]", "x y",
        x=(2, 3, 4, 5), y=(2, 3, 2, 3), z=(2,)),
    row("F.conv2d(x, y, stride=(2, 1), padding=(1, 2), dilation=(1, 2))",
        "conv(x, y, (2, 1), (1, 2), (1, 2))", "x y", x=(2, 2, 5, 4), y=(3, 2, 3, 2)),
    # PyTorch pads a copy for kernels of even length, and warns that it does.
    row("F.conv2d(x, y, padding='same')", "conv(x, y, 1, (0, 1), extra=(1, 0))", "x y",
        oracle="F.conv2d(F.pad(x, (1, 1, 0, 1)), y)", x=(2, 3, 3, 4), y=(2, 3, 2, 3)),
    row("torch.conv2d(x, y, z, groups=3, padding=1)",  # depthwise, two filters each
        "conv(x, y, 1, 1, groups=3) + z[:, None, None]", "x y",
        x=(2, 3, 4, 4), y=(6, 1, 3, 3), z=(6,)),
    row("F.conv2d(x, y, z, stride=3)", "conv(x, y, 3) + z[:, None, None]", "x y",
        x=(3, 8, 7), y=(5, 3, 2, 2), z=(5,)),
    row("F.conv2d(x, y)", "conv(x, y)", "x y", x=(2, 3, 3, 2), y=(4, 3, 1, 1)),
    row("F.conv3d(x, y, z, padding=1, stride=2)", "conv(x, y, 2, 1) + z[:, None, None, None]",
        "x y", x=(2, 2, 3, 4, 3), y=(2, 2, 2, 3, 2), z=(2,)),
    row("torch.conv3d(x, y, groups=2)", "conv(x, y, groups=2)", "x y",
        x=(2, 3, 2, 3), y=(4, 1, 2, 1, 2)),
    row("F.conv_transpose1d(x, y, z, 2, 1, 1)", "conv_t(x, y, 2, 1, 1) + z[:, None]", "x y",
        x=(2, 3, 4), y=(3, 2, 3), z=(2,)),
    row("F.conv_transpose2d(x, y, z)", "conv_t(x, y) + z[:, None, None]", "x y",
        x=(2, 3, 3, 2), y=(3, 2, 2, 3), z=(2,)),
    row("torch.conv_transpose2d(x, y, None, (2, 3), (1, 0), (1, 2), 2, (1, 2))",
        "conv_t(x, y, (2, 3), (1, 0), (1, 2), 2, (1, 2))", "x y", x=(4, 3, 2), y=(4, 2, 3, 2)),
    row("F.conv_transpose2d(x, y, z, stride=2, groups=3)",
        "conv_t(x, y, 2, groups=3) + z[:, None, None]", "x y",
        x=(2, 3, 2, 3), y=(3, 1, 2, 2), z=(3,)),
    row("F.conv_transpose3d(x, y, stride=2, padding=1)", "conv_t(x, y, 2, 1)", "x y",
        x=(2, 2, 2, 3, 2), y=(2, 2, 3, 2, 3)),
    row("torch.convolution(x, y, z, [2], [1], [1], True, [1], 1)",
        "conv_t(x, y, 2, 1, 1) + z[:, None]", "x y", x=(2, 3, 3), y=(3, 2, 4), z=(2,)),
    row("torch.convolution(x, y, None, [1, 1], [1, 0], [1, 1], False, [0, 0], 1)",
        "conv(x, y, 1, (1, 0))", "x y", x=(2, 2, 3, 3), y=(3, 2, 2, 2)),
    row("F.conv_tbc(x, y, z, 1)",
        "(conv(x.transpose(1, 2, 0), y.T, 1, 1) + z[:, None]).transpose(2, 0, 1)", "x y",
        x=(5, 2, 3), y=(3, 3, 4), z=(4,)),
]  # fmt: skip

FOLDS = [
    row("F.unfold(x, (2, 3), dilation=(2, 1), padding=1, stride=(1, 2))",
        "windows(x, (2, 3), (1, 2), (1, 1), (2, 1)).reshape(2, 18, -1)", x=(2, 3, 4, 5)),
    row("F.unfold(x, 2)", "windows(x[None], (2, 2)).reshape(12, -1)", x=(3, 3, 4)),
    row("F.fold(x, (4, 5), (2, 3), dilation=(2, 1), padding=1, stride=(1, 2))",
        "folded(x.reshape(2, 3, 2, 3, 4, 3), (4, 5), (1, 2), (1, 1), (2, 1))", x=(2, 18, 12)),
    row("F.fold(x, 3, 2)", "folded(x.reshape(1, 2, 2, 2, 2, 2), (3, 3))[0]", x=(8, 4)),
]  # fmt: skip

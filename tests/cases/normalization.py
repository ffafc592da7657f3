"""Normalization: layers, groups, instances, batches, vectors."""

from tests.rows import row

__all__ = ["NORMALIZATIONS"]

_UNIT = "(lambda v, a: (v - v.mean(a, keepdims=True)) / np.sqrt(v.var(a, keepdims=True) + 1e-5))"
_IMAGE = {"x": (3, 4, 2, 2), "y": (4,), "z": (4,)}
_BESIDE = "y[:, None, None] + z[:, None, None]"
_GROUPED = f"{_UNIT}(x.reshape(3, 2, 8), 2).reshape(3, 4, 2, 2)"
_LONG = {"x": (2, 3, 18), "y": (3,), "z": (3,)}

NORMALIZATIONS = [
    row("F.layer_norm(x, (3,), y, z)", f"{_UNIT}(x, 1) * y + z", "x 16 16 y", y=(3,), z=(3,)),
    row("F.layer_norm(x, (3,), y)", f"{_UNIT}(x, 1) * y", "x 16 16 y", y=(3,)),
    row("F.layer_norm(x, (3,))", f"{_UNIT}(x, 1)", "x 16 16"),
    row("torch.layer_norm(x, (3, 4), y, z, 1e-5, False)", f"{_UNIT}(x, (1, 2)) * y + z",
        "x 8 8 y", x=(2, 3, 4), y=(3, 4), z=(3, 4)),
    # PyTorch has no second derivative of native_layer_norm and batch_norm with a bias alone.
    row("torch.native_layer_norm(x, (3,), None, z, 1e-5)[0]", f"{_UNIT}(x, 1) + z", "x 16 16",
        oracle="F.layer_norm(x, (3,)) + z", z=(3,)),
    row("F.rms_norm(x, (3,), y, 1e-5)", "x / np.sqrt((x * x).mean(1, keepdims=True) + 1e-5) * y",
        "x 16 y", y=(3,), fused=True),
    row("torch.rms_norm(x, (3,))",
        "x / np.sqrt((x * x).mean(1, keepdims=True) + np.finfo(x.dtype).eps)", "x 16"),
    row("F.group_norm(x, 2, y, z)", f"{_GROUPED} * {_BESIDE}", "x 24 24 y", **_IMAGE),
    row("F.group_norm(x, 3, y)", f"{_UNIT}(x, 2) * y[:, None]", "x 24 24 y",
        x=(2, 3, 18), y=(3,)),
    row("torch.group_norm(x, 2)", f"{_UNIT}(x.reshape(4, 2, 3), 2).reshape(4, 6)", "x 32 32",
        x=(4, 6)),
    row("F.instance_norm(x, weight=y, bias=z)", f"{_UNIT}(x, (2, 3)) * {_BESIDE}", "x 48 48 y",
        **_IMAGE),
    row("F.batch_norm(x, None, None, y, z, True)", f"{_UNIT}(x, (0, 2, 3)) * {_BESIDE}",
        "x 16 16 y", **_IMAGE),
    row("F.batch_norm(x, None, None, y, z, training=True)", f"{_UNIT}(x, (0, 2)) * "
        "y[:, None] + z[:, None]", "x 12 12 y", **_LONG),
    row("torch.batch_norm(x, None, z, None, None, True, 0.1, 1e-5, False)",
        f"{_UNIT}(x, 0) + z", "x 12 12", z=(3,), oracle="F.batch_norm(x, None, None, None, "
        "None, True) + z"),
    row("F.batch_norm(x, k, k * k, y, z)", "(x - k) / np.sqrt(k * k + 1e-5) * y + z",
        "x k 12 y", y=(3,), z=(3,), k=(3,), domain=(0.5, 2)),
    row("F.batch_norm(x, k, k * k, y)", "(x - k) / np.sqrt(k * k + 1e-5) * y",
        "12 48 y", y=(3,), k=(3,), domain=(0.5, 2)),
    row("F.instance_norm(x, k, k * k, use_input_stats=False)",
        "(x - k[:, None]) / np.sqrt(k * k + 1e-5)[:, None]", "12", x=(2, 3, 2), k=(3,),
        domain=(0.5, 2)),
    row("F.normalize(x, dim=0)", "x / np.sqrt((x * x).sum(0, keepdims=True))", "x 12 again x 12"),
]  # fmt: skip

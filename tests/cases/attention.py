"""Attention."""

from tests.rows import row

__all__ = ["ATTENTION"]

_ATTENTION = "softmax({0}, -1) @ z"
_SHAPES = {"x": (2, 3, 4), "y": (2, 5, 4), "z": (2, 5, 2)}
_SDPA = "F.scaled_dot_product_attention"

ATTENTION = [
    row(f"{_SDPA}(x, y, z)", _ATTENTION.format("x @ y.swapaxes(1, 2) / 2"),
        "x y z result 24", fused=True, **_SHAPES),
    row(f"{_SDPA}(x, y, z, is_causal=True, scale=0.7)",
        _ATTENTION.format("np.where(np.tri(3, 5), 0.7 * x @ y.swapaxes(1, 2), -np.inf)"),
        "x y z result 24", fused=True, **_SHAPES),
    row(f"{_SDPA}(x, y, z, b)",
        "np.where(b.any(-1, keepdims=True), np.nan_to_num(softmax(np.where(b, x @ "
        "y.swapaxes(1, 2) / 2, -np.inf), -1)), 0) @ z",
        "x y z result 24 b", fused=True, b=(3, 5), **_SHAPES),
    row(f"{_SDPA}(x, y, z, w)", _ATTENTION.format("x @ y.swapaxes(1, 2) / 2 + w"),
        "x y z result 24 w", fused=True, w=(3, 5), **_SHAPES),
    row(f"{_SDPA}(x, y, z, enable_gqa=True)",
        "softmax(x @ y.repeat(2, 0).swapaxes(1, 2) / 2, -1) @ z.repeat(2, 0)",
        "x y z result 48", fused=True, x=(4, 3, 4), y=(2, 5, 4), z=(2, 5, 2)),
]  # fmt: skip

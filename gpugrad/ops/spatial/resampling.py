"""The op behind averages and interpolations: linear, so it saves nothing.

Must not:  know which function it serves; the node is named after it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ..generic import Linear, linear
from .apply import Maps, apply

__all__ = ["resampled"]


@cache
def _resampling(node_name: str) -> Linear:
    """The op ``apply`` under the name of a node; its transpose is itself, turned round."""

    def transpose(g: Any, *, maps: Maps, transposed: bool) -> Any:
        return op(g, maps=maps, transposed=not transposed)

    op: Linear = linear(
        "resample", node_name=node_name,
        forward=lambda xp, x, *, maps, transposed: apply(x, maps, transposed),
        transpose=transpose,
    )  # fmt: skip
    return op


def resampled(node_name: str, x: Any, maps: Maps) -> Any:
    """``x`` mapped along its last ``len(maps)`` dimensions, by a node of that name."""
    return _resampling(node_name)(x, maps=maps, transposed=False)

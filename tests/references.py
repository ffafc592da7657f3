"""What operations by index and some losses mean, element by element, for the rows' NumPy values.

Must not:  be fast.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["added_at", "cosine", "distance", "index_reduce", "masked_scatter",
           "multilabel_margin", "scatter", "scatter_reduce"]  # fmt: skip


def scatter(x: Any, dim: int, index: Any, source: Any) -> Any:
    """``x`` with the elements of ``source`` (or one number) at ``index`` along ``dim``."""
    return scatter_reduce(x, dim, index, np.broadcast_to(source, index.shape), lambda a, b: b)


def scatter_reduce(x: Any, dim: int, index: Any, source: Any, how: Any, include: bool = True
                   ) -> Any:
    """``x`` with what goes to one place combined by ``how``, a function of two or "mean"."""
    groups: dict[Any, list[Any]] = {}
    for place in np.ndindex(index.shape):
        target = (*place[:dim], index[place], *place[dim + 1 :])
        groups.setdefault(target, [x[target]] if include else []).append(source[place])
    out = x.copy()
    for target, values in groups.items():
        out[target] = np.mean(values) if how == "mean" else folded(how, values)
    return out


def folded(how: Callable[[Any, Any], Any], values: list[Any]) -> Any:
    total = values[0]
    for value in values[1:]:
        total = how(total, value)
    return total


def index_reduce(x: Any, dim: int, index: Any, source: Any, how: Any) -> Any:
    """``scatter_reduce`` with one index for every entry of ``dim``."""
    along = [-1 if d == dim else 1 for d in range(x.ndim)]
    return scatter_reduce(x, dim, np.broadcast_to(index.reshape(along), source.shape), source, how)


def masked_scatter(x: Any, mask: Any, source: Any) -> Any:
    """``x`` with the elements of ``source``, in order, where the mask holds."""
    out, mask = x.copy(), np.broadcast_to(mask, x.shape)
    out[mask] = source.reshape(-1)[: mask.sum()]
    return out


def added_at(x: Any, key: Any, values: Any) -> Any:
    """``x`` with ``values`` added at ``key``; repeated places add up."""
    out = x.copy()
    np.add.at(out, key, values)
    return out


# ---------------------------------------------------------------------------------- of losses
def cosine(x: Any, y: Any) -> Any:
    return (x * y).sum(1) / np.sqrt((x * x).sum(1) * (y * y).sum(1))


def distance(x: Any, y: Any) -> Any:
    return np.sqrt(((x - y + 1e-6) ** 2).sum(1))


def multilabel_margin(x: Any, labels: Any) -> Any:
    losses = []
    for row, given in zip(x, labels, strict=True):
        listed = given[: [*given, -1].index(-1)].tolist()
        others = {*range(len(row))} - {*listed}
        losses.append(sum(max(0, 1 - row[t] + row[c]) for t in listed for c in others) / len(row))
    return np.array(losses)

"""``repr`` of tensors, laid out as PyTorch's.

Holds:     printing copies at most the summarised elements from a device.
Must not:  record or change anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import bool_, default_device, default_dtype, int64
from ..graph import graph_node, is_leaf

__all__ = ["set_printoptions", "tensor_repr"]

_options = {"precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80}


def set_printoptions(precision: int | None = None, threshold: int | None = None,
                     edgeitems: int | None = None, linewidth: int | None = None) -> None:
    """Digits, element count from which to summarise, items kept at the edges, line width."""
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}  # fmt: skip
    _options.update({name: value for name, value in given.items() if value is not None})


def tensor_repr(tensor: Any) -> str:
    """``tensor([...], device=..., dtype=..., grad_fn=<...>)``."""
    array = _host(tensor.array)
    shown = array.astype(np.float32) if tensor.kind.dtype.name == "bfloat16" else array
    body = _body(shown, _formatter(shown), len("tensor("), array.size > _options["threshold"])
    notes = []
    if not array.size and array.ndim != 1:
        notes.append(f"size={tuple(array.shape)}")
    if tensor.kind.device.type != default_device().type:
        notes.append(f"device='{tensor.kind.device}'")
    if tensor.kind.dtype not in (default_dtype(), int64, bool_):
        notes.append(f"dtype={tensor.kind.dtype}")
    if tensor.node is not None:
        grad_fn = f"grad_fn=<{graph_node(tensor.node)[0].name()}>"
        notes.append("requires_grad=True" if is_leaf(tensor) else grad_fn)
    return f"tensor({', '.join([body, *notes])})"


def _host(array: Any) -> Any:
    return array if isinstance(array, np.ndarray) else array.get()


def _formatter(array: Any) -> Callable[[Any], str]:
    """How to print one element so that all have one width."""
    values = array.ravel()
    if array.dtype.kind == "b":
        texts = [str(bool(v)) for v in values[:1]] + ["False"] * bool((~values).any())
        width = max((len(text) for text in texts), default=0)
        return lambda v: str(bool(v)).rjust(width)
    if array.dtype.kind in "iu":
        ends = (values.min(), values.max()) if values.size else ()
        width = max((len(str(v)) for v in ends), default=0)
        return lambda v: str(int(v)).rjust(width)
    return _float_formatter(values.astype(np.float64))


def _float_formatter(values: Any) -> Callable[[Any], str]:
    finite = np.abs(values[np.isfinite(values) & (values != 0)])
    digits = _options["precision"]
    whole = bool((values[np.isfinite(values)] % 1 == 0).all())
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (1.0, 1.0)
    scientific = high / low > 1000 or high > 1e8 or (not whole and low < 1e-4)

    def text(v: Any) -> str:
        v = float(v)
        if not math.isfinite(v):
            return str(v)
        if scientific:
            return f"{v:.{digits}e}"
        return f"{v:.0f}." if whole else f"{v:.{digits}f}"

    sample = values if values.size <= 4 * _options["threshold"] else values[:: values.size // 1000]
    width = max((len(text(v)) for v in sample), default=0)
    return lambda v: text(v).rjust(width)


def _body(array: Any, show: Callable[[Any], str], indent: int, summarise: bool) -> str:
    if not array.ndim:
        return show(array[()]).strip()
    edge = _options["edgeitems"]
    cut = summarise and len(array) > 2 * edge
    head = list(array[:edge]) if cut else list(array)
    tail = list(array[-edge:]) if cut else []
    if array.ndim == 1:
        items = [show(v) for v in head] + ["..."] * cut + [show(v) for v in tail]
        return _wrapped(items, indent)
    separator: str = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    rows = [_body(row, show, indent + 1, summarise) for row in head]
    rows += ["..."] * cut + [_body(row, show, indent + 1, summarise) for row in tail]
    return "[" + separator.join(rows) + "]"


def _wrapped(items: list[str], indent: int) -> str:
    width = max((len(item) for item in items), default=1) + 2
    per_line: int = max(1, (_options["linewidth"] - indent) // width)
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

"""``repr`` of tensors, laid out as PyTorch's.

Holds:     printing copies at most the summarised elements from a device.
Must not:  record or change anything.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..array import bool_, default_device, default_dtype, int64
from ..graph import graph_node, is_leaf

__all__ = ["get_printoptions", "printoptions", "set_printoptions", "tensor_repr"]

_DEFAULT: dict[str, Any] = {
    "precision": 4, "threshold": 1000, "edgeitems": 3, "linewidth": 80, "sci_mode": None,
}  # fmt: skip
_PROFILES: dict[str, dict[str, Any]] = {
    "default": _DEFAULT,
    "short": {**_DEFAULT, "precision": 2, "edgeitems": 2},
    "full": {**_DEFAULT, "threshold": math.inf},
}
_options = dict(_DEFAULT)


def set_printoptions(precision: int | None = None, threshold: float | None = None,
                     edgeitems: int | None = None, linewidth: int | None = None,
                     profile: str | None = None, sci_mode: bool | None = None) -> None:
    """Digits, element count from which to summarise, items kept at the edges, line width.

    profile   "default", "short" or "full", before the others are applied
    sci_mode  numbers with an exponent always, never, or (None) where it helps
    """
    if profile is not None:
        _options.update(_PROFILES[profile])
    given = {"precision": precision, "threshold": threshold, "edgeitems": edgeitems,
             "linewidth": linewidth}  # fmt: skip
    _options.update({name: value for name, value in given.items() if value is not None})
    _options["sci_mode"] = sci_mode


def get_printoptions() -> dict[str, Any]:
    """The options as ``set_printoptions`` takes them."""
    return dict(_options)


@contextmanager
def printoptions(**options: Any) -> Iterator[None]:
    """``set_printoptions`` for the length of a ``with`` block."""
    before = get_printoptions()
    set_printoptions(**options)
    try:
        yield
    finally:
        set_printoptions(**before)


def tensor_repr(tensor: Any) -> str:
    """``tensor([...], device=..., dtype=..., grad_fn=<...>)``."""
    text = "tensor([]" if not tensor.array.size else f"tensor({_contents(tensor.array)}"
    column = len(text) - text.rfind("\n") + 1
    for note in _notes(tensor):
        if column + len(note) + 2 > _options["linewidth"]:
            text += f",\n       {note}"
            column = len("tensor(") + len(note)
        else:
            text += f", {note}"
            column += len(note) + 2
    return text + ")"


def _notes(tensor: Any) -> list[str]:
    """What is said after the elements: only what cannot be seen from them."""
    notes = []
    element, empty = tensor.kind.dtype, not tensor.array.size
    if tensor.kind.device.type != default_device().type:
        notes.append(f"device='{tensor.kind.device}'")
    if len(tensor.shape) != 1 if empty else not _options["edgeitems"]:
        notes.append(f"size={tuple(tensor.shape)}")
    if element is not default_dtype() and (empty or element not in (int64, bool_)):
        notes.append(f"dtype={element}")
    if tensor.node is not None:
        leaf = is_leaf(tensor)
        notes.append("requires_grad=True" if leaf else
                     f"grad_fn=<{graph_node(tensor.node)[0].name()}>")  # fmt: skip
    return notes


# --------------------------------------------------------------------------------------- elements
def _contents(array: Any) -> str:
    edge = _options["edgeitems"]
    summary = array.size > _options["threshold"]
    if summary and not edge:
        return "[...]"
    cuts = [summary and size > 2 * edge for size in array.shape]
    for axis, size in enumerate(array.shape):  # where the array is, so that little is copied
        if cuts[axis]:
            array = array.take([*range(edge), *range(size - edge, size)], axis)
    shown = array if isinstance(array, np.ndarray) else array.get()
    if shown.dtype.itemsize == 2 and shown.dtype.kind not in "iu":
        shown = shown.astype(np.float32)
    return _nested(shown, _formatter(shown), len("tensor("), cuts)


def _formatter(array: Any) -> Callable[[Any], str]:
    """How to print one element so that all have one width."""
    values = array.ravel().tolist()
    if array.dtype.kind != "f":
        width = max(len(str(v)) for v in values)
        return lambda v: str(v).rjust(width)
    finite = [abs(v) for v in values if math.isfinite(v) and v]
    if not finite:  # zeros and what is no number
        return lambda v: f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"
    text = _number_text(finite)
    width = max(len(text(v)) for v in values if math.isfinite(v) and v)
    return lambda v: text(v).rjust(width)


def _number_text(finite: list[float]) -> Callable[[float], str]:
    """With an exponent, whole, or with a fixed number of digits: whatever suits all numbers."""
    digits = _options["precision"]
    scientific = _options["sci_mode"]
    if scientific is None:
        low, high = min(finite), max(finite)
        scientific = high / low > 1000 or high > 1e8 or low < 1e-4
    if scientific:
        return lambda v: f"{v:.{digits}e}"
    if all(v == math.ceil(v) for v in finite):
        return lambda v: f"{v:.0f}." if math.isfinite(v) else f"{v:.0f}"
    return lambda v: f"{v:.{digits}f}"


def _nested(array: Any, show: Callable[[Any], str], indent: int, cuts: list[bool]) -> str:
    """Brackets, commas and line breaks; ``cuts`` tells which axes lack their middle."""
    if not array.ndim:
        return show(array.item())
    edge = _options["edgeitems"]
    if array.ndim == 1:
        items = [show(v) for v in array.tolist()]
        return _wrapped([*items[:edge], " ...", *items[edge:]] if cuts[0] else items, indent)
    rows = [_nested(row, show, indent + 1, cuts[1:]) for row in array]
    if cuts[0]:
        rows.insert(edge, "...")
    separator: str = "," + "\n" * (array.ndim - 1) + " " * (indent + 1)
    return "[" + separator.join(rows) + "]"


def _wrapped(items: list[str], indent: int) -> str:
    width = len(items[0]) + 2
    per_line: int = max(1, (_options["linewidth"] - indent) // width)
    lines = [", ".join(items[i : i + per_line]) for i in range(0, len(items), per_line)]
    return "[" + (",\n" + " " * (indent + 1)).join(lines) + "]"

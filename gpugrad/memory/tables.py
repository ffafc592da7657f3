"""Text in columns, at most 100 wide.

Holds:     a row never breaks; what does not fit is cut in the middle, where paths are dullest.
Must not:  know what the columns mean.
"""

from __future__ import annotations

__all__ = ["clip", "row", "times"]


def row(widths: tuple[int, ...], *cells: str) -> str:
    """The cells in columns of ``widths``, indented by two."""
    parts = [f"{clip(cell, width):<{width}}" for cell, width in zip(cells, widths, strict=True)]
    return ("  " + " ".join(parts)).rstrip()


def clip(text: str, width: int) -> str:
    """``text``, or its two ends with dots between."""
    if len(text) <= width:
        return text
    tail = (width - 2) // 2
    return f"{text[: width - 2 - tail]}..{text[-tail:]}"


def times(name: str, count: int) -> str:
    """``name``, or ``3× name``."""
    return name if count == 1 else f"{count}× {name}"

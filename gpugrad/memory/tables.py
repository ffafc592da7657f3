"""Text in columns, at most 100 wide.

Holds:     a row never breaks; what does not fit is cut, of a source line the directories first.
Must not:  know what the columns mean.
"""

from __future__ import annotations

__all__ = ["clip", "place", "row", "times"]


def row(widths: tuple[int, ...], *cells: str) -> str:
    """The cells in columns of ``widths``, indented by two."""
    parts = [f"{clip(cell, width):<{width}}" for cell, width in zip(cells, widths, strict=True)]
    return ("  " + " ".join(parts)).rstrip()


def clip(text: str, width: int) -> str:
    """``text``, or its beginning and two dots."""
    return text if len(text) <= width else f"{text[: width - 2]}.."


def place(where: str, width: int) -> str:
    """A source line, ``src/train.py:31 in step``, without its directories if it is too long."""
    if len(where) <= width:
        return where
    path, colon, rest = where.partition(":")
    return clip(f"{path.replace(chr(92), '/').rpartition('/')[2]}{colon}{rest}", width)


def times(name: str, count: int) -> str:
    """``name``, or ``3× name``."""
    return name if count == 1 else f"{count}× {name}"

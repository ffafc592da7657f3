"""How facts are laid out: a first line, then one indented line per named fact."""

from __future__ import annotations

__all__ = ["facts", "format_bytes", "operand"]


def facts(first: str, *rows: tuple[str, object]) -> str:
    """The first line, then one indented line per named fact; empty facts are left out."""
    shown = [(name, str(value)) for name, value in rows if value not in (None, "")]
    width = max((len(name) for name, _ in shown), default=0)
    return "\n".join([first, *(f"  {name:<{width}}  {value}" for name, value in shown)])


def format_bytes(count: float) -> str:
    """Bytes as people read them: ``512 B``, ``84.2 MiB``."""
    if abs(count) < 1024:
        return f"{count:.0f} B"
    for unit in ("KiB", "MiB", "GiB"):
        count /= 1024
        if abs(count) < 1024:
            return f"{count:.1f} {unit}"
    return f"{count / 1024:.1f} TiB"


def operand(name: str, shape: tuple[int, ...], dtype: object, device: object) -> tuple[str, str]:
    """A row for one operand: name, shape, dtype and device."""
    return name, f"{tuple(shape)!s:<14} {dtype}  {device}"

"""The layout of tensors: there is one, ``gpugrad.strided``.

Must not:  know any tensor.
"""

from __future__ import annotations

from .surface import PLACES

__all__ = ["check_layout", "layout", "strided"]


class layout:  # noqa: N801  (PyTorch's name)
    """How elements are laid out in memory."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"gpugrad.{self.name}"

    def __reduce__(self) -> str:
        return self.name


strided = layout("strided")
PLACES["torch"] |= {"strided": strided, "layout": layout}


def check_layout(wanted: object) -> None:
    """NotImplementedError for a layout that is not ``strided``."""
    if wanted is not None and wanted is not strided:
        raise NotImplementedError(f"tensors of gpugrad are strided, not {wanted}")

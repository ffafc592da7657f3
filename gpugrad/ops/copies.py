"""The functions ``name_copy``: what a view shows, as a copy.

Holds:     each is the view's function followed by a copy: the same arguments, the same errors, the
           same gradient, and nothing saved.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from . import diagonal, join, pieces, shape, strided
from .rearrange import clone_op
from .surface import public

__all__ = ["COPIES", "copying"]


def _itself(input: Any) -> Any:
    """The tensor itself."""
    return input


COPIES: dict[str, Callable[..., Any]] = {
    "alias": _itself, "as_strided": strided.as_strided, "detach": _itself,
    "diagonal": diagonal.diagonal, "expand": shape.expand_sizes, "permute": shape.permute,
    "select": pieces.select, "slice": pieces.slice_, "split": join.pieces_of,
    "split_with_sizes": join.split_with_sizes, "squeeze": shape.squeeze, "t": shape.t,
    "transpose": shape.transpose, "unbind": join.unbind, "unfold": strided.unfold,
    "unsqueeze": shape.unsqueeze, "view": shape.view,
}  # fmt: skip
"""The views by PyTorch's names; "detach_copy" keeps the gradient there, too."""


def copying(name: str, view: Callable[..., Any]) -> Callable[..., Any]:
    """``view`` followed by a copy; a tuple of copies where there are several."""

    @wraps(view)
    def copy(*args: Any, **kwargs: Any) -> Any:
        seen = view(*args, **kwargs)
        return tuple(map(clone_op, seen)) if seen.__class__ is tuple else clone_op(seen)

    copy.__name__ = copy.__qualname__ = name
    copy.__doc__ = f"``{name.removesuffix('_copy')}`` as a copy. Saves nothing."
    return copy


for _name, _view in COPIES.items():
    public("torch out")(copying(f"{_name}_copy", _view))

narrow_copy = public("torch method out")(copying("narrow_copy", pieces.narrow))

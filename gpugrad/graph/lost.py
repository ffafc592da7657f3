"""Where a gradient was lost: the first place on the way to a tensor where the graph was left.

Holds:     a tensor that a recorded op would have connected, but does not, notes why and where
           (``tensor.lost``); tensors made from it inherit the note. Noting costs an op nothing
           while it is recorded.
Must not:  keep tensors or frames.
"""

from __future__ import annotations

import sys
from types import CodeType
from typing import Any

from ..errors import lost_text
from .where import Location, location, user_frame

__all__ = ["Lost", "inherited", "lose", "why_no_grad"]


class Lost:
    """One such place.

    how    "no_grad", "detach", "data", "copy", "cast", "array" (made from one of another library),
           or "op": an op without a gradient
    what   which of them: the mode, the dtype, the library or the op
    """

    __slots__ = ("code", "how", "lasti", "what")

    def __init__(self, how: str, what: str, code: CodeType | None, lasti: int) -> None:
        self.how = how
        self.what = what
        self.code = code
        self.lasti = lasti

    @property
    def where(self) -> Location:
        """The user's line."""
        return location(self.code, self.lasti)


def lose(out: Any, inputs: Any, how: str, what: str = "") -> Any:
    """Notes on ``out`` that the gradient of ``inputs`` ends here; returns ``out``."""
    lost = inherited(inputs)
    if lost is None and any(getattr(t, "node", None) is not None for t in inputs):
        frame = user_frame(sys._getframe(1))
        lost = Lost(how, what, frame.f_code, frame.f_lasti)
    out.lost = lost
    return out


def inherited(inputs: Any) -> Lost | None:
    """The first note that one of ``inputs`` carries."""
    for t in inputs:
        lost = getattr(t, "lost", None)
        if lost is not None:
            return lost  # type: ignore[no-any-return]
    return None


def why_no_grad(tensor: Any) -> str:
    """Why no gradient flows to ``tensor``; "" if one does."""
    if tensor.node is not None:
        return ""
    lost = tensor.lost
    if lost is not None:
        return lost_text(lost.how, lost.what, str(lost.where))
    kind = tensor.kind
    return lost_text("none" if kind.is_floating_point else "dtype", kind.dtype.name)

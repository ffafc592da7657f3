"""Which line of the user's program is running.

Holds:     an op notes a code object and an instruction index, two stores; both become text only
           when shown. "The user's line" is the innermost frame outside this package.
Must not:  keep a frame: frames keep every local variable alive.
"""

from __future__ import annotations

import os
import sys
from types import CodeType, FrameType
from typing import Any, NamedTuple

__all__ = ["PRINTED", "Location", "here", "is_internal", "location", "note_stacks", "noted_frame",
           "stack_text", "user_files", "user_frame"]  # fmt: skip

_PACKAGE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep
PRINTED = "<gpugrad"
"""File names of printed functions begin like this."""


_own_files: set[str] = set()
_other_files: set[str] = set()
user_files: set[str] = set()
"""File names known not to be gpugrad's; a printed op call looks here before anything else."""


def is_internal(filename: str) -> bool:
    """Whether a file is gpugrad's; remembered, since each op asks for a few."""
    if filename in _own_files:
        return True
    if filename in _other_files:
        return False
    inside = filename.startswith((_PACKAGE, PRINTED))
    (_own_files if inside else _other_files).add(filename)
    if not inside and not _stacks:
        user_files.add(filename)
    return inside


class Location(NamedTuple):
    """A line of source: ``train.py:31 in step``."""

    file: str
    line: int
    function: str

    def __str__(self) -> str:
        inside = "" if self.function == "<module>" else f" in {self.function}"
        return f"{self.short}:{self.line}{inside}"

    @property
    def short(self) -> str:
        """The file, relative to the working directory where it lies inside it."""
        if not os.path.isabs(self.file):
            return self.file
        relative = os.path.relpath(self.file)
        return self.file if relative.startswith("..") else relative


def user_frame(frame: FrameType | None) -> Any:
    """The innermost frame from ``frame`` outwards that is not gpugrad's own."""
    outermost = frame
    while frame is not None and is_internal(frame.f_code.co_filename):
        outermost = frame
        frame = frame.f_back
    return outermost if frame is None else frame


# ------------------------------------------------------------------------------------- whole stacks
_stacks: list[bool] = []
"""Not empty in anomaly mode. Then no file is known to be the user's, so every op asks here."""


class _Instruction(int):
    """An instruction index that carries the whole stack: (code, instruction), innermost first."""

    stack: list[tuple[CodeType, int]]


class _Noted:
    """What a node notes of a frame."""

    __slots__ = ("f_code", "f_lasti")
    f_code: CodeType
    f_lasti: int


def note_stacks(on: bool) -> None:
    """Whether ``noted_frame`` takes the whole stack."""
    _stacks[:] = [True] if on else []
    user_files.clear()
    if not on:
        user_files.update(_other_files)


def noted_frame(frame: FrameType | None) -> Any:
    """``user_frame`` for a node that is being recorded; with the whole stack in anomaly mode."""
    frame = user_frame(frame)
    if not _stacks or frame is None:
        return frame
    noted = _Noted()
    noted.f_code = frame.f_code
    noted.f_lasti = instruction = _Instruction(frame.f_lasti)
    stack = []
    while frame is not None:
        code = frame.f_code
        if code.co_filename not in _own_files:
            stack.append((code, frame.f_lasti))
        frame = frame.f_back
    instruction.stack = stack
    return noted


def stack_text(instruction: int) -> str:
    """The stack that ``instruction`` carries, one line per call; "" without one."""
    if not isinstance(instruction, _Instruction):
        return ""
    places = [location(*place) for place in reversed(instruction.stack)]
    return "\n".join(f"  {place}" for place in places if not is_internal(place.file))


def here() -> tuple[CodeType, int]:
    """Code object and instruction index of the user's current line."""
    frame = user_frame(sys._getframe(1))
    return frame.f_code, frame.f_lasti


def location(code: CodeType | None, instruction: int) -> Location:
    """The text of what an op noted."""
    if code is None:
        return Location("<unknown>", 0, "<module>")
    line = code.co_firstlineno
    for start, end, number in code.co_lines():
        if start <= instruction < end and number is not None:
            line = number
            break
    return Location(code.co_filename, line, code.co_name)

"""Finds the CUDA C++ texts in ``kernels/``.

Holds:     one directory per process: the copy inside the package, which wheels carry, or the one
           beside the package, which a checkout, an sdist or an editable install has.
Must not:  compile anything, or know any kernel by name.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from ..errors import kernel_files_missing

__all__ = ["kernel_directory", "kernel_text"]

# Every kernel includes this header, so a directory without it is not ours.
_COMMON = "common.cuh"


@cache
def kernel_directory() -> Path:
    """The directory that holds ``common.cuh`` and the kernels."""
    return find_kernels(Path(__file__).resolve().parents[1])


def kernel_text(name: str) -> str:
    """The text of one file, named relative to the directory: ``"elementwise/gelu.cu"``."""
    return (kernel_directory() / name).read_text("utf-8")


def find_kernels(package: Path) -> Path:
    """The kernels that belong to the package in directory ``package``."""
    places = (package / "kernels", package.parent / "kernels")
    for place in places:
        if (place / _COMMON).is_file():
            return place
    raise kernel_files_missing([str(place) for place in places])

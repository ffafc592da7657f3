"""Hand-written kernels: one CuPy module per file of ``kernels/``, one function per entry point.

Holds:     a file is compiled once per process (CuPy keeps the binary on disk between processes); a
           change in any shared header makes a new binary, because its digest is part of the text.
Must not:  know any kernel by name, or be asked for one on a machine without CUDA.
"""

from __future__ import annotations

import os
import threading
from functools import cache
from hashlib import blake2b
from typing import Any

from .devices import cupy
from .kernel_files import kernel_directory

__all__ = ["raw_kernel", "raw_module"]

_OPTIONS = ("-std=c++17",)
class _Compiling:
    """One thread compiles at a time; a forked process starts without its parent's turn."""

    def __init__(self) -> None:
        self.turn = threading.Lock()

    def forget(self) -> None:
        self.turn = threading.Lock()


_compiling = _Compiling()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_compiling.forget)
_modules: dict[tuple[str, tuple[str, ...]], Any] = {}


def raw_module(name: str, expressions: tuple[str, ...] = ()) -> Any:
    """The ``cupy.RawModule`` of ``kernels/<name>.cu``.

    ``expressions`` are the template instances wanted, such as ``"gg::softmax<float>"``; a file
    whose entry points are ``extern "C"`` needs none.
    """
    key = name, expressions
    module = _modules.get(key)
    if module is None:
        with _compiling.turn:
            module = _modules.get(key) or _modules.setdefault(key, _compile(name, expressions))
    return module


@cache
def raw_kernel(name: str, function: str, expressions: tuple[str, ...] = ()) -> Any:
    """The entry point ``function`` of ``raw_module(name, expressions)``, ready to be launched."""
    return raw_module(name, expressions).get_function(function)


def _compile(name: str, expressions: tuple[str, ...]) -> Any:
    directory = kernel_directory()
    path = directory / f"{name}.cu"
    text = f"// headers {_headers_digest()}\n{path.read_text('utf-8')}"
    options = (*_OPTIONS, f"-I{directory}")
    return cupy().RawModule(code=text, options=options, name_expressions=expressions or None)


@cache
def _headers_digest() -> str:
    """Names the state of all shared headers: CuPy's cache looks at a kernel's own text only."""
    digest = blake2b(digest_size=8)
    for header in sorted(kernel_directory().glob("*.cuh")):
        digest.update(header.read_bytes())
    return digest.hexdigest()

"""NVIDIA's own compiler, without a GPU: the library of the package ``nvidia-cuda-nvrtc``."""

from __future__ import annotations

import ctypes
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from gpugrad.array.kernel_files import kernel_directory


@cache
def library() -> Any:
    """The loaded library; skips the test where there is none."""
    for path in candidates():
        try:
            return ctypes.CDLL(str(path))
        except OSError:
            continue
    pytest.skip("NVRTC is not installed (pip install nvidia-cuda-nvrtc)")


def candidates() -> list[Path]:
    """Libraries of the installed NVIDIA packages, of whatever CUDA version, newest first."""
    spec = find_spec("nvidia")
    places = list(spec.submodule_search_locations or []) if spec is not None else []
    found = [p for place in places for p in Path(place).glob("*/lib/libnvrtc.so.*")]
    return sorted(found, reverse=True)


def compile_text(source: str, architecture: str, *options: str) -> str:
    """Compiles to a binary for ``architecture``; returns the log, which is empty on success."""
    nvrtc = library()
    program = ctypes.c_void_p()
    assert nvrtc.nvrtcCreateProgram(
        ctypes.byref(program), source.encode(), b"kernel.cu", 0, None, None
    ) == 0
    flags = [f"--gpu-architecture={architecture}", "-std=c++17", f"-I{kernel_directory()}",
             *options]  # fmt: skip
    array = (ctypes.c_char_p * len(flags))(*(flag.encode() for flag in flags))
    status = nvrtc.nvrtcCompileProgram(program, len(flags), array)
    size = ctypes.c_size_t()
    nvrtc.nvrtcGetProgramLogSize(program, ctypes.byref(size))
    log = ctypes.create_string_buffer(size.value)
    nvrtc.nvrtcGetProgramLog(program, log)
    nvrtc.nvrtcDestroyProgram(ctypes.byref(program))
    return log.value.decode() if status else ""

"""The committed kernels are what is printed, and NVIDIA's compiler accepts them for every GPU."""

from __future__ import annotations

import re

import numpy as np
import pytest
from kernels.nvrtc import compile_text

from gpugrad.expr.print_cuda import body, call, cuda_type, identifier, kernel
from tools.print_kernels import DIRECTORY, declared, kernels_of, texts

ARCHITECTURES = ("sm_75", "sm_80", "sm_90", "sm_100")
DECLARED = declared()
INCLUDES = "".join(f'#include "elementwise/{module}.cu"\n' for module in DECLARED)
PARTS = [
    part for functions in DECLARED.values() for f in functions for _, part in kernels_of(f)
]


def test_committed_kernels_are_what_is_printed() -> None:
    committed = {path.name: path.read_text("utf-8") for path in DIRECTORY.glob("*.cu")}
    fresh = texts()
    assert sorted(committed) == sorted(fresh)
    stale = [name for name in fresh if fresh[name] != committed[name]]
    assert not stale, "run python tools/print_kernels.py"


def test_no_two_kernels_share_a_name() -> None:
    names = [identifier(part.name) for part in PARTS]
    assert len(names) == len(set(names)) > 250


def test_constants_are_typed() -> None:
    """An untyped 0.5 would make a float32 kernel compute in double."""
    for part in PARTS:
        assert not untyped_constants(body(part)), part.name


def untyped_constants(text: str) -> list[str]:
    return re.findall(r"(?<!T\()(?<!T\(-)\b\d+\.\d*", text)


def test_an_untyped_constant_would_be_found() -> None:
    assert untyped_constants("return x * 0.5;") == ["0.5"]
    assert not untyped_constants("return x * T(0.5) + T(-2.0);")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_function_compiles_with_nvrtc(architecture: str) -> None:
    assert not compile_text(INCLUDES + calls("float32"), architecture)


def test_every_function_compiles_in_double() -> None:
    assert not compile_text(INCLUDES + calls("float64"), ARCHITECTURES[0])


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_vectorised_kernels_compile_with_nvrtc(architecture: str) -> None:
    names = {"tanh_gelu_vjp", "pow_vjp", "where", "isclose", "sigmoid", "clamp_both_vjp"}
    chosen = [part for part in PARTS if part.name in names]
    assert len(chosen) == len(names)
    source = "\n".join(kernel(p, np.dtype("float32"), f"run_{p.name}") for p in chosen)
    assert not compile_text(INCLUDES + source, architecture)


def calls(dtype: str) -> str:
    """One small kernel per function: instantiates it, and compiles in a tenth of the time."""
    lines = []
    for part in PARTS:
        name = "int32" if part.bitwise else dtype
        compute = cuda_type(name).compute
        inputs = [("bool" if p.kind == "bool" else compute, f"a{i}")
                  for i, p in enumerate(part.params)]  # fmt: skip
        numbers = [(compute, f"s{i}") for i in range(len(part.attrs))]
        outs = [("bool" if o.boolean else compute, f"o{i}") for i, o in enumerate(part.outs)]
        pointers = ", ".join(f"{t}* {n}" for t, n in [*inputs, *outs])
        values = "".join(f", {t} {n}" for t, n in numbers)
        arrays, results = ([f"{n}[threadIdx.x]" for _, n in x] for x in (inputs, outs))
        text = call(part, np.dtype(name), arrays, [n for _, n in numbers], results)
        text = f"{results[0]} = {text}" if len(outs) == 1 else text
        head = f'extern "C" __global__ void run_{identifier(part.name)}({pointers}{values})'
        lines.append(f"{head} {{ {text}; }}")
    return "\n".join(lines)


def test_the_compiler_would_have_complained() -> None:
    assert "undefined" in compile_text("__device__ int f() { return missing; }", "sm_90")

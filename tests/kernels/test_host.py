"""The CUDA text, compiled as plain C++, agrees with the NumPy path over extremes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest
from kernels.functions import numbers_for

from gpugrad.array.kernel_files import kernel_directory
from gpugrad.array.quiet import quiet
from gpugrad.expr import Function, program
from gpugrad.expr.nodes import postorder
from gpugrad.expr.print_cuda import call, cuda_type, identifier
from gpugrad.expr.special_table import SCALARS
from tools.print_kernels import declared, kernels_of

EXTREMES = [0.0, -0.0, 1e-30, -1e-30, 0.3, -0.7, 1.0, -1.0, 2.5, -3.0, 21.0, -21.0, 89.0, -89.0,
            1e4, -1e4, np.inf, -np.inf, np.nan]  # fmt: skip
DECLARED = declared()
PARTS = [
    part for functions in DECLARED.values() for f in functions for _, part in kernels_of(f)
    if not f.bitwise
]  # fmt: skip
DTYPES = ("float32", "float64")
TOLERANCE = {"float32": 4e-6, "float64": 1e-13}  # a few roundings
# These subtract numbers near 1, of which the libraries round the last float32 bit differently.
CANCELLING = {"tanh_gelu", "tanh_gelu_vjp", "poisson_nll_log_term",
              "weighted_bce_with_logits_term_vjp"}  # fmt: skip
# The same in both precisions: neighbours of nearly the same size, angles of 1e4, lgamma(1e4).
ALWAYS_CANCELLING = {
    "i0e_vjp", "i1e_vjp", "erfcx_vjp", "bessel_j0", "bessel_j1", "bessel_y0", "bessel_y1",
    "gamma_density", "gamma_density_vjp", "gamma_density_vjp_input", "gamma_density_vjp_other",
}  # fmt: skip
# exp(-89) is subnormal in float32, and NumPy's vectorised exp makes it 0: an infinite cotangent
# (or weight) shows that wherever a sigmoid is a factor. Everything else is compared in full.
SUBNORMAL = ("logsigmoid_vjp", "silu_vjp", "mish_vjp", "logaddexp_vjp", "bce_with_logits_term_vjp",
             "weighted_bce_with_logits_term_vjp", "soft_margin_term_vjp", "gated")  # fmt: skip


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """All printed functions as a shared library."""
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    directory = tmp_path_factory.mktemp("host")
    source, target = directory / "kernels.cpp", directory / "kernels.so"
    source.write_text(library_text())
    flags = ["-std=c++17", "-O1", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra",
             "-Werror", f"-I{kernel_directory()}"]  # fmt: skip
    done = subprocess.run([compiler, *flags, str(source), "-o", str(target)], text=True,
                          capture_output=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr[:4000]
    return ctypes.CDLL(str(target))


def library_text() -> str:
    """A loop around every function, for both precisions."""
    lines = [f'#include "elementwise/{module}.cu"' for module in DECLARED]
    for part in PARTS:
        lines += [loop(part, dtype) for dtype in DTYPES]
    return "\n".join([*lines, ""])


def loop(part: Function, dtype: str) -> str:
    compute = cuda_type(dtype).compute
    arrays = [
        f"(({'bool' if p.kind == 'bool' else compute} const*)in[{i}])[i]"
        for i, p in enumerate(part.params)
    ]
    outs = [f"(({'bool' if o.boolean else compute}*)out[{i}])[i]" for i, o in enumerate(part.outs)]
    attrs = [f"attrs[{i}]" for i in range(len(part.attrs))]
    text = call(part, np.dtype(dtype), arrays, attrs, outs)
    text = f"{outs[0]} = {text}" if len(outs) == 1 else text
    unused = "" if attrs else "  (void)attrs;"
    return (
        f'extern "C" void run_{identifier(part.name)}_{dtype}'
        "(void** in, const double* attrs, void** out, long n) {"
        f"{unused} for (long i = 0; i < n; ++i) {text}; }}"
    )


def test_every_scalar_function_is_compared() -> None:
    used = {
        part.function.name
        for function in PARTS
        for part in postorder(function.outs)
        if part.function is not None
    }
    bitwise = {
        f.outs[0].function.name for functions in DECLARED.values() for f in functions if f.bitwise
    }
    assert {row.name for row in SCALARS} - bitwise == used


@cache
def grid(count: int) -> np.ndarray:
    """All pairs of extremes, or a sample of triples and more; one row per parameter."""
    if count <= 2:
        return np.array(list(product(EXTREMES, repeat=count))).T
    return np.random.default_rng(count).choice(EXTREMES, (count, 3000))


def on_host(host: Any, part: Function, dtype: str, arrays: list[Any], values: list[Any]
            ) -> list[Any]:  # fmt: skip
    size = arrays[0].size
    outs = [np.empty(size, bool if out.boolean else dtype) for out in part.outs]
    inputs = (ctypes.c_void_p * len(arrays))(*(a.ctypes.data for a in arrays))
    results = (ctypes.c_void_p * len(outs))(*(o.ctypes.data for o in outs))
    numbers = (ctypes.c_double * max(1, len(values)))(*map(float, values))
    function = getattr(host, f"run_{identifier(part.name)}_{dtype}")
    function(inputs, numbers, results, ctypes.c_long(size))
    return outs


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_host_and_numpy_agree(host: Any, part: Function, dtype: str) -> None:
    columns = grid(len(part.params)).astype(dtype)
    if part.name.startswith(SUBNORMAL) and dtype == "float32":
        products = part.name.startswith(("weighted", "gated"))
        factors = columns if products else columns[:1]  # and its weight
        flushed = np.isinf(factors).any(axis=0) & (np.abs(columns[1:]) == 89).any(axis=0)
        columns = columns[:, ~flushed]
    arrays = [
        np.ascontiguousarray(c > 0 if p.kind == "bool" else c)
        for c, p in zip(columns, part.params, strict=True)
    ]
    values = numbers_for(part)
    with quiet():
        expected = program(part, "cpu", np.dtype(dtype))(*arrays, *values)
    expected = expected if isinstance(expected, tuple) else (expected,)
    for ours, theirs in zip(on_host(host, part, dtype, arrays, values), expected, strict=True):
        cancels = (part.name in CANCELLING and dtype == "float32") or part.name in ALWAYS_CANCELLING
        least = np.maximum(np.abs(arrays[0]), 1) if cancels else TOLERANCE[dtype]
        agree(ours, theirs, TOLERANCE[dtype], least, arrays)


def agree(ours: Any, theirs: Any, tolerance: float, least: Any,
          arrays: list[Any]) -> None:  # fmt: skip
    if ours.dtype == bool:
        assert np.array_equal(ours, theirs)
        return
    with quiet():
        same = (ours == theirs) | (np.isnan(ours) & np.isnan(theirs))
        error = np.abs(ours - theirs) / (np.maximum(np.abs(ours), np.abs(theirs)) + least)
        bad = ~same & ~(error <= tolerance)
    worst = [(ours[i], theirs[i], *(a[i] for a in arrays)) for i in np.flatnonzero(bad)[:4]]
    assert not bad.any(), f"host, numpy, inputs: {worst}"

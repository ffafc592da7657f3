"""CUDA programs: kernels compiled by CuPy, once per function and dtype.

Holds:     one call is one launch. Contiguous arrays of one shape take a kernel of 16-byte accesses
           with the least launch cost CuPy has; strided and broadcast ones take CuPy's elementwise
           kernel; a sum takes one reduction kernel, arithmetic included.
Must not:  be asked for anything on a machine without CUDA, or import CuPy before that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from ..array import cupy
from ..array.kernel_files import kernel_text
from .function import Function
from .print_cuda import body, call, cuda_type, identifier, kernel

__all__ = ["cuda_program", "cuda_source", "cuda_sum"]

_THREADS = 256
_MOST = 1 << 30  # blocks of threads in one launch; a thread goes on to further elements
_OPTIONS = ("-std=c++17",)


def cuda_program(function: Function, np_dtype: Any) -> Callable[..., Any]:
    """The program: ``program(*arrays, *keyword_values, out=None)``."""
    dtype = np.dtype(np_dtype)
    text = _program_text(function, dtype)
    name = f"{identifier(function.name)}_{dtype.name}"
    source = f"{cuda_source(function, dtype)}\n{kernel(function, dtype, name)}\n"
    module = cupy().RawModule(code=source, options=_OPTIONS)
    namespace: dict[str, Any] = {
        "ndarray": cupy().ndarray,
        "dtype": dtype,
        "kernels": _Kernels(module, name),
        "device": cupy().cuda.runtime.getDevice,
        "threads": (_THREADS,),
        "general": _General(function, dtype),
    }
    exec(compile(text, f"<gpugrad cuda {function.name}>", "exec"), namespace)
    program: Callable[..., Any] = namespace["program"]
    return program


def cuda_sum(function: Function, np_dtype: Any) -> Callable[..., Any]:
    """``program(*arrays, *keyword_values, axes)``: the result summed over ``axes``, dropped."""
    dtype = np.dtype(np_dtype)
    inputs, _, expression = _elementwise_text(function, dtype)
    compute = cuda_type(dtype).compute
    reduction = cupy().ReductionKernel(
        inputs, f"{dtype.name} total", expression, "a + b", "total = a", "0",
        f"{identifier(function.name)}_sum", reduce_type=compute, options=_OPTIONS,
        preamble=cuda_source(function, dtype),
    )  # fmt: skip
    prepare = _Arguments(function, dtype)

    def total(*given: Any, axes: tuple[int, ...]) -> Any:
        return reduction(*prepare(given), axis=axes)

    return total


@cache
def _headers() -> str:
    """The shared headers as one text, so that CuPy's cache of binaries sees every change."""
    names = ("common.cuh", "scalar.cuh", "special.cuh")
    texts = "\n".join(map(kernel_text, names)).replace("#pragma once\n", "")
    return re.sub(r'#include "(common|special)\.cuh"\n', "", texts)


def cuda_source(function: Function, dtype: Any) -> str:
    """The headers and the function's template; a kernel is still to be added."""
    header = cuda_type(dtype).header
    return f"{header}\n{_headers()}\nnamespace gg {{ namespace op {{\n{body(function)}\n}} }}\n"


class _Kernels(dict[int, Any]):
    """Device index -> the loaded kernel."""

    def __init__(self, module: Any, name: str) -> None:
        self.module, self.name = module, name

    def __missing__(self, device: int) -> Any:
        found = self[device] = self.module.get_function(self.name).kernel
        return found


def _program_text(function: Function, dtype: Any) -> str:
    """Checks contiguity, makes the outputs, launches."""
    names = [f"a{i}" for i in range(len(function.params))]
    attrs = [f"s{i}" for i in range(len(function.attrs))]
    outs = [f"o{i}" for i in range(len(function.outs))]
    given = ", ".join([*names, *attrs])
    passed = [*names, *map(_converted(function, dtype), attrs, function.attrs), *outs, "n"]
    flat = [f"{name}._c_contiguous" for name in names]
    flat += [f"{name}.shape == shape" for name in names[1:]]
    made = [f"o{i} = ndarray(shape, {'bool' if out.boolean else 'dtype'})"
            for i, out in enumerate(function.outs)]  # fmt: skip
    single = len(outs) == 1
    if single:
        made = ["if out is None:", f"    {made[0]}",
                "elif out._c_contiguous and out.shape == shape:", "    o0 = out",
                "else:", f"    return general(({given},), out)"]  # fmt: skip
    share = _THREADS * max(1, 16 // dtype.itemsize)  # elements of one block of threads
    lines = [
        f"def program({given}{', out=None' if single else ''}):",
        f"    shape = {names[0]}.shape",
        f"    if not ({' and '.join(flat)}):",
        f"        return general(({given},), {'out' if single else None})",
        *(f"    {line}" for line in made),
        f"    n = {names[0]}.size",
        "    if n:",
        f"        blocks = (n + {share - 1}) // {share}",
        f"        kernels[device()]((blocks if blocks < {_MOST} else {_MOST},), threads, "
        f"({', '.join(passed)}))",
        f"    return {'o0' if single else '(' + ', '.join(outs) + ',)'}",
    ]
    return "\n".join(lines)


def _converted(function: Function, dtype: Any) -> Callable[[str, str], str]:
    """Keyword arguments as the kernel's argument type: CuPy passes Python's numbers as they are."""
    number = "float" if cuda_type(dtype).is_floating else "int"

    def convert(text: str, name: str) -> str:
        # CuPy passes an int as 8 bytes; the kernel reads the 4 it needs.
        return f"{'int' if name in function.boolean_attrs else number}({text})"

    return convert


def _elementwise_text(function: Function, dtype: Any) -> tuple[str, str, str]:
    """CuPy's notation: input parameters, output parameters, the call of the template."""
    attr_type = "float64" if cuda_type(dtype).is_floating else "int64"
    inputs = [
        f"{'bool' if param.kind == 'bool' else dtype.name} a{i}"
        for i, param in enumerate(function.params)
    ]
    inputs += [f"{attr_type} s{i}" for i in range(len(function.attrs))]
    outs = [f"{'bool' if o.boolean else dtype.name} o{i}" for i, o in enumerate(function.outs)]
    compute = cuda_type(dtype).compute
    arrays = [f"a{i}" for i in range(len(function.params))]
    attrs = [f"s{i}" for i in range(len(function.attrs))]
    if len(function.outs) == 1:
        return ", ".join(inputs), ", ".join(outs), call(function, dtype, arrays, attrs, [])
    results = [f"r{i}" for i in range(len(function.outs))]
    kinds = ["bool" if out.boolean else compute for out in function.outs]
    text = " ".join(f"{k} {r};" for k, r in zip(kinds, results, strict=True))
    text += f" {call(function, dtype, arrays, attrs, results)};"
    text += " ".join(f" o{i} = {r};" for i, r in enumerate(results))
    return ", ".join(inputs), ", ".join(outs), text


class _General:
    """Any strides and shapes that broadcast: one launch of CuPy's elementwise kernel."""

    def __init__(self, function: Function, dtype: Any) -> None:
        self.function, self.dtype = function, dtype
        self.prepare = _Arguments(function, dtype)
        self.kernel: Any = None

    def __call__(self, given: tuple[Any, ...], out: Any) -> Any:
        if self.kernel is None:
            inputs, outs, text = _elementwise_text(self.function, self.dtype)
            operation = f"o0 = {text}" if len(self.function.outs) == 1 else text
            self.kernel = cupy().ElementwiseKernel(
                inputs, outs, operation, f"{identifier(self.function.name)}_strided",
                preamble=cuda_source(self.function, self.dtype), options=_OPTIONS,
            )  # fmt: skip
        given = self.prepare(given)
        return self.kernel(*given) if out is None else self.kernel(*given, out)


class _Arguments:
    """Python numbers as CuPy's elementwise kernels expect them."""

    def __init__(self, function: Function, dtype: Any) -> None:
        self.arrays = len(function.params)
        self.number: Any = float if cuda_type(dtype).is_floating else int

    def __call__(self, given: tuple[Any, ...]) -> tuple[Any, ...]:
        if len(given) == self.arrays:
            return given
        return *given[: self.arrays], *map(self.number, given[self.arrays :])

"""Prints functions as CUDA C++.

Holds:     one function template per expression function, valid as plain C++ too; constants are
           typed, ``T(1)``, so that float32 code never runs in double. Kernels around it convert:
           half types are widened to float and rounded once.
Must not:  compile anything.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from .function import Function
from .nodes import Expr, postorder
from .scalars import is_constant

__all__ = ["CudaType", "body", "call", "cuda_type", "identifier", "kernel"]

_INLINE = 64  # longer texts get a name of their own
_KEYWORDS = frozenset(re.findall(r"\w+", """
    alignas alignof and asm auto bool break case catch char class const constexpr continue decltype
    default delete do double else enum explicit export extern false final float for friend goto if
    inline int long mutable namespace new noexcept not nullptr operator or private protected public
    register return short signed sizeof static struct switch template this throw true try typedef
    typeid typename union unsigned using virtual void volatile while xor T gg
"""))


@dataclass(frozen=True)
class CudaType:
    """How elements of a dtype are stored, computed with, and passed as keyword arguments."""

    storage: str
    compute: str
    argument: str
    header: str = ""

    @property
    def is_floating(self) -> bool:
        return self.argument == "double"


_TYPES = {
    "float64": CudaType("double", "double", "double"),
    "float32": CudaType("float", "float", "double"),
    "float16": CudaType("__half", "float", "double", "#include <cuda_fp16.h>"),
    "bfloat16": CudaType("__nv_bfloat16", "float", "double", "#include <cuda_bf16.h>"),
    "int64": CudaType("long long", "long long", "long long"),
    "int32": CudaType("int", "int", "long long"),
    "int16": CudaType("short", "int", "long long"),
    "int8": CudaType("signed char", "int", "long long"),
    "uint8": CudaType("unsigned char", "int", "long long"),
    "bool": CudaType("bool", "bool", "long long"),
}


def cuda_type(dtype: Any) -> CudaType:
    """The C++ types for elements of a NumPy dtype."""
    return _TYPES[np.dtype(dtype).name]


def identifier(name: str) -> str:
    """``name`` as a C++ identifier."""
    text = re.sub(r"\W", "_", name).strip("_") or "function"
    text = f"f_{text}" if text[0].isdigit() else text
    return f"{text}_" if text in _KEYWORDS else re.sub("__+", "_", text)


# ----------------------------------------------------------------------------------- the template
def body(function: Function) -> str:
    """``template <typename T> GG_FN T name(T x, ...)``; several outputs are references."""
    return _Body(function).text()


class _Body:
    """Names what is used twice or long, and nests the rest."""

    def __init__(self, function: Function) -> None:
        self.function = function
        self.parts = postorder(function.outs)
        self.uses = Counter(id(arg) for part in self.parts for arg in part.args)
        self.uses.update(id(out) for out in function.outs)
        self.names: dict[int, str] = {}
        self.lines: list[str] = []
        self.taken: set[str] = set()

    def text(self) -> str:
        parameters = [self.parameter(p.variable, p.name) for p in self.function.params]
        parameters += [
            self.parameter(self.function.attr_variable(a), a) for a in self.function.attrs
        ]
        outs = self.function.outs
        single = len(outs) == 1
        if not single:
            kinds = ["bool" if out.boolean else "T" for out in outs]
            results = [self.fresh(f"o{i}") for i in range(len(outs))]
            parameters += [f"{k}& {r}" for k, r in zip(kinds, results, strict=True)]
        for part in self.parts:
            self.define(part)
        if single:
            self.lines.append(f"return {_bare(self.names[id(outs[0])])};")
            kind = "bool" if outs[0].boolean else "T"
        else:
            kind = "void"
            for result, out in zip(results, outs, strict=True):
                self.lines.append(f"{result} = {_bare(self.names[id(out)])};")
        return _function_text(kind, identifier(self.function.name), parameters, self.lines)

    def parameter(self, part: Expr, name: str) -> str:
        name = self.names[id(part)] = self.fresh(identifier(name))
        return f"{'bool' if part.boolean else 'T'} {name}"

    def define(self, part: Expr) -> None:
        if part.function is None:
            if is_constant(part):
                self.names[id(part)] = _literal(part)
            return
        operands = [self.names[id(arg)] for arg in part.args]
        if part.function.cuda.startswith("gg::"):
            operands = [_bare(text) for text in operands]
        text = part.function.cuda.format(*operands)
        final = any(part is out for out in self.function.outs)
        if self.uses[id(part)] > 1 or (len(text) > _INLINE and not final):
            name = self.fresh("t0")
            self.lines.append(f"const {'bool' if part.boolean else 'T'} {name} = {_bare(text)};")
            text = name
        self.names[id(part)] = text

    def fresh(self, name: str) -> str:
        stem, number = name.rstrip("0123456789"), 0
        while name in self.taken:
            name = f"{stem}{number}"
            number += 1
        self.taken.add(name)
        return name


def _function_text(kind: str, name: str, parameters: list[str], lines: list[str]) -> str:
    head = f"template <typename T> GG_FN {kind} {name}("
    rows, row = [], head
    for index, parameter in enumerate(parameters):
        piece = parameter + (", " if index + 1 < len(parameters) else ") {")
        if len(row) + len(piece.rstrip()) > 100:
            rows.append(row.rstrip())
            row = "    "
        row += piece
    return "\n".join([*rows, row.rstrip(), *(f"  {line}" for line in lines), "}"])


def _literal(part: Expr) -> str:
    value = part.leaf
    if isinstance(value, bool):
        return "true" if value else "false"
    if value != value:
        return "(T(0) / T(0))"
    if value in (float("inf"), float("-inf")):
        return "(T(1) / T(0))" if value > 0 else "(-T(1) / T(0))"
    return f"T({value!r})"


def _bare(text: str) -> str:
    """Without a pair of parentheses around all of it."""
    if not (text.startswith("(") and text.endswith(")")):
        return text
    depth = 0
    for index, character in enumerate(text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0 and index + 1 < len(text):
            return text
    return text[1:-1]


# ------------------------------------------------------------------------------------- the kernel
def call(function: Function, dtype: Any, arrays: list[str], attrs: list[str],
         outs: list[str]) -> str:  # fmt: skip
    """A call of the template with operands of the storage type; outputs of the compute type."""
    kind = cuda_type(dtype)
    operands = [
        text if param.kind == "bool" else f"({kind.compute}){text}"
        for param, text in zip(function.params, arrays, strict=True)
    ]
    for name, text in zip(function.attrs, attrs, strict=True):
        operands.append(f"({'bool' if name in function.boolean_attrs else kind.compute}){text}")
    operands += outs if len(function.outs) > 1 else []
    return f"gg::op::{identifier(function.name)}<{kind.compute}>({', '.join(operands)})"


def kernel(function: Function, dtype: Any, name: str) -> str:
    """A kernel over ``n`` elements of contiguous arrays, 16 bytes at a time where they start there.

    Its arguments: the arrays, the keyword arguments, the outputs, ``n``.
    """
    kind = cuda_type(dtype)
    width = max(1, 16 // np.dtype(dtype).itemsize)
    arrays = [
        ("bool" if p.kind == "bool" else kind.storage, f"a{i}")
        for i, p in enumerate(function.params)
    ]
    attrs = [
        ("int" if a in function.boolean_attrs else kind.argument, f"s{i}")
        for i, a in enumerate(function.attrs)
    ]
    outs = [("bool" if o.boolean else kind.storage, f"o{i}") for i, o in enumerate(function.outs)]
    arguments = [f"const {t}* {n}" for t, n in arrays] + [f"{t} {n}" for t, n in attrs]
    arguments += [f"{t}* {n}" for t, n in outs] + ["long long n"]
    pack = [f"const auto p{n} = gg::load_pack<{width}>({n}, i);" for _, n in arrays]
    pack += [f"gg::Pack<{t}, {width}> p{n};" for t, n in outs]
    stores = [f"gg::store_pack({n}, i, p{n});" for _, n in outs]
    many = _assign(function, dtype, [f"p{n}.value[k]" for _, n in arrays], attrs,
                   [(t, f"p{n}.value[k]") for t, n in outs])  # fmt: skip
    one = _assign(function, dtype, [f"{n}[i]" for _, n in arrays], attrs,
                  [(t, f"{n}[i]") for t, n in outs])  # fmt: skip
    aligned = " && ".join(f"gg::aligned({n})" for _, n in (*arrays, *outs))
    return "\n".join([
        f'extern "C" __global__ void {name}({", ".join(arguments)}) {{',
        "  const long long first = blockIdx.x * (long long)blockDim.x + threadIdx.x;",
        "  const long long step = (long long)gridDim.x * blockDim.x;",
        f"  const long long packs = {aligned} ? n / {width} : 0;",
        "  for (long long i = first; i < packs; i += step) {",
        *(f"    {line}" for line in pack),
        "#pragma unroll",
        f"    for (int k = 0; k < {width}; ++k) {{",
        *(f"      {line}" for line in many),
        "    }",
        *(f"    {line}" for line in stores),
        "  }",
        f"  for (long long i = packs * {width} + first; i < n; i += step) {{",
        *(f"    {line}" for line in one),
        "  }",
        "}",
    ])


def _assign(function: Function, dtype: Any, arrays: list[str], attrs: list[tuple[str, str]],
            outs: list[tuple[str, str]]) -> list[str]:  # fmt: skip
    """Calls the template and rounds what it computed to the storage types, once."""
    compute = cuda_type(dtype).compute
    names = [name for _, name in attrs]
    if len(outs) == 1:
        (kind, target), text = outs[0], call(function, dtype, arrays, names, [])
        return [f"{target} = ({kind}){text};"]
    lines = [
        f"{'bool' if out.boolean else compute} r{i};" for i, out in enumerate(function.outs)
    ]
    results = [f"r{i}" for i in range(len(outs))]
    lines.append(call(function, dtype, arrays, names, results) + ";")
    lines += [f"{t} = ({kind})r{i};" for i, (kind, t) in enumerate(outs)]
    return lines

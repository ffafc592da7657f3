"""Prints the Python functions behind an elementwise op: its call, and its backward if small.

An op's call is where a small tensor's time goes, so it is printed per op, with nothing left to
decide that the declaration has decided: which operands to save for which needs, what to count, how
many edges there are. It contains ``record.record`` written out. What is unusual (mixed kinds,
broadcasting, numbers, expressions) goes to ``Elementwise.general``.

An op is printed when it is first called: its function begins as a stub whose code object is then
replaced, so that every place that has the function already (``Tensor.__add__``) has the real one.

Holds:     a printed function and ``Elementwise.general`` compute, record and save the same.
Must not:  be imported by anything but elementwise.py.
"""

from __future__ import annotations

import linecache
import sys
from functools import partial
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from ..array import Storage, run_again
from ..graph import (
    ACCOUNTED,
    PRINTED,
    Diverted,
    Node,
    Numbers,
    SavingNode,
    local,
    lose,
    next_sequence,
    noted_frame,
    user_files,
)
from .writes import into

__all__ = ["SMALL", "bind_tensor", "print_backward", "print_call", "stub"]

SMALL = 8192
"""Elements up to which backward runs as straight-line NumPy; above, as a blocked program."""

namespace: dict[str, Any] = {
    "__name__": "gpugrad.ops.printed_calls",
    "_Node": Node, "_SavingNode": SavingNode, "_Storage": Storage, "_getframe": sys._getframe,
    "_Diverted": Diverted, "_local": local, "_lose": lose, "_new": object.__new__,
    "_next_sequence": next_sequence, "_numbers": frozenset({float, int}), "_Numbers": Numbers,
    "_run_again": run_again,
    "_user_files": user_files, "_noted_frame": noted_frame,
}  # fmt: skip
"""The globals of all printed functions. Names that belong to one op end in its number; all others,
and all local variables, begin with an underscore, so that parameters may have any name."""


def bind_tensor(cls: type) -> None:
    """Tells the printed functions which class to create."""
    namespace["_Tensor"] = cls


def _define(source: str, title: str, name: str, names: dict[str, Any]) -> Any:
    """Executes ``source``, which defines ``name``, keeping its text for tracebacks."""
    filename = f"{PRINTED} {title}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
    exec(compile(source, filename, "exec"), names)
    return names.pop(name)


# ------------------------------------------------------------------------------------------ stubs
def _stub(*args, **kwargs):  # type: ignore[no-untyped-def]
    return OP.first_call(args, kwargs)  # type: ignore[name-defined]  # noqa: F821


def stub(name: str, key: str, op: Any) -> FunctionType:
    """The function of an op that has not been called yet."""
    code: CodeType = _stub.__code__.replace(
        co_names=(key, "first_call"), co_name=name, co_qualname=name, co_filename=f"{PRINTED}>"
    )
    namespace[key] = op
    return FunctionType(code, namespace, name)


# ------------------------------------------------------------------------------------------ calls
def print_call(op: Any, key: str) -> FunctionType:
    """The real function of ``op``: tensors, then keyword arguments."""
    params, attrs = op.params, op.attrs
    defaults = op.function.attr_defaults
    signature = ", ".join([*params, *(f"{a}=d_{a}_{key}" if a in defaults else a for a in attrs)])
    own = {f"d_{a}_{key}": v for a, v in defaults.items()}
    own |= {f"entries_{key}": op.entries, f"entry_{key}": op.entry, f"general_{key}": op.general}
    keywords = "{" + ", ".join(f"{a!r}: {a}" for a in attrs) + "}"
    general = f"general_{key}(({', '.join(params)},), {keywords})"
    lines = [f"def call_{key}({signature}):"]
    if op.takes_out:
        own[f"into_{key}"] = partial(into, op.call)
        passed = ", ".join(["out", *params, *(f"{a}={a}" for a in attrs)])
        lines[0] = f"def call_{key}({signature}, out=None):"
        lines.append(f"    if out is not None: return into_{key}({passed})")
    if len(params) <= 3 and not all(op.conditions):
        lines += _fast_path(op, key, general)
    if len(params) == 2 and not attrs:
        lines += _number_operands(op, key, own)
    lines.append(f"    return {general}")
    namespace.update(own)
    source = "\n".join(lines) + "\n"
    return _define(source, op.name, f"call_{key}", namespace)  # type: ignore[no-any-return]


def _number_operands(op: Any, key: str, own: dict[str, Any]) -> list[str]:
    """A tensor with a Python number: the op's variant with a kernel argument."""
    lines = []
    for number, tensor in (op.params[::-1], op.params):
        variant = f"with_{number}_{key}"
        own[variant] = op.variant(frozenset([number])).call
        lines += [
            f"    elif {number}.__class__ in _numbers and isinstance({tensor}, _Tensor):",
            f"        return {variant}({tensor}, {number})",
        ]
    return lines


def _fast_path(op: Any, key: str, general: str) -> list[str]:
    """Values of one kind, conditions that are boolean, all of one shape: compute, wrap, record.

    Where the plain path is closed, ``general`` is what to call.
    """
    params = op.params
    values, conditions = op.values, [p for p in params if p not in op.values]
    first = values[0]
    test = " and ".join(f"isinstance({p}, _Tensor)" for p in reversed(params))
    lines = [f"    if {test}:", f"        _kind = {first}.kind", f"        _shape = {first}.shape"]
    pad = " " * 8
    for p in params:
        if p != first:
            same = f"({p}.shape is _shape or {p}.shape == _shape)"
            lines.append(f"{pad}if {p}.kind is _kind and {same}:" if p in values else
                         f"{pad}if {same}:")  # fmt: skip
            pad += "    "
    lines += [
        f"{pad}try: _entry = entries_{key}[_kind]",
        f"{pad}except KeyError: _entry = entry_{key}(_kind)",
        f"{pad}if _entry is not False{''.join(f' and {c}.kind is _entry[0]' for c in conditions)}:",
    ]
    pad += "    "
    rules = [_rule_name(needs) for needs in op.needs_variants]
    operands = ", ".join([*(f"_a_{p}" for p in params), *op.attrs])
    body = [
        f"_, _forward, _large, _out_kind, {', '.join(rules)} = _entry",
        "_mode = _local.mode",
        "try:",
        *(f"    _a_{p} = {p}.array" for p in params),
        f"    if _a_{first}.size > {SMALL}: _forward = _large",
        f"    _y = _mode.run(_forward, {operands})",
        "except RuntimeError as _error:",
        f"    if isinstance(_error, _Diverted): return {general}",
        f"    _y = _run_again(_error, _forward, {operands})",
        "if not _shape: _y = _kind.xp.asarray(_y)",
        "_out = _new(_Tensor); _out.array = _y; _out.kind = _out_kind; _out.shape = _shape",
        "_out.storage = _out._grad = _out.origin = _out.lost = _out.extra = _out.node = None",
    ]
    body += _losing(op) if op.constant else _recording(op)
    return lines + [pad + line for line in [*body, "return _out"]]


def _rule_name(needs: tuple[bool, ...]) -> str:
    return "_rule_" + "".join("01"[n] for n in needs)


def _losing(op: Any) -> list[str]:
    """The note of an op without gradients that a gradient ends here."""
    some = " or ".join(f"{p}.{slot} is not None" for slot in ("node", "lost") for p in op.values)
    return [f"if {some}: _lose(_out, ({', '.join(op.values)},), 'op', {op.name!r})"]


def _recording(op: Any) -> list[str]:
    """From the operands' nodes to the new node of the result."""
    nodes = {p: f"_n_{p}" for p in op.values}
    lines = [f"{n} = {p}.node" for p, n in nodes.items()]
    lines.append("if _mode.grad and (" + " or ".join(f"{n} is not None" for n in nodes.values())
                 + "):")  # fmt: skip
    inner = []
    for i, needs in enumerate(variants := op.needs_variants):
        missing = [f"{nodes[p]} is None" for p, need in zip(op.params, needs, strict=True)
                   if p in nodes and not need]  # fmt: skip
        if len(variants) > 1:
            head = "else:" if i == len(variants) - 1 else f"if {' and '.join(missing)}:"
            inner.append(("el" if 0 < i < len(variants) - 1 else "") + head)
        pad = "    " if len(variants) > 1 else ""
        inner += [pad + line for line in _keeping(op, needs)]
    inner += [
        f"_node.edges = ({', '.join(nodes.get(p, 'None') for p in op.params)},)",
        "_node.context = _kind; _node.seq = _next_sequence(); _node.shape = _shape",
        "_node.scope = _mode.scope; _node.hooks = _node.freed = None",
    ]
    if ACCOUNTED:
        inner += [
            "_frame = _getframe(1); _code = _frame.f_code",
            "if _code.co_filename not in _user_files:",
            "    _frame = _noted_frame(_frame); _code = _frame.f_code",
            "_node.code = _code; _node.lasti = _frame.f_lasti",
        ]
    else:
        inner.append("_node.code = None; _node.lasti = 0")
    inner.append("_out.node = _node")
    lost = " or ".join(f"{p}.lost" for p in nodes)
    some = " or ".join(f"{n} is not None" for n in nodes.values())
    return [
        *lines,
        *("    " + line for line in inner),
        f"else: _out.lost = {lost} or _mode.lost if _mode.lost and ({some}) else {lost}",
    ]


def _keeping(op: Any, needs: tuple[bool, ...]) -> list[str]:
    """Creates the node with what one variant saves, counted."""
    vjp = op.function.vjp(needs)
    lines, kept = [], []
    for i, slot in enumerate(vjp.saves):
        owner, array = ("_out", "_y") if slot == "result" else (slot, f"_a_{slot}")
        make = _new_storage(i, owner, array)
        count = [f"_saves = _s{i}.saves; _s{i}.saves = _saves + 1",
                 f"if not _saves: _kind.account.held += _s{i}.nbytes"]  # fmt: skip
        lines += make if slot == "result" else [
            f"_s{i} = {owner}.storage",
            f"if _s{i} is None:",
            *("    " + line for line in make),
            *(["else:", *("    " + line for line in count)] if ACCOUNTED else []),
        ]
        kept += [array, f"_s{i}"]
    kept += vjp.attrs
    saving = "_SavingNode" if vjp.saves and ACCOUNTED else "_Node"
    saved = f"({', '.join(kept)},)" if kept else "()"
    if kept and not vjp.saves and not op.frees_numbers:
        saved = f"_Numbers({saved})"
    return [
        *lines,
        f"_node = {saving}(); _node.rule = {_rule_name(needs)}; _node.saved = {saved}",
    ]


def _new_storage(i: int, owner: str, array: str) -> list[str]:
    """``make_storage`` and the first save, written out."""
    return [
        f"_s{i} = {owner}.storage = _Storage(); _s{i}.array = {array}; _s{i}.kind = {owner}.kind",
        f"_s{i}.version = _s{i}.written = 0; _s{i}.saves = {int(ACCOUNTED)}",
        f"_s{i}.views = _s{i}.writes = None",
        f"_s{i}.nbytes = _n{i} = {array}.nbytes",
        *([f"_kind.account.held += _n{i}"] if ACCOUNTED else []),
    ]


# --------------------------------------------------------------------------------------- backward
def print_backward(rule: Any) -> Any:
    """``rule.backward`` for small host arrays of one kind: straight-line NumPy, no calls between.

    Large arrays and 0-d arrays go to ``rule.program_backward``.
    """
    g, *saved_names = rule.joint.names
    own: dict[str, Any] = {"_program": rule.program_backward, "_add": np.add,
                           "_zeros_like": np.zeros_like}  # fmt: skip
    saved = [part for name in saved_names for part in (name, "_")] + list(rule.numbers)
    lines = [
        f"def backward(_node, {g}, _pending):",
        f"    if not _node.shape or {g}.size > {SMALL}: return _program(_node, {g}, _pending)",
        f"    {', '.join(f'_edge{i}' for i in range(len(rule.needs)))}, = _node.edges",
    ]
    if saved:
        lines.append(f"    {', '.join(saved)}, = _node.saved")
    for i in rule.wanted_inputs:
        body, result, names = rule.source(i)
        own |= names
        lines += [f"    if _edge{i} in _pending:", *(f"        {line}" for line in body)]
        lines += [
            f"        _total = _pending[_edge{i}]",
            f"        _pending[_edge{i}] = {result} if _total is None else _add(_total, {result})",
        ]
    name = f"{rule.op.name} backward {rule.kind.dtype.name}"
    return _define("\n".join(lines) + "\n", name, "backward", own)

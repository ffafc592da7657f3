"""From expressions to the programs that ops run, per kind.

Holds:     a program is made once per expression, device type and dtype, and kept for ever.
Must not:  know nodes or tensors.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from ..array import Kind
from ..expr import Function, Param, program, statements, summed
from ..expr.nodes import free_variables, replace, variable

__all__ = ["Part", "compiled", "compiled_sum", "single_ufunc", "with_numbers"]


def compiled(function: Function, kind: Kind) -> Callable[..., Any]:
    """``function`` for arrays of ``kind``: ``(*arrays, *numbers) -> array or tuple``."""
    return program(function, kind.device.type, kind.numpy)


def compiled_sum(function: Function, kind: Kind) -> Callable[..., Any]:
    """The sum of ``function`` over ``axes=`` of its broadcast result, in one kernel."""
    return summed(function, kind.device.type, kind.numpy)


_ONE_CALL = re.compile(r"t\d+ = (\w+)\(([\w, ]*)\)")


def single_ufunc(function: Function, kind: Kind) -> Any:
    """The NumPy function that ``function`` is for host arrays, if it is just one; else None."""
    if kind.is_cuda or kind.dtype.itemsize < 4:
        return None
    lines, _, names = statements(function, kind.numpy)
    call = _ONE_CALL.fullmatch(lines[0]) if len(lines) == 1 else None
    if call is None or call[2] != ", ".join([*function.names, *function.attrs]):
        return None
    return names.get(call[1])


def with_numbers(function: Function, names: frozenset[str]) -> Function:
    """``function`` with some array parameters turned into keyword numbers."""
    moved = [p for p in function.params if p.name in names]
    by = {p.variable: variable(p.name, boolean=p.kind == "bool", uniform=True) for p in moved}
    booleans = {p.name for p in moved if p.kind == "bool"}
    return Function(
        function.name,
        tuple(p for p in function.params if p.name not in names),
        (*(p.name for p in moved), *function.attrs),  # those have no defaults: they come first
        replace(function.outs, by),
        function.doc,
        function.attr_defaults,
        function.boolean_attrs | booleans,
    )


class Part:
    """Some outputs of a joint derivative, with only the parameters that they read.

    function         cotangent (if read), then saved values
    reads_cotangent  whether the first parameter is the cotangent
    places           for each further parameter, its place among the joint derivative's saved values
    numbers          the same for the numbers
    """

    def __init__(self, joint: Function, outputs: Sequence[int]) -> None:
        outs = tuple(joint.outs[i] for i in outputs)
        used = {v.leaf for v in free_variables(outs)}
        params: list[Param] = [p for p in joint.params if p.name in used]
        suffix = "" if len(outs) == len(joint.outs) else "_" + "_".join(map(str, outputs))
        self.function = joint.derived(joint.name + suffix, params, outs)
        self.reads_cotangent = bool(params) and params[0] is joint.params[0]
        saved = joint.names[1:]
        self.places = [saved.index(p.name) for p in params[self.reads_cotangent :]]
        self.numbers = [joint.attrs.index(a) for a in self.function.attrs]
        self.single = len(outs) == 1
        self._programs: dict[Kind, Callable[..., Any]] = {}

    def program(self, kind: Kind) -> Callable[..., Any]:
        """The part for arrays of ``kind``."""
        found = self._programs.get(kind)
        if found is None:
            found = self._programs[kind] = compiled(self.function, kind)
        return found

    def operands(self, g: Any, arrays: Sequence[Any], numbers: Sequence[Any]) -> list[Any]:
        """The program's arguments from a cotangent, all saved arrays and all saved numbers."""
        first = [g] if self.reads_cotangent else []
        return [*first, *[arrays[i] for i in self.places], *[numbers[i] for i in self.numbers]]

    def run(self, kind: Kind, g: Any, arrays: Sequence[Any], numbers: Sequence[Any]) -> Any:
        """The cotangents, always as a tuple."""
        result = self.program(kind)(*self.operands(g, arrays, numbers))
        return (result,) if self.single else result

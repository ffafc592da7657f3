"""How elementwise ops go backwards, for one set of needs and one kind.

The saved tensors and numbers are those of the joint derivative with respect to all inputs that need
one. A pass may want fewer of them, and a broadcast input wants its cotangent summed: then *parts*
of the joint derivative are compiled, which read from the same saved values.

Holds:     one kernel for all cotangents of the result's shape; one more, with the sum inside it,
           for each input that was broadcast.
Must not:  save anything the printed call does not.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..array import Kind
from ..expr import Function, statements
from ..graph import ACCOUNTED, deliver, new_tensor, release, release_one, release_two, unpack
from . import printed
from .broadcast import sum_axes, sum_to
from .programs import Part, compiled_sum

__all__ = ["ElementwiseRule"]


def _nothing(saved: tuple[Any, ...]) -> int:
    return 0


_RELEASES: dict[int, Callable[[tuple[Any, ...]], int]] = (
    {0: _nothing, 1: release_one, 2: release_two} if ACCOUNTED else {}
)


class ElementwiseRule:
    """The rule of an elementwise op (see graph.node.Rule).

    ``broadcast`` rules serve inputs of different shapes; their nodes' ``context`` is (kind, input
    shapes). For the others it is the kind.
    """

    outputs = 1

    def __init__(self, op: Any, needs: tuple[bool, ...], kind: Kind, broadcast: bool) -> None:
        vjp = op.function.vjp(needs)
        self.op = op
        self.name: str = op.node_name
        self.needs = needs
        self.kind = kind
        self.slots: tuple[str, ...] = vjp.saves
        self.numbers: tuple[str, ...] = vjp.attrs
        self.number_places = tuple(op.attrs.index(name) for name in vjp.attrs)
        self.sources = tuple(-1 if s == "result" else op.params.index(s) for s in vjp.saves)
        self.wanted_inputs = tuple(i for i, need in enumerate(needs) if need)
        self.passthrough: tuple[bool, ...] = vjp.passthrough
        self.zero: tuple[bool, ...] = vjp.zero
        self.joint: Function = vjp.function
        self.release = _RELEASES.get(len(self.slots), release)
        self._parts: dict[tuple[int, ...], Part] = {}
        self._ops: dict[int, Any] = {}
        self.backward: Callable[[Any, Any, dict[Any, Any]], None] = self._choose(broadcast)

    def _choose(self, broadcast: bool) -> Callable[[Any, Any, dict[Any, Any]], None]:
        if broadcast:
            return self.broadcast_backward
        if self.kind.is_cuda or self.kind.dtype.itemsize < 4:
            return self.program_backward
        return printed.print_backward(self)  # type: ignore[no-any-return]

    def part(self, outputs: tuple[int, ...]) -> Part:
        """The joint derivative's outputs with these positions, compiled on first use."""
        found = self._parts.get(outputs)
        if found is None:
            found = self._parts.setdefault(outputs, Part(self.joint, outputs))
        return found

    def position(self, index: int) -> int:
        """Which output of the joint derivative belongs to input ``index``."""
        return self.wanted_inputs.index(index)

    def source(self, index: int) -> tuple[list[str], str, dict[str, Any]]:
        """Straight-line NumPy for the cotangent of input ``index``, its name, and its globals."""
        position = self.position(index)
        cotangent = self.joint.names[0]
        if self.passthrough[position]:
            return [], cotangent, {}
        if self.zero[position]:
            return [], f"_zeros_like({cotangent})", {}
        part = self.part((position,))
        lines, results, names = statements(part.function, self.kind.numpy, reuse=False)
        return lines, results[0], names

    def again(self, node: Any) -> Any:
        """The result of ``node``, a raw array, if all that it was made of is saved; else None."""
        if self.slots != self.op.params or self.numbers != self.op.attrs:
            return None
        arrays, numbers = self.values(node)
        return self.op.call(*arrays, *numbers)

    # ---------------------------------------------------------------------------------- raw arrays
    def values(self, node: Any) -> tuple[list[Any], tuple[Any, ...]]:
        """Saved arrays and saved numbers."""
        count = 2 * len(self.slots)
        saved = node.saved
        return list(saved[0:count:2]), saved[count:]

    def program_backward(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """One program for all wanted cotangents, all of the result's shape."""
        edges = node.edges
        inputs = [i for i in self.wanted_inputs if edges[i] in pending]
        self._together(node, g, pending, inputs)

    def _together(self, node: Any, g: Any, pending: dict[Any, Any], inputs: list[int]) -> None:
        compute = []
        for i in inputs:
            position = self.position(i)
            if self.passthrough[position]:
                deliver(pending, node.edges[i], g)
            elif self.zero[position]:
                deliver(pending, node.edges[i], self.kind.xp.zeros_like(g))
            else:
                compute.append(i)
        if not compute:
            return
        part = self.part(tuple([self.position(i) for i in compute]))
        results = part.run(self.kind, g, *self.values(node))
        for i, d in zip(compute, results, strict=True):
            deliver(pending, node.edges[i], d)

    def broadcast_backward(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """The same where inputs were broadcast: their cotangents are summed as they are made."""
        shapes = node.context[1]
        wanted = [i for i in self.wanted_inputs if node.edges[i] in pending]
        self._together(node, g, pending, [i for i in wanted if shapes[i] == node.shape])
        for i in wanted:
            if shapes[i] != node.shape:
                deliver(pending, node.edges[i], self._summed(node, g, i, shapes[i]))

    def _summed(self, node: Any, g: Any, index: int, shape: tuple[int, ...]) -> Any:
        position = self.position(index)
        if self.passthrough[position]:
            return sum_to(g, shape)
        if self.zero[position]:
            return self.kind.xp.zeros(shape, g.dtype)
        part = self.part((position,))
        operands = part.operands(g, *self.values(node))
        axes = sum_axes(node.shape, shape)
        if g.size <= printed.SMALL and not self.kind.is_cuda and self.kind.dtype.itemsize >= 4:
            return part.program(self.kind)(*operands).sum(axes).reshape(shape)
        return compiled_sum(part.function, self.kind)(*operands, axes=axes).reshape(shape)

    # ------------------------------------------------------------------------------------ recorded
    def differentiate(self, node: Any, g: Any, pending: dict[Any, Any]) -> None:
        """On tensors: each wanted cotangent is an elementwise op on ``g`` and what is saved."""
        for i in self.wanted_inputs:
            edge = node.edges[i]
            if edge in pending:
                position = self.position(i)
                d = g if self.passthrough[position] else self._apply(node, g, position)
                shape = node.context[1][i] if node.context.__class__ is tuple else node.shape
                deliver(pending, edge, sum_to(d, shape))

    def _apply(self, node: Any, g: Any, position: int) -> Any:
        if self.zero[position]:
            return new_tensor(g.kind.xp.zeros(g.shape, g.kind.numpy), g.kind)
        part = self.part((position,))
        op = self._ops.get(position)
        if op is None:
            op = self._ops[position] = self.op.derived(part.function)
        numbers = node.saved[2 * len(self.slots) :]
        operands = [g] if part.reads_cotangent else []
        operands += [unpack(node, place) for place in part.places]
        return op.call(*operands, *[numbers[i] for i in part.numbers])

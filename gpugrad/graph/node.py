"""The objects of a graph.

Holds:     edges lead from a node to the nodes of its inputs and never back; a leaf's accumulator
           knows its leaf weakly. There are no cycles, so dropping the last tensor of a graph frees
           it at once, without the garbage collector.
Must not:  hold arrays anywhere but in ``saved``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from operator import is_
from types import CodeType
from typing import Any, ClassVar, Protocol
from weakref import ref

from .base import Size, TensorBase
from .handle import HookTable, RemovableHandle
from .modes import Scope, local
from .where import Location, here, location

__all__ = ["Accumulator", "GraphNode", "Hooks", "Node", "Release", "Rule", "SavingNode",
           "graph_node", "hooks_of", "next_sequence"]  # fmt: skip

next_sequence = count(1).__next__
"""One sequence numbers nodes and in-place writes: newer is larger."""


class Rule(Protocol):
    """How one op goes backwards for one set of inputs that need gradients: the narrow waist.

    name         the node's name, as PyTorch spells it without "Backward0"
    slots        names of the saved tensors, in the order of ``saved``
    sources      for each slot, the index of the input it is, or -1 (-2, ...) for the op's first
                 (second, ...) output
    outputs      how many differentiable outputs there are
    backward     raw cotangent in, raw cotangents added to ``pending``
    differentiate  the same on tensors, recorded (create_graph)
    release      takes saved storages off the ledger; returns the bytes no graph keeps any more
    """

    name: str
    slots: tuple[str, ...]
    sources: tuple[int, ...]
    outputs: int

    def backward(self, node: Node, g: Any, pending: dict[Any, Any]) -> None: ...
    def differentiate(self, node: Node, g: Any, pending: dict[Any, Any]) -> None: ...
    def release(self, saved: tuple[Any, ...]) -> int: ...


class Release:
    """The backward pass that released a node: its line, its step and the bytes it let go.

    seq        the number of the pass: what was recorded later has a larger one
    roots      numbers of the nodes it began from
    leaves     the leaves it reached, weakly
    distances  for each leaf, how long before ``seq`` its oldest consumer was recorded
    """

    __slots__ = ("call", "code", "distances", "lasti", "leaves", "nbytes", "roots", "seq", "step")

    def __init__(self, call: str) -> None:
        self.call = call
        self.code, self.lasti = here()
        self.nbytes = 0
        self.seq = next_sequence()
        self.step = local.mode.scope.step
        self.roots: tuple[int, ...] = ()
        self.leaves: tuple[ref[TensorBase], ...] = ()
        self.distances: tuple[int, ...] = ()

    @property
    def where(self) -> Location:
        """The user's line that called backward."""
        return location(self.code, self.lasti)

    def note_leaves(self, oldest: dict[Accumulator, int]) -> None:
        """Notes which leaves lay below the released nodes, given each one's oldest consumer.

        Released nodes have no edges to ask. Two steps of a loop note the same, and share it: a loss
        kept after backward should cost one small node, not a word per parameter.
        """
        leaves = tuple([a.leaf for a in oldest])
        distances = tuple([self.seq - seq for seq in oldest.values()])
        before = _latest[0]
        same = len(leaves) == len(before.leaves) and all(map(is_, leaves, before.leaves))
        self.leaves = before.leaves if same else leaves
        self.distances = before.distances if distances == before.distances else distances
        _latest[0] = self

    def below(self, node: Node) -> list[ref[TensorBase]]:
        """The leaves that ``node``, which this pass released, may have led to."""
        reach = self.seq - node.seq
        pairs = zip(self.leaves, self.distances, strict=True)
        return [leaf for leaf, distance in pairs if distance >= reach]


class Hooks:
    """What runs around a node, in this order.

    functions  tensor hooks, on the cotangent
    capture    the tensor that retains the cotangent, or None
    before     node prehooks, on the tuple of the outputs' cotangents
    after      node hooks, on those of the inputs and of the outputs
    post       hooks of a leaf, once its gradient has arrived
    """

    __slots__ = ("after", "before", "capture", "functions", "metadata", "post")

    def __init__(self) -> None:
        self.functions = HookTable()
        self.before = HookTable()
        self.after = HookTable()
        self.post = HookTable()
        self.capture: ref[TensorBase] | None = None
        self.metadata: dict[Any, Any] = {}


class GraphNode:
    """What users see of a node, a leaf's accumulator included."""

    __slots__ = ()

    hooks: Hooks | None
    seq: int

    def name(self) -> str:
        """The node's name as PyTorch spells it."""
        raise NotImplementedError

    @property
    def metadata(self) -> dict[Any, Any]:
        """A dictionary for notes on the node; it lives as long as the node."""
        return hooks_of(self).metadata

    def register_prehook(self, fn: Any) -> RemovableHandle:
        """Calls ``fn(grad_outputs)`` before the node runs; a tuple it returns replaces them."""
        return hooks_of(self).before.register(fn)

    def register_hook(self, fn: Any) -> RemovableHandle:
        """Calls ``fn(grad_inputs, grad_outputs)`` after the node ran; a tuple it returns replaces
        the gradients of the inputs.
        """
        return hooks_of(self).after.register(fn)

    def _sequence_nr(self) -> int:
        return self.seq

    def __repr__(self) -> str:
        return f"<{self.name()} object at {id(self):#x}>"


def hooks_of(place: Any) -> Hooks:
    """The Hooks of a node or accumulator, made if this is the first to ask."""
    if place.hooks is None:
        place.hooks = Hooks()
    return place.hooks  # type: ignore[no-any-return]


class Node(GraphNode):
    """One recorded operation.

    rule     how it goes backwards (for the inputs that need gradients)
    edges    one per input: the node it came from, a leaf's Accumulator, or None
    saved    array and storage of every saved slot, then saved numbers; () for nothing; None once
             released
    context  what else backward needs and what holds no bytes: shapes, keyword arguments
    seq      its number: a topological order, and its time on the clock of in-place writes
    shape    the shape of its output
    code, lasti   the user's line
    scope    the module and the step it was recorded in
    hooks    a Hooks, or None
    freed    the Release that freed it, or None
    """

    __slots__ = ("__weakref__", "code", "context", "edges", "freed", "hooks", "lasti", "rule",
                 "saved", "scope", "seq", "shape")  # fmt: skip

    rule: Any
    edges: tuple[Any, ...]
    saved: tuple[Any, ...] | None
    context: Any
    seq: int
    shape: Size
    code: CodeType | None
    lasti: int
    scope: Scope
    hooks: Hooks | None
    freed: Release | None

    @property
    def where(self) -> Location:
        """The user's line that recorded the node."""
        return location(self.code, self.lasti)

    def name(self) -> str:
        """The node's name as PyTorch spells it."""
        name: str = self.rule.name
        title = name if "::" in name else f"{name}Backward0"
        return getattr(self.rule, "title", title)

    read_saved: ClassVar[Callable[[Node, str], Any]]
    """``node._saved_name`` for users; access.py says how."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_saved_"):
            return Node.read_saved(self, name.removeprefix("_saved_"))
        if name not in Node.__slots__ and hasattr(self.rule, "attribute"):
            return self.rule.attribute(self, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    @property
    def next_functions(self) -> tuple[tuple[Any, int], ...]:
        """The nodes of the inputs, each with the index of the output it stands for."""
        return tuple((None, 0) if e is None else graph_node(e) for e in self.edges)


class SavingNode(Node):
    """A node with saved tensors: what backward has not released, its end releases."""

    __slots__ = ()

    def __del__(self) -> None:
        if self.saved:
            self.rule.release(self.saved)


class Accumulator(GraphNode):
    """The end of every path: adds what arrives to the ``grad`` of its leaf, if that still lives."""

    __slots__ = ("__weakref__", "hooks", "leaf", "seq", "shape")

    def __init__(self, leaf: TensorBase) -> None:
        self.leaf = ref(leaf)
        self.seq = 0
        self.shape = leaf.shape
        self.hooks: Hooks | None = None

    def name(self) -> str:
        """PyTorch's name of this node."""
        return "torch::autograd::AccumulateGrad"

    @property
    def variable(self) -> TensorBase | None:
        """The leaf, or None once it is gone."""
        return self.leaf()

    def __repr__(self) -> str:
        return f"<AccumulateGrad object at {id(self):#x}>"

    next_functions: tuple[()] = ()


class Port:
    """The rule of a node that stands for one output of a many-output node.

    ``context`` is (index, count); its only edge is the many-output node, whose pending cotangent is
    a list with one place per output.
    """

    name = "Port"
    slots: tuple[str, ...] = ()
    sources: tuple[int, ...] = ()
    outputs = 1

    @staticmethod
    def backward(node: Node, g: Any, pending: dict[Any, Any]) -> None:
        """Puts ``g`` into the parent's list."""
        index, outputs = node.context
        parent = node.edges[0]
        if parent in pending:
            places = pending[parent]
            if places is None:
                places = pending[parent] = [None] * outputs
            before = places[index]  # not None if two Ports stand for one output (unpack makes them)
            places[index] = g if before is None else before + g

    differentiate = backward

    @staticmethod
    def release(saved: tuple[Any, ...]) -> int:
        """Nothing is saved."""
        return 0


_latest = [Release("")]
"""The release that noted its leaves last."""


def graph_node(edge: Any) -> tuple[Any, int]:
    """The node an edge means to a user, and the output it stands for."""
    if edge.__class__ is Node and edge.rule is Port:
        return edge.edges[0], edge.context[0]
    return edge, 0

"""Making result tensors and recording nodes: what every op call ends with.

Holds:     an op that raises has recorded nothing and counted nothing.
Must not:  know any particular op. The printed calls of elementwise ops (printed.py) contain this
           file's ``record`` written out; a change here belongs there too.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..array import Kind
from ..graph import (
    ACCOUNTED,
    Hooks,
    Node,
    Packed,
    Port,
    SavingNode,
    TensorBase,
    become_view,
    inherited,
    keep,
    local,
    new_tensor,
    next_sequence,
    noted_frame,
    packed,
)

__all__ = ["make_node", "needs_of", "record", "record_many", "record_view", "records",
           "same_bytes", "unrecorded", "wrap", "wrap_view"]  # fmt: skip


def wrap(array: Any, kind: Kind) -> Any:
    """A tensor around a fresh result; NumPy's scalars become 0-d arrays."""
    return new_tensor(np.asarray(array) if isinstance(array, np.generic) else array, kind)


def wrap_view(array: Any, source: TensorBase, op: Any, attrs: Any, made: str = "") -> Any:
    """A tensor around ``array``, which ``op`` made of ``source``: a view where bytes are shared.

    Views are made here and nowhere else.
    """
    out = new_tensor(array, source.kind)
    if same_bytes(array, source.array):
        made = made if local.mode.grad else "no_grad"
        become_view(out, source, (op, attrs, source.shape), made)
    out.lost = source.lost
    return out


def same_bytes(array: Any, source: Any) -> bool:
    """Whether ``array``, made from ``source`` by a call that may have copied, is a view of it."""
    base = array.base
    if base is not None:
        return base is source or base is source.base
    if array is source:
        return True
    return not isinstance(array, (np.ndarray, np.generic)) and array.data.mem is source.data.mem


def unrecorded(outs: Sequence[Any], inputs: Sequence[Any], mode: Any) -> None:
    """Notes on ``outs``, which no node made, where the gradient of ``inputs`` was lost."""
    lost = inherited(inputs)
    if lost is None and mode.lost is not None and not mode.grad and any(needs_of(inputs)):
        lost = mode.lost
    if lost is not None:
        for out in outs:
            out.lost = lost


def records(inputs: Sequence[Any]) -> bool:
    """Whether an op on ``inputs`` is recorded: grad mode is on and one of them requires grad."""
    return local.mode.grad and any(t is not None and t.node is not None for t in inputs)


def needs_of(inputs: Sequence[Any]) -> tuple[bool, ...]:
    """Which of ``inputs`` require a gradient."""
    return tuple(t is not None and t.node is not None for t in inputs)


def record(rule: Any, out: TensorBase, inputs: Sequence[Any], saved: Sequence[TensorBase] = (),
           numbers: tuple[Any, ...] = (), context: Any = None) -> Any:
    """Gives ``out`` the node that made it from ``inputs``; returns ``out``."""
    out.node = make_node(rule, inputs, saved, numbers, context)
    out.node.shape = out.shape
    return out


def record_many(rule: Any, outs: Sequence[TensorBase], inputs: Sequence[Any],
                saved: Sequence[TensorBase] = (), context: Any = None) -> None:
    """Gives each of ``outs`` its place in one node with several outputs."""
    parent = make_node(rule, inputs, saved, (), context)
    parent.shape = outs[0].shape
    edges, count = (parent,), len(outs)
    for index, out in enumerate(outs):
        port = Node()
        port.rule, port.edges, port.saved, port.context = Port, edges, (), (index, count)
        port.shape, port.seq, port.scope = out.shape, next_sequence(), parent.scope
        port.code, port.lasti = parent.code, parent.lasti
        port.hooks = port.freed = None
        out.node = port


def record_view(op: Any, out: TensorBase, source: TensorBase, attrs: dict[str, Any]) -> None:
    """``record`` for a linear op of one tensor, written out: a view costs little else."""
    mode = local.mode
    if mode.grad:
        node = Node()
        node.rule = op.only_rule
        node.edges = (source.node,)
        node.saved = ()
        node.context = (source.shape,), attrs
        node.shape = out.shape
        out.node = _complete(node, mode, sys._getframe(2))
    else:
        out.lost = mode.lost


def make_node(rule: Any, inputs: Sequence[Any], saved: Sequence[TensorBase],
              numbers: tuple[Any, ...], context: Any) -> Node:
    """A node recorded at the user's current line."""
    mode = local.mode
    if saved and mode.packing:
        node = Node()
        node.saved = packed(saved, numbers)
    else:
        node = SavingNode() if saved and ACCOUNTED else Node()
        node.saved = keep(saved, numbers) if saved else numbers
    node.rule = rule
    node.edges = tuple([None if t is None else t.node for t in inputs])
    node.context = context
    _complete(node, mode, sys._getframe(3))  # those below are not the user's
    if node.saved.__class__ is Packed:
        node.hooks = Hooks()  # the engine looks closer at nodes that have some
    return node


def _complete(node: Node, mode: Any, frame: Any) -> Node:
    """Notes when and where ``node`` is recorded: at the user's line outside ``frame``."""
    node.seq = next_sequence()
    node.scope = mode.scope
    node.hooks = node.freed = node.code = None
    node.lasti = 0
    if ACCOUNTED:
        frame = noted_frame(frame)
        node.code = frame.f_code
        node.lasti = frame.f_lasti
    return node

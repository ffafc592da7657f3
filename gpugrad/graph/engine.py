"""Runs graphs backwards.

Holds:     every node runs at most once, after all its consumers, newest first; a cotangent is
           dropped as soon as it is used; a node's saved values go right after it ran. Everything
           that can be known to fail is found before the first ``.grad`` or saved value changes.
Must not:  recurse, know about devices, kernels or memory reports, or leave state in the graph: all
           that a pass needs lives in the pass, so that several threads may run at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any

from ..array import hush, unhush
from ..errors import unused_input
from . import explain
from .accumulate import add, deliver_leaf, run_hooks
from .anomaly import anomaly
from .attend import after_arrival, before_hooks, run_attended
from .base import TensorBase
from .failure import failed_pass
from .modes import local
from .node import Accumulator, Node, Release
from .packing import let_go
from .saved import check_versions, clock

__all__ = ["Pass", "listeners", "run"]

by_sequence = attrgetter("seq")
listeners: list[Callable[[str], None]] = []
"""Called with "begin" and "end" of every pass; the memory room listens here."""


class Pass:
    """One backward pass: what it was asked, and its state.

    pending   node or accumulator -> the cotangent that has arrived so far, or None; its keys are
              exactly the places the pass will visit, so ``edge in pending`` asks "is it wanted?"
    order     the nodes to run, oldest first
    serves    sequence number of a node -> accumulators that are complete once that node has run
    served    accumulators whose leaves have their gradients
    captured  node or accumulator -> positions in the result of ``grad``
    """

    def __init__(self, roots: Sequence[TensorBase], targets: Sequence[Any] | None, *,
                 retain: bool, create: bool, accumulate: bool, call: str) -> None:
        """``create``: on tensors rather than raw arrays; recorded where grad mode is on."""
        self.roots = roots
        self.retain = retain
        self.create = create
        self.accumulate = accumulate
        self.release = Release(call)
        self.pending: dict[Any, Any] = {}
        self.order: list[Node] = []
        self.serves: dict[int, list[Accumulator]] = {}
        self.served: list[Accumulator] = []
        self.captured: dict[Any, list[int]] = {}
        self.results: list[Any] = [None] * len(targets or ())
        self.everywhere = targets is None
        for position, target in enumerate(targets or ()):
            self.captured.setdefault(target.node, []).append(position)

    # ------------------------------------------------------------------------------------ planning
    def plan(self) -> None:
        """Finds what to visit, in which order, and everything that would go wrong."""
        last = self.collect()
        freed = [node for node in self.order if node.saved is None]
        self.order.sort(key=by_sequence)
        if not self.everywhere:
            self.restrict(last, freed)
            freed = [node for node in freed if node in self.pending]
        if freed:
            raise explain.second_backward(max(freed, key=by_sequence), self.roots)
        if self.order and clock.written > self.order[0].seq:
            check_versions(self.order)
        if not self.retain:
            self.release.roots = tuple([root.node.seq for root in self.roots])
            self.release.note_leaves(last)
        serves = self.serves
        for accumulator, seq in last.items():
            if accumulator in self.pending:
                serves.setdefault(seq, []).append(accumulator)

    def collect(self) -> dict[Accumulator, int]:
        """Walks everything reachable; returns, per accumulator, its oldest consumer's number."""
        pending, record = self.pending, self.order.append
        last: dict[Accumulator, int] = {}
        stack: list[Node] = []
        push, pop = stack.append, stack.pop
        for root in self.roots:
            node = root.node
            if node.__class__ is Accumulator:
                last.setdefault(node, 0)
            elif node not in pending:
                pending[node] = None
                push(node)
        while stack:
            node = pop()
            record(node)
            for edge in node.edges:
                if edge is None or edge in pending:
                    continue
                if edge.__class__ is not Accumulator:
                    pending[edge] = None
                    push(edge)
                elif last.get(edge, node.seq) >= node.seq:
                    last[edge] = node.seq
        pending.update(dict.fromkeys(last))
        return last

    def restrict(self, last: dict[Accumulator, int], freed: list[Node]) -> None:
        """Keeps only what lies between the roots and the targets, targets included."""
        wanted = {target for target in self.captured if target in self.pending}
        above = {node for node in freed if any(may_hide(node, t) for t in self.captured)}
        for node in self.order:
            if any(edge in wanted or edge in above for edge in node.edges):
                above.add(node)
        self.order = [node for node in self.order if node in above]
        self.pending = dict.fromkeys([*self.order, *(t for t in wanted if t not in above)])

    # ------------------------------------------------------------------------------------- running
    def seed(self, seeds: Sequence[Any]) -> None:
        """Puts the roots' cotangents in their places."""
        for root, g in zip(self.roots, seeds, strict=True):
            if root.node in self.pending:
                before = self.pending[root.node]
                self.pending[root.node] = g if before is None else add(before, g)

    def walk(self) -> None:
        """Runs every node, newest first."""
        order, pending, serves, captured = self.order, self.pending, self.serves, self.captured
        create, retain, everywhere = self.create, self.retain, self.everywhere
        take, pop, released = pending.pop, order.pop, self.release
        careful, freed, node = anomaly.on, 0, None
        try:
            while order:
                node = pop()
                g = take(node)
                rule = node.rule
                attended = careful or node.hooks is not None
                if node.hooks is not None and g is not None:
                    g = run_hooks(node, g, create)
                if captured and node in captured:
                    self.capture(node, g)
                if attended and g is not None:
                    run_attended(node, g, pending, create)
                elif g is not None:
                    (rule.differentiate if create else rule.backward)(node, g, pending)
                g = None
                saved = node.saved
                if saved and not retain:
                    node.saved = None
                    node.freed = released
                    node.__class__ = Node
                    freed += let_go(node, saved) if attended else rule.release(saved)
                    saved = None
                    node.edges = () if everywhere else node.edges
                if node.seq in serves:
                    self.serve(node.seq)
            self.finish()
        except BaseException as error:
            g = saved = None  # a traceback keeps this frame; it need not keep half-made gradients
            pending.clear()
            order.clear()
            failed_pass(error, node, self.served)
            node = rule = None
            raise
        finally:
            released.nbytes = freed

    def finish(self) -> None:
        """Hands over what is left: to leaves that were roots, and to targets that did not run."""
        if 0 in self.serves:
            self.serve(0)
        for place in self.captured:
            if self.pending.get(place) is not None:
                self.capture(place, run_hooks(place, self.pending.pop(place), self.create))

    def serve(self, seq: int) -> None:
        """Hands the leaves that are complete now what has arrived for them."""
        for accumulator in self.serves.pop(seq):
            g = self.pending.pop(accumulator)
            hooks = accumulator.hooks
            if hooks is not None and g is not None:
                g = run_hooks(accumulator, g, self.create)
            if accumulator in self.captured:
                self.capture(accumulator, g)
            if g is None or not self.accumulate:
                continue
            if hooks is not None and hooks.before:
                g = before_hooks(hooks, g, self.create)
            deliver_leaf(accumulator, g, self.create)
            self.served.append(accumulator)
            if hooks is not None:
                after_arrival(accumulator, g)

    def capture(self, place: Any, g: Any) -> None:
        """Keeps a cotangent that was asked for."""
        for position in self.captured[place]:
            self.results[position] = g


def may_hide(node: Node, target: Any) -> bool:
    """Whether ``node``, which is released and let go of its edges, may have led to ``target``.

    A pass releases all that saves something below the nodes it releases; so what still has its
    saved values lies elsewhere.
    """
    if node.edges or node.freed is None:
        return False
    if target.__class__ is Accumulator:
        return any(leaf is target.leaf for leaf in node.freed.below(node))
    return target.seq < node.seq and not target.saved


def run(
    roots: Sequence[TensorBase],
    seeds: Sequence[Any],
    targets: Sequence[TensorBase] | None = None,
    *,
    retain_graph: bool,
    create_graph: bool,
    accumulate: bool,
    allow_unused: bool = True,
    call: str = "backward()",
    on_tensors: bool = False,
) -> list[Any]:
    """Propagates ``seeds`` from ``roots``; returns what arrived at ``targets``.

    ``seeds`` are raw arrays, or tensors with ``create_graph`` or ``on_tensors`` (traced seeds); the
    results are of the same sort, None where nothing arrived. With ``accumulate`` leaves receive
    their gradients (only the targets among them, if there are targets).

    Raises:  GraphFreedError, InplaceError or UnusedInputError before anything has changed
    """
    sweep = Pass(roots, targets, retain=retain_graph, create=create_graph or on_tensors,
                 accumulate=accumulate, call=call)  # fmt: skip
    sweep.plan()
    if not allow_unused:
        for position, target in enumerate(targets or ()):
            if target.node not in sweep.pending:
                raise unused_input(position)
    sweep.seed(seeds)
    mode = local.mode
    before, outer = mode.grad, mode.sweep
    token = hush()
    try:
        mode.grad, mode.sweep = create_graph, sweep
        for listener in listeners:
            listener("begin")
        sweep.walk()
    finally:
        mode.grad, mode.sweep = before, outer  # first: the next call may be interrupted
        unhush(token)
        for listener in listeners:
            listener("end")
    return sweep.results

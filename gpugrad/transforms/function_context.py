"""``ctx``: what one call of a custom Function passes on to its backward.

NOTE [values of a ctx] Tensors given to ``save_for_backward`` or put on ``ctx`` as attributes, also
in tuples, lists and dicts, move to counted slots of the node when the call is recorded
(function_slots.py). ``ctx`` gives them back from there, tied to the graph, until the node is
released. Other attributes stay where they are.

Holds:     a ctx of a recorded call keeps no tensor and knows its node weakly, so that neither a
           saved output nor one among the attributes closes a cycle.
Must not:  record or run anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any
from weakref import ref

from ..errors import GraphFreedError, accessed_twice
from ..graph import Node, Packed, TensorBase, let_go, local
from ..graph.explain import second_backward
from ..graph.packing import with_values
from .function_slots import refilled, tied

__all__ = ["FunctionCtx"]

_OF_THE_NODE = frozenset(
    {"metadata", "name", "next_functions", "register_hook", "register_prehook"}
)


class FunctionCtx:
    """The first argument of a Function's static methods.

    needs_input_grad  for each argument of ``apply``, whether it requires a gradient
    _inputs, _outputs  shape and kind of each argument and result, None for what is no tensor
    _node             the recorded node, weakly, or None
    _moved            attributes whose tensors lie in slots of the node
    _opened           in a backward: those that it has asked for; else None
    _for_jvp          in a jvp: what ``saved_tensors`` are; else None
    """

    __slots__ = ("__dict__", "_inputs", "_node", "_outputs", "needs_input_grad", "to_save")

    _inputs: list[Any]
    _outputs: list[Any]
    _node: ref[Node] | None
    needs_input_grad: tuple[bool, ...]
    to_save: tuple[Any, ...]

    # What most calls leave alone has its default here, and needs no place in each ctx.
    saved_for_forward: tuple[Any, ...] = ()
    dirty_tensors: tuple[Any, ...] = ()
    non_differentiable: tuple[Any, ...] = ()
    materialize_grads = True
    _moved: Mapping[str, Any] = MappingProxyType({})
    _opened: dict[str, Any] | None = None
    _for_jvp: tuple[Any, ...] | None = None

    def __init__(self) -> None:
        self._inputs, self._outputs, self._node = [], [], None
        self.needs_input_grad = self.to_save = ()

    # ------------------------------------------------------------------------- said in forward
    def save_for_backward(self, *tensors: Any) -> None:
        """Keeps inputs, outputs, other tensors or None for ``saved_tensors`` in backward."""
        self.to_save = tensors

    def save_for_forward(self, *tensors: Any) -> None:
        """Keeps tensors or None for ``saved_tensors`` in jvp."""
        if not all(t is None or isinstance(t, TensorBase) for t in tensors):
            raise AssertionError(
                "save_for_forward expects all arguments to be tensors; you should save non-tensors "
                "as attributes on ctx."
            )
        self.saved_for_forward = tensors

    def mark_dirty(self, *args: Any) -> None:
        """Says that forward has written to these inputs; it has to return them as well."""
        self.dirty_tensors = args

    def mark_non_differentiable(self, *args: Any) -> None:
        """Says that these outputs have no gradient; outputs of integers never have."""
        self.non_differentiable = args

    def mark_shared_storage(self, *pairs: Any) -> None:
        """Nothing: tensors that share bytes are known to."""

    def set_materialize_grads(self, value: bool) -> None:
        """Whether outputs that no gradient reached have zeros in backward (by default) or None."""
        self.materialize_grads = value

    # ------------------------------------------------------------------------- read in backward
    @property
    def saved_tensors(self) -> tuple[Any, ...]:
        """What ``save_for_backward`` was given, tied to the graph; () before forward has ended.

        Raises:  GraphFreedError once the node has been released
        """
        if self._for_jvp is not None:
            return self._for_jvp
        if self._node is None:
            return ()
        node = self._node()
        if node is None or node.saved is None:
            raise self._gone(node)
        if node.saved.__class__ is not Packed and not node.rule.clears:
            return tuple([None if slot is None else tied(node, slot) for slot in node.rule.layout])
        with with_values(node):
            values = [None if slot is None else tied(node, slot) for slot in node.rule.layout]
        if node.rule.clears:
            self._let_go(node)
        return tuple(values)

    saved_variables = saved_tensors

    def _gone(self, node: Node | None) -> Exception:
        """Why the saved values are gone."""
        if node is None:
            return GraphFreedError(
                "Trying to access saved tensors after they have already been freed: the graph of "
                "this ctx is gone."
            )
        return accessed_twice() if node.rule.clears else second_backward(node, ())

    def _let_go(self, node: Node) -> None:
        """Releases a node for clear_saved_tensors_on_access; the running backward, if there is one,
        keeps the attributes.
        """
        for name in self._moved:
            getattr(self, name)
        saved, node.saved = node.saved, None
        node.freed = local.mode.sweep and local.mode.sweep.release
        if saved:
            let_go(node, saved)

    def __getattr__(self, name: str) -> Any:
        if name in FunctionCtx.__slots__ or name.startswith("__"):
            raise AttributeError(name)
        if name in self._moved:
            return self._given_back(name)
        if name in _OF_THE_NODE and self._node is not None:
            return getattr(self._node(), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def _given_back(self, name: str) -> Any:
        """An attribute from the slots of the node; one backward gets the same object each time."""
        opened = self._opened
        if opened is not None and name in opened:
            return opened[name]
        node = None if self._node is None else self._node()
        if node is None or node.saved is None:
            raise self._gone(node)
        with with_values(node):
            value = refilled(self._moved[name], node)
        if opened is not None:
            opened[name] = value
        return value

    def __delattr__(self, name: str) -> None:
        if name not in self._moved or name in self.__dict__:
            object.__delattr__(self, name)
            return
        self._moved = {key: value for key, value in self._moved.items() if key != name}
        if self._opened is not None:
            self._opened.pop(name, None)

"""Saved values by name, as attributes of a node: ``node._saved_result``, ``node._saved_self``.

A slot goes by its own name; the first input is also "self" and "input", the second "other", the
result "result", as in PyTorch.
"""

from __future__ import annotations

from typing import Any

from .explain import second_backward
from .node import Node
from .packing import saved_value

__all__: list[str] = []

_SOURCES = {"self": 0, "input": 0, "other": 1, "result": -1}


def _read(node: Node, name: str) -> Any:
    """The saved value ``name`` as a tensor of the graph.

    Raises:  AttributeError if the node saves none of that name; GraphFreedError after its release
    """
    slots, sources = node.rule.slots, node.rule.sources
    if name in slots:
        place = slots.index(name)
    elif _SOURCES.get(name) in sources:
        place = sources.index(_SOURCES[name])
    else:
        saved = ", ".join(f"_saved_{slot}" for slot in slots) or "nothing"
        raise AttributeError(f"{node.name()} has no _saved_{name}; it saves {saved}")
    if node.saved is None:
        raise second_backward(node, ())
    return saved_value(node, place)


Node.read_saved = _read

"""Places in a graph without a tensor: ``GradientEdge``, which backward and grad take like tensors.

Holds:     an edge keeps its node alive, and through the node all that lies below, but no tensor.
Must not:  be needed by the engine, which only looks at ``node``.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ..errors import NoGradError
from .base import Size, TensorBase
from .node import Accumulator, Node, Port, graph_node
from .saved import output_edge

__all__ = ["EdgePlace", "GradientEdge", "get_gradient_edge"]


class GradientEdge(NamedTuple):
    """Where the gradient of a tensor arrives: an output of a node.

    ownership_token  keeps the place alive; for one of many outputs it is the place itself
    """

    node: Any
    output_nr: int
    ownership_token: Any = None


def get_gradient_edge(tensor: TensorBase) -> GradientEdge:
    """The edge that leads to ``tensor``, for backward or grad once the tensor is gone.

    Raises:  NoGradError for a tensor without gradient
    """
    if tensor.node is None:
        raise NoGradError(
            "It is not possible to get the gradient edge for a Tensor that does not require "
            "gradients"
        )
    return GradientEdge(*graph_node(tensor.node), tensor.node)


class EdgePlace:
    """What a GradientEdge is for the engine: a root or a target without a tensor.

    kind   None where the node does not say
    index  which part of what arrives at a many-output node is meant, or None for all
    """

    __slots__ = ("index", "kind", "node", "shape")

    lost = None

    def __init__(self, edge: GradientEdge, target: bool) -> None:
        node, token = edge.node, edge.ownership_token
        self.index: int | None = None
        if isinstance(node, Node) and node.rule.outputs > 1:
            if isinstance(token, Node) and token.rule is Port:
                node = token
            elif target:
                self.index = edge.output_nr
            else:
                node = output_edge(node, edge.output_nr)
        self.node: Any = node
        self.shape: Size = node.shape
        leaf = node.leaf() if node.__class__ is Accumulator else None
        rule = getattr(node, "rule", None)
        self.kind: Any = getattr(rule, "kind", None) if leaf is None else leaf.kind

    def of(self, g: Any) -> Any:
        """Its own part of what has arrived."""
        return g[self.index] if self.index is not None and g.__class__ is list else g

"""What custom functions do wrong."""

from __future__ import annotations

from .text import facts
from .tree import GraphError, GraphFreedError, InplaceError

__all__ = ["bad_cotangent", "cotangent_count", "cotangent_shape", "dirty_leaf",
           "released_attribute"]  # fmt: skip


def cotangent_count(node: str, expected: int, got: int) -> GraphError:
    """backward returned too few or too many gradients."""
    return GraphError(facts(
        f"function {node} returned an incorrect number of gradients (expected {expected}, got "
        f"{got})", ("fix", "return one per argument of forward, None where there is none"),
    ))


def cotangent_shape(node: str, index: int, got: object, expected: object) -> GraphError:
    """backward returned a gradient of a shape that its input cannot have been broadcast to."""
    return GraphError(
        f"Function {node} returned an invalid gradient at index {index} - got {got} but expected "
        f"shape compatible with {expected}"
    )


def bad_cotangent(kind: str) -> TypeError:
    """backward returned something that is no tensor."""
    return TypeError(f"expected Variable or None (got {kind})")


def dirty_leaf() -> InplaceError:
    """A custom function wrote into a leaf."""
    return InplaceError(
        "a leaf Variable that requires grad has been used in an in-place operation."
    )


def released_attribute(node: str, attribute: str, where: str) -> GraphFreedError:
    """A context was asked for a saved value after its node had been released."""
    error = GraphFreedError(facts(
        "Trying to backward through the graph a second time (or directly access saved tensors "
        "after they have already been freed).",
        ("node", node), ("freed", f"by the backward pass at {where}" if where else ""),
        ("kept", f"tensors on ctx, here ctx.{attribute}, are released with the node like saved "
                 "ones, unlike in PyTorch" if attribute else ""),
        ("fix", "pass retain_graph=True to that pass, or compute the value again"),
    ))  # fmt: skip
    error.node, error.freed_where = node, where
    return error

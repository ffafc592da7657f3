"""What tensors with a tangent or a batch cannot do."""

from __future__ import annotations

from .text import facts
from .tree import GraphError

__all__ = ["no_values", "traced_write", "vmap_item", "vmap_random",
           "vmap_shapes"]  # fmt: skip


def no_values(what: str, where: str) -> str:
    """An operation asked for the array of a traced tensor."""
    return facts(
        f"this operation needs the values of {what}, and is not supported on it",
        ("line", where),
        ("fix", "use operations of gpugrad that are in its table of ops, or do it outside"),
    )


def traced_write(where: str) -> GraphError:
    """An in-place operation that would hide a batch or a tangent in an ordinary tensor."""
    return GraphError(facts(
        "vmap: inplace arithmetic is not possible because there exists a Tensor in its arguments "
        "that has more elements than the tensor written to: it stands for a batch, or has a "
        "tangent, and the written one, or what views it, does not",
        ("line", where), ("fix", "do it out of place"),
    ))


def vmap_item(call: str, where: str) -> GraphError:
    """A number or a decision was asked of a batch."""
    first = (
        "vmap: It looks like you're attempting to use a Tensor in some data-dependent control "
        "flow. We don't support that yet, please shout over at the issue tracker."
        if call == "bool" else
        f"vmap: It looks like you're calling .{call}() on a Tensor. We don't support vmap over "
        f"calling .{call}() on any Tensor, please try to rewrite what you're doing with other "
        "operations."
    )
    fix = "gpugrad.where chooses element by element" if call == "bool" else ""
    return GraphError(facts(first.replace(", please shout over at the issue tracker", ""),
                            ("line", where), ("fix", fix)))  # fmt: skip


def vmap_shapes(shapes: list[tuple[int, ...]], where: str) -> GraphError:
    """An operation whose result's shape depends on values."""
    differing = next(i for i, shape in enumerate(shapes) if shape != shapes[0])
    return GraphError(facts(
        "vmap: this operation gives results of different shapes for the examples of a batch",
        ("example", f"0: {shapes[0]}"), ("example", f"{differing}: {shapes[differing]}"),
        ("line", where),
        ("fix", "gpugrad.where and masked_fill keep the shape; or loop over the examples"),
    ))


def vmap_random(name: str) -> GraphError:
    """A random operation under vmap without a decision about the batch."""
    return GraphError(
        f"vmap: called random operation {name} while in randomness error mode. Please either use "
        "the 'same' or 'different' randomness flags on vmap or perform the randomness operation "
        "out of vmap"
    )

"""What goes wrong around nodes: hooks of all kinds, packed values, nans."""

from __future__ import annotations

from typing import Any

from .text import facts
from .tree import CheckpointError, GraphError

__all__ = ["hooks_disabled", "nan_found", "packed_in_place", "recomputed_count",
           "recomputed_metadata", "unpacked_otherwise", "wrong_hook_result"]  # fmt: skip


def wrong_hook_result(hook: Any, what: str) -> GraphError:
    """A hook returned something that cannot stand for gradients."""
    name = getattr(hook, "__name__", type(hook).__name__)
    return GraphError(f"hook '{name}' {what}")


def packed_in_place() -> GraphError:
    """A pack hook wrote into the tensor it was given."""
    return GraphError(
        "A saved tensor pack hook is modifying its input in place. Tensors passed as input to pack "
        "hook can not be modified in place: work on a .clone()"
    )


def unpacked_otherwise(kind: type) -> TypeError:
    """An unpack hook returned no tensor."""
    return TypeError(
        f"Output of saved tensor unpack_hook expected to be a Tensor but got result of type {kind}"
    )


def hooks_disabled(message: str) -> GraphError:
    """saved_tensors_hooks where they are switched off; the text is the caller's."""
    return GraphError(message)


def recomputed_count(first: int, second: int) -> CheckpointError:
    """The second run of a checkpoint saved more or fewer values than the first."""
    return CheckpointError(
        "A different number of tensors was saved during the original forward and recomputation: "
        f"{first}, then {second}. The checkpointed function must do the same both times."
    )


def recomputed_metadata(index: int, first: object, second: object) -> CheckpointError:
    """The second run of a checkpoint saved a value of another shape or kind."""
    return CheckpointError(
        "Recomputed values for the following tensors have different metadata than during the "
        f"forward pass: tensor {index} was {first}, then {second}."
    )


def nan_found(node: str, position: int, where: str, module: str, first: str) -> GraphError:
    """A node's backward made a nan."""
    return GraphError(facts(
        f"Function '{node}' returned nan values in its {position}th output.",
        ("node", f"{node}, recorded at {where}"),
        ("module", module),
        ("first", f"{first} made the first nan of the forward pass" if first else ""),
    ))

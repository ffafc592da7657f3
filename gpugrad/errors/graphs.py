"""What a graph refuses: seeds, inputs and in-place writes."""

from __future__ import annotations

from .text import facts
from .tree import GraphError, InplaceError, NoGradError, ShapeError, UnusedInputError

__all__ = [
    "implicit_seed", "leaf_inplace", "lost_text", "modified_inplace", "no_grad_root",
    "not_required", "out_requires_grad", "seed_shape", "unused_input", "view_inplace",
    "written_twice",
]  # fmt: skip


def no_grad_root(index: int, why: str = "", where: str = "") -> NoGradError:
    """backward() from a tensor that has no graph."""
    first = f"element {index} of tensors does not require grad and does not have a grad_fn"
    return NoGradError(facts(first, ("why", why), ("line", where)))


_LOST = {
    "no_grad": "it was computed under {what}(), set at {where}",
    "detach": "detach() at {where} cut it off its graph",
    "detach_": "detach_() at {where} cut it off its graph",
    "data": ".data at {where} gave the bytes without their graph",
    "copy": "the tensor() or as_tensor() at {where} copied values, not their graph; use clone()",
    "cast": "the conversion to {what} at {where} has no gradient",
    "array": "it was made from a {what} array at {where}: gradients do not pass through {what}",
    "op": "{what}() at {where} has no gradient",
    "dtype": "{what} tensors cannot require gradients",
    "none": "nothing it was computed from requires grad; requires_grad_() makes a tensor do so",
}


def lost_text(how: str, what: str = "", where: str = "") -> str:
    """Why a tensor does not require grad, in one line."""
    return _LOST[how].format(what=what, where=where)


def implicit_seed(shape: tuple[int, ...], where: str = "") -> GraphError:
    """A root with several elements and no ``gradient``."""
    first = "grad can be implicitly created only for scalar outputs"
    return GraphError(facts(
        first, ("root", f"shape {shape}"), ("line", where),
        ("fix", "reduce it with .sum() or .mean(), or pass gradient= of the root's shape"),
    ))


def seed_shape(index: int, seed: tuple[int, ...], root: tuple[int, ...]) -> ShapeError:
    """A seed whose shape is not the root's."""
    return ShapeError(
        f"Mismatch in shape: grad_output[{index}] has a shape of {seed} and "
        f"output[{index}] has a shape of {root}."
    )


def not_required(why: str = "", where: str = "") -> NoGradError:
    """A gradient asked for with respect to a tensor that requires none."""
    return NoGradError(facts(
        "One of the differentiated Tensors does not require grad", ("why", why),
        ("line", where), ("fix", "call requires_grad_() on it before the forward pass"),
    ))


def unused_input(index: int) -> UnusedInputError:
    """A gradient asked for with respect to a tensor that the root does not depend on."""
    return UnusedInputError(
        f"The differentiated Tensor at index {index} appears to not have been used in the graph. "
        "Set allow_unused=True if this is the desired behavior."
    )


def leaf_inplace(view: bool, where: str = "", when: str = "is being") -> InplaceError:
    """An in-place operation on a leaf that requires grad, or on a view of one."""
    what = "a view of a leaf Variable" if view else "a leaf Variable"
    first = f"{what} that requires grad {when} used in an in-place operation."
    fix = "do it under gpugrad.no_grad(), or out of place"
    return InplaceError(facts(first, ("line", where), ("fix", fix)))


def view_inplace(made: str, where: str = "") -> InplaceError:
    """A recorded write through a view that cannot stand for a region of its base."""
    first = {
        "many": "Output of a function that returns multiple views is a view and is being modified "
                "inplace. Such functions do not allow the output views to be modified inplace.",
        "custom": "Output of a custom Function is a view and is being modified inplace. This view "
                  "was created inside a custom Function (or because an input was returned as-is) "
                  "and the write would override its backward.",
        "no_grad": "A view was created in no_grad mode and is being modified inplace with grad "
                   "mode enabled.",
    }[made]  # fmt: skip
    fix = {
        "many": "index the whole tensor instead, x[i] = value, or work on a .clone()",
        "custom": "return a .clone() from forward, or write to a .clone()",
        "no_grad": "make the view where the write is, both in or both outside no_grad()",
    }[made]
    return InplaceError(facts(first, ("line", where), ("fix", fix)))


def written_twice(where: str = "") -> ShapeError:
    """A write into an expanded tensor."""
    return ShapeError(facts(
        "unsupported operation: more than one element of the written-to tensor refers to a single "
        "memory location.",
        ("line", where), ("fix", ".clone() the expanded tensor before writing to it"),
    ))


def out_requires_grad(name: str, where: str = "") -> GraphError:
    """``out=`` where a gradient would have to flow."""
    return GraphError(facts(
        f"{name}(): functions with out=... arguments don't support automatic differentiation, but "
        "one of the arguments requires grad.",
        ("line", where),
        ("fix", "leave out= away, or call it under gpugrad.no_grad()"),
    ))


def modified_inplace(node: str, slot: str, shape: object, saved_at: str, written_at: str,
                     version: int, expected: int) -> InplaceError:
    """A saved value was written to after it had been saved."""
    first = (
        "one of the variables needed for gradient computation has been modified by an inplace "
        f"operation: {shape} is at version {version}; expected version {expected} instead."
    )
    return InplaceError(facts(
        first,
        ("saved", f"by {node} as '{slot}', recorded at {saved_at}"),
        ("written", f"at {written_at}" if written_at else "by a later in-place operation"),
        ("fix", "write it out of place, or .clone() it before writing"),
    ))

"""What a custom Function gets wrong: its definition, what it marks and saves, what it returns."""

from __future__ import annotations

from .text import facts
from .tree import DeviceError, GraphError, ShapeError

__all__ = [
    "accessed_twice", "attribute_note", "differentiated_twice", "dirty_not_returned",
    "function_device", "function_jvp_count", "function_jvp_shape", "function_lacks",
    "function_needs_setup", "gradient_of_no_tensor", "gradient_shape", "legacy_function",
    "marked_no_tensor", "not_a_gradient", "saved_no_tensor", "two_backwards",
    "wrong_gradient_count",
]  # fmt: skip

Shape = tuple[int, ...]

_MISSING = {
    "forward": "You must implement the forward function for custom autograd.Function.",
    "setup_context": "setup_context is not implemented.",
    "backward": "You must implement either the backward or vjp method for your custom "
                "autograd.Function to use it with backward mode AD.",
    "jvp": "You must implement the jvp function for custom autograd.Function to use it with "
           "forward mode AD.",
    "vmap": "To use autograd.Function with vmap, you must either override the vmap staticmethod or "
            "set generate_vmap_rule=True.",
}  # fmt: skip


# ------------------------------------------------------------------------------------- definitions
def function_lacks(method: str) -> NotImplementedError:
    """A static method that the Function does not define."""
    return NotImplementedError(_MISSING[method])


def two_backwards(name: str) -> GraphError:
    """A Function with backward and vjp."""
    return GraphError(
        f"Implementing both 'backward' and 'vjp' for a custom Function is not allowed: they are "
        f"two names of one method. Keep one of them in {name}."
    )


def legacy_function(name: str) -> GraphError:
    """A Function that was called like a module."""
    return GraphError(facts(
        "Legacy autograd function with non-static forward method is deprecated: a Function has no "
        "instances.",
        ("fix", f"make forward and backward of {name} static methods that take ctx first, and call "
                f"{name}.apply(...)"),
    ))  # fmt: skip


def function_needs_setup(name: str) -> GraphError:
    """A combined forward inside several levels of forward mode or batching."""
    return GraphError(
        "In order to use an autograd.Function with functorch transforms (vmap, grad, jvp, jacrev, "
        f"...), it must override the setup_context staticmethod: split the forward of {name} into "
        "forward(*args) and setup_context(ctx, inputs, output)."
    )


# ----------------------------------------------------------------------------------------- forward
def saved_no_tensor(position: int, kind: type) -> TypeError:
    """``save_for_backward`` got something else."""
    return TypeError(
        f"save_for_backward can only save variables, but argument {position} is of type "
        f"{kind.__name__}; put it on ctx as an attribute"
    )


def marked_no_tensor(method: str, position: int, kind: type) -> GraphError:
    """``mark_dirty`` or ``mark_non_differentiable`` got something else."""
    return GraphError(
        f"{method} can only accept variables, but argument {position} is of type {kind.__name__}"
    )


def dirty_not_returned(name: str) -> GraphError:
    """An input that was written to is no output."""
    return GraphError(
        "Some elements marked as dirty during the forward method were not returned as output. The "
        f"inputs that are modified inplace must all be outputs of the Function, here {name}."
    )


# ---------------------------------------------------------------------------------------- backward
def wrong_gradient_count(title: str, expected: int, got: int, where: str) -> GraphError:
    """backward returned too few values, or too many."""
    return GraphError(facts(
        f"function {title} returned an incorrect number of gradients (expected {expected}, got "
        f"{got})",
        ("applied", f"at {where}"),
        ("fix", "return one value for each argument of apply, None for those without a gradient"),
    ))


def not_a_gradient(kind: type, title: str, position: int) -> GraphError:
    """backward returned something that is no tensor."""
    return GraphError(
        f"expected Variable or None (got {kind.__name__}) from {title} in place {position} of what "
        "its backward returned"
    )


def gradient_of_no_tensor(title: str, position: int) -> GraphError:
    """backward returned a gradient for an argument that is no tensor."""
    return GraphError(
        f"function {title} returned a gradient different than None at position {position}, but the "
        "corresponding forward input was not a Variable"
    )


def gradient_shape(title: str, index: int, got: Shape, expected: Shape, where: str) -> ShapeError:
    """A gradient that is no sum away from the shape of its input."""
    return ShapeError(facts(
        f"Function {title} returned an invalid gradient at index {index} - got {list(got)} but "
        f"expected shape compatible with {list(expected)}",
        ("applied", f"at {where}"),
    ))


def function_device(title: str, index: int, got: object, expected: object) -> DeviceError:
    """A gradient on another device than its input."""
    return DeviceError(
        f"Function {title} returned an invalid gradient at index {index} - expected device "
        f"{expected} but got {got}"
    )


def differentiated_twice(name: str, where: str) -> GraphError:
    """A second derivative through a backward that was declared to have none."""
    return GraphError(facts(
        "trying to differentiate twice a function that was marked with @once_differentiable",
        ("function", f"{name}, applied at {where}" if where else name),
        ("fix", "write its backward in differentiable operations and drop @once_differentiable"),
    ))


def accessed_twice() -> GraphError:
    """Saved values that were let go as soon as they had been asked for."""
    return GraphError(
        "saved_tensors can only be accessed once when clear_saved_tensors_on_access=True is set on "
        "the autograd.Function."
    )


def attribute_note(names: tuple[str, ...]) -> str:
    """Why a graph is released that keeps nothing but attributes of ctx."""
    these = ", ".join(f"ctx.{name}" for name in names)
    what = "is a tensor" if len(names) == 1 else "are tensors"
    return (f"{these} {what}: they are counted like those of save_for_backward, and released with "
            "the node")  # fmt: skip


# ------------------------------------------------------------------------------------ forward mode
def function_jvp_count(name: str, expected: int, got: int) -> GraphError:
    """jvp returned too few tangents, or too many."""
    return GraphError(
        f"jvp of {name} returned an incorrect number of forward gradients (expected {expected}, "
        f"got {got})"
    )


def function_jvp_shape(name: str, index: int, got: Shape, expected: Shape) -> ShapeError:
    """A tangent that has not the shape of its output."""
    return ShapeError(
        f"jvp of {name} returned an invalid forward gradient at index {index} - got {list(got)} "
        f"but expected shape {list(expected)}"
    )

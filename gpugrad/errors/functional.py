"""What the functions of ``autograd.functional`` and ``gradcheck`` refuse."""

from __future__ import annotations

from .tree import GraphError, ShapeError

__all__ = ["GradcheckError", "independent_output", "not_a_scalar", "wrong_argument",
           "wrong_shapes"]  # fmt: skip


class GradcheckError(GraphError):
    """A gradient that is not the slope of the function."""


def wrong_argument(name: str, what: str, index: int | None, kind: type) -> TypeError:
    """Something that is no tensor."""
    if index is None:
        return TypeError(f"The {what} given to {name} must be either a Tensor or a tuple of "
                         f"Tensors but got {kind}.")  # fmt: skip
    return TypeError(f"The {what} given to {name} must be either a Tensor or a tuple of Tensors but"
                     f" the value at index {index} has type {kind}.")  # fmt: skip


def wrong_shapes(name: str, what: str) -> ShapeError:
    """A vector that fits neither inputs nor outputs."""
    return ShapeError(f"{name}: {what}")


def not_a_scalar(name: str) -> GraphError:
    """A Hessian of a function of several numbers."""
    return GraphError(
        f"The Tensor returned by the function given to {name} should contain a single element"
    )


def independent_output(name: str, index: int, *, of_input: bool = False, of_gradient: bool = False
                       ) -> GraphError:
    """strict=True, and something does not depend on the inputs."""
    if of_input:
        return GraphError(f"The output of the user-provided function is independent of input "
                          f"{index}. This is not allowed in strict mode.")  # fmt: skip
    if of_gradient:
        return GraphError(f"{name}: The jacobian of the user-provided function with respect to "
                          f"input {index} is independent of the input. This is not allowed in "
                          "strict mode when create_graph=True.")  # fmt: skip
    return GraphError(f"Output {index} of the user-provided function does not require gradients. "
                      "The outputs must be computed in a differentiable manner from the input "
                      "when running in strict mode.")  # fmt: skip

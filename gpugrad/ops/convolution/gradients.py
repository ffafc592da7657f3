"""The gradients of convolutions as functions of their own (PyTorch's torch.nn.grad).

Holds:     each is one of the ops of convolution, and as differentiable as they are.
Must not:  touch arrays.
"""

from __future__ import annotations

from typing import Any

from ...errors import unexpected_gradient, wrong_rank
from .arguments import check_operands, geometry_of, number, numbers
from .operation import input_gradient_op, weight_gradient_op

__all__ = [
    "conv1d_input", "conv1d_weight", "conv2d_input", "conv2d_weight", "conv3d_input",
    "conv3d_weight",
]  # fmt: skip


def conv1d_input(input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv1d`` with respect to an input of shape ``input_size``.

    Shape:   weight (O, C / groups, k), grad_output (N, O, L') -> input_size
    Saves:   grad_output if the weight needs a gradient, the weight if grad_output does
    """
    return _input("conv1d_input", 1, input_size, weight, grad_output, stride, padding, dilation,
                  groups)  # fmt: skip


def conv1d_weight(input: Any, weight_size: Any, grad_output: Any, stride: Any = 1,
                  padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv1d`` with respect to a weight of shape ``weight_size``.

    Shape:   input (N, C, L), grad_output (N, O, L') -> weight_size
    Saves:   input if grad_output needs a gradient, grad_output if the input does
    """
    return _weight("conv1d_weight", 1, input, weight_size, grad_output, stride, padding, dilation,
                   groups)  # fmt: skip


def conv2d_input(input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv2d`` with respect to an input of shape ``input_size``.

    Shape:   weight (O, C / groups, kH, kW), grad_output (N, O, H', W') -> input_size
    Saves:   as ``conv1d_input``
    """
    return _input("conv2d_input", 2, input_size, weight, grad_output, stride, padding, dilation,
                  groups)  # fmt: skip


def conv2d_weight(input: Any, weight_size: Any, grad_output: Any, stride: Any = 1,
                  padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv2d`` with respect to a weight of shape ``weight_size``.

    Shape:   input (N, C, H, W), grad_output (N, O, H', W') -> weight_size
    Saves:   as ``conv1d_weight``
    """
    return _weight("conv2d_weight", 2, input, weight_size, grad_output, stride, padding, dilation,
                   groups)  # fmt: skip


def conv3d_input(input_size: Any, weight: Any, grad_output: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv3d`` with respect to an input of shape ``input_size``.

    Shape:   weight (O, C / groups, kD, kH, kW), grad_output (N, O, D', H', W') -> input_size
    Saves:   as ``conv1d_input``
    """
    return _input("conv3d_input", 3, input_size, weight, grad_output, stride, padding, dilation,
                  groups)  # fmt: skip


def conv3d_weight(input: Any, weight_size: Any, grad_output: Any, stride: Any = 1,
                  padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """The gradient of ``conv3d`` with respect to a weight of shape ``weight_size``.

    Shape:   input (N, C, D, H, W), grad_output (N, O, D', H', W') -> weight_size
    Saves:   as ``conv1d_weight``
    """
    return _weight("conv3d_weight", 3, input, weight_size, grad_output, stride, padding, dilation,
                   groups)  # fmt: skip


def _input(name: str, dims: int, input_size: Any, weight: Any, g: Any, *arguments: Any) -> Any:
    check_operands(name, dims, g, weight, None)
    geometry = _geometry(name, dims, tuple(input_size), tuple(weight.shape), g, arguments)
    return input_gradient_op(g, weight, None, geometry=geometry)


def _weight(name: str, dims: int, input: Any, weight_size: Any, g: Any, *arguments: Any) -> Any:
    check_operands(name, dims, input, g, None)
    geometry = _geometry(name, dims, tuple(input.shape), tuple(weight_size), g, arguments)
    return weight_gradient_op(input, g, geometry=geometry)


def _geometry(name: str, dims: int, input: Any, weight: Any, g: Any, arguments: Any) -> Any:
    """The convolution's, whose output has the shape of ``g``."""
    stride, padding, dilation, groups = arguments
    if len(input) != dims + 2:
        raise wrong_rank(name, dims, input)
    geometry = geometry_of(
        input, weight, None, numbers(name, "stride", stride), numbers(name, "padding", padding),
        numbers(name, "dilation", dilation), number(name, "groups", groups),
    )  # fmt: skip
    output = input[0], weight[0], *geometry.out
    if tuple(g.shape) != output:
        raise unexpected_gradient(output, g.shape)
    return geometry

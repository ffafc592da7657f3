"""conv1d to conv3d, their transposes, and the general convolution.

Holds:     one implementation for every number of dimensions; an input without a batch is a batch of
           one, seen through views.
Must not:  touch arrays.
"""

from __future__ import annotations

from typing import Any

from ...errors import bad_convolution_input, conv_tbc_mismatch
from ..shape import permute, reshape
from ..surface import public
from .arguments import check_operands, geometry_of, number, numbers, transposed_geometry_of
from .operation import convolution_op, input_gradient_op

__all__ = [
    "conv1d", "conv2d", "conv3d", "conv_tbc", "conv_transpose1d", "conv_transpose2d",
    "conv_transpose3d", "convolution",
]  # fmt: skip


# ------------------------------------------------------------------------------------ convolution
@public("torch F")
def conv1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """Slides each filter along signals: ``conv2d`` with one spatial dimension.

    Shape:   input (N, C, L) or (C, L), weight (O, C / groups, k), bias (O) -> (N, O, L')
    Saves:   as ``conv2d``
    >>> import gpugrad
    >>> x, w = gpugrad.tensor([[1.0, 2.0, 4.0]]), gpugrad.tensor([[[-1.0, 1.0]]])
    >>> gpugrad.conv1d(x, w)
    tensor([[1., 2.]])
    """
    return _conv("conv1d", 1, input, weight, bias, stride, padding, dilation, groups)


@public("torch F")
def conv2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """Slides each filter over images: products of the filter with what it lies on, summed.

    ``padding`` is a number of zeros per side, or 'same' (the output is as large as the input) or
    'valid' (none). With ``groups``, each group of filters sees its own channels.

    Shape:   input (N, C, H, W) or (C, H, W), weight (O, C / groups, kH, kW), bias (O)
             -> (N, O, H', W') with H' = (H + 2 padding - dilation (kH - 1) - 1) // stride + 1
    Dtype:   one for all operands; half types are summed in float32 and rounded once
    Saves:   input if the weight needs a gradient, the weight if the input does
    Raises:  ShapeError for sizes that do not fit, DTypeError for dtypes that differ
    >>> import gpugrad
    >>> x, w = gpugrad.ones(1, 3, 5, 5), gpugrad.ones(2, 3, 3, 3)
    >>> gpugrad.conv2d(x, w, padding=1)[0, 0, 0]
    tensor([12., 18., 18., 18., 12.])
    """
    return _conv("conv2d", 2, input, weight, bias, stride, padding, dilation, groups)


@public("torch F")
def conv3d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
           dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    """Slides each filter through volumes: ``conv2d`` with three spatial dimensions.

    Shape:   input (N, C, D, H, W) or (C, D, H, W), weight (O, C / groups, kD, kH, kW), bias (O)
             -> (N, O, D', H', W')
    Saves:   as ``conv2d``
    """
    return _conv("conv3d", 3, input, weight, bias, stride, padding, dilation, groups)


def _conv(name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any, padding: Any,
          dilation: Any, groups: int) -> Any:  # fmt: skip
    check_operands(name, dims, input, weight, bias)
    shape = tuple(input.shape)
    single = len(shape) == dims + 1
    geometry = geometry_of(
        (1, *shape) if single else shape,
        tuple(weight.shape),
        None if bias is None else tuple(bias.shape),
        numbers(name, "stride", stride),
        padding if isinstance(padding, str) else numbers(name, "padding", padding),
        numbers(name, "dilation", dilation),
        number(name, "groups", groups),
    )
    if not single:
        return convolution_op(input, weight, bias, geometry=geometry)
    y = convolution_op(reshape(input, (1, *shape)), weight, bias, geometry=geometry)
    return reshape(y, y.shape[1:])


# ------------------------------------------------------------------------- transposed convolution
@public("torch F")
def conv_transpose1d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Any:
    """Spreads each element of signals over a kernel: ``conv_transpose2d`` with one dimension.

    Shape:   input (N, C, L) or (C, L), weight (C, O / groups, k), bias (O) -> (N, O, L')
    Saves:   as ``conv_transpose2d``
    """
    return _transposed(
        "conv_transpose1d", 1, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    )  # fmt: skip


@public("torch F")
def conv_transpose2d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Any:
    """The transpose of ``conv2d`` as a linear map: each pixel adds its multiple of the kernel.

    ``output_padding`` chooses among the output sizes that ``conv2d`` would map to the input's.

    Shape:   input (N, C, H, W) or (C, H, W), weight (C, O / groups, kH, kW), bias (O)
             -> (N, O, H', W') with
             H' = (H - 1) stride - 2 padding + dilation (kH - 1) + output_padding + 1
    Dtype:   as ``conv2d``
    Saves:   input if the weight needs a gradient, the weight if the input does
    >>> import gpugrad
    >>> x, w = gpugrad.tensor([[[1.0, 2.0]]]), gpugrad.ones(1, 1, 1, 3)
    >>> gpugrad.conv_transpose2d(x, w, stride=(1, 2))
    tensor([[[1., 1., 3., 2., 2.]]])
    """
    return _transposed(
        "conv_transpose2d", 2, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    )  # fmt: skip


@public("torch F")
def conv_transpose3d(input: Any, weight: Any, bias: Any = None, stride: Any = 1, padding: Any = 0,
                     output_padding: Any = 0, groups: int = 1, dilation: Any = 1) -> Any:
    """The transpose of ``conv3d``: ``conv_transpose2d`` with three spatial dimensions.

    Shape:   input (N, C, D, H, W) or (C, D, H, W), weight (C, O / groups, kD, kH, kW), bias (O)
             -> (N, O, D', H', W')
    Saves:   as ``conv_transpose2d``
    """
    return _transposed(
        "conv_transpose3d", 3, input, weight, bias, stride, padding, output_padding, groups,
        dilation,
    )  # fmt: skip


def _transposed(name: str, dims: int, input: Any, weight: Any, bias: Any, stride: Any,
                padding: Any, output_padding: Any, groups: int, dilation: Any) -> Any:
    check_operands(name, dims, input, weight, bias)
    shape = tuple(input.shape)
    single = len(shape) == dims + 1
    geometry = transposed_geometry_of(
        (1, *shape) if single else shape,
        tuple(weight.shape),
        None if bias is None else tuple(bias.shape),
        numbers(name, "stride", stride),
        numbers(name, "padding", padding),
        numbers(name, "output_padding", output_padding),
        numbers(name, "dilation", dilation),
        number(name, "groups", groups),
    )
    if not single:
        return input_gradient_op(input, weight, bias, geometry=geometry)
    x = input_gradient_op(reshape(input, (1, *shape)), weight, bias, geometry=geometry)
    return reshape(x, x.shape[1:])


# -------------------------------------------------------------------------------- other spellings
@public("torch")
def convolution(input: Any, weight: Any, bias: Any, stride: Any, padding: Any, dilation: Any,
                transposed: bool, output_padding: Any, groups: int) -> Any:  # fmt: skip
    """``conv1d`` to ``conv3d`` and their transposes under one name: the weight says which.

    Shape:   input (N, C, ...) with the dimensions of the weight
    Saves:   as ``conv2d``
    """
    dims = len(weight.shape) - 2
    if not 1 <= dims <= 3:
        raise RuntimeError("unsupported ConvNd parameters")
    if len(input.shape) != dims + 2:
        raise bad_convolution_input(input.shape, weight.shape)
    for argument, value in (("stride", stride), ("padding", padding), ("dilation", dilation),
                            ("output_padding", output_padding)):  # fmt: skip
        if not isinstance(value, (list, tuple)):
            raise TypeError(
                f"convolution(): argument '{argument}' must be tuple of ints, not "
                f"{type(value).__name__}"
            )
    if transposed:
        return _transposed("convolution", dims, input, weight, bias, stride, padding,
                           output_padding, groups, dilation)  # fmt: skip
    return _conv("convolution", dims, input, weight, bias, stride, padding, dilation, groups)


@public("torch F")
def conv_tbc(input: Any, weight: Any, bias: Any, pad: int = 0) -> Any:
    """``conv1d`` of sequences laid out as (time, batch, channels).

    Shape:   input (T, N, C), weight (k, C, O), bias (O) -> (T + 2 pad - k + 1, N, O)
    Saves:   as ``conv1d``
    """
    if len(input.shape) != 3:
        raise conv_tbc_mismatch("input")
    if len(weight.shape) != 3:
        raise conv_tbc_mismatch("weight")
    if len(bias.shape) != 1:
        raise conv_tbc_mismatch("bias")
    if input.shape[2] != weight.shape[1]:
        raise conv_tbc_mismatch("channels")
    if bias.shape[0] != weight.shape[2]:
        raise conv_tbc_mismatch("filters")
    x, w = permute(input, (1, 2, 0)), permute(weight, (2, 1, 0))
    return permute(_conv("conv_tbc", 1, x, w, bias, 1, pad, 1, 1), (2, 0, 1))

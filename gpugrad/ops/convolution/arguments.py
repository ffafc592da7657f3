"""The arguments of a convolution, checked as PyTorch checks them, and the geometry they mean.

Holds:     nothing happens before every check has passed; what was right once is not checked again.
Must not:  touch arrays.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from operator import index
from typing import Any

from ...errors import (
    bad_bias,
    bad_convolution_input,
    bad_filters,
    bad_padding_text,
    different_devices,
    dtypes_differ,
    empty_image,
    kernel_too_large,
    no_pixels,
    not_a_positive_number,
    not_implemented,
    output_too_small,
    same_needs_stride_one,
    too_much_output_padding,
    wrong_channels,
    wrong_length,
    wrong_rank,
)
from ...graph import TensorBase, here, location
from .geometry import Geometry, Sizes

__all__ = ["check_operands", "geometry_of", "number", "numbers", "transposed_geometry_of"]


def numbers(name: str, argument: str, value: Any) -> Sizes:
    """One number or several, as a tuple."""
    try:
        if isinstance(value, (list, tuple)):
            return tuple([index(v) for v in value])
        return (index(value),)
    except TypeError:
        raise TypeError(
            f"{name}(): argument '{argument}' must be tuple of ints, not {type(value).__name__}"
        ) from None


def number(name: str, argument: str, value: Any) -> int:
    """A whole number."""
    try:
        return index(value)
    except TypeError:
        raise TypeError(
            f"{name}(): argument '{argument}' must be int, not {type(value).__name__}"
        ) from None


def check_operands(name: str, dims: int, input: Any, weight: Any, bias: Any) -> None:
    """Tensors, of one dtype on one device, and an input of the right rank."""
    for argument, x in (("input", input), ("weight", weight), ("bias", bias)):
        if not isinstance(x, TensorBase) and not (x is None and argument == "bias"):
            raise TypeError(
                f"{name}(): argument '{argument}' must be Tensor, not {type(x).__name__}"
            )
    if len(input.shape) not in (dims + 1, dims + 2):
        raise wrong_rank(name, dims, input.shape)
    kind = input.kind
    if weight.kind is kind and (bias is None or bias.kind is kind):
        if kind.dtype.name == "bool":
            raise not_implemented(name, "bool")
        return
    for role, x in (("weight", weight), ("bias", bias)):
        if x is not None and x.kind.device != kind.device:
            places = [str(kind.device), str(x.kind.device)]
            raise different_devices(name, places, str(location(*here())))
        if x is not None and x.kind is not kind:
            raise dtypes_differ(role, kind.dtype.name, x.kind.dtype.name)


@lru_cache(maxsize=4096)
def geometry_of(input: Sizes, weight: Sizes, bias: Sizes | None, stride: Sizes,
                padding: Sizes | str, dilation: Sizes, groups: int) -> Geometry:  # fmt: skip
    """That of a convolution of a batch of shape ``input``."""
    size, kernel = input[2:], weight[2:]
    dims = len(kernel)
    if not dims:
        raise no_pixels()
    same = padding == "same"
    if isinstance(padding, str):
        if padding not in ("same", "valid"):
            raise bad_padding_text(padding)
        padding = (0,)
    stride, dilation = _each("stride", stride, dims), _each("dilation", dilation, dims)
    padding = _each("padding", padding, dims)
    _check_numbers(padding, stride, dilation, groups)
    _check_weight(input, weight, groups)
    if weight[1] * groups != input[1]:
        raise wrong_channels(input, weight, groups, False)
    if bias is not None and bias != (weight[0],):
        raise bad_bias(weight, bias, weight[0], False)
    spread = tuple([d * (k - 1) for d, k in zip(dilation, kernel, strict=True)])
    if same:
        if max(stride) > 1:
            raise same_needs_stride_one()
        padding, out = tuple([n // 2 for n in spread]), size
    else:
        padded = [n + 2 * p for n, p in zip(size, padding, strict=True)]
        if any(n <= s for n, s in zip(padded, spread, strict=True)):
            raise kernel_too_large(padded, [s + 1 for s in spread])
        out = tuple([(n - s - 1) // t + 1 for n, s, t in zip(padded, spread, stride, strict=True)])
    _check_pixels(input, kernel)
    return Geometry(size, kernel, out, stride, padding, dilation, groups)


@lru_cache(maxsize=4096)
def transposed_geometry_of(input: Sizes, weight: Sizes, bias: Sizes | None, stride: Sizes,
                           padding: Sizes, output_padding: Sizes, dilation: Sizes, groups: int
                           ) -> Geometry:  # fmt: skip
    """That of the convolution whose transpose takes a batch of shape ``input``."""
    out, kernel = input[2:], weight[2:]
    dims = len(kernel)
    if not dims:
        raise no_pixels()
    stride, dilation = _each("stride", stride, dims), _each("dilation", dilation, dims)
    padding = _each("padding", padding, dims)
    output_padding = _each("output_padding", output_padding, dims)
    if min(output_padding) < 0:
        raise not_a_positive_number("output_padding", output_padding)
    _check_numbers(padding, stride, dilation, groups)
    _check_weight(input, weight, groups)
    if weight[0] != input[1]:
        raise wrong_channels(input, weight, groups, True)
    if bias is not None and bias != (weight[1] * groups,):
        raise bad_bias(weight, bias, weight[1] * groups, True)
    _check_pixels(input, kernel)
    if any(o >= max(s, d) for o, s, d in zip(output_padding, stride, dilation, strict=True)):
        raise too_much_output_padding(output_padding, stride, dilation)
    size = tuple([
        (n - 1) * s - 2 * p + d * (k - 1) + more + 1
        for n, s, p, d, k, more in zip(
            out, stride, padding, dilation, kernel, output_padding, strict=True
        )
    ])
    if min(size) < 1:
        raise output_too_small(out, size)
    return Geometry(size, kernel, out, stride, padding, dilation, groups)


def _each(argument: str, values: Sizes, dims: int) -> Sizes:
    if len(values) == 1:
        return values * dims
    if len(values) != dims:
        raise wrong_length(argument, dims, values)
    return values


def _check_numbers(padding: Sizes, stride: Sizes, dilation: Sizes, groups: int) -> None:
    if min(padding) < 0:
        raise not_a_positive_number("padding", list(padding))
    if min(stride) < 1:
        raise not_a_positive_number("stride", list(stride))
    if min(dilation) < 1:
        raise not_a_positive_number("dilation", list(dilation))
    if groups < 1:
        raise not_a_positive_number("groups", groups)


def _check_weight(input: Sizes, weight: Sizes, groups: int) -> None:
    if len(input) != len(weight):
        raise bad_convolution_input(input, weight)
    if weight[0] < groups or weight[0] % groups:
        raise bad_filters(weight, groups)


def _check_pixels(input: Sizes, kernel: Sequence[int]) -> None:
    if min(kernel) < 1:
        raise not_a_positive_number("kernel", list(kernel))
    if 0 not in input[:2] and min(input[2:]) < 1:
        raise empty_image(input)

"""Normalization under PyTorch's names: layers, groups, instances, batches, vectors.

Holds:     arguments are checked before anything is computed or written; running statistics are
           written in place, and are constants to the graph.
Must not:  know how it is computed (norm_ops.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from .. import errors
from .. import expr as s
from ..expr import Expr, Float
from ..graph import Size, mutated, new_tensor
from .broadcast import convert
from .families import elementwise
from .norm_kernels import Layout
from .norm_ops import batch_norm_op, group_norm_op, layer_norm_op, rms_norm_op
from .operands import common_device
from .shape import reshape_op
from .surface import public
from .writes import into

__all__ = [
    "batch_norm", "group_norm", "instance_norm", "layer_norm", "normalize",
    "rms_norm",
]  # fmt: skip


# --------------------------------------------------------------------------------- last dimensions
@public("F")
def layer_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None, bias: Any = None,
               eps: float = 1e-5) -> Any:
    """``(input - mean) / sqrt(var + eps) * weight + bias`` over the last dimensions.

    Shape:   input (*, normalized_shape), weight and bias normalized_shape -> as input
    Dtype:   floating; half types are computed in float32, and their weights may be float32
    Saves:   input, mean and rstd of every row, the weight if the input needs a gradient
    Source:  Ba, Kiros & Hinton 2016
    >>> import gpugrad
    >>> gpugrad.nn.functional.layer_norm(gpugrad.tensor([[1.0, 2.0, 3.0]]), (3,))
    tensor([[-1.2247,  0.0000,  1.2247]])
    """
    return _layer_norm(input, normalized_shape, weight, bias, eps)[0]


@public("torch", name="layer_norm")
def layer_norm_of_torch(input: Any, normalized_shape: Sequence[int], weight: Any = None,
                        bias: Any = None, eps: float = 1e-5, cudnn_enable: bool = True) -> Any:
    """``nn.functional.layer_norm``; the last argument is ignored."""
    return layer_norm(input, normalized_shape, weight, bias, eps)


@public("torch")
def native_layer_norm(input: Any, normalized_shape: Sequence[int], weight: Any, bias: Any,
                      eps: float) -> tuple[Any, Any, Any]:
    """``layer_norm``, and mean and reciprocal standard deviation of every row."""
    y, mean, rstd = _layer_norm(input, normalized_shape, weight, bias, eps)
    dims = len(normalized_shape)
    kept = Size((*input.shape[: len(input.shape) - dims], *[1] * dims))
    return y, reshape_op(mean, shape=kept), reshape_op(rstd, shape=kept)


def _layer_norm(input: Any, normalized_shape: Any, weight: Any, bias: Any, eps: float
                ) -> tuple[Any, Any, Any]:
    shape = _checked_shape("layer_norm", input, normalized_shape, "*, ")
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and tuple(each.shape) != shape:
            raise errors.affine_mismatch(name, each.shape, shape)
    columns = prod(shape)
    rows = prod(input.shape[: len(input.shape) - len(shape)])
    layout = Layout(rows, 1, columns, 1)
    y, mean, rstd = _affine(layer_norm_op, input, weight, bias, shape, layout, eps)
    return y, mean, rstd


@public("torch F")
def rms_norm(input: Any, normalized_shape: Sequence[int], weight: Any = None,
             eps: float | None = None) -> Any:
    """``input / sqrt(mean(input ** 2) + eps) * weight`` over the last dimensions.

    Shape:   as ``layer_norm``
    Dtype:   as ``layer_norm``; eps is by default the distance from 1 to the next number
    Saves:   input, one factor per row, the weight if the input needs a gradient
    Source:  Zhang & Sennrich 2019
    """
    shape = _checked_shape("rms_norm", input, normalized_shape, "*")
    if weight is not None and tuple(weight.shape) != shape:
        raise errors.affine_mismatch("weight", weight.shape, shape)
    if eps is None:
        eps = float(np.finfo(np.float32 if input.kind.dtype.itemsize < 4 else input.kind.numpy).eps)
    rows = prod(input.shape[: len(input.shape) - len(shape)])
    layout = Layout(rows, 1, prod(shape), 1)
    return _affine(rms_norm_op, input, weight, None, shape, layout, eps)[0]


def _checked_shape(name: str, input: Any, normalized_shape: Any, star: str) -> tuple[int, ...]:
    if isinstance(normalized_shape, int):
        raise TypeError(
            f"{name}(): argument 'normalized_shape' (position 2) must be tuple of ints, not int"
        )
    shape = tuple(normalized_shape)
    if not shape:
        raise errors.empty_normalized_shape()
    if tuple(input.shape[len(input.shape) - len(shape) :]) != shape or (
        len(input.shape) < len(shape)
    ):
        raise errors.normalized_shape_mismatch(shape, star, input.shape)
    if not input.kind.is_floating_point:
        raise errors.not_floating(name, input.kind.dtype)
    return shape


def _affine(op: Any, input: Any, weight: Any, bias: Any, shape: tuple[int, ...], layout: Layout,
            eps: float) -> Any:
    """``op`` on what is given; ``shape`` is that of a bias beside the input."""
    given = [t for t in (weight, bias) if t is not None]
    common_device(op.__name__.removesuffix("_op"), (input, *given))
    if bias is not None and (weight is None or bias.kind is not weight.kind):
        y, *rest = _affine(op, input, weight, None, shape, layout, eps)
        return convert(y + reshape_op(bias, shape=Size(shape)), input.kind), *rest
    param = given[0].kind.dtype if given else None
    return op(input, *given, layout=layout, eps=eps, param=param)


# ---------------------------------------------------------------------------------------- channels
@public("F")
def group_norm(input: Any, num_groups: int, weight: Any = None, bias: Any = None,
               eps: float = 1e-5) -> Any:
    """Every sample's channels normalized in groups, then scaled and shifted channel by channel.

    Shape:   input (N, C, *), weight and bias (C) -> as input
    Saves:   input, mean and rstd of every group, the weight if the input needs a gradient
    Raises:  RuntimeError if num_groups does not divide C; ValueError for groups of one element
    Source:  Wu & He 2018
    """
    if len(input.shape) < 2:
        raise errors.too_few_dims("group_norm", len(input.shape))
    batch, channels = input.shape[:2]
    sizes = (batch * channels // num_groups, num_groups, *input.shape[2:])
    if sizes[0] * prod(sizes[2:]) == 1:
        raise errors.one_value_per_channel(sizes)
    return _group_norm(input, num_groups, weight, bias, eps)[0]


@public("torch", name="group_norm")
def group_norm_of_torch(input: Any, num_groups: int, weight: Any = None, bias: Any = None,
                        eps: float = 1e-5, cudnn_enabled: bool = True) -> Any:
    """``nn.functional.group_norm``; the last argument is ignored."""
    return _group_norm(input, num_groups, weight, bias, eps)[0]


@public("torch")
def native_group_norm(input: Any, weight: Any, bias: Any, N: int, C: int,
                      HxW: int, group: int, eps: float) -> tuple[Any, Any, Any]:
    """``group_norm``, and mean and reciprocal standard deviation of every group."""
    y, mean, rstd = _group_norm(input, group, weight, bias, eps)
    shape = Size((N, group))
    return y, reshape_op(mean, shape=shape), reshape_op(rstd, shape=shape)


def _group_norm(input: Any, groups: int, weight: Any, bias: Any, eps: float) -> Any:
    if len(input.shape) < 2:
        raise errors.too_few_dims("group_norm", len(input.shape))
    channels = input.shape[1]
    if groups <= 0:
        raise RuntimeError(f"Expected num groups to be greater than 0, got {groups}")
    if channels % groups:
        raise errors.groups_do_not_divide(input.shape, groups)
    for name, each in (("weight", weight), ("bias", bias)):
        if each is not None and tuple(each.shape) != (channels,):
            raise errors.not_one_per_channel(name, each.shape, input.shape)
    _check_floating("group_norm", input)
    layout = Layout(input.shape[0], groups, channels // groups, prod(input.shape[2:]))
    return _affine(group_norm_op, input, weight, bias, _beside(input), layout, eps)


@public("F")
def batch_norm(input: Any, running_mean: Any, running_var: Any, weight: Any = None,
               bias: Any = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5
               ) -> Any:
    """Every channel normalized over the batch, or by running statistics outside of training.

    In training the running statistics, where given, move by ``momentum`` towards the batch's mean
    and unbiased variance.

    Shape:   input (N, C, *), running statistics, weight and bias (C) -> as input
    Saves:   training: as ``group_norm``, with one mean and rstd per channel; else the weight and
             running_var, and the input and running_mean if the weight needs a gradient
    Raises:  ValueError for one value per channel in training
    Source:  Ioffe & Szegedy 2015
    """
    if training and input.shape.numel() // max(1, _channels_of(input)) == 1:
        raise errors.one_value_per_channel(f"torch.Size({list(input.shape)})")
    return _batch_norm(input, weight, bias, (running_mean, running_var), training, momentum, eps)[0]


@public("torch", name="batch_norm")
def batch_norm_of_torch(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any,
                        training: bool, momentum: float, eps: float, cudnn_enabled: bool) -> Any:
    """``nn.functional.batch_norm`` with its arguments in another order."""
    return _batch_norm(input, weight, bias, (running_mean, running_var), training, momentum, eps)[0]


@public("torch")
def native_batch_norm(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any,
                      training: bool, momentum: float, eps: float) -> tuple[Any, Any, Any]:
    """``batch_norm``, and mean and rstd of every channel of the batch (none outside training)."""
    stats = running_mean, running_var
    return _batch_norm(input, weight, bias, stats, training, momentum, eps)


def _channels_of(input: Any) -> int:
    return input.shape[1] if len(input.shape) > 1 else 0


def _batch_norm(input: Any, weight: Any, bias: Any, running: tuple[Any, Any], training: bool,
                momentum: float, eps: float) -> tuple[Any, Any, Any]:
    channels = _channels_of(input)
    names = ("running_mean", "running_var", "weight", "bias")
    for name, each in zip(names, (*running, weight, bias), strict=True):
        if each is None and not training and name.startswith("running"):
            raise RuntimeError(f"{name} must be defined in evaluation mode")
        if each is not None and each.shape.numel() != channels:
            count = each.shape.numel()
            raise RuntimeError(f"{name} should contain {channels} elements not {count}")
    _check_floating("batch_norm", input)
    if not training:
        empty = new_tensor(input.kind.xp.empty(0, input.kind.numpy), input.kind)
        return _by_running(input, weight, bias, running, eps), empty, empty
    layout = Layout(input.shape[0], channels, 1, prod(input.shape[2:]), across=True)
    y, mean, rstd, var = _affine(batch_norm_op, input, weight, bias, _beside(input), layout, eps)
    if any(each is not None for each in running):
        _move(running, mean.array, var.array, layout.shared, momentum)
    return y, mean, rstd


def _move(running: tuple[Any, Any], mean: Any, var: Any, count: int, momentum: float) -> None:
    """Moves running statistics towards those of a batch, the variance towards the unbiased one."""
    if not count:
        return
    unbiased = var * (count / max(count - 1, 1))
    for tensor, value in zip(running, (mean, unbiased), strict=True):
        if tensor is not None:
            tensor.array[...] = (1 - momentum) * tensor.array + momentum * value
            mutated(tensor)


def _beside(input: Any) -> tuple[int, ...]:
    """The shape in which one value per channel broadcasts with ``input``."""
    return (input.shape[1], *[1] * (len(input.shape) - 2))


def _check_floating(name: str, input: Any) -> None:
    if not input.kind.is_floating_point:
        raise errors.not_floating(name, input.kind.dtype)


@elementwise(node_name="NativeBatchNorm")
def standardize(input: Float, mean: Float, var: Float, *, eps: float) -> Expr:
    """``(input - mean) / sqrt(var + eps)``.

    Shape:   all (...) broadcast -> (...)
    Saves:   var
    """
    return (input - mean) * s.rsqrt(var + eps)


@elementwise(node_name="NativeBatchNorm")
def standardize_affine(input: Float, mean: Float, var: Float, weight: Float, bias: Float, *,
                       eps: float) -> Expr:
    """``(input - mean) / sqrt(var + eps) * weight + bias``.

    Shape:   all (...) broadcast -> (...)
    Saves:   var and weight; input and mean too if the weight needs a gradient
    """
    return (input - mean) * (s.rsqrt(var + eps) * weight) + bias


def _by_running(input: Any, weight: Any, bias: Any, running: tuple[Any, Any], eps: float) -> Any:
    beside = Size(_beside(input))
    mean, var, w, b = (
        None if t is None else reshape_op(t, shape=beside)
        for t in (running[0].detach(), running[1].detach(), weight, bias)
    )
    if w is not None and b is not None:
        return convert(standardize_affine(input, mean, var, w, b, eps=eps), input.kind)
    y = standardize(input, mean, var, eps=eps)
    y = y if w is None else y * w
    return convert(y if b is None else y + b, input.kind)


@public("F")
def instance_norm(input: Any, running_mean: Any = None, running_var: Any = None,
                  weight: Any = None, bias: Any = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Any:
    """Every channel of every sample normalized over its pixels, or by running statistics.

    Running statistics, where given, move towards the mean of those of the samples.

    Shape:   input (N, C, *), weight and bias (C) -> as input
    Saves:   as ``group_norm``
    Raises:  ValueError for one pixel
    Source:  Ulyanov, Vedaldi & Lempitsky 2016
    """
    if use_input_stats and prod(input.shape[2:]) == 1:
        raise ValueError(
            "Expected more than 1 spatial element when training, got input size "
            f"torch.Size({list(input.shape)})"
        )
    stats = running_mean, running_var
    return _instance_norm(input, weight, bias, stats, use_input_stats, momentum, eps)


@public("torch", name="instance_norm")
def instance_norm_of_torch(input: Any, weight: Any, bias: Any, running_mean: Any, running_var: Any,
                           use_input_stats: bool, momentum: float, eps: float, cudnn_enabled: bool
                           ) -> Any:
    """``nn.functional.instance_norm`` with its arguments in another order."""
    stats = running_mean, running_var
    return _instance_norm(input, weight, bias, stats, use_input_stats, momentum, eps)


def _instance_norm(input: Any, weight: Any, bias: Any, running: tuple[Any, Any],
                   use_input_stats: bool, momentum: float, eps: float) -> Any:
    if (running[0] is None) != (running[1] is None):
        raise ValueError("running_mean and running_var must either both be None or neither be None")
    if not use_input_stats:
        if running[0] is None:
            raise RuntimeError(
                "Expected running_mean and running_var to be defined when use_input_stats is false"
            )
        return _batch_norm(input, weight, bias, running, False, momentum, eps)[0]
    channels = _channels_of(input)
    names = ("running_mean", "running_var", "weight", "bias")
    for name, each in zip(names, (*running, weight, bias), strict=True):
        if each is not None and each.shape.numel() != channels:
            count = each.shape.numel()
            raise RuntimeError(f"{name} should contain {channels} elements not {count}")
    _check_floating("instance_norm", input)
    layout = Layout(input.shape[0], channels, 1, prod(input.shape[2:]))
    y, mean, _, var = _affine(batch_norm_op, input, weight, bias, _beside(input), layout, eps)
    if running[0] is not None:
        by_sample = (layout.batch, channels)
        means = [t.array.reshape(by_sample).mean(0) for t in (mean, var)]
        _move(running, means[0], means[1], layout.inner, momentum)
    return y


# ---------------------------------------------------------------------------------------- vectors
@public("F")
def normalize(input: Any, p: float = 2.0, dim: Any = 1, eps: float = 1e-12, out: Any = None) -> Any:
    """``input`` divided by its norm along ``dim``, or by ``eps`` where that is larger."""
    if out is not None:
        return into(normalize, out, input, p, dim, eps)
    return input / input.norm(p, dim, keepdim=True).clamp_min(eps)

"""The losses of classes: cross_entropy and nll_loss, one kernel each way, reduction included.

Holds:     backward ops are ops too, so every order of derivative is recorded. Class weights, and
           what a mean was divided by, are constants.
Must not:  touch arrays. loss_kernels.py does.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from .. import errors
from ..array import module_of
from ..graph import Size, TensorBase, new_tensor
from . import loss_kernels as kernels
from .broadcast import convert
from .families import custom
from .linalg import linear
from .loss_kernels import LossOptions
from .operands import common_device
from .reduce import sum_op
from .reduction import reduction_name
from .shape import reshape, reshape_op
from .softmax import log_softmax, softmax_backward_op, softmax_op
from .surface import public

__all__ = ["cross_entropy", "linear_cross_entropy", "nll_loss"]


# ---------------------------------------------------------------------------------------- the ops
# Class weights, if there are any, are the last input and the last saved slot among the inputs.
def _slots(inputs: int, *names: str, after: tuple[str, ...] = ()) -> Callable[..., Any]:
    """The slots ``names``, "weight0" if more than ``inputs`` tensors are given, and ``after``."""
    return lambda needs: (*names, *(("weight0",) if len(needs) > inputs else ()), *after)


def _given(weight: tuple[Any, ...]) -> Any:
    return weight[0] if weight else None


@custom(node_name="NllLoss", saves=_slots(2, "x", "target", after=("result1",)))
def cross_entropy_op(xp: Any, x: Any, target: Any, *weight: Any, options: LossOptions) -> Any:
    """The loss, and what it was divided by (NOTE [cross entropy saves its input])."""
    return kernels.cross_entropy(x, target, _given(weight), options)


@cross_entropy_op.vjp
def _(g: Any, x: Any, target: Any, *rest: Any, options: LossOptions) -> Any:
    *weight, divisor = rest
    return cross_entropy_backward_op(g, x, target, divisor, *weight, options=options)


@custom(node_name="NllLossBackward", saves=_slots(4, "g", "x", "target", "divisor"))
def cross_entropy_backward_op(xp: Any, g: Any, x: Any, target: Any, divisor: Any, *weight: Any,
                              options: LossOptions) -> Any:
    """``g / divisor * (softmax(x) * sum(q) - q)`` with q the target distribution of a row."""
    return kernels.cross_entropy_backward(g, x, target, _given(weight), divisor, options)


@cross_entropy_backward_op.vjp
def _(u: Any, g: Any, x: Any, target: Any, divisor: Any, *weight: Any, options: LossOptions,
      needs: tuple[bool, ...]) -> Any:
    dim = min(1, len(x.shape) - 1)
    constants = (target, divisor, *weight)
    dg = dx = None
    if needs[0]:
        per_unit = cross_entropy_backward_op(_ones(g, x), x, *constants, options=options)
        axes = (dim,) if len(g.shape) else tuple(range(len(u.shape)))
        dg = sum_op(u * per_unit, axes=axes, keepdim=False)
    if needs[1]:
        mass = row_mass_op(*constants, classes=x.shape[dim], options=options)
        scale = convert_like(mass, x) * _per_row(g, dim)
        dx = softmax_backward_op(u * scale, softmax_op(x, dim=dim), dim=dim)
    return dg, dx


@custom(node_name="RowMass")
def row_mass_op(xp: Any, target: Any, divisor: Any, *weight: Any, classes: int,
                options: LossOptions) -> Any:
    """``sum(q) / divisor`` of every row, with the class axis as 1: a constant."""
    return kernels.row_mass(xp, target, divisor, _given(weight), classes, options)


@row_mass_op.vjp
def _(g: Any, *, classes: int, options: LossOptions) -> Any:
    return None


@custom(node_name="NllLoss", saves=_slots(2, "target", after=("result1",)))
def nll_loss_op(xp: Any, x: Any, target: Any, *weight: Any, options: LossOptions) -> Any:
    """``-weight[target] * x[target]``, reduced, and what it was divided by. Linear in x."""
    return kernels.nll_loss(x, target, _given(weight), options)


@nll_loss_op.vjp
def _(g: Any, target: Any, *rest: Any, options: LossOptions, shapes: Any) -> Any:
    *weight, divisor = rest
    return nll_loss_backward_op(g, target, divisor, *weight, options=options, shape=shapes[0])


@custom(node_name="NllLossBackward", saves=_slots(3, "target", "divisor"))
def nll_loss_backward_op(xp: Any, g: Any, target: Any, divisor: Any, *weight: Any,
                         options: LossOptions, shape: Size) -> Any:
    """``-g / divisor * weight[target]`` at the targets, else zero: nll_loss's transpose."""
    return kernels.nll_loss_backward(g, shape, target, _given(weight), divisor, options)


@nll_loss_backward_op.vjp
def _(u: Any, target: Any, divisor: Any, *weight: Any, options: LossOptions, shape: Size) -> Any:
    return nll_loss_op(u, target, *weight, options=options)[0]


def _ones(like: Any, x: Any) -> Any:
    """Ones in the shape of ``like``, of the sort (tensor or array), kind and dtype of ``x``."""
    if isinstance(x, TensorBase):
        return new_tensor(_ones(like, x.array), x.kind)
    return module_of(x).ones(like.shape, x.dtype)


def _per_row(g: Any, dim: int) -> Any:
    """A cotangent per row with the class axis as 1; a single one as it is."""
    if not len(g.shape):
        return g
    return reshape_op(g, shape=Size((*g.shape[:dim], 1, *g.shape[dim:])))


def convert_like(x: Any, like: Any) -> Any:
    """``x``, a tensor or an array, with the dtype of ``like``."""
    if isinstance(x, TensorBase):
        return convert(x, x.kind.with_dtype(like.kind.dtype))
    return x.astype(like.dtype, copy=False)


# ----------------------------------------------------------------------------------- for everyone
@public("F")
def cross_entropy(input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
                  ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean",
                  label_smoothing: float = 0.0) -> Any:
    """Negative log-likelihood of ``target`` under ``softmax(input)``, in one pass.

    ``target`` holds classes, or with a floating dtype the probabilities of all classes. ``weight``
    has one factor per class; a mean of classes is divided by the factors of its targets.

    Shape:   input (C), (N, C) or (N, C, d...), target () , (N) or (N, d...), or input's shape
             -> () ; with reduction="none" the shape of the classes
    Dtype:   input floating; half types are summed in float32
    Saves:   classes: input, target, weight, 4 bytes; probabilities: log-probabilities and target
    Raises:  IndexRangeError on the CPU for a class outside 0..C-1 other than ``ignore_index``; on a
             GPU the loss is NaN instead
    Source:  Goodfellow et al. 2016, eq. 6.30; label smoothing Szegedy et al. 2016, section 7
    >>> import gpugrad
    >>> gpugrad.nn.functional.cross_entropy(gpugrad.tensor([[0.0, 0.0]]), gpugrad.tensor([1]))
    tensor(0.6931)
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if not 0.0 <= label_smoothing <= 1.0:
        raise errors.bad_label_smoothing(label_smoothing)
    options = LossOptions(ignore_index, reduction, float(label_smoothing))
    if target.kind.is_floating_point and target.shape == input.shape:
        _check_weight(input, weight)
        return _of_probabilities(input, target, weight, options)
    target = _class_per_row(input, target)
    weights = _check("cross_entropy", input, target, weight)
    return cross_entropy_op(input, target, *weights, options=options)[0]


@public("F")
def nll_loss(input: Any, target: Any, weight: Any = None, size_average: bool | None = None,
             ignore_index: int = -100, reduce: bool | None = None, reduction: str = "mean") -> Any:
    """Negative log-likelihood of classes, from log-probabilities: ``-weight[t] * input[t]``.

    Shape:   as ``cross_entropy`` of classes
    Saves:   target, weight, 4 bytes
    Raises:  as ``cross_entropy``
    """
    options = LossOptions(ignore_index, reduction_name(reduction, size_average, reduce))
    target = _class_per_row(input, target)
    weights = _check("nll_loss", input, target, weight)
    return nll_loss_op(input, target, *weights, options=options)[0]


@public("F")
def linear_cross_entropy(
    input: Any, linear_weight: Any, target: Any, *, linear_bias: Any = None, weight: Any = None,
    reduction: str = "mean", ignore_index: int | None = None, label_smoothing: float = 0.0,
    options: Any = None,
) -> Any:  # fmt: skip
    """``cross_entropy`` of ``linear(input, linear_weight, linear_bias)``.

    ``options`` are PyTorch's for doing it in chunks; they are ignored with a warning.

    Shape:   input (N, in) or (in), linear_weight (C, d..., in), linear_bias (C, d...), target as
             ``cross_entropy`` of (N, C, d...) -> () ; as ``cross_entropy`` with reduction="none"
    Saves:   as ``linear`` and ``cross_entropy``
    """
    sizes = _projected_shape(input, linear_weight, linear_bias)
    if target.shape == sizes and ignore_index is not None:
        raise RuntimeError("ignore_index cannot be specified when target contains probabilities")
    if options is not None:
        warnings.warn("linear_cross_entropy: ``options`` ignored", stacklevel=2)
    rows = reshape(linear_weight, (-1, input.shape[-1]))
    bias = None if linear_bias is None else reshape(linear_bias, (-1,))
    return cross_entropy(
        reshape(linear(input, rows, bias), sizes), target, weight, reduction=reduction,
        ignore_index=-100 if ignore_index is None else ignore_index,
        label_smoothing=label_smoothing,
    )  # fmt: skip


def _projected_shape(input: Any, weight: Any, bias: Any) -> tuple[int, ...]:
    """The shape of the logits."""
    given, shape = tuple(input.shape), tuple(weight.shape)
    if not 1 <= len(given) <= 2:
        raise errors.ShapeError(f"expected input with dimensionality 1 or 2, got {len(given)}")
    if len(shape) < 2:
        raise errors.ShapeError(
            f"expected linear_weight with dimensionality at least 2, got {len(shape)}"
        )
    if given[-1] != shape[-1]:
        raise errors.ShapeError(
            "expected equal input and linear_weight last dimensions (in_features), got "
            f"{given[-1]} and {shape[-1]}, respectively"
        )
    if bias is not None and tuple(bias.shape) != shape[:-1]:
        raise errors.ShapeError(
            f"expected linear_bias shape {shape[:-1]}, got {tuple(bias.shape)}"
        )
    if len(shape) > 2 and len(given) == 1:
        raise errors.ShapeError(
            f"K-dimensional loss defined by linear_weight shape {shape} requires batched input, "
            f"(N, {given[0]}), got unbatched input with shape {given}"
        )
    return (*given[:-1], *shape[:-1])


def _of_probabilities(input: Any, target: Any, weight: Any, options: LossOptions) -> Any:
    dim = min(1, len(input.shape) - 1)
    classes = input.shape[dim]
    if options.ignore_index >= 0:
        raise RuntimeError("ignore_index is not supported for floating point target")
    if options.label_smoothing:
        share = options.label_smoothing / classes
        target = target * (1.0 - options.label_smoothing) + share
    if weight is not None:
        one_per_class = [1] * len(input.shape)
        one_per_class[dim] = classes
        target = target * reshape_op(weight, shape=Size(one_per_class))
    terms = log_softmax(input, dim) * target
    if options.reduction == "none":
        return -sum_op(terms, axes=(dim,), keepdim=False)
    total = -sum_op(terms, axes=tuple(range(len(terms.shape))), keepdim=False)
    rows = terms.shape.numel() // max(1, classes)
    return total / rows if options.reduction == "mean" else total


# ----------------------------------------------------------------------------------------- checks
def _class_per_row(input: Any, target: Any) -> Any:
    """``target``, for one row without the dimension it may have; checks that batches agree."""
    rank = len(input.shape)
    if not rank or not target.shape:
        return target
    if rank == 1:
        if target.shape == input.shape and target.shape != (1,):
            raise errors.bad_target_dtype(
                "cross_entropy", target.kind.dtype, "a floating point type for probabilities"
            )
        if target.shape != (1,):
            raise errors.one_class_expected(tuple(target.shape))
        return reshape(target, ())
    if target.shape[0] != input.shape[0]:
        raise errors.batch_mismatch(input.shape[0], target.shape[0])
    return target


def _check(name: str, input: Any, target: Any, weight: Any) -> tuple[Any, ...]:
    """The class weights as extra inputs; errors for what does not fit together."""
    shape = input.shape
    if not shape:
        if target.shape == shape:
            raise errors.bad_target_dtype(name, target.kind.dtype, "floating: probabilities")
        raise errors.dim_out_of_range(1, 1)
    if not input.kind.is_floating_point:
        raise errors.not_floating(name, input.kind.dtype)
    if target.kind.is_floating_point or target.kind.dtype.itemsize < 1:
        raise errors.bad_target_dtype(name, target.kind.dtype, "integers, one class per row")
    need = (*shape[:-1],) if len(shape) == 1 else (shape[0], *shape[2:])
    if target.shape != need:
        raise errors.target_mismatch(name, tuple(shape), tuple(target.shape), need)
    return _check_weight(input, weight, target)


def _check_weight(input: Any, weight: Any, *others: Any) -> tuple[Any, ...]:
    dim = min(1, len(input.shape) - 1)
    given = () if weight is None else (weight,)
    common_device("cross_entropy", (input, *others, *given))
    if weight is None:
        return ()
    if weight.shape != (input.shape[dim],):
        raise errors.class_weight_mismatch(input.shape[dim], list(weight.shape))
    return (convert(weight.detach(), input.kind),)

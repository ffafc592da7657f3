"""Margins between classes: multi_margin_loss, multilabel_margin_loss, multilabel_soft_margin_loss.

Holds:     inputs and targets are all that is kept; a row's loss is an op, a reduction follows.
Must not:  wait for a GPU: a class out of range raises on the CPU and makes a GPU's loss NaN.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import ShapeError, bad_target_dtype
from ..graph import values_behind
from . import loss_terms as terms
from .broadcast import convert, wide_dtype
from .families import custom
from .index import gather_op, put_along
from .operands import common_device
from .reduce import sum_, sum_op
from .reduction import reduced, reduction_name
from .shape import reshape
from .surface import public

__all__ = ["multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss"]


# -------------------------------------------------------------------------- one class of many
@public("F")
def multi_margin_loss(input: Any, target: Any, p: int = 1, margin: float = 1.0, weight: Any = None,
                      size_average: bool | None = None, reduce: bool | None = None,
                      reduction: str = "mean") -> Any:
    """``max(0, margin - input[target] + input[i]) ** p`` for all other classes i, over C.

    ``p`` is 1 or 2; ``weight`` has one factor per class, which the target's row is scaled by.

    Shape:   input (N, C) or (C), target (N) or () -> () ; target's with reduction="none"
    Saves:   input, target; weight if given
    Raises:  on the CPU, RuntimeError for a class outside 0..C-1; on a GPU the loss is NaN instead
    Source:  Crammer and Singer 2001
    """
    reduction = reduction_name(reduction, size_average, reduce)
    if p not in (1, 2):
        raise ValueError("only p == 1 and p == 2 supported")
    if weight is not None and len(weight.shape) != 1:
        raise ValueError("weight must be one-dimensional")
    x = _class_rows(input)
    rows, classes = x.shape
    if target.shape.numel() != rows or len(target.shape) > 1:
        raise ShapeError(
            "multi_margin_loss: target tensor should be 1-D with size equal to the number of input "
            f"samples (batch size). Expected target size [{rows}], but got {list(target.shape)}. "
            f"Input has shape {list(input.shape)}."
        )
    _check_classes("multi_margin_loss", target, 0, classes, "target out of range")
    weights: tuple[Any, ...] = ()
    if weight is not None:
        if weight.shape != (classes,):
            raise ShapeError(
                f"inconsistent weight size, expected {classes} but got {list(weight.shape)}"
            )
        weights = (convert(weight.detach(), x.kind),)
    common_device("multi_margin_loss", (x, target, *weights))
    losses = multi_margin_op(x, reshape(target, (rows,)), *weights, p=int(p), margin=float(margin))
    return reduced(losses if reduction != "none" else reshape(losses, target.shape), reduction)


def _keeps(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return ("x", "target", "weight0")[: len(needs)]


@custom(node_name="MultiMarginLoss", saves=_keeps)
def multi_margin_op(xp: Any, x: Any, target: Any, *weight: Any, p: int, margin: float) -> Any:
    """Each row's loss."""
    wide = x.astype(wide_dtype(x) or x.dtype, copy=False)
    classes = wide.shape[1]
    inside = (target >= 0) & (target < classes)
    at = xp.where(inside, target, 0)[:, None]
    above = wide - xp.take_along_axis(wide, at, 1)
    above += margin
    above = xp.maximum(above, 0, out=above)
    above[xp.arange(classes) == at] = 0
    if p == 2:
        above *= above
    losses = above.sum(1) / classes
    if weight:
        losses *= weight[0][at[:, 0]]
    return xp.where(inside, losses, xp.nan).astype(x.dtype, copy=False)


@multi_margin_op.vjp
def _(g: Any, x: Any, target: Any, *weight: Any, p: int, margin: float, shapes: Any) -> Any:
    rows, classes = shapes[0]
    slope = terms.hinge_slope if p == 1 else terms.squared_hinge_slope
    at = target.reshape(rows, 1)
    scale = g.reshape(rows, 1) / classes
    if weight:
        scale = scale * gather_op(weight[0].reshape(1, classes), at.reshape(1, rows), axis=1
                                  ).reshape(rows, 1)
    # The class itself has a slope too, which its share of the sum takes away again.
    each = slope(x, gather_op(x, at, axis=1), margin=margin) * scale
    total = sum_op(each, axes=(1,), keepdim=True)
    return each - put_along(total, at, axis=1, shape=shapes[0])


# -------------------------------------------------------------------------- several classes of many
@public("F")
def multilabel_margin_loss(input: Any, target: Any, size_average: bool | None = None,
                           reduce: bool | None = None, reduction: str = "mean") -> Any:
    """``max(0, 1 - input[t] + input[i])`` for all targets t and all other classes i, over C.

    A row of ``target`` lists its classes, and ends at the first -1.

    Shape:   input (N, C) or (C), target the same -> () ; (N) or () with reduction="none"
    Saves:   input, target
    Raises:  on the CPU, RuntimeError for a class outside -1..C-1; on a GPU it counts as -1
    """
    reduction = reduction_name(reduction, size_average, reduce)
    x = _class_rows(input)
    if target.shape != input.shape:
        raise ShapeError(
            f"inconsistent target size: {list(target.shape)} for input of size: "
            f"{list(input.shape)}"
        )
    _check_classes("multilabel_margin_loss", target, -1, x.shape[1],
                   "argument #2 'target' is out of range")  # fmt: skip
    common_device("multilabel_margin_loss", (x, target))
    losses = multilabel_margin_op(x, reshape(target, tuple(x.shape)))
    return reduced(losses if len(input.shape) > 1 else reshape(losses, ()), reduction)


@custom(node_name="MultilabelMarginLoss", saves=("x", "target"))
def multilabel_margin_op(xp: Any, x: Any, target: Any) -> Any:
    """Each row's loss."""
    wide = x.astype(wide_dtype(x) or x.dtype, copy=False)
    total = xp.zeros(len(wide), wide.dtype)
    for above, _, _ in _hinges(xp, wide, target):
        total += above.sum((1, 2))
    return (total / wide.shape[1]).astype(x.dtype, copy=False)


@multilabel_margin_op.vjp
def _(g: Any, x: Any, target: Any, *, shapes: Any) -> Any:
    return multilabel_slope_op(x, target) * g.reshape(shapes[0][0], 1)


@custom(node_name="MultilabelMarginLossBackward")
def multilabel_slope_op(xp: Any, x: Any, target: Any) -> Any:
    """The derivative of each row's loss by the row: constant between the kinks."""
    wide = x.astype(wide_dtype(x) or x.dtype, copy=False)
    slopes = xp.zeros(wide.shape, wide.dtype)
    for above, at, listed in _hinges(xp, wide, target):
        hit = (above > 0).astype(wide.dtype)
        slopes += hit.sum(1)
        taken = xp.where(listed, hit.sum(2), 0)
        slopes -= put_along(taken, at, axis=1, shape=wide.shape)
    return (slopes / wide.shape[1]).astype(x.dtype, copy=False)


@multilabel_slope_op.vjp
def _(g: Any) -> Any:
    return None


_BLOCK = 1 << 20  # elements of a block of hinges


def _hinges(xp: Any, x: Any, target: Any) -> Any:
    """Yields blocks of ``max(0, 1 - x[t] + x[i])``, (rows, targets, classes), 0 where i is listed.

    With each comes the block's targets (rows, targets), 0 past the list's end, and what is listed.
    """
    rows, classes = x.shape
    inside = (target >= 0) & (target < classes)
    listed = xp.logical_and.accumulate(inside, 1) if xp is np else inside.cumprod(1) > 0
    at = xp.where(listed, target, 0)
    other = put_along(listed.astype(np.int32), at, axis=1, shape=x.shape) == 0
    longest = int(listed.sum(1).max(initial=0)) if xp is np else classes
    step = max(1, _BLOCK // max(1, rows * classes))
    for start in range(0, longest, step):
        part = slice(start, min(start + step, longest))
        own = xp.take_along_axis(x, at[:, part], 1)
        above = xp.maximum(1 - own[:, :, None] + x[:, None, :], 0)
        above *= listed[:, part, None] & other[:, None, :]
        yield above, at[:, part], listed[:, part]


@public("F")
def multilabel_soft_margin_loss(input: Any, target: Any, weight: Any = None,
                                size_average: bool | None = None, reduce: bool | None = None,
                                reduction: str = "mean") -> Any:
    """The mean over classes of ``binary_cross_entropy_with_logits``, times a class's ``weight``.

    Shape:   input (*, C), target (*, C) -> () ; (*) with reduction="none"
    Saves:   input, target; weight if given
    """
    if size_average is not None or reduce is not None:
        reduction = reduction_name("mean", size_average, reduce)
    elif reduction not in ("mean", "sum", "none"):
        raise ValueError(f"{reduction} is not valid")
    if not input.shape:
        raise IndexError("Dimension specified as -1 but tensor has no dimensions")
    losses = terms.bce_with_logits_term(input, target)
    if weight is not None:
        losses = losses * weight
    return reduced(sum_(losses, len(input.shape) - 1) / input.shape[-1], reduction)


# ----------------------------------------------------------------------------------------- checks
def _class_rows(input: Any) -> Any:
    """``input`` as rows of classes."""
    shape = tuple(input.shape)
    if len(shape) > 2 or 0 in shape[-1:]:
        raise ShapeError(
            "Expected non-empty vector or matrix with optional 0-dim batch size, but got: "
            f"{list(shape)}"
        )
    if not input.kind.is_floating_point:
        raise NotImplementedError(f"margin losses are not implemented for {input.kind.dtype}")
    return input if len(shape) == 2 else reshape(input, (1, -1))


def _check_classes(name: str, target: Any, least: int, classes: int, complaint: str) -> None:
    if target.kind.is_floating_point or target.kind.dtype.name == "bool":
        raise bad_target_dtype(name, target.kind.dtype, "integers, one class per row")
    values = values_behind(target)
    if isinstance(values, np.ndarray) and ((values < least) | (values >= classes)).any():
        raise RuntimeError(complaint)

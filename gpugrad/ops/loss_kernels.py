"""cross_entropy and nll_loss of raw arrays with integer targets, forward and backward.

NumPy here, kernels/cross_entropy.cu on a GPU: one launch forward, one backward.

Holds:     classes lie along axis 1 (axis 0 of a 1-d input); half types are computed in float32 and
           rounded once; the callers have silenced NumPy's floating point warnings.
Must not:  know tensors or graphs.

NOTE [cross entropy saves its input] The input, the target and, for a mean, its divisor are all
that backward needs: it takes the softmax again. PyTorch writes the log-probabilities and keeps
them. The bytes that a graph keeps are the same, but nothing is written in forward, so that the peak
of a step with the logits at hand is lower by their size; the memory traffic is 4 passes over the
logits instead of 5; half types lose nothing to rounded log-probabilities; and the second derivative
is a function of the op's own inputs.

NOTE [classes out of range] On the CPU a class outside 0..C-1 that is not ``ignore_index`` raises
IndexError. On a GPU the host would have to wait for the answer, so the row's loss and gradient are
NaN instead, and so is any mean or sum. Nothing is read or written out of bounds.
"""

from __future__ import annotations

from itertools import count
from typing import Any, NamedTuple

import numpy as np

from ..array import hostpool, module_of
from ..errors import class_out_of_range
from ..expr import share_out
from .rows import CUDA_NAMES, Rows, blocks, row_kernel, row_max, row_sum, rows_along, team_for

__all__ = [
    "LossOptions", "cross_entropy", "cross_entropy_backward", "nll_loss",
    "nll_loss_backward", "row_mass",
]  # fmt: skip


class LossOptions(NamedTuple):
    """Keyword arguments of the two losses; ``label_smoothing`` is cross_entropy's alone."""

    ignore_index: int = -100
    reduction: str = "mean"
    label_smoothing: float = 0.0


_DEFAULT = LossOptions()


def cross_entropy(x: Any, target: Any, weight: Any = None,
                  options: LossOptions = _DEFAULT) -> tuple[Any, Any]:
    """The loss of logits ``x``, and what it was divided by: the mean's weights, else 1."""
    return _forward("CrossEntropy", x, target, weight, options)


def cross_entropy_backward(g: Any, x: Any, target: Any, weight: Any, divisor: Any,
                           options: LossOptions = _DEFAULT) -> Any:
    """Cotangent of the logits ``x``: ``g / divisor * (softmax(x) * sum(q) - q)`` row by row."""
    return _backward("CrossEntropyBackward", g, x, x.shape, target, weight, divisor, options)


def nll_loss(x: Any, target: Any, weight: Any = None,
             options: LossOptions = _DEFAULT) -> tuple[Any, Any]:
    """The loss of log-probabilities ``x``, and what it was divided by."""
    return _forward("LogLikelihood", x, target, weight, options)


def nll_loss_backward(g: Any, shape: tuple[int, ...], target: Any, weight: Any, divisor: Any,
                      options: LossOptions = _DEFAULT) -> Any:
    """Cotangent of log-probabilities of ``shape``: ``-g / divisor`` at the targets, else zero."""
    return _backward("LogLikelihoodBackward", g, None, shape, target, weight, divisor, options)


def row_mass(xp: Any, target: Any, divisor: Any, weight: Any, classes: int,
             options: LossOptions) -> Any:
    """``sum(q) / divisor`` of every row, q its target distribution; the class axis is kept as 1."""
    ignored = target == options.ignore_index
    at = xp.where(ignored | (target < 0) | (target >= classes), 0, target)
    factors = xp.ones(target.shape, divisor.dtype) if weight is None else weight[at]
    mass = classes if weight is None else weight.sum()
    each = options.label_smoothing / max(1, classes)
    total = (1 - options.label_smoothing) * factors.astype(divisor.dtype) + each * mass
    rows = xp.where(ignored, 0, total / divisor)
    return xp.expand_dims(rows, 1 if target.ndim else 0)


def _class_rows(shape: tuple[int, ...]) -> Rows:
    return rows_along(shape, 0 if len(shape) == 1 else 1)


def _sum_dtype(dtype: Any) -> Any:
    """Sums of half types are float32, the divisor too: in float16 a count would end at 65504."""
    return np.dtype(np.float32) if dtype.itemsize == 2 else dtype


def _forward(name: str, x: Any, target: Any, weight: Any,
             options: LossOptions) -> tuple[Any, Any]:
    run = _forward_cpu if isinstance(x, np.ndarray) else _forward_cuda
    return run(name, _class_rows(x.shape), x, target, weight, options)


def _backward(name: str, g: Any, x: Any, shape: tuple[int, ...], target: Any, weight: Any,
              divisor: Any, options: LossOptions) -> Any:
    rows = _class_rows(shape)
    run = _backward_cpu if isinstance(target, np.ndarray) else _backward_cuda
    return run(name, rows, g, x, target, weight, divisor, options).reshape(shape)


# --------------------------------------------------------------------------------------- on a GPU
_MOST_BLOCKS = 1024  # of a reduction: the last one to finish adds up what the others left
_TICKETS = 1024
_launches = count()  # NOTE [tickets] in kernels/cross_entropy.cu
_REDUCTIONS = {"none": 0, "mean": 1, "sum": 2}


def _forward_cuda(name: str, rows: Rows, x: Any, target: Any, weight: Any,
                  options: LossOptions) -> tuple[Any, Any]:
    xp = module_of(x)
    mean, none = options.reduction == "mean", options.reduction == "none"
    out = xp.empty(target.shape if none else (), x.dtype)
    divisor = xp.empty((), _sum_dtype(x.dtype))
    team = team_for(rows, _MOST_BLOCKS)
    if not rows.number:  # nothing to launch: an empty mean is 0 / 0
        out.fill(np.nan if mean else 0)
        divisor.fill(0 if mean else 1)
        return out, divisor
    partials = 0 if none else xp.empty((team.grid[0], 2), divisor.dtype)
    target = _dense_target(xp, target)
    kernel = row_kernel("cross_entropy", "forward", CUDA_NAMES[x.dtype.name],
                        CUDA_NAMES[target.dtype.name], f"gg::{name}", team.name)
    kernel(team.grid, team.block, (
        xp.ascontiguousarray(x), target, _or_null(xp, weight), out,
        divisor, partials, rows.number, rows.length, rows.inner,
        options.ignore_index, float(options.label_smoothing),
        np.int32(_REDUCTIONS[options.reduction]), np.uint32(next(_launches) % _TICKETS),
    ))  # fmt: skip
    return out, divisor


def _backward_cuda(name: str, rows: Rows, g: Any, x: Any, target: Any, weight: Any, divisor: Any,
                   options: LossOptions) -> Any:
    xp = module_of(g)
    out = xp.empty((rows.outer, rows.length, rows.inner), g.dtype)
    if not out.size:
        return out
    team = team_for(rows)
    target = _dense_target(xp, target)
    kernel = row_kernel("cross_entropy", "backward", CUDA_NAMES[g.dtype.name],
                        CUDA_NAMES[target.dtype.name], f"gg::{name}", team.name)
    kernel(team.grid, team.block, (
        xp.ascontiguousarray(g), _or_null(xp, x), target, _or_null(xp, weight),
        divisor, out, rows.number, rows.length, rows.inner,
        options.ignore_index, float(options.label_smoothing), 1 if g.ndim else 0,
    ))  # fmt: skip
    return out


def _or_null(xp: Any, array: Any) -> Any:
    return 0 if array is None else xp.ascontiguousarray(array)


def _dense_target(xp: Any, target: Any) -> Any:
    kept = target.dtype.name in ("int64", "int32", "uint8")
    return xp.ascontiguousarray(target) if kept else target.astype(np.int64)


# ------------------------------------------------------------------------------------- on the CPU
class _Targets(NamedTuple):
    """Per row: the class (0 where ignored) and its weight (0 where ignored); and who is ignored."""

    classes: Any
    weights: Any  # None: all 1
    ignored: Any  # None: nobody


def _targets(rows: Rows, target: Any, weight: Any, options: LossOptions, wide: Any) -> _Targets:
    classes = target.reshape(rows.column)
    ignored = None
    if _highest(classes) >= rows.length:
        ignored = classes == options.ignore_index
        classes = np.where(ignored, 0, classes)
        if _highest(classes) >= rows.length:
            raise _out_of_range(classes, rows.length)
    elif 0 <= options.ignore_index < rows.length:
        ignored = classes == options.ignore_index
    weights = None if weight is None else weight.astype(wide)[classes]
    if ignored is not None:
        weights = np.ones(rows.column, wide) if weights is None else weights
        weights[ignored] = 0
    return _Targets(classes, weights, ignored)


def _highest(classes: Any) -> int:
    """The largest class, where a negative one counts as huge: one pass for both ends."""
    if not classes.size:
        return -1
    seen = classes.view(f"u{classes.itemsize}") if classes.dtype.kind == "i" else classes
    return int(row_max(seen, None))


def _out_of_range(classes: Any, number: int) -> IndexError:
    bad = (classes < 0) | (classes >= number)
    return class_out_of_range(int(classes[bad].flat[0]), number)


def _forward_cpu(name: str, rows: Rows, x: Any, target: Any, weight: Any,
                 options: LossOptions) -> tuple[Any, Any]:
    wide = _sum_dtype(x.dtype)
    at = _targets(rows, target, weight, options, wide)
    x = x.reshape(rows.shape)
    if name == "CrossEntropy":
        losses = _cross_entropies(rows, x, at, weight, options, wide)
    else:
        losses = -_pick(x, at.classes).astype(wide)
        losses = losses if at.weights is None else losses * at.weights
    if at.ignored is not None:
        losses[at.ignored] = 0  # also where the row holds NaN
    if options.reduction == "none":
        return losses.reshape(target.shape).astype(x.dtype, copy=False), np.ones((), wide)
    total, divisor = row_sum(losses, None), 1
    if options.reduction == "mean":
        divisor = losses.size if at.weights is None else row_sum(at.weights, None)
        total = total / divisor if losses.size else np.nan
    return np.asarray(total, x.dtype), np.asarray(divisor, wide)


def _cross_entropies(rows: Rows, x: Any, at: _Targets, weight: Any, options: LossOptions,
                     wide: Any) -> Any:
    losses = np.empty(rows.column, wide)
    each = options.label_smoothing / max(1, rows.length)
    weights = _along_classes(rows, weight, wide)
    mass = rows.length if weights is None else weights.sum()

    def work(part: slice) -> None:
        e = _below_maximum(x[part], wide)
        picked = _pick(e, at.classes[part])
        smooth = row_sum(e if weights is None else e * weights, 1) if each else None
        log_sum = np.log(row_sum(np.exp(e, out=e), 1))
        loss = np.subtract(log_sum, picked, out=losses[part])
        if at.weights is not None:
            loss *= at.weights[part]
        if smooth is not None:
            loss *= 1 - options.label_smoothing
            loss += each * (mass * log_sum - smooth)

    if losses.size:
        share_out(list(blocks(rows)), work, x.size)
    return losses


def _below_maximum(x: Any, wide: Any, out: Any = None) -> Any:
    """``x - max(x)`` along axis 1, in the dtype ``wide``."""
    x = x.astype(wide, copy=False)
    return np.subtract(x, row_max(x, 1, None, None, True), out=out)


def _backward_cpu(name: str, rows: Rows, g: Any, x: Any, target: Any, weight: Any, divisor: Any,
                  options: LossOptions) -> Any:
    wide = _sum_dtype(g.dtype)
    at = _targets(rows, target, weight, options, wide)
    scale = np.empty(rows.column, wide)
    scale[...] = g.reshape(rows.column if g.ndim else ())
    scale /= divisor
    if name == "CrossEntropyBackward":
        return _cross_entropies_backward(rows, scale, x.reshape(rows.shape), at, weight, options)
    hit = -scale if at.weights is None else -scale * at.weights
    if at.ignored is not None:
        hit[at.ignored] = 0  # also where all are ignored and the scale is NaN
    out = np.zeros(rows.shape, g.dtype)
    _add_at(out, at.classes, hit.astype(g.dtype, copy=False))
    return out


def _cross_entropies_backward(rows: Rows, scale: Any, x: Any, at: _Targets, weight: Any,
                              options: LossOptions) -> Any:
    out = hostpool.empty(rows.shape, x.dtype)
    wide, each = scale.dtype, options.label_smoothing / max(1, rows.length)
    weights = _along_classes(rows, weight, wide)
    mass = rows.length if weights is None else weights.sum()
    hits = scale * wide.type(1 - options.label_smoothing)
    if at.weights is not None:
        hits *= at.weights
    masses = hits + scale * wide.type(each * mass) if each else hits

    def work(part: slice) -> None:
        p = _below_maximum(x[part], wide, out[part] if wide == x.dtype else None)
        np.exp(p, out=p)
        p *= (masses[part] / row_sum(p, 1))[:, None]
        if each:
            p -= (scale[part] * wide.type(each))[:, None] * (1 if weights is None else weights)
        _add_at(p, at.classes[part], -hits[part])
        if wide != x.dtype:
            out[part] = p

    if out.size:
        share_out(list(blocks(rows)), work, out.size)
    if at.ignored is not None:
        np.moveaxis(out, 1, -1)[at.ignored] = 0
    return out


def _along_classes(rows: Rows, weight: Any, wide: Any) -> Any:
    if weight is None:
        return None
    return weight.astype(wide).reshape((-1,) if rows.inner == 1 else (-1, 1))


def _pick(x: Any, classes: Any) -> Any:
    """``x[row, classes[row]]`` for every row."""
    if x.ndim == 2:
        return x[np.arange(x.shape[0]), classes]
    return np.take_along_axis(x, classes[:, None], 1)[:, 0]


def _add_at(x: Any, classes: Any, values: Any) -> None:
    """``x[row, classes[row]] += values[row]`` for every row."""
    if x.ndim == 2:
        x[np.arange(x.shape[0]), classes] += values
        return
    taken = np.take_along_axis(x, classes[:, None], 1)
    np.put_along_axis(x, classes[:, None], taken + values[:, None], 1)

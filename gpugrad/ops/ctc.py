"""Connectionist temporal classification: the loss, and its gradient by forward and backward sums.

A target of L labels has 2 L + 1 states, blanks between and around its labels. A path stays, goes
one state on, or skips a blank between different labels.

Holds:     everything is in logarithms; the batch and the states are one array, time is a loop.
           The gradient is that of PyTorch: through the log_softmax that ``log_probs`` came from.
Must not:  wait for a GPU while it loops. Lengths are known on the host.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from .. import expr as s
from ..array import kind_of_array, module_of
from ..errors import DTypeError, ShapeError, class_out_of_range
from ..expr import Bool, Expr, Float
from ..graph import new_tensor
from .broadcast import wide_dtype
from .families import custom, elementwise
from .operands import common_device
from .programs import compiled
from .reduction import reduced, reduction_name
from .shape import reshape
from .surface import public

__all__ = ["ctc_loss"]


class Lengths(NamedTuple):
    """What the host knows of a batch: how long inputs and targets are, and which label is blank."""

    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    blank: int


@public("F")
def ctc_loss(log_probs: Any, targets: Any, input_lengths: Any, target_lengths: Any, blank: int = 0,
             reduction: str = "mean", zero_infinity: bool = False) -> Any:
    """Negative log-likelihood of label sequences, whatever their alignment with the input.

    A mean first divides by the lengths of the targets. ``zero_infinity`` makes the loss of a target
    that is too long for its input 0 instead of infinite, and its gradient too.

    Shape:   log_probs (T, N, C), targets (N, S) or all one after the other, lengths (N); or
             log_probs (T, C), targets (S), lengths () -> () ; (N) or () with reduction="none"
    Dtype:   log_probs floating; half types are computed in float32
    Saves:   log_probs, targets; T * N * (2 S + 1) log-probabilities, N losses
    Raises:  RuntimeError for lengths that do not fit, and for a second derivative
    Source:  Graves et al. 2006
    >>> import gpugrad
    >>> even = gpugrad.full((2, 1, 2), 0.5).log()
    >>> gpugrad.nn.functional.ctc_loss(even, gpugrad.tensor([[1]]), (2,), (1,)).exp()
    tensor(1.3333)
    """
    reduction = reduction_name(reduction)
    rank = len(log_probs.shape)
    if rank not in (2, 3):
        raise ShapeError(f"ctc_loss: log_probs must have 2 or 3 dimensions, but has {rank}")
    x = log_probs if rank == 3 else reshape(log_probs, (log_probs.shape[0], 1, -1))
    lengths = Lengths(_host(input_lengths), _host(target_lengths), int(blank))
    _check(x, targets, lengths)
    losses = ctc_op(x, targets, lengths=lengths, zero_infinity=bool(zero_infinity))[0]
    if reduction == "mean":
        counts = np.maximum(lengths.targets, 1).astype(losses.kind.numpy)
        losses = losses / new_tensor(losses.kind.xp.asarray(counts), losses.kind)
    return reduced(losses if rank == 3 else reshape(losses, ()), reduction)


# ---------------------------------------------------------------------------------------- the ops
@custom(node_name="CtcLoss", saves=("x", "target", "result1", "result2"))
def ctc_op(xp: Any, x: Any, target: Any, *, lengths: Lengths, zero_infinity: bool) -> Any:
    """Each sequence's loss; the same with its infinities; and the sums over the paths so far."""
    states = _states(xp, target, lengths)
    emitted = _emissions(x, states)
    forward = _sums(emitted, states.skips, states.first, {0: slice(None)})
    loss = _loss(xp, forward, lengths)
    shown = xp.where(xp.isinf(loss), 0, loss) if zero_infinity else loss
    return shown.astype(x.dtype), loss, forward[:, :, 2:].copy()


@ctc_op.vjp
def _(g: Any, x: Any, target: Any, loss: Any, forward: Any, **attrs: Any) -> Any:
    return ctc_backward_op(g, x, target, loss, forward, **attrs)


@custom(node_name="CtcLossBackward")
def ctc_backward_op(xp: Any, g: Any, x: Any, target: Any, loss: Any, forward: Any, *,
                    lengths: Lengths, zero_infinity: bool) -> Any:
    """``exp(x)`` less how often every label is expected at every time, times ``g``."""
    states = _states(xp, target, lengths)
    emitted = _emissions(x, states)
    steps, batch, _ = x.shape
    ends: dict[int, list[int]] = {}
    for row, length in enumerate(lengths.inputs):
        ends.setdefault(steps - length, []).append(row)
    skips = xp.zeros_like(states.skips)
    skips[:, :-2] = states.skips[:, 2:]
    later = _sums(emitted[::-1, :, ::-1], skips[:, ::-1], states.last[:, ::-1], ends)
    visits = later[::-1, :, :1:-1]
    visits = xp.exp(visits + forward - emitted + loss[:, None])
    grad = xp.exp(x, dtype=emitted.dtype)
    rows = xp.arange(batch)
    grad[:, :, lengths.blank] -= visits[:, :, ::2].sum(2)
    for place in range(1, visits.shape[2], 2):  # a label may come twice in a row's target
        grad[:, rows, states.labels[:, place]] -= visits[:, :, place]
    grad *= g[:, None]
    impossible = xp.isinf(loss)[:, None]
    grad = xp.where(impossible, 0 if zero_infinity else xp.nan, grad)
    over = np.arange(steps)[:, None] >= np.array(lengths.inputs)
    if over.any():
        grad[xp.asarray(over)] = 0
    return grad.astype(x.dtype, copy=False)


@ctc_backward_op.vjp
def _(g: Any, **attrs: Any) -> Any:
    raise RuntimeError("derivative for _ctc_loss_backward is not implemented")


# ----------------------------------------------------------------------------------------- states
class _States(NamedTuple):
    """Per sequence and state: its label, whether a path may skip to it, begin in it, end in it."""

    labels: Any
    skips: Any
    first: Any
    last: Any


def _states(xp: Any, target: Any, lengths: Lengths) -> _States:
    counts = np.array(lengths.targets, np.int64)
    longest = int(counts.max(initial=0))
    given = np.arange(longest) < counts[:, None]
    if target.ndim == 1:
        starts = np.cumsum(counts) - counts
        at = np.where(given, starts[:, None] + np.arange(longest), 0)
        target = target[xp.asarray(at)] if target.size else target.reshape(len(counts), 0)
    labels = xp.full((len(counts), 2 * longest + 1), lengths.blank, np.int64)
    labels[:, 1::2] = xp.where(xp.asarray(given), target[:, :longest], lengths.blank)
    skips = xp.zeros(labels.shape, bool)
    skips[:, 3::2] = labels[:, 3::2] != labels[:, 1:-2:2]
    state = np.arange(2 * longest + 1)
    from_end = 2 * counts[:, None] - state
    first = np.broadcast_to(state < 2, from_end.shape)
    return _States(labels, skips, xp.asarray(first), xp.asarray((from_end == 0) | (from_end == 1)))


def _emissions(x: Any, states: _States) -> Any:
    """The log-probability of every state's label at every time, (T, N, states)."""
    xp = module_of(x)
    steps, batch, classes = x.shape
    at = states.labels + (xp.arange(batch) * classes)[:, None]
    found = xp.take(x.reshape(steps, -1), at, axis=1)
    return found.astype(wide_dtype(x) or x.dtype, copy=False)


# ------------------------------------------------------------------------------------------- sums
@elementwise
def ctc_step(stay: Float, step: Float, skip: Float, emitted: Float, skips: Bool) -> Expr:
    """``log(exp(stay) + exp(step) + exp(skip)) + emitted``, without the last where not ``skips``.

    Shape:   all (...) -> (...)
    """
    # Nothing is as unlikely as the bound, and minus infinity less itself would be NaN.
    top = s.maximum(stay, step)
    top = s.clamp_min(s.where(skips, s.maximum(top, skip), top), -1e30)
    paths = s.exp(stay - top) + s.exp(step - top) + s.where(skips, s.exp(skip - top), 0)
    return top + s.log(paths) + emitted


_step: Any = ctc_step


def _sums(emitted: Any, skips: Any, first: Any, starts: dict[int, Any]) -> Any:
    """Log-sums over all paths up to every time and state, with two impossible states in front.

    ``starts`` says which sequences begin when; they begin in the states ``first``.
    """
    xp = module_of(emitted)
    steps, batch, count = emitted.shape
    out = xp.full((steps, batch, count + 2), -np.inf, emitted.dtype)
    run = compiled(_step.op.function, kind_of_array(emitted))
    for t in range(steps):
        now = out[t, :, 2:]
        if t:
            past = out[t - 1]
            run(past[:, 2:], past[:, 1:-1], past[:, :-2], emitted[t], skips, out=now)
        rows = starts.get(t)
        if rows is not None:
            now[rows] = xp.where(first[rows], emitted[t][rows], -np.inf)
    return out


def _loss(xp: Any, forward: Any, lengths: Lengths) -> Any:
    """What the last label and the blank after it have at each sequence's end, negated."""
    inputs, targets = np.array(lengths.inputs), np.array(lengths.targets)
    rows, ends = np.arange(len(inputs)), 2 * targets + 2
    at = [xp.asarray(index) for index in (np.maximum(inputs - 1, 0), rows, ends, ends - 1)]
    if not forward.shape[0]:
        return xp.where(xp.asarray(targets == 0), 0, np.inf).astype(forward.dtype)
    # Without labels the state before the last blank is one of the impossible ones.
    loss = -xp.logaddexp(forward[at[0], at[1], at[2]], forward[at[0], at[1], at[3]])
    if not inputs.all():
        nothing = xp.where(xp.asarray(targets == 0), 0, np.inf)
        loss = xp.where(xp.asarray(inputs == 0), nothing, loss).astype(loss.dtype)
    return loss


# ----------------------------------------------------------------------------------------- checks
def _host(lengths: Any) -> tuple[int, ...]:
    if hasattr(lengths, "kind"):
        if lengths.kind.is_floating_point:
            raise DTypeError("input_lengths and target_lengths must be integral")
        lengths = lengths.reshape(-1).tolist()
    return tuple(map(int, lengths)) if isinstance(lengths, Sequence) else (int(lengths),)


def _check(x: Any, targets: Any, lengths: Lengths) -> None:
    steps, batch, classes = x.shape
    common_device("ctc_loss", (x, targets))
    if not x.kind.is_floating_point:
        raise NotImplementedError(f"ctc_loss is not implemented for {x.kind.dtype.name}")
    if targets.kind.is_floating_point:
        raise DTypeError(f"ctc_loss: expected targets of integers, but found {targets.kind.dtype}")
    if not 0 <= lengths.blank < classes:
        raise RuntimeError("blank must be in label range")
    for name, given in (("input_lengths", lengths.inputs), ("target_lengths", lengths.targets)):
        if len(given) != batch:
            raise ShapeError(f"{name} must be of size batch_size")
        if min(given, default=0) < 0:
            raise RuntimeError(f"{name} must not be negative, but got value {min(given)}")
    longest = max(lengths.inputs, default=0)
    if longest > steps:
        raise RuntimeError(
            f"Expected input_lengths to have value at most {steps}, but got value {longest} "
            "(while checking arguments for ctc_loss)"
        )
    _check_labels(targets, lengths, batch)
    values = targets.array
    if isinstance(values, np.ndarray) and values.size:
        outside = values[(values < 0) | (values >= classes)]
        if outside.size and _used_outside(values, lengths, classes):
            raise class_out_of_range(int(outside[0]), classes)


def _check_labels(targets: Any, lengths: Lengths, batch: int) -> None:
    """Labels one after the other have to be all there are; of rows there may be more."""
    shape, dim = tuple(targets.shape), len(targets.shape) - 1
    if dim == 0:
        need, fits = str(sum(lengths.targets)), shape[0] == sum(lengths.targets)
    else:
        longest = max(lengths.targets, default=0)
        need, fits = f"at least {longest}", dim == 1 and shape[0] == batch and shape[1] >= longest
    if not fits:
        raise ShapeError(
            f"Expected tensor to have size {need} at dimension {dim}, but got size {list(shape)} "
            "for argument #2 'targets' (while checking arguments for ctc_loss)"
        )


def _used_outside(values: Any, lengths: Lengths, classes: int) -> bool:
    """Whether a label within the lengths, not only padding, is outside the classes."""
    labels = _states(np, values, lengths).labels
    return bool(((labels < 0) | (labels >= classes)).any())

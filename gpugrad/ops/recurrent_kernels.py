"""An LSTM's recurrence on raw arrays, forward and backward.

NumPy here; on a GPU kernels/lstm.cu, one matrix product and one launch per step each way.

The gates' activations are one function of a row of constants: with s = 1/2 for the logistic gates
and 1 for the candidate, act(z) = s tanh(s z) + (1 - s) and act'(z) = s² - (act(z) - (1 - s))².

Holds:     inputs are only read, outputs are new; half types are computed in float32 on the CPU; the
           callers have silenced NumPy's floating point warnings.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import numpy as np

from ..array import hostpool, module_of
from ..array.raw_kernels import raw_kernel

__all__ = ["lstm_backward", "lstm_forward"]

Arrays = tuple[Any, ...]
_CUDA = {"float16": "__half", "bfloat16": "__nv_bfloat16", "float32": "float", "float64": "double"}
_KERNELS = ("lstm_step", "lstm_states", "lstm_pull")
_THREADS = 128
_BLOCK = 1 << 17  # gates whose slopes are computed at once: 512 KiB of float32


def lstm_forward(xp: Any, x: Any, w: Any, h: Any, c: Any, reverse: bool) -> Arrays:
    """Activated gates (T, B, 4H), outputs (T, B, H), last output and last cell (B, H)."""
    if xp is not np:
        return _forward_cuda(xp, x, w, h, c, reverse)
    if x.dtype.itemsize == 2:
        w, h, c = _widened((w, h, c))
        wide = _forward_host(x.astype(np.float32), w, h, c, reverse)
        return tuple(a.astype(x.dtype) for a in wide)
    return _forward_host(x, w, h, c, reverse)


def lstm_backward(g: Any, w: Any, h: Any, c: Any, gates: Any, reverse: bool,
                  wants_w: bool) -> Arrays:
    """Cotangents of x, w (None unless wanted), h and c.

    ``g`` has one entry per output, None where nothing arrived.
    """
    if not isinstance(gates, np.ndarray):
        return _backward_cuda(g, w, h, c, gates, reverse, wants_w)
    if gates.dtype.itemsize == 2:
        g, (w, h, c) = _widened(g), _widened((w, h, c))
        result = _backward_host(g, w, h, c, gates.astype(np.float32), reverse, wants_w)
        return tuple(None if a is None else a.astype(gates.dtype) for a in result)
    return _backward_host(g, w, h, c, gates, reverse, wants_w)


def _widened(arrays: Any) -> list[Any]:
    return [None if a is None else a.astype(np.float32) for a in arrays]


def _order(steps: int, reverse: bool) -> range:
    return range(steps - 1, -1, -1) if reverse else range(steps)


# -------------------------------------------------------------------------------------------- CPU
@lru_cache(maxsize=64)
def _constants(hidden: int, dtype: Any) -> tuple[Any, Any]:
    """The rows s and 1 - s, for gates in the order i, f, g, o."""
    scale = np.full(4 * hidden, 0.5, dtype)
    scale[2 * hidden : 3 * hidden] = 1.0
    return scale, 1 - scale


def _forward_host(x: Any, w: Any, h: Any, c: Any, reverse: bool) -> Arrays:
    steps, batch, width = x.shape
    hidden = w.shape[1]
    scale, offset = _constants(hidden, w.dtype)
    gates = hostpool.empty(x.shape, x.dtype)
    by_gate = gates.reshape(steps, batch, 4, hidden)
    outputs = hostpool.empty((steps, batch, hidden), x.dtype)
    recurrent = np.ascontiguousarray(w.T)
    scratch = np.empty((batch, hidden), x.dtype)
    share = np.empty((batch, width), x.dtype)
    c = c.copy()
    for t in _order(steps, reverse):
        z, (i, f, g, o) = gates[t], by_gate[t].transpose(1, 0, 2)
        np.matmul(h, recurrent, out=share)
        np.add(x[t], share, out=z)
        np.multiply(z, scale, out=z)
        np.tanh(z, out=z)
        np.multiply(z, scale, out=z)
        np.add(z, offset, out=z)
        np.multiply(c, f, out=c)
        np.multiply(i, g, out=scratch)
        np.add(c, scratch, out=c)
        np.tanh(c, out=scratch)
        h = outputs[t]
        np.multiply(o, scratch, out=h)
    return gates, outputs, h.copy(), c


def _backward_host(g: Any, w: Any, h: Any, c: Any, gates: Any, reverse: bool,
                   wants_w: bool) -> Arrays:
    g_gates, g_outputs, dh, dc = g
    steps, batch, width = gates.shape
    by_gate = gates.reshape(steps, batch, 4, -1)
    before, cell_before, flat = _states(by_gate, h, c, reverse)
    pre = hostpool.empty(gates.shape, gates.dtype)
    to_gates = pre.reshape(by_gate.shape)
    dh = np.zeros_like(h) if dh is None else dh.copy()
    dc = np.zeros_like(c) if dc is None else dc.copy()
    scratch = np.empty_like(dc)
    for block in _blocks(_order(steps, not reverse), max(1, _BLOCK // max(1, batch * width))):
        rows = slice(min(block), max(block) + 1)
        slopes, through = _slopes(by_gate[rows], cell_before[rows], flat[rows])
        extra = None if g_gates is None else g_gates[rows] * _derivative(gates[rows])
        for t in block:
            k = t - rows.start
            if g_outputs is not None:
                np.add(dh, g_outputs[t], out=dh)
            np.multiply(dh, through[k], out=scratch)
            np.add(dc, scratch, out=dc)
            np.multiply(slopes[k, :, :3], dc[:, None], out=to_gates[t, :, :3])
            np.multiply(slopes[k, :, 3], dh, out=to_gates[t, :, 3])
            if extra is not None:
                np.add(pre[t], extra[k], out=pre[t])
            np.multiply(dc, by_gate[t, :, 1], out=dc)
            np.matmul(pre[t], w, out=dh)
    dw = pre.reshape(-1, width).T @ before.reshape(-1, h.shape[1]) if wants_w else None
    return pre, dw, dh, dc


def _blocks(order: range, length: int) -> Iterator[range]:
    """Stretches of ``order``: enough steps at once to make few calls, few enough for the cache."""
    for start in range(0, len(order), length):
        yield order[start : start + length]


def _states(by_gate: Any, h: Any, c: Any, reverse: bool) -> Arrays:
    """Output and cell before every step, and tanh of the cell after it, from the gates."""
    i, f, g, o = by_gate.transpose(2, 0, 1, 3)
    steps, batch, hidden = i.shape
    first, before, after = (-1, slice(1, None), slice(-1)) if reverse else (
        0, slice(-1), slice(1, None))  # fmt: skip
    outputs, cells = (hostpool.empty((steps + 1, batch, hidden), i.dtype) for _ in range(2))
    outputs[first], cells[first] = h, c
    cell_before, cell_after = cells[before], cells[after]
    np.multiply(i, g, out=cell_after)
    scratch = np.empty_like(c)
    for t in _order(steps, reverse):
        np.multiply(f[t], cell_before[t], out=scratch)
        np.add(cell_after[t], scratch, out=cell_after[t])
    flat = np.tanh(cell_after)
    np.multiply(o, flat, out=outputs[after])
    return outputs[before], cell_before, flat


def _slopes(by_gate: Any, cell_before: Any, flat: Any) -> tuple[Any, Any]:
    """What each gate's cotangent is of dc (i, f, g) or dh (o), and what dc gets of dh."""
    i, _, g, o = by_gate.transpose(2, 0, 1, 3)
    slopes = _derivative(by_gate.reshape(*flat.shape[:2], -1)).reshape(by_gate.shape)
    for gate, factor in enumerate((g, cell_before, i, flat)):
        np.multiply(slopes[:, :, gate], factor, out=slopes[:, :, gate])
    through = np.multiply(flat, flat)
    np.subtract(1, through, out=through)
    return slopes, np.multiply(through, o, out=through)


def _derivative(gates: Any) -> Any:
    """The slope of every gate's activation, from its value."""
    scale, offset = _constants(gates.shape[-1] // 4, gates.dtype)
    slope = np.subtract(gates, offset)
    np.multiply(slope, slope, out=slope)
    return np.subtract(scale * scale, slope, out=slope)


# ------------------------------------------------------------------------------------------- CUDA
def _kernel(name: str, dtype: Any) -> Any:
    element = _CUDA[dtype.name]
    names = tuple(f"gg::{kernel}<{element}>" for kernel in _KERNELS)
    return raw_kernel("lstm", f"gg::{name}<{element}>", names)


def _launch(function: Any, size: int, *arguments: Any) -> None:
    if size:
        function((-(-size // _THREADS),), (_THREADS,), arguments)


def _forward_cuda(xp: Any, x: Any, w: Any, h: Any, c: Any, reverse: bool) -> Arrays:
    steps, batch, width = x.shape
    hidden = width // 4
    x, h, c = (xp.ascontiguousarray(a) for a in (x, h, c))
    gates = xp.empty(x.shape, x.dtype)
    outputs = xp.empty((steps, batch, hidden), x.dtype)
    last = xp.empty(c.shape, c.dtype)
    step = _kernel("lstm_step", x.dtype)
    recurrent = w.T
    for t in _order(steps, reverse):
        share = h @ recurrent
        h = outputs[t]
        _launch(step, batch * hidden, x[t], share, c, gates[t], h, last, batch * hidden, hidden)
        c = last
    return gates, outputs, h.copy(), last if steps else c.copy()


def _backward_cuda(g: Any, w: Any, h: Any, c: Any, gates: Any, reverse: bool,
                   wants_w: bool) -> Arrays:
    xp = module_of(gates)
    g_gates, g_outputs, dh, dc = (None if a is None else xp.ascontiguousarray(a) for a in g)
    steps, batch, width = gates.shape
    hidden = width // 4
    size = batch * hidden
    before, cell_before, flat = (xp.empty((steps, batch, hidden), w.dtype) for _ in range(3))
    h, c = xp.ascontiguousarray(h), xp.ascontiguousarray(c)
    states = _kernel("lstm_states", w.dtype)
    _launch(states, size, gates, h, c, before, cell_before, flat, steps, size, hidden, int(reverse))
    pre = xp.empty(gates.shape, w.dtype)
    dc = xp.zeros(c.shape, c.dtype) if dc is None else dc.copy()
    pull = _kernel("lstm_pull", w.dtype)
    for t in reversed(_order(steps, reverse)):
        g_output = None if g_outputs is None else g_outputs[t]
        g_gate = None if g_gates is None else g_gates[t]
        _launch(pull, size, gates[t], cell_before[t], flat[t], g_output, g_gate, dh, dc, pre[t],
                size, hidden)  # fmt: skip
        dh = pre[t] @ w
    dw = pre.reshape(-1, width).T @ before.reshape(-1, hidden) if wants_w else None
    return pre, dw, dh, dc

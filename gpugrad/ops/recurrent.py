"""The recurrence of an LSTM over a whole sequence, as one op.

    A_t = act(x_t + h_{t-1} @ w.T)          i, f, o logistic, g tanh; x_t is the input's share
    c_t = f_t * c_{t-1} + i_t * g_t
    h_t = o_t * tanh(c_t)

Holds:     one node per sequence whatever its length; saved are the activated gates (T, B, 4H) and
           what was there anyway. Cells and outputs are computed again from the gates, elementwise.
Must not:  know layers, directions' names or projections; nn.LSTM puts those together.
"""

from __future__ import annotations

from typing import Any

from ..graph import TensorBase
from .elementary import tanh
from .families import custom
from .join import cat, stack, unbind, zeros_as
from .recurrent_kernels import lstm_backward, lstm_forward

__all__ = ["lstm"]


def lstm(x: Any, w: Any, h: Any, c: Any, reverse: bool = False) -> tuple[Any, Any, Any]:
    """An LSTM's recurrence over the steps of ``x``; returns outputs, last output and last cell.

    Shape:   x (T, B, 4H), w (4H, H), h and c (B, H) -> (T, B, H), (B, H), (B, H)
    Dtype:   floating; half types accumulate in float32
    Saves:   the activated gates (bytes of x), w, h and c
    Source:  Hochreiter & Schmidhuber 1997 with Gers et al. 2000; semantics of torch.nn.LSTM
    """
    op: Any = lstm_op
    _, outputs, h_n, c_n = op(x, w, h, c, reverse=reverse)
    return outputs, h_n, c_n


@custom(node_name="Lstm", saves=("w", "h", "c", "result"), many=True)
def lstm_op(xp: Any, x: Any, w: Any, h: Any, c: Any, *, reverse: bool) -> Any:
    """The gates are an output, because what a node saves is an input or an output."""
    return lstm_forward(xp, x, w, h, c, reverse)


@lstm_op.vjp
def _(g: Any, w: Any, h: Any, c: Any, gates: Any, *, reverse: bool, needs: tuple[bool, ...]) -> Any:
    if not isinstance(gates, TensorBase):
        return lstm_backward(g, w, h, c, gates, reverse, needs[1])
    return _recorded_backward(g, w, h, c, gates, reverse)


def _recorded_backward(g: Any, w: Any, h: Any, c: Any, gates: Any, reverse: bool) -> Any:
    """The backward in terms of ops, for create_graph: what it does can be differentiated again."""
    order = list(range(gates.shape[0]))[:: -1 if reverse else 1]
    steps = [tuple(row.chunk(4, -1)) for row in unbind(gates)]
    cells, outputs, flat = [c], [h], []
    for t in order:
        i, f, candidate, o = steps[t]
        cells.append(f * cells[-1] + i * candidate)
        flat.append(tanh(cells[-1]))
        outputs.append(o * flat[-1])
    g_gates, g_outputs = (None if part is None else unbind(part) for part in g[:2])
    dh = zeros_as(h, h.shape) if g[2] is None else g[2]
    dc = zeros_as(c, c.shape) if g[3] is None else g[3]
    pre: list[Any] = [None] * len(order)
    for k in range(len(order) - 1, -1, -1):
        t = order[k]
        i, f, candidate, o = steps[t]
        if g_outputs is not None:
            dh = dh + g_outputs[t]
        dc = dc + dh * o * (1 - flat[k] * flat[k])
        cotangent = cat([dc * candidate, dc * cells[k], dc * i, dh * flat[k]], -1)
        if g_gates is not None:
            cotangent = cotangent + g_gates[t]
        slope = cat([i * (1 - i), f * (1 - f), 1 - candidate * candidate, o * (1 - o)], -1)
        pre[t] = cotangent * slope
        dc = dc * f
        dh = pre[t] @ w
    dx = stack(pre)
    before = cat([outputs[order.index(t)] for t in range(len(order))], 0)
    dw = dx.reshape(-1, w.shape[0]).t() @ before
    return dx, dw, dh, dc

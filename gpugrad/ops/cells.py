"""One step of recurrent layers, as functions.

Holds:     each is made of linear maps and elementwise ops: those save what they need.
Must not:  know layers or sequences (recurrent.py has the op for whole sequences of an LSTM).
"""

from __future__ import annotations

from typing import Any

from .activation import relu, sigmoid
from .arithmetic import lerp
from .elementary import tanh
from .join import chunk
from .linalg import linear
from .surface import public

__all__ = ["gru_cell", "lstm_cell", "rnn_relu_cell", "rnn_tanh_cell"]


@public("torch")
def rnn_tanh_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
                  ) -> Any:  # fmt: skip
    """``tanh(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``.

    Shape:   input (B, I), hx (B, H), w_ih (H, I), w_hh (H, H), biases (H) -> (B, H)
    Saves:   input, hx, both weights and the result
    """
    return tanh(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


@public("torch")
def rnn_relu_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
                  ) -> Any:  # fmt: skip
    """``relu(input @ w_ih.T + b_ih + hx @ w_hh.T + b_hh)``.

    Shape:   as ``rnn_tanh_cell``
    Saves:   input, hx, both weights and the result
    """
    return relu(linear(input, w_ih, b_ih) + linear(hx, w_hh, b_hh))


@public("torch")
def lstm_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
              ) -> tuple[Any, Any]:  # fmt: skip
    """The next output and cell of an LSTM from ``hx``, its output and cell.

    Shape:   input (B, I), hx two of (B, H), w_ih (4H, I), w_hh (4H, H), biases (4H) -> two (B, H)
    Saves:   input, the output, both weights, the gates, both cells and the tanh of the new one
    Source:  Hochreiter & Schmidhuber 1997 with Gers et al. 2000
    """
    output, cell = hx
    gates = linear(input, w_ih, b_ih) + linear(output, w_hh, b_hh)
    i, f, candidate, o = chunk(gates, 4, 1)
    after = sigmoid(f) * cell + sigmoid(i) * tanh(candidate)
    return sigmoid(o) * tanh(after), after


@public("torch")
def gru_cell(input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None
             ) -> Any:  # fmt: skip
    """The next state of a GRU from ``hx``.

    Shape:   input (B, I), hx (B, H), w_ih (3H, I), w_hh (3H, H), biases (3H) -> (B, H)
    Saves:   input, hx, both weights, the gates, the candidate and hx's share of it
    Source:  Cho et al. 2014, with the reset gate after the product
    """
    reset, update, fresh = chunk(linear(input, w_ih, b_ih), 3, 1)
    old_reset, old_update, old = chunk(linear(hx, w_hh, b_hh), 3, 1)
    candidate = tanh(fresh + sigmoid(reset + old_reset) * old)
    return lerp(candidate, hx, sigmoid(update + old_update))

"""One step of recurrent layers, as functions.

Holds:     each is made of linear maps and elementwise ops: those save what they need.
Must not:  know layers or sequences (recurrent.py has the op for whole sequences of an LSTM).
"""

from __future__ import annotations

from typing import Any

from .activation import relu
from .elementary import tanh
from .linalg import linear
from .surface import public

__all__ = ["rnn_relu_cell", "rnn_tanh_cell"]


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

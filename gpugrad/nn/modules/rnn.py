"""Recurrent networks: LSTM over sequences, LSTMCell for one step.

Holds:     weights have PyTorch's names, shapes and gate order (input, forget, candidate, output),
           so a state_dict moves between the two. The input's share of all steps is one matrix
           product; the recurrence of a layer and direction is one node (ops/recurrent.py).
Must not:  keep state between calls: hidden states come in and go out.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ...ops.filled import zeros
from ...ops.join import cat, stack
from ...ops.recurrent import lstm
from .. import functional as F
from ..init import uniform_
from ..parameter import new_parameter
from .module import Module

__all__ = ["LSTM", "LSTMCell"]


class LSTM(Module):
    """Long short-term memory over a sequence, any number of layers, one or both directions.

    Shape:   input (L, N, input_size), with batch_first (N, L, input_size), or (L, input_size);
             h_0 (layers * directions, N, proj_size or hidden_size), c_0 (same, N, hidden_size)
             -> output (L, N, directions * H_out), (h_n, c_n)
    Saves:   per layer and direction the gates (L, N, 4 * hidden_size) and the layer's input
    Source:  Hochreiter & Schmidhuber 1997; semantics of torch.nn.LSTM
    """

    def __init__(self, input_size: int, hidden_size: int, num_layers: int = 1, bias: bool = True,
                 batch_first: bool = False, dropout: float = 0.0, bidirectional: bool = False,
                 proj_size: int = 0, device: Any = None, dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        _check_settings(hidden_size, num_layers, dropout, proj_size)
        self.mode = "LSTM"
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.num_layers = num_layers
        self.bias = bias
        self.batch_first = batch_first
        self.dropout = float(dropout)
        self.bidirectional = bidirectional
        self.proj_size = proj_size
        self._all_weights: list[list[str]] = []
        for layer in range(num_layers):
            for suffix in self._suffixes(layer):
                self._add_weights(layer, suffix, device, dtype)
        self.reset_parameters()

    def _suffixes(self, layer: int) -> list[str]:
        both = [f"_l{layer}", f"_l{layer}_reverse"]
        return both if self.bidirectional else both[:1]

    def _add_weights(self, layer: int, suffix: str, device: Any, dtype: Any) -> None:
        out_size = self.proj_size or self.hidden_size
        in_size = self.input_size if layer == 0 else out_size * (1 + self.bidirectional)
        gates = 4 * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (gates, in_size), "weight_hh": (gates, out_size)
        }  # fmt: skip
        if self.bias:
            shapes.update(bias_ih=(gates,), bias_hh=(gates,))
        if self.proj_size:
            shapes["weight_hr"] = (self.proj_size, self.hidden_size)
        for name, shape in shapes.items():
            setattr(self, name + suffix, new_parameter(shape, device, dtype))
        self._all_weights.append([name + suffix for name in shapes])

    def reset_parameters(self) -> None:
        """Uniform within 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            uniform_(weight, -bound, bound)

    @property
    def all_weights(self) -> list[list[Any]]:
        """The weights of each layer and direction."""
        return [[getattr(self, name) for name in names] for names in self._all_weights]

    def flatten_parameters(self) -> None:
        """Does nothing: no library here wants the weights in one piece."""

    # ------------------------------------------------------------------------------------- forward
    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> Any:
        """Outputs of all steps, and the last hidden and cell states."""
        if len(input.shape) not in (2, 3):
            raise ValueError(
                f"LSTM: Expected input to be 2D or 3D, got {len(input.shape)}D instead"
            )
        batched = len(input.shape) == 3
        x = input if batched else input.unsqueeze(0 if self.batch_first else 1)
        self._check_input(x)
        batch = x.shape[0 if self.batch_first else 1]
        h0, c0 = self._initial(x, batch) if hx is None else self._given(hx, batch, batched)
        hidden: list[Any] = []
        cells: list[Any] = []
        for layer in range(self.num_layers):
            outputs = []
            for direction, suffix in enumerate(self._suffixes(layer)):
                index = layer * (1 + self.bidirectional) + direction
                y, h, c = self._run(x, h0[index], c0[index], suffix, reverse=direction == 1)
                outputs.append(y)
                hidden.append(h)
                cells.append(c)
            x = outputs[0] if len(outputs) == 1 else cat(outputs, -1)
            if self.dropout and layer < self.num_layers - 1:
                x = F.dropout(x, self.dropout, self.training)
        h_n, c_n = _stacked(hidden), _stacked(cells)
        if batched:
            return x, (h_n, c_n)
        return x.squeeze(0 if self.batch_first else 1), (h_n.squeeze(1), c_n.squeeze(1))

    def _run(self, x: Any, h: Any, c: Any, suffix: str, reverse: bool) -> tuple[Any, Any, Any]:
        """One layer in one direction: outputs in the layout of ``x``, last output, last cell."""
        share = F.linear(x, getattr(self, "weight_ih" + suffix), self._bias(suffix))
        if self.batch_first:
            share = share.transpose(0, 1)
        weight = getattr(self, "weight_hh" + suffix)
        if self.proj_size:
            y, h, c = _projected(share, weight, getattr(self, "weight_hr" + suffix), h, c, reverse)
        else:
            y, h, c = lstm(share, weight, h, c, reverse)
        return (y.transpose(0, 1) if self.batch_first else y), h, c

    def _bias(self, suffix: str) -> Any:
        if not self.bias:
            return None
        return getattr(self, "bias_ih" + suffix) + getattr(self, "bias_hh" + suffix)

    def _initial(self, x: Any, batch: int) -> tuple[Any, Any]:
        count = self.num_layers * (1 + self.bidirectional)
        options = {"dtype": x.dtype, "device": x.device}
        cells = zeros(count, batch, self.hidden_size, **options)
        if not self.proj_size:
            return cells, cells
        return zeros(count, batch, self.proj_size, **options), cells

    # -------------------------------------------------------------------------------------- checks
    def _check_input(self, x: Any) -> None:
        if x.shape[-1] != self.input_size:
            raise RuntimeError(
                "input.size(-1) must be equal to input_size. "
                f"Expected {self.input_size}, got {x.shape[-1]}"
            )
        if x.shape[1 if self.batch_first else 0] == 0:
            raise RuntimeError("Expected sequence length to be larger than 0 in RNN")

    def _given(self, hx: tuple[Any, Any], batch: int, batched: bool) -> tuple[Any, Any]:
        """The states of the caller, with a batch dimension."""
        rank = 3 if batched else 2
        if any(len(state.shape) != rank for state in hx):
            raise RuntimeError(
                f"For {'batched' if batched else 'unbatched'} {rank}-D input, hx and cx should "
                f"also be {rank}-D but got ({len(hx[0].shape)}-D, {len(hx[1].shape)}-D) tensors"
            )
        h, c = hx if batched else (state.unsqueeze(1) for state in hx)
        count = self.num_layers * (1 + self.bidirectional)
        sizes = (self.proj_size or self.hidden_size, self.hidden_size)
        for index, (state, size) in enumerate(zip((h, c), sizes, strict=True)):
            expected = (count, batch, size)
            if tuple(state.shape) != expected:
                raise RuntimeError(
                    f"Expected hidden[{index}] size {expected}, got {list(state.shape)}"
                )
        return h, c

    def extra_repr(self) -> str:
        """The sizes, and the options that differ from the defaults."""
        text = f"{self.input_size}, {self.hidden_size}"
        for name, default in _SHOWN:
            value = getattr(self, name)
            if value != default:
                text += f", {name}={value}"
        return text


_SHOWN = (("proj_size", 0), ("num_layers", 1), ("bias", True), ("batch_first", False),
          ("dropout", 0.0), ("bidirectional", False))  # fmt: skip


def _check_settings(hidden_size: int, num_layers: int, dropout: float, proj_size: int) -> None:
    if isinstance(dropout, bool) or not 0 <= dropout <= 1:
        raise ValueError(
            "dropout should be a number in range [0, 1] representing the probability of an element "
            "being zeroed"
        )
    if dropout > 0 and num_layers == 1:
        warnings.warn(
            "dropout option adds dropout after all but last recurrent layer, so non-zero dropout "
            f"expects num_layers greater than 1, but got dropout={dropout} and "
            f"num_layers={num_layers}",
            stacklevel=3,
        )
    if hidden_size <= 0:
        raise ValueError("hidden_size must be greater than zero")
    if num_layers <= 0:
        raise ValueError("num_layers must be greater than zero")
    if not 0 <= proj_size < hidden_size:
        raise ValueError("proj_size has to be between 0 and hidden_size")


def _stacked(states: list[Any]) -> Any:
    """The states of all layers and directions; of a single one, a view."""
    return states[0].unsqueeze(0) if len(states) == 1 else stack(states)


def _projected(share: Any, weight: Any, projection: Any, h: Any, c: Any,
               reverse: bool) -> tuple[Any, Any, Any]:
    """The recurrence with ``h = (o * tanh(c)) @ projection.T`` (Sak et al. 2014), step by step."""
    steps = list(share.unbind(0))
    outputs: list[Any] = [None] * len(steps)
    no_weight = zeros(weight.shape[0], c.shape[-1], dtype=c.dtype, device=c.device)
    for t in range(len(steps))[:: -1 if reverse else 1]:
        gates = steps[t] + F.linear(h, weight)
        _, full, c = lstm(gates.unsqueeze(0), no_weight, c, c)
        h = outputs[t] = F.linear(full, projection)
    return stack(outputs), h, c


class LSTMCell(Module):
    """One step of an LSTM.

    Shape:   input (N, input_size) or (input_size), states (N, hidden_size) -> (h, c)
    Saves:   the gates (N, 4 * hidden_size), input and states
    """

    def __init__(self, input_size: int, hidden_size: int, bias: bool = True, device: Any = None,
                 dtype: Any = None) -> None:  # fmt: skip
        super().__init__()
        self.input_size = input_size
        self.hidden_size = hidden_size
        self.bias = bias
        gates = 4 * hidden_size
        self.weight_ih = new_parameter((gates, input_size), device, dtype)
        self.weight_hh = new_parameter((gates, hidden_size), device, dtype)
        for name in ("bias_ih", "bias_hh"):
            self.register_parameter(name, new_parameter((gates,), device, dtype) if bias else None)
        self.reset_parameters()

    def reset_parameters(self) -> None:
        """Uniform within 1 / sqrt(hidden_size)."""
        bound = 1.0 / math.sqrt(self.hidden_size) if self.hidden_size > 0 else 0
        for weight in self.parameters():
            uniform_(weight, -bound, bound)

    def forward(self, input: Any, hx: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
        """The next hidden and cell states."""
        self._check(input, hx)
        batched = len(input.shape) == 2
        x = input if batched else input.unsqueeze(0)
        if hx is None:
            h = c = zeros(x.shape[0], self.hidden_size, dtype=x.dtype, device=x.device)
        else:
            h, c = hx if batched else (state.unsqueeze(0) for state in hx)
        bias = self.bias_ih + self.bias_hh if self.bias else None
        share = F.linear(x, self.weight_ih, bias)
        _, h, c = lstm(share.unsqueeze(0), self.weight_hh, h, c)
        return (h, c) if batched else (h.squeeze(0), c.squeeze(0))

    def _check(self, input: Any, hx: tuple[Any, Any] | None) -> None:
        rank = len(input.shape)
        if rank not in (1, 2):
            raise ValueError(f"LSTMCell: Expected input to be 1D or 2D, got {rank}D instead")
        if input.shape[-1] != self.input_size:
            raise RuntimeError(
                f"input has inconsistent input_size: got {input.shape[-1]} "
                f"expected {self.input_size}"
            )
        for index, state in enumerate(hx or ()):
            if len(state.shape) != rank:
                raise ValueError(
                    f"LSTMCell: Expected hx[{index}] to be 1D or 2D, got {len(state.shape)}D "
                    "instead"
                )
            if tuple(state.shape) != (*input.shape[:-1], self.hidden_size):
                raise RuntimeError(
                    f"hidden{index} has shape {list(state.shape)}, expected "
                    f"{[*input.shape[:-1], self.hidden_size]}"
                )

    def extra_repr(self) -> str:
        """The sizes."""
        return f"{self.input_size}, {self.hidden_size}" + ("" if self.bias else ", bias=False")

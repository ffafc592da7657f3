"""The arithmetic of the optimizers on raw arrays, many parameters at a time.

Holds:     parameters and state are written in place. On CUDA one launch serves all arrays of a
           bucket; on the CPU each array is walked in blocks that stay in cache, with two scratch
           buffers per thread and no other temporaries.
Must not:  know tensors, parameter groups or gradients' owners.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..array import quiet
from ..array.multi_tensor import launch_over

__all__ = ["AdamConstants", "SgdConstants", "update_adam", "update_sgd"]

_BLOCK = 32768  # elements; a 1e7-parameter Adam step took 8.3 ms a 4e6 in these, 9.8 in 16384

Arrays = Sequence[Any]


@dataclass(frozen=True, slots=True)
class SgdConstants:
    """One group's numbers; ``fresh`` marks the step that fills the momentum buffers."""

    lr: float
    momentum: float = 0.0
    dampening: float = 0.0
    weight_decay: float = 0.0
    nesterov: bool = False
    maximize: bool = False
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class AdamConstants:
    """One group's numbers at one step count, as the inner loop wants them.

    The second bias correction is divided out of the fraction once, here: ``eps`` and ``rate`` are
    those of ``p -= rate * m / (sqrt(v) + eps)``.
    """

    rate: float
    beta1: float
    beta2: float
    eps: float
    shrink: float  # what decoupled weight decay leaves of a parameter
    l2: float  # weight decay that is added to the gradient
    maximize: bool

    @classmethod
    def at_step(cls, step: float, *, lr: float, betas: tuple[float, float], eps: float,
                weight_decay: float, decoupled: bool, maximize: bool) -> AdamConstants:
        """The constants of step number ``step``, counted from 1."""
        beta1, beta2 = betas
        root = (1.0 - beta2**step) ** 0.5
        rate = lr * root / (1.0 - beta1**step)
        shrink, l2 = (1.0 - lr * weight_decay, 0.0) if decoupled else (1.0, weight_decay)
        return cls(rate, beta1, beta2, eps * root, shrink, l2, maximize)


def update_sgd(params: Arrays, buffers: Arrays | None, grads: Arrays, k: SgdConstants) -> None:
    """One SGD step over arrays of one device and dtype (Sutskever et al. 2013; torch.optim.SGD)."""
    if isinstance(params[0], np.ndarray):
        _on_host(params, [buffers], grads, _sgd_block, k)
        return
    sign = -1.0 if k.maximize else 1.0
    constants = (k.lr, k.momentum, 1.0 - k.dampening, k.weight_decay, sign, k.nesterov, k.fresh)
    with _Dense(params, [buffers], grads) as columns:
        launch_over("sgd", columns, *map(_wide, constants))


def update_adam(params: Arrays, means: Arrays, squares: Arrays, peaks: Arrays | None,
                grads: Arrays, k: AdamConstants) -> None:
    """One Adam or AdamW step over arrays of one device and dtype.

    Source:  Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019; Reddi et al. 2018 for
             ``peaks``, the running maximum of ``squares`` (None: not kept)
    """
    if isinstance(params[0], np.ndarray):
        _on_host(params, [means, squares, peaks], grads, _adam_block, k)
        return
    sign = -1.0 if k.maximize else 1.0
    constants = (k.rate, k.beta1, k.beta2, k.eps, k.shrink, k.l2, sign)
    with _Dense(params, [means, squares, peaks], grads) as columns:
        launch_over("adam", columns, *map(_wide, constants))


def _wide(constant: float) -> Any:
    """Kernel arguments are 8 bytes each: double, or long long for a flag."""
    return int(constant) if isinstance(constant, bool) else float(constant)


# ------------------------------------------------------------------------------------------- CUDA
class _Dense:
    """The columns of a launch, with a dense copy in place of every array that is not C-contiguous.

    On leaving, copies of what the kernel wrote go back to where they came from. Copies are rare:
    only a transposed or sliced view used as a parameter needs them.
    """

    def __init__(self, params: Arrays, states: Sequence[Arrays | None], grads: Arrays) -> None:
        self.written: list[tuple[Any, Any]] = []
        columns = [None if column is None else self._dense(column, True)
                   for column in (params, *states)]  # fmt: skip
        self.columns = [*columns, self._dense(grads, False)]

    def _dense(self, column: Arrays, written: bool) -> list[Any]:
        result = []
        for array in column:  # `flags` would cost ten times the private attribute
            dense = array if array._c_contiguous else array.copy(order="C")
            if written and dense is not array:
                self.written.append((array, dense))
            result.append(dense)
        return result

    def __enter__(self) -> list[list[Any] | None]:
        return self.columns

    def __exit__(self, *_: object) -> None:
        for array, dense in self.written:
            array[...] = dense


# -------------------------------------------------------------------------------------------- CPU
class _Scratch(threading.local):
    """Two buffers per dtype and thread, and views of them in the shapes that were asked for."""

    def __init__(self) -> None:
        self.views: dict[Any, tuple[Any, Any]] = {}

    def pair(self, dtype: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
        """Both buffers as arrays of ``shape``, which has at most _BLOCK elements."""
        found = self.views.get((dtype, shape))
        if found is None:
            full = self.views.get(dtype)
            if full is None:
                full = self.views[dtype] = (np.empty(_BLOCK, dtype), np.empty(_BLOCK, dtype))
            size = math.prod(shape)
            a, b = (buffer[:size].reshape(shape) for buffer in full)
            found = self.views[dtype, shape] = a, b
        return found


_scratch = _Scratch()


def _on_host(params: Arrays, states: Sequence[Arrays | None], grads: Arrays,
             block: Callable[..., None], k: Any) -> None:
    """``block(p, *states, g, a, b, k)`` over cache-sized pieces of every parameter."""
    nothing = [None] * len(params)
    columns = [nothing if column is None else column for column in states]
    with quiet():
        for row in zip(params, *columns, grads, strict=True):
            p = row[0]
            if p.dtype.itemsize == 2 or not all(x is None or x.flags.c_contiguous for x in row):
                _by_copy(row, block, k)
            elif p.size <= _BLOCK:
                block(*row, *_scratch.pair(p.dtype, p.shape), k)
            else:
                _by_blocks(row, block, k)


def _by_blocks(row: Sequence[Any], block: Callable[..., None], k: Any) -> None:
    """One piece after the other of contiguous arrays."""
    flat = [None if x is None else x.reshape(-1) for x in row]
    size, dtype = row[0].size, row[0].dtype
    for start in range(0, size, _BLOCK):
        piece = slice(start, start + _BLOCK)
        scratch = _scratch.pair(dtype, (min(_BLOCK, size - start),))
        block(*(None if x is None else x[piece] for x in flat), *scratch, k)


def _by_copy(row: Sequence[Any], block: Callable[..., None], k: Any) -> None:
    """Contiguous copies are updated and written back; halves are computed in float32."""
    dtype = row[0].dtype
    work = np.dtype(np.float32) if dtype.itemsize == 2 else dtype
    dense = [None if x is None else x.astype(work, order="C") for x in row]
    _by_blocks(dense, block, k)
    for x, y in zip(row[:-1], dense[:-1], strict=True):
        if x is not None:
            x[...] = y


def _gradient(p: Any, g: Any, out: Any, l2: float, maximize: bool) -> Any:
    """The gradient with its sign and L2 term: ``g`` itself where nothing changes it."""
    if l2:
        np.multiply(p, l2, out=out)
        return np.subtract(out, g, out=out) if maximize else np.add(out, g, out=out)
    return np.negative(g, out=out) if maximize else g


def _sgd_block(p: Any, buffer: Any, g: Any, a: Any, b: Any, k: SgdConstants) -> None:
    g = _gradient(p, g, a, k.weight_decay, k.maximize)
    if buffer is not None:
        if k.fresh:
            buffer[...] = g
        else:
            np.multiply(buffer, k.momentum, out=buffer)
            np.add(buffer, g if not k.dampening else np.multiply(g, 1.0 - k.dampening, out=b),
                   out=buffer)  # fmt: skip
        g = np.add(g, np.multiply(buffer, k.momentum, out=b), out=a) if k.nesterov else buffer
    np.subtract(p, np.multiply(g, k.lr, out=b), out=p)


def _adam_block(p: Any, m: Any, v: Any, peak: Any, g: Any, a: Any, b: Any,
                k: AdamConstants) -> None:
    g = _gradient(p, g, a, k.l2, k.maximize)
    np.subtract(g, m, out=b)
    np.multiply(b, 1.0 - k.beta1, out=b)
    np.add(m, b, out=m)
    np.multiply(g, g, out=b)
    np.multiply(b, 1.0 - k.beta2, out=b)
    np.multiply(v, k.beta2, out=v)
    np.add(v, b, out=v)
    if peak is not None:
        v = np.maximum(peak, v, out=peak)
    np.sqrt(v, out=b)
    np.add(b, k.eps, out=b)
    np.divide(m, b, out=b)
    np.multiply(b, k.rate, out=b)
    if k.shrink != 1.0:
        np.multiply(p, k.shrink, out=p)
    np.subtract(p, b, out=p)

"""Gradients kept within bounds.

Holds:     the gradients of one GPU take a launch per dtype and table for the norm, one to finish it
           and one per dtype and table to scale; the host does not wait unless it has to raise.
Must not:  touch parameters.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ...array import cpu, float32, kind_of, quiet
from ...array.multi_tensor import global_norm, launch_over
from ...graph import mutated, new_tensor
from ...tensor import Tensor

__all__ = ["clip_grad_norm_", "clip_grad_value_", "get_total_norm"]


def clip_grad_norm_(parameters: Any, max_norm: float, norm_type: float = 2.0,
                    error_if_nonfinite: bool = False, foreach: bool | None = None) -> Tensor:
    """Scales all gradients down together so that their joint norm is at most ``max_norm``.

    Shape:   any -> (), the norm before
    Raises:  RuntimeError if the norm is not finite and ``error_if_nonfinite``
    Source:  Pascanu et al. 2013; semantics of torch.nn.utils.clip_grad_norm_
    """
    grads = _gradients(parameters)
    total, factors = _measure(grads, float(norm_type), float(max_norm))
    if error_if_nonfinite:
        _require_finite(total, norm_type)
    with quiet():
        for device, same in _by(grads, "device").items():
            _scale(same, factors[device])
    return total


def get_total_norm(tensors: Any, norm_type: float = 2.0, error_if_nonfinite: bool = False,
                   foreach: bool | None = None) -> Tensor:
    """The norm of all elements of all tensors together."""
    tensors = [tensors] if isinstance(tensors, Tensor) else list(tensors)
    total, _ = _measure(tensors, float(norm_type), math.inf)
    if error_if_nonfinite:
        _require_finite(total, norm_type)
    return total


def clip_grad_value_(parameters: Any, clip_value: float, foreach: bool | None = None) -> None:
    """Brings every element of every gradient into ``-clip_value .. clip_value``."""
    bound = float(clip_value)
    for kind, same in _by(_gradients(parameters), "kind").items():
        arrays = [g.array for g in same]
        if kind.is_cuda:
            _launch("clamp", arrays, bound)
        else:
            for array in arrays:
                np.clip(array, -bound, bound, out=array)
        for g in same:
            mutated(g)


def _gradients(parameters: Any) -> list[Tensor]:
    parameters = [parameters] if isinstance(parameters, Tensor) else parameters
    return [p.grad for p in parameters if p.grad is not None]


def _by(tensors: list[Tensor], what: str) -> dict[Any, list[Tensor]]:
    groups: dict[Any, list[Tensor]] = {}
    for tensor in tensors:
        groups.setdefault(getattr(tensor, what), []).append(tensor)
    return groups


def _require_finite(total: Tensor, norm_type: float) -> None:
    if not math.isfinite(float(total.array)):
        raise RuntimeError(
            f"The total norm of order {norm_type} for gradients from `parameters` is non-finite, "
            "so it cannot be clipped. To disable this error and scale the gradients by the "
            "non-finite norm anyway, set `error_if_nonfinite=False`"
        )


# --------------------------------------------------------------------------------------- the norm
def _measure(tensors: list[Tensor], order: float, max_norm: float) -> tuple[Tensor, Any]:
    """The joint norm, and for each device the factor that brings it to ``max_norm``.

    On one GPU both stay there; the factor is then a one-element float64 array.
    """
    if not tensors:
        return new_tensor(np.zeros((), np.float32), kind_of(cpu, float32)), {}
    kind = tensors[0].kind
    groups = _by(tensors, "device")
    if kind.is_cuda and len(groups) == 1:
        result = global_norm(_dense(tensors), order, max_norm)
        total = result[:1].reshape(()).astype(kind.numpy)
        return new_tensor(total, kind), {kind.device: result[1:]}
    with quiet():
        norms = [_host_norm(same, order, max_norm) for same in groups.values()]
        norm = _power_norm(np.array(norms), order)
    factor = min(1.0, max_norm / (norm + 1e-6)) if norm == norm else norm
    total = kind.xp.asarray(norm, dtype=kind.numpy)
    return new_tensor(total, kind), dict.fromkeys(groups, factor)


def _host_norm(tensors: list[Tensor], order: float, max_norm: float) -> float:
    """The norm of the tensors of one device, as a number."""
    if tensors[0].kind.is_cuda:
        return float(global_norm(_dense(tensors), order, max_norm)[0])
    parts = np.array([_power_norm(t.array.reshape(-1), order) for t in tensors if t.array.size])
    return _power_norm(parts, order)


def _power_norm(x: Any, order: float) -> float:
    """``(sum |x|^order) ^ (1 / order)``, or the largest ``|x|`` for infinite order."""
    if not x.size:
        return 0.0
    if x.dtype.itemsize == 2:
        x = x.astype(np.float32)
    if math.isinf(order):
        return float(np.abs(x).max())
    if order == 2:
        return math.sqrt(float(np.dot(x, x)))
    return float(float((np.abs(x) ** order).sum()) ** (1 / order))


def _dense(tensors: list[Tensor]) -> list[Any]:
    return [t.kind.xp.ascontiguousarray(t.array) for t in tensors]


# ------------------------------------------------------------------------------------ the scaling
def _scale(grads: list[Tensor], factor: Any) -> None:
    """Multiplies gradients of one device by a number, or by an array's only element."""
    for kind, same in _by(grads, "kind").items():
        arrays = [g.array for g in same]
        if kind.is_cuda:
            number = factor if hasattr(factor, "data") else kind.xp.full(1, factor, np.float64)
            _launch("scale", arrays, number)
        elif factor != 1.0:
            for array in arrays:
                np.multiply(array, factor, out=array, casting="same_kind")
        for g in same:
            mutated(g)


def _launch(kernel: str, arrays: list[Any], constant: Any) -> None:
    dense = [array if array._c_contiguous else array.copy(order="C") for array in arrays]
    launch_over(kernel, [dense], constant)
    for array, copy in zip(arrays, dense, strict=True):
        if copy is not array:
            array[...] = copy

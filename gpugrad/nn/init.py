"""First values of parameters.

Holds:     every function fills its tensor in place, outside the graph, and returns it.
Must not:  draw random numbers itself: that is the tensor's.
"""

from __future__ import annotations

import math
import warnings
from typing import Any

from ..graph import new_tensor, no_grad
from ..ops.special import erfinv
from ..tensor import Tensor

__all__ = [
    "calculate_gain", "constant_", "dirac_", "eye_", "kaiming_normal_", "kaiming_uniform_",
    "normal_", "ones_", "orthogonal_", "sparse_", "trunc_normal_", "uniform_", "xavier_normal_",
    "xavier_uniform_", "zeros_",
]  # fmt: skip

_GAINS = {
    "linear": 1.0, "conv1d": 1.0, "conv2d": 1.0, "conv3d": 1.0, "conv_transpose1d": 1.0,
    "conv_transpose2d": 1.0, "conv_transpose3d": 1.0, "sigmoid": 1.0, "tanh": 5.0 / 3,
    "relu": math.sqrt(2.0), "selu": 3.0 / 4,
}  # fmt: skip


def calculate_gain(nonlinearity: str, param: float | None = None) -> float:
    """The factor that keeps the variance of activations through ``nonlinearity``.

    >>> calculate_gain("leaky_relu", 0.2)
    1.3867504905630728
    """
    if nonlinearity == "leaky_relu":
        if param is None:
            param = 0.01
        elif isinstance(param, bool) or not isinstance(param, int | float):
            raise ValueError(f"negative_slope {param} not a valid number")
        return math.sqrt(2.0 / (1 + param**2))
    if nonlinearity not in _GAINS:
        raise ValueError(f"Unsupported nonlinearity {nonlinearity}")
    return _GAINS[nonlinearity]


# -------------------------------------------------------------------------------------- constants
def constant_(tensor: Tensor, val: float) -> Any:
    """Every element is ``val``."""
    with no_grad():
        return tensor.fill_(val)


def ones_(tensor: Tensor) -> Any:
    """Every element is one."""
    return constant_(tensor, 1.0)


def zeros_(tensor: Tensor) -> Any:
    """Every element is zero."""
    return constant_(tensor, 0.0)


def eye_(tensor: Tensor) -> Any:
    """The identity matrix, also of a matrix that is not square."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        tensor.fill_(0.0)
        for i in range(min(tensor.shape)):
            tensor[i, i] = 1.0
        return tensor


def dirac_(tensor: Tensor, groups: int = 1) -> Any:
    """The kernel of a convolution that copies as many channels as it can."""
    if tensor.dim() not in (3, 4, 5):
        raise ValueError("Only tensors with 3, 4, or 5 dimensions are supported")
    if tensor.shape[0] % groups:
        raise ValueError("dim 0 must be divisible by groups")
    with no_grad():
        tensor.fill_(0.0)
        per_group = tensor.shape[0] // groups
        middle = tuple(size // 2 for size in tensor.shape[2:])
        for group in range(groups):
            for channel in range(min(per_group, tensor.shape[1])):
                tensor[(group * per_group + channel, channel, *middle)] = 1.0
        return tensor


# ----------------------------------------------------------------------------------------- random
def uniform_(tensor: Tensor, a: float = 0.0, b: float = 1.0, generator: Any = None) -> Any:
    """Uniform between ``a`` and ``b``."""
    with no_grad():
        return tensor.uniform_(a, b, generator=generator)


def normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, generator: Any = None) -> Any:
    """Normal with the given mean and standard deviation."""
    with no_grad():
        return tensor.normal_(mean, std, generator=generator)


def trunc_normal_(tensor: Tensor, mean: float = 0.0, std: float = 1.0, a: float = -2.0,
                  b: float = 2.0, generator: Any = None) -> Any:  # fmt: skip
    """Normal, but only between ``a`` and ``b``: by the inverse of its distribution function."""
    with no_grad():
        low, high = (math.erf((edge - mean) / std / math.sqrt(2.0)) for edge in (a, b))
        tensor.uniform_(low, high, generator=generator)
        return tensor.copy_((erfinv(tensor) * (std * math.sqrt(2.0)) + mean).clamp(a, b))


def xavier_uniform_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Any:
    """Uniform within ``gain * sqrt(6 / (fan_in + fan_out))`` (Glorot & Bengio 2010)."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    bound = gain * math.sqrt(6.0 / (fan_in + fan_out))
    return uniform_(tensor, -bound, bound, generator)


def xavier_normal_(tensor: Tensor, gain: float = 1.0, generator: Any = None) -> Any:
    """Normal with deviation ``gain * sqrt(2 / (fan_in + fan_out))`` (Glorot & Bengio 2010)."""
    fan_in, fan_out = _calculate_fan_in_and_fan_out(tensor)
    return normal_(tensor, 0.0, gain * math.sqrt(2.0 / (fan_in + fan_out)), generator)


def kaiming_uniform_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                     nonlinearity: str = "leaky_relu", generator: Any = None) -> Any:
    """Uniform within ``gain * sqrt(3 / fan)`` (He et al. 2015)."""
    deviation = _kaiming_deviation(tensor, a, mode, nonlinearity)
    if deviation is None:
        return tensor
    bound = math.sqrt(3.0) * deviation
    return uniform_(tensor, -bound, bound, generator)


def kaiming_normal_(tensor: Tensor, a: float = 0, mode: str = "fan_in",
                    nonlinearity: str = "leaky_relu", generator: Any = None) -> Any:
    """Normal with deviation ``gain / sqrt(fan)`` (He et al. 2015)."""
    deviation = _kaiming_deviation(tensor, a, mode, nonlinearity)
    return tensor if deviation is None else normal_(tensor, 0.0, deviation, generator)


def _kaiming_deviation(tensor: Tensor, a: float, mode: str, nonlinearity: str) -> float | None:
    if 0 in tensor.shape:
        warnings.warn("Initializing zero-element tensors is a no-op", stacklevel=3)
        return None
    mode = mode.lower()
    if mode not in ("fan_in", "fan_out"):
        raise ValueError(f"Mode {mode} not supported, please use one of ['fan_in', 'fan_out']")
    fan = _calculate_fan_in_and_fan_out(tensor)[mode == "fan_out"]
    return calculate_gain(nonlinearity, a) / math.sqrt(fan)


def orthogonal_(tensor: Tensor, gain: float = 1, generator: Any = None) -> Any:
    """Rows or columns orthonormal, times ``gain`` (Saxe et al. 2013)."""
    if tensor.dim() < 2:
        raise ValueError("Only tensors with 2 or more dimensions are supported")
    if tensor.numel() == 0:
        return tensor
    with no_grad():
        rows = tensor.shape[0]
        xp = tensor.kind.xp
        drawn = tensor.detach().clone().normal_(generator=generator)
        matrix = drawn.array.reshape(rows, -1).astype(xp.float64)
        tall = matrix.shape[0] >= matrix.shape[1]
        q, r = xp.linalg.qr(matrix if tall else matrix.T)
        q *= xp.sign(xp.diagonal(r))
        filled = gain * (q if tall else q.T).reshape(tensor.shape)
        return tensor.copy_(new_tensor(filled.astype(tensor.kind.numpy), tensor.kind))


def sparse_(tensor: Tensor, sparsity: float, std: float = 0.01, generator: Any = None) -> Any:
    """Normal, with a fraction ``sparsity`` of each column zero (Martens 2010)."""
    if tensor.dim() != 2:
        raise ValueError("Only tensors with 2 dimensions are supported")
    with no_grad():
        zeros = math.ceil(sparsity * tensor.shape[0])
        tensor.normal_(0.0, std, generator=generator)
        keys = tensor.detach().clone().uniform_(generator=generator).array
        kept = keys.argsort(axis=0).argsort(axis=0) >= zeros
        return tensor.mul_(new_tensor(kept.astype(tensor.kind.numpy), tensor.kind))


def _calculate_fan_in_and_fan_out(tensor: Tensor) -> tuple[int, int]:
    """Inputs and outputs of one unit of a weight (out, in, *kernel)."""
    if tensor.dim() < 2:
        raise ValueError(
            "Fan in and fan out can not be computed for tensor with fewer than 2 dimensions"
        )
    field = math.prod(tensor.shape[2:])
    return tensor.shape[1] * field, tensor.shape[0] * field

"""gpugrad: PyTorch's define-by-run autograd on CuPy and NumPy, whose memory you can see.

Public names, arguments and module paths are PyTorch's where PyTorch has them, so a script can say
``import gpugrad as torch``. What PyTorch lacks is in ``gpugrad.memory``, ``gpugrad.fuse`` and on
tensors (``tensor.release_graph()``).
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from .tensor import Tensor, set_printoptions  # isort: skip  (first: ``tensor`` becomes a function)

from .array import (
    as_device,
    bfloat16,
    bool_,
    can_cast,
    default_device,
    default_dtype,
    device,
    dtype,
    float16,
    float32,
    float64,
    int8,
    int16,
    int32,
    int64,
    on_first_cuda,
    promote_types,
    set_default_device,
    set_default_dtype,
    uint8,
)
from .errors import (
    DeviceError,
    DTypeError,
    GpugradError,
    GraphError,
    GraphFreedError,
    InplaceError,
    NoGradError,
    OutOfMemoryError,
    ShapeError,
    UnusedInputError,
)
from .graph import Size, enable_grad, is_grad_enabled, no_grad, set_grad_enabled
from .ops.activation import relu, sigmoid
from .ops.aliases import add, div, masked_fill, nan_to_num, square, sub
from .ops.aliases import power as pow
from .ops.arithmetic import *  # noqa: F403  (the list is arithmetic.__all__)
from .ops.compare import *  # noqa: F403  (the list is compare.__all__)
from .ops.creation import (
    arange,
    as_tensor,
    asarray,
    empty,
    empty_like,
    eye,
    from_dlpack,
    from_numpy,
    full,
    full_like,
    linspace,
    ones,
    ones_like,
    tensor,
    zeros,
    zeros_like,
)
from .ops.elementwise import elementwise as fuse
from .ops.index import embedding, gather, index_select, narrow, select, take_along_dim
from .ops.join import cat, chunk, split, stack, unbind
from .ops.linalg import addmm, bmm, dot, matmul, mm, mv, outer
from .ops.random import (
    Generator,
    bernoulli,
    dropout,
    initial_seed,
    manual_seed,
    multinomial,
    normal,
    rand,
    rand_like,
    randint,
    randn,
    randn_like,
    randperm,
    seed,
)
from .ops.reduce import amax, amin, mean
from .ops.reduce import max_ as max
from .ops.reduce import min_ as min
from .ops.reduce import sum_ as sum
from .ops.shape import (
    broadcast_tensors,
    broadcast_to,
    clone,
    flatten,
    flip,
    movedim,
    permute,
    reshape,
    roll,
    squeeze,
    swapaxes,
    t,
    transpose,
    unflatten,
    unsqueeze,
)
from .ops.softmax import log_softmax, softmax
from .ops.statistics import all_ as all
from .ops.statistics import any_ as any
from .ops.statistics import (
    argmax,
    argmin,
    count_nonzero,
    cumsum,
    logsumexp,
    norm,
    prod,
    std,
    var,
    var_mean,
)

__version__ = "0.1.0"

# PyTorch's other names of the same things
absolute, negative, multiply, clip = abs, neg, mul, clamp  # noqa: F405
true_divide = divide = div
subtract = sub
concat = concatenate = cat
swapdims = swapaxes
float, double, half = float32, float64, float16
long, int, short, bool = int64, int32, int16, bool_
get_default_dtype, get_default_device = default_dtype, default_device


def _install_allocator() -> None:
    """CuPy's pool with an exact peak and gpugrad's out-of-memory error, before its first use."""
    __getattr__("memory").allocator.install()


on_first_cuda.append(_install_allocator)

_SUBMODULES = frozenset({"autograd", "cuda", "memory", "nn", "optim", "utils"})


def is_tensor(obj: object) -> Any:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def numel(input: Tensor) -> Any:
    """The number of elements."""
    return input.numel()


def allclose(input: Any, other: Any, rtol: Any = 1e-5, atol: Any = 1e-8,
             equal_nan: Any = False) -> Any:
    """Whether all elements are close: |input - other| <= atol + rtol * |other|."""
    close = isclose(input, other, rtol=rtol, atol=atol, equal_nan=equal_nan)  # noqa: F405
    return close.all().item()


def equal(input: Any, other: Any) -> Any:
    """Whether shapes and all elements are the same."""
    return input.shape == other.shape and eq(input, other).all().item()  # noqa: F405


def __getattr__(name: str) -> Any:
    """Rooms that not every program needs are imported at their first use."""
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    raise AttributeError(f"module 'gpugrad' has no attribute {name!r}")

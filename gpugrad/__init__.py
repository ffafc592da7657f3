"""gpugrad: PyTorch's define-by-run autograd on CuPy and NumPy, whose memory you can see.

Public names, arguments and module paths are PyTorch's where PyTorch has them, so a script can say
``import gpugrad as torch``. What PyTorch lacks is in ``gpugrad.memory``, ``gpugrad.fuse`` and on
tensors (``tensor.release_graph()``).
"""

from __future__ import annotations

from importlib import import_module
from math import e, inf, nan, pi
from typing import Any

from .tensor import (  # isort: skip  (first: ``tensor`` becomes a function)
    TENSOR_TYPES,
    Tensor,
    TypedStorage,
    UntypedStorage,
    get_printoptions,
    printoptions,
    set_default_tensor_type,
    set_printoptions,
)

from .array import (
    as_device,
    bfloat16,
    bool_,
    can_cast,
    default_device,
    default_dtype,
    device,
    dtype,
    finfo,
    float16,
    float32,
    float64,
    iinfo,
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
    no_complex_text,
)
from .graph import (
    Size,
    enable_grad,
    inference_mode,
    is_grad_enabled,
    is_inference_mode_enabled,
    no_grad,
    set_grad_enabled,
)
from .ops.catalogue import PLACES
from .ops.elementwise import elementwise as fuse
from .ops.generators import Generator

__version__ = "0.3.0"

newaxis = None
detach, detach_, fill_, zero_ = Tensor.detach, Tensor.detach_, Tensor.fill_, Tensor.zero_
globals().update(TENSOR_TYPES)  # FloatTensor and its kin
globals().update(PLACES["torch"])  # what the ops publish, each beside its declaration
float, double, half = float32, float64, float16
long, int, short, bool = int64, int32, int16, bool_
get_default_dtype, get_default_device = default_dtype, default_device


def _install_allocator() -> None:
    """CuPy's pool with an exact peak and gpugrad's out-of-memory error, before its first use."""
    __getattr__("memory").allocator.install()


on_first_cuda.append(_install_allocator)

_SUBMODULES = frozenset(
    {"autograd", "cuda", "func", "linalg", "memory", "nn", "optim", "random", "serialization",
     "special", "utils"}
)
_COMPLEX = frozenset(
    {"cdouble", "cfloat", "chalf", "complex", "complex128", "complex32", "complex64", "polar",
     "view_as_complex", "view_as_real"}
)
_ELSEWHERE = {"is_anomaly_check_nan_enabled": "autograd.anomaly_mode",
              "is_anomaly_enabled": "autograd.anomaly_mode",
              "default_generator": "random", "load": "serialization", "save": "serialization",
              "vmap": "func"}  # fmt: skip


def is_tensor(obj: object) -> Any:
    """Whether ``obj`` is a Tensor."""
    return isinstance(obj, Tensor)


def __getattr__(name: str) -> Any:
    """Rooms that not every program needs are imported at their first use."""
    if name in _SUBMODULES:
        return import_module(f".{name}", __name__)
    if name in _ELSEWHERE:
        return getattr(import_module(f".{_ELSEWHERE[name]}", __name__), name)
    if name in PLACES["inplace"]:  # gpugrad.relu_(x) is x.relu_()
        return PLACES["inplace"][name]
    if name in _COMPLEX:
        raise AttributeError(no_complex_text(f"gpugrad.{name}"))
    raise AttributeError(f"module 'gpugrad' has no attribute {name!r}")

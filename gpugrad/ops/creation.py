"""New tensors: from data, filled, in sequences; and into and out of other libraries.

Holds:     data that is already an array is shared, not copied, where PyTorch shares it.
Must not:  record anything: new tensors are leaves or constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np

from ..array import (
    as_device,
    as_dtype,
    cupy,
    default_device,
    default_dtype,
    device,
    float64,
    from_numpy_dtype,
    int64,
    kind_of,
    kind_of_array,
    loaded_cupy,
    promote_operands,
    scalar_dtype,
    storage_of_array,
)
from ..errors import DTypeError, negative_size, not_numbers, ragged
from ..graph import Accumulator, TensorBase, new_tensor
from .dims import flat_sizes
from .surface import public

__all__ = [
    "arange", "as_tensor", "asarray", "empty", "empty_like", "eye", "from_dlpack", "from_numpy",
    "full", "full_like", "linspace", "ones", "ones_like", "require_grad", "tensor", "wrap_array",
    "zeros", "zeros_like",
]  # fmt: skip


def require_grad(tensor: Any, wanted: bool = True) -> Any:
    """Makes a leaf require a gradient, or not; returns it.

    Raises:  RuntimeError for dtypes without gradients
    """
    if wanted and tensor.node is None:
        if not tensor.kind.is_floating_point:
            raise DTypeError(
                "Only Tensors of floating point and complex dtype can require gradients, not "
                f"{tensor.kind.dtype.name}"
            )
        tensor.node = Accumulator(tensor)
    elif not wanted:
        tensor.node = None
    return tensor


def _made(array: Any, requires_grad: bool) -> Any:
    out = new_tensor(array, kind_of_array(array))
    return require_grad(out) if requires_grad else out


# -------------------------------------------------------------------------------------- from data
def wrap_array(array: Any) -> Any:
    """A tensor that shares the bytes of a NumPy or CuPy array."""
    kind = kind_of_array(array)
    return new_tensor(array, kind, storage=storage_of_array(array, kind))


@public("torch")
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Any:
    """A new leaf with a copy of ``data`` (numbers, nested sequences, arrays, tensors).

    Dtype:   Python floats -> the default dtype, ints -> int64, bools -> bool; arrays keep theirs
    Raises:  ValueError for ragged sequences
    """
    array, on = _array_of(data)
    element = as_dtype(dtype) if dtype is not None else _inferred(data, array)
    kind = kind_of(as_device(device) if device is not None else on or default_device(), element)
    return _placed(array, kind, copy=True, requires_grad=requires_grad)


@public("torch", also="asarray")
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """``tensor`` that shares bytes where dtype and device allow."""
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)  # type: ignore[attr-defined]
    array, on = _array_of(data)
    element = as_dtype(dtype) if dtype is not None else _inferred(data, array)
    kind = kind_of(as_device(device) if device is not None else on or default_device(), element)
    if hasattr(data, "dtype") and kind_of_array(array) is kind:
        return wrap_array(array)
    return _placed(array, kind, copy=False, requires_grad=False)


asarray = as_tensor


def _array_of(data: Any) -> tuple[Any, device | None]:
    """``data`` as an array, and the device it is on if it is an array or tensor."""
    if isinstance(data, TensorBase):
        return data.array, data.kind.device
    module = loaded_cupy()
    if module is not None and isinstance(data, module.ndarray):
        return data, device("cuda", data.device.id)
    if isinstance(data, np.ndarray):
        return data, None
    if hasattr(data, "__cuda_array_interface__"):
        found = cupy().asarray(data)
        return found, device("cuda", found.device.id)
    if isinstance(data, (list, tuple)) and _holds_tensors(data):
        data = [t.array.tolist() if isinstance(t, TensorBase) else t for t in data]
    try:
        return np.asarray(data), None
    except ValueError:
        raise ragged(*_uneven(data)) from None


def _uneven(data: Any) -> tuple[int, int, int]:
    """The depth where nested sequences differ in length, and two lengths."""
    depth, level = 0, [data]
    while level:
        lengths = [len(part) if isinstance(part, (list, tuple)) else 0 for part in level]
        for length in lengths:
            if length != lengths[0]:
                return lengths[0], depth, length
        depth, level = depth + 1, list(chain.from_iterable(level)) if lengths[0] else []
    return 0, depth, 0


def _holds_tensors(data: Sequence[Any]) -> bool:
    return any(isinstance(item, TensorBase) for item in data)


def _inferred(data: Any, array: Any) -> Any:
    if hasattr(data, "dtype"):
        return data.kind.dtype if isinstance(data, TensorBase) else from_numpy_dtype(array.dtype)
    if array.dtype.kind not in "biuf":
        raise not_numbers(type(data).__name__, array.dtype)
    found = from_numpy_dtype(array.dtype)
    if found is float64:
        return default_dtype()
    return found if array.dtype.kind == "b" else int64


def _placed(array: Any, kind: Any, *, copy: bool, requires_grad: bool) -> Any:
    on_host = isinstance(array, np.ndarray)
    if kind.is_cuda:
        moved = kind.xp.array(array, dtype=kind.numpy, copy=True if copy else None)
    else:
        host = array if on_host else loaded_cupy().asnumpy(array)
        moved = host.astype(kind.numpy, copy=copy or not on_host)
    out = new_tensor(moved, kind)
    return require_grad(out) if requires_grad else out


@public("torch")
def from_numpy(ndarray: Any) -> Any:
    """A CPU tensor that shares the bytes of a NumPy array: writes show on both sides."""
    if not isinstance(ndarray, np.ndarray):
        raise TypeError(f"expected np.ndarray (got {type(ndarray).__name__})")
    if ndarray.dtype.kind in "SUOMmVc" and ndarray.dtype.name != "bfloat16":
        raise TypeError(f"can't convert np.ndarray of type {ndarray.dtype.type.__module__}."
                        f"{ndarray.dtype.type.__name__}.")  # fmt: skip
    return wrap_array(ndarray)


@public("torch")
def from_dlpack(ext_tensor: Any) -> Any:
    """A tensor that shares the bytes of any object with ``__dlpack__``."""
    kind = ext_tensor.__dlpack_device__()[0]
    return wrap_array(np.from_dlpack(ext_tensor) if kind == 1 else cupy().from_dlpack(ext_tensor))


# ----------------------------------------------------------------------------------------- filled
def _kind(dtype: Any, on: Any) -> Any:
    return kind_of(as_device(on), default_dtype() if dtype is None else as_dtype(dtype))


def _filled(name: str, size: Sequence[Any], dtype: Any, on: Any, requires_grad: bool) -> Any:
    kind = _kind(dtype, on)
    shape = flat_sizes(size)
    if shape and min(shape) < 0:
        raise negative_size(name, shape)
    out = new_tensor(getattr(kind.xp, name)(shape, kind.numpy), kind)
    return require_grad(out) if requires_grad else out


@public("torch out")
def zeros(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of zeros."""
    return _filled("zeros", size, dtype, device, requires_grad)


@public("torch out")
def ones(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor of ones."""
    return _filled("ones", size, dtype, device, requires_grad)


@public("torch out")
def empty(*size: Any, dtype: Any = None, device: Any = None, requires_grad: bool = False) -> Any:
    """A tensor whose values are whatever the memory held."""
    return _filled("empty", size, dtype, device, requires_grad)


@public("torch out")
def full(size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Any:
    """A tensor of one value, whose dtype follows the value."""
    element = scalar_dtype(fill_value) if dtype is None else dtype
    kind = _kind(element, device)
    shape = size if isinstance(size, int) else tuple(size)
    out = new_tensor(kind.xp.full(shape, fill_value, kind.numpy), kind)
    return require_grad(out) if requires_grad else out


def _like(name: str, input: Any, dtype: Any, on: Any, requires_grad: bool) -> Any:
    kind = kind_of(
        input.kind.device if on is None else as_device(on),
        input.kind.dtype if dtype is None else as_dtype(dtype),
    )
    out = new_tensor(getattr(kind.xp, name)(input.shape, kind.numpy), kind)
    return require_grad(out) if requires_grad else out


@public("torch out")
def zeros_like(input: Any, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Any:
    """Zeros of the shape, dtype and device of ``input``."""
    return _like("zeros", input, dtype, device, requires_grad)


@public("torch out")
def ones_like(input: Any, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Any:
    """Ones of the shape, dtype and device of ``input``."""
    return _like("ones", input, dtype, device, requires_grad)


@public("torch out")
def empty_like(input: Any, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Any:
    """Uninitialised memory of the shape, dtype and device of ``input``."""
    return _like("empty", input, dtype, device, requires_grad)


@public("torch")
def full_like(input: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Any:
    """One value in the shape, dtype and device of ``input``."""
    out = _like("empty", input, dtype, device, False)
    out.array[...] = fill_value
    return require_grad(out) if requires_grad else out


# -------------------------------------------------------------------------------------- sequences
@public("torch out")
def arange(start: Any, end: Any = None, step: Any = 1, *, dtype: Any = None, device: Any = None,
           requires_grad: bool = False) -> Any:
    """Numbers from ``start`` to ``end`` (excluded) by ``step``."""
    if end is None:
        start, end = 0, start
    element = promote_operands((), (), (start, end, step)) if dtype is None else dtype
    if step == 0:
        raise RuntimeError("step must be nonzero")
    if (end - start) * step < 0:
        raise RuntimeError("upper bound and lower bound inconsistent with step sign")
    kind = _kind(element, device)
    return _made(kind.xp.arange(start, end, step, dtype=kind.numpy), requires_grad)


@public("torch out")
def linspace(start: float, end: float, steps: int, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False) -> Any:
    """``steps`` numbers evenly spaced from ``start`` to ``end``, both included."""
    if steps < 0:
        raise RuntimeError("number of steps must be non-negative")
    kind = _kind(dtype, device)
    return _made(kind.xp.linspace(start, end, steps, dtype=kind.numpy), requires_grad)


@public("torch out")
def eye(n: int, m: int | None = None, *, dtype: Any = None, device: Any = None,
        requires_grad: bool = False) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    kind = _kind(dtype, device)
    return _made(kind.xp.eye(n, m, dtype=kind.numpy), requires_grad)

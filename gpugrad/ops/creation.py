"""New tensors from data, and out of other libraries.

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
    cpu,
    cupy,
    default_device,
    default_dtype,
    device,
    dtype,
    float64,
    from_numpy_dtype,
    iinfo,
    int64,
    kind_of,
    kind_of_array,
    loaded_cupy,
    pinned,
    storage_of_array,
)
from ..array.dtypes import INT
from ..errors import DTypeError, not_numbers, ragged
from ..graph import Accumulator, Lost, TensorBase, here, lose, new_tensor
from .layouts import check_layout
from .surface import public

__all__ = [
    "as_tensor", "asarray", "finished", "from_dlpack", "from_numpy", "frombuffer", "require_grad",
    "tensor", "wrap_array",
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


# -------------------------------------------------------------------------------------- from data
def wrap_array(array: Any) -> Any:
    """A tensor that shares the bytes of a NumPy or CuPy array."""
    kind = kind_of_array(array)
    return _from_outside(new_tensor(array, kind, storage=storage_of_array(array, kind)), array)


def _from_outside(out: Any, data: Any) -> Any:
    """``out``, which notes that no gradient reaches the array or tensor it was made from."""
    if isinstance(data, TensorBase):
        return lose(out, (data,), "copy")
    if hasattr(data, "dtype") and out.kind.is_floating_point:
        out.lost = Lost("array", type(data).__module__.partition(".")[0], *here())
    return out


@public("torch")
def tensor(data: Any, *, dtype: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Any:
    """A new leaf with a copy of ``data`` (numbers, nested sequences, arrays, tensors).

    Dtype:   Python floats -> the default dtype, ints -> int64, bools -> bool; arrays keep theirs
    Raises:  ValueError for ragged sequences
    """
    array, on = _array_of(data)
    element = as_dtype(dtype) if dtype is not None else _inferred(data, array)
    if not hasattr(data, "dtype"):
        _check_range(array, element)
    kind = kind_of(as_device(device) if device is not None else on or default_device(), element)
    out = _from_outside(_placed(array, kind, copy=True, requires_grad=requires_grad), data)
    return finished(out, pin_memory=pin_memory) if pin_memory else out


def _check_range(array: Any, element: dtype) -> None:
    """Python's integers must fit the dtype."""
    if array.dtype.kind in "iuO" and array.size and element.category == INT:
        least, most = (int(extreme(array)) for extreme in (np.min, np.max))
        if least < -(2**63) or most >= 2**63:
            raise ValueError("Overflow when unpacking long long")
        limits = iinfo(element)
        if least < limits.min or most > limits.max:
            raise RuntimeError(f"value cannot be converted to type {element.name} without overflow")


def finished(out: Any, requires_grad: bool = False, layout: Any = None, pin_memory: bool = False
             ) -> Any:
    """A new tensor with what all functions that make one can be asked for."""
    check_layout(layout)
    if pin_memory and not out.kind.is_cuda:
        out = new_tensor(pinned(out.array), out.kind)
    return require_grad(out) if requires_grad else out


@public("torch")
def as_tensor(data: Any, dtype: Any = None, device: Any = None) -> Any:
    """``tensor`` that shares bytes where dtype and device allow."""
    if isinstance(data, TensorBase):
        return data.to(device=device, dtype=dtype)  # type: ignore[attr-defined]
    array, on = _array_of(data)
    element = as_dtype(dtype) if dtype is not None else _inferred(data, array)
    kind = kind_of(as_device(device) if device is not None else on or default_device(), element)
    if hasattr(data, "dtype") and kind_of_array(array) is kind:
        return wrap_array(array)
    if not hasattr(data, "dtype"):
        _check_range(array, element)
    return _from_outside(_placed(array, kind, copy=False, requires_grad=False), data)


@public("torch")
def asarray(obj: Any, *, dtype: Any = None, device: Any = None, copy: bool | None = None,
            requires_grad: bool | None = None) -> Any:
    """A tensor of any data: shared where that is possible, unless ``copy`` says otherwise.

    Raises:  ValueError with ``copy=False`` where sharing is not possible
    """
    given = isinstance(obj, TensorBase) and obj.node is not None
    wanted = given if requires_grad is None else requires_grad
    if copy:
        return tensor(obj, dtype=dtype, device=device, requires_grad=wanted)
    if isinstance(obj, (bytes, bytearray, memoryview)):
        obj = frombuffer(obj, dtype=dtype or default_dtype())
    found = as_tensor(obj, dtype=dtype, device=device)
    if copy is False:
        _check_shared(obj, found)
    if wanted or not given:
        return require_grad(found) if wanted else found
    return found.detach()


def _check_shared(obj: Any, found: Any) -> None:
    """ValueError unless ``found`` looks at the bytes of ``obj``."""
    if not hasattr(obj, "dtype"):
        raise ValueError("can't alias arbitrary sequence into a tensor.")
    kind = obj.kind if isinstance(obj, TensorBase) else kind_of_array(_array_of(obj)[0])
    if kind.dtype is not found.kind.dtype:
        raise ValueError(f"can't alias tensor with dtype '{kind.dtype.name}' into dtype "
                         f"'{found.kind.dtype.name}'.")  # fmt: skip
    if kind is not found.kind:
        raise ValueError(f"can't alias tensor from device '{kind.device}' to "
                         f"'{found.kind.device}'.")  # fmt: skip


@public("torch")
def frombuffer(buffer: Any, *, dtype: Any, count: int = -1, offset: int = 0,
               requires_grad: bool = False) -> Any:
    """A CPU tensor of one dimension that shares the bytes of any object with a buffer.

    Raises:  ValueError if the buffer does not hold what is asked for
    """
    kind = kind_of(cpu, as_dtype(dtype))
    held, size = memoryview(buffer).nbytes, kind.dtype.itemsize
    if not held or not count:
        raise ValueError(f"both buffer length ({held}) and count ({count}) must not be 0")
    if not 0 <= offset < held:
        raise ValueError(
            f"offset ({offset} bytes) must be non-negative and no greater than buffer length "
            f"({held} bytes) minus 1"
        )
    if count < 0 and (held - offset) % size:
        raise ValueError(
            f"buffer length ({held - offset} bytes) after offset ({offset} bytes) must be a "
            f"multiple of element size ({size})"
        )
    count = (held - offset) // size if count < 0 else count
    if offset + count * size > held:
        raise ValueError(
            f"requested buffer length ({count} * {size} bytes) after offset ({offset} bytes) must "
            f"not be greater than actual buffer length ({held} bytes)"
        )
    out = wrap_array(np.frombuffer(buffer, kind.numpy, count, offset))
    return require_grad(out) if requires_grad else out


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
    if array.dtype.kind == "u" or (
        array.dtype.kind == "O" and all(isinstance(value, int) for value in array.flat)
    ):
        return int64  # too large for any dtype, as is said next
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
    if any(step < 0 for step in ndarray.strides):
        raise ValueError(
            "At least one stride in the given numpy array is negative, and tensors with negative "
            "strides are not currently supported. (You can probably work around this by making a "
            "copy of your array  with array.copy().) "
        )
    if ndarray.dtype.kind in "SUOMmVc" and ndarray.dtype.name != "bfloat16":
        raise TypeError(f"can't convert np.ndarray of type {ndarray.dtype.type.__module__}."
                        f"{ndarray.dtype.type.__name__}.")  # fmt: skip
    return wrap_array(ndarray)


@public("torch")
def from_dlpack(ext_tensor: Any) -> Any:
    """A tensor that shares the bytes of any object with ``__dlpack__``."""
    kind = ext_tensor.__dlpack_device__()[0]
    return wrap_array(np.from_dlpack(ext_tensor) if kind == 1 else cupy().from_dlpack(ext_tensor))

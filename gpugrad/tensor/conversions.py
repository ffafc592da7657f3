"""Conversions: other dtypes and devices, Python numbers, NumPy, DLPack.

Holds:     what can be shared is shared; what crosses devices is copied.
Must not:  annotate with ``int``, ``float`` or ``bool``: those are methods here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import as_device, as_dtype, cpu, device, dtype, kind_of
from ..errors import GraphError
from ..graph import TensorBase
from ..ops import rearrange
from ..ops.broadcast import convert
from ..ops.memory_format import check_format
from .legacy import legacy_tensor, type_of

__all__ = ["Conversions"]

class Conversions(TensorBase):
    """The part of ``Tensor`` that leads elsewhere."""

    __slots__ = ()

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """On another device or in another dtype: ``to(device)``, ``to(dtype)``, ``to(other)``.

        ``copy=True`` copies even where nothing changes; ``non_blocking`` changes nothing.
        """
        place, element, copy = destination(args, kwargs)
        kind = kind_of(
            self.kind.device if place is None else as_device(place),
            self.kind.dtype if element is None else as_dtype(element),
        )
        if kwargs.get("memory_format") is not None:
            check_format(kwargs["memory_format"], len(self.shape))
        return rearrange.clone(self) if copy and kind is self.kind else convert(self, kind)

    def cpu(self, memory_format: Any = None) -> Any:
        """On the CPU."""
        return convert(self, kind_of(cpu, self.kind.dtype))

    def cuda(self, device: Any = None, non_blocking: Any = False, memory_format: Any = None) -> Any:
        """On a GPU."""
        return self.to("cuda" if device is None else device)

    def type(self, dtype: Any = None, non_blocking: Any = False) -> Any:
        """The type's name, ``torch.FloatTensor``, or the tensor converted to ``dtype``.

        ``dtype`` may be a dtype, such a name, or a tensor type (``gpugrad.LongTensor``).
        """
        wanted = type_of(self, dtype)
        return wanted if dtype is None else convert(self, kind_of(*wanted))

    def new(self, *data: Any, device: Any = None) -> Any:
        """A tensor of this dtype from sizes or data, the way ``Tensor(...)`` makes them."""
        place = self.kind.device if device is None else device
        return legacy_tensor(data, self.kind.dtype, place)

    def type_as(self, other: Any) -> Any:
        """Converted to the dtype of ``other``."""
        return self.to(other.kind.dtype)

    def float(self, memory_format: Any = None) -> Any:
        """As float32."""
        return self.to(as_dtype("float32"))

    def double(self, memory_format: Any = None) -> Any:
        """As float64."""
        return self.to(as_dtype("float64"))

    def half(self, memory_format: Any = None) -> Any:
        """As float16."""
        return self.to(as_dtype("float16"))

    def bfloat16(self, memory_format: Any = None) -> Any:
        """As bfloat16."""
        return self.to(as_dtype("bfloat16"))

    def long(self, memory_format: Any = None) -> Any:
        """As int64."""
        return self.to(as_dtype("int64"))

    def int(self, memory_format: Any = None) -> Any:
        """As int32."""
        return self.to(as_dtype("int32"))

    def short(self, memory_format: Any = None) -> Any:
        """As int16."""
        return self.to(as_dtype("int16"))

    def char(self, memory_format: Any = None) -> Any:
        """As int8."""
        return self.to(as_dtype("int8"))

    def byte(self, memory_format: Any = None) -> Any:
        """As uint8."""
        return self.to(as_dtype("uint8"))

    def bool(self, memory_format: Any = None) -> Any:
        """As bool."""
        return self.to(as_dtype("bool"))

    def numpy(self, *, force: Any = False) -> Any:
        """The NumPy array of a CPU tensor (shared), or a copy from a GPU.

        Raises:  RuntimeError for a tensor that requires grad, unless ``force``
        """
        if self.node is not None and not force:
            raise GraphError(
                "Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() "
                "instead."
            )
        return self.array if isinstance(self.array, np.ndarray) else self.array.get()

    def item(self) -> Any:
        """The one element as a Python number."""
        if self.array.size != 1:
            raise RuntimeError(
                f"a Tensor with {self.array.size} elements cannot be converted to Scalar"
            )
        return self.array.item()

    def tolist(self) -> Any:
        """Nested lists of Python numbers."""
        return self.array.tolist()

    # ----------------------------------------------------------------------------- other libraries
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        array = self.numpy()
        return array if dtype is None else array.astype(dtype, copy=False)

    @property
    def __cuda_array_interface__(self) -> Any:
        if not self.kind.is_cuda:
            raise AttributeError("a CPU tensor has no __cuda_array_interface__")
        if self.node is not None:
            raise GraphError(
                "Can't get __cuda_array_interface__ on Variable that requires grad. Use "
                "var.detach() first."
            )
        return self.array.__cuda_array_interface__

    def __dlpack__(self, **options: Any) -> Any:
        if self.node is not None:
            raise BufferError("Can't export tensors that require gradient, use tensor.detach()")
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self) -> Any:
        return self.array.__dlpack_device__()


def destination(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, Any, Any]:
    """The device, the dtype (None: as they are) and ``copy`` that the arguments of ``to`` ask for.

    ``to(dtype, non_blocking, copy)``, ``to(other, non_blocking, copy)``,
    ``to(device, dtype, non_blocking, copy)``; each may be given by its name.
    """
    unknown = kwargs.keys() - {"device", "dtype", "tensor", "non_blocking", "copy", "memory_format"}
    given = list(args)
    place, element, other = map(kwargs.get, ("device", "dtype", "tensor"))
    if given and isinstance(given[0], TensorBase):
        other = given.pop(0)
    elif given and _is_dtype(given[0]):
        element = given.pop(0)
    elif given:
        place = given.pop(0)
        if given and (given[0] is None or _is_dtype(given[0])):
            element = given.pop(0)
    flags = all(isinstance(flag, (bool, int)) for flag in given)
    if unknown or len(given) > 2 or not flags or not _is_place(place):
        raise TypeError("to() received an invalid combination of arguments")
    if other is not None:
        place, element = other.kind.device, other.kind.dtype
    return place, element, given[1] if len(given) == 2 else kwargs.get("copy", False)


def _is_dtype(value: Any) -> Any:
    return isinstance(value, dtype) or value in (float, int, bool)


def _is_place(value: Any) -> Any:
    return value is None or isinstance(value, (str, device, int))

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

__all__ = ["Conversions"]

_PYTHON_TYPES = (float, int, bool)


class Conversions(TensorBase):
    """The part of ``Tensor`` that leads elsewhere."""

    __slots__ = ()

    def to(self, *args: Any, **kwargs: Any) -> Any:
        """On another device or in another dtype: ``to(device)``, ``to(dtype)``, ``to(other)``."""
        on, element = kwargs.get("device"), kwargs.get("dtype")
        for arg in args:
            if isinstance(arg, TensorBase):
                on, element = arg.kind.device, arg.kind.dtype
            elif isinstance(arg, dtype) or arg in _PYTHON_TYPES:
                element = arg
            elif isinstance(arg, str | device) or arg.__class__.__name__ == "int":
                on = arg
        kind = kind_of(
            self.kind.device if on is None else as_device(on),
            self.kind.dtype if element is None else as_dtype(element),
        )
        if kind is self.kind and kwargs.get("copy"):
            return rearrange.clone(self)
        return convert(self, kind)

    def cpu(self) -> Any:
        """On the CPU."""
        return convert(self, kind_of(cpu, self.kind.dtype))

    def cuda(self, device: Any = None, non_blocking: bool = False) -> Any:
        """On a GPU."""
        return self.to("cuda" if device is None else device)

    def type(self, dtype: Any = None) -> Any:
        """The dtype's name, or the tensor converted to ``dtype``."""
        return f"torch.{self.kind.dtype.name}" if dtype is None else self.to(as_dtype(dtype))

    def type_as(self, other: Any) -> Any:
        """Converted to the dtype of ``other``."""
        return self.to(other.kind.dtype)

    def float(self) -> Any:
        """As float32."""
        return self.to(as_dtype("float32"))

    def double(self) -> Any:
        """As float64."""
        return self.to(as_dtype("float64"))

    def half(self) -> Any:
        """As float16."""
        return self.to(as_dtype("float16"))

    def bfloat16(self) -> Any:
        """As bfloat16."""
        return self.to(as_dtype("bfloat16"))

    def long(self) -> Any:
        """As int64."""
        return self.to(as_dtype("int64"))

    def int(self) -> Any:
        """As int32."""
        return self.to(as_dtype("int32"))

    def bool(self) -> Any:
        """As bool."""
        return self.to(as_dtype("bool"))

    def numpy(self) -> Any:
        """The NumPy array of a CPU tensor (shared), or a copy from a GPU.

        Raises:  RuntimeError for a tensor that requires grad
        """
        if self.node is not None:
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

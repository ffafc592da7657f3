"""Tensors that a module registers when they are assigned to it.

Holds:     a Parameter shares the bytes of the tensor it is made from, and is a leaf. Conversion
           keeps the object: optimizers and graphs that know it go on knowing it.
Must not:  add state to a tensor.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..array import as_device, as_dtype, default_dtype, kind_of
from ..graph import TensorBase, mutated, new_tensor, storage_of
from ..tensor import Tensor

__all__ = ["Buffer", "Parameter", "convert_parameter", "new_parameter"]

_new = object.__new__


class Parameter(Tensor):
    """A leaf that a module finds and an optimizer updates.

    >>> Parameter(gpugrad.zeros(2))
    Parameter containing:
    tensor([0., 0.], requires_grad=True)
    """

    __slots__ = ()

    def __new__(cls, data: Any = None, requires_grad: bool = True) -> Parameter:
        out: Parameter = _sharing(cls, data)
        if requires_grad:
            out.requires_grad_()
        return out

    def __init__(self, data: Any = None, requires_grad: bool = True) -> None:
        """``__new__`` has done everything."""

    def __deepcopy__(self, memo: dict[int, Any]) -> Parameter:
        found = memo.get(id(self))
        if found is None:
            found = memo[id(self)] = type(self)(self.detach().clone(), self.requires_grad)
        return found

    def __reduce__(self) -> Any:
        return type(self), (self.detach(), self.requires_grad)

    def __repr__(self) -> str:
        return f"Parameter containing:\n{super().__repr__()}"


class Buffer(Tensor):
    """A tensor that a module registers as a buffer when it is assigned to it."""

    __slots__ = ("persistent",)

    persistent: bool

    def __new__(cls, data: Any = None, *, persistent: bool = True) -> Buffer:
        out: Buffer = _sharing(cls, data)
        out.persistent = persistent
        return out

    def __init__(self, data: Any = None, *, persistent: bool = True) -> None:
        """``__new__`` has done everything."""


def _sharing(cls: type[Any], data: Any) -> Any:
    """A tensor of class ``cls`` on the bytes of ``data``, outside any graph."""
    if data is None:
        kind = kind_of(as_device(None), default_dtype())
        data = new_tensor(kind.xp.empty(0, kind.numpy), kind)
    elif not isinstance(data, TensorBase):
        raise TypeError(f"Parameter data must be a Tensor, not {type(data).__name__}")
    out = _new(cls)
    out.array, out.kind, out.shape = data.array, data.kind, data.shape
    out.storage = storage_of(data)
    out.node = out._grad = out.origin = out.lost = out.extra = None
    return out


def new_parameter(shape: tuple[int, ...], device: Any, dtype: Any) -> Parameter:
    """An uninitialised parameter."""
    kind = kind_of(as_device(device), default_dtype() if dtype is None else as_dtype(dtype))
    return Parameter(new_tensor(kind.xp.empty(shape, kind.numpy), kind))


def convert_parameter(param: Parameter, convert: Callable[[Any], Any]) -> None:
    """Gives ``param`` and its gradient the bytes of ``convert`` of them, in place."""
    converted = convert(param.detach())
    if converted.array is param.array:
        return
    _take(param, converted)
    if param.grad is not None:
        grad = convert(param.grad.detach())
        param._grad = None
        param.grad = grad


def _take(tensor: Tensor, source: Tensor) -> None:
    """Makes ``tensor`` look at the bytes of ``source``."""
    tensor.array, tensor.kind, tensor.shape = source.array, source.kind, source.shape
    tensor.storage = source.storage
    if tensor.storage is not None:
        mutated(tensor)

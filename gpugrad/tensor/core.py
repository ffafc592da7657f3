"""The tensor users hold.

Holds:     its state is TensorBase's; its mathematics is Methods'; its writes are InPlace's. Here is
           what makes it a Python object and a member of a graph.
Must not:  compute.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ..array import device, dtype
from ..errors import GraphError
from ..graph import (
    TensorBase,
    backward,
    graph_node,
    is_leaf,
    lose,
    mutated,
    new_tensor,
    release_graph,
    storage_of,
    use_class,
    why_no_grad,
)
from ..graph.hooks import add_hook, retain_grad
from ..ops import creation, join, printed
from ..ops.dims import axis_of
from ..ops.memory_format import contiguous_format, in_order
from ..ops.queries import is_nonzero
from .conversions import Conversions
from .inplace import InPlace
from .legacy import legacy_tensor
from .methods import Methods
from .printing import tensor_repr
from .properties import Properties

__all__ = ["Tensor"]


class Tensor(Methods, InPlace, Conversions, Properties):
    """An array with a place in a graph. Make one with ``gpugrad.tensor`` and its kin."""

    __slots__ = ()

    def __new__(cls, *data: Any, device: Any = None) -> Any:
        """``Tensor(data)`` copies data as the default dtype; ``Tensor(2, 3)`` is uninitialised."""
        return legacy_tensor(data, None, device)

    # ---------------------------------------------------------------------------------- properties
    @property
    def dtype(self) -> dtype:
        """The element type."""
        return self.kind.dtype

    @property
    def device(self) -> device:
        """Where the bytes are."""
        return self.kind.device

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    def dim(self) -> int:
        """The number of dimensions."""
        return len(self.shape)

    ndimension = dim

    def size(self, dim: int | None = None) -> Any:
        """The shape, or one size of it."""
        return self.shape if dim is None else self.shape[axis_of(dim, len(self.shape))]

    def numel(self) -> int:
        """The number of elements."""
        return int(self.array.size)

    nelement = numel

    def stride(self, dim: int | None = None) -> Any:
        """Steps between neighbours, in elements."""
        steps = tuple(s // self.kind.dtype.itemsize for s in self.array.strides)
        return steps if dim is None else steps[axis_of(dim, len(steps))]

    def is_contiguous(self, memory_format: Any = contiguous_format) -> bool:
        """Whether the elements lie in order, without gaps."""
        return in_order(self.array, memory_format)

    # ----------------------------------------------------------------------------------- the graph
    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to this tensor."""
        return self.node is not None

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        if not is_leaf(self):
            if wanted:
                return
            raise GraphError(
                "you can only change requires_grad flags of leaf variables. If you want to use a "
                "computed variable in a subgraph that doesn't require differentiation use "
                "var_no_grad = var.detach()."
            )
        creation.require_grad(self, bool(wanted))

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Sets ``requires_grad``; returns the tensor."""
        self.requires_grad = requires_grad
        return self

    @property
    def is_leaf(self) -> bool:
        """Whether the user made it, rather than a recorded op."""
        return is_leaf(self)

    @property
    def grad_fn(self) -> Any:
        """The node that made it; None for leaves."""
        return None if is_leaf(self) else graph_node(self.node)[0]

    @property
    def output_nr(self) -> int:
        """Which output of ``grad_fn`` it is."""
        return 0 if is_leaf(self) else graph_node(self.node)[1]

    @property
    def grad(self) -> Any:
        """The gradient accumulated so far, or None."""
        if self._grad is None and not is_leaf(self) and not _retains(self):
            warnings.warn(
                "The .grad attribute of a Tensor that is not a leaf Tensor is being accessed. Its "
                ".grad attribute won't be populated during autograd.backward(). If you want the "
                ".grad field to be populated for a non-leaf Tensor, use .retain_grad() on it.",
                stacklevel=2,
            )
        return self._grad

    @grad.setter
    def grad(self, value: Any) -> None:
        if value is not None:
            _check_grad(self, value)
        self._grad = value

    @grad.deleter
    def grad(self) -> None:
        self._grad = None

    def backward(self, gradient: Any = None, retain_graph: bool | None = None,
                 create_graph: bool = False, inputs: Any = None) -> None:
        """Accumulates the gradients of this tensor into the ``.grad`` of its leaves.

        See ``gpugrad.autograd.backward``; ``gradient`` may also be a number.
        """
        backward(self, gradient, retain_graph, create_graph, inputs)

    def release_graph(self) -> int:
        """Lets go of every value saved by the graph behind this tensor; returns the bytes."""
        return release_graph(self)

    def detach(self) -> Any:
        """The same bytes without the graph."""
        return self._cut_off("detach")

    def _cut_off(self, how: str) -> Any:
        out = new_tensor(self.array, self.kind, None, storage_of(self), self.shape)
        if self.node is not None or self.lost is not None:
            lose(out, (self,), how)
        return out

    def detach_(self) -> Any:
        """Cuts the tensor itself off its graph."""
        if self.origin is not None:
            raise GraphError("Can't detach views in-place. Use detach() instead.")
        lose(self, (self,), "detach_")
        self.node = None
        return self

    def why_no_grad(self) -> str:
        """Where the gradient was lost on the way to this tensor: the first such place, and its
        line; "" if it requires grad.

        >>> import gpugrad
        >>> x = gpugrad.ones(2, requires_grad=True)
        >>> print((x.detach() * 2).sum().why_no_grad())  # doctest: +ELLIPSIS
        detach() at <doctest ...>:1 cut it off its graph
        """
        return why_no_grad(self)

    @property
    def data(self) -> Any:
        """The same bytes without the graph; writing to them raises the version all the same."""
        return self._cut_off("data")

    @data.setter
    def data(self, value: Any) -> None:
        self.array, self.kind, self.shape = value.array, value.kind, value.shape
        self.storage, self.origin = storage_of(value), None
        mutated(self)

    @property
    def _version(self) -> int:
        return storage_of(self).version

    @property
    def _base(self) -> Any:
        return None if self.origin is None else self.origin.base

    def _is_view(self) -> bool:
        return self.origin is not None

    def retain_grad(self) -> None:
        """Keeps the gradient of this tensor although it is no leaf."""
        retain_grad(self)

    @property
    def retains_grad(self) -> bool:
        """Whether ``retain_grad`` was called."""
        return _retains(self)

    @property
    def _backward_hooks(self) -> Any:
        hooks = None if self.node is None else self.node.hooks
        return None if hooks is None else hooks.functions

    def register_hook(self, hook: Callable[..., Any]) -> Any:
        """Calls ``hook(grad)`` when the gradient is computed; what it returns replaces it."""
        return add_hook(self, hook, post=False)

    def register_post_accumulate_grad_hook(self, hook: Callable[..., Any]) -> Any:
        """Calls ``hook(tensor)`` each time a gradient has arrived in ``.grad`` of this leaf."""
        return add_hook(self, hook, post=True)

    # ----------------------------------------------------------------------------- Python protocol
    def __repr__(self) -> str:
        return tensor_repr(self)

    def __format__(self, spec: str) -> str:
        if self.shape:
            return object.__format__(self, spec)
        return format(self.array.item(), spec)

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len() of a 0-d tensor")
        return self.shape[0]

    __bool__ = is_nonzero

    def __float__(self) -> float:
        return float(self._only_element())

    def __int__(self) -> int:
        return int(self._only_element())

    def _only_element(self) -> Any:
        if self.array.size != 1:
            raise ValueError("only one element tensors can be converted to Python scalars")
        return self.array.item()

    def __index__(self) -> int:
        if self.kind.is_floating_point or self.array.size != 1:
            raise TypeError("only integer tensors of a single element can be converted to an index")
        return int(self.array.item())

    def __iter__(self) -> Iterator[Any]:
        if not self.shape:
            raise TypeError("iteration over a 0-d tensor")
        return iter(join.unbind(self))

    def __reversed__(self) -> Any:
        return self.flip(0) if self.shape else self

    def __contains__(self, element: Any) -> bool:
        if not isinstance(element, (TensorBase, bool, int, float, np.generic)):
            raise RuntimeError(
                "Tensor.__contains__ only supports Tensor or scalar, but you passed in a "
                f"{type(element)}."
            )
        return bool((self == element).any())

    def __copy__(self) -> Any:
        """Another tensor on the same bytes; it requires grad if this one does and is a leaf."""
        wanted = self.node is not None and is_leaf(self)
        copied = rebuild(type(self), self.array, self.kind, wanted)
        copied.storage = storage_of(self)
        return copied

    def __deepcopy__(self, memo: dict[int, Any]) -> Any:
        if not is_leaf(self):
            raise RuntimeError(
                "Only Tensors created explicitly by the user (graph leaves) support the deepcopy "
                "protocol at the moment."
            )
        copied = copy_state(self, self.array.copy())
        memo[id(self)] = copied
        if self._grad is not None:
            copied._grad = copy_state(self._grad, self._grad.array.copy())
        return copied

    def __reduce_ex__(self, protocol: Any) -> Any:
        array = self.array if isinstance(self.array, np.ndarray) else self.array.get()
        return rebuild, (type(self), array, self.kind, self.node is not None and is_leaf(self))


def copy_state(tensor: Any, array: Any) -> Any:
    """A leaf of the class of ``tensor`` around ``array``."""
    return rebuild(type(tensor), array, tensor.kind, tensor.node is not None)


def rebuild(cls: type, array: Any, kind: Any, requires_grad: bool) -> Any:
    """A leaf from its parts; pickled tensors come back through here."""
    if kind.is_cuda:
        array = kind.xp.asarray(array)  # what is on the device already stays as it is
    made = new_tensor(array, kind)
    out: Any = object.__new__(cls)
    for name in ("array", "kind", "shape", "storage", "node", "_grad", "origin", "lost", "extra"):
        setattr(out, name, getattr(made, name))
    return creation.require_grad(out, requires_grad)


def _retains(tensor: Any) -> bool:
    return bool(tensor.extra and tensor.extra.get("retains_grad"))


def _check_grad(tensor: Any, value: Any) -> None:
    if not isinstance(value, TensorBase):
        raise TypeError(
            f"assigned grad expected to be a Tensor or None but got grad of type "
            f"{type(value).__name__}"
        )
    if value is tensor:
        raise RuntimeError("can't assign Variable as its own grad")
    if tuple(value.shape) != tuple(tensor.shape):
        raise RuntimeError(
            f"attempting to assign a gradient of size '{list(value.shape)}' to a tensor of size "
            f"'{list(tensor.shape)}'. Please ensure that the gradient and the tensor are the same "
            "size"
        )
    if value.kind is not tensor.kind:
        raise RuntimeError(
            f"attempting to assign a gradient of {value.kind} to a tensor of {tensor.kind}. "
            "Please ensure that the gradient and the tensor have the same dtype and device"
        )


use_class(Tensor)
printed.bind_tensor(Tensor)

"""What a tensor is below its mathematics: an array, its kind, and its place in a graph.

Holds:     ``node`` is None for constants, a leaf's Accumulator, or the node that made the tensor:
           "requires a gradient" and "has a node" are the same thing. ``array`` is always an array,
           never a NumPy scalar. ``storage`` is made when somebody first shares, saves or writes.
Must not:  know any operation. ``tensor.Tensor`` derives from this and says so with ``use_class``.
"""

from __future__ import annotations

import math
from typing import Any, TypeVar
from weakref import ref

from ..array import Kind, Storage, new_storage
from .lost import Lost

__all__ = ["Origin", "Size", "TensorBase", "become_view", "live_views", "make_storage",
           "new_tensor", "storage_of", "tensor_class", "use_class"]  # fmt: skip

new = object.__new__


class Size(tuple[int, ...]):
    """A shape: a tuple of ints that prints like PyTorch's and can count its elements."""

    __slots__ = ()

    def numel(self) -> int:
        """The number of elements."""
        return math.prod(self)

    def __repr__(self) -> str:
        return f"gpugrad.Size({list(self)})"


class TensorBase:
    """The state of a tensor.

    array    NumPy or CuPy array
    kind     its (device, dtype)
    shape    Size; equal shapes are often the same object, which makes comparing them cheap
    storage  the identity of its bytes, or None while nobody else looks at them
    node     None, an Accumulator (a leaf that requires grad) or the node that made it
    _grad    the accumulated gradient
    origin   how a view came out of the tensor whose bytes it shares, or None
    lost     where the gradient was lost on the way here, or None
    extra    rare state (names, retained gradients), or None
    """

    __slots__ = ("__weakref__", "_grad", "array", "extra", "kind", "lost", "node", "origin",
                 "shape", "storage")  # fmt: skip

    array: Any
    kind: Kind
    shape: Size
    storage: Storage | None
    node: Any
    _grad: TensorBase | None
    origin: Origin | None
    lost: Lost | None
    extra: dict[str, Any] | None


class Origin:
    """Where a view comes from: enough to make it again from its base, and the base's node from it.

    base    the tensor whose bytes it looks at, itself no view
    steps   the view ops that lead from there to here: (op, its arguments, the shape before it)
    made    "" or why nothing may be written through it: "many" (it is one of several results),
            "no_grad"
    """

    __slots__ = ("base", "made", "steps")

    def __init__(self, base: TensorBase, steps: tuple[Any, ...], made: str) -> None:
        self.base = base
        self.steps = steps
        self.made = made


T = TypeVar("T", bound=TensorBase)


class _Classes:
    """The concrete tensor class, which lives in a room to the right."""

    tensor: type[Any] = TensorBase


def use_class(cls: type[TensorBase]) -> None:
    """Makes ``cls`` the class of the tensors that graphs and operations create."""
    _Classes.tensor = cls


def tensor_class() -> type[Any]:
    """The concrete tensor class."""
    return _Classes.tensor


def new_tensor(array: Any, kind: Kind, node: Any = None, storage: Storage | None = None,
               shape: Size | None = None) -> Any:
    """A tensor around a raw array."""
    out = new(_Classes.tensor)
    out.array = array
    out.kind = kind
    out.shape = Size(array.shape) if shape is None else shape
    out.storage = storage
    out.node = node
    out._grad = out.origin = out.lost = out.extra = None
    return out


def make_storage(tensor: TensorBase) -> Storage:
    """Gives ``tensor``, which nobody shares yet, its Storage."""
    storage = tensor.storage = new_storage(tensor.array, tensor.kind)
    return storage


def storage_of(tensor: TensorBase) -> Storage:
    """The Storage of ``tensor``, made if this is the first to ask."""
    storage = tensor.storage
    return make_storage(tensor) if storage is None else storage


# ------------------------------------------------------------------------------------------ views
def become_view(out: TensorBase, source: TensorBase, step: tuple[Any, ...], made: str) -> None:
    """Notes that ``out`` is what ``step`` makes of ``source``, on the same bytes.

    A storage knows its views weakly: a recorded write gives each of them a new place in the graph.
    """
    storage = source.storage
    out.storage = storage = make_storage(source) if storage is None else storage
    before = source.origin
    origin: Origin = new(Origin)  # without __init__, which costs 100 ns
    if before is None:
        origin.base, origin.steps, origin.made = source, (step,), made
    else:
        origin.base, origin.steps = before.base, (*before.steps, step)
        origin.made = made or before.made
    out.origin = origin
    views = storage.views
    if views is None:
        storage.views = [ref(out)]
        return
    if len(views) >= 16 and not len(views) & (len(views) - 1):  # now and then, forget the dead
        views[:] = [view for view in views if view() is not None]
    views.append(ref(out))


def live_views(base: TensorBase) -> list[Any]:
    """The tensors that are views of ``base``."""
    views = base.storage.views if base.storage is not None else None
    found = [view() for view in views or ()]
    return [v for v in found if v is not None and v.origin is not None and v.origin.base is base]

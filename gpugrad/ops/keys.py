"""What is between the brackets of ``x[...]``: a view, and what index tensors pick from it.

PyTorch takes ints (0-d integer tensors too), slices, None and Ellipsis first, which gives a view;
then index tensors and masks pick from that view. NumPy would treat an int beside an index array as
an index array, with the dimensions of the result in another order.

Holds:     a key that only asks for a view has no tensors and an empty template.
Must not:  move an index from device to host, except a 0-d one, whose value decides a view.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index as as_int
from typing import Any, NamedTuple

import numpy as np

from ..array import Kind, from_numpy_dtype
from ..errors import IndexRangeError
from ..graph import TensorBase, here, location, new_tensor

__all__ = ["PLACE", "Key", "filled", "index_error", "parse"]

PLACE = "index"
"""Where a template has an index tensor."""

_ALL = slice(None)
_VIEWS = frozenset((int, slice, type(None), type(Ellipsis)))


class Key(NamedTuple):
    """``basic`` makes a view; ``template`` (slices, Ellipsis, PLACE) and ``tensors`` pick from it.
    """

    basic: tuple[Any, ...]
    template: tuple[Any, ...]
    tensors: tuple[Any, ...]


def parse(target: TensorBase, key: Any) -> Key:
    """The key that a user wrote for ``target``.

    Raises:  IndexRangeError for indices that are no integers or booleans, ValueError for slices
             that go backwards
    """
    parts = key if key.__class__ is tuple else (key,)
    if _VIEWS.issuperset(map(type, parts)):
        for part in parts:
            if part.__class__ is slice and part is not _ALL:
                parts = tuple([_plain(p) if p.__class__ is slice else p for p in parts])
                break
        # A trailing Ellipsis makes NumPy give a 0-d view, not a copied scalar.
        return Key(parts if Ellipsis in parts else (*parts, Ellipsis), (), ())
    return _with_tensors(target, parts)


def filled(template: Sequence[Any], arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The template with ``arrays`` in its places."""
    rest = iter(arrays)
    return tuple([next(rest) if part is PLACE else part for part in template])


def index_error(target: TensorBase, error: Exception) -> IndexRangeError:
    """NumPy's complaint in PyTorch's words, with the line."""
    text = str(error).replace("for axis", "for dimension")
    if text.startswith("too many indices"):
        text = f"too many indices for tensor of dimension {len(target.shape)}"
    shape = tuple(target.shape)
    return IndexRangeError(f"{text} (tensor of shape {shape}, at {location(*here())})")


def _plain(part: slice) -> slice:
    """A slice of ints, which tensors may have been."""
    first, last, by = part.start, part.stop, part.step
    if by is None and (first is None or first.__class__ is int) and (
        last is None or last.__class__ is int
    ):
        return part
    bounds = [None if b is None else as_int(b) for b in (part.start, part.stop, part.step)]
    if bounds[2] is not None and bounds[2] <= 0:
        raise ValueError("step must be greater than zero")
    return slice(*bounds)


def _with_tensors(target: TensorBase, parts: tuple[Any, ...]) -> Key:
    basic: list[Any] = []
    template: list[Any] = []
    tensors: list[Any] = []
    for part in parts:
        if part.__class__ in _VIEWS:
            basic.append(_plain(part) if part.__class__ is slice else part)
            if part.__class__ is not int:
                template.append(Ellipsis if part is Ellipsis else _ALL)
            continue
        index = _index_tensor(target.kind, part)
        masks = index.array.dtype == bool
        if not index.shape and not masks:
            basic.append(int(index.array))
            continue
        if not index.shape:  # one truth value: a new dimension of size 1 or 0
            basic.append(None)
            index = new_tensor(index.array.reshape(1), index.kind)
        else:
            basic += [_ALL] * (len(index.shape) if masks else 1)
        template.append(PLACE)
        tensors.append(index)
    if Ellipsis not in basic:
        basic.append(Ellipsis)
    return Key(tuple(basic), tuple(template) if tensors else (), tuple(tensors))


def _index_tensor(kind: Kind, part: Any) -> Any:
    """An index as a tensor on the device of ``kind``: itself if it is one already."""
    array = part.array if isinstance(part, TensorBase) else np.asarray(part)
    if array.dtype.kind not in "iub" and array.size == 0:
        array = array.astype("int64")
    if array.dtype.kind not in "iub":
        raise IndexRangeError(
            f"tensors used as indices must be long, int, byte or bool tensors, not {array.dtype}"
        )
    if array.dtype == "uint8":  # PyTorch's masks from before it had booleans
        array = array != 0
    if isinstance(part, TensorBase) and array is part.array and part.kind.device == kind.device:
        return part
    on_device = array if not kind.is_cuda else kind.xp.asarray(array)
    return new_tensor(on_device, kind.with_dtype(from_numpy_dtype(array.dtype)))

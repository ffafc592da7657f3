"""What is between the brackets of ``x[...]``: a view, and what index tensors pick from it.

PyTorch takes ints (0-d integer tensors too), slices, None and Ellipsis first, which gives a view;
then index tensors and masks pick from that view. NumPy would treat an int beside an index array as
an index array, with the dimensions of the result in another order.

Holds:     a key that only asks for a view has no tensors and an empty template.
Must not:  move an index from device to host, except a 0-d one, whose value decides a view.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import index as as_int
from typing import Any, NamedTuple

import numpy as np

from ..array import Kind, bool_, int32, int64, uint8
from ..errors import (
    IndexRangeError,
    bad_index_tensor,
    bad_key,
    indices_do_not_broadcast,
    mask_mismatch,
    no_dimension_to_index,
    too_many_indices,
)
from ..graph import TensorBase, here, location, new_tensor

__all__ = [
    "PLACE", "Key", "filled", "index_error", "is_index", "parse", "picked_shape", "shape_error",
    "walk",
]  # fmt: skip

PLACE = "index"
"""Where a template has an index tensor."""

_ALL = slice(None)
_VIEWS = frozenset((int, slice, type(None), type(Ellipsis)))
_BOUNDS = frozenset((int, type(None)))
_PARTS = (slice, list, tuple, range, TensorBase, np.ndarray)


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
    found = _parse(target, key)
    for index in found.tensors:
        if not index.shape.numel() and index.kind.dtype is bool_:  # NumPy takes those of any shape
            error = shape_error(target, key)
            if error is not None:
                raise error
    return found


def _parse(target: TensorBase, key: Any) -> Key:
    kind = key.__class__
    if kind is not tuple:
        key = tuple(key) if kind is list and _stands_for_tuple(key) else (key,)
    plain = True
    for part in key:
        kind = part.__class__
        if kind is slice:
            if part.step is not None or not (
                part.start.__class__ in _BOUNDS and part.stop.__class__ in _BOUNDS
            ):
                plain = False
        elif kind not in _VIEWS:
            return _with_tensors(target, key)
    if not plain:
        key = tuple([_plain(p) if p.__class__ is slice else p for p in key])
    dots = key.count(Ellipsis)
    if dots > 1:
        return _with_tensors(target, key)
    # A trailing Ellipsis makes NumPy give a 0-d view, not a copied scalar.
    return Key(key if dots else (*key, Ellipsis), (), ())


def filled(template: Sequence[Any], arrays: Sequence[Any]) -> tuple[Any, ...]:
    """The template with ``arrays`` in its places."""
    rest = iter(arrays)
    return tuple([next(rest) if part is PLACE else part for part in template])


def _stands_for_tuple(key: list[Any]) -> bool:
    """Whether a list means what a tuple would: it holds sequences, tensors or slices (NumPy 1)."""
    return len(key) < 32 and any(
        part is None or part is Ellipsis or isinstance(part, _PARTS) for part in key
    )


def _plain(part: slice) -> slice:
    """A slice of ints, which tensors may have been."""
    given = (part.start, part.stop, part.step)
    if not all(b is None or hasattr(b, "__index__") for b in given):
        raise TypeError("slice indices must be integers or None or have an __index__ method")
    bounds = [None if b is None else as_int(b) for b in given]
    if bounds[2] is not None and bounds[2] <= 0:
        raise ValueError(
            "step must be greater than zero" if bounds[2] else "slice step cannot be zero"
        )
    return slice(*bounds)


def _with_tensors(target: TensorBase, parts: tuple[Any, ...]) -> Key:
    basic: list[Any] = []
    template: list[Any] = []
    tensors: list[Any] = []
    for part in parts:
        if part.__class__ in _VIEWS:
            if part is Ellipsis and Ellipsis in basic:
                continue  # PyTorch lets a second one stand for nothing
            basic.append(_plain(part) if part.__class__ is slice else part)
            if part.__class__ is not int:
                template.append(Ellipsis if part is Ellipsis else _ALL)
            continue
        index = _index_tensor(target.kind, part)
        masks = index.kind.dtype is bool_
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


_INDEX_DTYPES = frozenset((int64, int32, bool_))


def is_index(tensor: TensorBase, kind: Kind) -> bool:
    """Whether a tensor can be an index, as it is, of one of ``kind``."""
    return tensor.kind.dtype in _INDEX_DTYPES and tensor.kind.account is kind.account


def _index_tensor(kind: Kind, part: Any) -> Any:
    """An index as a tensor on the device of ``kind``: itself if it is one already."""
    if not isinstance(part, TensorBase):
        return _index_from_host(kind, part)
    if is_index(part, kind):
        return part
    element = part.kind.dtype
    array = part.array
    if element is uint8:  # PyTorch's masks from before it had booleans
        array, element = array != 0, bool_
    if element not in _INDEX_DTYPES:
        raise bad_index_tensor(element.name)
    if part.kind.account is not kind.account:
        array = kind.xp.asarray(array) if kind.is_cuda else array.get()
    return new_tensor(array, kind.with_dtype(element))


def _index_from_host(kind: Kind, part: Any) -> Any:
    """Lists, ranges, NumPy arrays, truth values and integers that are not Python's."""
    if isinstance(part, (str, bytes)):
        raise TypeError(f"new(): invalid data type '{type(part).__name__}'")
    if not isinstance(part, (np.ndarray, np.generic, list, tuple, range, bool)):
        try:
            part = as_int(part)
        except TypeError:
            raise bad_key(part) from None
    array = np.asarray(part)
    if array.dtype.kind not in "iub" and array.size == 0:
        array = array.astype("int64")
    if array.dtype.kind in "US":
        raise TypeError("new(): invalid data type 'str'")
    if array.dtype.kind not in "iub":
        raise bad_index_tensor(str(array.dtype))
    array = array.astype("bool" if array.dtype.kind == "b" else "int64", copy=False)
    element = bool_ if array.dtype.kind == "b" else int64
    return new_tensor(kind.xp.asarray(array), kind.with_dtype(element))


def walk(view: Sequence[int], template: Sequence[Any], tensors: Sequence[Any]
         ) -> Iterator[tuple[Any, list[int]]]:  # fmt: skip
    """For each part of a template its index tensor, or None, and the sizes of a view it stands for.
    """
    used = sum(len(t.shape) if t.kind.dtype is bool_ else 1 for t in tensors)
    missing = len(view) - used - sum(part.__class__ is slice for part in template)
    rest, at = iter(tensors), 0
    for part in (*template, *(() if Ellipsis in template else (Ellipsis,))):
        index = next(rest) if part is PLACE else None
        step = missing if part is Ellipsis else 1
        if index is not None and index.kind.dtype is bool_:
            step = len(index.shape)
        yield index, list(view[at : at + step])
        at += step


def picked_shape(view: Sequence[int], template: Sequence[Any], tensors: Sequence[Any]
                 ) -> list[int]:  # fmt: skip
    """The shape of what index tensors pick from a view."""
    joined = list(np.broadcast_shapes(*map(tuple, _index_shapes(tensors))))
    sizes: list[int] = []
    places: list[int] = []
    first = 0
    for number, (index, part) in enumerate(walk(view, template, tensors)):
        if index is None:
            sizes += part
        else:
            places.append(number)
            first = len(sizes) if len(places) == 1 else first
    if places[-1] - places[0] >= len(places):
        first = 0  # index tensors apart from each other come in front
    return [*sizes[:first], *joined, *sizes[first:]]


def _index_shapes(tensors: Sequence[Any]) -> list[list[int]]:
    masks = [t.kind.dtype is bool_ for t in tensors]
    return [
        [int(t.array.sum())] if m else list(t.shape) for t, m in zip(tensors, masks, strict=True)
    ]


# ------------------------------------------------------------------------------------- complaints
def index_error(target: TensorBase, error: Exception, key: Any = Ellipsis) -> IndexRangeError:
    """NumPy's complaint in PyTorch's words, with the line."""
    found = shape_error(target, key)
    if found is not None:
        return found
    where = _where(target)
    text = str(error).replace("for axis", "for dimension").replace("only integers", "indices:")
    return IndexRangeError(f"{text} ({where})")


def _where(target: TensorBase) -> str:
    return f"tensor of shape {tuple(target.shape)}, at {location(*here())}"


def shape_error(target: TensorBase, key: Any) -> IndexRangeError | None:
    """What is wrong with a key whatever the values of its indices are."""
    shape, where = list(target.shape), _where(target)
    if not shape and key.__class__ in (int, slice):
        return no_dimension_to_index(key.__class__ is slice, where)
    basic, template, tensors = _parse(target, key)
    used = sum(part.__class__ in (int, slice) for part in basic)
    if used > len(shape):
        return too_many_indices(len(shape), where)
    if not tensors:
        return None
    mismatch = _mask_mismatch(shape, basic, template, tensors)
    if mismatch is not None:
        mask, place, seen, dim = mismatch
        return mask_mismatch(mask, place, seen, dim, where)
    sizes = _index_shapes(tensors)
    try:
        np.broadcast_shapes(*map(tuple, sizes))
    except ValueError:
        return indices_do_not_broadcast(sizes, where)
    return None


def _mask_mismatch(
    shape: list[int], basic: Sequence[Any], template: Sequence[Any], tensors: Sequence[Any]
) -> tuple[list[int], int, list[int], int] | None:
    """The first mask that does not fit: its shape, which of its sizes, the shape, the dimension."""
    left = list(shape)
    kept, missing = [], len(shape) - sum(part.__class__ in (int, slice) for part in basic)
    for part in basic:
        if part is Ellipsis:
            kept += left[:missing]
            del left[:missing]
        elif part is None:
            kept.append(1)
        elif part.__class__ is int:
            del left[0]
        else:
            kept.append(left.pop(0))
    at, rest = 0, iter(tensors)
    for part in template:
        if part is not PLACE:
            at += missing if part is Ellipsis else 1
            continue
        index = next(rest)
        masks = index.kind.dtype is bool_
        sizes = list(index.shape) if masks else [kept[at]]
        for i, n in enumerate(sizes):
            if n != kept[at + i] and not (n == 1 and basic[at + i] is None):
                return list(index.shape), i, kept, at + i
        at += len(sizes)
    return None

"""Views by shape: other sizes, other orders of dimensions, larger sizes.

Holds:     what PyTorch returns as a view shares its bytes here too; nothing is saved.
Must not:  copy where a view is promised: ``view`` raises instead.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from math import prod
from operator import index as as_int
from typing import Any

from ..array import dtype as element_type
from ..errors import ShapeError
from ..graph import NotConcrete, Size, TensorBase
from .broadcast import expand, expand_to, sum_to
from .dims import axes_of, axis_of, flat_sizes, resolve_sizes, sizes_given
from .elements import view_elements
from .generic import View, linear
from .operands import broadcast_shapes as common_shape
from .record import same_bytes
from .surface import public

__all__ = [
    "adjoint", "broadcast_shapes", "broadcast_tensors", "broadcast_to", "expand", "expand_as",
    "expand_sizes", "flatten", "matrices_transposed", "movedim", "permute", "ravel", "reshape",
    "reshape_as", "reversed_dims", "squeeze", "sum_to", "sum_to_size", "swapaxes", "t", "transpose",
    "unflatten", "unsqueeze", "view", "view_as",
]  # fmt: skip


# ------------------------------------------------------------------------------- the primitives
def _reshaping(name: str, node_name: str) -> View:
    op: View = linear(
        name, node_name=node_name, view=True,
        forward=lambda xp, x, shape: x.reshape(shape),
        transpose=lambda g, *, shape, shapes: reshape_op.by(g, shapes[0]),
    )  # fmt: skip
    return op


def _permuting(name: str, node_name: str) -> View:
    op: View = linear(
        name, node_name=node_name, view=True,
        forward=lambda xp, x, axes: x.transpose(axes),
        transpose=lambda g, *, axes: permute_op.by(g, _inverse(axes)),
    )  # fmt: skip
    return op


# One op under the names that PyTorch's nodes have.
reshape_op = _reshaping("reshape", "View")
squeeze_op = _reshaping("squeeze", "Squeeze")
unsqueeze_op = _reshaping("unsqueeze", "Unsqueeze")
permute_op = _permuting("permute", "Permute")
transpose_op = _permuting("transpose", "Transpose")
matrix_transpose_op = _permuting("t", "T")


def _inverse(axes: Sequence[int]) -> tuple[int, ...]:
    return tuple(sorted(range(len(axes)), key=axes.__getitem__))


# ---------------------------------------------------------------------------------------- reshape
@public("torch method")
def reshape(input: Any, *sizes: Any, shape: Any = None) -> Any:
    """``input`` with its elements, in order, in another shape; a view where strides allow.

    Shape:   (*) -> shape, of which one size may be -1
    Saves:   nothing
    """
    wanted = sizes_given(sizes, shape)
    return reshape_op.by(input, resolve_sizes(wanted, input.shape.numel()))


@public("method")
def view(input: Any, *sizes: Any, size: Any = None, dtype: Any = None) -> Any:
    """``reshape`` that never copies; ``view(dtype)`` reads the same bytes as another dtype.

    Bytes read as another dtype have no gradient, as in PyTorch.

    Shape:   (*) -> size; (..., n) -> (..., n * old itemsize / new itemsize)
    Saves:   nothing
    Raises:  ShapeError where the strides do not allow a view
    """
    if dtype is not None or (len(sizes) == 1 and isinstance(sizes[0], element_type)):
        return view_elements(input, sizes[0] if dtype is None else dtype)
    wanted = sizes_given(sizes, size)
    try:
        array = input.array
    except NotConcrete:
        return reshape_op.by(input, resolve_sizes(wanted, input.shape.numel()))
    wanted = resolve_sizes(wanted, array.size)
    if not array.flags.c_contiguous:
        trial = array.reshape(wanted)
        if trial.size and not same_bytes(trial, array):
            raise ShapeError(
                "view size is not compatible with input tensor's size and stride (at least one "
                "dimension spans across two contiguous subspaces). Use .reshape(...) instead."
            )
    return reshape_op.by(input, wanted)


@public("method")
def view_as(input: Any, other: Any) -> Any:
    """``input`` viewed with the shape of ``other``."""
    return view(input, other.shape)


@public("method")
def reshape_as(input: Any, other: Any) -> Any:
    """``input`` with the shape of ``other``."""
    return reshape(input, other.shape)


@public("torch method")
def flatten(input: Any, start_dim: int = 0, end_dim: int = -1) -> Any:
    """Dimensions ``start_dim`` to ``end_dim`` as one."""
    shape = input.shape
    ndim = len(shape)
    first, last = axis_of(start_dim, ndim), axis_of(end_dim, ndim)
    if not ndim:
        return reshape_op.by(input, (1,))
    if first > last:
        raise ShapeError("flatten() has invalid args: start_dim cannot come after end_dim")
    if first == last:
        return input
    middle = prod(shape[first : last + 1])
    return reshape_op.by(input, (*shape[:first], middle, *shape[last + 1 :]))


@public("torch method")
def ravel(input: Any) -> Any:
    """All elements in one dimension; a view where strides allow."""
    return reshape_op.by(input, (input.shape.numel(),))


@public("torch method")
def unflatten(input: Any, dim: int, sizes: Sequence[int]) -> Any:
    """Dimension ``dim`` as several; one size may be -1."""
    shape = input.shape
    if not shape:
        raise ShapeError("unflatten got an unexpected error: the tensor has no dimensions")
    at = axis_of(dim, len(shape))
    inner = flat_sizes((sizes,))
    if not inner:
        raise ShapeError("unflatten: sizes must be non-empty")
    try:
        inner = resolve_sizes(inner, shape[at])
    except ShapeError as error:
        if inner.count(-1) > 1:
            raise ShapeError(f"unflatten got an unexpected error: {error}") from None
        raise ShapeError(
            f"unflatten: Provided sizes {list(inner)} don't multiply up to the size of dim {at} "
            f"({shape[at]}) in the input tensor"
        ) from None
    return reshape_op.by(input, (*shape[:at], *inner, *shape[at + 1 :]))


@public("torch method")
def squeeze(input: Any, dim: Any = None) -> Any:
    """Without the dimensions of size 1 (all, or those named)."""
    shape = input.shape
    if dim is None:
        return squeeze_op.by(input, tuple([n for n in shape if n != 1]))
    ndim = len(shape)
    if dim.__class__ is int:
        at = axis_of(dim, ndim)
        alone = ndim and shape[at] == 1
        return squeeze_op.by(input, (*shape[:at], *shape[at + 1 :]) if alone else shape)
    gone = axes_of(dim, ndim) if isinstance(dim, int) or len(dim) else ()
    kept = [n for i, n in enumerate(shape) if n != 1 or i not in gone]
    return squeeze_op.by(input, tuple(kept))


@public("torch method")
def unsqueeze(input: Any, dim: int) -> Any:
    """With a new dimension of size 1 at ``dim``."""
    shape = input.shape
    at = axis_of(dim, len(shape) + 1)
    return unsqueeze_op.by(input, (*shape[:at], 1, *shape[at:]))


# ---------------------------------------------------------------------------------------- permute
@public("torch method")
def permute(input: Any, *order: Any, dims: Any = None) -> Any:
    """Dimensions in another order; a view."""
    ndim = len(input.shape)
    wanted = sizes_given(order, dims)
    if len(wanted) != ndim:
        raise ShapeError(
            f"permute(sparse_coo): number of dimensions in the tensor input does not match the "
            f"length of the desired ordering of dimensions i.e. input.dim() = {ndim} is not equal "
            f"to len(dims) = {len(wanted)}"
        )
    axes = tuple([axis_of(d, ndim) for d in wanted])
    if len(set(axes)) != ndim:
        raise ShapeError("permute(): duplicate dims are not allowed.")
    return permute_op.by(input, axes)


@public("torch method", also="swapdims")
def transpose(input: Any, dim0: int, dim1: int) -> Any:
    """Two dimensions swapped; a view."""
    ndim = len(input.shape)
    first, second = axis_of(dim0, ndim), axis_of(dim1, ndim)
    axes = list(range(ndim))
    if ndim:
        axes[first], axes[second] = second, first
    return transpose_op.by(input, tuple(axes))


@public("torch method")
def swapaxes(input: Any, axis0: int, axis1: int) -> Any:
    """``transpose`` with NumPy's argument names."""
    return transpose(input, axis0, axis1)


@public("torch method")
def t(input: Any) -> Any:
    """The transpose of a matrix; vectors and numbers as they are."""
    ndim = len(input.shape)
    if ndim > 2:
        raise ShapeError(f"t() expects a tensor with <= 2 dimensions, but self is {ndim}D")
    return matrix_transpose_op.by(input, (1, 0) if ndim == 2 else (0,)[:ndim])


@public("torch method", also="moveaxis")
def movedim(input: Any, source: Any, destination: Any) -> Any:
    """Dimensions moved to other places, the rest in order."""
    ndim = len(input.shape)
    sources, places = (
        [axis_of(d, ndim) for d in ([dims] if isinstance(dims, int) else dims)]
        for dims in (source, destination)
    )
    if len(sources) != len(places):
        raise ShapeError(
            f"movedim: Invalid source or destination dims: source ({sources} dims) should contain "
            f"the same number of dims as destination ({places} dims)"
        )
    for name, axes, given in (("source", sources, source), ("destination", places, destination)):
        if len(set(axes)) != len(axes):
            raise ShapeError(f"movedim: repeated dim in `{name}` ({list(given)})")
    if not ndim:
        return permute_op.by(input, ())
    rest = iter([i for i in range(ndim) if i not in sources])
    moved = dict(zip(places, sources, strict=True))
    return permute_op.by(input, tuple([moved[i] if i in moved else next(rest)
                                       for i in range(ndim)]))  # fmt: skip


def reversed_dims(input: Any) -> Any:
    """``input.T``: dimensions reversed, which PyTorch means for matrices only."""
    ndim = len(input.shape)
    if ndim != 2:
        warnings.warn(
            "Tensor.T is deprecated on 0-D tensors. This function is the identity in these cases."
            if not ndim else
            "The use of `x.T` on tensors of dimension other than 2 to reverse their shape is "
            "deprecated and it will throw an error in a future release. Consider `x.mT` to "
            "transpose batches of matrices or `x.permute(*torch.arange(x.ndim - 1, -1, -1))` to "
            "reverse the dimensions of a tensor.", stacklevel=3,
        )  # fmt: skip
    return permute_op.by(input, tuple(range(ndim - 1, -1, -1)))


def matrices_transposed(input: Any, name: str, one: bool = False) -> Any:
    """``input.mT`` and its kin: the last two dimensions swapped; numbers as they are.

    Raises:  ShapeError for vectors, and with ``one`` for batches
    """
    ndim = len(input.shape)
    if one and ndim not in (0, 2):
        raise ShapeError(
            f"{name} is only supported on matrices (2-D tensors). Got {ndim}-D tensor."
            + (" For batches of matrices, consider using tensor.mH" if ndim > 2 else "")
        )
    if ndim == 1:
        raise ShapeError(
            f"{name} is only supported on matrices or batches of matrices. Got 1-D tensor."
        )
    if not ndim:
        warnings.warn(f"{name} is deprecated on 0-D tensors.", stacklevel=3)
        return input
    return transpose_op.by(input, (*range(ndim - 2), ndim - 1, ndim - 2))


@public("torch method")
def adjoint(input: Any) -> Any:
    """The last two dimensions swapped: of real matrices the adjoint is the transpose."""
    return matrices_transposed(input, "tensor.adjoint()")


# -------------------------------------------------------------------------------------- expansion
@public("method", name="expand")
def expand_sizes(input: Any, *sizes: Any, size: Any = None, implicit: bool = False) -> Any:
    """``input`` seen with larger sizes; -1 keeps a size. A view."""
    wanted = sizes_given(sizes, size)
    shape = input.shape
    lead = len(wanted) - len(shape)
    if lead < 0:
        raise ShapeError(
            f"expand({input.kind.dtype.name} tensor {list(shape)}, size={list(wanted)}): the "
            f"number of sizes provided ({len(wanted)}) must be greater or equal to the number of "
            f"dimensions in the tensor ({len(shape)})"
        )
    full = wanted
    if -1 in wanted:
        pairs = zip(wanted[lead:], shape, strict=True)
        full = (*wanted[:lead], *[old if n == -1 else n for n, old in pairs])
    for i, (n, old) in enumerate(zip(full, (*[1] * lead, *shape), strict=True)):
        if n != old and (old != 1 or n < 0):
            raise _not_expandable(wanted, shape, i, n, old, lead)
    return expand_to.by(input, full)


def _not_expandable(wanted: Any, shape: Any, i: int, n: int, old: int, lead: int) -> ShapeError:
    if i < lead:
        return ShapeError(
            f"The expanded size of the tensor ({n}) isn't allowed in a leading, non-existing "
            f"dimension {i}"
        )
    return ShapeError(
        f"The expanded size of the tensor ({n}) must match the existing size ({old}) at "
        f"non-singleton dimension {i}.  Target sizes: {list(wanted)}.  Tensor sizes: {list(shape)}"
    )


@public("method")
def expand_as(input: Any, other: Any) -> Any:
    """``input`` expanded to the shape of ``other``. A view."""
    return expand_sizes(input, other.shape)


@public("torch method")
def broadcast_to(input: Any, size: Sequence[int]) -> Any:
    """``input`` broadcast to ``size``; a view."""
    return expand_sizes(input, size)


@public("torch")
def broadcast_shapes(*shapes: Any) -> Any:
    """The shape to which ``shapes`` (tuples, or ints for one dimension) broadcast together.

    >>> broadcast_shapes((2, 1), 3)
    gpugrad.Size([2, 3])
    """
    common: list[int] = []  # from the last dimension to the first
    for number, shape in enumerate(shapes):
        sizes = (shape,) if isinstance(shape, int) else tuple(shape)
        for i, n in enumerate(map(as_int, reversed(sizes))):
            if n < 0:
                raise ValueError("Attempting to broadcast a dimension with negative length!")
            if i == len(common):
                common.append(n)
            elif common[i] == 1:
                common[i] = n
            elif n not in (1, common[i]):
                raise ShapeError(
                    f"Attempting to broadcast a dimension of length {n} at {-1 - i}! Mismatching "
                    f"argument at index {number} had {sizes}; but expected shape should be "
                    f"broadcastable to {common[::-1]}"
                )
    return Size(reversed(common))


@public("torch")
def broadcast_tensors(*tensors: Any) -> tuple[Any, ...]:
    """The tensors, all broadcast to their common shape: themselves, or views."""
    for i, each in enumerate(tensors):
        if not isinstance(each, TensorBase):
            raise TypeError(
                f"expected Tensor as element {i} in argument 0, but got {type(each).__name__}"
            )
    names = [f"tensors[{i}]" for i in range(len(tensors))]
    common = tuple(common_shape("broadcast_tensors", tensors, names)) if tensors else ()
    return tuple([expand(t, common) for t in tensors])


@public("method")
def sum_to_size(input: Any, *sizes: Any, size: Any = None) -> Any:
    """``input`` summed over the dimensions in which ``size`` would have to be broadcast to it.

    Shape:   (*) -> size
    Saves:   nothing
    """
    wanted, shape = sizes_given(sizes, size), input.shape
    tail = shape[len(shape) - len(wanted) :]
    if len(wanted) > len(shape) or any(m not in (1, n) for m, n in zip(wanted, tail, strict=True)):
        raise ShapeError(f"size {{{list(wanted)}}} is not expandable to size {{{list(shape)}}}.")
    return sum_to(input, wanted)

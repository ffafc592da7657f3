"""New tensors of a size: zeros, ones, one value, whatever the memory held.

Holds:     sizes may be given one by one, as a tuple, or as ``size=``; every function takes
           ``dtype``, ``device``, ``layout``, ``requires_grad`` and ``pin_memory``.
Must not:  record anything: new tensors are leaves or constants.
"""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any

from ..array import as_device, as_dtype, default_dtype, dtype, kind_of, new_storage, scalar_dtype
from ..errors import ShapeError, negative_size
from ..graph import Size, TensorBase, new_tensor
from .creation import finished, tensor
from .surface import public

__all__ = [
    "chosen_kind", "empty", "empty_like", "empty_permuted", "empty_strided", "eye", "full",
    "full_like", "kind_like", "ones", "ones_like", "scalar_tensor", "sizes_of", "zeros",
    "zeros_like",
]  # fmt: skip


def sizes_of(name: str, given: Sequence[Any], size: Any = None) -> Size:
    """The shape that ``f(2, 3)``, ``f((2, 3))`` and ``f(size=(2, 3))`` ask for.

    Raises:  TypeError for what is no integer, RuntimeError for negative sizes
    """
    if size is not None:
        given = (size,)
    if len(given) == 1 and isinstance(given[0], (tuple, list)):
        given = given[0]
    try:
        shape = Size(map(index, given))
    except TypeError:
        wrong = next(n for n in given if not hasattr(n, "__index__"))
        raise TypeError(
            f"{name}(): argument 'size' (position 1) must be tuple of ints, not "
            f"{type(wrong).__name__}"
        ) from None
    if shape and min(shape) < 0:
        raise negative_size(name, shape)
    return shape


def chosen_kind(element: Any, on: Any, default: dtype | None = None) -> Any:
    """The kind of a new tensor: what is asked for, else the defaults."""
    found = as_dtype(element) if element is not None else default or default_dtype()
    return kind_of(as_device(on), found)


def kind_like(input: Any, element: Any, on: Any) -> Any:
    """The kind of a new tensor like ``input``, but for what is asked for."""
    return kind_of(
        input.kind.device if on is None else as_device(on),
        input.kind.dtype if element is None else as_dtype(element),
    )


def _make(name: str, shape: Size, kind: Any, requires_grad: bool, layout: Any, pin_memory: bool
          ) -> Any:
    out = new_tensor(getattr(kind.xp, name)(shape, kind.numpy), kind)
    if requires_grad or pin_memory or layout is not None:
        return finished(out, requires_grad, layout, pin_memory)
    return out


# ------------------------------------------------------------------------------------- of any size
@public("torch out")
def zeros(*sizes: Any, size: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """A tensor of zeros."""
    shape = sizes_of("zeros", sizes, size)
    return _make("zeros", shape, chosen_kind(dtype, device), requires_grad, layout, pin_memory)


@public("torch out")
def ones(*sizes: Any, size: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
         pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """A tensor of ones."""
    shape = sizes_of("ones", sizes, size)
    return _make("ones", shape, chosen_kind(dtype, device), requires_grad, layout, pin_memory)


@public("torch out")
def empty(*sizes: Any, size: Any = None, dtype: Any = None, layout: Any = None, device: Any = None,
          pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None) -> Any:
    """A tensor whose values are whatever the memory held."""
    shape = sizes_of("empty", sizes, size)
    return _make("empty", shape, chosen_kind(dtype, device), requires_grad, layout, pin_memory)


@public("torch out")
def full(size: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
         pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """A tensor of one value, whose dtype follows the value.

    >>> import gpugrad
    >>> gpugrad.full((2,), 7)
    tensor([7, 7])
    """
    if isinstance(size, int):
        raise TypeError("full(): argument 'size' (position 1) must be tuple of ints, not int")
    kind = chosen_kind(dtype, device, _dtype_of(fill_value))
    return _full(sizes_of("full", (size,)), fill_value, kind, requires_grad, layout, pin_memory)


def _dtype_of(value: Any) -> dtype:
    return value.kind.dtype if isinstance(value, TensorBase) else scalar_dtype(value)


def _full(shape: Size, value: Any, kind: Any, requires_grad: bool, layout: Any, pin_memory: bool
          ) -> Any:
    if isinstance(value, TensorBase):
        value = value.array.item()
    if not kind.is_floating_point and isinstance(value, float) and value - value != 0:
        raise RuntimeError(f"value cannot be converted to type {kind.dtype.name} without overflow")
    out = _make("empty", shape, kind, False, layout, pin_memory)
    out.array[...] = int(value) if kind.dtype.category == 1 else value
    return finished(out, requires_grad)


@public("torch")
def scalar_tensor(s: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
                  pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """A number as a tensor without dimensions, of the default dtype."""
    return _full(Size(), s, chosen_kind(dtype, device), requires_grad, layout, pin_memory)


@public("torch out")
def eye(n: Any, m: Any = None, *, dtype: Any = None, layout: Any = None, device: Any = None,
        pin_memory: bool = False, requires_grad: bool = False) -> Any:
    """Ones on the diagonal, zeros elsewhere."""
    for name, size in (("n", n), ("m", m)):
        if size is not None and size < 0:
            raise ShapeError(f"{name} must be greater or equal to 0, got {size}")
    kind = chosen_kind(dtype, device)
    made = kind.xp.eye(n, m, dtype="float32").astype(kind.numpy)
    return finished(new_tensor(made, kind), requires_grad, layout, pin_memory)


# -------------------------------------------------------------------------------- of given strides
@public("torch")
def empty_strided(size: Any, stride: Any, *, dtype: Any = None, layout: Any = None,
                  device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Any:
    """Uninitialised elements that lie ``stride`` apart in memory."""
    kind = chosen_kind(dtype, device)
    out = _strided(sizes_of("empty_strided", (size,)), tuple(stride), kind)
    return finished(out, requires_grad, layout)


@public("torch")
def empty_permuted(size: Any, physical_layout: Any, *, dtype: Any = None, layout: Any = None,
                   device: Any = None, requires_grad: bool = False, pin_memory: bool = False
                   ) -> Any:
    """Uninitialised elements without gaps; the dimensions lie in the order ``physical_layout``."""
    shape = sizes_of("empty_permuted", (size,))
    order = tuple(physical_layout)
    if len(order) != len(shape):
        raise ShapeError("Number of dimensions in size does not match the length of the "
                         f"physical_layout; i.e. len(size) = {len(shape)} is not equal to "
                         f"len(physical_layout) = {len(order)}")  # fmt: skip
    if sorted(order) != list(range(len(shape))):
        raise ShapeError("Duplicate dim not allowed")
    stride, step = [0] * len(shape), 1
    for dim in reversed(order):
        stride[dim], step = step, step * shape[dim]
    out = _strided(shape, tuple(stride), chosen_kind(dtype, device))
    return finished(out, requires_grad, layout)


def _strided(shape: Size, stride: tuple[int, ...], kind: Any) -> Any:
    if len(stride) != len(shape):
        raise ShapeError(f"dimensionality of sizes ({len(shape)}) must match dimensionality of "
                         f"strides ({len(stride)})")  # fmt: skip
    if any(step < 0 for step in stride):
        raise ShapeError(f"Negative strides are not supported at the moment, got {list(stride)}")
    reach = [(n - 1) * step for n, step in zip(shape, stride, strict=True)]
    flat = kind.xp.empty(0 if 0 in shape else 1 + sum(reach), kind.numpy)
    steps = tuple(step * kind.dtype.itemsize for step in stride)
    seen = kind.xp.lib.stride_tricks.as_strided(flat, shape, steps)
    return new_tensor(seen, kind, storage=new_storage(flat, kind), shape=shape)


# ------------------------------------------------------------------------------ like another tensor
@public("torch out")
def zeros_like(input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
               pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None
               ) -> Any:
    """Zeros of the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    return _make("zeros", input.shape, kind, requires_grad, layout, pin_memory)


@public("torch out")
def ones_like(input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
              pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None
              ) -> Any:
    """Ones of the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    return _make("ones", input.shape, kind, requires_grad, layout, pin_memory)


@public("torch out")
def empty_like(input: Any, *, dtype: Any = None, layout: Any = None, device: Any = None,
               pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None
               ) -> Any:
    """Uninitialised memory of the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    return _make("empty", input.shape, kind, requires_grad, layout, pin_memory)


@public("torch out")
def full_like(input: Any, fill_value: Any, *, dtype: Any = None, layout: Any = None,
              device: Any = None, pin_memory: bool = False, requires_grad: bool = False,
              memory_format: Any = None) -> Any:
    """One value in the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    return _full(input.shape, fill_value, kind, requires_grad, layout, pin_memory)


# -------------------------------------------------------------------- methods: the kind of another
@public("method", name="new_tensor")
def tensor_of_its_kind(self: Any, data: Any, *, dtype: Any = None, device: Any = None,
                       requires_grad: bool = False, layout: Any = None, pin_memory: bool = False
                       ) -> Any:
    """A copy of ``data`` in the dtype and on the device of this tensor."""
    kind = kind_like(self, dtype, device)
    return tensor(data, dtype=kind.dtype, device=kind.device, requires_grad=requires_grad,
                  pin_memory=pin_memory)  # fmt: skip


@public("method")
def new_zeros(self: Any, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None,
              requires_grad: bool = False, layout: Any = None, pin_memory: bool = False) -> Any:
    """Zeros in the dtype and on the device of this tensor."""
    shape = sizes_of("new_zeros", sizes, size)
    return _make("zeros", shape, kind_like(self, dtype, device), requires_grad, layout, pin_memory)


@public("method")
def new_ones(self: Any, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None,
             requires_grad: bool = False, layout: Any = None, pin_memory: bool = False) -> Any:
    """Ones in the dtype and on the device of this tensor."""
    shape = sizes_of("new_ones", sizes, size)
    return _make("ones", shape, kind_like(self, dtype, device), requires_grad, layout, pin_memory)


@public("method")
def new_empty(self: Any, *sizes: Any, size: Any = None, dtype: Any = None, device: Any = None,
              requires_grad: bool = False, layout: Any = None, pin_memory: bool = False) -> Any:
    """Uninitialised memory in the dtype and on the device of this tensor."""
    shape = sizes_of("new_empty", sizes, size)
    return _make("empty", shape, kind_like(self, dtype, device), requires_grad, layout, pin_memory)


@public("method")
def new_full(self: Any, size: Any, fill_value: Any, *, dtype: Any = None, device: Any = None,
             requires_grad: bool = False, layout: Any = None, pin_memory: bool = False) -> Any:
    """One value in the dtype and on the device of this tensor."""
    kind = kind_like(self, dtype, device)
    shape = sizes_of("new_full", (size,))
    return _full(shape, fill_value, kind, requires_grad, layout, pin_memory)


@public("method")
def new_empty_strided(self: Any, size: Any, stride: Any, *, dtype: Any = None, device: Any = None,
                      requires_grad: bool = False, layout: Any = None, pin_memory: bool = False
                      ) -> Any:
    """``empty_strided`` in the dtype and on the device of this tensor."""
    shape = sizes_of("new_empty_strided", (size,))
    out = _strided(shape, tuple(stride), kind_like(self, dtype, device))
    return finished(out, requires_grad, layout)

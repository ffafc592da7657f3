"""Questions about tensors that ``gpugrad`` and ``Tensor`` both answer.

Holds:     an answer is a Python value; only ``is_nonzero`` reads an element.
Must not:  record anything.
"""

from __future__ import annotations

from typing import Any

from ..array import dtype, promote_operands
from ..expr import num_threads, set_num_threads
from ..graph import TensorBase
from .surface import public

__all__ = [
    "TYPE_NAMES", "get_device", "is_floating_point", "is_nonzero", "is_same_size", "is_signed",
    "result_type", "typename",
]  # fmt: skip

TYPE_NAMES = {
    "bool": "BoolTensor", "uint8": "ByteTensor", "int8": "CharTensor", "int16": "ShortTensor",
    "int32": "IntTensor", "int64": "LongTensor", "float16": "HalfTensor",
    "bfloat16": "BFloat16Tensor", "float32": "FloatTensor", "float64": "DoubleTensor",
}  # fmt: skip


@public("torch method")
def is_floating_point(input: Any) -> bool:
    """Whether the dtype is floating."""
    return bool(input.kind.is_floating_point)


@public("torch method")
def is_signed(input: Any) -> bool:
    """Whether the dtype has negative numbers."""
    return bool(input.kind.dtype.is_signed)


@public("torch method")
def is_nonzero(input: Any) -> bool:
    """Whether the one element is not zero.

    Raises:  RuntimeError unless there is one element
    """
    if input.shape.numel() != 1:
        raise RuntimeError(
            "Boolean value of Tensor with "
            f"{'no values' if not input.shape.numel() else 'more than one value'} is ambiguous"
        )
    return bool(input.array.item())


@public("torch method")
def is_same_size(input: Any, other: Any) -> bool:
    """Whether both have the same shape."""
    return bool(input.shape == other.shape)


@public("torch method")
def get_device(input: Any) -> int:
    """The index of the GPU; -1 on the CPU."""
    index = input.kind.device.index
    return -1 if index is None else int(index)


public("torch", name="get_num_threads")(num_threads)
public("torch")(set_num_threads)


@public("torch")
def result_type(tensor1: Any, tensor2: Any) -> dtype:
    """The dtype of arithmetic on two tensors or numbers.

    >>> import gpugrad
    >>> gpugrad.result_type(gpugrad.tensor([1]), 1.5)
    gpugrad.float32
    """
    given = (tensor1, tensor2)
    tensors = [x for x in given if isinstance(x, TensorBase)]
    return promote_operands(
        [t.kind.dtype for t in tensors if t.shape], [t.kind.dtype for t in tensors if not t.shape],
        [x for x in given if not isinstance(x, TensorBase)],
    )  # fmt: skip


@public("torch")
def typename(obj: Any) -> str:
    """The name of a tensor's type, ``torch.FloatTensor``, or of any object's class."""
    if isinstance(obj, TensorBase):
        place = "torch.cuda" if obj.kind.is_cuda else "torch"
        return f"{place}.{TYPE_NAMES[obj.kind.dtype.name]}"
    cls = obj if isinstance(obj, type) else type(obj)
    name = cls.__qualname__
    return name if cls.__module__ == "builtins" else f"{cls.__module__}.{name}"

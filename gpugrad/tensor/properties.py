"""What tensors say about themselves beyond shape, dtype and device: bytes, and who shares them.

Holds:     PyTorch's questions about things that gpugrad does not have are answered: no.
Must not:  read elements.
"""

from __future__ import annotations

import mmap
from typing import Any

import numpy as np

from ..array import holder, is_pinned, pinned
from ..errors import DeviceError
from ..graph import TensorBase, live_views, make_storage, new_tensor, storage_of
from ..ops import numbers
from ..ops.layouts import layout, strided
from ..ops.queries import typename
from .storage import TypedStorage, UntypedStorage, address, offset_of

__all__ = ["Properties"]


def _no(tensor: Any) -> bool:
    """False: gpugrad has no such tensors."""
    return False


class Properties(TensorBase):
    """The part of ``Tensor`` that answers questions."""

    __slots__ = ()

    is_xpu = is_mps = is_meta = is_quantized = is_sparse = is_sparse_csr = is_mkldnn = property(_no)
    is_nested = is_ipu = is_xla = is_vulkan = is_maia = is_mtia = property(_no)

    @property
    def is_cpu(self) -> bool:
        """Whether the bytes are in the host's memory."""
        return not self.kind.is_cuda

    @property
    def is_cuda(self) -> bool:
        """Whether the bytes are on a GPU."""
        return self.kind.is_cuda

    @property
    def layout(self) -> layout:
        """``gpugrad.strided``."""
        return strided

    @property
    def name(self) -> None:
        """None: tensors have no names here."""
        return

    volatile = property(_no)

    @property
    def real(self) -> Any:
        """The tensor itself."""
        return self

    @property
    def imag(self) -> Any:
        """Refused: only complex tensors have an imaginary part."""
        return numbers.imag(self)

    # ------------------------------------------------------------------------------- size in memory
    def element_size(self) -> int:
        """Bytes per element."""
        return self.kind.dtype.itemsize

    @property
    def itemsize(self) -> int:
        """Bytes per element."""
        return self.kind.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of the elements."""
        return int(self.array.nbytes)

    def dim_order(self, ambiguity_check: Any = False) -> tuple[int, ...]:
        """The dimensions from the outermost in memory to the innermost."""
        steps = self.array.strides
        return tuple(sorted(range(len(steps)), key=lambda dim: -steps[dim]))

    # ------------------------------------------------------------------------------------ the bytes
    def data_ptr(self) -> int:
        """The address of the first element."""
        return address(self.array)

    const_data_ptr = data_ptr

    def storage_offset(self) -> int:
        """How many elements lie before the first one in the storage."""
        return offset_of(self)

    def untyped_storage(self) -> UntypedStorage:
        """The bytes that this tensor looks at."""
        return UntypedStorage(self)

    def _typed_storage(self) -> TypedStorage:
        return TypedStorage(self)

    def _is_view(self) -> bool:
        return self.origin is not None

    def is_set_to(self, tensor: Any) -> bool:
        """Whether both look at the same bytes in the same way."""
        return bool(
            storage_of(self) is storage_of(tensor) and address(self.array) == address(tensor.array)
            and self.shape == tensor.shape and self.array.strides == tensor.array.strides
        )  # fmt: skip

    # -------------------------------------------------------------------------- who else has them
    def is_shared(self) -> bool:
        """Whether forked processes see writes: GPU memory, and what ``share_memory_`` has moved."""
        return self.kind.is_cuda or isinstance(holder(self.array), mmap.mmap)

    def share_memory_(self) -> Any:
        """Moves the bytes to memory that processes forked later share with this one.

        Raises:  RuntimeError for a view, or a tensor that has views: they could not come along
        """
        if self.is_shared():
            return self
        if self.origin is not None or live_views(self):
            raise RuntimeError(
                "share_memory_(): views cannot follow their base to shared memory; share the base "
                "before taking views"
            )
        block = mmap.mmap(-1, max(self.array.nbytes, 1))
        shared: Any = np.ndarray(self.shape, self.kind.numpy, block)
        shared[...] = self.array
        self.array = shared
        version = storage_of(self).version
        make_storage(self).version = version
        return self

    def is_pinned(self, device: Any = None) -> bool:
        """Whether the host's bytes are locked in memory, for faster copies to a GPU."""
        return is_pinned(self.array)

    def pin_memory(self, device: Any = None) -> Any:
        """A copy in locked host memory; itself if it is there.

        Raises:  RuntimeError for a CUDA tensor, and without a GPU
        """
        if self.kind.is_cuda:
            raise DeviceError(f"cannot pin '{typename(self)}' only dense CPU tensors can be pinned")
        array = pinned(self.array)
        return self if array is self.array else new_tensor(array, self.kind)

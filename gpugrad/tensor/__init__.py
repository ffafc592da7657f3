"""The tensor users hold, how it prints, and its older constructors."""

from .core import Tensor
from .legacy import TENSOR_TYPES, set_default_tensor_type
from .printing import get_printoptions, printoptions, set_printoptions
from .storage import TypedStorage, UntypedStorage

__all__ = [
    "TENSOR_TYPES", "Tensor", "TypedStorage", "UntypedStorage", "get_printoptions",
    "printoptions", "set_default_tensor_type", "set_printoptions",
]  # fmt: skip

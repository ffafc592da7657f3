"""Custom Functions under PyTorch's names, ``torch.autograd.function``."""

from ..transforms.function import Function, InplaceFunction
from ..transforms.function_context import FunctionCtx
from ..transforms.function_rule import once_differentiable

__all__ = [
    "BackwardCFunction", "Function", "FunctionCtx", "InplaceFunction", "once_differentiable",
]  # fmt: skip

BackwardCFunction = FunctionCtx  # what PyTorch's ctx is an instance of

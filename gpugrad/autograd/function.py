"""Custom functions under PyTorch's names, ``torch.autograd.function``."""

from ..transforms.function import Function, FunctionCtx, once_differentiable

__all__ = ["Function", "FunctionCtx", "InplaceFunction", "once_differentiable"]


class InplaceFunction(Function):
    """A Function whose instances once knew whether they write in place."""

"""Numerical checks under PyTorch's names, ``torch.autograd.gradcheck``."""

from ..transforms.gradcheck import GradcheckError, gradcheck, gradgradcheck

__all__ = ["GradcheckError", "gradcheck", "gradgradcheck"]

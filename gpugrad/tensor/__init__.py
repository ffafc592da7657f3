"""The tensor users hold, and how it prints."""

from .core import Tensor
from .printing import set_printoptions

__all__ = ["Tensor", "set_printoptions"]

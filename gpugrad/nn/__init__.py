"""Neural networks under PyTorch's names.

Holds:     modules keep parameters and settings; nn.functional computes; nn.init fills.
Must not:  import optim.
"""

from . import functional, init, modules, parameter, utils
from .modules import *  # noqa: F403  (the list is modules.__all__)
from .modules import __all__ as _modules
from .parameter import Buffer, Parameter

__all__ = ["Buffer", "Parameter", "functional", "init", "modules", "parameter", "utils", *_modules]

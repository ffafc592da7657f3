"""Optimizers under PyTorch's names.

Holds:     an update writes parameters in place and covers all of them in few launches.
Must not:  import nn.
"""

from . import lr_scheduler
from .adam import Adam, AdamW
from .optimizer import Optimizer
from .sgd import SGD

__all__ = ["SGD", "Adam", "AdamW", "Optimizer", "lr_scheduler"]

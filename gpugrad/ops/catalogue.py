"""Every field of operations, and with them the complete tables of what is public.

Must not:  contain anything else.
"""

from . import (
    activation,
    aliases,
    arithmetic,
    compare,
    creation,
    cross_entropy,
    elementary,
    index,
    join,
    linalg,
    loss,
    random,
    reduce,
    shape,
    softmax,
    special,
    statistics,
)
from .surface import PLACES

__all__ = ["PLACES"]

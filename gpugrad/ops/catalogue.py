"""Every field of operations, and with them the complete tables of what is public.

Must not:  contain anything else.
"""

from . import (
    activation,
    aliases,
    arithmetic,
    compare,
    convolution,
    copies,
    creation,
    cross_entropy,
    diagonal,
    elementary,
    extremes,
    index,
    join,
    linalg,
    loss,
    memory_format,
    order,
    overwrite,
    pieces,
    random,
    rearrange,
    reduce,
    scan,
    shape,
    softmax,
    special,
    stacking,
    statistics,
    strided,
)
from .surface import PLACES

__all__ = ["PLACES"]

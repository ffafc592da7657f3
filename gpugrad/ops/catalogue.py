"""Every field of operations, and with them the complete tables of what is public.

Must not:  contain anything else.
"""

from . import (
    activation,
    aliases,
    arithmetic,
    attention,
    choose,
    compare,
    convolution,
    copies,
    counting,
    creation,
    cross_entropy,
    diagonal,
    differences,
    dropout,
    elementary,
    extremes,
    index,
    join,
    linalg,
    loss,
    memory_format,
    multi_head,
    normalization,
    order,
    overwrite,
    pieces,
    quantile,
    random,
    rearrange,
    reduce,
    scan,
    sets,
    shape,
    softmax,
    spatial,
    special,
    stacking,
    statistics,
    strided,
)
from .surface import PLACES

__all__ = ["PLACES"]

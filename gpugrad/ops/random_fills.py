"""Methods that overwrite a tensor with random numbers: ``normal_``, ``uniform_`` and their kin.

Holds:     what was there before gets no gradient.
Must not:  draw on the host what is used on a device.
"""

from __future__ import annotations

import math
from typing import Any

from ..array import float64
from ..errors import DTypeError
from ..graph import TensorBase, new_tensor
from .generators import Generator
from .random import draw, integers, range_of
from .writes import overwrite

__all__ = ["bernoulli_", "cauchy_", "exponential_", "geometric_", "log_normal_", "normal_",
           "random_", "uniform_"]  # fmt: skip


def _write(tensor: Any, values: Any) -> Any:
    kind = tensor.kind
    return overwrite(tensor, new_tensor(kind.xp.asarray(values, dtype=kind.numpy), kind))


def _check_floating(tensor: Any, name: str) -> None:
    if not tensor.kind.is_floating_point:
        raise DTypeError(
            f"{name} distribution is a continuous probability distribution. dtype must be a "
            f"floating point but you specified {tensor.kind.dtype.name}"
        )


def _scaled(drawn: Any, factor: float, offset: float) -> Any:
    """A fresh array times ``factor`` plus ``offset``, in its own memory."""
    if factor != 1:
        drawn *= factor
    if offset != 0:
        drawn += offset
    return drawn


def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0, *, generator: Generator | None = None
             ) -> Any:
    """Overwrites ``tensor`` with uniform numbers in [a, b)."""
    if a > b:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}"
        )
    drawn = draw(tensor.kind, tensor.shape, "random", generator)
    return _write(tensor, _scaled(drawn, b - a, a))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0, *,
            generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    drawn = draw(tensor.kind, tensor.shape, "standard_normal", generator)
    return _write(tensor, _scaled(drawn, std, mean))


def log_normal_(tensor: Any, mean: float = 1.0, std: float = 2.0, *,
                generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with numbers whose logarithms are normal."""
    if std <= 0:
        raise RuntimeError(f"log_normal_ expects std > 0.0, but found std={std:g}")
    drawn = draw(tensor.kind, tensor.shape, "standard_normal", generator)
    return _write(tensor, tensor.kind.xp.exp(_scaled(drawn, std, mean)))


def exponential_(tensor: Any, lambd: float = 1.0, *, generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with exponential numbers of rate ``lambd``."""
    _check_floating(tensor, "Exponential")
    if lambd <= 0:
        raise RuntimeError(f"exponential_ expects lambda > 0.0, but found lambda={lambd:g}")
    drawn = draw(tensor.kind, tensor.shape, "standard_exponential", generator)
    return _write(tensor, drawn / lambd)


def cauchy_(tensor: Any, median: float = 0.0, sigma: float = 1.0, *,
            generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with Cauchy numbers around ``median``."""
    _check_floating(tensor, "Cauchy")
    if sigma <= 0:
        raise RuntimeError(f"cauchy_ expects sigma > 0.0, but found sigma={sigma:g}")
    drawn = draw(tensor.kind.with_dtype(float64), tensor.shape, "random", generator)
    return _write(tensor, median + sigma * tensor.kind.xp.tan(math.pi * (drawn - 0.5)))


def geometric_(tensor: Any, p: float, *, generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with how many trials it takes to the first success, 1 at least."""
    if not 0 < p < 1:
        raise RuntimeError(f"geometric_ expects p to be in (0, 1), but got p={p:g}")
    xp = tensor.kind.xp
    drawn = draw(tensor.kind.with_dtype(float64), tensor.shape, "random", generator)
    return _write(tensor, xp.maximum(xp.ceil(xp.log1p(-drawn) / math.log1p(-p)), 1))


def bernoulli_(tensor: Any, p: Any = 0.5, *, generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with ones, each with probability ``p`` (or its element), and zeros."""
    if isinstance(p, TensorBase):
        p = p.array
    elif not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    drawn = draw(tensor.kind.with_dtype(float64), tensor.shape, "random", generator)
    return _write(tensor, drawn < p)


def random_(tensor: Any, *limits: Any, generator: Generator | None = None, **named: Any) -> Any:
    """Overwrites ``tensor`` with integers: ``random_()``, ``random_(to)``, ``random_(from, to)``.

    Without limits they are all that the dtype holds from 0 on.
    """
    given = list(limits)
    high = named.get("to", given.pop() if given else None)
    low = named.get("from", given.pop() if given else None)
    _, most = range_of(tensor.kind)
    first = 0 if low is None else int(low)
    last = min(most + 1, 2**63 - 1) if high is None else int(high)
    return _write(tensor, integers(tensor.kind, first, last, tensor.shape, generator))

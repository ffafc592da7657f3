"""Seeds and states of random numbers, ``torch.random``.

Holds:     every name stands in ops/generators.py.
"""

from __future__ import annotations

from .array import cpu
from .ops.generators import (
    Generator,
    fork_rng,
    get_rng_state,
    initial_seed,
    manual_seed,
    seed,
    set_rng_state,
)
from .ops.generators import default_generator as _of_device

__all__ = [
    "Generator", "default_generator", "fork_rng", "get_rng_state", "initial_seed", "manual_seed",
    "seed", "set_rng_state",
]  # fmt: skip

default_generator = _of_device(cpu)

"""The table of ops: one row per op and way of calling it; the suites in tests/ops walk it.

Holds:     a row says what the op keeps for its backward, when all inputs need a gradient; rows.py
           explains how it is written. A field of ops has a file of rows.
Must not:  know how an op is made, or avoid the values where it is difficult.
"""

from __future__ import annotations

from dataclasses import replace

from tests.cases.activation import ACTIVATIONS
from tests.cases.arithmetic import ARITHMETIC
from tests.cases.attention import ATTENTION
from tests.cases.cells import CELLS
from tests.cases.choice import CHOICES, CONDITIONS
from tests.cases.convolution import CONVOLUTIONS, FOLDS
from tests.cases.elementary import ELEMENTARY
from tests.cases.linalg import DISTANCES, PRODUCTS
from tests.cases.loss import LOSSES, SOFTMAX, TERMS
from tests.cases.matrices import MATRICES, RANKS
from tests.cases.normalization import NORMALIZATIONS
from tests.cases.order import ORDER, POSITIONS
from tests.cases.parts import PART_INDICES, PARTS
from tests.cases.place import FOUND, PLACES
from tests.cases.reduction import REDUCTIONS
from tests.cases.shape import SHAPES
from tests.cases.spatial import SPATIAL
from tests.cases.special import INCOMPLETE, SPECIAL, VALUES
from tests.rows import Case, Shape

__all__ = ["BROADCAST", "CASES", "CONDITIONS", "ELEMENTWISE", "NONDIFF", "Case"]

ELEMENTWISE = [*ARITHMETIC, *ELEMENTARY, *ACTIVATIONS, *CHOICES, *TERMS, *SPECIAL]

# No gradient flows through these: their results are positions, counts or truth values.
NONDIFF = [*PART_INDICES, *POSITIONS, *RANKS, *FOUND, *VALUES]

CASES = [
    *ELEMENTWISE, *REDUCTIONS, *ORDER, *SHAPES, *PARTS, *PLACES, *PRODUCTS, *DISTANCES, *MATRICES,
    *CELLS, *CONVOLUTIONS, *FOLDS, *SPATIAL, *NORMALIZATIONS, *ATTENTION, *SOFTMAX, *LOSSES,
    *INCOMPLETE,
]  # fmt: skip

# ---------------------------------------------------------------------------------------- variants
_SHAPES: tuple[tuple[Shape, ...], ...] = (
    ((3, 1), (4,), (2, 3, 4)), ((), (2, 3), (3,)), ((2, 1, 3), (1, 4, 1), ()),
)  # fmt: skip


def broadcast(case: Case, shapes: tuple[Shape, ...]) -> Case:
    """The row with inputs whose shapes differ."""
    return replace(case, shapes=dict(zip(case.shapes, shapes, strict=False)), functions={})


BROADCAST = [
    broadcast(case, shapes)
    for case in (*ARITHMETIC, *ELEMENTARY, *CHOICES)
    if len(case.shapes) > 1
    for shapes in _SHAPES
]

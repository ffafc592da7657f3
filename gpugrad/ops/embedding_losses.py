"""Losses of distances between vectors: cosine_embedding_loss and the triplet losses.

Holds:     one loss per vector, along the last dimension; then a reduction.
Must not:  contain a derivative: terms, sums and norms bring theirs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..array import promote_types
from ..errors import ShapeError
from . import loss_terms as terms
from .arithmetic import sub
from .broadcast import convert, expand, wide_dtype
from .compare import eq, minimum
from .families import custom
from .linalg.distances import pairwise_distance
from .operands import broadcast_shapes, common_device
from .reduction import reduced, reduction_name
from .shape import unsqueeze
from .surface import public

__all__ = ["cosine_embedding_loss", "triplet_margin_loss", "triplet_margin_with_distance_loss"]


@public("F")
def cosine_embedding_loss(input1: Any, input2: Any, target: Any, margin: float = 0,
                          size_average: bool | None = None, reduce: bool | None = None,
                          reduction: str = "mean") -> Any:
    """``1 - cos`` for target 1, ``max(0, cos - margin)`` for target -1, of the vectors' angle.

    Shape:   input1 (N, D), input2 (N, D), target (N), or the same without N
             -> () ; (N) or () with reduction="none"
    Saves:   input1, input2; per row their product, their squares, and two conditions
    Source:  PyTorch: 1e-12 is added to the squared lengths
    """
    reduction = reduction_name(reduction, size_average, reduce)
    rank, shapes = len(target.shape), (list(input1.shape), list(input2.shape))
    if rank > 1:
        raise ShapeError("0D or 1D target tensor expected, multi-target not supported")
    if any(len(shape) != rank + 1 for shape in shapes):
        raise ShapeError(
            f"{rank}D target tensor expects {rank + 1}D input tensors, but found inputs with sizes "
            f"{shapes[0]} and {shapes[1]}."
        )
    products = products_op(*_alike(input1, input2))
    near, far = eq(target, 1), eq(target, -1)
    return reduced(terms.cosine_embedding_term(*products, near, far, margin=margin), reduction)


def _alike(x: Any, y: Any) -> tuple[Any, ...]:
    """Both with the shape and the dtype of a sum of them."""
    common_device("cosine_embedding_loss", (x, y))
    shape = broadcast_shapes("cosine_embedding_loss", (x, y), ("input1", "input2"))
    kind = x.kind.with_dtype(promote_types(x.kind.dtype, y.kind.dtype))
    x, y = (t if t.kind is kind else convert(t, kind) for t in (x, y))
    return tuple(t if t.shape == shape else expand(t, shape) for t in (x, y))


@custom(node_name="InnerProducts", saves=("x", "y"), many=True)
def products_op(xp: Any, x: Any, y: Any) -> Any:
    """Along the last dimension ``x . y``, ``x . x`` and ``y . y``, without the single products."""
    wide = wide_dtype(x) or x.dtype
    a, b = x.astype(wide, copy=False), y.astype(wide, copy=False)
    pairs = ((a, b), (a, a), (b, b))
    return tuple(xp.asarray(xp.einsum("...i,...i->...", *pair)).astype(x.dtype) for pair in pairs)


@products_op.vjp
def _(g: Any, x: Any, y: Any, *, shapes: Any, needs: tuple[bool, ...]) -> Any:
    zero = x[..., :1] * 0 if any(each is None for each in g) else None
    across, of_x, of_y = (zero if each is None else unsqueeze(each, -1) for each in g)
    return (
        terms.inner_products_slope(across, y, of_x, x) if needs[0] else None,
        terms.inner_products_slope(across, x, of_y, y) if needs[1] else None,
    )


@public("F")
def triplet_margin_loss(anchor: Any, positive: Any, negative: Any, margin: float = 1.0,
                        p: float = 2, eps: float = 1e-6, swap: bool = False,
                        size_average: bool | None = None, reduce: bool | None = None,
                        reduction: str = "mean") -> Any:
    """``max(0, margin + |anchor - positive| - |anchor - negative|)``, lengths in the p-norm.

    ``eps`` is added to the differences. ``swap`` takes the distance of positive and negative where
    it is smaller than that of anchor and negative.

    Shape:   anchor, positive, negative (N, D) or (D) -> () ; (N) or () with reduction="none"
    Saves:   the differences; per row the distances and what is clamped
    Source:  Balntas et al. 2016
    """
    reduction = reduction_name(reduction, size_average, reduce)

    def distance(a: Any, b: Any) -> Any:
        return pairwise_distance(a, b, p, eps)

    loss = _triplet_terms(anchor, positive, negative, distance, margin, swap)
    return reduced(loss, reduction)


@public("F")
def triplet_margin_with_distance_loss(
    anchor: Any, positive: Any, negative: Any, *,
    distance_function: Callable[[Any, Any], Any] | None = None, margin: float = 1.0,
    swap: bool = False, reduction: str = "mean",
) -> Any:  # fmt: skip
    """``triplet_margin_loss`` with a distance of one's own.

    Shape:   anchor, positive, negative (N, *) -> () ; distances' shape with reduction="none"
    Saves:   what ``distance_function`` does, and what is clamped
    """
    reduction = reduction_name(reduction)
    distance = distance_function or pairwise_distance
    return reduced(_triplet_terms(anchor, positive, negative, distance, margin, swap), reduction)


def _triplet_terms(anchor: Any, positive: Any, negative: Any,
                   distance: Callable[[Any, Any], Any], margin: float, swap: bool) -> Any:
    if margin <= 0:
        raise ValueError(f"margin must be greater than 0, got {margin}")
    a, p, n = (len(t.shape) for t in (anchor, positive, negative))
    if not a == p == n:
        raise ShapeError(
            "The anchor, positive, and negative tensors are expected to have the same number of "
            f"dimensions, but got: anchor {a}D, positive {p}D, and negative {n}D inputs"
        )
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    return terms.triplet_term(sub(near, far), margin=margin)

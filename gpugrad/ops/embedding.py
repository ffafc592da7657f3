"""Rows of a table by number, one by one (``embedding``) or combined in bags (``embedding_bag``).

Holds:     the numbers are saved, not the rows; bags of sums and means save their offsets as well,
           of maxima where the maxima were. Row ``padding_idx`` receives no gradient.
Must not:  give sparse gradients: a table's gradient is as large as the table.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import from_numpy_dtype, int64
from ..errors import DTypeError, ShapeError, row_out_of_range
from ..graph import TensorBase, mutated, new_tensor, values_behind
from .arithmetic import mul
from .bag_kernels import bag_maxima, bag_sums, shares
from .broadcast import kind_of_value, wide_dtype
from .compare import lt, where
from .generic import custom
from .index import put_along
from .reduce import sum_op
from .scatter_kernels import combine_at, outside, scatter_add_rows
from .surface import public
from .taking import pick_op

__all__ = ["embedding", "embedding_bag", "lookup"]


# ------------------------------------------------------------------------------------ single rows
@public("F")
def embedding(input: Any, weight: Any, padding_idx: int | None = None,
              max_norm: float | None = None, norm_type: float = 2.0,
              scale_grad_by_freq: bool = False, sparse: bool = False) -> Any:  # fmt: skip
    """Rows of ``weight`` (V, D) by the integers of ``input`` (*).

    Row ``padding_idx`` receives no gradient; with ``scale_grad_by_freq`` a row's gradient is
    divided by how often it was asked for. Rows asked for whose ``norm_type``-norm exceeds
    ``max_norm`` are first scaled down to it, in the table itself.

    Shape:   input (*), weight (V, D) -> (*, D)
    Saves:   the integers
    Raises:  IndexRangeError for an index outside 0..V-1 (on the CPU); NotImplementedError for
             sparse gradients
    >>> import gpugrad
    >>> table = gpugrad.tensor([[0.0, 1.0], [2.0, 3.0]])
    >>> gpugrad.nn.functional.embedding(gpugrad.tensor([1, 1]), table)
    tensor([[2., 3.],
            [2., 3.]])
    """
    _check_table("embedding", input, weight, sparse)
    padding = _padding(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalise(weight, input, max_norm, norm_type)
    return embedding_op(weight, input, padding=padding, by_count=scale_grad_by_freq)


@public("torch", name="embedding")
def lookup(weight: Any, indices: Any, padding_idx: int = -1, scale_grad_by_freq: bool = False,
           sparse: bool = False) -> Any:  # fmt: skip
    """``nn.functional.embedding`` with the table first; a negative ``padding_idx`` is no row."""
    padding = None if padding_idx < 0 else padding_idx
    return embedding(indices, weight, padding, None, 2.0, scale_grad_by_freq, sparse)


def _check_table(name: str, index: Any, weight: Any, sparse: bool) -> None:
    if sparse:
        raise NotImplementedError(f"{name}: sparse gradients are not available")
    if index.kind.dtype.name not in ("int64", "int32"):
        raise DTypeError(
            "Expected tensor for argument #1 'indices' to have one of the following scalar types: "
            f"Long, Int; but got {index.kind.dtype.name} instead"
        )
    if len(weight.shape) != 2:
        raise ShapeError("'weight' must be 2-D")
    bad = outside(values_behind(index), weight.shape[0])
    if bad is not None:
        raise row_out_of_range(bad, weight.shape[0])


def _padding(padding: int | None, rows: int) -> int | None:
    if padding is None:
        return None
    if not -rows <= padding < rows:
        raise AssertionError("Padding_idx must be within num_embeddings")
    return padding % rows


def _renormalise(weight: Any, index: Any, max_norm: float, order: float) -> None:
    """Scales rows of the table that are asked for down to ``max_norm``; no graph notices."""
    table, numbers, xp = weight.array, index.array.reshape(-1), weight.kind.xp
    if not numbers.size:
        return
    rows = table.take(numbers, 0)
    wide = rows.astype(wide_dtype(rows) or rows.dtype, copy=False)
    norm = xp.linalg.norm(wide, order, axis=1, keepdims=True)
    factor = xp.where(norm > max_norm, max_norm / (norm + 1e-7), 1)
    table[numbers] = (wide * factor).astype(rows.dtype)  # equal numbers write equal rows
    mutated(weight)


@custom(node_name="Embedding", saves=("index",))
def embedding_op(xp: Any, weight: Any, index: Any, *, padding: Any, by_count: bool) -> Any:
    """Rows of ``weight``, of which row ``padding`` receives no gradient."""
    return weight.take(index, 0)


@embedding_op.vjp
def _(g: Any, index: Any, *, shapes: Any, padding: Any, by_count: bool) -> Any:
    rows = shapes[0][0]
    return table_op(g, index, rows=rows, padding=padding, by_count=by_count), None


@custom(node_name="EmbeddingDenseBackward", saves=("index",))
def table_op(xp: Any, g: Any, index: Any, *, rows: int, padding: Any, by_count: bool) -> Any:
    """A table of ``rows`` rows to which ``g`` is added at ``index``."""
    table = xp.zeros((rows, g.shape[-1]), wide_dtype(g) or g.dtype)
    scatter_add_rows(table, index, g)
    if by_count:
        table /= _counts(xp, index, rows, table.dtype)
    if padding is not None:
        table[padding] = 0
    return table.astype(g.dtype, copy=False)


@table_op.vjp
def _(g: Any, index: Any, *, rows: int, padding: Any, by_count: bool) -> Any:
    taken = embedding_op(g, index, padding=None, by_count=False)
    if padding is None and not by_count:
        return taken, None
    numbers, kind = raw(index), kind_of_value(g)
    factor = (numbers != padding)[..., None].astype(kind.numpy)
    if by_count:
        factor /= _counts(kind.xp, numbers, rows, kind.numpy)[numbers]
    return mul(taken, like(g, factor)), None


def raw(value: Any) -> Any:
    """The array of a tensor; an array as it is."""
    return value.array if isinstance(value, TensorBase) else value


def like(g: Any, array: Any) -> Any:
    """``array``, a constant, in the form of ``g``: as a tensor or as it is."""
    if not isinstance(g, TensorBase):
        return array
    return new_tensor(array, g.kind.with_dtype(from_numpy_dtype(array.dtype)))


def _counts(xp: Any, index: Any, rows: int, dtype: Any) -> Any:
    """How often each row is asked for, at least 1, as a column."""
    count = xp.zeros(rows, np.int64)
    combine_at(count, index.reshape(-1), xp.ones(index.size, np.int64), "add")
    return xp.maximum(count, 1).astype(dtype)[:, None]


# ------------------------------------------------------------------------------------------- bags
@public("F")
def embedding_bag(input: Any, weight: Any, offsets: Any = None, max_norm: float | None = None,
                  norm_type: float = 2, scale_grad_by_freq: bool = False, mode: str = "mean",
                  sparse: bool = False, per_sample_weights: Any = None,
                  include_last_offset: bool = False, padding_idx: int | None = None
                  ) -> Any:  # fmt: skip
    """Sums, means or maxima of bags of rows of ``weight``, without keeping the rows.

    A bag is a row of a two-dimensional input; of a vector, ``offsets`` says where bags begin (and,
    with ``include_last_offset``, where the last one ends). Empty bags give zeros.

    Shape:   input (B, L), or (N) with offsets (B); weight (V, D) -> (B, D)
    Saves:   the integers and offsets; with per_sample_weights those and weight; for max one index
             per element of the result
    Raises:  ValueError, RuntimeError and NotImplementedError where PyTorch does
    >>> import gpugrad
    >>> table = gpugrad.tensor([[0.0, 1.0], [2.0, 3.0]])
    >>> gpugrad.nn.functional.embedding_bag(gpugrad.tensor([[1, 0], [1, 1]]), table, mode="sum")
    tensor([[2., 4.],
            [4., 6.]])
    """
    if not input.kind.is_floating_point and weight.kind.dtype.category == 1:
        input, weight = weight, input  # the old order of the arguments
    elif input.kind.is_floating_point and not weight.kind.is_floating_point:
        input, weight = weight, input
    samples = per_sample_weights
    _check_bags(input, mode, samples, scale_grad_by_freq)
    ends = _ends(input, offsets, include_last_offset)
    _check_table("embedding_bag", input, weight, sparse)
    padding = _bag_padding(padding_idx, weight.shape[0])
    if max_norm is not None:
        _renormalise(weight, input, max_norm, norm_type)
    numbers = input.reshape(-1)
    if mode == "max":
        return bag_max_op(weight, numbers, ends, padding=padding)[0]
    weights = [] if samples is None else [samples.reshape(-1)]
    settings = {"padding": padding, "mean": mode == "mean", "by_count": scale_grad_by_freq}
    return bag_op(weight, numbers, ends, *weights, **settings)


def _check_bags(input: Any, mode: str, samples: Any, by_count: bool) -> None:
    if mode not in ("sum", "mean", "max"):
        raise ValueError("mode has to be one of sum, mean or max")
    if mode == "max" and by_count:
        raise ValueError("max mode does not support scaling the gradient by the frequency")
    if len(input.shape) not in (1, 2):
        raise ValueError(
            f"input has to be 1D or 2D Tensor, but got Tensor of dimension {len(input.shape)}"
        )
    if samples is not None and samples.shape != input.shape:
        raise ValueError(
            f"embedding_bag: If per_sample_weights ({samples.shape}) is not None, then it must "
            f"have the same shape as the input ({input.shape})"
        )
    if samples is not None and mode != "sum":
        raise NotImplementedError(
            "embedding_bag: per_sample_weights was not None. per_sample_weights is only supported "
            f"for mode='sum' (got mode='{mode}')."
        )


def _ends(input: Any, offsets: Any, closed: bool) -> Any:
    """Where bags begin, and where the last one ends."""
    xp, kind = input.kind.xp, input.kind.with_dtype(int64)
    if len(input.shape) == 2:
        if offsets is not None:
            raise ValueError(
                "if input is 2D, then offsets has to be None, as input is treated is a mini-batch "
                f"of fixed length sequences. However, found offsets of type {type(offsets)}"
            )
        bags, length = input.shape
        return new_tensor(xp.arange(bags + 1, dtype=np.int64) * length, kind)
    if offsets is None:
        raise ValueError("offsets has to be a 1D Tensor but got None")
    if len(offsets.shape) != 1:
        raise ValueError("offsets has to be a 1D Tensor")
    if offsets.kind.dtype.name not in ("int64", "int32"):
        raise DTypeError(f"embedding_bag: offsets must be Long or Int, not {offsets.kind.dtype}")
    if not offsets.kind.is_cuda and offsets.shape.numel():
        _check_offsets(offsets.array, input.shape[0])
    if closed:
        return offsets
    array = offsets.array
    return new_tensor(xp.append(array, xp.asarray([input.shape[0]])).astype(np.int64), kind)


def _check_offsets(offsets: Any, count: int) -> None:
    if offsets[0] != 0:
        raise RuntimeError(
            "offsets[0] has to be 0, i.e., the first sequence in the mini-batch has to start from "
            f"position 0. However, got {offsets[0]}"
        )
    if offsets[-1] > count:
        raise RuntimeError(
            f"offsets[-1] can not be greater than input's length {count} but got offsets[-1] of "
            f"{offsets[-1]}"
        )
    if (np.diff(offsets) < 0).any():
        raise RuntimeError("embedding_bag: offsets must not go down")


def _bag_padding(padding: int | None, rows: int) -> int | None:
    if padding is None:
        return None
    if not -rows <= padding < rows:
        raise RuntimeError(
            "padding_idx must be within the number of embeddings, "
            f"{-rows} through {rows - 1}, but got {padding}"
        )
    return padding % rows


# ------------------------------------------------------------------------------- sums and means
def _kept(needs: tuple[bool, ...]) -> tuple[str, ...]:
    slots = ["index", "ends"]
    if len(needs) > 3:
        slots += ["weight"] * needs[3] + ["samples0"] * needs[0]
    return tuple(slots)


@custom(node_name="EmbeddingBag", saves=_kept)
def bag_op(xp: Any, weight: Any, index: Any, ends: Any, *samples: Any, padding: Any, mean: bool,
           by_count: bool) -> Any:  # fmt: skip
    """Sums or means of bags of rows, each times its sample's weight."""
    weights = samples[0] if samples else None
    return bag_sums(xp, weight, index, ends, weights, padding, mean)


@bag_op.vjp
def _(g: Any, index: Any, ends: Any, *kept: Any, padding: Any, mean: bool, by_count: bool,
      shapes: Any, needs: Any) -> Any:  # fmt: skip
    kind = kind_of_value(g)
    bag, factor = shares(kind.xp, raw(index), raw(ends), padding, mean)
    column = factor.astype(kind.numpy)[:, None]
    rows = mul(pick_op(g, like(g, bag), axis=0), like(g, column))
    table = part = None
    if needs[0]:
        mine = [mul(rows, s.reshape(-1, 1)) for s in kept if len(s.shape) == 1] or [rows]
        table = table_op(mine[0], index, rows=shapes[0][0], padding=padding, by_count=by_count)
    if len(needs) > 3 and needs[3]:
        weight = next(t for t in kept if len(t.shape) == 2)
        taken = embedding_op(weight, index, padding=padding, by_count=by_count)
        part = sum_op(mul(rows, taken), axes=(1,), keepdim=False)
    return table, None, None, part


@custom(node_name="EmbeddingBag", saves=("result1",))
def bag_max_op(xp: Any, weight: Any, index: Any, ends: Any, *, padding: Any) -> Any:
    """The largest elements of bags of rows, and the rows they are in; -1 in empty bags."""
    return bag_maxima(xp, weight, index, ends, padding)


@bag_max_op.vjp
def _(g: Any, at: Any, *, padding: Any, shapes: Any) -> Any:
    return put_along(where(lt(at, 0), 0.0, g), at, axis=0, shape=shapes[0])

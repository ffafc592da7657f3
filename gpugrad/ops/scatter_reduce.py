"""Writing along a dimension where several values for one place are reduced: ``scatter_reduce``.

Holds:     gradients are exact for any number of zeros (products) and shared evenly among ties
           (extremes), in both orders. Sums and means save the index; products the operands as well,
           extremes those and the result.
Must not:  check an index on a GPU, which would have to be waited for.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..array import bool_
from ..errors import bad_scatter_reduction
from ..graph import TensorBase, new_tensor
from .along import combine_along, count_along, gather_along, write_along
from .arithmetic import mul, sub
from .broadcast import convert, expand, kind_of_value, wide_dtype
from .compare import eq, gt, where
from .direct import written
from .entries import entries
from .generic import Custom, custom
from .index import gather_op
from .join import zeros_as
from .scatter import add_in_place, arranged, scatter_add_op, scatter_op, write_in_place
from .surface import public

__all__ = ["index_reduce", "scatter", "scatter_reduce"]


# -------------------------------------------------------------------------- plain, add, multiply
@public("torch method out")
def scatter(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None,
            reduce: str | None = None) -> Any:  # fmt: skip
    """``input`` with ``src`` (a tensor or a number) at ``index``: ``out[index[i][j]][j] = ..``.

    Shape:   input (*), index and src of as many dimensions, index no larger than either -> (*)
    Saves:   the index
    Raises:  RuntimeError for shapes, dtypes or (on the CPU) indices that do not fit
    >>> import gpugrad
    >>> index = gpugrad.tensor([[0, 2]])
    >>> gpugrad.scatter(gpugrad.zeros(1, 3), 1, index, 1.0)
    tensor([[1., 0., 1.]])
    """
    return _scattered(input, dim, index, _given(src, value), reduce, place=False)


@public("method", name="scatter_")
def scatter_(input: Any, dim: int, index: Any, src: Any = None, *, value: Any = None,
             reduce: str | None = None) -> Any:  # fmt: skip
    """``scatter`` in place."""
    return _scattered(input, dim, index, _given(src, value), reduce, place=True)


def _given(src: Any, value: Any) -> Any:
    if (src is None) == (value is None):
        raise TypeError("scatter(): needs src or value")
    return value if src is None else src


def _scattered(input: Any, dim: int, index: Any, source: Any, reduce: str | None,
               place: bool) -> Any:  # fmt: skip
    if reduce not in (None, "add", "multiply"):
        raise bad_scatter_reduction("scatter", reduce)
    if not isinstance(source, TensorBase):
        plain = reduce is None and index.shape.numel()
        source = _number(input, source) if plain else _filled(input, index, source)
    if reduce == "multiply":
        return (scatter_reduce_ if place else scatter_reduce)(input, dim, index, source, "prod")
    op, kernel = (scatter_op, write_in_place) if reduce is None else (scatter_add_op, add_in_place)
    axis, index, source = arranged(input, dim, index, source)
    if place:
        return written(input, op, kernel, index, source, axis=axis)
    return op(input, index, source, axis=axis)


def _number(input: Any, value: Any) -> Any:
    """``value``, a Python number, as ``input`` can hold it."""
    if isinstance(value, (bool, int, float)):
        if input.kind.is_floating_point:
            return value
        return bool(value) if input.kind.dtype is bool_ else int(value)
    raise TypeError(f"scatter(): argument must be Tensor or number, not {type(value).__name__}")


def _filled(input: Any, index: Any, value: Any) -> Any:
    """A tensor like ``index`` of the kind of ``input``, all ``value``."""
    kind = input.kind
    return new_tensor(kind.xp.full(index.shape, _number(input, value), kind.numpy), kind)


# ---------------------------------------------------------------------------------------- reducing
@public("torch method out")
def scatter_reduce(input: Any, dim: int, index: Any, src: Any, reduce: str, *,
                   include_self: bool = True) -> Any:  # fmt: skip
    """``input`` with all of ``src`` that goes to one place reduced to one value.

    ``reduce`` is "sum", "prod", "mean", "amax" or "amin"; ``include_self`` says whether the old
    value of a place takes part.

    Shape:   as ``scatter``
    Saves:   the index; for prod also input and src; for amax and amin also those and the result
    Raises:  RuntimeError for shapes, dtypes or (on the CPU) indices that do not fit
    >>> import gpugrad
    >>> x = gpugrad.tensor([1.0, 2.0])
    >>> index, src = gpugrad.tensor([0, 0]), gpugrad.tensor([5.0, 3.0])
    >>> gpugrad.scatter_reduce(x, 0, index, src, "amax")
    tensor([5., 2.])
    """
    _check_reduction(input, reduce)
    axis, index, src = arranged(input, dim, index, src)
    return _reduced(input, index, src, axis=axis, how=reduce, include_self=include_self)


@public("method", name="scatter_reduce_")
def scatter_reduce_(input: Any, dim: int, index: Any, src: Any, reduce: str, *,
                    include_self: bool = True) -> Any:  # fmt: skip
    """``scatter_reduce`` in place."""
    _check_reduction(input, reduce)
    axis, index, src = arranged(input, dim, index, src)
    settings = {"axis": axis, "how": reduce, "include_self": include_self}
    return written(input, _reduced, _reduce, index, src, **settings)


def _check_reduction(input: Any, reduce: str) -> None:
    if reduce not in ("sum", "mean", *_COMBINING):
        raise bad_scatter_reduction("scatter_reduce", reduce)
    if reduce == "mean" and input.kind.dtype is bool_:
        raise NotImplementedError("scatter_reduce(): mean is not implemented for booleans")


@public("torch method out")
def index_reduce(input: Any, dim: int, index: Any, source: Any, reduce: str, *,
                 include_self: bool = True) -> Any:  # fmt: skip
    """``input`` with all entries of ``source`` that go to one entry of ``dim`` reduced to one.

    ``reduce`` is "prod", "mean", "amax" or "amin".

    Shape:   input (.., n, ..), index (m), source (.., m, ..) -> (.., n, ..)
    Saves:   as ``scatter_reduce``
    Raises:  RuntimeError or IndexError for shapes, dtypes or (on the CPU) indices that do not fit
    """
    axis, index, source = _entries(input, dim, index, source, reduce)
    return _reduced(input, index, source, axis=axis, how=reduce, include_self=include_self)


@public("method", name="index_reduce_")
def index_reduce_(input: Any, dim: int, index: Any, source: Any, reduce: str, *,
                  include_self: bool = True) -> Any:  # fmt: skip
    """``index_reduce`` in place."""
    axis, index, source = _entries(input, dim, index, source, reduce)
    settings = {"axis": axis, "how": reduce, "include_self": include_self}
    return written(input, _reduced, _reduce, index, source, **settings)


def _entries(input: Any, dim: int, index: Any, source: Any, reduce: str) -> tuple[int, Any, Any]:
    """The arguments of ``index_reduce`` as those of ``scatter_reduce``."""
    if reduce not in ("mean", *_COMBINING):
        raise bad_scatter_reduction("index_reduce", reduce)
    axis, index, source = entries("index_reduce_", input, dim, index, source)
    if not source.shape:
        source = source.reshape(1)
    spread = [-1 if d == axis else 1 for d in range(len(source.shape))]
    return axis, expand(index.reshape(*spread), source.shape), source


def _reduced(input: Any, index: Any, source: Any, *, axis: int, how: str, include_self: bool
             ) -> Any:
    if how in _COMBINING:
        return _COMBINING[how](input, index, source, axis=axis, include_self=include_self)
    if not include_self:
        input = scatter_op(input, index, 0, axis=axis)
    total = scatter_add_op(input, index, source, axis=axis)
    return total if how == "sum" else share_op(total, index, axis=axis, more=int(include_self))


def _reduce(xp: Any, out: Any, index: Any, source: Any, *, axis: int, how: str,
            include_self: bool) -> None:  # fmt: skip
    """The same, straight into an array."""
    if not include_self:  # a place that only takes part in an extreme begins with any of its values
        start = {"sum": 0, "mean": 0, "prod": 1}.get(how, source)
        write_along(out, axis, index, start)
    combine_along(out, axis, index, source, _NUMPY_NAMES[how])
    if how == "mean":
        _divide(out, index, axis, int(include_self))


_NUMPY_NAMES = {"sum": "add", "mean": "add", "prod": "multiply", "amax": "maximum",
                "amin": "minimum"}  # fmt: skip


# ------------------------------------------------------------------------------------------ means
@custom(node_name="ScatterMean", saves=("index",))
def share_op(xp: Any, x: Any, index: Any, *, axis: int, more: int) -> Any:
    """``x`` divided by how often ``index`` names each place, and ``more``; never by zero."""
    out = xp.array(x, order="C")
    _divide(out, index, axis, more)
    return out


@share_op.vjp
def _(g: Any, index: Any, *, axis: int, more: int) -> Any:
    return share_op(g, index, axis=axis, more=more), None


def _divide(out: Any, index: Any, axis: int, more: int) -> None:
    whole = out.dtype.kind in "iu" or index.size >= 1 << 24  # float32 counts to 2 ** 24
    count = count_along(out.shape, axis, index, "int64" if whole else wide_dtype(out) or out.dtype)
    count += more
    count = count.clip(1, None, out=count)
    if out.dtype.kind in "iu":
        out //= count.astype(out.dtype)
    elif whole or count.dtype != out.dtype:
        out[...] = out / count.astype(wide_dtype(out) or out.dtype)
    else:
        out /= count


# --------------------------------------------------------------------------------------- products
@custom(node_name="ScatterReduce", saves=("x", "index", "source"))
def prod_at_op(xp: Any, x: Any, index: Any, source: Any, *, axis: int, include_self: bool) -> Any:
    """``x`` times all of ``source`` that goes to its place."""
    out = xp.array(x, order="C")
    _reduce(xp, out, index, source, axis=axis, how="prod", include_self=include_self)
    return out


@prod_at_op.vjp
def _(g: Any, x: Any, index: Any, source: Any, *, axis: int, include_self: bool, needs: Any
      ) -> Any:
    rest = None
    if needs[0] and include_self:
        rest = mul(g, prod_at_op(_ones(x, x.shape), index, source, axis=axis, include_self=True))
    elif needs[0]:
        rest = scatter_op(g, index, 0, axis=axis)
    if not needs[2]:
        return rest, None, None
    here = gather_op(mul(g, x) if include_self else g, index, axis=axis)
    others = others_op(index, source, axis=axis, shape=x.shape)
    return rest, None, mul(here, others)


@custom(node_name="ScatterProdBackward", saves=("index", "source"))
def others_op(xp: Any, index: Any, source: Any, *, axis: int, shape: Any) -> Any:
    """For each element of ``source`` the product of the others that go to its place."""
    zero = source == 0
    safe = xp.where(zero, 1, source).astype(wide_dtype(source) or source.dtype)
    product = combine_along(xp.ones(shape, safe.dtype), axis, index, safe, "multiply")
    zeros = combine_along(xp.zeros(shape, np.int64), axis, index, zero.astype(np.int64), "add")
    others = gather_along(zeros, axis, index) - zero
    rest = gather_along(product, axis, index) / safe
    return xp.where(others == 0, rest, 0).astype(source.dtype)


@others_op.vjp
def _(w: Any, index: Any, source: Any, *, axis: int, shape: Any) -> Any:
    """The sum over i of ``w[i]`` times the product of all but i and k, for each k."""

    def total(values: Any) -> Any:
        added = scatter_add_op(zeros_as(values, shape), index, values, axis=axis)
        return gather_op(added, index, axis=axis)

    zero = eq(source, 0)
    safe = where(zero, 1.0, source)
    product = prod_at_op(_ones(source, shape), index, safe, axis=axis, include_self=True)
    mine = convert(zero, kind_of_value(source))
    others = sub(total(mine), mine)  # how many zeros there are beside each element
    whole, single = where(zero, 0.0, w / safe), where(zero, w, 0.0)
    without = where(eq(others, 0), sub(total(whole), whole), sub(total(single), single))
    rest = gather_op(product, index, axis=axis) / safe
    return None, where(gt(others, 1), 0.0, mul(rest, without))


def _ones(like: Any, shape: Any) -> Any:
    ones = zeros_as(like, shape)
    (ones.array if isinstance(ones, TensorBase) else ones)[...] = 1
    return ones


# --------------------------------------------------------------------------------------- extremes
def _extreme(how: str) -> Custom:
    @custom(node_name="ScatterReduce", saves=("x", "index", "source", "result"))
    def extreme_at(xp: Any, x: Any, index: Any, source: Any, *, axis: int, include_self: bool
                   ) -> Any:
        out = xp.array(x, order="C")
        _reduce(xp, out, index, source, axis=axis, how=how, include_self=include_self)
        return out

    extreme_at.vjp(_shared_at)
    return extreme_at


def _shared_at(g: Any, x: Any, index: Any, source: Any, y: Any, *, axis: int, include_self: bool
               ) -> Any:
    """``g`` divided among all that equal the extreme ``y`` of their place."""
    kind = kind_of_value(x)
    mine, theirs = eq(x, y), eq(source, gather_op(y, index, axis=axis))
    hits = convert(mine, kind)
    if not include_self:  # only where nothing was written does the old value stay
        hits = scatter_op(hits, index, 0, axis=axis)
    share = g / scatter_add_op(hits, index, convert(theirs, kind), axis=axis)
    part = where(theirs, gather_op(share, index, axis=axis), 0.0)
    return where(eq(hits, 1), share, 0.0), None, part


amax_at_op = _extreme("amax")
amin_at_op = _extreme("amin")

_COMBINING = {"prod": prod_at_op, "amax": amax_at_op, "amin": amin_at_op}

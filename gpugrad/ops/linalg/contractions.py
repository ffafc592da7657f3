"""Contractions: products of two tensors summed over any of their dimensions, by BLAS.

A contraction is named by labels, one per dimension: ``contract(a, b, (0, 1), (1, 2), (0, 2))`` is
the matrix product. Its derivatives are contractions of the cotangent with the other operand.

Holds:     what is saved are the operands themselves, not the rearranged copies BLAS may need.
Must not:  parse equations: einsum.py does.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

from ...errors import ShapeError
from ...graph import TensorBase
from ..broadcast import expand
from ..dims import axes_of
from ..generic import custom
from ..surface import public
from .products import partners, product, same_kind

__all__ = ["bilinear", "contract", "contract_op", "inner", "tensordot"]

Labels = tuple[int, ...]


@custom(node_name="Bmm", saves=partners)
def contract_op(xp: Any, a: Any, b: Any, *, labels: tuple[Labels, Labels, Labels]) -> Any:
    """The sum of products over every label that is in both operands and not in the result.

    Each label is in at least two of the three; one operand's size at a label is the other's.
    """
    ours, theirs, result = labels
    shared = [n for n in ours if n in theirs]
    batch = [n for n in result if n in shared]
    summed = [n for n in shared if n not in result]
    rows, columns = ([n for n in result if n in own and n not in shared] for own in (ours, theirs))
    size = dict(zip(theirs, b.shape, strict=True)) | dict(zip(ours, a.shape, strict=True))
    sizes = [[size[n] for n in group] for group in (batch, rows, summed, columns)]
    left = _grouped(a, ours, (batch, rows, summed), sizes[:3])
    right = _grouped(b, theirs, (batch, summed, columns), [sizes[0], sizes[2], sizes[3]])
    made = (product(xp, left, right) if summed else left * right)
    made = made.reshape((*sizes[0], *sizes[1], *sizes[3]))
    order = [*batch, *rows, *columns]
    return made.transpose([order.index(n) for n in result])


def _grouped(x: Any, own: Labels, groups: Sequence[list[int]], sizes: Sequence[list[int]]) -> Any:
    """``x`` with the dimensions of each group as one."""
    order = [own.index(n) for group in groups for n in group]
    shape = [prod(group) for group in sizes]
    if not groups[0]:  # without a batch these are matrices
        shape = shape[1:]
    return x.transpose(order).reshape(shape)


@contract_op.vjp
def _(g: Any, *saved: Any, labels: Any, needs: Any) -> Any:
    ours, theirs, result = labels
    a, b = saved[0], saved[-1]
    return (
        contract_op(g, b, labels=(result, theirs, ours)) if needs[0] else None,
        contract_op(g, a, labels=(result, ours, theirs)) if needs[1] else None,
    )


def contract(a: Any, b: Any, ours: Labels, theirs: Labels, result: Labels) -> Any:
    """``contract_op``, of tensors of one kind or of raw arrays."""
    if isinstance(a, TensorBase):
        same_kind("contraction", a, b)
    return contract_op(a, b, labels=(ours, theirs, result))


# ----------------------------------------------------------------------------------- public names
@public("torch method out")
def inner(input: Any, other: Any) -> Any:
    """The sum of products over the last dimension of both.

    Shape:   (..., k), (*, k) -> (..., *); a number multiplies
    Saves:   each operand if the other needs a gradient
    """
    if not input.shape or not other.shape:
        return input * other
    if input.shape[-1] != other.shape[-1]:
        raise ShapeError(
            "inner() the last dimension must match on both input tensors but got shapes "
            f"{list(input.shape)} and {list(other.shape)}"
        )
    return tensordot(input, other, ([-1], [-1]))


@public("torch out")
def tensordot(a: Any, b: Any, dims: Any = 2) -> Any:
    """The sum of products over the last ``dims`` dimensions of ``a`` and the first of ``b``, or
    over those listed.

    Shape:   the other dimensions of ``a``, then those of ``b``
    Saves:   each operand if the other needs a gradient
    Raises:  RuntimeError if sizes differ
    >>> import gpugrad
    >>> a, b = gpugrad.ones(2, 3, 4), gpugrad.ones(4, 3, 5)
    >>> gpugrad.tensordot(a, b, dims=([1, 2], [1, 0])).shape
    gpugrad.Size([2, 5])
    """
    ours, theirs = _paired(dims, len(a.shape), len(b.shape))
    sizes = [list(a.shape), list(b.shape)]
    for i, j in zip(ours, theirs, strict=True):
        m, n = a.shape[i], b.shape[j]
        if m != n and 1 not in (m, n):
            raise ShapeError(
                f"contracted dimensions need to match, but first has size {m} in dim {i} and "
                f"second has size {n} in dim {j}"
            )
        sizes[0][i] = sizes[1][j] = n if m == 1 else m
    first = tuple(range(len(a.shape)))
    names = dict(zip(theirs, ours, strict=True))
    second = tuple([names.get(j, len(first) + j) for j in range(len(b.shape))])
    kept = [n for n in first if n not in ours] + [n for n in second if n >= len(first)]
    return contract(expand(a, sizes[0]), expand(b, sizes[1]), first, second, tuple(kept))


def _paired(dims: Any, ndim: int, other: int) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The dimensions to be summed over, of each operand."""
    if isinstance(dims, TensorBase):
        dims = dims.array.tolist()
        dims = dims[0] if isinstance(dims, list) and len(dims) == 1 else dims
    if isinstance(dims, int):
        if dims < 0:
            raise RuntimeError(f"tensordot expects dims >= 0, but got dims={dims}")
        if dims > min(ndim, other):
            raise RuntimeError(f"tensordot expects dims < ndim_a or ndim_b, but got dims={dims}")
        return tuple(range(ndim - dims, ndim)), tuple(range(dims))
    if not isinstance(dims, (tuple, list)):
        raise RuntimeError(
            "tensordot expects dims to be int or tuple[list[int], list[int]] or list[list[int]] "
            f"containing two lists, but got dims={dims}"
        )
    ours, theirs = ([d] if isinstance(d, int) else list(d) for d in dims)
    if len(ours) != len(theirs):
        raise RuntimeError("both dimension lists should have same length")
    return _axes(ours, ndim), _axes(theirs, other)


def _axes(dims: list[int], ndim: int) -> tuple[int, ...]:
    return axes_of(dims, ndim) if dims else ()


# --------------------------------------------------------------------------------------- bilinear
def _bilinear_saves(needs: tuple[bool, ...]) -> tuple[str, ...]:
    first, second, weight = needs
    return (
        (("x1",) if second or weight else ())
        + (("x2",) if first or weight else ())
        + (("weight",) if first or second else ())
    )


@custom(node_name="Trilinear", saves=_bilinear_saves)
def bilinear_op(xp: Any, x1: Any, x2: Any, weight: Any) -> Any:
    """``x1[n, i] * weight[k, i, j] * x2[n, j]``, summed over i and j."""
    wide = [t.astype("float32") if t.dtype.itemsize == 2 else t for t in (x1, x2, weight)]
    between = contract_op(wide[0], wide[2], labels=((0, 1), (2, 1, 3), (0, 2, 3)))
    out = contract_op(between, wide[1], labels=((0, 2, 3), (0, 3), (0, 2)))
    return out.astype(x1.dtype, copy=False)


@bilinear_op.vjp
def _(g: Any, *saved: Any, needs: Any) -> Any:
    kept = dict(zip(_bilinear_saves(needs), saved, strict=True))
    x1, x2, weight = (kept.get(name) for name in ("x1", "x2", "weight"))
    first = second = third = None
    if needs[0]:
        between = contract_op(g, weight, labels=((0, 2), (2, 1, 3), (0, 1, 3)))
        first = contract_op(between, x2, labels=((0, 1, 3), (0, 3), (0, 1)))
    if needs[1]:
        between = contract_op(g, weight, labels=((0, 2), (2, 1, 3), (0, 1, 3)))
        second = contract_op(between, x1, labels=((0, 1, 3), (0, 1), (0, 3)))
    if needs[2]:
        between = contract_op(g, x1, labels=((0, 2), (0, 1), (0, 2, 1)))
        third = contract_op(between, x2, labels=((0, 2, 1), (0, 3), (2, 1, 3)))
    return first, second, third


@public("torch F")
def bilinear(input1: Any, input2: Any, weight: Any, bias: Any = None) -> Any:
    """``input1 @ weight[k] @ input2`` for every k, plus a bias.

    Shape:   input1 (*, in1), input2 (*, in2), weight (out, in1, in2), bias (out) -> (*, out)
    Saves:   of the three factors each that another one's gradient needs
    """
    if tuple(input1.shape[:-1]) != tuple(input2.shape[:-1]):
        raise ShapeError(
            "bilinear(): input batch dimensions do not match: got "
            f"{list(input1.shape[:-1])} and {list(input2.shape[:-1])}"
        )
    for i, x in ((1, input1), (2, input2)):
        if x.shape[-1] != weight.shape[i]:
            raise ShapeError(
                f"bilinear(): input{i} size does not match weight size: got {x.shape[-1]} but "
                f"expected {weight.shape[i]}"
            )
        same_kind("bilinear", x, weight)
    rows = [x.reshape(-1, x.shape[-1]) for x in (input1, input2)]
    out = bilinear_op(*rows, weight).reshape(*input1.shape[:-1], weight.shape[0])
    return out if bias is None else out + bias

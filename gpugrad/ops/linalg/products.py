"""Matrix products.

Holds:     a product saves only the operands whose partner needs a gradient; rules are written once
           for raw arrays and tensors, in operators and methods that both have.
Must not:  copy an operand: BLAS takes transposed views.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import ShapeError, different_devices, matmul_mismatch
from ...graph import here, location
from ..broadcast import sum_to, wide_dtype
from ..generic import custom
from ..reduce import sum_op
from ..surface import public

__all__ = ["bmm", "cotangents", "dot", "linear", "matmul", "matmul_op", "mm", "mv", "of_rank",
           "outer", "partners", "product", "same_kind"]  # fmt: skip


# ----------------------------------------------------------------------------------------- matmul
def partners(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return (("a",) if needs[1] else ()) + (("b",) if needs[0] else ())


@custom(node_name="Mm", saves=partners)
def matmul_op(xp: Any, a: Any, b: Any) -> Any:
    """``a @ b``, broadcasting leading dimensions; vectors are rows left and columns right."""
    return product(xp, a, b)


@matmul_op.vjp
def _(g: Any, *saved: Any, shapes: Any, needs: Any) -> Any:
    return cotangents(g, saved, shapes, needs)


def cotangents(g: Any, saved: Any, shapes: Any, needs: Any) -> tuple[Any, Any]:
    """The cotangents of the two operands of a product, from those that ``partners`` saved."""
    *first, second = saved if len(saved) == 2 else (saved[0], saved[0])
    a, b = (first[0] if first else second), second
    if len(shapes[0]) == 1 or len(shapes[1]) == 1:
        a, b, g = _matrices(a, b, g, shapes)
    return (
        _back(matmul_op(g, b.mT), shapes[0], (1, -1)) if needs[0] else None,
        _back(matmul_op(a.mT, g), shapes[1], (-1, 1)) if needs[1] else None,
    )


def _matrices(a: Any, b: Any, g: Any, shapes: Any) -> tuple[Any, Any, Any]:
    """Operands and cotangent of a product with a vector, seen as those of matrices."""
    shape = list(g.shape)
    if len(shapes[1]) == 1:
        shape.append(1)
        b = b.reshape(-1, 1) if len(b.shape) == 1 else b
    if len(shapes[0]) == 1:
        shape.insert(len(shape) - 1, 1)
        a = a.reshape(1, -1) if len(a.shape) == 1 else a
    return a, b, g.reshape(shape)


def _back(d: Any, shape: Any, as_matrix: tuple[int, int]) -> Any:
    """The cotangent of an operand of ``shape``: summed over broadcast dimensions, and a vector."""
    if len(shape) > 1:
        return sum_to(d, shape)
    matrix = tuple(shape[0] if n < 0 else n for n in as_matrix)
    return sum_to(d, matrix).reshape(shape)


def product(xp: Any, a: Any, b: Any, bias: Any = None, *, beta: float = 1, alpha: float = 1) -> Any:
    """``alpha * a @ b + beta * bias``; half types are added up in float32 and rounded once.

    cuBLAS does that by itself for float16. A ``beta`` of 0 leaves the bias out, whatever it holds.
    """
    half = a.dtype
    if wide_dtype(a) == "float32" and (xp is np or half != "float16"):
        a, b = a.astype("float32"), b.astype("float32")
    y = xp.matmul(a, b)
    if alpha != 1:
        y *= alpha
    if bias is not None and beta != 0:
        y += bias if beta == 1 else bias.astype(y.dtype, copy=False) * beta
    return y.astype(half, copy=False)


@public("torch method linalg out")
def matmul(input: Any, other: Any) -> Any:
    """The matrix product; vectors are rows on the left and columns on the right.

    Shape:   (..., n, k), (..., k, m) -> (..., n, m); (k) and (n, k), (k) as in NumPy
    Saves:   each operand if the other needs a gradient
    Raises:  ShapeError if inner sizes differ; RuntimeError if dtypes do
    """
    a, b = tuple(input.shape), tuple(other.shape)
    if not a or not b:
        raise ShapeError("both arguments to matmul need to be at least 1D")
    if a[-1] != b[-2 if len(b) > 1 else -1]:
        raise matmul_mismatch(a, b, str(location(*here())))
    same_kind("matmul", input, other)
    if input.kind.dtype.category == 0:
        raise NotImplementedError("matmul: not implemented for 'Bool'")
    return matmul_op(input, other)


def same_kind(name: str, a: Any, b: Any) -> None:
    if a.kind is b.kind:
        return
    if a.kind.device != b.kind.device:
        devices = [str(a.kind.device), str(b.kind.device)]
        raise different_devices(name, devices, str(location(*here())))
    raise RuntimeError(
        "expected m1 and m2 to have the same dtype, but got: "
        f"{a.kind.dtype.name} != {b.kind.dtype.name}"
    )


def of_rank(name: str, tensor: Any, rank: int) -> None:
    if len(tensor.shape) != rank:
        raise ShapeError(f"{name}: expected a {rank}D tensor, got shape {tuple(tensor.shape)}")


@public("torch method out")
def mm(input: Any, mat2: Any) -> Any:
    """The product of two matrices."""
    of_rank("mm", input, 2)
    of_rank("mm", mat2, 2)
    return matmul(input, mat2)


@public("torch method out")
def bmm(input: Any, mat2: Any) -> Any:
    """The products of two batches of matrices."""
    of_rank("bmm", input, 3)
    of_rank("bmm", mat2, 3)
    return matmul(input, mat2)


@public("torch method out")
def mv(input: Any, vec: Any) -> Any:
    """A matrix times a vector."""
    of_rank("mv", input, 2)
    of_rank("mv", vec, 1)
    return matmul(input, vec)


@public("torch method out", also="vdot")
def dot(input: Any, tensor: Any) -> Any:
    """The inner product of two vectors."""
    of_rank("dot", input, 1)
    of_rank("dot", tensor, 1)
    return matmul(input, tensor)


@public("torch method out", also="ger")
def outer(input: Any, vec2: Any) -> Any:
    """All products of an element of one vector with one of the other."""
    of_rank("outer", input, 1)
    of_rank("outer", vec2, 1)
    return input.reshape(-1, 1) * vec2


# ------------------------------------------------------------------------------------ with a bias
def _linear_saves(needs: tuple[bool, ...]) -> tuple[str, ...]:
    return (("x",) if needs[1] else ()) + (("weight",) if needs[0] else ())


@custom(node_name="Addmm", saves=_linear_saves)
def linear_op(xp: Any, x: Any, weight: Any, bias: Any) -> Any:
    """``x @ weight.T + bias`` with one temporary fewer than the composition."""
    return product(xp, x, weight.T, bias)


@custom(node_name="Mm", saves=_linear_saves)
def product_op(xp: Any, x: Any, weight: Any) -> Any:
    """``x @ weight.T``."""
    return product(xp, x, weight.T)


@product_op.vjp
@linear_op.vjp
def _(g: Any, *saved: Any, shapes: Any, needs: Any) -> Any:
    grad_x = grad_weight = grad_bias = None
    if needs[0]:
        weight = saved[-1]
        grad_x = matmul_op(g if len(g.shape) > 1 else g.reshape(1, -1), weight).reshape(shapes[0])
    if any(needs[1:]):
        rows = g.reshape(-1, g.shape[-1]) if len(g.shape) != 2 else g
        if needs[1]:
            x = saved[0]
            x = x.reshape(-1, x.shape[-1]) if len(x.shape) != 2 else x
            grad_weight = matmul_op(rows.T, x)
        if needs[2:] == (True,):
            grad_bias = sum_op(rows, axes=(0,), keepdim=False)
    return (grad_x, grad_weight, grad_bias)[: len(needs)]


@public("F")
def linear(input: Any, weight: Any, bias: Any = None) -> Any:
    """``input @ weight.T + bias``.

    Shape:   input (*, in), weight (out, in), bias (out) -> (*, out)
    Saves:   input if the weight needs a gradient, the weight if the input does
    Raises:  ShapeError if input.shape[-1] != weight.shape[1]
    """
    if not input.shape or input.shape[-1] != weight.shape[-1]:
        rows = tuple(input.shape)
        flat = (input.shape.numel() // max(rows[-1], 1), rows[-1]) if rows else ()
        columns = tuple(reversed(weight.shape))
        raise matmul_mismatch(flat or rows, columns, str(location(*here())))
    same_kind("linear", input, weight)
    return product_op(input, weight) if bias is None else linear_op(input, weight, bias)

"""Custom Functions: derivatives beside plain ops, what PyTorch does otherwise, forward mode."""

from __future__ import annotations

import random
from typing import Any

import pytest

import gpugrad
from gpugrad.autograd import Function
from gpugrad.autograd.function import FunctionCtx, InplaceFunction, once_differentiable
from gpugrad.errors import GraphFreedError
from gpugrad.transforms.function_jvp import linearize


# ----------------------------------------------------------------------------- beside plain ops
class Mul(Function):
    @staticmethod
    def forward(ctx, a, b):
        ctx.save_for_backward(a, b)
        return a * b

    @staticmethod
    def backward(ctx, g):
        a, b = ctx.saved_tensors
        return Mul.apply(g, b), Mul.apply(g, a)


class SinCos(Function):
    @staticmethod
    def forward(ctx, x):
        ctx.sin, ctx.cos = x.sin(), x.cos()
        return ctx.sin, ctx.cos

    @staticmethod
    def backward(ctx, g, h):
        return Mul.apply(g, ctx.cos) - Mul.apply(h, ctx.sin)


PLAIN = lambda a, b: a * b, lambda x: (x.sin(), x.cos())
CUSTOM = Mul.apply, SinCos.apply


@pytest.mark.parametrize("seed", range(20))
def test_derivatives_up_to_the_third_are_those_of_plain_ops(seed: int) -> None:
    def derivatives(mul: Any, sin_cos: Any) -> list[Any]:
        rng = random.Random(seed)
        leaves = [gpugrad.linspace(0.1, 1 + i, 4, dtype=gpugrad.float64) for i in range(3)]
        values = [leaf.requires_grad_() for leaf in leaves]
        for _ in range(8):
            a, b = rng.choice(values[-3:]), rng.choice(values)
            made = [mul(a, b)], sin_cos(a), [a + 2 * b]
            values += rng.choice(made)
        found, total = [], values[-1].sum() + values[-2].sum()
        for _ in range(3):
            grads = gpugrad.autograd.grad(
                total, leaves, create_graph=True, allow_unused=True, materialize_grads=True)
            found += grads
            total = sum((g * g).sum() for g in grads) + 0 * leaves[0].sum()
        return found

    for custom, plain in zip(derivatives(*CUSTOM), derivatives(*PLAIN), strict=True):
        assert gpugrad.allclose(custom, plain, rtol=1e-10, atol=1e-10)


# ----------------------------------------------------------------------- what PyTorch has otherwise
def test_a_second_derivative_is_refused_even_if_the_cotangent_is_a_constant() -> None:
    class Cube(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        @once_differentiable
        def backward(ctx, g):
            (x,) = ctx.saved_tensors
            return 3 * g * x * x

    x = gpugrad.arange(1.0, 4).requires_grad_()
    (g,) = gpugrad.autograd.grad(Cube.apply(x).sum(), x, create_graph=True)
    assert g.tolist() == [3, 12, 27]
    for attempt in (g.sum().backward, lambda: gpugrad.autograd.grad(g.sum(), x)):
        with pytest.raises(RuntimeError, match=r"differentiate twice[\s\S]*Cube.backward, applied"):
            attempt()


def test_a_view_of_something_else_may_be_written_to_by_a_function_of_several_outputs() -> None:
    class Twice(Function):
        @staticmethod
        def forward(ctx, x):
            x.mul_(2)
            ctx.mark_dirty(x)
            return x, x * 3

        @staticmethod
        def backward(ctx, g, h):
            return 2 * g + 6 * h

    x = gpugrad.arange(1.0, 5).requires_grad_()
    h = x * 1
    v = h[:2]
    y, z = Twice.apply(v)
    assert y is v
    (h.sum() + z.sum()).backward()
    assert h.tolist() == [2, 4, 3, 4]
    assert x.grad.tolist() == [8, 8, 1, 1]


def test_a_view_goes_backwards_after_its_base_was_written_to_without_recording() -> None:
    class Turned(Function):
        @staticmethod
        def forward(ctx, x):
            return x.t()

        @staticmethod
        def backward(ctx, g):
            return 3 * g.t()

    h = gpugrad.ones(2, 3, requires_grad=True) * 1
    y = Turned.apply(h)
    with gpugrad.no_grad():
        h.add_(1)
    assert y.tolist() == [[2, 2], [2, 2], [2, 2]]
    (g,) = gpugrad.autograd.grad(y.sum(), h)
    assert (g == 3).all()


def test_one_tensor_returned_twice_has_two_places() -> None:
    class Both(Function):
        @staticmethod
        def forward(ctx, x):
            y = x * 2
            return y, y

        @staticmethod
        def backward(ctx, g, h):
            return g + 10 * h

    x = gpugrad.ones(2, requires_grad=True)
    a, b = Both.apply(x)
    (a + 2 * b).sum().backward()
    assert x.grad.tolist() == [21, 21]


def test_a_tensor_from_elsewhere_keeps_its_own_place() -> None:
    weight = gpugrad.ones(2, requires_grad=True)

    class Constant(Function):
        @staticmethod
        def forward(ctx, x):
            return weight

        @staticmethod
        def backward(ctx, g):
            return g

    y = Constant.apply(gpugrad.zeros(2, requires_grad=True))
    assert y.grad_fn.name() == "ConstantBackward"
    assert weight.is_leaf


def test_what_has_no_gradient_says_so() -> None:
    class Floor(Function):
        @staticmethod
        def forward(ctx, x):
            y = x.floor()
            ctx.mark_non_differentiable(y)
            return y

    x = gpugrad.ones(2, requires_grad=True)
    assert "Floor() at" in (Floor.apply(x) * 2).why_no_grad()
    assert Floor.apply(x.detach()).why_no_grad().startswith("detach()")
    with gpugrad.no_grad():
        assert "no_grad" in Floor.apply(x).why_no_grad()


def test_names_for_other_programs() -> None:
    class Old(InplaceFunction):
        @staticmethod
        def forward(ctx, x):
            assert isinstance(ctx, FunctionCtx)
            return x * 2

        @staticmethod
        def backward(ctx, g):
            return g * 2

    assert Old.apply(gpugrad.ones(2, requires_grad=True)).requires_grad
    with pytest.warns(DeprecationWarning, match="should not be instantiated"):
        old = Old(inplace=True)
    assert old.inplace


def test_a_function_that_is_not_recorded_lets_its_ctx_keep_what_it_has() -> None:
    seen = []

    class Noting(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.x = x
            seen.append(ctx)
            return x * 2

    x = gpugrad.ones(2)
    Noting.apply(x)
    assert seen[0].x is x
    assert seen[0].saved_tensors == ()


def test_values_of_a_graph_that_is_gone_are_gone() -> None:
    seen = []

    class Noting(Function):
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            ctx.half = x / 2
            seen.append(ctx)
            return x * 2

    Noting.apply(gpugrad.ones(2, requires_grad=True))
    with pytest.raises(GraphFreedError, match="the graph of this ctx is gone"):
        seen[0].saved_tensors  # noqa: B018
    with pytest.raises(GraphFreedError, match="the graph of this ctx is gone"):
        seen[0].half  # noqa: B018


# ----------------------------------------------------------------------------------- forward mode
class Product(Function):
    """``x * y * n``, forwards and backwards."""

    @staticmethod
    def forward(x, y, n):
        return x * y * n, x.long()

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, y, ctx.n = inputs
        ctx.save_for_backward(x, y)
        ctx.save_for_forward(x, y)

    @staticmethod
    def backward(ctx, g, _):
        x, y = ctx.saved_tensors
        return g * y * ctx.n, g * x * ctx.n, None

    @staticmethod
    def jvp(ctx, t, u, n):
        x, y = ctx.saved_tensors
        assert n is None
        return ctx.n * (t * y + x * u), None


@pytest.mark.parametrize("requires_grad", [True, False])
def test_linearize_gives_the_output_and_its_tangent(requires_grad: bool) -> None:
    x = gpugrad.arange(1.0, 4, requires_grad=requires_grad)
    y = gpugrad.ones(3) * 2
    (z, _), push = linearize(Product, x, y, 5)
    assert z.requires_grad == requires_grad
    tangent, nothing = push(gpugrad.ones(3), None, None)
    assert nothing is None
    assert tangent.tolist() == [10, 10, 10]
    assert push(None, gpugrad.ones(3), None)[0].tolist() == [5, 10, 15]


def test_a_tangent_is_differentiated_like_anything_else() -> None:
    x = gpugrad.arange(1.0, 4, requires_grad=True)
    _, push = linearize(Product, x, gpugrad.ones(3) * 2, 5)
    push(None, gpugrad.ones(3), None)[0].sum().backward()
    assert x.grad.tolist() == [5, 5, 5]


def test_wrong_tangents_are_refused() -> None:
    def with_jvp(jvp):
        return type("Wrong", (Product,), {"jvp": staticmethod(jvp)})

    x = gpugrad.ones(3)
    for jvp, words in (
        (lambda ctx, *t: t[0], r"number of forward gradients \(expected 2, got 1\)"),
        (lambda ctx, *t: (t[0].sum(), None), r"index 0 - got \[\] but expected shape \[3"),
    ):
        _, push = linearize(with_jvp(jvp), x, x, 5)
        with pytest.raises(RuntimeError, match=words):
            push(x, x, None)
    _, push = linearize(type("None_", (Product,), {"jvp": Function.jvp}), x, x, 5)
    with pytest.raises(NotImplementedError, match="You must implement the jvp function"):
        push(x, x, None)


# ------------------------------------------------------------- functions of traced tensors
def cubed(x: Any) -> Any:
    return Cubed.apply(x)


class Cubed(Function):
    """``x ** 3``, with a jvp of its own."""

    @staticmethod
    def forward(x, n=3):
        return x**n

    @staticmethod
    def setup_context(ctx, inputs, output):
        x, ctx.n = inputs
        ctx.save_for_backward(x)
        ctx.save_for_forward(x)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return ctx.n * g * x ** (ctx.n - 1), None

    @staticmethod
    def jvp(ctx, t, _):
        (x,) = ctx.saved_tensors
        return ctx.n * t * x ** (ctx.n - 1)


def test_forward_mode_uses_jvp_in_any_depth() -> None:
    jvp = gpugrad.func.jvp
    x, one = gpugrad.tensor(2.0), gpugrad.tensor(1.0)
    assert jvp(cubed, (x,), (one,))[1].item() == 12
    second = jvp(lambda x: jvp(cubed, (x,), (one,))[1], (x,), (one,))
    assert [part.item() for part in second] == [12, 12]
    assert gpugrad.func.hessian(cubed)(x).item() == 12
    assert gpugrad.func.grad(lambda x: jvp(cubed, (x,), (one,))[1])(x).item() == 12


def test_batches_and_tangents_go_together() -> None:
    rows, ones = gpugrad.arange(1.0, 4), gpugrad.ones(3)
    slope = gpugrad.func.vmap(lambda x, t: gpugrad.func.jvp(cubed, (x,), (t,))[1])
    assert slope(rows, ones).tolist() == [3, 12, 27]
    assert gpugrad.func.vmap(gpugrad.func.grad(cubed))(rows).tolist() == [3, 12, 27]


def test_keywords_find_their_places_under_a_transformation() -> None:
    x, one = gpugrad.tensor(2.0), gpugrad.tensor(1.0)
    assert gpugrad.func.jvp(lambda x: Cubed.apply(x, n=2), (x,), (one,))[1].item() == 4

    class Combined(Function):
        @staticmethod
        def forward(ctx, x, n):
            ctx.n = n
            return x * n

        @staticmethod
        def jvp(ctx, t, _):
            return t * ctx.n

    assert gpugrad.func.jvp(lambda x: Combined.apply(x, n=5), (x,), (one,))[1].item() == 5
    with pytest.raises(RuntimeError, match="must override the setup_context"):
        gpugrad.func.hessian(lambda x: Combined.apply(x, 5))(x)


def test_forward_mode_without_jvp_is_refused() -> None:
    class Plain(Function):
        @staticmethod
        def forward(ctx, x):
            return x * 2

    x = gpugrad.tensor(2.0)
    with pytest.raises(NotImplementedError, match="You must implement the jvp function"):
        gpugrad.func.jvp(Plain.apply, (x,), (x,))

"""gpugrad.func beside torch.func: derivatives and batching, nested in every order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import func as own_func
from tests.alike import assert_alike, data

Program = Callable[[Any, Any], Any]
PROGRAMS: dict[str, Program] = {}


def of(module: Any) -> Any:
    """The ``func`` of a library."""
    return own_func if module is gpugrad else __import__("torch.func", fromlist=["func"])


class Net:
    """An MLP of one example, with what is derived from it."""

    def __init__(self, m: Any) -> None:
        self.m, self.F = m, m.nn.functional
        self.x, self.many = data(m, 5), data(m, 6, 5, seed=1)
        self.w, self.b = data(m, 5, 4, seed=2), data(m, 4, seed=3)
        self.v = data(m, 4, 3, seed=4)
        self.classes = m.tensor(np.array([0, 1, 2, 0, 1, 2]))

    def f(self, x: Any) -> Any:
        return self.m.tanh(x @ self.w + self.b) @ self.v

    def number(self, x: Any) -> Any:
        return (self.f(x) ** 2).sum()

    def loss(self, w: Any, b: Any, v: Any, x: Any, y: Any) -> Any:
        return self.F.cross_entropy((self.m.tanh(x @ w + b) @ v)[None], y[None])

    def normed(self, x: Any) -> Any:
        return (self.F.layer_norm(x.reshape(2, 4), (4,), self.b, self.b) ** 3).sum()

    def convolved(self, kernel: Any, image: Any) -> Any:
        return (self.F.conv2d(image[None], kernel, padding=1) ** 2).sum()


def program(function: Program) -> Program:
    PROGRAMS[function.__name__] = function
    return function


def short(**programs: Program) -> None:
    PROGRAMS.update(programs)


short(
    grad=lambda n, f: f.grad(n.number)(n.x),
    grad_of_grad=lambda n, f: f.grad(lambda x: f.grad(n.number)(x).sum())(n.x),
    third_derivative=lambda n, f: f.grad(
        lambda x: f.grad(lambda x: f.grad(n.number)(x).sum())(x).sum())(n.x),
    grad_and_value=lambda n, f: f.grad_and_value(n.number)(n.x),
    grad_with_aux=lambda n, f: f.grad(lambda x: (n.number(x), {"a": n.f(x)}), has_aux=True)(n.x),
    grad_of_a_dict=lambda n, f: f.grad(lambda p: (p["a"] * p["b"][0]).sum())(
        {"a": n.x, "b": (n.x * 2,)}),
    grad_of_several=lambda n, f: f.grad(lambda a, b: (a * b.exp()).sum(), argnums=(1, 0))(
        n.x, n.x * 2),
    vjp=lambda n, f: f.vjp(n.f, n.x)[1](n.m.ones(3, dtype=n.m.float64)),
    jvp=lambda n, f: f.jvp(n.f, (n.x,), (n.x * 2,)),
    jacrev=lambda n, f: f.jacrev(n.f)(n.x),
    jacfwd=lambda n, f: f.jacfwd(n.f)(n.x),
    jacrev_in_chunks=lambda n, f: f.jacrev(n.f, chunk_size=2)(n.x),
    jacrev_of_several=lambda n, f: f.jacrev(lambda a, b: (a * b, (a.sum(),)), argnums=(0, 1))(
        n.x, n.x * 3),
    jacfwd_of_several=lambda n, f: f.jacfwd(lambda a, b: (a * b, (a.sum(),)), argnums=(0, 1))(
        n.x, n.x * 3),
    hessian=lambda n, f: f.hessian(n.number)(n.x),
    hessian_rev_rev=lambda n, f: f.jacrev(f.jacrev(n.number))(n.x),
    hessian_fwd_fwd=lambda n, f: f.jacfwd(f.jacfwd(n.number))(n.x),
    hessian_rev_fwd=lambda n, f: f.jacrev(f.jacfwd(n.number))(n.x),
    hessian_of_a_norm=lambda n, f: f.hessian(n.normed)(data(n.m, 8)),
    batch_of_hessians=lambda n, f: f.vmap(f.hessian(n.normed))(data(n.m, 3, 8)),
    vmap=lambda n, f: f.vmap(n.f)(n.many),
    vmap_in_chunks=lambda n, f: f.vmap(n.f, chunk_size=4)(n.many),
    vmap_to_dimension_1=lambda n, f: f.vmap(n.f, out_dims=1)(n.many),
    vmap_from_dimension_1=lambda n, f: f.vmap(lambda v: v.sum(), in_dims=1)(n.many),
    vmap_of_a_dict=lambda n, f: f.vmap(lambda d, s: {"y": d["x"] * s}, in_dims=({"x": 0}, None))(
        {"x": n.many}, n.x),
    vmap_of_vmap=lambda n, f: f.vmap(f.vmap(lambda a, b: (a * b).sum(), in_dims=(None, 0)),
                                     in_dims=(0, None))(n.many, n.many),
    vmap_of_grad=lambda n, f: f.vmap(f.grad(n.number))(n.many),
    vmap_of_jacrev=lambda n, f: f.vmap(f.jacrev(n.f))(n.many),
    vmap_of_jvp=lambda n, f: f.vmap(lambda x: f.jvp(n.f, (x,), (x * 2,)))(n.many),
    grad_of_vmap=lambda n, f: f.grad(lambda x: (f.vmap(n.f)(x) ** 2).sum())(n.many),
    jvp_of_grad=lambda n, f: f.jvp(f.grad(n.number), (n.x,), (n.x * 0.5,)),
    grad_of_jvp=lambda n, f: f.grad(lambda x: f.jvp(n.f, (x,), (x * 2,))[1].sum())(n.x),
    per_example_gradients=lambda n, f: f.vmap(
        f.grad(n.loss, argnums=(0, 1, 2)), in_dims=(None, None, None, 0, 0))(
        n.w, n.b, n.v, n.many, n.classes),
    per_example_kernels=lambda n, f: f.vmap(f.grad(n.convolved), in_dims=(None, 0))(
        data(n.m, 2, 3, 3, 3), data(n.m, 4, 3, 5, 5)),
    batch_of_images=lambda n, f: f.vmap(lambda i: n.F.conv2d(i[None], data(n.m, 2, 3, 3, 3)))(
        data(n.m, 4, 3, 5, 5)),
    in_place_in_vmap=lambda n, f: f.vmap(lambda v: v.mul_(2))(n.many.clone()),
    sorting=lambda n, f: f.vmap(lambda v: v.sort()[0])(n.many),
    positions=lambda n, f: f.vmap(lambda v: v.argmax())(n.many),
    choosing=lambda n, f: f.vmap(lambda v: n.m.where(v > 0, v, 0.0))(n.many),
    picking=lambda n, f: f.vmap(lambda v, i: v[i])(n.many, n.classes),
    attention_gradient=lambda n, f: f.grad(lambda q: n.F.scaled_dot_product_attention(
        q, q * 2, q + 1).sum())(data(n.m, 1, 2, 3, 4)),
)  # fmt: skip


@program
def an_outer_graph_goes_on(n: Any, f: Any) -> Any:
    x = n.x.clone().requires_grad_()
    first = f.grad(n.number)(x)
    return first, n.m.autograd.grad(first.sum(), x)


@program
def a_closure_over_a_graph(n: Any, f: Any) -> Any:
    w = n.w.clone().requires_grad_()
    first = f.grad(lambda x: n.m.tanh(x @ w).sum())(n.x)
    return first, n.m.autograd.grad(first.sum(), w)


@program
def batched_cotangents(n: Any, f: Any) -> Any:
    x = n.x.clone().requires_grad_()
    rows = n.m.eye(3, dtype=n.m.float64)
    return n.m.autograd.grad(n.f(x), x, rows, is_grads_batched=True)


@program
def functional_call(n: Any, f: Any) -> Any:
    layer = n.m.nn.Linear(5, 4).double()
    given = {"weight": n.w.t(), "bias": n.b}
    return f.functional_call(layer, given, (n.x,)), layer.bias is not given["bias"]


@pytest.mark.oracle
@pytest.mark.parametrize("name", PROGRAMS)
def test_transformations_give_what_torch_func_gives(name: str) -> None:
    assert_alike(lambda m: PROGRAMS[name](Net(m), of(m)))


REFUSED: dict[str, tuple[Program, str]] = {
    "item": (lambda n, f: f.vmap(lambda v: v.sum().item())(n.many), "vmap: It looks like"),
    "bool": (lambda n, f: f.vmap(lambda v: v if v.sum() > 0 else -v)(n.many),
             "data-dependent control flow"),
    "random": (lambda n, f: f.vmap(lambda v: v + n.m.randn(5))(n.many), "randomness error mode"),
    "nothing mapped": (lambda n, f: f.vmap(lambda v: v, in_dims=None)(n.x), "in_dims"),
    "sizes": (lambda n, f: f.vmap(lambda a, b: a)(n.many, n.x), "same size"),
    "no number": (lambda n, f: f.grad(n.f)(n.x), "scalar"),
    "argnums": (lambda n, f: f.grad(n.number, argnums=2)(n.x), "positional inputs"),
    "no tensor": (lambda n, f: f.vmap(lambda v: 1.0)(n.many), "must only return Tensors"),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("name", REFUSED)
def test_what_torch_func_refuses_is_refused(name: str) -> None:
    function, phrase = REFUSED[name]
    assert_alike(lambda m: function(Net(m), of(m)), phrase)


@pytest.mark.parametrize("randomness", ["same", "different"])
def test_examples_draw_the_same_numbers_or_their_own(randomness: str) -> None:
    x = gpugrad.zeros(4, 3, device="cpu")
    y = own_func.vmap(lambda v: v + gpugrad.randn(3, device="cpu"), randomness=randomness)(x)
    assert (y[0] == y[1]).all().item() is (randomness == "same")


def test_attention_has_tangents_of_any_order() -> None:
    n = Net(gpugrad)

    def attention(q: Any) -> Any:
        q = q.reshape(1, 2, 3, 4)
        return (n.F.scaled_dot_product_attention(q, q * 2, q + 1) ** 2).sum()

    q = data(gpugrad, 24)
    forward = own_func.hessian(attention)(q)
    reverse = own_func.jacrev(own_func.jacrev(attention))(q)
    np.testing.assert_allclose(forward.tolist(), reverse.tolist(), 1e-9, 1e-9)


def test_backward_inside_vmap_is_refused() -> None:
    with pytest.raises(RuntimeError, match="backward\\(\\) called inside"):
        own_func.vmap(lambda v: v.sum().backward())(gpugrad.ones(2, 3, device="cpu"))

"""Third derivatives and Hessians of a small network with layer norm and attention, in float64."""

from __future__ import annotations

from contextlib import nullcontext
from math import prod
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import autograd, func
from gpugrad.autograd import functional
from tests.alike import assert_alike, data

SHAPES = [(4, 6), (6,), (6,), (6,), (6, 6), (6, 6), (6, 6), (6, 2)]


def network(m: Any, parameters: list[Any], x: Any, fused: bool) -> Any:
    """A layer norm, one head of attention over three positions, a residual and a readout."""
    w, b, scale, shift, q, k, v, out = parameters
    functions = m.nn.functional
    h = layer_norm(m, (x @ w + b).tanh(), scale, shift)
    queries, keys, values = h @ q, h @ k, h @ v
    if fused:
        with math_attention(m):
            attended = functions.scaled_dot_product_attention(queries, keys, values)
    else:
        attended = m.softmax(queries @ keys.mT / 6**0.5, -1) @ values
    return ((h + attended) @ out).sigmoid().pow(2).sum()


def layer_norm(m: Any, x: Any, scale: Any, shift: Any) -> Any:
    """PyTorch's own has a wrong third derivative (docs/differences.md): its oracle is composed."""
    if m is gpugrad:
        return m.nn.functional.layer_norm(x, (6,), scale, shift)
    centred = x - x.mean(-1, keepdim=True)
    return centred * ((centred * centred).mean(-1, keepdim=True) + 1e-5).rsqrt() * scale + shift


def math_attention(m: Any) -> Any:
    """PyTorch's fused kernels have no second derivative."""
    if m is gpugrad:
        return nullcontext()
    from torch.nn.attention import SDPBackend, sdpa_kernel

    return sdpa_kernel(SDPBackend.MATH)


def parameters_of(m: Any) -> list[Any]:
    return [(data(m, *shape, seed=i) * 0.7).detach().requires_grad_()
            for i, shape in enumerate(SHAPES)]  # fmt: skip


def weighted(m: Any, grads: Any, order: int) -> Any:
    """A random sum of gradients, to be differentiated again."""
    return sum((g * data(m, *g.shape, seed=100 * order + i)).sum() for i, g in enumerate(grads))


@pytest.mark.oracle
@pytest.mark.parametrize("fused", [False, True])
def test_the_gradient_of_the_gradient_of_the_gradient_is_pytorchs(fused: bool) -> None:
    def orders(m: Any) -> Any:
        parameters, x = parameters_of(m), data(m, 3, 4, seed=50)
        value = network(m, parameters, x, fused)
        first = m.autograd.grad(value, parameters, create_graph=True)
        second = m.autograd.grad(weighted(m, first, 1), parameters, create_graph=True)
        third = m.autograd.grad(weighted(m, second, 2), parameters)
        return [[g.detach() for g in order] for order in (first, second, third)]

    assert_alike(orders, tolerance=1e-8)


def of_a_vector(theta: Any) -> Any:
    """The network as a function of all its parameters in one vector."""
    parts, start = [], 0
    for shape in SHAPES:
        parts.append(theta[start : start + prod(shape)].reshape(*shape))
        start += prod(shape)
    return network(gpugrad, parts, data(gpugrad, 3, 4, seed=50, device="cpu"), fused=True)


def point() -> Any:
    return data(gpugrad, sum(map(prod, SHAPES)), seed=7, device="cpu") * 0.5


def by_backward_passes(theta: Any) -> Any:
    theta = theta.detach().requires_grad_()
    (first,) = autograd.grad(of_a_vector(theta), theta, create_graph=True)
    rows = [autograd.grad(g, theta, retain_graph=True)[0] for g in first]
    return gpugrad.stack(rows)


def by_differences(theta: Any) -> Any:
    slope = func.grad(of_a_vector)
    rows = []
    for i in range(len(theta)):
        step = gpugrad.zeros_like(theta)
        step[i] = 1e-5
        rows.append((slope(theta + step) - slope(theta - step)) / 2e-5)
    return gpugrad.stack(rows)


ROUTES = {
    "reverse over reverse": (by_backward_passes, 1e-10),
    "forward over reverse": (func.hessian(of_a_vector), 1e-10),
    "functional": (lambda theta: functional.hessian(of_a_vector, theta), 1e-10),
    "finite differences": (by_differences, 1e-6),
}


def test_four_routes_lead_to_the_same_hessian() -> None:
    theta = point()
    expected = np.array(ROUTES["reverse over reverse"][0](theta).tolist())
    np.testing.assert_allclose(expected, expected.T, 1e-9, 1e-9)
    for name, (route, tolerance) in ROUTES.items():
        found = np.array(route(theta).tolist())
        np.testing.assert_allclose(found, expected, tolerance, tolerance, err_msg=name)

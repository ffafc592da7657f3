"""Recomputation, values moved to the host, tangents and batches on a GPU, beside the CPU."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import autograd, func, memory
from gpugrad.nn import functional
from gpugrad.utils.checkpoint import checkpoint

pytestmark = pytest.mark.cuda
ROWS, WIDTH = 32, 64


def block(h: Any, w: Any, dropout: float) -> Any:
    return gpugrad.dropout((h @ w).tanh().exp(), dropout, True).sin()


def weights() -> list[Any]:
    rng = np.random.default_rng(0)
    made = [gpugrad.tensor(rng.standard_normal((WIDTH, WIDTH)).astype(np.float32) / 8,
                           device="cuda") for _ in range(4)]  # fmt: skip
    return [w.requires_grad_() for w in made]


def trained(recompute: bool, dropout: float) -> tuple[list[Any], int]:
    """Gradients, and the bytes that the graph held on the GPU."""
    gpugrad.manual_seed(0)
    before = memory.held("cuda:0")
    ws = weights()
    h = gpugrad.ones(ROWS, WIDTH, device="cuda")
    for w in ws:
        h = checkpoint(block, h, w, dropout) if recompute else block(h, w, dropout)
    loss = h.sum()
    held = memory.held("cuda:0") - before
    loss.backward()
    assert memory.held("cuda:0") == before
    return [w.grad.cpu().numpy() for w in ws], held


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_a_checkpoint_gives_the_same_bits_and_keeps_its_arguments_alone(dropout: float) -> None:
    if dropout and find_spec("cudasim"):
        pytest.skip("the emulated device's generators do not show their state")
    plain, held = trained(False, dropout)
    recomputed, kept = trained(True, dropout)
    for a, b in zip(recomputed, plain, strict=True):
        assert a.tobytes() == b.tobytes()
    assert kept == 4 * (ROWS * WIDTH + WIDTH * WIDTH) * 4 < held


@pytest.mark.parametrize("pinned", [False, True])
def test_what_is_saved_waits_on_the_host(pinned: bool) -> None:
    x = gpugrad.linspace(0.1, 2.0, 1000, device="cuda").requires_grad_()
    before, host = memory.held("cuda:0"), memory.held("cpu")
    with autograd.graph.save_on_cpu(pin_memory=pinned):
        y = x.exp().log()
    assert memory.held("cuda:0") == before
    assert memory.held("cpu") == host + 8000
    y.sum().backward()
    assert memory.held("cpu") == host
    np.testing.assert_allclose(x.grad.cpu().numpy(), 1, 1e-5)


def network(x: Any, w: Any) -> Any:
    h = functional.layer_norm((x @ w).tanh(), (8,))
    q = h.reshape(1, 4, 8)
    return functional.scaled_dot_product_attention(q, q * 2, q + 1).pow(2).sum()


def inputs(device: str) -> tuple[Any, Any]:
    rng = np.random.default_rng(1)
    return tuple(gpugrad.tensor(rng.standard_normal(s), device=device) for s in ((4, 8), (8, 8)))


PROGRAMS = {
    "tangent": lambda x, w: func.jvp(network, (x, w), (x * 0.5, w * 0.1)),
    "gradient of a tangent": lambda x, w: func.grad(
        lambda w: func.jvp(lambda x: network(x, w), (x,), (x * 0.5,))[1])(w),
    "a gradient per example": lambda x, w: func.vmap(
        func.grad(lambda w, r: (r @ w).tanh().sum()), in_dims=(None, 0))(w, x),
    "hessian": lambda x, w: func.hessian(lambda r: network(r.reshape(4, 2) @ w[:2], w))(x[0]),
    "batched cotangents": lambda x, w: autograd.functional.jacobian(
        lambda r: (r @ w).sigmoid(), x[0], vectorize=True),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_gpu_gives_the_derivatives_of_the_cpu(name: str) -> None:
    ours, expected = (PROGRAMS[name](*inputs(device)) for device in ("cuda", "cpu"))
    for a, b in zip(*((r if isinstance(r, tuple) else (r,)) for r in (ours, expected)),
                    strict=True):  # fmt: skip
        np.testing.assert_allclose(a.cpu().numpy(), b.numpy(), 1e-9, 1e-9)


def test_a_nan_is_found_on_a_gpu() -> None:
    x = gpugrad.tensor([-1.0, 4.0], device="cuda", requires_grad=True)
    with autograd.detect_anomaly(), pytest.raises(RuntimeError, match="SqrtBackward0"):
        (x.sqrt() * 2).sum().backward()

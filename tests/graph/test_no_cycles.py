"""Nothing in a graph refers to itself: without the garbage collector, memory stays flat."""

from __future__ import annotations

import gc
import random
from collections.abc import Callable
from typing import Any

import pytest

import gpugrad
from gpugrad import autograd, func, memory, nn
from gpugrad.array import Storage
from gpugrad.graph import Node, TensorBase, live_nodes, live_tensors
from gpugrad.utils.checkpoint import checkpoint


def gradient_penalty_step(critic: nn.Module, optimizer: Any, width: int) -> None:
    """One step of a WGAN-GP critic: the penalty is a gradient's norm, differentiated again."""
    real = gpugrad.randn(8, width, device="cpu")
    fake = gpugrad.randn(8, width, device="cpu")
    mix = gpugrad.rand(8, 1, device="cpu")
    between = (mix * real + (1 - mix) * fake).requires_grad_()
    score = critic(between).sum()
    (slope,) = autograd.grad(score, between, create_graph=True)
    penalty = ((slope.norm(2, 1) - 1) ** 2).mean()
    loss = critic(fake).mean() - critic(real).mean() + 10 * penalty
    optimizer.zero_grad()
    loss.backward(create_graph=True)
    optimizer.step()


def test_a_thousand_gradient_penalty_steps_leave_the_allocator_flat() -> None:
    gpugrad.manual_seed(0)
    critic = nn.Sequential(nn.Linear(6, 16), nn.Tanh(), nn.Linear(16, 1)).to("cpu")
    optimizer = gpugrad.optim.Adam(critic.parameters(), lr=1e-3)
    seen = []
    for step in range(1000):
        gradient_penalty_step(critic, optimizer, 6)
        if step % 100 == 99:
            seen.append((memory.held("cpu"), memory.used_bytes("cpu"), len(live_nodes()),
                         len(live_tensors())))  # fmt: skip
    assert seen == [seen[0]] * 10


# --------------------------------------------------------------------------------------- programs
def leaf(rng: random.Random) -> Any:
    return gpugrad.full((4,), rng.uniform(0.2, 1.0), device="cpu").requires_grad_()


def plain(rng: random.Random, x: Any) -> Any:
    return (x * 2).tanh() * x


def viewed(rng: random.Random, x: Any) -> Any:
    y = x * 1
    y[:2] = x[2:] * 2
    first, second = y.split(2)
    return gpugrad.cat([second, first])


def recomputed(rng: random.Random, x: Any) -> Any:
    return checkpoint(lambda t: t.sin().exp(), x)


def packed(rng: random.Random, x: Any) -> Any:
    with autograd.graph.saved_tensors_hooks(lambda t: t, lambda t: t):
        return x.sigmoid().exp() * x


def hooked(rng: random.Random, x: Any) -> Any:
    y = x.exp()
    y.register_hook(lambda g: g * 2)
    y.grad_fn.register_prehook(lambda grads: None)
    y.grad_fn.register_hook(lambda grads, outs: None)
    y.grad_fn.metadata["note"] = "kept"
    y.retain_grad()
    return y


class Double(autograd.Function):
    """Keeps its result in both ways."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        y = x * 2
        ctx.save_for_backward(x, y)
        ctx.result = y
        return y

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 2 + 0 * ctx.saved_tensors[1]


def custom(rng: random.Random, x: Any) -> Any:
    return Double.apply(x)


def stacked(rng: random.Random, x: Any) -> Any:
    with autograd.detect_anomaly():
        return x.sin() * 2


def mapped(rng: random.Random, x: Any) -> Any:
    return func.vmap(lambda v: v.sin() * v)(x.reshape(2, 2)).reshape(4) + func.jvp(
        lambda v: v.exp(), (x,), (x * 0 + 1,))[1]  # fmt: skip


PARTS: list[Callable[[random.Random, Any], Any]] = [
    plain, viewed, recomputed, packed, hooked, custom, stacked, mapped,
]  # fmt: skip


def ending(rng: random.Random, x: Any, y: Any) -> Any:
    """What a program does with its result; some of it is kept, some is not."""
    how = rng.randrange(6)
    if how == 0:
        y.sum().backward()
    elif how == 1:
        y.sum().backward(create_graph=True)  # x.grad has a graph that leads to x
    elif how == 2:
        (g,) = autograd.grad(y.sum(), x, create_graph=True)
        return g.sum()
    elif how == 3:
        y.sum().backward(retain_graph=True)
    elif how == 4:
        y.register_hook(lambda g: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            y.sum().backward()
    return y


def run_and_drop(seed: int) -> None:
    rng = random.Random(seed)
    x = leaf(rng)
    y = x
    for _ in range(rng.randrange(1, 5)):
        y = rng.choice(PARTS)(rng, y)
    ending(rng, x, y)


@pytest.mark.parametrize("dozen", range(25))
def test_what_a_program_drops_is_gone_without_the_garbage_collector(dozen: int) -> None:
    gc.collect()
    held = memory.held("cpu")
    for seed in range(12 * dozen, 12 * dozen + 12):
        run_and_drop(seed)
        assert memory.held("cpu") == held, seed
    gc.set_debug(gc.DEBUG_SAVEALL)
    try:
        gc.collect()
        ours = [o for o in gc.garbage if isinstance(o, (Node, TensorBase, Storage))]
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
    assert not ours

"""Recomputation: what a checkpointed graph keeps, and that its gradients are the same bits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gpugrad
from gpugrad import autograd, memory, nn
from gpugrad.errors import CheckpointError
from gpugrad.utils.checkpoint import (
    checkpoint,
    checkpoint_sequential,
    set_checkpoint_early_stop,
)
from tests.alike import assert_alike, data
from tests.fixtures import no_garbage_collection

__all__ = ["no_garbage_collection"]

LAYERS, ROWS, WIDTH = 24, 16, 32
ACTIVATION = ROWS * WIDTH * 4


class MLP(nn.Module):
    """24 layers; each is a region of its own if asked for."""

    def __init__(self, recompute: bool, dropout: float = 0.0) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(WIDTH, WIDTH, device="cpu") for _ in range(LAYERS)])
        self.recompute, self.dropout = recompute, dropout

    def block(self, layer: Any, h: Any) -> Any:
        return gpugrad.dropout(layer(h).tanh().exp(), self.dropout, True).sin()

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = checkpoint(self.block, layer, x) if self.recompute else self.block(layer, x)
        return x


def run(recompute: bool, dropout: float = 0.0) -> tuple[list[bytes], int, Any]:
    """Gradients, bytes held after forward, and the report of the graph."""
    gpugrad.manual_seed(0)
    model = MLP(recompute, dropout)
    x = gpugrad.randn(ROWS, WIDTH, device="cpu")
    before = memory.held()
    loss = model(x).sum()
    held, report = memory.held() - before, memory.graph(loss)
    loss.backward()
    assert memory.held() == before
    return [p.grad.numpy().tobytes() for p in model.parameters()], held, report


@pytest.mark.parametrize("dropout", [0.0, 0.4])
def test_24_layers_keep_the_checkpoints_own_bytes_and_give_the_same_bits(dropout: float) -> None:
    plain, held, _ = run(False, dropout)
    recomputed, kept, report = run(True, dropout)
    assert recomputed == plain
    assert kept == LAYERS * ACTIVATION == report.unique_bytes
    assert held > kept
    # What a plain graph holds beside the arguments of the regions is what they avoid.
    assert report.avoided_bytes == held - kept
    assert "not kept, but computed again" in str(report)


def ones(*shape: int) -> Any:
    return gpugrad.ones(*shape, device="cpu", requires_grad=True)


def counted(calls: list[int]) -> Callable[[Any], Any]:
    def function(x: Any) -> Any:
        calls.append(1)
        return x.sin().exp().cos()

    return function


def test_a_region_runs_once_more_for_each_pass() -> None:
    calls: list[int] = []
    y = checkpoint(counted(calls), ones(3)).sum()
    assert len(calls) == 1
    y.backward(retain_graph=True)
    assert len(calls) == 2
    y.backward()
    assert len(calls) == 3
    with pytest.raises(RuntimeError, match="second time"):
        y.backward()


def test_the_second_run_ends_with_the_last_value_needed() -> None:
    reached: list[str] = []

    def function(x: Any) -> Any:
        y = x.sin() * x
        reached.append("end")
        return y + 1

    checkpoint(function, ones(3)).sum().backward()
    assert reached == ["end"]
    with set_checkpoint_early_stop(False):
        checkpoint(function, ones(3)).sum().backward()
    assert reached == ["end"] * 3


def test_a_checkpoint_within_a_checkpoint_keeps_only_the_outer_arguments() -> None:
    def inner(x: Any) -> Any:
        return x.sin().exp()

    def outer(x: Any) -> Any:
        return checkpoint(inner, x * 2).cos()

    x, twin = ones(100), ones(100)
    y = checkpoint(outer, x).sum()
    assert memory.graph(y).unique_bytes == 400
    y.backward()
    outer_plain = (twin * 2).sin().exp().cos().sum()
    outer_plain.backward()
    assert x.grad.tolist() == twin.grad.tolist()


def test_values_are_let_go_while_backward_goes_on() -> None:
    before = memory.held()
    seen: list[int] = []
    x = ones(1000)
    y = checkpoint(lambda t: t.sin().exp().cos().tanh(), x)
    x.register_hook(lambda g: seen.append(memory.held() - before))
    y.sum().backward()
    assert seen[0] <= 8000  # the argument and what the last node reads
    assert memory.held() == before


def test_what_a_region_keeps_goes_when_its_graph_goes() -> None:
    before = memory.held()
    y = checkpoint(lambda t: t.sin().exp(), ones(1000))
    assert memory.held() - before == 4000
    del y
    assert memory.held() == before


def test_an_exception_in_the_second_run_leaves_the_graph_as_it_was() -> None:
    fail = [False]

    def function(x: Any) -> Any:
        if fail[0]:
            raise OSError("gone")
        return x.sin().exp()

    x = ones(3)
    y = checkpoint(function, x).sum()
    fail[0] = True
    with pytest.raises(OSError, match="gone"):
        y.backward()
    assert x.grad is None
    fail[0] = False
    y.backward()
    assert x.grad is not None


def test_a_function_that_does_something_else_the_second_time_is_found_out() -> None:
    runs: list[int] = []

    def fewer(x: Any) -> Any:
        runs.append(1)
        return x.sin().exp() if len(runs) == 1 else x.sin()

    y = checkpoint(fewer, ones(3)).sum()
    with pytest.raises(CheckpointError, match="different number of tensors"):
        y.backward()

    def other_shape(x: Any) -> Any:
        runs.append(1)
        return x.sin().sum() if len(runs) % 2 else x[:2].sin().sum()

    runs.clear()
    y = checkpoint(other_shape, ones(3))
    with pytest.raises(CheckpointError, match="different metadata"):
        y.backward()


def test_under_no_grad_a_checkpoint_only_calls() -> None:
    with gpugrad.no_grad():
        assert not checkpoint(lambda t: t * 2, ones(3)).requires_grad


def test_saved_hooks_around_a_checkpoint_pack_its_arguments() -> None:
    packed: list[tuple[int, ...]] = []

    def pack(t: Any) -> Any:
        packed.append(tuple(t.shape))
        return t

    x = ones(5)
    with autograd.graph.saved_tensors_hooks(pack, lambda t: t):
        y = checkpoint(lambda t: t.sin().exp(), x * 1)
    y.sum().backward()
    assert packed == [(5,)]
    assert x.grad is not None


PROGRAMS: dict[str, Callable[[Any, Any], Any]] = {
    "keywords and several results": lambda m, c: backward_of(
        m, lambda x: c(lambda x, k, *, s: (x.sin() * k, (x * s).exp()), x, 2.0, s=3.0,
                       use_reentrant=False)),
    "no input requires a gradient": lambda m, c: through_a_closure(m, c),
    "the gradient of the gradient": lambda m, c: second_order(m, c),
    "nested arguments": lambda m, c: backward_of(
        m, lambda x: c(lambda d, t: d["a"].sin() * t[0], {"a": x}, (x * 2,), use_reentrant=False)),
}  # fmt: skip


def backward_of(m: Any, function: Callable[[Any], Any]) -> Any:
    x = data(m, 4).requires_grad_()
    made = function(x)
    total = sum(y.sum() for y in made) if isinstance(made, tuple) else made.sum()
    return total, m.autograd.grad(total, x)


def through_a_closure(m: Any, c: Any) -> Any:
    w, x = data(m, 4).requires_grad_(), data(m, 4, seed=1)
    return m.autograd.grad(c(lambda x: (x * w).exp(), x, use_reentrant=False).sum(), w)


def second_order(m: Any, c: Any) -> Any:
    x = data(m, 4).requires_grad_()
    y = c(lambda x: x.sin().exp(), x, use_reentrant=False).sum()
    (g,) = m.autograd.grad(y, x, create_graph=True)
    return g, m.autograd.grad(g.sum(), x)


@pytest.mark.oracle
@pytest.mark.parametrize("name", PROGRAMS)
def test_checkpoints_give_what_pytorchs_give(name: str) -> None:
    def program(m: Any) -> Any:
        if m is gpugrad:
            return PROGRAMS[name](m, checkpoint)
        from torch.utils.checkpoint import checkpoint as theirs

        return PROGRAMS[name](m, theirs)

    assert_alike(program)


def test_a_sequence_is_cut_into_segments() -> None:
    gpugrad.manual_seed(0)
    model = nn.Sequential(*[nn.Sequential(nn.Linear(8, 8, device="cpu"), nn.Tanh())
                            for _ in range(6)])  # fmt: skip
    x = gpugrad.randn(4, 8, device="cpu", requires_grad=True)
    expected = autograd.grad(model(x).sum(), x)[0]
    y = checkpoint_sequential(model, 3, x)
    assert len([n for n in memory.graph(y).nodes if n.avoided]) > 0
    assert (autograd.grad(y.sum(), x)[0] == expected).all()

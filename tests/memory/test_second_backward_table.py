"""Which ops allow a second backward: exactly those that save nothing, as in PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import gpugrad
from gpugrad import nn
from gpugrad.graph import reachable, saved_slots, storage_of
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)

Op = Callable[..., Any]
PHRASE = "Trying to backward through the graph a second time"


def matrix() -> gpugrad.Tensor:
    return gpugrad.linspace(0.1, 1.2, 12, device="cpu").reshape(3, 4).detach().requires_grad_()


def constant(*shape: int) -> gpugrad.Tensor:
    return gpugrad.full(shape, 0.5, device="cpu")


def index(*values: int) -> gpugrad.Tensor:
    return gpugrad.tensor(values, device="cpu")


ALLOWED: dict[str, Op] = {
    "sum": lambda x: x.sum(),
    "sum_dim": lambda x: x.sum(1, keepdim=True),
    "mean": lambda x: x.mean(),
    "mean_dim": lambda x: x.mean(0),
    "x+x": lambda x: x + x,
    "x+2": lambda x: x + 2,
    "x-1": lambda x: x - 1,
    "2-x": lambda x: 2 - x,
    "-x": lambda x: -x,
    "view": lambda x: x.view(4, 3),
    "reshape": lambda x: x.reshape(-1),
    "t": lambda x: x.t(),
    "T": lambda x: x.T,
    "transpose": lambda x: x.transpose(0, 1),
    "permute": lambda x: x.permute(1, 0),
    "expand": lambda x: x[:, None].expand(3, 5, 4),
    "unsqueeze": lambda x: x.unsqueeze(0),
    "squeeze": lambda x: x[None].squeeze(0),
    "x[0]": lambda x: x[0],
    "x[1:]": lambda x: x[1:],
    "x[None]": lambda x: x[None],
    "cat": lambda x: gpugrad.cat([x, x]),
    "stack": lambda x: gpugrad.stack([x, x]),
    "split": lambda x: x.split(2)[0],
    "unbind": lambda x: x.unbind()[1],
    "clone": lambda x: x.clone(),
    "contiguous": lambda x: x.t().contiguous(),
    "double": lambda x: x.double(),
    "floor": lambda x: x.floor(),
    "sign": lambda x: x.sign(),
    "narrow": lambda x: x.narrow(0, 1, 2),
    "cumsum": lambda x: x.cumsum(0),
    "tril": lambda x: x.tril(),
    "flip": lambda x: x.flip(0),
    "roll": lambda x: x.roll(1, 0),
    "repeat": lambda x: x.repeat(2, 1),
    "pad": lambda x: F.pad(x, (1, 1)),
    "diagonal": lambda x: x.diagonal(),
    "einsum_permute": lambda x: gpugrad.einsum("ij->ji", x),
}

REFUSED: dict[str, Op] = {
    "x*2": lambda x: x * 2,
    "x/2": lambda x: x / 2,
    "2/x": lambda x: 2 / x,
    "x*tensor": lambda x: x * constant(3, 4),
    "x**2": lambda x: x**2,
    "x**1": lambda x: x**1,
    "square": lambda x: x.square(),
    "sqrt": lambda x: x.sqrt(),
    "exp": lambda x: x.exp(),
    "log": lambda x: x.log(),
    "sin": lambda x: x.sin(),
    "tanh": lambda x: x.tanh(),
    "sigmoid": lambda x: x.sigmoid(),
    "relu": lambda x: x.relu(),
    "leaky_relu": lambda x: F.leaky_relu(x),
    "gelu": lambda x: F.gelu(x),
    "abs": lambda x: x.abs(),
    "clamp": lambda x: x.clamp(0.2, 0.8),
    "amax": lambda x: x.amax(1),
    "max": lambda x: x.max(),
    "maximum": lambda x: gpugrad.maximum(x, constant(3, 4)),
    "softmax": lambda x: x.softmax(1),
    "log_softmax": lambda x: x.log_softmax(1),
    "logsumexp": lambda x: x.logsumexp(1),
    "var": lambda x: x.var(),
    "std": lambda x: x.std(),
    "norm": lambda x: x.norm(),
    "prod": lambda x: x.prod(),
    "where": lambda x: gpugrad.where(x > 0.5, x, 2 * constant(3, 4)),
    "masked_fill": lambda x: x.masked_fill(x > 0.5, 0.0),
    "x[mask]": lambda x: x[x > 0.5],
    "x[list]": lambda x: x[[0, 2]],
    "index_select": lambda x: x.index_select(0, index(0, 2)),
    "gather": lambda x: x.gather(1, index(0, 1, 2).reshape(3, 1)),
    "embedding": lambda x: F.embedding(index(0, 1, 0), x),
    "matmul": lambda x: x @ constant(4, 2),
    "linear": lambda x: F.linear(x, constant(2, 4), constant(2)),
    "dropout": lambda x: F.dropout(x, 0.5),
    "cross_entropy": lambda x: F.cross_entropy(x, index(0, 1, 2)),
    "topk": lambda x: x.topk(2, 1)[0],
    "sort": lambda x: x.sort(1)[0],
    "addmm": lambda x: gpugrad.addmm(constant(2), x, constant(4, 2)),
    "conv1d": lambda x: F.conv1d(x[None], constant(2, 3, 2)),
    "layer_norm": lambda x: F.layer_norm(x, (4,)),
    "nll_loss": lambda x: F.nll_loss(x, index(0, 1, 2)),
    "mse_loss": lambda x: F.mse_loss(x, constant(3, 4)),
    "lstm": lambda x: nn.LSTM(4, 2, device="cpu")(x.reshape(3, 1, 4))[0],
}


@pytest.mark.parametrize("name", ALLOWED)
def test_an_op_that_saves_nothing_runs_backward_twice(name: str) -> None:
    x = matrix()
    y = ALLOWED[name](x)
    seed = gpugrad.ones(y.shape, dtype=y.dtype, device="cpu")
    y.backward(seed)
    once = x.grad.clone()
    y.backward(seed)
    assert (x.grad == 2 * once).all()


@pytest.mark.parametrize("name", REFUSED)
def test_an_op_that_saves_something_runs_backward_once(name: str) -> None:
    y = REFUSED[name](matrix())
    seed = gpugrad.ones(y.shape, dtype=y.dtype, device="cpu")
    y.backward(seed)
    with pytest.raises(RuntimeError, match=PHRASE):
        y.backward(seed)


@pytest.mark.parametrize("name", [*ALLOWED, *REFUSED])
def test_neither_result_nor_saved_values_pin_a_larger_buffer(name: str) -> None:
    y = (ALLOWED | REFUSED)[name](matrix())
    saved = [storage for node in reachable(y) for _, _, storage in saved_slots(node)]
    for storage in (storage_of(y), *saved):
        owner = storage.array
        while isinstance(owner.base, type(owner)):
            owner = owner.base
        assert owner.nbytes == storage.nbytes


@pytest.mark.oracle
@pytest.mark.parametrize("name", [n for n in (*ALLOWED, *REFUSED) if n not in ("lstm", "dropout")])
def test_pytorch_agrees(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    monkeypatch.setitem(globals(), "gpugrad", torch)
    monkeypatch.setitem(globals(), "F", torch.nn.functional)
    x = matrix()
    y = {**ALLOWED, **REFUSED}[name](x)
    seed = torch.ones_like(y)
    y.backward(seed)
    if name in ALLOWED:
        y.backward(seed)
    else:
        with pytest.raises(RuntimeError, match=PHRASE):
            y.backward(seed)

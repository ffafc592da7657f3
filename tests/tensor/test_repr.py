"""``repr`` is PyTorch's, but for the names of dtypes."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import evaluate

SHOWN = {
    "torch.tensor(1)": "tensor(1)",
    "torch.tensor(1.5)": "tensor(1.5000)",
    "torch.tensor(2.0)": "tensor(2.)",
    "torch.tensor(True)": "tensor(True)",
    "torch.tensor([1, -20, 300])": "tensor([  1, -20, 300])",
    "torch.tensor([True, False])": "tensor([ True, False])",
    "torch.tensor([True])": "tensor([True])",
    "torch.tensor([1.0, -2.0])": "tensor([ 1., -2.])",
    "torch.tensor([1.5, -20.25])": "tensor([  1.5000, -20.2500])",
    "torch.tensor([0.0, 0.0])": "tensor([0., 0.])",
    "torch.tensor([float('nan'), 1.0])": "tensor([nan, 1.])",
    "torch.tensor([float('inf'), -float('inf')])": "tensor([inf, -inf])",
    "torch.tensor([float('inf'), 1.5, -0.0])": "tensor([   inf, 1.5000, -0.0000])",
    "torch.tensor([1e-5, 1.0])": "tensor([1.0000e-05, 1.0000e+00])",
    "torch.tensor([1e9, 1.0])": "tensor([1.0000e+09, 1.0000e+00])",
    "torch.tensor([12345.678, 1.0])": "tensor([1.2346e+04, 1.0000e+00])",
    "torch.tensor([1000.0, 1.0])": "tensor([1000.,    1.])",
    "torch.tensor([])": "tensor([])",
    "torch.zeros(0, 3)": "tensor([], size=(0, 3))",
    "torch.zeros(0, dtype=torch.int64)": "tensor([], dtype=gpugrad.int64)",
    "torch.zeros(2, dtype=torch.float64)": "tensor([0., 0.], dtype=gpugrad.float64)",
    "torch.tensor([1, 2], dtype=torch.int8)": "tensor([1, 2], dtype=gpugrad.int8)",
    "torch.tensor([1.5], dtype=torch.float16)": "tensor([1.5000], dtype=gpugrad.float16)",
    "torch.tensor([1.5], dtype=torch.bfloat16)": "tensor([1.5000], dtype=gpugrad.bfloat16)",
    "torch.ones(2, requires_grad=True)": "tensor([1., 1.], requires_grad=True)",
    "torch.ones(2, requires_grad=True).sum()": "tensor(2., grad_fn=<SumBackward0>)",
    "torch.ones(2, requires_grad=True) * 2": "tensor([2., 2.], grad_fn=<MulBackward0>)",
    "torch.ones(2, requires_grad=True).detach()": "tensor([1., 1.])",
    "torch.tensor([[1, 2], [3, 40]])": "tensor([[ 1,  2],\n        [ 3, 40]])",
    "torch.zeros(1, 2, 1, 2)": "tensor([[[[0., 0.]],\n\n         [[0., 0.]]]])",
    "torch.Size([2, 3])": "gpugrad.Size([2, 3])",
    "torch.float32": "gpugrad.float32",
    "torch.device('cpu')": "device(type='cpu')",
}
LONG = [
    "torch.arange(30)", "torch.arange(30.0)", "torch.arange(25.0) / 7", "torch.arange(1001)",
    "torch.arange(2000.0).reshape(2, 1000)", "torch.arange(2000.0).reshape(1000, 2)",
    "torch.arange(3000.0).reshape(10, 10, 30)", "torch.arange(1100).reshape(11, 100) % 7 == 0",
    "torch.linspace(-1, 1, 1500).reshape(5, 300)", "torch.arange(24.0).reshape(2, 3, 4)",
    "torch.arange(24.0).reshape(2, 3, 4).permute(2, 0, 1)", "torch.eye(12) * 1e5",
    "torch.arange(12.0).reshape(3, 4).requires_grad_() * 1.5", "torch.zeros(40, dtype=torch.int16)",
    "torch.ones(23, requires_grad=True) * 2", "torch.ones(17, dtype=torch.float64)[:, None].mT",
    "torch.tensor([1e-8, 1.0, 1e8])", "torch.tensor([0.1, 1000.0])", "torch.tensor([1e8])",
    "torch.tensor([99999999.0])", "torch.tensor([123456789.0])", "torch.tensor([1e-4, 1.0])",
    "torch.tensor([[float('nan'), float('inf')], [1.25, -3.0]])", "torch.zeros(3, 0, 2)",
    "torch.full((6,), -0.5)", "torch.tensor([1.0, 2.0, 3.5]).half()", "torch.tensor(1e-10)",
    "torch.tensor([True] * 50)", "torch.tensor([-1, 10 ** 12])", "torch.arange(1200.0).half()",
    "torch.arange(6.0).reshape(2, 3).requires_grad_()", "torch.zeros(0, dtype=torch.bool)",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _usual_options() -> Iterator[None]:
    yield
    gpugrad.set_printoptions(profile="default")


@pytest.mark.parametrize("text", SHOWN)
def test_a_tensor_is_shown_so(text: str) -> None:
    assert repr(evaluate(text, gpugrad)) == SHOWN[text]


@pytest.mark.oracle
@pytest.mark.parametrize("text", [*SHOWN, *LONG])
def test_pytorch_shows_the_same(text: str) -> None:
    torch = pytest.importorskip("torch")
    theirs = repr(evaluate(text, torch))
    if "dtype=" not in theirs:
        assert repr(evaluate(text, gpugrad)) == theirs.replace("torch.", "gpugrad.")
        return
    # Lines may break elsewhere, because one name is longer.
    ours = " ".join(repr(evaluate(text, gpugrad)).split())
    assert ours == " ".join(theirs.replace("torch.", "gpugrad.").split())


OPTIONS = [
    {"precision": 2}, {"threshold": 5}, {"threshold": 5, "edgeitems": 1}, {"linewidth": 30},
    {"profile": "short"}, {"profile": "full"}, {"sci_mode": True}, {"sci_mode": False},
    {"precision": 0}, {"precision": 8, "linewidth": 120}, {"edgeitems": 0, "threshold": 4},
    {"edgeitems": 0},
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_options_change_what_they_change_in_pytorch(options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    try:
        gpugrad.set_printoptions(**options)
        torch.set_printoptions(**options)
        for text in ("torch.arange(24.0).reshape(2, 12) / 7", "torch.arange(1500)"):
            assert repr(evaluate(text, gpugrad)) == repr(evaluate(text, torch))
    finally:
        torch.set_printoptions(profile="default")


DRAWN = {
    "normal": lambda rng, s: rng.standard_normal(s),
    "large": lambda rng, s: rng.standard_normal(s) * 1e5,
    "small": lambda rng, s: rng.standard_normal(s) * 1e-6,
    "of all sizes": lambda rng, s: 10 ** rng.uniform(-6, 9, s),
    "whole": lambda rng, s: rng.integers(-(10**9), 10**9, s) / 1.0,
    "with gaps": lambda rng, s: np.where(rng.random(s) < 0.3, np.nan, rng.standard_normal(s)),
    "with infinities": lambda rng, s: np.where(rng.random(s) < 0.3, np.inf, rng.integers(-3, 3, s)),
    "no numbers": lambda rng, s: np.where(rng.random(s) < 0.5, -np.inf, np.nan),
    "at edges": lambda rng, s: rng.choice([99999.5, 0.99999, 9.99996, 0, 1e-4, 1000], s),
    "integers": lambda rng, s: rng.integers(-100, 100, s),
}
SHAPES = [(), (0,), (1,), (3,), (2, 0), (2, 3), (3, 1, 2), (2, 2, 2, 2), (30,), (1, 25), (40, 40)]


@pytest.mark.oracle
@pytest.mark.parametrize("kind", DRAWN)
def test_drawn_tensors_of_every_dtype_are_shown_alike(kind: str) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(3)
    dtypes = ("float32", "float64", "float16", "bfloat16")
    for shape, dtype in product(SHAPES, dtypes if kind != "integers" else ("int64", "int8")):
        array = np.asarray(DRAWN[kind](rng, shape))
        with np.errstate(all="ignore"):
            ours = gpugrad.tensor(array, device="cpu").to(getattr(gpugrad, dtype))
        theirs = torch.tensor(array).to(getattr(torch, dtype))
        text = repr(theirs).replace("torch.", "gpugrad.")
        assert repr(ours).split() == text.split()  # lines break elsewhere: one name is longer


def test_options_hold_for_a_block() -> None:
    before = gpugrad.get_printoptions()
    x = gpugrad.tensor([1.23456])
    with gpugrad.printoptions(precision=2, sci_mode=True):
        assert repr(x) == "tensor([1.23e+00])"
        assert gpugrad.get_printoptions()["precision"] == 2
    assert repr(x) == "tensor([1.2346])"
    assert gpugrad.get_printoptions() == before


def test_a_parameter_says_that_it_is_one() -> None:
    parameter = gpugrad.nn.Parameter(gpugrad.ones(2))
    expected = "Parameter containing:\ntensor([1., 1.], requires_grad=True)"
    assert repr(parameter) == expected


def test_printing_a_result_records_nothing() -> None:
    x = gpugrad.ones(2000, requires_grad=True)
    y = x * 2
    node, storage = y.node, y.storage
    repr(y)
    assert y.node is node
    assert y.storage is storage


@pytest.mark.cuda
def test_a_tensor_elsewhere_says_where() -> None:
    gpugrad.set_default_device("cpu")
    assert repr(gpugrad.ones(1, device="cuda")) == "tensor([1.], device='cuda:0')"
    long = gpugrad.arange(5000, device="cuda")
    assert repr(long) == "tensor([   0,    1,    2,  ..., 4997, 4998, 4999], device='cuda:0')"

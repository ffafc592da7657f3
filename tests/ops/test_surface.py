"""Where ops are found: one function under all its names, ``out=``, NumPy's names of arguments."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.ops.surface import PLACES, public


def test_an_op_is_one_function_wherever_it_is_found() -> None:
    assert gpugrad.exp is gpugrad.Tensor.exp
    assert gpugrad.nn.functional.softmax is not None
    assert gpugrad.clip is gpugrad.clamp
    assert gpugrad.relu_ is gpugrad.Tensor.relu_
    assert gpugrad.special.expit is gpugrad.sigmoid
    assert gpugrad.linalg.matrix_power is gpugrad.matrix_power


def test_a_name_cannot_be_declared_twice() -> None:
    with pytest.raises(ValueError, match="'exp' is declared twice for 'torch'"):
        public("torch")(gpugrad.exp)


def test_every_published_function_says_what_it_does() -> None:
    for place, functions in PLACES.items():
        for name, function in functions.items():
            assert function.__doc__, f"{place}: {name}"


@pytest.mark.parametrize("call", [
    "torch.sum(x, axis=1)", "x.mean(axis=0, keepdims=True)", "torch.cat([x, x], axis=-1)",
    "torch.stack([x, x], axis=1)", "x.softmax(axis=0)", "x.max(axis=1).values", "x.cumsum(axis=1)",
    "torch.argmax(x, axis=0)", "x.std(axis=1, keepdims=True)", "torch.amax(x, axis=(0, 1))",
])  # fmt: skip
@pytest.mark.oracle
def test_dimensions_go_by_numpys_names_too(call: str) -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal((3, 4))
    ours, theirs = (eval(call, {"torch": m, "x": m.tensor(values)}) for m in (gpugrad, torch))
    assert tuple(ours.shape) == tuple(theirs.shape)
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-12)


# ------------------------------------------------------------------------------------------- out=
CALLS: list[Any] = [
    lambda torch, x, out: torch.exp(x, out=out),
    lambda torch, x, out: torch.add(x, x, alpha=2, out=out),
    lambda torch, x, out: torch.add(x, 1.5, out=out),
    lambda torch, x, out: torch.sum(x, 1, out=out),
    lambda torch, x, out: torch.matmul(x, x.t(), out=out),
    lambda torch, x, out: torch.cat([x, x], out=out),
]


@pytest.mark.parametrize("call", CALLS)
def test_out_receives_the_result_whatever_its_shape_was(call: Any) -> None:
    x = gpugrad.arange(6.0, device="cpu").reshape(2, 3)
    expected = call(gpugrad, x, None)
    fitting, empty = gpugrad.zeros_like(expected), gpugrad.empty(0, device="cpu")
    for out in (fitting, empty):
        assert call(gpugrad, x, out) is out
        assert out.tolist() == expected.tolist()
    assert fitting._version == 1
    with pytest.warns(UserWarning, match="was resized"):
        call(gpugrad, x, gpugrad.zeros(17, device="cpu"))


@pytest.mark.parametrize("call", CALLS)
def test_out_is_refused_where_a_gradient_would_have_to_flow(call: Any) -> None:
    x = gpugrad.ones(2, 3, device="cpu", requires_grad=True)
    out = gpugrad.empty(0, device="cpu")
    with pytest.raises(RuntimeError, match="don't support automatic differentiation"):
        call(gpugrad, x, out)
    assert out.shape == (0,)
    with gpugrad.no_grad():
        assert call(gpugrad, x, out) is out


def test_out_of_a_lesser_category_is_refused() -> None:
    out = gpugrad.zeros(2, dtype=gpugrad.int64, device="cpu")
    with pytest.raises(RuntimeError, match="can't be cast"):
        gpugrad.exp(gpugrad.ones(2, device="cpu"), out=out)
    assert out.tolist() == [0, 0]


def test_several_results_go_to_several_tensors() -> None:
    x = gpugrad.tensor([[3.0, 1.0], [2.0, 5.0]], device="cpu")
    values, places = gpugrad.empty(0), gpugrad.empty(0, dtype=gpugrad.int64)
    gpugrad.max(x, 1, out=(values, places))
    assert (values.tolist(), places.tolist()) == ([3.0, 5.0], [0, 1])

"""nn.functional where it does more than hand its arguments on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
import gpugrad.nn.functional as F

IN_PLACE = ["relu", "relu6", "leaky_relu", "elu", "celu", "selu", "silu", "mish", "hardtanh",
            "hardsigmoid", "hardswish"]  # fmt: skip


def both(torch: Any, array: Any) -> tuple[Any, Any]:
    return gpugrad.tensor(array, requires_grad=True), torch.tensor(array, requires_grad=True)


@pytest.mark.oracle
@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_activations_overwrite_their_input_and_stay_differentiable(name: str) -> None:
    torch = pytest.importorskip("torch")
    array = np.random.default_rng(0).uniform(-4, 7, (5, 4))
    results = []
    for library, x in zip((gpugrad, torch), both(torch, array), strict=True):
        hidden = x * 1.5
        out = getattr(library.nn.functional, name)(hidden, inplace=True)
        assert out is hidden
        (out * out).sum().backward()
        results.append((out.detach().numpy(), x.grad.numpy()))
    for a, b in zip(*results, strict=True):
        np.testing.assert_allclose(a, b, rtol=3e-8)  # hardsigmoid's 1/6 is a float32 in PyTorch


@pytest.mark.oracle
@pytest.mark.parametrize(
    "call",
    [
        lambda f, x: f.normalize(x),
        lambda f, x: f.normalize(x, p=1.0, dim=0),
        lambda f, x: f.cosine_similarity(x, x.flip(0) + 1),
        lambda f, x: f.cosine_similarity(x, x.flip(1), dim=0),
        lambda f, x: f.glu(x),
        lambda f, x: f.threshold(x, 0.5, -1.0),
        lambda f, x: f.softmax(x, dim=0),
        lambda f, x: f.leaky_relu_(x * 1, 0.3),
        lambda f, x: f.threshold_(x * 1, 0.5, -1.0),
        lambda f, x: f.hardtanh_(x * 1),
    ],
)
def test_functions_equal_pytorch(call: Any) -> None:
    torch = pytest.importorskip("torch")
    x, y = both(torch, np.random.default_rng(0).standard_normal((3, 4)))
    got, expected = call(F, x), call(torch.nn.functional, y)
    np.testing.assert_allclose(got.detach().numpy(), expected.detach().numpy(), rtol=1e-12)
    (got**2).sum().backward()
    (expected**2).sum().backward()
    np.testing.assert_allclose(x.grad.numpy(), y.grad.numpy(), rtol=1e-10, atol=1e-15)


def test_one_hot_rows() -> None:
    classes = gpugrad.tensor([[0, 2], [1, 1]])
    assert F.one_hot(classes).tolist() == [[[1, 0, 0], [0, 0, 1]], [[0, 1, 0], [0, 1, 0]]]
    assert F.one_hot(classes, 4).shape == (2, 2, 4)
    with pytest.raises(RuntimeError, match="smaller than num_classes"):
        F.one_hot(classes, 2)
    with pytest.raises(RuntimeError, match="index tensor of type LongTensor"):
        F.one_hot(gpugrad.ones(2))


def test_dropout_keeps_the_mean_and_the_shape(device: str) -> None:
    gpugrad.manual_seed(0)
    x = gpugrad.ones(100, 100, device=device, requires_grad=True)
    y = F.dropout(x, 0.25)
    kept = y.detach().cpu().numpy() != 0
    assert kept.mean() == pytest.approx(0.75, abs=0.02)
    assert y.max().item() == pytest.approx(1 / 0.75)
    y.sum().backward()
    np.testing.assert_array_equal(x.grad.cpu().numpy() != 0, kept)
    assert F.dropout(x, 0.25, training=False) is x
    assert not F.dropout(x, 1.0).any()


@pytest.mark.parametrize(
    ("act", "error", "phrase"),
    [
        (lambda: F.glu(gpugrad.ones(3)), RuntimeError, "Halving dimension must be even"),
        (lambda: F.hardtanh(gpugrad.ones(3), 1.0, 0.0), ValueError, "min_val cannot be greater"),
        (lambda: F.softshrink(gpugrad.ones(3), -1.0), RuntimeError, "lambda must be greater"),
        (
            lambda: F.embedding(gpugrad.tensor([0]), gpugrad.ones(2, 2), sparse=True),
            NotImplementedError,
            "sparse",
        ),
    ],
)
def test_misuse_raises(act: Any, error: type, phrase: str) -> None:
    with pytest.raises(error, match=phrase):
        act()

"""Losses as ops: derivatives, agreement with PyTorch, what is saved, complaints."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.errors import DTypeError, IndexRangeError, ShapeError
from gpugrad.ops import loss as F
from tests.ops.slopes import check_orders, sample

SHAPES = [((6, 5), (6,)), ((5,), ()), ((2, 5, 3), (2, 3))]
REDUCTIONS = ("mean", "sum", "none")


def classes(rows: tuple[int, ...], device: str = "cpu", ignored: int = 2) -> Any:
    rng = np.random.default_rng(7)
    drawn = np.where(rng.random(rows) < 0.3, ignored, rng.integers(0, 5, rows))
    return gpugrad.tensor(drawn, dtype=gpugrad.int64, device=device)


def positive(shape: tuple[int, ...], device: str = "cpu", seed: int = 3) -> Any:
    values = np.random.default_rng(seed).random(shape) * 0.8 + 0.1
    return gpugrad.tensor(np.asarray(values), dtype=gpugrad.float64, device=device)


# ------------------------------------------------------------------------------------- of classes
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("shape", "rows"), SHAPES)
def test_cross_entropy_has_three_orders(
    shape: Any, rows: Any, reduction: str, weighted: bool, device: str
) -> None:
    target = classes(rows, device)
    weight = positive((5,), device) if weighted else None
    scale = sample(rows if reduction == "none" else (), device, 1).detach()

    def loss(x: Any) -> Any:
        found = F.cross_entropy(x, target, weight, ignore_index=2, reduction=reduction,
                                label_smoothing=0.1)  # fmt: skip
        return (found * found * scale).sum()  # a cotangent that depends on x as well

    check_orders(loss, sample(shape, device))


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("shape", "rows"), SHAPES)
def test_nll_loss_has_three_orders(shape: Any, rows: Any, reduction: str, device: str) -> None:
    target, weight = classes(rows, device), positive((5,), device)
    scale = sample(rows if reduction == "none" else (), device, 1).detach()

    def loss(x: Any) -> Any:
        found = F.nll_loss(x, target, weight, ignore_index=2, reduction=reduction)
        return (found * found * found * scale).sum()

    check_orders(loss, sample(shape, device))


def test_probabilities_have_three_orders_in_both_arguments(device: str) -> None:
    target, weight = positive((4, 5), device), positive((5,), device, 4)
    check_orders(lambda x: F.cross_entropy(x, target, weight, label_smoothing=0.1),
                 sample((4, 5), device))  # fmt: skip
    x = sample((4, 5), device).detach()
    check_orders(lambda t: F.cross_entropy(x, t * t, weight, reduction="sum"),
                 positive((4, 5), device).requires_grad_(), 2)  # fmt: skip


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_cross_entropy_saves_input_target_and_divisor(reduction: str, device: str) -> None:
    x, target = sample((40, 5), device), classes((40,), device)
    before = gpugrad.memory.held(device)
    loss = F.cross_entropy(x, target, reduction=reduction)
    saved = gpugrad.memory.held(device) - before
    assert saved == x.array.nbytes + target.array.nbytes + x.array.itemsize
    loss.sum().backward()
    assert gpugrad.memory.held(device) == before


def test_nll_loss_saves_no_log_probabilities(device: str) -> None:
    x, target = sample((40, 5), device), classes((40,), device)
    before = gpugrad.memory.held(device)
    loss = F.nll_loss(x, target)
    assert gpugrad.memory.held(device) - before == target.array.nbytes + x.array.itemsize
    loss.backward()
    assert gpugrad.memory.held(device) == before


def test_a_class_out_of_range_is_an_index_error() -> None:
    target = gpugrad.tensor([1, 5], device="cpu")
    with pytest.raises(IndexRangeError, match="Target 5 is out of bounds"):
        F.cross_entropy(sample((2, 5)), target)


@pytest.mark.cuda
def test_a_class_out_of_range_is_nan_on_a_gpu() -> None:
    x = sample((2, 5), "cuda")
    loss = F.cross_entropy(x, gpugrad.tensor([1, 5], device="cuda"), reduction="none")
    assert loss.isnan().tolist() == [False, True]
    loss.sum().backward()
    assert x.grad.isnan().any(1).tolist() == [False, True]


def test_shapes_and_dtypes_that_do_not_fit_are_explained() -> None:
    x, target = sample((3, 5)), classes((2,))
    with pytest.raises(ValueError, match=r"Expected input batch_size \(3\) to match target"):
        F.cross_entropy(x, target)
    with pytest.raises(ShapeError, match="size mismatch"):
        F.cross_entropy(sample((2, 5, 4)), classes((2, 3)))
    with pytest.raises(DTypeError, match="expected scalar type Long"):
        F.cross_entropy(x, positive((3,)))
    with pytest.raises(DTypeError, match="not implemented for"):
        F.nll_loss(classes((3, 5)), classes((3,)))
    with pytest.raises(ShapeError, match="all 5 classes"):
        F.cross_entropy(x, classes((3,)), positive((4,)))
    with pytest.raises(ValueError, match="not a valid value for reduction"):
        F.cross_entropy(x, classes((3,)), reduction="average")
    with pytest.raises(RuntimeError, match="label_smoothing must be between"):
        F.cross_entropy(x, classes((3,)), label_smoothing=1.5)


def test_the_old_reduction_flags_are_understood() -> None:
    x, target = sample((3, 5)), classes((3,))
    added = F.cross_entropy(x, target, size_average=False)
    assert added.item() == F.cross_entropy(x, target, reduction="sum").item()
    assert F.mse_loss(x, x * 2, reduce=False).shape == (3, 5)


# ------------------------------------------------------------------------------------ elementwise
def pairs() -> list[Any]:
    """Name, keyword arguments, whether inputs are probabilities, whether targets are signs."""
    return [
        ("mse_loss", {}, "real", "real"), ("l1_loss", {}, "real", "real"),
        ("smooth_l1_loss", {"beta": 0.7}, "real", "real"),
        ("smooth_l1_loss", {"beta": 0.0}, "real", "real"),
        ("huber_loss", {"delta": 0.9}, "real", "real"),
        ("binary_cross_entropy", {}, "unit", "unit"),
        ("binary_cross_entropy_with_logits", {}, "real", "unit"),
        ("kl_div", {}, "real", "unit"), ("kl_div", {"log_target": True}, "real", "real"),
        ("soft_margin_loss", {}, "real", "sign"),
        ("hinge_embedding_loss", {"margin": 0.8}, "real", "sign"),
    ]  # fmt: skip


def draw(sort: str, seed: int) -> Any:
    values = np.random.default_rng(seed).standard_normal((4, 3))
    if sort == "unit":
        return 1 / (1 + np.exp(-values))
    return np.sign(values) if sort == "sign" else values


@pytest.mark.parametrize(("name", "options", "first", "second"), pairs())
def test_elementwise_losses_have_two_orders(
    name: str, options: Any, first: str, second: str, device: str
) -> None:
    target = gpugrad.tensor(draw(second, 1), dtype=gpugrad.float64, device=device)
    x = gpugrad.tensor(draw(first, 0), dtype=gpugrad.float64, device=device, requires_grad=True)

    def loss(x: Any) -> Any:
        found = getattr(F, name)(x, target, **options)
        return found * found  # also those that are linear have a second derivative

    check_orders(loss, x, orders=2)


def test_batchmean_is_the_sum_over_the_batch() -> None:
    x, target = sample((4, 3)), positive((4, 3))
    got = F.kl_div(x, target, reduction="batchmean")
    assert got.item() == pytest.approx(F.kl_div(x, target, reduction="sum").item() / 4)


def test_binary_cross_entropy_checks_its_arguments() -> None:
    with pytest.raises(RuntimeError, match="between 0 and 1"):
        F.binary_cross_entropy(sample((3,)) * 9, positive((3,)))
    with pytest.raises(ValueError, match="target size"):
        F.binary_cross_entropy_with_logits(sample((3,)), positive((3, 1)))


def test_a_target_of_another_size_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="different to the input size"):
        F.mse_loss(sample((3, 1)), sample((3,)))


# -------------------------------------------------------------------------- compared with PyTorch
def torch_functional() -> Any:
    torch = pytest.importorskip("torch")
    return torch, torch.nn.functional


def first_and_second(lib: Any, loss: Any, values: list[Any]) -> list[Any]:
    """Loss, gradient, and the gradients of the gradient along a direction."""
    x, u = (lib.tensor(v, dtype=lib.float64, requires_grad=True) for v in values)
    value = loss(x)
    (dx,) = lib.autograd.grad((value * value).sum(), x, create_graph=True)
    (second,) = lib.autograd.grad(dx, x, u)
    return [t.detach().numpy() for t in (value, dx, second)]


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("reduction", "weighted", "smoothing"),
    list(itertools.product(REDUCTIONS, (False, True), (0.0, 0.1))),
)
def test_cross_entropy_matches_pytorch(reduction: str, weighted: bool, smoothing: float) -> None:
    torch, functional = torch_functional()
    for shape, rows in [*SHAPES, ((300, 70), (300,))]:
        values = [sample(shape, seed=s).detach().numpy() for s in (0, 1)]
        target = classes(rows).numpy()
        weight = np.random.default_rng(0).random(shape[min(1, len(shape) - 1)])
        found = []
        for lib, function in ((gpugrad, F), (torch, functional)):
            labels = lib.tensor(target)
            factors = lib.tensor(weight, dtype=lib.float64) if weighted else None

            def loss(x: Any, function=function, labels=labels, factors=factors) -> Any:
                return function.cross_entropy(
                    x, labels, factors, ignore_index=2, reduction=reduction,
                    label_smoothing=smoothing,
                )  # fmt: skip

            found.append(first_and_second(lib, loss, values))
        for got, want in zip(*found, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides:UserWarning")  # PyTorch's kl_div
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "options", "first", "second"), pairs())
def test_elementwise_losses_match_pytorch(
    name: str, options: Any, first: str, second: str, reduction: str
) -> None:
    torch, functional = torch_functional()
    found = []
    for lib, function in ((gpugrad, F), (torch, functional)):
        target = lib.tensor(draw(second, 1), dtype=lib.float64)

        def loss(x: Any, function=function, target=target) -> Any:
            return getattr(function, name)(x, target, reduction=reduction, **options)

        found.append(first_and_second(lib, loss, [draw(first, 0), draw("real", 2)]))
    for got, want in zip(*found, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


@pytest.mark.oracle
def test_probabilities_and_weights_match_pytorch() -> None:
    torch, functional = torch_functional()
    rng = np.random.default_rng(0)
    target, weight = rng.dirichlet(np.ones(5), 4), rng.random(5)
    factors, signs = rng.random((4, 5)), np.sign(rng.standard_normal((4, 5)))
    found = []
    for lib, function in ((gpugrad, F), (torch, functional)):
        t, w, f, s = (lib.tensor(v, dtype=lib.float64) for v in (target, weight, factors, signs))
        losses = [
            lambda x, F=function, t=t, w=w: F.cross_entropy(x, t, w, label_smoothing=0.2),
            lambda x, F=function, t=t, f=f: F.mse_loss(x, t, weight=f),
            lambda x, F=function, t=t, f=f: F.huber_loss(x, t, weight=f),
            lambda x, F=function, t=t, f=f, w=w: F.binary_cross_entropy_with_logits(
                x, t, f, pos_weight=w),
            lambda x, F=function, t=t, s=s: F.margin_ranking_loss(x, t, s, margin=0.3),
        ]  # fmt: skip
        values = [sample((4, 5), seed=s).detach().numpy() for s in (0, 1)]
        found.append([first_and_second(lib, loss, values) for loss in losses])
    for ours, theirs in zip(*found, strict=True):
        for got, want in zip(ours, theirs, strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-10, atol=1e-10)


# --------------------------------------------------------------------------------------- launches
@pytest.mark.cuda
@pytest.mark.parametrize("name", ["cross_entropy", "nll_loss"])
def test_a_loss_of_classes_is_one_launch_each_way(name: str) -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    x, target = sample((700, 5), "cuda"), classes((700,), "cuda")
    seed = gpugrad.tensor(1.0, dtype=gpugrad.float64, device="cuda")
    getattr(F, name)(x, target).backward(seed)  # compiles
    x.grad = None
    with cudasim.measure() as counted:
        loss = getattr(F, name)(x, target)
    assert counted.launches == 1
    with cudasim.measure() as counted:
        loss.backward(seed)
    assert counted.launches == 1

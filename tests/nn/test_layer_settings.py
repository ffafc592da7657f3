"""What layers do besides a forward in training mode: statistics, indices, sizes, families."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from alike import assert_alike, data

import gpugrad
from gpugrad import nn

NORMS = [
    ("BatchNorm1d", {}, (6, 4)),
    ("BatchNorm2d", {}, (6, 4, 3, 2)),
    ("BatchNorm2d", {"momentum": None}, (6, 4, 3, 2)),
    ("BatchNorm2d", {"track_running_stats": False}, (6, 4, 3, 2)),
    ("BatchNorm3d", {"momentum": 0.5, "affine": False}, (6, 4, 2, 3, 2)),
    ("InstanceNorm2d", {}, (6, 4, 3, 2)),
    ("InstanceNorm1d", {"track_running_stats": True}, (6, 4, 3)),
]


@pytest.mark.oracle
@pytest.mark.parametrize(("name", "options", "shape"), NORMS, ids=str)
def test_evaluation_after_three_batches_equals_pytorch(
    name: str, options: dict[str, Any], shape: tuple[int, ...]
) -> None:
    def program(m: Any) -> Any:
        layer = getattr(m.nn, name)(4, **options).double()
        for seed in range(3):
            layer(3 * data(m, *shape, seed=seed) + 1)
        layer.eval()
        x = data(m, *shape, seed=9, requires_grad=True)
        y = layer(x)
        (y * data(m, *shape, seed=8)).sum().backward()
        return [y.detach(), x.grad, dict(layer.state_dict())]

    assert_alike(program)


@pytest.mark.oracle
def test_a_state_dict_from_before_batches_were_counted_loads() -> None:
    def program(m: Any) -> Any:
        layer = m.nn.BatchNorm1d(2)
        layer(m.tensor([[1.0, 2.0], [3.0, 5.0]]))
        old = {key: value for key, value in layer.state_dict().items() if "num" not in key}
        fresh = m.nn.BatchNorm1d(2)
        return [str(fresh.load_state_dict(old)).partition("(")[0], dict(fresh.state_dict())]

    assert_alike(program)


@pytest.mark.oracle
@pytest.mark.parametrize(
    ("phrase", "program"),
    [
        ("expected 4D input (got 3D input)", lambda m: m.nn.BatchNorm2d(4)(m.ones(2, 4, 3))),
        ("expected 2D or 3D input", lambda m: m.nn.BatchNorm1d(4)(m.ones(2, 4, 3, 3))),
        ("to match num_features", lambda m: m.nn.InstanceNorm1d(4, affine=True)(m.ones(2, 3, 5))),
        ("must be divisible by num_groups", lambda m: m.nn.GroupNorm(3, 4)),
        ("in_channels must be divisible by groups", lambda m: m.nn.Conv2d(3, 4, 3, groups=2)),
        ("not supported for strided", lambda m: m.nn.Conv2d(3, 4, 3, 2, padding="same")),
        ("padding_mode must be one of", lambda m: m.nn.Conv1d(3, 4, 3, padding_mode="mirror")),
        ("Only \"zeros\" padding mode", lambda m: m.nn.ConvTranspose1d(
            3, 4, 3, padding_mode="reflect")),
        ("valid sizes range from [7, 7] to [8, 8]", lambda m: m.nn.ConvTranspose2d(
            2, 3, 3, 2, 1)(m.ones(1, 2, 4, 4), [9, 8])),
        ("output_size must have 2 or 4 elements (got 1)", lambda m: m.nn.ConvTranspose2d(
            2, 3, 3)(m.ones(1, 2, 4, 4), [6])),
        ("only p == 1 and p == 2 supported", lambda m: m.nn.MultiMarginLoss(3)),
        ("dropout probability has to be between", lambda m: m.nn.Dropout2d(1.5)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_bad_settings_raise_pytorchs_errors(phrase: str, program: Any) -> None:
    assert_alike(program, phrase)


@pytest.mark.oracle
@pytest.mark.parametrize("size", [None, [7, 8], [8, 7], [1, 3, 8, 8]], ids=str)
def test_a_transposed_convolution_gives_the_size_it_is_asked_for(size: Any) -> None:
    def program(m: Any) -> Any:
        layer = m.nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1).double()
        for p in layer.parameters():
            m.nn.init.constant_(p, 0.5)
        return layer(data(m, 1, 2, 4, 4), size)

    assert_alike(program)


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["MaxPool2d", "AdaptiveMaxPool2d"])
def test_maxima_tell_where_they_are(name: str) -> None:
    assert_alike(lambda m: list(getattr(m.nn, name)(2, return_indices=True)(data(m, 2, 3, 6, 4))))


@pytest.mark.parametrize(("name", "rank"), [("Dropout1d", 1), ("Dropout2d", 2), ("Dropout3d", 3)])
def test_channels_are_dropped_whole_and_in_training_only(name: str, rank: int) -> None:
    gpugrad.manual_seed(0)
    layer = getattr(nn, name)(0.25)
    x = gpugrad.ones(16, 32, *[3] * rank)
    channels = layer(x).flatten(2)
    assert set(channels.flatten().tolist()) == {0.0, gpugrad.tensor(1 / 0.75).item()}
    assert (channels.amax(-1) == channels.amin(-1)).all()
    assert 0.15 < (channels[..., 0] == 0).float().mean().item() < 0.35
    assert layer.eval()(x).equal(x)


@pytest.mark.oracle
@pytest.mark.parametrize(
    "path",
    [
        "conv._ConvNd", "conv._ConvTransposeNd", "batchnorm._NormBase", "batchnorm._BatchNorm",
        "instancenorm._InstanceNorm", "dropout._DropoutNd", "pooling._MaxPoolNd",
        "padding._ReflectionPadNd", "loss._Loss",
    ],
)  # fmt: skip
def test_families_are_pytorchs(path: str) -> None:
    """Programs ask ``isinstance(layer, nn.modules.batchnorm._BatchNorm)``."""
    torch = pytest.importorskip("torch")
    module, name = path.split(".")

    def members(library: Any) -> set[str]:
        base = getattr(import_module(f"{library.__name__}.nn.modules.{module}"), name)
        kinds = {key: getattr(library.nn, key) for key in nn.modules.__all__}
        return {key for key, kind in kinds.items()
                if isinstance(kind, type) and issubclass(kind, base)}  # fmt: skip

    assert members(gpugrad) == members(torch)


@pytest.mark.oracle
def test_modules_stand_in_pytorchs_files() -> None:
    torch = pytest.importorskip("torch")
    for name in nn.modules.__all__:
        theirs = getattr(torch.nn, name).__module__.removeprefix("torch.")
        assert getattr(nn, name).__module__.removeprefix("gpugrad.") == theirs, name

"""Convolution beyond its rows: arguments, errors, edges, blocks of a bounded size, launches."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.graph import reachable
from gpugrad.nn import functional
from gpugrad.ops.convolution import gradients, on_cpu, on_cuda
from tests.beside import refused_alike, results
from tests.ops.walk import assert_close, host
from tests.windows import conv, conv_t


def scope(module: Any) -> dict[str, Any]:
    """What the expressions below are made of: ``t(2, 3)`` is a tensor of random numbers."""
    rng = np.random.default_rng(0)
    ours = module is gpugrad

    def t(*shape: int, dtype: str = "float64") -> Any:
        values = (rng.standard_normal(shape) * 4).astype("int64" if "int" in dtype else "float64")
        tensor = module.tensor(values, device="cpu") if ours else module.tensor(values)
        return tensor.to(getattr(module, dtype))

    return {"t": t, "grad": gradients if ours else module.nn.grad}


# Expressions that both libraries evaluate to the same values.
SAME = """
F.conv2d(t(1, 3, 5, 6), t(2, 3, 3, 3), padding='valid', stride=2)
F.conv2d(t(1, 3, 5, 6), t(2, 3, 3, 3), None, (2,), [1, 0], (1,))
F.conv2d(input=t(1, 3, 5, 6), weight=t(2, 3, 3, 3), bias=t(2), dilation=2, groups=1)
F.conv2d(t(3, 5, 6), t(2, 3, 3, 3), padding='same', dilation=2)
F.conv2d(t(0, 3, 5, 5), t(2, 3, 3, 3), t(2))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 2, 2), padding=7)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 5, 5), stride=9)
F.conv2d(t(2, 6, 9, 9).permute(0, 1, 3, 2)[:, ::2], t(2, 3, 3, 3).permute(0, 1, 3, 2))
F.conv1d(t(1, 3, 5, dtype='int64'), t(2, 3, 3, dtype='int64'))
F.conv1d(t(1, 3, 5, dtype='uint8'), t(2, 3, 3, dtype='uint8'))
F.conv1d(t(4, 2, 300), t(6, 1, 5), t(6), padding=2, groups=2)
F.conv1d(t(2, 3, 40), t(1, 3, 16), stride=8)
F.conv3d(t(2, 4, 3, 4, 5), t(4, 2, 1, 1, 1), t(4), 1, 0, 1, 2)
F.conv3d(t(2, 2, 3, 4, 5), t(4, 2, 1, 2, 3), t(4), (1, 2, 3), padding='valid')
F.conv2d(t(2, 4, 16, 9), t(3, 4, 1, 1), t(3))
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), padding=3)
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), output_padding=1, dilation=2)
F.conv_transpose2d(t(0, 3, 5, 5), t(3, 2, 3, 3), t(2))
F.conv_transpose2d(t(2, 9, 5, 4), t(9, 1, 3, 3), t(1), padding=1)
F.conv_transpose2d(t(2, 3, 4, 4), t(3, 2, 4, 4), t(2), 4)
F.conv_transpose2d(t(3, 4, 4), t(3, 2, 3, 2), t(2), stride=2, padding=(1, 0), output_padding=(1, 0))
F.conv_transpose1d(t(1, 4, 5, dtype='int64'), t(4, 2, 3, dtype='int64'))
torch.conv_tbc(t(5, 2, 3), t(3, 3, 4), t(4), pad=1)
torch.convolution(t(1, 3, 5, 5), t(2, 3, 3, 3), None, [1], [0], [1], False, [0], 1)
torch.convolution(t(1, 4, 5), t(4, 3, 3), t(6), (2,), (1,), (1,), True, (1,), 2)
F.unfold(t(3, 5, 5), (3, 2), padding=(1, 0), stride=2, dilation=(1, 2))
F.unfold(t(2, 3, 5, 5), [2, 1], stride=[3, 1])
F.unfold(t(0, 3, 5, 5), 2)
F.unfold(t(2, 3, 5, 5) > 0, 2)
F.fold(t(27, 9), (5, 5), 3)
F.fold(t(2, 12, 10), [4, 5], 2, stride=(2, 1), dilation=2, padding=1)
F.fold(t(0, 27, 9), 5, 3)
F.fold(t(1, 27, 9) > 0, 5, 3)
grad.conv1d_input((2, 4, 7), t(6, 2, 3), t(2, 6, 3), 2, 0, 1, 2)
grad.conv1d_weight(t(2, 4, 7), (6, 2, 3), t(2, 6, 3), 2, 0, 1, 2)
grad.conv2d_input([2, 3, 5, 6], t(4, 3, 3, 2), t(2, 4, 5, 7), padding=1)
grad.conv2d_weight(t(2, 3, 5, 6), [4, 3, 3, 2], t(2, 4, 5, 7), padding=1)
grad.conv3d_input((1, 2, 4, 4, 4), t(3, 2, 2, 2, 2), t(1, 3, 2, 2, 2), dilation=2)
grad.conv3d_weight(t(1, 2, 4, 4, 4), (3, 2, 2, 2, 2), t(1, 3, 2, 2, 2), dilation=2)
""".strip().splitlines()


test_arguments_mean_what_they_mean_to_pytorch = results(SAME, scope, 1e-12)


# Expressions that neither library evaluates; both say so in the same words.
WRONG = """
F.conv2d(t(1, 4, 5, 5), t(2, 3, 3, 3))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 7, 7))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), padding=1, dilation=4)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), stride=0)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), padding=-1)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), dilation=0)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), groups=0)
F.conv2d(t(1, 4, 5, 5), t(3, 2, 3, 3), groups=2)
F.conv2d(t(1, 3, 5, 5), t(1, 3, 3, 3), groups=2)
F.conv2d(t(1, 3, 5, 5), t(0, 3, 3, 3))
F.conv2d(t(3, 5), t(2, 3, 3, 3))
F.conv2d(t(1, 1, 3, 5, 5), t(2, 3, 3, 3))
F.conv1d(t(3), t(2, 3, 3))
F.conv1d(t(4, 5), t(2, 3, 3))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), t(3))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), t(2, 1))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3, dtype='float32'))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), t(2, dtype='float32'))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), stride=(1, 1, 1))
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), padding=())
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), stride=1.5)
F.conv2d(t(1, 4, 5, 5), t(2, 2, 3, 3), groups=2.0)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), padding='same', stride=2)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 3, 3), padding='full')
F.conv2d(t(1, 3, 0, 5), t(2, 3, 3, 3), padding=2)
F.conv2d(t(1, 3, 5, 5), t(2, 3, 0, 3))
F.conv2d([1], t(2, 3, 3, 3))
F.conv2d(t(1, 3, 5, 5), None)
F.conv1d(t(1, 3, 5) > 0, t(2, 3, 3) > 0)
F.conv_transpose2d(t(1, 3, 5, 5), t(2, 3, 3, 3))
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), output_padding=1)
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), output_padding=-1)
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), padding=4)
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), groups=2)
F.conv_transpose2d(t(1, 4, 5, 5), t(4, 2, 3, 3), t(2), groups=2)
F.conv_transpose2d(t(1, 3, 5, 5), t(3, 2, 3, 3), padding='same')
F.conv_transpose2d(t(1, 3, 0, 5), t(3, 2, 3, 3))
torch.conv_tbc(t(5, 2, 3), t(3, 2, 4), t(4))
torch.conv_tbc(t(5, 2, 3), t(3, 3, 4), t(3))
torch.conv_tbc(t(5, 3), t(3, 3, 4), t(3))
torch.convolution(t(1, 3, 5, 5), t(2, 3, 3, 3), None, 1, 0, 1, False, 0, 1)
torch.convolution(t(3, 5, 5), t(2, 3, 3, 3), None, [1], [0], [1], False, [0], 1)
torch.convolution(t(1, 3, 4, 4, 4, 4), t(2, 3, 1, 1, 1, 1), None, [1], [0], [1], False, [0], 1)
F.unfold(t(1, 3, 5, 5), 7)
F.unfold(t(1, 3, 5, 5), 3, stride=0)
F.unfold(t(1, 3, 5, 5), 3, padding=-1)
F.unfold(t(1, 3, 5, 5), 3, dilation=0)
F.unfold(t(1, 3, 5, 5), 0)
F.unfold(t(1, 3, 5, 5), (1, 2, 3))
F.unfold(t(1, 3, 5, 5), [2])
F.unfold(t(1, 0, 5, 5), 2)
F.unfold(t(1, 1, 1, 5, 5), 2)
F.unfold(t(1, 3, 5, 5, dtype='int64'), 2)
F.fold(t(1, 27, 9), 6, 3)
F.fold(t(1, 26, 9), 5, 3)
F.fold(t(1, 27, 9), 2, 3)
F.fold(t(27), 5, 3)
F.fold(t(1, 27, 9), 5, 0)
F.fold(t(1, 27, 9), (5, 5, 5), 3)
F.fold(t(1, 27, 9, dtype='int64'), 5, 3)
grad.conv2d_weight(t(2, 3, 5, 6), [4, 2, 3, 2], t(2, 4, 5, 7), padding=1)
""".strip().splitlines()


@pytest.mark.oracle
@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_raises_as_in_pytorch(text: str) -> None:
    ours, theirs = refused_alike(text, scope)
    if not isinstance(theirs, TypeError):
        phrase = str(theirs).splitlines()[0].partition(", but got ")[0]
        if isinstance(theirs, NotImplementedError):  # begins with the name of a C++ function
            phrase = phrase.partition('" ')[2]
        assert phrase in str(ours)


def test_nodes_have_the_names_of_pytorchs() -> None:
    x, w, b = gpugrad.ones(2, 3, 4), gpugrad.ones(2, 3, 2), gpugrad.ones(2, requires_grad=True)
    y = functional.conv1d(x, w, b)
    assert y.grad_fn.name() == "ConvolutionBackward0"
    y.sum().backward()
    assert b.grad.tolist() == [6, 6]
    up = functional.conv_transpose1d(y.detach(), w.requires_grad_())
    assert {node.rule.name for node in reachable(up) if hasattr(node.rule, "op")} == {"Convolution"}


# ---------------------------------------------------------------------------------------- blocks
SHAPES = [((5, 4, 7), (6, 2, 3), 2), ((3, 4, 6, 5), (2, 4, 3, 2), 1),
          ((2, 4, 4, 5, 3), (4, 1, 2, 3, 2), 4)]  # fmt: skip


def all_three(x: Any, w: Any, groups: int, device: str = "cpu", dtype: str = "float64") -> Any:
    """Values and gradients of a convolution and of a transposed one, with one geometry."""
    kind = getattr(gpugrad, dtype)
    x, w = (gpugrad.tensor(a, device=device).to(kind).requires_grad_() for a in (x, w))
    dims = len(w.shape) - 2
    bias = gpugrad.ones(w.shape[0], device=device, dtype=kind) / 3
    y = getattr(functional, f"conv{dims}d")(x, w, bias, 2, 1, groups=groups)
    up = getattr(functional, f"conv_transpose{dims}d")(y, w, None, 2, 1, groups=groups)
    return [y, up, *gpugrad.autograd.grad((up * up).sum(), (x, w))]


@pytest.mark.parametrize("limit", [1, 30, 500])
@pytest.mark.parametrize(("image", "kernel", "groups"), SHAPES)
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_small_workspaces_change_nothing(monkeypatch: pytest.MonkeyPatch, image: Any, kernel: Any,
                                         groups: int, limit: int, device: str) -> None:
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal(image), rng.standard_normal(kernel)
    wanted = all_three(x, w, groups)
    monkeypatch.setattr(on_cpu, "LIMIT", limit)
    monkeypatch.setattr(on_cuda, "LIMIT", limit)
    for a, b in zip(all_three(x, w, groups, device), wanted, strict=True):
        assert_close(host(a), host(b), 1e-12)


def test_values_are_those_of_the_definition_whatever_path_is_taken() -> None:
    rng = np.random.default_rng(0)
    for channels, filters, groups, kernel, stride in (
        (1, 9, 1, (3, 3), 1), (8, 2, 1, (2, 3), 1), (6, 6, 3, (1, 1), 1), (4, 8, 4, (3, 1), 2),
        (3, 5, 1, (4, 4), 4), (3, 5, 1, (1, 1), 3),
    ):  # fmt: skip
        x = rng.standard_normal((3, channels, 12, 9))
        w = rng.standard_normal((filters, channels // groups, *kernel))
        tensors = [gpugrad.tensor(a, device="cpu") for a in (x, w)]
        y = functional.conv2d(*tensors, stride=stride, groups=groups)
        assert_close(host(y), conv(x, w, stride, groups=groups), 1e-12)
        back = functional.conv_transpose2d(y, tensors[1], stride=stride, groups=groups)
        assert_close(host(back), conv_t(host(y), w, stride, groups=groups), 1e-12)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("device", ["cpu", pytest.param("cuda", marks=pytest.mark.cuda)])
def test_halves_are_rounded_once_after_the_bias(dtype: str, device: str) -> None:
    kind, precision = getattr(gpugrad, dtype), {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    rng = np.random.default_rng(0)
    x, w = rng.standard_normal((3, 64, 5, 4)), rng.standard_normal((64, 8, 3, 3))
    halves = [gpugrad.tensor(a, device=device).to(kind) for a in (x, w)]
    exact = [host(h) for h in halves]
    y = host(functional.conv2d(*halves, padding=1, groups=8))
    wanted = conv(*exact, 1, 1, groups=8)
    # A bias that takes the sums away: what is left shows how they were rounded.
    bias = gpugrad.tensor(-wanted[0, :, 2, 2], device=device).to(kind)
    sums = host(functional.conv2d(*halves, bias, padding=1, groups=8))[0, :, 2, 2]
    assert_close(sums, wanted[0, :, 2, 2] + host(bias), 4 * precision)
    assert np.abs(sums).max() < 0.2
    up = host(functional.conv_transpose2d(*halves, bias.repeat(1)[:64], 2, groups=8))
    assert_close(y, wanted, precision)
    assert_close(up, conv_t(*exact, 2, groups=8) + host(bias)[:, None, None], precision)


# -------------------------------------------------------------------------------------- on a GPU
def launches(work: Any) -> tuple[int, int]:
    """Kernels launched, and calls of cuBLAS, by ``work`` when everything has been compiled."""
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    work()
    with cudasim.measure() as counted:
        work()
    return counted.launches, counted.lib_calls


@pytest.mark.cuda
@pytest.mark.parametrize(("groups", "kernel", "forward", "backward"), [
    (1, (6, 4, 3, 3), (1, 1), (3, 2)),  # columns; their sum, columns again, cotangents in order
    (1, (6, 4, 1, 1), (0, 1), (2, 2)),  # pointwise: only the weight's gradient has columns
    (2, (6, 2, 3, 3), (2, 1), (4, 2)),  # groups: the result and the cotangent in order, too
    (4, (8, 1, 3, 3), (1, 0), (2, 0)),  # depthwise: one each
])  # fmt: skip
def test_launches_are_as_few_as_the_lowering_allows(groups: int, kernel: Any, forward: Any,
                                                    backward: Any) -> None:
    x, w, b = (gpugrad.ones(*shape, device="cuda", requires_grad=True)
               for shape in ((3, 4, 5, 5), kernel, (kernel[0],)))  # fmt: skip
    assert launches(lambda: functional.conv2d(x, w, groups=groups)) == forward
    more = int(kernel[1] > 1)  # the bias, where it is not part of the kernel
    biased = launches(lambda: functional.conv2d(x, w, b, groups=groups))
    assert biased == (forward[0] + more, forward[1])
    y = functional.conv2d(x, w, groups=groups)
    seed = gpugrad.ones_like(y).detach()
    back = launches(lambda: gpugrad.autograd.grad(y, (x, w), seed, retain_graph=True))
    assert back == backward


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32"])
@pytest.mark.parametrize(("image", "kernel", "groups"), SHAPES)
def test_gpu_agrees_with_cpu(image: Any, kernel: Any, groups: int, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x, w = (rng.integers(-3, 4, shape) / 2 for shape in (image, kernel))
    precision = {"float16": 2**-10, "bfloat16": 2**-7, "float32": 2**-22}[dtype]
    found = all_three(x, w, groups, "cuda", dtype)
    for a, b in zip(found, all_three(x, w, groups, "cpu", dtype), strict=True):
        assert a.is_cuda
        assert a.dtype is b.dtype is getattr(gpugrad, dtype)
        scale = np.abs(host(b)).max()
        assert_close(host(a) / scale, host(b) / scale, 8 * precision)


@pytest.mark.cuda
def test_blocks_of_booleans_are_unfolded_and_folded_on_a_gpu() -> None:
    bits = np.random.default_rng(0).random((2, 3, 5, 4)) < 0.2
    results = []
    for device in ("cpu", "cuda"):
        blocks = functional.unfold(gpugrad.tensor(bits, device=device), 2, padding=1)
        image = functional.fold(blocks, (5, 4), 2, padding=1)
        assert blocks.dtype is image.dtype is gpugrad.bool
        results.append((blocks.cpu().numpy(), image.cpu().numpy()))
    assert np.array_equal(results[0][0], results[1][0])
    assert np.array_equal(results[0][1], bits)
    assert np.array_equal(results[1][1], bits)


@pytest.mark.cuda
def test_integers_have_no_convolution_on_a_gpu() -> None:
    x = gpugrad.ones(1, 2, 3, dtype=gpugrad.int64, device="cuda")
    with pytest.raises(NotImplementedError, match="not implemented for 'Long'"):
        functional.conv1d(x, x)

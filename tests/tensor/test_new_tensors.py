"""All arguments of the functions that make tensors, and what is refused, beside PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.array import cuda_available
from tests.beside import assert_same, evaluate, refused_alike, results

SAME = [
    "torch.arange(5.)", "torch.arange(1, 5, 2.)", "torch.arange(torch.tensor(3))",
    "torch.arange(torch.tensor(3.), torch.tensor(5))", "torch.arange(end=3)",
    "torch.arange(0, 1, 0.25, dtype=torch.float16)", "torch.arange(start=1, end=3)",
    "torch.arange(True)", "torch.arange(2**60, 2**60 + 3)", "torch.arange(0, 100, 0.1)",
    "torch.arange(3, layout=torch.strided, pin_memory=False, device='cpu')",
    "torch.arange(-1, -7, -2.5)", "torch.arange(1, 1)", "torch.arange(10, out=torch.empty(10))",
    "torch.range(1, 3)", "torch.range(1, 4, 0.5)", "torch.linspace(1, 10, 4, dtype=torch.int64)",
    "torch.linspace(torch.tensor(1.), torch.tensor(2.), 3)", "torch.linspace(3, -2, 17)",
    "torch.linspace(start=0, end=1, steps=3)", "torch.linspace(-5, 5, 7, dtype=torch.int32)",
    "torch.linspace(0, 1, 0)", "torch.logspace(0, 2, 3)", "torch.logspace(0, 2, 3, base=2)",
    "torch.logspace(torch.tensor(0.), 2, steps=3, base=2, dtype=torch.int32)",
    "torch.eye(3, m=2)", "torch.eye(0)", "torch.eye(2, dtype=torch.bool)",
    "torch.full((2,), 3, dtype=torch.bool)", "torch.full((2,), torch.tensor(3.))",
    "torch.full([2, 0], 1.5)", "torch.full((), True)", "torch.zeros(size=(2, 3))",
    "torch.zeros([2, torch.tensor(3)])", "torch.zeros(torch.tensor(2), 3)", "torch.ones(size=[2])",
    "torch.zeros((2, 3), layout=torch.strided, pin_memory=False)", "torch.ones(2, dtype=float)",
    "torch.ones(2, dtype=int)", "torch.zeros_like(i, dtype=torch.float16, requires_grad=True)",
    "torch.ones_like(x, layout=torch.strided)", "torch.full_like(i, 2.7)",
    "torch.full_like(x, torch.tensor(2))", "torch.scalar_tensor(3)",
    "torch.scalar_tensor(3, dtype=torch.int32)", "torch.empty_strided((2, 3), (1, 2)).stride()",
    "torch.empty_permuted((2, 3, 4), (2, 0, 1)).stride()", "torch.empty_strided((2,), (0,)).shape",
    "torch.frombuffer(bytearray(range(4)), dtype=torch.int16)",
    "torch.frombuffer(bytearray(range(4)), dtype=torch.uint8, offset=1, count=2)",
    "torch.asarray([1, 2], copy=True)", "torch.asarray(x, copy=False) is x",
    "torch.asarray(x, requires_grad=False)", "torch.asarray(i, dtype=torch.float32)",
    "torch.asarray(i, dtype=torch.float32, requires_grad=True).requires_grad",
    "torch.asarray(np.arange(3.0))", "torch.asarray(2.5)", "torch.as_tensor(x) is x",
    "torch.as_tensor([1, 2], dtype=torch.float64)", "torch.tensor(x.detach())",
    "torch.tensor(i, dtype=torch.float32, requires_grad=True)", "torch.tensor(range(3))",
    "torch.tensor([True, 2.5])", "torch.tensor([2**40])", "torch.tensor([[]])", "torch.tensor(())",
    "torch.tensor([1.5, float('inf')], dtype=torch.float16)", "torch.tensor([np.int8(3), 2])",
    "torch.hann_window(5)", "torch.hann_window(5, periodic=False, dtype=torch.float64)",
    "torch.hann_window(0)", "torch.hann_window(1)", "torch.hamming_window(5, True, 0.5, 0.4)",
    "torch.hamming_window(4)", "torch.blackman_window(7)", "torch.blackman_window(7, False)",
    "torch.bartlett_window(6)", "torch.bartlett_window(7, False)", "torch.kaiser_window(6)",
    "torch.kaiser_window(6, False, 8.)", "torch.kaiser_window(6, True, 5.0, dtype=torch.float64)",
    "x.new_tensor([1, 2])", "i.new_tensor([1.5])", "x.new_zeros(2, 3)", "x.new_ones(size=(2,))",
    "x.new_zeros((2, 3), dtype=torch.int64)", "x.new_full((2,), 3)", "x.new_full((2,), True)",
    "x.new_ones(2, requires_grad=True)", "x.new_empty_strided((2, 3), (1, 2)).stride()",
    "x.new_zeros(())", "x.new_empty((2, 0)).shape", "i.new_empty(2).dtype.itemsize",
    "x.new(2, 3).shape", "x.new([1, 2])", "x.new()", "i.new([1.5])", "torch.Tensor()",
    "torch.Tensor(2).shape", "torch.Tensor([2])", "torch.Tensor(torch.tensor([1, 2]))",
    "torch.Tensor((2, 3))", "torch.Tensor(torch.Size([2, 3])).shape", "torch.Tensor(i.numpy())",
    "torch.FloatTensor([1, 2])", "torch.LongTensor([1.5, 2])", "torch.LongTensor(2, 3).shape",
    "torch.ByteTensor([1, 2])", "torch.BoolTensor([1, 0])", "torch.HalfTensor([1.5])",
    "torch.ShortTensor([1])", "torch.CharTensor([1])", "torch.IntTensor([1])",
    "torch.DoubleTensor([[1.5]])", "torch.FloatTensor(x.detach())",
    "isinstance(x, torch.FloatTensor)", "isinstance(i, torch.FloatTensor)",
    "isinstance(1, torch.LongTensor)", "torch.is_tensor(x)", "torch.inf", "torch.pi", "torch.e",
    "torch.newaxis", "torch.isnan(torch.tensor(torch.nan))",
    # what is drawn when there is only one way to draw it
    "torch.randint(5, (2,)).dtype.itemsize", "torch.randint(2, 3, (2, 3))",
    "torch.randint(low=2, high=3, size=(2,))", "torch.randint(1, (2,), dtype=torch.float32)",
    "torch.randint_like(x, 1)", "torch.randint_like(i, 2, 3)",
    "torch.randint_like(x, 1, dtype=torch.int64)", "torch.rand(size=(2, 3)).shape",
    "torch.rand((2,), out=torch.empty(2)).shape", "torch.randn([2, 3]).shape",
    "torch.rand_like(i, dtype=torch.float32).shape", "torch.randperm(1)", "torch.randperm(0)",
    "torch.normal(torch.zeros(3), torch.ones(2, 1)).shape", "torch.normal(0., 1., size=(2,)).shape",
    "torch.normal(mean=2., std=torch.zeros(2))", "torch.normal(torch.ones(3), 0)",
    "torch.bernoulli(torch.tensor([0., 1.]))", "torch.bernoulli(torch.tensor([0.5]), 1.0)",
    "torch.empty(3).bernoulli_(1.0)", "torch.empty(3).bernoulli_(torch.tensor([0., 1., 1.]))",
    "torch.poisson(torch.zeros(2))", "torch.binomial(torch.tensor([3.]), torch.tensor([1.]))",
    "torch.multinomial(torch.tensor([0., 1.]), 1)", "torch.empty(2).normal_(mean=1., std=0.)",
    "torch.multinomial(torch.tensor([[0., 1.], [1., 0.]]), 3, replacement=True)",
    "torch.empty(2, dtype=torch.int64).random_(3, 4)", "torch.empty(2).random_(1)",
    "torch.empty(2, dtype=torch.int64).bernoulli_(0.)", "torch.empty(2).geometric_(1 - 1e-12)",
    "torch.poisson(torch.ones(2, requires_grad=True)).requires_grad",
    "torch.get_rng_state().dtype.itemsize", "torch.Generator().initial_seed()",
    "torch.Generator().manual_seed(3).initial_seed()",
    "torch.manual_seed(-1).initial_seed()",
]  # fmt: skip


def names(module: Any) -> dict[str, Any]:
    return {"x": module.tensor([1.5, -2.5, 0.25], requires_grad=True),
            "i": module.tensor([1, 2, 3])}  # fmt: skip


test_what_is_made_is_what_pytorch_makes = results(SAME, names, 2e-6)


REFUSED = {
    "torch.arange(-3)": "upper bound and lower bound inconsistent with step sign",
    "torch.arange(0, 1, 0)": "step must be nonzero", "torch.arange(0, float('inf'))": "range",
    "torch.linspace(torch.tensor([1., 2.]), 3, 3)": "only supports 0-dimensional start and end",
    "torch.logspace(0, 1, -1)": "number of steps must be non-negative", "torch.linspace(0, 1)": ".",
    "torch.eye(-1)": "n must be greater or equal to 0, got -1", "torch.zeros(2.5)": "must be tuple",
    "torch.full(2, 3)": "argument 'size' .position 1. must be tuple of ints, not int",
    "torch.full((2,), float('nan'), dtype=torch.int64)": "value cannot be converted to type int64",
    "torch.ones((2, -1))": "negative dimension -1", "x.new_zeros(2.0)": "must be tuple of ints",
    "torch.empty_permuted((2, 3), (0, 0))": "Duplicate dim not allowed",
    "torch.empty_strided((2,), (-1,))": "trides", "torch.empty_strided((2,), ())": "match",
    "torch.frombuffer(bytearray(3), dtype=torch.int16)": "must be a multiple of element size .2.",
    "torch.frombuffer(b'', dtype=torch.uint8)": "both buffer length .0. and count .-1. must not be",
    "torch.frombuffer(bytearray(8), dtype=torch.int16, offset=9)": "must be non-negative and no gr",
    "torch.frombuffer(bytearray(8), dtype=torch.int16, count=9)": "must not be greater than actual",
    "torch.asarray(x, dtype=torch.float64, copy=False)": "can't alias tensor with dtype",
    "torch.asarray([1, 2], copy=False)": "can't alias arbitrary sequence into a tensor",
    "torch.tensor([[1], [2, 3]])": "expected sequence of length 1 at dim 1 .got 2.",
    "torch.tensor(iter([1]))": "Could not infer dtype of list_iterator",
    "torch.tensor({1: 2})": "Could not infer dtype of dict",
    "torch.tensor([2**63])": "Overflow when unpacking long long",
    "torch.tensor([300], dtype=torch.uint8)": "value cannot be converted to type uint8 without",
    "torch.hann_window(5, dtype=torch.int64)": "hann_window expects floating point dtypes, got",
    "torch.hann_window(-1)": "requires non-negative window_length, got window_length=-1",
    "torch.from_numpy(np.arange(3)[::-1])": "At least one stride in the given numpy array is neg",
    "torch.Tensor(2.5)": "data must be a sequence .got float.", "torch.Tensor('a')": "data type",
    "torch.FloatTensor(i)": "expected", "torch.randint(5)": "invalid combination",
    "torch.randint(0, 300, (2,), dtype=torch.uint8)": "to - 1 is out of bounds for u",
    "torch.rand(2, dtype=torch.int64)": "not implemented for", "torch.randperm(-1)": "dimension -1",
    "torch.normal(torch.zeros(3), -1.)": "expects std >= 0.0, but found std -1",
    "torch.normal(torch.zeros(3), -torch.ones(3))": "expects all elements of std >= 0.0",
    "torch.empty(3).bernoulli_(2.)": "bernoulli_ expects p to be in .0, 1., but got p=2",
    "torch.poisson(torch.tensor([-1.]))": "invalid Poisson rate, expected rate to be non-negative",
    "torch.binomial(i, x)": "only supports floating-point dtypes for count",
    "torch.multinomial(torch.tensor([-1., 1.]), 1)": "contains either `inf`, `nan` or element < 0",
    "torch.multinomial(i, 1)": "only supports floating-point dtypes for input",
    "torch.multinomial(torch.ones(2, 2, 2), 1)": "prob_dist must be 1 or 2 dim",
    "torch.multinomial(torch.ones(2), 0)": "cannot sample n_sample <= 0 samples",
    "torch.empty(2).exponential_(0.)": "exponential_ expects lambda > 0.0, but found lambda=0",
    "torch.empty(2, dtype=torch.int64).exponential_()": "is a continuous probability distribution",
    "torch.empty(2).geometric_(1.5)": "geometric_ expects p to be in .0, 1., but got p=1.5",
    "torch.empty(2).log_normal_(0, -1)": "log_normal_ expects std > 0.0, but found std=-1",
    "torch.empty(2).cauchy_(0, 0)": "cauchy_ expects sigma > 0.0, but found sigma=0",
    "torch.empty(2, dtype=torch.int64).random_(4, 3)": "expects 'from' to be less than 'to'",
    "torch.manual_seed(2**70)": "Overflow when unpacking long long",
    "torch.set_rng_state(torch.zeros(3))": "RNG state must be a torch.ByteTensor",
    "torch.set_rng_state(torch.zeros(3, dtype=torch.uint8))": "RNG state is wrong size|Expected",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("text", REFUSED)
def test_what_pytorch_refuses_is_refused_alike(text: str) -> None:
    refused_alike(text, names, REFUSED[text], exactly=False)


def test_a_buffer_and_its_tensor_share_bytes() -> None:
    buffer = bytearray(4)
    x = gpugrad.frombuffer(buffer, dtype=gpugrad.uint8)
    x[0] = 7
    buffer[1] = 8
    assert x.tolist() == list(buffer) == [7, 8, 0, 0]


def test_sparse_layouts_are_refused() -> None:
    with pytest.raises(NotImplementedError, match="tensors of gpugrad are strided, not banana"):
        gpugrad.zeros(2, layout="banana")


def test_pinned_memory_needs_a_gpu() -> None:
    if not cuda_available():
        with pytest.raises(RuntimeError, match="Cannot access accelerator device"):
            gpugrad.ones(2).pin_memory()
        with pytest.raises(RuntimeError, match="Cannot access accelerator device"):
            gpugrad.ones(2, pin_memory=True)
    assert not gpugrad.ones(2).is_pinned()


@pytest.mark.cuda
def test_pinned_memory_is_a_copy_on_the_host() -> None:
    x = gpugrad.arange(3.0, device="cpu")
    y = x.pin_memory()
    assert y.is_pinned()
    assert y.pin_memory() is y
    assert y.tolist() == x.tolist()
    assert gpugrad.zeros(2, device="cpu", pin_memory=True).is_pinned()
    with pytest.raises(RuntimeError, match="only dense CPU tensors can be pinned"):
        gpugrad.ones(2).pin_memory()


HOST = ("numpy", "np.", "buffer", "Tensor(", "'cpu'", "rng_state", "Generator", "is x")


@pytest.mark.cuda
@pytest.mark.parametrize("text", [t for t in SAME if not any(word in t for word in HOST)])
def test_the_same_is_made_on_a_gpu(text: str) -> None:
    ours = evaluate(text, gpugrad, **names(gpugrad))
    gpugrad.set_default_device("cpu")
    exact = evaluate(text, gpugrad, **names(gpugrad))
    if isinstance(ours, gpugrad.Tensor):
        assert ours.requires_grad == exact.requires_grad
        assert_same(ours.detach().cpu(), exact.detach(), 2e-6)


def test_numpy_arrays_on_a_tensor_type_are_converted() -> None:
    assert gpugrad.FloatTensor(np.arange(2)).dtype is gpugrad.float32

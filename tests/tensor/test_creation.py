"""New tensors: values, dtypes, flags and sharing as in PyTorch."""

from __future__ import annotations

import numpy as np
import pytest

import gpugrad
from tests.beside import dtype_name, evaluate, no_names, pytorchs_refusals, refusals, results
from tests.ops.walk import assert_close, host

MADE = {  # an expression -> values and dtype
    "torch.tensor(1)": (1, "int64"),
    "torch.tensor(1.5)": (1.5, "float32"),
    "torch.tensor(True)": (True, "bool"),
    "torch.tensor([1, 2])": ([1, 2], "int64"),
    "torch.tensor([1, 2.5])": ([1, 2.5], "float32"),
    "torch.tensor([[True, False]])": ([[True, False]], "bool"),
    "torch.tensor([True, 2])": ([1, 2], "int64"),
    "torch.tensor([])": ([], "float32"),
    "torch.tensor([[], []])": ([[], []], "float32"),
    "torch.tensor((1, (2)))": ([1, 2], "int64"),
    "torch.tensor([1, 2], dtype=torch.float16)": ([1, 2], "float16"),
    "torch.tensor([1.7, -1.7], dtype=torch.int32)": ([1, -1], "int32"),
    "torch.tensor([0.0, 0.5], dtype=torch.bool)": ([False, True], "bool"),
    "torch.tensor(np.arange(3, dtype='int16'))": ([0, 1, 2], "int16"),
    "torch.tensor(np.ones(2))": ([1, 1], "float64"),
    "torch.tensor(np.float32(2.5))": (2.5, "float32"),
    "torch.tensor([np.float32(2.5), 1])": ([2.5, 1], "float32"),
    "torch.tensor(np.array(3))": (3, "int64"),
    "torch.tensor([torch.tensor(1.0), torch.tensor(2.0)])": ([1, 2], "float32"),
    "torch.tensor(1.0, requires_grad=True)": (1.0, "float32"),
    "torch.as_tensor([1, 2])": ([1, 2], "int64"),
    "torch.as_tensor(np.ones(2, 'float32'))": ([1, 1], "float32"),
    "torch.as_tensor(2.5, dtype=torch.float64)": (2.5, "float64"),
    "torch.from_numpy(np.arange(3))": ([0, 1, 2], "int64"),
    "torch.zeros(2, 3)": (np.zeros((2, 3)), "float32"),
    "torch.zeros((2, 3), dtype=torch.int8)": (np.zeros((2, 3)), "int8"),
    "torch.zeros(())": (0, "float32"),
    "torch.zeros(0)": ([], "float32"),
    "torch.zeros(torch.Size([2]))": ([0, 0], "float32"),
    "torch.ones(2, requires_grad=True)": ([1, 1], "float32"),
    "torch.ones([2], dtype=torch.bool)": ([True, True], "bool"),
    "torch.full((2,), 7)": ([7, 7], "int64"),
    "torch.full((2,), 7.5)": ([7.5, 7.5], "float32"),
    "torch.full([2], True)": ([True, True], "bool"),
    "torch.full((), 2.0, dtype=torch.bfloat16)": (2.0, "bfloat16"),
    "torch.eye(2)": (np.eye(2), "float32"),
    "torch.eye(2, 3, dtype=torch.int64)": (np.eye(2, 3), "int64"),
    "torch.arange(3)": ([0, 1, 2], "int64"),
    "torch.arange(1, 4)": ([1, 2, 3], "int64"),
    "torch.arange(1.0, 2.0, 0.25)": ([1, 1.25, 1.5, 1.75], "float32"),
    "torch.arange(5, 0, -2)": ([5, 3, 1], "int64"),
    "torch.arange(3, dtype=torch.float64)": ([0, 1, 2], "float64"),
    "torch.arange(0, 1, 0.1)": (np.arange(10) / 10, "float32"),
    "torch.arange(2, 2)": ([], "int64"),
    "torch.linspace(0, 1, 5)": ([0, 0.25, 0.5, 0.75, 1], "float32"),
    "torch.linspace(0, 1, 1)": ([0], "float32"),
    "torch.linspace(-1, 1, 3, dtype=torch.float64)": ([-1, 0, 1], "float64"),
    "torch.zeros_like(torch.ones(2, dtype=torch.int32))": ([0, 0], "int32"),
    "torch.ones_like(torch.zeros(2), dtype=torch.float64)": ([1, 1], "float64"),
    "torch.full_like(torch.zeros(2), 3)": ([3, 3], "float32"),
    "torch.zeros_like(torch.ones(2, requires_grad=True))": ([0, 0], "float32"),
    "torch.ones_like(torch.zeros(2), requires_grad=True)": ([1, 1], "float32"),
    "torch.Tensor([1, 2])": ([1, 2], "float32"),
    "torch.Tensor(2, 3).shape": (None, None),
    "torch.empty(2, 3, dtype=torch.float16).shape": (None, None),
    "torch.empty_like(torch.zeros(2, 3)).dtype.itemsize": (None, None),
}  # fmt: skip


@pytest.mark.parametrize("text", [t for t, (values, _) in MADE.items() if values is not None])
def test_values_and_dtypes_of_new_tensors(text: str) -> None:
    values, dtype = MADE[text]
    made = evaluate(text, gpugrad)
    assert dtype_name(made.dtype) == dtype
    assert made.array.dtype == made.dtype.numpy
    assert_close(host(made), values, 1e-7)
    assert made.is_leaf
    assert made.requires_grad == ("requires_grad=True)" in text and "like(torch.ones" not in text)


test_new_tensors_are_pytorchs = results(MADE, no_names, 1e-7)


# ------------------------------------------------------------------------------------------ sharing
def test_tensor_copies_and_from_numpy_shares() -> None:
    array = np.zeros(3)
    copied, shared = gpugrad.tensor(array, device="cpu"), gpugrad.from_numpy(array)
    also = gpugrad.as_tensor(array, device="cpu")
    array[0] = 1.0
    assert copied.tolist() == [0.0, 0.0, 0.0]
    assert shared.tolist() == also.tolist() == [1.0, 0.0, 0.0]
    shared[1] = 2.0
    assert array.tolist() == [1.0, 2.0, 0.0]


def test_the_same_array_gives_tensors_that_share_a_version() -> None:
    array = np.zeros(3)
    first, second = gpugrad.from_numpy(array), gpugrad.from_numpy(array[1:])
    first.add_(1)
    assert first._version == second._version == 1


def test_as_tensor_of_a_tensor_is_the_tensor() -> None:
    x = gpugrad.ones(2, device="cpu")
    assert gpugrad.as_tensor(x) is x
    assert gpugrad.as_tensor(x, dtype=gpugrad.float64).dtype is gpugrad.float64


def test_a_tensor_from_a_tensor_is_a_new_leaf() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    y = gpugrad.tensor(x * 2)
    assert y.is_leaf
    assert not y.requires_grad
    assert gpugrad.tensor(x, requires_grad=True).requires_grad


def test_leaves_made_under_no_grad_keep_their_flag() -> None:
    with gpugrad.no_grad():
        assert gpugrad.ones(2, requires_grad=True, device="cpu").requires_grad


def test_the_default_dtype_is_that_of_python_floats() -> None:
    gpugrad.set_default_dtype(gpugrad.float64)
    try:
        assert gpugrad.tensor([1.0]).dtype is gpugrad.float64
        assert gpugrad.zeros(1).dtype is gpugrad.float64
        assert (gpugrad.tensor([1]) / 2).dtype is gpugrad.float64
        assert gpugrad.tensor([1]).dtype is gpugrad.int64
    finally:
        gpugrad.set_default_dtype(gpugrad.float32)
    with pytest.raises(TypeError, match="only floating-point types are supported as the default"):
        gpugrad.set_default_dtype(gpugrad.int64)


WRONG = {
    "torch.tensor([[1, 2], [3]])": (ValueError, "expected sequence of length 2 at dim 1"),
    "torch.tensor('a')": (TypeError, ""),
    "torch.tensor([1, 'a'])": (TypeError, ""),
    "torch.tensor(None)": (RuntimeError, "Could not infer dtype of NoneType"),
    "torch.tensor(object())": (RuntimeError, "Could not infer dtype of object"),
    "torch.tensor([1], requires_grad=True)": (RuntimeError, "Only Tensors of floating point and"),
    "torch.zeros(2, dtype=torch.int8, requires_grad=True)": (RuntimeError, "Only Tensors of float"),
    "torch.ones(2, dtype=torch.int64).requires_grad_()": (RuntimeError, "(?i)only tensors of f"),
    "torch.from_numpy([1])": (TypeError, r"expected np.ndarray \(got list\)"),
    "torch.from_numpy(np.array(['a']))": (TypeError, "can't convert np.ndarray of type numpy.str_"),
    "torch.zeros(-1)": (RuntimeError, "zeros: Dimension size must be non-negative"),
    "torch.empty(2, -1)": (RuntimeError, "negative dimension -1"),
    "torch.zeros(2, dtype='banana')": (TypeError, ""),
    "torch.zeros(2, device='tpu')": (RuntimeError, ""),
    "torch.arange(0, 3, 0)": (RuntimeError, "step must be nonzero"),
    "torch.arange(3, 0)": (RuntimeError, "upper bound and lower bound inconsistent with step sign"),
    "torch.linspace(0, 1, -1)": (RuntimeError, "number of steps must be non-negative"),
}


test_a_wrong_request_is_refused_with_pytorchs_words = refusals(WRONG, no_names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, no_names)


def test_cuda_where_there_is_none_says_what_to_install() -> None:
    from gpugrad.array import cuda_available

    if cuda_available():
        assert gpugrad.zeros(1, device="cuda").is_cuda
        return
    with pytest.raises(gpugrad.DeviceError, match=r"gpugrad\[cuda13\]"):
        gpugrad.zeros(1, device="cuda")


@pytest.mark.cuda
@pytest.mark.parametrize("text", [t for t, (values, _) in MADE.items() if values is not None])
def test_new_tensors_on_a_gpu(text: str) -> None:
    values, dtype = MADE[text]
    made = evaluate(text, gpugrad)
    assert made.is_cuda or "numpy" in text
    assert dtype_name(made.dtype) == dtype
    assert_close(host(made), values, 1e-7)

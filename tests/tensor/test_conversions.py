"""Into and out of numbers, lists, NumPy, DLPack, pickles and copies; other dtypes and devices."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.array import DTYPES
from tests.beside import pytorchs_refusals, refusals, results
from tests.ops.walk import assert_close, host

RESULTS = [  # ``x`` floats, ``i`` integers, ``s`` a single float, ``b`` truth values
    "x.float()", "x.double()", "x.half()", "x.bfloat16()", "x.long()", "x.int()", "x.bool()",
    "x.to(torch.float64)", "x.to(torch.int8)", "x.to('cpu')", "x.to(i)",
    "x.to(dtype=torch.float16)",
    "x.to(torch.device('cpu'), torch.float64)", "x.to(device='cpu', dtype=torch.int32)", "x.cpu()",
    "x.type(torch.float64)", "x.type_as(i)", "i.float()", "b.float()", "b.long()", "i.bool()",
    "x.tolist()", "i.tolist()", "b.tolist()", "s.tolist()", "s.item()", "i[0, 0].item()",
    "b[0].item()", "float(s)", "int(s)", "bool(s)", "bool(i[0, :1])", "int(i[0, 0])", "len(x)",
    "x.numel()", "x.nelement()", "x.dim()", "x.ndim", "tuple(x.shape)", "tuple(x.size())",
    "x.size(0)", "x.size(-1)", "x.stride()", "x.mT.stride()", "x.stride(0)", "x.element_size()",
    "x.itemsize", "x.nbytes", "x.is_contiguous()", "x.mT.is_contiguous()", "x.is_floating_point()",
    "i.is_floating_point()", "x.is_cuda", "x.requires_grad", "x.is_leaf", "x.shape.numel()",
    "x.device.type", "x.dtype.is_floating_point", "x.dtype.itemsize", "list(range(5))[i[0, 0]]",
    "3 in i", "9 in i", "torch.is_tensor(x)", "torch.is_tensor(1)", "torch.numel(x)",
    "torch.equal(x, x.clone())", "torch.allclose(x, x + 1e-9)", "[t.shape[0] for t in x]",
    "'{:.2f}'.format(s)", "f'{s:.3f}'", "hash(x) == hash(x)", "x.shape == (2, 3)",
]  # fmt: skip


def names(module: Any) -> dict[str, Any]:
    where = {"device": "cpu"}
    return {
        "x": module.tensor([[1.5, -2.0, 0.0], [3.25, 1e-3, 7.0]], **where),
        "i": module.tensor([[1, 2, 3], [4, 5, 0]], **where), "s": module.tensor(2.75, **where),
        "b": module.tensor([True, False], **where),
        "g": module.ones(2, requires_grad=True, **where),
    }  # fmt: skip


test_conversions_are_pytorchs = results(RESULTS, names)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_a_tensor_survives_a_trip_through_every_dtype_that_holds_it(dtype: Any) -> None:
    x = gpugrad.tensor([0, 1, 1, 0], dtype=dtype, device="cpu")
    for other in DTYPES:
        assert x.to(other).dtype is other
        assert x.to(other).to(dtype).tolist() == x.tolist()


def test_to_the_kind_it_has_is_the_tensor_itself() -> None:
    x = gpugrad.ones(2, device="cpu")
    assert x.to("cpu") is x.float() is x.to(gpugrad.float32) is x.cpu() is x
    assert x.to("cpu", copy=True) is not x


def test_gradients_go_back_through_conversions() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    y = x.double() * 2 + x.half()
    assert y.dtype is gpugrad.float64
    y.sum().backward()
    assert x.grad.dtype is gpugrad.float32
    assert x.grad.tolist() == [3.0, 3.0]
    assert not x.long().requires_grad


# -------------------------------------------------------------------------------------------- NumPy
def test_numpy_shares_the_bytes_of_a_cpu_tensor() -> None:
    x = gpugrad.zeros(3, device="cpu")
    array = x.numpy()
    array[0] = 1.0
    x[1] = 2.0
    assert x.tolist() == array.tolist() == [1.0, 2.0, 0.0]
    assert np.asarray(x) is not None
    assert np.shares_memory(np.asarray(x), array)
    assert np.array(x, dtype=np.float64).dtype == np.float64


def test_numpy_takes_tensors_as_arguments() -> None:
    x = gpugrad.tensor([1.0, 4.0], device="cpu")
    assert np.stack([x, x]).shape == (2, 2)
    assert np.allclose(np.sqrt(np.asarray(x)), [1.0, 2.0])


def test_arrays_on_the_left_leave_the_operator_to_tensors() -> None:
    x = gpugrad.tensor([1.0, 2.0], device="cpu", requires_grad=True)
    for result in (np.float32(2.0) * x, np.float64(2.0) + x, np.int64(3) - x):
        assert isinstance(result, gpugrad.Tensor)
        assert result.dtype is gpugrad.float32
        assert result.requires_grad
    assert (x * np.float32(2.0)).tolist() == [2.0, 4.0]


def test_dlpack_shares_both_ways() -> None:
    x = gpugrad.arange(4.0, device="cpu")
    array = np.from_dlpack(x)
    assert array.tolist() == x.tolist()
    assert np.shares_memory(array, x.array)
    y = gpugrad.from_dlpack(x)
    assert np.shares_memory(y.array, x.array)
    back = gpugrad.from_dlpack(np.arange(3.0))
    assert back.dtype is gpugrad.float64


@pytest.mark.oracle
def test_dlpack_exchanges_with_pytorch() -> None:
    torch = pytest.importorskip("torch")
    x = gpugrad.arange(4.0, device="cpu")
    theirs = torch.from_dlpack(x)
    theirs[0] = 9.0
    assert x.tolist() == [9.0, 1.0, 2.0, 3.0]
    ours = gpugrad.from_dlpack(torch.arange(3))
    assert ours.tolist() == [0, 1, 2]
    assert ours.dtype is gpugrad.int64


# ------------------------------------------------------------------------------------------- copies
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_a_pickle_keeps_values_dtype_and_flag(dtype: Any) -> None:
    x = gpugrad.tensor([[0, 1], [1, 1]], dtype=dtype, device="cpu")
    y = pickle.loads(pickle.dumps(x))
    assert y.dtype is dtype
    assert y.tolist() == x.tolist()
    assert not np.shares_memory(y.array, x.array)


def test_a_pickled_leaf_requires_grad_and_a_pickled_result_does_not() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    assert pickle.loads(pickle.dumps(x)).requires_grad
    assert not pickle.loads(pickle.dumps(x * 2)).requires_grad
    parameter = gpugrad.nn.Parameter(gpugrad.ones(2, device="cpu"))
    again = pickle.loads(pickle.dumps(parameter))
    assert isinstance(again, gpugrad.nn.Parameter)
    assert again.requires_grad


def test_deepcopy_copies_a_leaf_with_its_gradient() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    (x * 3).sum().backward()
    y = copy.deepcopy({"a": x, "b": [x]})
    assert y["a"] is y["b"][0]
    assert y["a"].requires_grad
    assert y["a"].grad.tolist() == [3.0, 3.0]
    assert y["a"].grad is not x.grad
    with pytest.raises(RuntimeError, match="graph leaves"):
        copy.deepcopy(x * 2)


def test_a_shallow_copy_shares_the_bytes() -> None:
    x = gpugrad.ones(2, device="cpu")
    assert copy.copy(x).data_ptr() == x.data_ptr()


# --------------------------------------------------------------------------------------- complaints
WRONG = {
    "x.item()": (RuntimeError, "a Tensor with 6 elements cannot be converted to Scalar"),
    "float(x)": (ValueError, "only one element tensors can be converted to Python scalars"),
    "int(x)": (ValueError, "only one element tensors can be converted to Python scalars"),
    "bool(x)": (RuntimeError, "Boolean value of Tensor with more than one value is ambiguous"),
    "bool(x[:0])": (RuntimeError, "Boolean value of Tensor with no values is ambiguous"),
    "len(s)": (TypeError, r"len\(\) of a 0-d tensor"),
    "[t for t in s]": (TypeError, "iteration over a 0-d tensor"),
    "range(5)[s]": (TypeError, "only integer tensors of a single element can be converted to an"),
    "[1, 2][x]": (TypeError, "only integer tensors of a single element can be converted to an"),
    "g.numpy()": (RuntimeError, "Can't call numpy\\(\\) on Tensor that requires grad"),
    "np.asarray(g)": (RuntimeError, "Can't call numpy\\(\\) on Tensor that requires grad"),
    "np.from_dlpack(g)": (BufferError, "Can't export tensors that require gradient"),
    "x.to('tpu')": (RuntimeError, ""),
    "x.size(5)": (IndexError, "Dimension out of range"),
    "x.nonsense": (AttributeError, "'Tensor' object has no attribute 'nonsense'"),
}


test_a_wrong_conversion_is_refused_with_pytorchs_words = refusals(WRONG, names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, names)


# -------------------------------------------------------------------------------------------- a GPU
@pytest.mark.cuda
def test_a_trip_to_the_gpu_and_back_keeps_everything() -> None:
    for dtype in DTYPES:
        x = gpugrad.tensor([0, 1, 1], dtype=dtype, device="cpu")
        there = x.cuda()
        assert there.is_cuda
        assert there.dtype is dtype
        assert there.cpu().tolist() == there.tolist() == x.tolist()
        assert there.numpy().tolist() == x.tolist()
        assert pickle.loads(pickle.dumps(there)).tolist() == x.tolist()


@pytest.mark.cuda
def test_gradients_cross_devices() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    (x.to("cuda") * 2).cpu().sum().backward()
    assert x.grad.device.type == "cpu"
    assert x.grad.tolist() == [2.0, 2.0, 2.0]


@pytest.mark.cuda
def test_cupy_arrays_are_shared_both_ways() -> None:
    from gpugrad.array import cupy

    array = cupy().zeros(3, "float32")
    x = gpugrad.as_tensor(array)
    x.add_(1)
    assert array.tolist() == [1.0, 1.0, 1.0]
    assert cupy().asarray(x).data.ptr == array.data.ptr
    assert gpugrad.from_dlpack(array).data_ptr() == array.data.ptr
    assert_close(host(gpugrad.tensor(array)), [1, 1, 1], 0)


@pytest.mark.cuda
def test_operands_on_two_devices_are_refused_unless_one_is_a_cpu_scalar() -> None:
    there, here = gpugrad.ones(2, device="cuda"), gpugrad.ones(2, device="cpu")
    with pytest.raises(RuntimeError, match="Expected all tensors to be on the same device"):
        there + here
    assert (there + gpugrad.tensor(1.0, device="cpu")).tolist() == [2.0, 2.0]

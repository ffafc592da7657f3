"""What tensors answer about themselves, their bytes and who shares them."""

from __future__ import annotations

import copy
import os
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import refused_alike, results

SAME = [
    "x.type()", "i.type()", "b.type()", "h.type()", "x.type('torch.DoubleTensor')",
    "x.type(torch.LongTensor)", "x.type(torch.int8)", "x.type(torch.float32) is x",
    "x.to()", "x.to(None)", "x.to(dtype=None)", "x.to(d, non_blocking=True)", "x.to(tensor=d)",
    "x.to('cpu', torch.float64, False, True)", "x.to(torch.float64, True)", "x.to('cpu') is x",
    "x.to(torch.float64, copy=True)", "x.to(torch.float32, False, True) is x", "x.to(x) is x",
    "x.to(device='cpu', dtype=torch.int16)", "x.to(torch.device('cpu')) is x",
    "x.cpu() is x", "x.byte()", "x.char()", "x.short()", "i.byte()", "(i - 5).byte()", "i.half()",
    "torch.tensor([300.5]).byte()", "x.get_device()", "torch.get_device(x)", "x.storage_offset()",
    "x[1:].storage_offset()", "m.t()[1].storage_offset()", "m[:, 1:].storage_offset()",
    "x.untyped_storage().nbytes()", "m.t().untyped_storage().nbytes()", "len(x.untyped_storage())",
    "m[1].untyped_storage().tolist()[:8]", "x.untyped_storage()[3]", "x.untyped_storage().size()",
    "x.untyped_storage().data_ptr() == x.data_ptr()", "x.untyped_storage().device.type",
    "m[1].untyped_storage().data_ptr() == m.data_ptr()", "list(i.untyped_storage())[:3]",
    "x.is_set_to(x)", "x.is_set_to(x.detach())", "x.is_set_to(x[:])", "m.is_set_to(m.t())",
    "x.is_shared()", "x.is_pinned()", "x.dim_order()", "m.t().dim_order()", "m.dim_order()",
    "torch.zeros(2, 3, 4, 5).permute(0, 2, 3, 1).dim_order()", "x.name", "x.volatile",
    "x.is_cpu, x.is_cuda, x.is_xpu, x.is_mps, x.is_meta, x.is_quantized, x.is_sparse, x.is_nested",
    "x.is_sparse_csr, x.is_mkldnn, x.is_ipu, x.is_xla, x.is_vulkan, x.is_maia, x.is_mtia",
    "x.is_inference(), x.is_distributed(), x.is_signed(), b.is_signed(), x.is_complex()",
    "x._is_view(), m[1]._is_view(), m.t()._is_view(), (m + 1)._is_view()", "x.element_size()",
    "reversed(i)", "reversed(m)", "reversed(s).item()", "complex(s)", "format(s, '.3f')",
    "f'{i[0]:03d}'", "f'{s:>8.1f}|{s}'", "format(x, '') == repr(x)", "x.numpy(force=True).tolist()",
    "s.is_nonzero()", "i.clone().apply_(lambda v: v + 1)", "m.clone().apply_(lambda v: v * 2)",
    "i.clone().map_(i, lambda a, b: a + b)", "i.clone().map2_(i, i, lambda a, b, c: a + b - c)",
    "torch.typename(x)", "torch.typename(i)", "torch.typename(1)", "x.is_floating_point()",
    "2 in i, 2.5 in x, i[0] in i, np.int64(1) in i", "hash(x) == hash(x)", "x.itemsize, x.nbytes",
    "int(torch.tensor(2.7)), float(i[1]), bool(i[0])", "[0, 1, 2][i[0]]", "i[0].__index__()",
    "x.detach() is not x", "torch.detach(x).requires_grad", "torch.zero_(m.clone())",
    "torch.fill_(m.clone(), 3)", "h.tolist()", "h.bfloat16().tolist()", "b.tolist()", "m.tolist()",
    "s.tolist()", "h[0].item()", "b[0].item()", "len(m)", "[len(row) for row in m]", "m.ndim",
    "x.conj_physical_() is x",
]  # fmt: skip


def names(module: Any) -> dict[str, Any]:
    x = module.tensor([1.5, -2.5, 0.25], device="cpu")
    return {"x": x, "i": module.tensor([1, 2, 3], device="cpu"), "b": x > 0, "h": x.half(),
            "d": x.double(), "m": module.arange(6.0, device="cpu").reshape(2, 3).clone(),
            "s": module.tensor(2.5, device="cpu")}  # fmt: skip


test_an_answer_is_pytorchs = results(SAME, names)


REFUSED = {
    "x.type('torch.foo')": "invalid type: 'torch.foo'", "'a' in x": "only supports Tensor or sc",
    "x.to(torch.float64, 'cpu')": "invalid combination", "x.to([1])": "invalid combination",
    "x.to(banana=1)": "argument|combination", "format(x, '.2f')": "unsupported format string",
    "x.requires_grad_().numpy()": "Can't call numpy.. on Tensor that requires grad",
    "x.requires_grad_().apply_(abs)": "Can't call apply_.. on Variable that requires grad",
    "x.item()": "cannot be converted to Scalar", "int(x)": "only one element tensors can be conv",
    "bool(x)": "Boolean value of Tensor with more than one value is ambiguous", "len(s)": "0-d",
    "bool(x[:0])": "Boolean value of Tensor with no values is ambiguous", "list(s)": "0-d tensor",
    "x.imag": "not implemented for tensors with non-complex dtypes", "[1][s]": "index|integer",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("text", REFUSED)
def test_what_pytorch_refuses_is_refused_alike(text: str) -> None:
    refused_alike(text, names, REFUSED[text])


# ------------------------------------------------------------------------------------------- bytes
def test_a_write_to_a_storage_shows_in_all_who_share_it() -> None:
    x = gpugrad.zeros(4, device="cpu")
    view, twin = x[1:], x.detach()
    typed = view._typed_storage()
    typed[2] = 5.0
    assert x.tolist() == twin.tolist() == [0, 0, 5, 0]
    assert view.tolist() == typed.tolist()[1:] == [0, 5, 0]
    assert x._version == 1
    assert typed.dtype is gpugrad.float32
    typed.untyped().fill_(0)
    assert view.tolist() == [0, 0, 0]
    kind = "dtype=gpugrad.float32, device=cpu"
    assert repr(typed).endswith(f"[gpugrad.TypedStorage({kind}) of size 4]")
    assert isinstance(typed.untyped().untyped(), gpugrad.UntypedStorage)


def test_forked_processes_see_writes_to_shared_memory() -> None:
    x = gpugrad.arange(3.0, device="cpu")
    assert x.share_memory_() is x
    assert x.is_shared()
    child = os.fork()
    if not child:
        x.array[0] = 9.0
        os._exit(0)
    os.waitpid(child, 0)
    assert x.tolist() == [9, 1, 2]


def test_views_keep_their_base_out_of_shared_memory() -> None:
    x = gpugrad.zeros(4, device="cpu")
    view = x[1:]
    for tensor in (x, view):
        with pytest.raises(RuntimeError, match="views cannot follow"):
            tensor.share_memory_()


def test_a_shallow_copy_shares_bytes_and_a_leafs_flag() -> None:
    x = gpugrad.zeros(3, device="cpu", requires_grad=True)
    twin = copy.copy(x)
    assert twin is not x
    assert twin.requires_grad
    assert np.shares_memory(twin.array, x.array)
    assert not copy.copy(x * 2).requires_grad
    parameter = gpugrad.nn.Parameter(x.detach())
    assert isinstance(copy.copy(parameter), gpugrad.nn.Parameter)


@pytest.mark.cuda
def test_answers_on_a_gpu() -> None:
    x = gpugrad.arange(6.0).reshape(2, 3).clone()
    assert x.type() == "torch.cuda.FloatTensor"
    assert (x.is_cpu, x.is_cuda, x.is_shared(), x.get_device()) == (False, True, True, 0)
    assert x[1].storage_offset() == 3
    assert x.t().untyped_storage().nbytes() == 24
    assert x.type("torch.FloatTensor").is_cpu
    assert x.cpu().type("torch.cuda.DoubleTensor").is_cuda
    with pytest.raises(TypeError, match="only implemented on CPU tensors"):
        x.apply_(abs)

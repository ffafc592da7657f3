"""Shapes, joins and products beyond the table: what they return, share and refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import pytorchs_refusals, refusals, results
from tests.ops.walk import assert_close, host


def names(module: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def make(*shape: int) -> Any:
        return module.tensor(rng.standard_normal(shape), device="cpu")

    return {
        "torch": module, "F": module.nn.functional, "x": make(2, 3, 4), "m": make(3, 4),
        "v": make(4), "s": make(), "one": make(1), "e": make(0, 3), "big": make(7, 2),
        "i": module.tensor(rng.integers(0, 9, (3, 4)), device="cpu"),
        "f": module.tensor(rng.random((3, 4)), dtype=module.float32, device="cpu"),
    }  # fmt: skip


RESULTS = [
    "x.reshape(-1)", "x.reshape(4, -1)", "x.reshape((2, 12))", "x.reshape(x.shape)",
    "e.reshape(3, 0)", "s.reshape(1, 1)", "one.reshape(())", "x.view(6, 4)", "x.view_as(x)",
    "x.flatten()", "x.flatten(1)", "x.flatten(0, 1)", "s.flatten()", "x.unflatten(2, (2, -1))",
    "x.squeeze()", "one.squeeze()", "x[:1].squeeze(0)", "x[:1].squeeze((0, 1))", "x.squeeze(1)",
    "x.unsqueeze(0)", "x.unsqueeze(-1)", "x.unsqueeze(-2)", "s.unsqueeze(0)", "x.permute(2, 0, 1)",
    "x.permute((0, 2, 1))", "x.permute(-1, 0, 1)", "x.transpose(0, 1)", "x.transpose(-1, -3)",
    "s.transpose(0, -1)", "m.t()", "v.t()", "s.t()", "x.mT", "m.T", "x.swapaxes(0, 2)",
    "torch.movedim(x, (0, 1), (2, 0))", "x.movedim(1, -1)", "torch.flip(x, (0, -1))", "x.flip(1)",
    "x.flip(0, 2)", "x.roll(1, 0)", "x.roll((1, 2), (0, 2))", "x.roll(7)", "x.roll(-1, -1)",
    "one.expand(3)", "one.expand(2, 3)", "m.expand(2, -1, -1)", "s.expand(2, 2)", "v.expand_as(m)",
    "one.expand(0)", "m.repeat(2, 1)", "v.repeat(3)", "v.repeat(2, 1, 2)", "v.repeat(0)",
    "s.repeat(2)", "torch.broadcast_to(v, (3, 4))", "torch.broadcast_tensors(v, m)[0]",
    "torch.cat([m, m], -1)", "torch.cat([m, f])", "torch.cat([m, i], 1)", "torch.cat((e, e))",
    "torch.cat([torch.zeros(0), v])", "torch.cat([e, torch.ones(2, 3, dtype=torch.float64)])",
    "torch.stack([m, m], 1)", "torch.stack([s, s])", "torch.stack([m, f])", "x.split(2, 1)[1]",
    "x.split([1, 0, 2], 1)[1]", "big.chunk(3)[2]", "big.chunk(5)[3]", "x.unbind(1)[2]",
    "v.unbind()[3]", "e.unbind(1)[1]", "x.contiguous()", "x.mT.contiguous()", "x.clone()",
    "x @ x.mT", "m @ v", "v @ v", "v @ m.t()", "x @ v", "v[:3] @ x", "x @ m.t()", "e.t() @ e",
    "e @ torch.ones(3, 2, dtype=torch.float64)", "i @ i.t()", "torch.mm(m, m.t())",
    "torch.bmm(x, x.mT)", "torch.mv(m, v)", "torch.dot(v, v)", "torch.outer(v, v[:2])",
    "torch.addmm(v, big.t()[:, :3], m, alpha=2)", "F.linear(x, m)", "F.linear(v, m)",
    "F.linear(x, m, v[:3])",
]  # fmt: skip


test_the_result_is_pytorchs = results(RESULTS, names, 1e-12)


VIEWS = [
    "x.reshape(6, 4)", "x.view(-1)", "x.squeeze()", "x[:1].squeeze()", "x.unsqueeze(1)", "x.mT",
    "x.permute(2, 0, 1)", "x.transpose(0, 2)", "x.flatten()", "x.expand(5, 2, 3, 4)",
    "x.split(1)[1]", "x.unbind(1)[0]", "x.chunk(2, 2)[1]", "x.narrow(1, 0, 2)", "x.select(0, 1)",
    "x.detach()",
    "x.movedim(0, 2)", "x.unflatten(2, (2, 2))", "x.swapaxes(0, 1)", "x.view_as(x)",
]  # fmt: skip
COPIES = [
    "x.mT.reshape(-1)", "x.clone()", "x.mT.contiguous()", "x.flip(0)", "x.roll(1, 0)",
    "x.repeat(1, 1, 1)", "torch.cat([x])", "torch.stack([x])", "x.mT.flatten()",
]  # fmt: skip


@pytest.mark.parametrize("call", VIEWS)
def test_what_pytorch_returns_as_a_view_shares_bytes_and_version(call: str) -> None:
    scope = names(gpugrad)
    x, y = scope["x"], eval(call, scope)
    assert np.shares_memory(x.array, y.array)
    x.add_(1)
    assert x._version == y._version == 1
    assert_close(host(y), host(eval(call, scope)), 0)


@pytest.mark.parametrize("call", COPIES)
def test_what_pytorch_copies_is_a_copy(call: str) -> None:
    scope = names(gpugrad)
    x, y = scope["x"], eval(call, scope)
    assert not np.shares_memory(x.array, y.array)
    before = y.tolist()
    x.zero_()
    assert y.tolist() == before
    assert y._version == 0


@pytest.mark.oracle
@pytest.mark.parametrize("call", [*VIEWS, *COPIES])
def test_pytorch_shares_the_same(call: str) -> None:
    torch = pytest.importorskip("torch")
    scope = names(torch)
    y = eval(call, scope)
    shared = y.untyped_storage().data_ptr() == scope["x"].untyped_storage().data_ptr()
    assert shared == (call in VIEWS)


def test_a_contiguous_tensor_is_its_own_contiguous_form() -> None:
    x = names(gpugrad)["x"]
    assert x.contiguous() is x
    assert not x.mT.is_contiguous()
    assert x.mT.contiguous().is_contiguous()


# --------------------------------------------------------------------------------------- complaints
WRONG = {
    "x.reshape(5, 5)": (RuntimeError, r"shape '\[5, 5\]' is invalid for input of size 24"),
    "x.reshape(-1, 5)": (RuntimeError, r"shape '\[-1, 5\]' is invalid for input of size 24"),
    "x.reshape(-1, -1)": (RuntimeError, "only one dimension can be inferred"),
    "e.reshape(0, -1)": (RuntimeError, "cannot reshape tensor of 0 elements into shape"),
    "e.reshape(-1, 0)": (RuntimeError, "cannot reshape tensor of 0 elements into shape"),
    "x.mT.view(-1)": (RuntimeError, "view size is not compatible with input tensor's size and"),
    "x.permute(0, 1)": (RuntimeError, "number of dimensions in the tensor input does not match"),
    "x.permute(0, 0, 1)": (RuntimeError, ""),
    "x.transpose(0, 3)": (IndexError, "Dimension out of range"),
    "x.t()": (RuntimeError, "t\\(\\) expects a tensor with <= 2 dimensions, but self is 3D"),
    "x.unsqueeze(5)": (IndexError, r"Dimension out of range .* in range of \[-4, 3\]"),
    "x.squeeze(3)": (IndexError, "Dimension out of range"),
    "x.flatten(2, 1)": (RuntimeError, "start_dim cannot come after end_dim"),
    "v.expand(5)": (RuntimeError, "must match the existing size"),
    "m.expand(4)": (RuntimeError, ""),
    "m.repeat(2)": (RuntimeError, "can not be smaller than number of dimensions of tensor"),
    "torch.cat([])": (ValueError, "expected a non-empty list of Tensors"),
    "torch.cat([m, big])": (RuntimeError, "Sizes of tensors must match except in dimension 0"),
    "torch.cat([s, s])": (RuntimeError, "zero-dimensional tensor .* cannot be concatenated"),
    "torch.stack([m, v])": (RuntimeError, "stack expects each tensor to be equal size"),
    "torch.stack([])": (RuntimeError, "stack expects a non-empty TensorList"),
    "x.split([1, 1], 1)": (RuntimeError, "expects split_sizes to sum exactly to 3"),
    "x.split(-1)": (RuntimeError, "split_size be non-negative"),
    "x.chunk(0)": (RuntimeError, "chunk expects `chunks` to be greater than 0"),
    "m @ m": (RuntimeError, r"mat1 and mat2 shapes cannot be multiplied \(3x4 and 3x4\)"),
    "x @ x": (RuntimeError, ""),
    "m @ s": (RuntimeError, "both arguments to matmul need to be at least 1D"),
    "m @ f.t()": (RuntimeError, "dtype"),
    "torch.mm(x, m)": (RuntimeError, ""),
    "torch.dot(v, m)": (RuntimeError, ""),
    "torch.dot(v, v[:2])": (RuntimeError, ""),
    "F.linear(x, m.t())": (RuntimeError, "shapes cannot be multiplied"),
    "m + x[:, :2]": (RuntimeError, "must match the size of tensor b .* at non-singleton dimension"),
    "m + big": (RuntimeError, r"The size of tensor a \(4\) must match the size of tensor b \(2\)"),
    "torch.where(m > 0, m, big)": (RuntimeError, "must match"),
    "torch.exp('a')": (TypeError, ""),
    "torch.add(m, 'a')": (TypeError, ""),
    "m.div(m, rounding_mode='up')": (RuntimeError, "rounding_mode to be one of None, 'trunc', or"),
    "torch.clamp(m)": (RuntimeError, "At least one of 'min' or 'max' must not be None"),
}


test_a_wrong_call_is_refused_with_pytorchs_words = refusals(WRONG, names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, names)


def test_a_shape_error_names_operands_and_line() -> None:
    m, big = names(gpugrad)["m"], names(gpugrad)["big"]
    with pytest.raises(RuntimeError) as caught:
        m + big
    text = str(caught.value)
    assert "(3, 4)" in text
    assert "(7, 2)" in text
    assert "test_shapes.py:" in text

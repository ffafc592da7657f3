"""Shapes, views, joins, diagonals and windows beside PyTorch: every way of calling them.

Each line is evaluated with both libraries; ``x`` has three dimensions, ``m`` two, ``v`` one and
``s`` none, ``i`` are integers.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import assert_same_gradients, evaluate, gradients, refused_alike
from tests.ops.walk import assert_close, host

# As PyTorch: of T, mT and H where there are not two dimensions, and of meshgrid.
pytestmark = pytest.mark.filterwarnings("ignore:.*(is deprecated|pass the indexing argument)")


def names(module: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def make(*shape: int) -> Any:
        return module.tensor(rng.standard_normal(shape)).requires_grad_()

    return {
        "torch": module, "x": make(2, 3, 4), "m": make(3, 4), "v": make(4), "s": make(),
        "i": module.tensor([2, 1, 0]), "e": module.zeros(0),
        "q": module.tensor(np.arange(24).reshape(1, 2, 3, 4)),
        "f": module.tensor(rng.random((3, 4)), dtype=module.float32),
    }  # fmt: skip


RESULTS = """
x.view(size=(6, 4)) | x.reshape(shape=(6, 4)) | torch.reshape(x, (-1, 4)) | x.view(6, -1)
x.view(torch.int64) | x.view(torch.int32) | m.detach().view(torch.float32) | f.view(torch.float64)
f.view(torch.uint8) | s.view(torch.int64) | i.view(dtype=torch.int64) | m.view_as(m) | x.ravel()
m.reshape_as(x[0]) | x.mT.ravel() | v.ravel() | s.ravel() | s.flatten() | v.flatten()
x.flatten(0, 1) | x.flatten(start_dim=1) | torch.flatten(x, end_dim=1) | m.unflatten(1, (2, 2))
m.unflatten(-1, (2, -1)) | torch.unflatten(m, 1, [4]) | x[:1].squeeze(0) | x.squeeze(dim=(0, 1))
x[:1].squeeze((0, -1)) | s.squeeze() | s.squeeze(0) | s.squeeze(()) | x[:1].squeeze(()) | e.squeeze()
x.unsqueeze(-1) | s.unsqueeze(-1) | x.permute(dims=(2, 0, 1)) | torch.permute(x, (0, 2, 1))
s.permute(()) | x.transpose(-1, 0) | x.swapaxes(axis0=0, axis1=1) | x.swapdims(dim0=0, dim1=2)
s.transpose(0, -1) | m.t() | v.t() | s.t() | m.T | x.T | v.T | x.mT | m.mT | m.H | m.mH | x.mH | s.mT
s.H | m.adjoint() | x.movedim((0, 1), (2, 0)) | x.moveaxis(0, -1) | s.movedim(0, -1)
x.movedim(source=0, destination=1) | m.expand(2, -1, 4) | m.expand(size=(2, 3, 4)) | v.expand_as(m)
m.expand(3, 4) | s.expand(2, 2) | s.expand(()) | torch.broadcast_to(v, (2, 4)) | v[:1].expand(0)
m.expand(2, 3, 4, implicit=True) | torch.broadcast_tensors(v, m, s) | torch.broadcast_tensors()
torch.broadcast_tensors(m.t()[:, :1], v[:3]) | x.sum_to_size(1, 4) | x.sum_to_size((3, 1))
x.sum_to_size(size=(2, 3, 4)) | x.sum_to_size(()) | i.expand(2, 3).sum_to_size(3)
x.contiguous() | x.mT.contiguous(memory_format=torch.contiguous_format) | torch.positive(i)
q.mT.contiguous(memory_format=torch.channels_last) | x.clone(memory_format=torch.preserve_format)
x.flip(0, 2) | x.flip(dims=(0,)) | torch.flip(x, (-1,)) | x.flip(()) | s.flip(0) | (i > 0).flip(0)
x.fliplr() | x.flipud() | x.roll(1) | x.roll(-3) | x.roll(1, 0) | x.roll((1, 2), (0, -1)) | s.roll(1)
x.roll(shifts=1, dims=0) | x.roll((1, 1), (0, 0)) | e.roll(1) | x.rot90() | x.rot90(2) | x.rot90(-1)
x.rot90(3, (1, 2)) | x.rot90(0) | x.rot90(1, [-1, 0]) | x.tile(2) | x.tile((2, 2)) | x.tile(dims=(2,))
torch.tile(x, (2, 1, 1, 1)) | x.repeat(1, 2, 1) | x.repeat(repeats=(2, 1, 1, 1)) | x.repeat(1, 0, 1)
s.repeat(3) | i.repeat(2) | x.repeat_interleave(2) | x.repeat_interleave(2, 1) | s.repeat_interleave(3)
x.repeat_interleave(i, 1) | x.repeat_interleave(i, dim=-2, output_size=3) | i.repeat_interleave(0)
x.repeat_interleave(torch.tensor([2]), 1) | x.repeat_interleave(torch.tensor(2), dim=1)
torch.repeat_interleave(i) | torch.repeat_interleave(i.int()) | m.repeat_interleave(torch.tensor(2))
x.narrow(1, 1, 2) | x.narrow(1, -2, 1) | x.narrow(1, 3, 0) | x.narrow(1, torch.tensor(1), 1)
torch.narrow_copy(x, 1, 1, 2) | x.select(1, -1) | x.select(dim=0, index=torch.tensor(1))
x.split(2, 1) | x.split([1, 2], 1) | x.split((1, 1)) | x.split(split_size=5, dim=2) | x[:0].split(2)
torch.split(x, split_size_or_sections=[1, 3], dim=2) | x[:0].split(0) | x.split_with_sizes([1, 2], 1)
torch.split_with_sizes(x, split_sizes=[2, 0]) | x.chunk(3, 2) | x.chunk(5, 1) | x[:0].chunk(3)
torch.tensor_split(x, 3, 2) | x.tensor_split(5) | x.tensor_split((1, 2), dim=1) | x.hsplit([1, 2])
x.tensor_split([1, 5, 2], 1) | x.tensor_split([-1], 1) | x.tensor_split([], 1) | v.hsplit(2)
x.tensor_split(torch.tensor(2), 1) | x.tensor_split(torch.tensor([1, 2]), 1) | x.hsplit(3)
x.tensor_split(sections=2) | x.tensor_split(indices=(1,), dim=2) | x.hsplit(sections=3) | x.vsplit(2)
x.vsplit([1]) | x.dsplit(2) | x.dsplit(indices=(1, 3)) | torch.unsafe_split(x, 1) | x.unsafe_chunk(2)
x.unsafe_split_with_sizes([1, 1]) | x.unbind() | x.unbind(-1) | x[:, :0].unbind(1)
torch.atleast_1d(s) | torch.atleast_1d(s, v) | torch.atleast_2d([v, x]) | torch.atleast_3d(v, m)
torch.atleast_3d(s) | torch.atleast_2d(s) | torch.atleast_2d()
torch.cat([m, f]) | torch.cat((m, m), -1) | torch.cat(tensors=[m, i.expand(4, 3).t()], dim=1)
torch.cat([e, q[0, 0]]) | torch.cat([e, q.int()[0, 0]], 1) | torch.cat([e], 5) | torch.cat([e, m[:0]])
torch.cat([e, e.long()]) | torch.concat([v, v]) | torch.concatenate([v[:0], v]) | torch.cat([i, i > 0])
torch.cat([f.half(), f.bfloat16()]) | torch.stack([m, f], 1) | torch.stack((s, s)) | torch.stack([i, i])
torch.hstack([s, s]) | torch.hstack([v, v]) | torch.hstack((m, m)) | torch.vstack([v, m])
torch.row_stack([s, s]) | torch.dstack([v, v]) | torch.dstack([m, f]) | torch.dstack([s])
torch.column_stack([v, v]) | torch.column_stack([s, s]) | torch.column_stack([m, v[:3]])
torch.block_diag(m, v, s) | torch.block_diag(i, f) | torch.block_diag() | torch.block_diag(e, i)
torch.meshgrid(v, s) | torch.meshgrid([i, i[:2]], indexing='xy') | torch.meshgrid(i, indexing='xy')
torch.meshgrid(i, i[:2], i[:1], indexing='xy') | torch.meshgrid((i, i), indexing='ij')
torch.diag(v) | torch.diag(v, -2) | torch.diag(m, 1) | torch.diag(m, diagonal=-2) | torch.diag(m, 9)
torch.diag(i) | torch.diagonal(x) | m.diagonal(offset=1, dim1=1, dim2=0) | m.diagonal(9) | m.diagonal(-9)
x.diagonal(-1, -1, 0) | torch.diag_embed(v) | torch.diag_embed(m, 1, 0, 2) | m.diag_embed(-1, -1, -2)
torch.diagflat(m) | torch.diagflat(s, 1) | torch.diagflat(i, offset=-1) | torch.tril(m) | m.tril(1)
torch.tril(x, diagonal=-1) | torch.triu(q, 1) | torch.triu(q > 3) | torch.tril(f.bfloat16())
m[:0].tril() | m.tril(9) | m.triu(-9) | torch.tril_indices(3, 4) | torch.tril_indices(4, 3, -1)
torch.tril_indices(3, 4, -5) | torch.tril_indices(3, 4, 9, dtype=torch.int32)
torch.triu_indices(3, 4, offset=1, device='cpu') | torch.triu_indices(0, 4) | torch.triu_indices(4, 2, -2)
m.clone().fill_diagonal_(1) | q[0, 0].clone().fill_diagonal_(1.5) | x[0].t().clone().fill_diagonal_(7)
torch.zeros(7, 3).fill_diagonal_(4, wrap=True) | torch.zeros(3, 7).fill_diagonal_(4, True)
torch.zeros(4, 3).fill_diagonal_(4, True) | torch.zeros(3, 3, 3).fill_diagonal_(2)
torch.diagonal_scatter(m, v[:3]) | torch.diagonal_scatter(m, v[:3].float(), offset=1)
torch.select_scatter(m, v, 0, -1) | m.select_scatter(src=v, dim=0, index=1) | m.slice_scatter(m)
torch.slice_scatter(m, m[:2], 0, 1) | torch.slice_scatter(m, m[:1], 0, 0, -1, 2)
m.slice_scatter(m[:, :2], 1, -2) | torch.slice_scatter(q, q[:, :1], dim=1, end=1)
torch.as_strided_scatter(m.detach(), v[:2], (2,), (1,), 3) | m.as_strided((2, 3), (1, 1), 2) | m.as_strided((), ())
torch.as_strided(m, size=(2,), stride=(5,), storage_offset=None) | m.as_strided((0,), (1,), 50)
(x * 1)[1].as_strided((2, 2), (1, 2)) | (x * 1)[1].as_strided((2, 2), (1, 2), 0) | m.mT.as_strided((4,), (1,))
m.as_strided((2, 3), (0, 0), 5) | m.expand(2, 3, 4).as_strided((2, 6), (0, 2)) | m.unfold(0, 2, 1)
m.unfold(1, 3, 2) | m.unfold(-1, 4, 9) | m.unfold(1, 0, 1) | s.unfold(0, 1, 1) | s.unfold(0, 0, 1)
x.mT.unfold(dimension=1, size=2, step=2) | m.expand(2, 3, 4).unfold(0, 2, 1) | f.half().unfold(1, 2, 1)
torch.view_copy(x, (6, 4)) | torch.view_copy(x, torch.int64) | torch.detach_copy(x.detach())
torch.alias_copy(x) | torch.slice_copy(x) | torch.slice_copy(x, 1, 0, -1, 2) | torch.unbind_copy(x, 1)
torch.split_copy(x, 2, 1) | torch.split_with_sizes_copy(x, [1, 2], dim=1) | torch.diagonal_copy(x, 1)
torch.t_copy(m) | torch.as_strided_copy(x, (2,), (1,)) | torch.expand_copy(m, (2, 3, 4))
torch.unfold_copy(m, 0, 2, 1) | torch.squeeze_copy(x, (0,)) | torch.squeeze_copy(x[:1])
torch.unsqueeze_copy(x, 0) | torch.permute_copy(x, (2, 0, 1)) | torch.transpose_copy(x, 0, 1)
torch.select_copy(x, 1, 2)
"""  # noqa: E501


def lines(table: str) -> list[str]:
    return [call.strip() for call in table.replace("\n", " | ").split(" | ") if call.strip()]


def results_of(call: str, module: Any) -> Any:
    """What can be said about the tensors that a call returns, and the gradients of all its inputs.
    """
    scope = names(module)
    result = evaluate(call, module, **scope)
    results = result if isinstance(result, tuple) else (result,)
    inputs = [each for each in scope.values() if hasattr(each, "shape")]
    found = [facts(each, inputs) for each in results]
    return isinstance(result, tuple), found, gradients(result, scope, module)


def facts(result: Any, inputs: list[Any]) -> Any:
    """Its values, its dtype, whether it is in a graph and whether it shows the bytes of an input.
    """
    dtype = str(result.dtype).partition(".")[2]
    shared = result.numel() > 0 and any(shares(result, each) for each in inputs)
    return host(result), dtype, result.requires_grad, shared


def shares(result: Any, tensor: Any) -> bool:
    if isinstance(result, gpugrad.Tensor):
        if result.is_cuda:
            return result.array.data.mem is tensor.array.data.mem
        return bool(np.shares_memory(result.array, tensor.array))
    return bool(result.untyped_storage().data_ptr() == tensor.untyped_storage().data_ptr())


def compare(ours: Any, theirs: Any) -> None:
    assert ours[0] == theirs[0]
    for (value, *rest), (expected, *others) in zip(ours[1], theirs[1], strict=True):
        assert_close(value, expected, 1e-12)
        assert rest == others
    assert_same_gradients(ours[2], theirs[2], 1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("call", lines(RESULTS))
def test_values_dtypes_gradients_and_shared_bytes_are_pytorchs(call: str) -> None:
    torch = pytest.importorskip("torch")
    compare(results_of(call, gpugrad), results_of(call, torch))


@pytest.mark.cuda
@pytest.mark.parametrize("call", [c for c in lines(RESULTS) if "'cpu'" not in c])
def test_a_gpu_gives_what_the_cpu_gives(call: str) -> None:
    ours = results_of(call, gpugrad)
    gpugrad.set_default_device("cpu")
    compare(ours, results_of(call, gpugrad))


REFUSED = r"""
x.view(3, 3) ~ shape '\[3, 3\]' is invalid for input of size 24
x.view(-2, 3) ~ invalid shape dimension -2
x.reshape(-1, -1) ~ only one dimension can be inferred
x.reshape() ~ missing 1 required positional argument
m.t().view(12) ~ view size is not compatible with input tensor's size and stride
f[:, :3].view(torch.float64) ~ self.size\(-1\) must be divisible by 2 to view
f[:, 1:3].view(torch.float64) ~ self.storage_offset\(\) must be divisible by 2 to view
torch.zeros(3, 5)[:, :4].view(torch.float64) ~ self.stride\(0\) must be divisible by 2 to view
f.t()[:2].t().t()[:, :2].view(torch.float64) ~ self.stride\(-1\) must be 1 to view
s.view(torch.float32) ~ self.dim\(\) cannot be 0 to view
x.view_as(m) ~ is invalid for input of size 24
x.flatten(2, 1) ~ start_dim cannot come after end_dim
m.unflatten(0, (2, 2)) ~ unflatten: Provided sizes \[2, 2\] don't multiply up to the size of dim 0
m.unflatten(0, (-1, -1)) ~ only one dimension can be inferred
m.unflatten(0, ()) ~ unflatten: sizes must be non-empty
x.squeeze((0, 0)) ~ dim 0 appears multiple times in the list of dims
x.squeeze(4) ~ Dimension out of range
x.unsqueeze(-5) ~ Dimension out of range
x.permute(0, 1) ~ number of dimensions in the tensor input does not match
torch.permute(x, (0, 0, 1)) ~ duplicate dims are not allowed
x.transpose(0, 3) ~ Dimension out of range
x.t() ~ t\(\) expects a tensor with <= 2 dimensions, but self is 3D
v.mT ~ tensor.mT is only supported on matrices or batches of matrices. Got 1-D tensor
v.mH ~ tensor.mH is only supported on matrices or batches of matrices. Got 1-D tensor
x.H ~ tensor.H is only supported on matrices \(2-D tensors\). Got 3-D tensor
v.adjoint() ~ is only supported on matrices or batches of matrices. Got 1-D tensor
x.movedim((0, 1), (0,)) ~ Invalid source or destination dims
x.movedim((0, 0), (0, 1)) ~ repeated dim in `source`
x.movedim((0, 1), (1, 1)) ~ repeated dim in `destination`
m.expand(5) ~ the number of sizes provided \(1\) must be greater or equal to the number of dimensions
m.expand(5, 4) ~ The expanded size of the tensor \(5\) must match the existing size \(3\)
m.expand(-1, 3, 4) ~ isn't allowed in a leading, non-existing dimension 0
m.expand(-2, 4) ~ The expanded size of the tensor \(-2\) must match
torch.broadcast_tensors(m, x[:, :2]) ~ The size of tensor a \(3\) must match the size of tensor b
torch.broadcast_tensors([m]) ~ expected Tensor as element 0
torch.broadcast_shapes((2, 3), (4,)) ~ Attempting to broadcast a dimension of length 4
torch.broadcast_shapes((-1,)) ~ negative length
x.sum_to_size(2) ~ is not expandable to size
x.contiguous(memory_format=torch.channels_last) ~ required rank 4 tensor to use channels_last format
x.clone(memory_format=torch.channels_last_3d) ~ required rank 5 tensor to use channels_last_3d format
x.clone(memory_format=3) ~ memory_format
torch.positive(i > 0) ~ on a bool tensor is not supported
x.flip(0, 0) ~ dim 0 appears multiple times in the list of dims
x.flip() ~ missing 1 required positional argument
v.fliplr() ~ Input must be >= 2-d
s.flipud() ~ Input must be >= 1-d
x.roll(()) ~ `shifts` required
x.roll((1, 2)) ~ shifts and dimensions must align
x.roll(1, 5) ~ Dimension out of range
s.roll(1, 0) ~ Dimension specified as 0 but tensor has no dimensions
x.rot90(1, (0,)) ~ expected total rotation dims == 2, but got dims = 1
v.rot90() ~ expected total dims >= 2, but got total dims = 1
x.rot90(1, (0, -3)) ~ expected rotation dims to be different
x.rot90(1, (0, 5)) ~ Dimension out of range
x.repeat(2) ~ can not be smaller than number of dimensions of tensor
x.repeat(-1, 1, 1) ~ negative dimension
x.repeat_interleave(-1, 0) ~ Repeats must be non-negative
x.repeat_interleave(2.5, 0) ~
x.repeat_interleave(i, 0) ~ repeats must have the same size as input along dim
x.repeat_interleave(i.reshape(1, 3), 1) ~ repeats must be 0-dim or 1-dim tensor
x.repeat_interleave(i - 1, 1) ~ repeats can not be negative
x.repeat_interleave(i, 1, output_size=4) ~ allocated size does not match required size
x.repeat_interleave(2, 1, output_size=4) ~ Invalid output_size, expected 6 but got 4
torch.repeat_interleave(v.detach()) ~ not implemented for
torch.repeat_interleave(i[0]) ~ only accept 1D vector as repeat
x.narrow(1, 2, 2) ~ start \(2\) \+ length \(2\) exceeds dimension size \(3\)
x.narrow(1, 4, 0) ~ start out of range
x.narrow(1, 0, -1) ~ length must be non-negative
x.narrow(1, i, 1) ~ start must be an 0-dim integral Tensor
s.narrow(0, 0, 1) ~ narrow\(\) cannot be applied to a 0-dim tensor
s.select(0, 0) ~ select\(\) cannot be applied to a 0-dim tensor
x.select(1, 5) ~ select\(\): index 5 out of range for tensor of size \[2, 3, 4\] at dimension 1
x.split(0) ~ split_size can only be 0 if dimension size is 0
x.split(-1) ~ split expects split_size be non-negative, but got split_size=-1
x.split(2.0) ~
s.split(1) ~ split expects at least a 1-dimensional tensor
x.split([1, 1], 1) ~ expects split_sizes to sum exactly to 3
x.split([-1, 4], 1) ~ non-negative entries
x.chunk(0) ~ chunk expects `chunks` to be greater than 0, got: 0
torch.tensor_split(x, 0) ~ number of sections must be larger than 0, got 0
torch.tensor_split(s, 1) ~ expected at least a 1-dimensional tensor, but got a tensor with 0 dims
torch.tensor_split(x, i.reshape(1, 3)) ~ zero-dimensional or one-dimensional tensor
torch.tensor_split(x, i.int()) ~ have dtype of long
x.hsplit(2) ~ the size of the dimension 3 is not divisible by the split_size 2
s.hsplit(1) ~ torch.hsplit requires a tensor with at least 1 dimension
v.vsplit(2) ~ torch.vsplit requires a tensor with at least 2 dimension
m.dsplit(2) ~ torch.dsplit requires a tensor with at least 3 dimension
s.unbind() ~ Dimension specified as 0 but tensor has no dimensions
torch.cat([]) ~ expected a non-empty list of Tensors
torch.cat(m) ~ must be tuple of Tensors, not Tensor
torch.cat([m, 1.0]) ~ expected Tensor as element 1
torch.cat([x, s]) ~ zero-dimensional tensor \(at position 1\) cannot be concatenated
torch.cat([m, v]) ~ Tensors must have same number of dimensions: got 2 and 1
torch.cat([x[..., :2], x], 1) ~ except in dimension 1. Expected size 2 but got size 4 for tensor number 1
torch.cat([m, m], 2) ~ Dimension out of range
torch.cat([m, m], out=f) ~ out=... arguments don't support automatic differentiation
torch.stack([]) ~ stack expects a non-empty TensorList
torch.stack([m, v]) ~ stack expects each tensor to be equal size, but got \[3, 4\] at entry 0
torch.hstack([]) ~ hstack expects a non-empty TensorList
torch.vstack([s, v]) ~ Sizes of tensors must match except in dimension 0
torch.column_stack([m, v]) ~ Sizes of tensors must match except in dimension 1
torch.block_diag(x) ~ Input tensors must have 2 or fewer dimensions. Input 0 has 3 dimensions
torch.block_diag([m]) ~ expected Tensor as element 0
torch.meshgrid() ~ meshgrid expects a non-empty TensorList
torch.meshgrid(v, m) ~ Expected 0D or 1D tensor in the tensor list
torch.meshgrid(v, i) ~ expects all tensors to have the same dtype
torch.meshgrid(i, i, indexing='zz') ~ indexing must be one of "xy" or "ij", but received: zz
torch.diag(x) ~ Supports 1D or 2D tensors. Got 3D
torch.diagonal(v) ~ Dimension out of range
x.diagonal(0, 1, -2) ~ diagonal dimensions cannot be identical 1, -2
torch.diag_embed(s) ~ Dimension out of range
torch.tril(v) ~ input tensor must have at least 2 dimensions
torch.tril_indices(-1, 2) ~ row must be non-negative
torch.triu_indices(1, 2, dtype=torch.float32) ~ not implemented for
x.clone().fill_diagonal_(1) ~ all dimensions of input must be of equal length
v.clone().fill_diagonal_(1) ~ dimensions must larger than 1
m.clone().fill_diagonal_(s) ~ must be Number, not Tensor
m.fill_diagonal_(1) ~ leaf Variable that requires grad
torch.diagonal_scatter(m, v) ~ expected src to have a size equal to the slice of self
torch.select_scatter(m, s, 0, 1) ~ expected src to have a size equal to the slice of self
torch.select_scatter(m, v, 0, 5) ~ select\(\): index 5 out of range
torch.slice_scatter(m, m, 0, 0, 1, 0) ~ slice step must be positive
torch.as_strided_scatter(m, v, (2,), (1,)) ~ expected src to have a size equal to the slice of self
m.as_strided((2, 3), (100, 1)) ~ are out of bounds for storage of size 96
m[1:].as_strided((2, 3), (4, 1), 7) ~ are out of bounds for storage of size 96
m.as_strided((2,), (1, 1)) ~ mismatch in length of strides and shape
m.as_strided((2,), (-1,)) ~ Negative strides are not supported at the moment
m.as_strided((2,), (1,), -1) ~ invalid storage offset -1
m.unfold(1, 5, 1) ~ maximum size for tensor at dimension 1 is 4 but size is 5
m.unfold(1, 2, 0) ~ step is 0 but must be > 0
m.unfold(1, -1, 1) ~ size is -1 but must be >= 0
m.unfold(2, 1, 1) ~ Dimension out of range
"""  # noqa: E501


@pytest.mark.oracle
@pytest.mark.parametrize("line", REFUSED.strip().split("\n"))
def test_wrong_calls_are_refused_as_pytorch_refuses_them(line: str) -> None:
    call, _, words = map(str.strip, line.partition("~"))
    refused_alike(call, names, words)


# ------------------------------------------------------------------------------- bytes and writes
WRITES = """
y[1:].diagonal(1).fill_(-1)
y.t()[1:].unfold(0, 2, 2)[0].mul_(10)
y[1].as_strided((2,), (5,), 1).fill_(100)
y[1].as_strided((2,), (2,)).mul_(w)
y.expand(3, 4).neg_()
y.unfold(1, 2, 2).select(2, 0).mul_(w)
y.as_strided((2, 2), (3, 1)).diagonal().mul_(w)
torch.unsafe_chunk(y, 3)[1].mul_(2)
y.tensor_split(3)[1].mul_(2)
y.view(1, 12).movedim(0, 1)[4:].mul_(3)
y.tril_().triu_(-1)
y.fill_diagonal_(2.5)
y[1:].t().fill_diagonal_(2.5)
""".strip().split("\n")


@pytest.mark.oracle
@pytest.mark.parametrize("write", WRITES)
def test_writes_through_views_change_values_and_gradients_as_in_pytorch(write: str) -> None:
    results = []
    for module in (gpugrad, pytest.importorskip("torch")):
        x = module.tensor(np.arange(12.0).reshape(3, 4), device="cpu", requires_grad=True)
        w = module.tensor([3.0, 5.0], dtype=module.float64, device="cpu", requires_grad=True)
        y = x * 1
        eval(write, {"torch": module, "y": y, "w": w})
        grads = module.autograd.grad((y * y).sum(), (x, w), allow_unused=True)
        results.append([host(t) for t in (y, *grads) if t is not None])
    for ours, theirs in zip(*results, strict=True):
        assert_close(ours, theirs, 1e-12)


def test_bytes_seen_as_another_dtype_are_written_through() -> None:
    x = gpugrad.zeros(2, 2, device="cpu")
    x.view(gpugrad.int32).fill_(0x3F800000)
    assert x.tolist() == [[1.0, 1.0], [1.0, 1.0]]
    assert x._version == 1


def test_a_saved_view_of_another_dtype_comes_back_in_it() -> None:
    x = gpugrad.ones(2, device="cpu", dtype=gpugrad.float64)
    w = gpugrad.ones(4, device="cpu", requires_grad=True)
    y = (w * w * x.view(gpugrad.float32)).sum()
    (g,) = gpugrad.autograd.grad(y, w, create_graph=True)
    assert g.dtype is gpugrad.float32
    assert g.tolist() == [0, 3.75, 0, 3.75]


NODES = """
x.view(6, 4) | x.flatten() | x.squeeze() | x.unsqueeze(0) | x.permute(0, 2, 1) | x.transpose(0, 1)
m.t() | m.T | m.mT | m.expand(2, 3, 4) | x.flip(0) | x.roll(1) | x.rot90() | x.repeat(1, 1, 2)
x.tile(2) | x.narrow(0, 0, 1) | x.select(0, 1) | x.split(1)[0] | x.split([1, 1])[0] | x.unbind()[1]
torch.cat([m, m]) | torch.stack([m, m]) | torch.block_diag(m, v) | x.diagonal() | torch.diag(v)
m.tril() | m.triu() | m.unfold(0, 2, 1) | m.as_strided((2,), (1,)) | x.clone() | m.t().contiguous()
torch.select_scatter(m, v, 0, 1) | torch.slice_scatter(m, m[:2], 0, 1) | x.movedim(0, 1)
torch.diagonal_scatter(m, v[:3]) | torch.as_strided_scatter(m, v[:2], (2,), (1,))
"""


@pytest.mark.oracle
@pytest.mark.parametrize("call", lines(NODES))
def test_nodes_have_pytorchs_names(call: str) -> None:
    torch = pytest.importorskip("torch")
    ours, theirs = (eval(call, names(module)).grad_fn.name() for module in (gpugrad, torch))
    assert ours == theirs.replace("Backward1", "Backward0").replace("Backward2", "Backward0")


# --------------------------------------------------------------------------------- small print
def test_shapes_broadcast_without_tensors() -> None:
    assert gpugrad.broadcast_shapes(2, (3, 1), ()) == (3, 2)
    assert gpugrad.broadcast_shapes() == ()
    assert gpugrad.broadcast_shapes((0,), (1,)) == (0,)


def test_what_pytorch_warns_of_is_warned_of() -> None:
    x = gpugrad.zeros(2, 3, 4, device="cpu")
    with pytest.warns(UserWarning, match="indexing"):
        gpugrad.meshgrid(x[0, 0], x[0, 0])
    with pytest.warns(UserWarning, match="deprecated"):
        _ = x.T
    with pytest.warns(UserWarning, match="deprecated"):
        _ = x[0, 0, 0].mT


def test_a_memory_format_is_a_question_about_strides() -> None:
    x = gpugrad.zeros(2, 3, 4, 5, device="cpu")
    assert x.is_contiguous(memory_format=gpugrad.contiguous_format)
    assert not x.is_contiguous(memory_format=gpugrad.channels_last)
    turned = x.permute(0, 2, 3, 1).contiguous().permute(0, 3, 1, 2)
    assert turned.is_contiguous(memory_format=gpugrad.channels_last)
    assert turned.contiguous(memory_format=gpugrad.channels_last).is_contiguous()
    assert repr(gpugrad.channels_last_3d) == "gpugrad.channels_last_3d"


def test_results_can_be_written_into_tensors_that_exist() -> None:
    x, out = gpugrad.ones(2, 2, device="cpu"), gpugrad.empty(4, 2, device="cpu")
    assert gpugrad.cat([x, 2 * x], out=out) is out
    assert out.tolist() == [[1, 1], [1, 1], [2, 2], [2, 2]]
    parts = (gpugrad.empty(2, device="cpu"), gpugrad.empty(2, device="cpu"))
    gpugrad.unbind_copy(x, out=parts)
    assert parts[1].tolist() == [1, 1]


@pytest.mark.parametrize("step", [1, 2, 3, 7])
@pytest.mark.parametrize("size", [1, 2, 3, 9])
def test_windows_of_every_size_and_step_add_up_backwards(size: int, step: int) -> None:
    x = gpugrad.tensor(np.arange(20.0).reshape(2, 10), device="cpu", requires_grad=True)
    windows = x.unfold(1, size, step)
    counts = np.zeros(10)
    for start in range(0, 10 - size + 1, step):
        counts[start : start + size] += 1
    (g,) = gpugrad.autograd.grad(windows.sum(), x)
    assert g.tolist() == [counts.tolist()] * 2

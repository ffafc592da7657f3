"""Misuse of tensors: PyTorch's exception types and the phrases that programs look for."""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from tests.beside import evaluate, pytorchs_refusals, refusals, results


class Tools:
    """What an expression cannot say by itself."""

    @staticmethod
    def put(thing: Any, name: str, value: Any) -> None:
        setattr(thing, name, value)

    @staticmethod
    def bad_hook(module: Any, returned: Any) -> None:
        x = module.ones(2, requires_grad=True)
        x.register_hook(lambda g: returned)
        (x * 2).sum().backward()


def names(module: Any) -> dict[str, Any]:
    where = {"device": "cpu"}
    leaf = module.ones(3, requires_grad=True, **where)
    return {
        "x": module.ones(3, **where), "leaf": leaf, "y": leaf * 2, "i":
        module.tensor([1, 2], **where), "put": Tools.put, "bad_hook": Tools.bad_hook,
    }  # fmt: skip


WRONG = {
    # flags
    "i.requires_grad_()": (RuntimeError, "(?i)only tensors of floating point"),
    "torch.tensor([1], requires_grad=True)": (RuntimeError, "can require gradients"),
    "put(y, 'requires_grad', False)": (RuntimeError, "you can only change requires_grad flags"),
    "y.requires_grad_(False)": (RuntimeError, "you can only change requires_grad flags of leaf"),
    "leaf[0].detach_()": (RuntimeError, "Can't detach views in-place. Use detach\\(\\) instead"),
    # gradients
    "put(leaf, 'grad', torch.ones(4))": (RuntimeError, "attempting to assign a gradient of size"),
    "put(leaf, 'grad', 1.5)": (TypeError, "assigned grad expected to be a Tensor or None but got"),
    "put(leaf, 'grad', leaf)": (RuntimeError, "can't assign Variable as its own grad"),
    "put(leaf, 'grad', torch.ones(3, dtype=torch.float64))": (RuntimeError, "assign"),
    "x.backward()": (RuntimeError, "element 0 of tensors does not require grad and does not"),
    "y.backward()": (RuntimeError, "grad can be implicitly created only for scalar outputs"),
    "y.backward(torch.ones(1))": (RuntimeError, r"Mismatch in shape: grad_output\[0\] has"),
    "torch.autograd.grad(y.sum(), x)": (RuntimeError, "One of the differentiated Tensors does not"),
    "torch.autograd.grad(y.sum(), y.detach().requires_grad_())":
        (RuntimeError, "appears to not have been used in the graph. Set allow_unused=True"),
    # hooks
    "x.register_hook(print)": (RuntimeError, "cannot register a hook on a tensor that doesn't"),
    "y.register_post_accumulate_grad_hook(print)":
        (RuntimeError, "post accumulate grad hooks cannot be registered on non-leaf tensors"),
    "x.retain_grad()": (RuntimeError, "can't retain_grad on Tensor that has requires_grad=False"),
    "bad_hook(torch, 1)": (TypeError, "expected Variable, but hook returned 'int'"),
    "bad_hook(torch, torch.ones(3))": (RuntimeError, "has changed the size of value"),
    # operands
    "x + torch.ones(4)": (RuntimeError, "The size of tensor a .3. must match the size of tensor b"),
    "x @ torch.ones(4)": (RuntimeError, ""),
    "x & x": (RuntimeError, "not implemented for"),
    "~x": (TypeError, "only implemented on integer and Boolean-type tensors"),
    "F.gelu(x, approximate='no')": (RuntimeError, "approximate"),
    "x.sum(7)": (IndexError, "Dimension out of range"),
    "x[9]": (IndexError, "index 9 is out of bounds for dimension 0 with size 3"),
    "torch.cat([x, x.reshape(1, 3)])": (RuntimeError, "Tensors must have same number of dim"),
}  # fmt: skip


test_misuse_is_refused_with_pytorchs_words = refusals(WRONG, names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, names)


# ------------------------------------------------------------------------------- what is no mistake
SILENT = [
    "x.argmax().requires_grad", "(y > 1).requires_grad", "y.long().requires_grad",
    "y.requires_grad_().requires_grad", "put(leaf, 'requires_grad', True)", "y.retain_grad()",
    "put(leaf, 'grad', None)", "put(leaf, 'grad', torch.zeros(3))", "leaf.retain_grad()",
    "y.isnan().requires_grad", "y.detach().requires_grad", "y.data.requires_grad",
    "y.sum().item()", "torch.ones_like(y).requires_grad", "y.max(0)[1].requires_grad",
    "torch.autograd.grad(y.sum(), x.requires_grad_(), allow_unused=True)",
    "y.sum().backward(torch.tensor(1.0, dtype=torch.float64))", "y.detach_().is_leaf",
]  # fmt: skip


test_what_pytorch_allows_is_allowed = results(SILENT, names)


def test_a_number_may_seed_a_backward() -> None:
    leaf = gpugrad.ones(3, device="cpu", requires_grad=True)
    (leaf * 2).sum().backward(3.0)
    assert leaf.grad.tolist() == [6.0, 6.0, 6.0]


def test_grad_of_a_computed_tensor_warns_and_is_none() -> None:
    y = gpugrad.ones(3, device="cpu", requires_grad=True) * 2
    with pytest.warns(UserWarning, match="The .grad attribute of a Tensor that is not a leaf"):
        assert y.grad is None
    y.retain_grad()
    assert y.grad is None


def test_leaves_and_results_know_what_they_are() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = x * 2
    assert (x.is_leaf, y.is_leaf, y.detach().is_leaf) == (True, False, True)
    assert x.grad_fn is None
    assert y.grad_fn.name() == "MulBackward0"
    assert y.grad_fn.next_functions[0][0].variable is x
    assert y.sum().grad_fn.next_functions[0][0] is y.grad_fn
    assert y.output_nr == 0
    assert y.unbind()[2].output_nr == 2
    y.detach_()
    assert y.is_leaf
    assert y.grad_fn is None


NODES = {
    "a + b": "Add", "a - b": "Sub", "a * b": "Mul", "a / b": "Div", "-a": "Neg", "a ** 2": "Pow",
    "a ** b": "Pow", "2 ** a": "Pow", "m @ m": "Mm", "a.exp()": "Exp", "F.relu(a)": "Relu",
    "a.softmax(0)": "Softmax", "a.log_softmax(0)": "LogSoftmax",
    "F.embedding(i, m)": "Embedding", "a.masked_fill(a > 0, 0)": "MaskedFill",
    "torch.where(a > 0, a, b)": "Where", "m.gather(0, i[None])": "Gather", "a.unsqueeze(0)":
    "Unsqueeze", "a.clone()": "Clone", "a.double()": "ToCopy", "a.cumsum(0)": "Cumsum",
    "a.clamp(0, 1)": "Clamp", "a.norm()": "LinalgVectorNorm", "a.var()": "Var", "F.gelu(a)": "Gelu",
    "F.silu(a)": "Silu", "m.t()": "T", "m.transpose(0, 1)": "Transpose", "a.sum()": "Sum",
    "a.mean()": "Mean", "m.view(9)": "View", "m.reshape(9)": "View", "m.permute(1, 0)": "Permute",
    "m[0]": "Select", "m[1:]": "Slice", "a[i]": "Index", "torch.cat([a, b])": "Cat",
    "torch.stack([a, b])": "Stack", "F.linear(m, m)": "Mm", "F.linear(m, m, a)": "Addmm",
    "a.expand(2, 3)": "Expand", "m.split(1)[0]": "Split", "m.max(0)[0]": "Max", "m.unbind()[0]":
    "Unbind", "a.tanh()": "Tanh", "a.sigmoid()": "Sigmoid", "a.sqrt()": "Sqrt", "a.abs()": "Abs",
}  # fmt: skip


def node_name(call: str, module: Any) -> str:
    where = {"device": "cpu", "requires_grad": True}
    scope = {
        "a": module.ones(3, **where), "b": module.ones(3, **where), "m": module.ones(3, 3, **where),
        "i": module.tensor([0, 1, 2], device="cpu"), "F": module.nn.functional,
    }  # fmt: skip
    return str(evaluate(call, module, **scope).grad_fn.name()).rstrip("0123456789")


@pytest.mark.parametrize("call", NODES)
def test_nodes_bear_pytorchs_names(call: str) -> None:
    assert node_name(call, gpugrad) == f"{NODES[call]}Backward"


@pytest.mark.oracle
@pytest.mark.parametrize("call", NODES)
def test_those_are_the_names_in_pytorch(call: str) -> None:
    torch = pytest.importorskip("torch")
    assert node_name(call, torch) == f"{NODES[call]}Backward"

"""Reading and writing by index: PyTorch's shapes, views, gradients and complaints."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.errors import IndexRangeError, InplaceError
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)
from tests.beside import pytorchs_refusals, refusals
from tests.ops.walk import assert_close, host

# What stands between the brackets; i, j: index tensors; m, m2, n: masks; t: a 0-d index.
VIEWS = [
    "0", "-1", "1:", ":", "::2", "None", "...", "..., 0", "0, ..., 1", "1:3, None, -1", "t",
    "t, 1:", "1, 2, 3", "2:2", "-2:, :1", "None, ..., None", "t:", "np.int64(1)",
]  # fmt: skip
COPIES = [
    "i", "i, j", "i[:, None], j", ":, i", "..., i", "i, :, j", "None, i", "[0, 2, 0]",
    "[0, 1], [1, 2]", "m", "m, 0", "0, m2", "[]", "i.reshape(2, 2)", ":, m2", "i[:1], ..., j[:2]",
    "1:, [0, 2], ::2", "-i", "x > 0", "i, None, j", "n", "n, :2", "True", "np.array([1, 0])",
]  # fmt: skip
# NumPy takes an int beside an index array for an index array; PyTorch applies it first.
INT_FIRST = ["1, :, i", "t, :, i", "i, 1", ":, 1, m2[0]", "i, :, 2"]


def names(module: Any, *, array: Any = None, device: str = "cpu") -> dict[str, Any]:
    """The variables of the expressions above, as tensors of ``module`` or made by ``array``."""
    rng = np.random.default_rng(0)
    make = array or (lambda values: module.tensor(values, device=device))
    return {
        "x": make(rng.standard_normal((3, 4, 5))), "i": make(np.array([0, 2, 1, 0])),
        "j": make(np.array([1, 3, 0, 1])), "t": make(np.array(2)),
        "m": make(rng.random((3, 4)) < 0.5), "m2": make(rng.random((4, 5)) < 0.5),
        "n": make(np.array([True, False, True])), "np": np,
    }  # fmt: skip


def read(text: str, module: Any, *, leaf: bool = False, array: Any = None) -> tuple[Any, Any]:
    """``x`` and ``x[text]``."""
    scope = names(module, array=array)
    if leaf:
        scope["x"].requires_grad_()
    return scope["x"], eval(f"x[{text}]", scope)


def write(text: str, module: Any, value: Any, base: Any = None) -> Any:
    """``x`` after ``x[text] = value``."""
    scope = {**names(module), "value": value}
    if base is not None:
        scope["x"] = base
    exec(f"x[{text}] = value", scope)
    return scope["x"]


# ------------------------------------------------------------------------------------------ reading
@pytest.mark.parametrize("text", [*VIEWS, *COPIES])
def test_reading_gives_what_numpy_gives(text: str) -> None:
    _, expected = read(text, np, array=np.asarray)
    _, ours = read(text, gpugrad)
    assert_close(host(ours), expected, 0)


@pytest.mark.parametrize("text", VIEWS)
def test_ints_and_slices_give_views_that_save_nothing(text: str) -> None:
    x, y = read(text, gpugrad, leaf=True)
    assert y.storage is x.storage
    assert y._base is x
    assert not y.numel() or np.shares_memory(y.array, x.array)
    assert memory.graph(y).unique_bytes == 0


@pytest.mark.parametrize("text", COPIES)
def test_index_tensors_give_copies(text: str) -> None:
    x, y = read(text, gpugrad)
    assert y._base is None
    assert not np.shares_memory(y.array, x.array)


@pytest.mark.parametrize("text", [*VIEWS, *COPIES, *INT_FIRST])
def test_what_was_read_receives_its_gradient_where_it_came_from(text: str) -> None:
    x, y = read(text, gpugrad, leaf=True)
    weights = gpugrad.arange(1.0, y.numel() + 1, dtype=x.dtype, device="cpu").reshape(y.shape)
    (y * weights).sum().backward()
    places = gpugrad.arange(x.numel(), device="cpu").reshape(x.shape)
    brackets = text.replace("x > 0", "u > 0")
    chosen = eval(f"x[{brackets}]", {**names(gpugrad), "x": places, "u": x})
    expected = np.zeros(x.numel())
    np.add.at(expected, chosen.numpy().reshape(-1), weights.numpy().reshape(-1))
    assert_close(host(x.grad).reshape(-1), expected, 0)


@pytest.mark.oracle
@pytest.mark.parametrize("text", [*VIEWS, *COPIES, *INT_FIRST])
def test_reading_and_its_gradient_are_pytorchs(text: str) -> None:
    torch = pytest.importorskip("torch")
    (x, ours), (u, theirs) = read(text, gpugrad, leaf=True), read(text, torch, leaf=True)
    assert_close(host(ours), host(theirs), 0)
    (ours * ours).sum().backward()
    (theirs * theirs).sum().backward()
    assert_close(host(x.grad), host(u.grad), 1e-15)


def test_a_mask_is_saved_as_it_is() -> None:
    x = gpugrad.rand(100, 10, device="cpu", requires_grad=True)
    mask = x.detach() > 0.5
    y = x[mask]
    assert memory.graph(y).unique_bytes == 1000
    del y


def test_a_written_mask_is_noticed() -> None:
    x = gpugrad.rand(4, device="cpu", requires_grad=True)
    mask = gpugrad.tensor([True, False, True, False], device="cpu")
    y = x[mask].sum()
    mask.fill_(True)
    with pytest.raises(InplaceError, match="modified by an inplace operation"):
        y.backward()


# ------------------------------------------------------------------------------------------ writing
@pytest.mark.parametrize("text", [*VIEWS, *COPIES, *INT_FIRST])
def test_writing_a_number_changes_the_places_read(text: str) -> None:
    x = write(text, gpugrad, 7.0)
    before, _ = read(text, gpugrad)
    reading = names(gpugrad) | {"x": before}
    picked = eval(f"x[{text}]", reading)
    assert (eval(f"y[{text}]", {**reading, "y": x}) == 7.0).all()
    changed = (x != before).sum().item()
    assert changed <= picked.numel()


@pytest.mark.oracle
@pytest.mark.parametrize("text", [*VIEWS, *INT_FIRST, *(c for c in COPIES if c != "[]")])
@pytest.mark.parametrize("shape", ["same", "one", "number"])
def test_writing_and_its_gradients_are_pytorchs(text: str, shape: str) -> None:
    torch = pytest.importorskip("torch")
    results = []
    for module in (gpugrad, torch):
        leaf, region = read(text, module, leaf=True)
        size = {"same": tuple(region.shape), "one": (1,), "number": ()}[shape]
        value = module.tensor(np.random.default_rng(1).random(size), device="cpu")
        value.requires_grad_()
        x = write(text, module, value, leaf * 1)
        (x * x * 3).sum().backward()
        results.append([host(t) for t in (x, leaf.grad, value.grad)])
    unique = "[0, 2, 0]" not in text and text not in ("i", "i, j", ":, i", "-i", "i.reshape(2, 2)")
    for ours, theirs in zip(*results, strict=True):
        if unique or shape != "same":  # which of several values stays is nobody's promise
            assert_close(ours, theirs, 1e-14)


def test_a_write_that_is_not_recorded_keeps_the_node() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = x * 1
    node = y.node
    with gpugrad.no_grad():
        y[0] = 5.0
    assert y.node is node
    assert y.tolist() == [5.0, 1.0, 1.0]


def test_writing_raises_the_version_of_everything_that_shares_the_bytes() -> None:
    x = gpugrad.zeros(3, device="cpu")
    view = x[1:]
    x[2] = 1.0
    view[0] = 2.0
    assert x._version == view._version == 2
    assert x.tolist() == [0.0, 2.0, 1.0]


def test_an_index_of_a_write_is_saved_and_counted() -> None:
    x = gpugrad.zeros(10, device="cpu") + gpugrad.ones(10, device="cpu", requires_grad=True)
    index = gpugrad.tensor([1, 2, 3], device="cpu")
    x[index] = 0.0
    assert memory.graph(x).unique_bytes == 24
    x.sum().backward()


def test_leaves_and_their_views_are_not_written_in_grad_mode() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    with pytest.raises(InplaceError, match="a leaf Variable that requires grad is being used"):
        x[0] = 1.0
    with pytest.raises(InplaceError, match="a view of a leaf Variable that requires grad"):
        x[1:][0] = 1.0
    assert x.tolist() == [1.0, 1.0, 1.0]
    assert x._version == 0


def test_values_are_converted_to_the_dtype_written_to() -> None:
    x = gpugrad.zeros(3, dtype=gpugrad.int64, device="cpu")
    x[0] = 1.9
    x[1:] = gpugrad.tensor([2.5, 3.5], device="cpu")
    assert x.tolist() == [1, 2, 3]


# --------------------------------------------------------------------------------------- complaints
WRONG = {  # what is between the brackets, or a call; the exception; words of PyTorch's message
    "x[5]": (IndexError, "index 5 is out of bounds for dimension 0 with size 3"),
    "x[-4]": (IndexError, "index -4 is out of bounds for dimension 0 with size 3"),
    "x[0, 0, 0, 0]": (IndexError, "too many indices for tensor of dimension 3"),
    "x[i + 5]": (IndexError, "is out of bounds for dimension 0 with size 3"),
    "x[i, 0, 0, 0]": (IndexError, "too many indices for tensor of dimension 3"),
    "x[1.5]": (IndexError, ""),
    "x[x]": (IndexError, "tensors used as indices must be long, int, byte or bool tensors"),
    "x[m2]": (IndexError, ""),
    "x[::-1]": (ValueError, "step must be greater than zero"),
    "x[0:2, 0:2] = x": (RuntimeError, ""),
    "x[m] = x[0, :, 0].clone()": (RuntimeError, "shape mismatch"),
    "x.select(0, 3)": (IndexError, "out of range"),
    "x.select(3, 0)": (IndexError, "Dimension out of range"),
    "x.narrow(0, 2, 2)": (RuntimeError, "exceeds dimension size"),
    "x.narrow(0, 0, -1)": (RuntimeError, "length must be non-negative"),
    "x.index_select(0, i + 5)": (IndexError, "out of range"),
    "x.index_select(0, m)": (IndexError, "Index is supposed to be a vector"),
    "x.gather(0, i)": (RuntimeError, "same number of dimensions as input tensor"),
    "x.gather(0, i[:, None, None] + 9)": (RuntimeError, "is out of bounds for dimension 0"),
    "x.gather(1, i[:, None, None])": (RuntimeError, "apart from dimension 1"),
    "t[0]": (IndexError, ""),
}


test_a_wrong_index_is_refused_with_pytorchs_words = refusals(WRONG, names)
test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, names)


# ---------------------------------------------------------------------------------------- embedding
def test_the_padding_row_receives_no_gradient() -> None:
    weight = gpugrad.rand(4, 3, device="cpu", requires_grad=True)
    index = gpugrad.tensor([[1, 2], [1, 0]], device="cpu")
    F.embedding(index, weight, padding_idx=1).sum().backward()
    assert weight.grad.sum(1).tolist() == [3.0, 0.0, 3.0, 0.0]


@pytest.mark.parametrize("bad", [4, -1])
def test_an_index_of_no_row_is_an_index_error(bad: int) -> None:
    weight = gpugrad.rand(4, 3, device="cpu")
    with pytest.raises(IndexRangeError, match="index out of range in self"):
        F.embedding(gpugrad.tensor([0, bad], device="cpu"), weight)


def test_embedding_takes_integers_only() -> None:
    with pytest.raises(RuntimeError, match="scalar types"):
        F.embedding(gpugrad.rand(2, device="cpu"), gpugrad.rand(4, 3, device="cpu"))

"""In-place methods: the out-of-place result in the same bytes, versions, gradients, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.errors import InplaceError
from tests.beside import derivatives, evaluate, pytorchs_refusals, refused
from tests.ops.walk import assert_close, host

METHODS = [  # ``x`` is written; ``y``, ``m`` and ``p`` are other tensors (p positive)
    "x.add_(y)", "x.add_(2)", "x.add_(y, alpha=3)", "x.sub_(y)", "x.sub_(y, alpha=2)", "x.mul_(y)",
    "x.mul_(0.5)", "x.div_(p)", "x.div_(2)", "x.div_(p, rounding_mode='floor')", "x.pow_(2)",
    "x.pow_(3)", "x.neg_()", "x.abs_()", "x.exp_()", "x.sin_()", "x.cos_()", "x.tanh_()",
    "x.sigmoid_()", "x.relu_()", "x.clamp_(-0.5, 0.5)", "x.clip_(max=0.1)", "x.addcmul_(y, p)",
    "x.addcdiv_(y, p, value=2)", "x.lerp_(y, 0.3)", "x.masked_fill_(m, 7.0)", "x.copy_(y)",
    "x.copy_(y[0])", "x.fill_(3.5)", "x.fill_(y[0, 0])", "x.zero_()", "x.add_(x)", "x.copy_(x)",
    "x.sub_(x.mT.mT)",
]  # fmt: skip
ON_POSITIVE = ["p.log_()", "p.sqrt_()", "p.pow_(y)"]


def names(module: Any) -> dict[str, Any]:
    rng = np.random.default_rng(1)
    make = module.tensor
    return {
        "x": make(rng.standard_normal((3, 4)), device="cpu"),
        "y": make(rng.standard_normal((3, 4)), device="cpu"),
        "m": make(rng.random((3, 4)) < 0.5, device="cpu"),
        "p": make(rng.random((3, 4)) + 0.1, device="cpu"),
    }


def target(method: str, scope: dict[str, Any]) -> Any:
    return scope[method[0]]


@pytest.mark.parametrize("method", [*METHODS, *ON_POSITIVE])
def test_an_inplace_method_writes_the_bytes_it_has(method: str) -> None:
    scope = names(gpugrad)
    x = target(method, scope)
    view, address = x[1:], x.data_ptr()
    result = evaluate(method, gpugrad, **scope)
    assert result is x
    assert x.data_ptr() == address
    assert x._version == view._version == 1
    assert_close(host(view), host(x)[1:], 0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("method", [*METHODS, *ON_POSITIVE])
def test_elements_that_lie_apart_are_written_as_those_in_a_row(method: str, dtype: str) -> None:
    """NumPy 2.4.6 computes negative(a, out=a) wrongly for 4-byte elements 16 bytes apart."""
    kind = getattr(gpugrad, dtype)
    plain = {n: t if n == "m" else t.to(kind) for n, t in names(gpugrad).items()}
    apart = dict(plain)
    name = method[0]
    wide = gpugrad.zeros(3, 4, 4, dtype=kind, device="cpu")
    wide[:, :, 1] = plain[name]
    apart[name] = wide[:, :, 1]
    expected, found = (evaluate(method, gpugrad, **scope) for scope in (plain, apart))
    assert_close(host(found), host(expected), 1e-6)
    assert_close(host(wide[:, :, 1]), host(expected), 1e-6)
    assert not wide[:, :, 2].any()


def computed(module: Any) -> dict[str, Any]:
    """The same as results of leaves, which may be written; and those leaves."""
    scope = names(module)
    leaves = {f"{n}_leaf": scope[n].requires_grad_() for n in "xyp"}
    return {**scope, **{n: scope[n] * 1 for n in "xyp"}, **leaves}


test_values_and_gradients_are_pytorchs = derivatives([*METHODS, *ON_POSITIVE], computed, 1e-13)


def test_operators_write_in_place_too() -> None:
    scope = names(gpugrad)
    x = same = scope["x"]
    x += 1
    x *= 2
    x -= scope["y"]
    x /= 2
    x **= 2
    assert x is same
    assert x._version == 5
    for source in ("x &= m", "x |= m", "x ^= m"):
        space = {"x": scope["m"].clone(), "m": scope["m"]}
        before = space["x"]
        exec(source, space)
        assert space["x"] is before


# ----------------------------------------------------------------------------------------- versions
def test_views_and_detached_tensors_share_the_version_and_copies_do_not() -> None:
    x = gpugrad.zeros(2, 3, device="cpu")
    shared = [x[0], x.mT, x.reshape(-1), x.detach(), x.detach()[1:], x.data, x.expand(4, 2, 3)]
    others = [x.clone(), x.double(), x + 0, x.mT.contiguous()]
    x.add_(1)
    shared[0].mul_(2)
    assert [t._version for t in (x, *shared)] == [2] * 8
    assert [t._version for t in others] == [0] * 4
    assert x.tolist() == [[2.0, 2.0, 2.0], [1.0, 1.0, 1.0]]


def test_every_kind_of_write_counts_once() -> None:
    x = gpugrad.zeros(4, device="cpu")
    writes = [
        lambda: x.add_(1), lambda: x.copy_(gpugrad.ones(4, device="cpu")), lambda: x.zero_(),
        lambda: x.fill_(2), lambda: x.__setitem__(0, 1.0), lambda: x[1:].mul_(2), lambda: x.relu_(),
        lambda: x.masked_fill_(x > 1, 0), lambda: x.uniform_(), lambda: x.normal_(),
        lambda: x.data.add_(1), lambda: x.detach().sub_(1),
    ]  # fmt: skip
    for count, write in enumerate(writes, 1):
        write()
        assert x._version == count


def test_a_failed_write_changes_nothing() -> None:
    x = gpugrad.ones(2, dtype=gpugrad.int64, device="cpu")
    for wrong in (lambda: x.add_(0.5), lambda: x.add_(gpugrad.ones(3, 2, device="cpu"))):
        with pytest.raises(RuntimeError):
            wrong()
    assert x.tolist() == [1, 1]
    assert x._version == 0


# ----------------------------------------------------------------------------------------- refusals
WRONG = {
    "i.add_(0.5)": (RuntimeError, "result type Float can't be cast to the desired .* type Long"),
    "i.div_(2)": (RuntimeError, "can't be cast to the desired output type Long"),
    "b.add_(1)": (RuntimeError, "result type Long can't be cast to the desired .* type Bool"),
    "r.add_(x)": (RuntimeError, r"output with shape \[2\] doesn't match the broadcast shape"),
    "r.copy_(x)": (RuntimeError, ""),
    "x.add_(r[:1].expand(3, 3))": (RuntimeError, "must match"),
    "leaf.add_(1)": (RuntimeError, "a leaf Variable that requires grad is being used in an"),
    "leaf[0].add_(1)": (RuntimeError, "a view of a leaf Variable that requires grad is being used"),
    "leaf.mul_(2)": (RuntimeError, "a leaf Variable that requires grad"),
    "leaf.zero_()": (RuntimeError, "a leaf Variable that requires grad"),
    "leaf.uniform_()": (RuntimeError, "a leaf Variable that requires grad"),
    "leaf.fill_(1)": (RuntimeError, "a leaf Variable that requires grad"),
    "x.fill_(r)": (RuntimeError, "0-dimension"),
}


def wrong_scope(module: Any) -> dict[str, Any]:
    where = {"device": "cpu"}
    return {
        "i": module.ones(2, dtype=module.int64, **where), "r": module.ones(2, **where),
        "b": module.ones(2, dtype=module.bool, **where), "x": module.ones(3, 2, **where),
        "leaf": module.ones(2, requires_grad=True, **where),
    }  # fmt: skip


@pytest.mark.parametrize("call", WRONG)
def test_a_wrong_write_is_refused_with_pytorchs_words(call: str) -> None:
    scope = wrong_scope(gpugrad)
    refused(call, gpugrad, scope, *WRONG[call])
    assert all(t._version == 0 for t in scope.values())


test_pytorch_refuses_the_same = pytorchs_refusals(WRONG, wrong_scope)


def test_a_leaf_may_be_written_without_grad_mode() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    with gpugrad.no_grad():
        x.add_(1)
        x[0] = 5.0
    assert x.is_leaf
    assert x.requires_grad
    assert x.tolist() == [5.0, 2.0]


def test_a_saved_value_that_was_written_is_named_with_both_lines() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = x.exp()
    y.add_(1)
    with pytest.raises(InplaceError, match="modified by an inplace operation") as caught:
        y.sum().backward()
    assert str(caught.value).count("test_inplace.py:") == 2
    assert x.grad is None


# ------------------------------------------------------------------------------------- saved bytes
@pytest.mark.parametrize(
    ("method", "extra"),
    [("add_(1)", 0), ("mul_(2)", 0), ("relu_()", 0), ("exp_()", 0), ("sigmoid_()", 0),
     ("neg_()", 0), ("sin_()", 800), ("pow_(2)", 800), ("zero_()", 0)],
)  # fmt: skip
def test_the_old_value_is_copied_only_if_the_op_saves_it(method: str, extra: int) -> None:
    start = memory.held()
    x = gpugrad.rand(100, dtype=gpugrad.float64, device="cpu", requires_grad=True)
    y = x + 0
    eval(f"y.{method}", {"y": y})
    report = memory.graph(y)
    assert report.exclusive_bytes == extra
    assert report.unique_bytes == extra or y.storage.saves == 1
    assert memory.held() - start == report.unique_bytes
    y.sum().backward()
    assert memory.held() == start


def test_a_result_saved_by_its_own_write_goes_stale_with_the_next() -> None:
    x = gpugrad.ones(3, device="cpu", requires_grad=True)
    y = (x + 0).exp_()
    y.add_(1)
    with pytest.raises(InplaceError, match="modified by an inplace operation"):
        y.sum().backward()


@pytest.mark.oracle
@pytest.mark.parametrize("method", [m for m in METHODS if m.startswith("x.")])
def test_no_more_is_kept_than_pytorch_keeps(method: str) -> None:
    torch = pytest.importorskip("torch")
    scope = {n: t if n == "m" else t.requires_grad_() for n, t in names(gpugrad).items()}
    written = evaluate(method, gpugrad, **{**scope, "x": scope["x"] + 0})
    theirs = {n: t if n == "m" else t.requires_grad_() for n, t in names(torch).items()}
    storages: dict[int, int] = {}

    def pack(tensor: Any) -> Any:
        storage = tensor.untyped_storage()
        storages[storage.data_ptr()] = storage.nbytes()
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        evaluate(method, torch, **{**theirs, "x": theirs["x"] + 0})
    assert memory.graph(written).unique_bytes <= sum(storages.values())

"""Order, running values, quantiles, sets and counts beyond the table: arguments, ties, complaints.

Holds:     an expression is evaluated with both libraries; what PyTorch raises is raised here.
Must not:  repeat what a row of the table says.
"""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from tests.beside import assert_same, derivatives, evaluate, refused_alike, results
from tests.ops.walk import assert_close, host

NAN = float("nan")


def names(module: Any, device: str = "cpu") -> dict[str, Any]:
    def tensor(values: Any, **options: Any) -> Any:
        return module.tensor(values, device=device, **options)

    return {"T": tensor, "nan": NAN, "inf": float("inf")}


SAME = """
T([3., 1, 3, 3, 1]).argmax()
T([1., nan, 3, nan]).argmin()
T([1., nan, 3, nan]).max(0)
T([1., 3, 3, 1]).cummax(0)
T([1., 3, nan, 1, nan]).cummax(0)
T([1., 1, nan, 1]).cummin(0)
T([[3, 1], [3, 2], [2, 2]]).cummin(0)
T([True, False]).cummax(0)
T([2., 1, 2, 1, nan, nan, nan]).mode()
T([5, 5, 1, 1, 1, 1, 5, 5]).mode()
T([[2, 1, 1], [2, 2, 1]]).mode(0, True)
T([True, False]).mode()
T([2., nan, 1, nan]).median(0)
T([2., nan, 1, nan]).median()
T([2., nan, 1, nan]).nanmedian(0)
T([2., nan, 1, nan]).nanmedian()
T([nan, nan]).nanmedian(0)
T([nan, nan]).nanmedian()
T([]).median()
T([5, 1, 4, 2]).median()
T([2., nan, 1]).kthvalue(3)
T([2., nan, 1]).kthvalue(2)
T([2., nan, 1]).topk(2)
T([2., nan, 1]).topk(2, largest=False)
T([2., nan, 1]).topk(0)
T([3, 1, 2]).topk(2, sorted=False)
T([[3, 1, 2, 7, 5, 6, 4, 9]]).topk(2)
T([3, 1, 2, 7, 5, 6, 4, 9]).topk(2, largest=False)
T([2., nan, 1, 2]).sort(descending=True)
T([2., nan, 1, 2], dtype=torch.float64).sort(descending=True)
T([3, 1, 3, 1], dtype=torch.uint8).sort(descending=True)
T([3, 1, -3, 1]).sort()
T([[3, 1], [-3, 1], [3, 0]]).sort(0)
T([3, 1, -3, 1], dtype=torch.int8).sort(stable=True)
T([2., -inf, nan, inf], dtype=torch.float16).sort()
T([2., -inf, nan, inf], dtype=torch.bfloat16).sort(descending=True)
T([-0., 0., -0.]).sort()
T([True, False]).sort()
T([]).sort()
torch.argsort(T([3, 1, 2]), descending=True)
torch.argsort(T(1.0))
T(3.).sort()
T(3.).topk(1)
T(3.).kthvalue(1)
T(3.).median(0)
T(3.).mode()
T(3.).msort()
T(3.).cummax(0)
T(3.).cumprod(0)
T(3.).logcumsumexp(0)
T(True).cumsum(0)
T([1, 2], dtype=torch.int32).cumsum(0)
T([1, 2], dtype=torch.int32).cumsum_(0)
T([1., 2]).cumsum(0, dtype=torch.float64)
T([1, 2]).cumprod(0, dtype=torch.float32)
T([True, False]).cumprod(0)
T([-inf, -inf, 1., inf, inf]).logcumsumexp(0)
T([1., nan, 2]).logcumsumexp(0)
T([1., nan]).aminmax()
T([[1, 2], [3, 0]]).aminmax(dim=1, keepdim=True)
T(3.).aminmax(dim=0)
T([1, 2], dtype=torch.uint8).all()
T([1, 2], dtype=torch.uint8).any(0)
T([nan, 0.]).any()
T([[1, 2]]).all(())
T([[1, 2]]).any(dim=[])
T([[1, 2]]).argmax(None, True)
torch.max(T([1., 2]), T([2., 1]))
torch.min(T([1., nan]), other=T([2., 1]))
T([1, 2]).prod(dtype=torch.float32)
T([1, 2], dtype=torch.int32).prod()
T(3, dtype=torch.int32).prod()
T([1., 2]).prod(0, dtype=torch.float64)
T([1., nan]).nansum(dtype=torch.float64)
T([1, 2], dtype=torch.int32).nansum()
T([1., nan]).nanmean(0, True)
T([[1, 0], [2, 0]]).count_nonzero(dim=(0, 1))
T([[1, 0], [2, 0]]).count_nonzero([0])
T([1, 2]).logsumexp(0)
torch.std_mean(T([1., 2]), 0, correction=0)
torch.var_mean(T([[1., 2]]), unbiased=False)
torch.var_mean(T([[1., 2]]), 1, True, True)
T([1, 2, 4]).diff(n=5)
T([1, 2, 4]).diff(n=0)
T([1, 2, 4]).diff(prepend=T([0.5]))
torch.trapezoid(T([1, 2, 4]))
torch.trapezoid(T([1., 2, 4]), dx=T(2.))
torch.trapezoid(T([[1., 2, 4], [1, 1, 1]]), T([0., 1]), dim=0)
torch.trapezoid(T([]))
torch.cumulative_trapezoid(T([1, 2, 4]))
torch.cumulative_trapezoid(T([1., 2, 4]), T([1., 2, 4]))
torch.gradient(T([1, 2, 4]))
torch.gradient(T(1.))
torch.gradient(T([[1., 2, 4], [1, 1, 1]]), dim=(0, 1), spacing=[1., 2.])
torch.gradient(T([[1., 2, 4], [1, 1, 1]]))
torch.gradient(T([1., 2, 4]), spacing=(T([0., 1, 4]),), edge_order=2)
T([1., 2]).quantile(T([0.5]), dim=0, keepdim=True)
T([1., 2]).quantile(0.5, keepdim=True)
T([[1., 2], [3, 4]]).quantile(0.5, keepdim=True)
T([[1., 2], [3, 4]]).quantile(T([0.5, .1]), dim=1, keepdim=True)
T([[1., nan], [3, 4]]).quantile(T([0.5, .1]), dim=1)
T([[1., nan], [3, 4]]).nanquantile(T([0.5, .1]), dim=1)
T([nan, nan]).nanquantile(0.5)
T([3., 1, 2, 7]).quantile(0.5, interpolation='nearest')
T([3., 1, 2, 7]).quantile(0.4, interpolation='higher')
T(2.).quantile(.5)
torch.unique(T([3, 1, 2, 1]), return_inverse=True, return_counts=True)
torch.unique(T([[3, 1], [2, 1]]), return_inverse=True)
torch.unique(T([[3, 1], [2, 1], [3, 1]]), dim=0, return_inverse=True, return_counts=True)
torch.unique(T([[3., 1], [2, 1], [3, 1]]), dim=1, return_inverse=True, return_counts=True)
torch.unique(T([nan, 1., nan]), return_counts=True)
torch.unique(T([True, False, True]))
torch.unique(T([2., 1, 2], dtype=torch.bfloat16), return_inverse=True)
torch.unique(T(3.), return_inverse=True)
torch.unique(T([]), return_inverse=True)
torch.unique(torch.empty(0, 3), dim=0, return_inverse=True)
torch.unique_consecutive(T([1, 1, 2, 1]), return_inverse=True, return_counts=True)
T([[1, 1], [1, 1], [2, 1]]).unique_consecutive(True, True, dim=0)
torch.unique_consecutive(T([[1, 1], [1, 1], [2, 1]]), return_inverse=True)
torch.searchsorted(T([1, 3, 5]), 3)
torch.searchsorted(T([1, 3, 5]), 3.5)
torch.searchsorted(T([1, 3, 5]), T([3.]))
torch.searchsorted(T([1, 3, 5]), T(3))
torch.searchsorted(T([1, 3, 5]), T([3]), side='right', out_int32=True)
torch.searchsorted(T([[1, 3, 5], [2, 4, 6]]), T([[3, 9], [0, 4]]), right=True)
torch.searchsorted(T([]), T([3.]))
torch.bucketize(T([3., nan]), T([1, 3, 5.]), right=True)
torch.bucketize(3, T([1, 3, 5]))
torch.isin(T([1, 2]), 2)
torch.isin(2, T([2, 3]))
torch.isin(T([1, 2]), T([2.]), invert=True)
torch.isin(T([1., nan]), T([nan]))
torch.isin(T([1]), T([]))
torch.bincount(T([1, 1, 3]), T([1., 2, 3]))
torch.bincount(T([1, 1, 3]), T([1, 2, 3]))
torch.bincount(T([], dtype=torch.int64))
torch.histc(T([1., 2, 3]), 4)
torch.histc(T([2., 2]), 3)
torch.histc(T([2., nan]), 3, 0, 4)
torch.histc(T([]), 3)
torch.combinations(T([1, 2, 3]), r=3, with_replacement=True)
torch.combinations(T([1, 2, 3]), r=0)
torch.combinations(T([1, 2, 3]), r=4)
torch.combinations(T([1, 2, 3]), r=1)
torch.cartesian_prod(T([1, 2]), T([3, 4]), T([5, 6, 7]))
torch.cartesian_prod(T([1, 2]))
""".strip().splitlines()

CPU_ONLY = """
torch.histogram(T([1., 2, 3]), 4)
torch.histogram(T([1., 2, 3]), bins=3, range=(0., 2.), weight=T([1., 2, 4]), density=True)
torch.histogram(T([1., 2, 3, 0.5, 4]), T([0.75, 1, 3]))
torch.histogram(T([2., 2.]), 2)
torch.histogram(T([]), 2)
torch.histogram(T([[1., 2], [3, 4]]), 2)
torch.histogramdd(T([[1., 2], [3, 4], [1, 4]]), [2, 2])
torch.histogramdd(T([[1., 2], [3, 4], [1, 4]]), 2, range=[0., 4, 0, 4], density=True)
torch.histogramdd(T([[1., 2], [3, 4], [1, 4]]), [T([0., 1, 4]), T([0., 4.])], weight=T([1., 2, 3]))
""".strip().splitlines()


test_the_result_is_pytorchs = results([*SAME, *CPU_ONLY], names, 1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("text", [*SAME, *CPU_ONLY])
def test_the_result_on_a_gpu_is_that_of_the_cpu(text: str) -> None:
    text = text.replace("empty(0, 3)", "empty(0, 3, device=T(0).device)")
    ours = evaluate(text, gpugrad, **names(gpugrad, "cuda"))
    assert_same(ours, evaluate(text, gpugrad, **names(gpugrad)), 1e-6)


REFUSED = """
T([]).topk(1)
T([3, 1, 2]).topk(-1)
T([True, False]).topk(1)
T([3, 1, 2]).kthvalue(0)
T([3, 1, 2]).kthvalue(4)
T([True, False]).kthvalue(1)
T([True, False]).median()
T([]).mode()
T([]).kthvalue(1)
torch.empty(0, 3).median(0)
T([]).aminmax()
torch.empty(0, 3).aminmax(dim=0)
T([]).amax(0)
T([]).amin((0,))
T([True, False]).argmax()
torch.sort(T([3, 1, 2]), dim=1)
T([1, 2]).logcumsumexp(0)
T([1, 2]).nanmean()
T([1, 2]).quantile(0.5)
T([1., 2]).quantile(1.5)
T([1., 2]).quantile(T([-1.]))
T([1., 2]).quantile(T([0.5, 0.2], dtype=torch.float64))
T([1., 2]).quantile(T([[0.5, 0.2]]))
T([1., 2]).quantile(0.5, interpolation='foo')
T([]).quantile(0.5)
T([1, 2, 4]).diff(n=-1)
T(1.).diff()
T([1, 2, 4]).diff(prepend=T(0))
torch.trapezoid(T([1., 2]), T([0., 1, 3]))
torch.trapezoid(T(1.))
torch.cumulative_trapezoid(T(1.))
torch.gradient(T([1., 2, 4]), spacing=T([0., 1, 4]))
torch.gradient(T([1., 2]), edge_order=2)
torch.gradient(T([1., 2, 4]), edge_order=3)
torch.gradient(T([[1., 2, 4], [1, 1, 1]]), dim=(0, 1), spacing=[1.])
torch.gradient(T([[1., 2, 4], [1, 1, 1]]), dim=(0, 0))
torch.unique(torch.empty(3, 0), dim=0)
torch.searchsorted(T([1, 3, 5]), T([3]), side='left', right=True)
torch.searchsorted(T([1, 3, 5]), T([3]), side='foo')
torch.searchsorted(T([[1, 3, 5], [2, 4, 6]]), T([3]))
torch.searchsorted(T([[1, 3, 5], [2, 4, 6]]), 3)
torch.searchsorted(T([5, 1, 3]), T([3]), sorter=T([1, 2, 9]))
torch.searchsorted(T([5, 1, 3]), T([3]), sorter=T([1, 2]))
torch.searchsorted(T([5, 1, 3]), T([3]), sorter=T([1., 2, 0]))
torch.searchsorted(T(1.), T([3]))
torch.bucketize(T([3]), T([[1, 3, 5]]))
torch.isin(T([True]), T([True]))
torch.isin(1, 1)
torch.bincount(T([1, -1, 3]))
torch.bincount(T([1.]))
torch.bincount(T([[1]]))
torch.bincount(T([1]), T([1., 2]))
torch.bincount(T([1]), minlength=-1)
torch.bincount(T([True]))
torch.histc(T([1, 2, 3]), 4)
torch.histc(T([2., nan]), 3)
torch.histc(T([2., 3]), 0)
torch.histc(T([2., 3]), 3, 4, 1)
torch.histogram(T([1, 2, 3]), 4)
torch.histogram(T([2., nan]), 2)
torch.histogram(T([1., 2]), 2, weight=T([1.]))
torch.combinations(T([1, 2, 3]), r=-1)
torch.combinations(T([[1, 2, 3]]))
torch.cartesian_prod(T([1, 2]), T([3., 4]))
torch.cartesian_prod(T([[1, 2]]), T([3, 4]))
torch.cartesian_prod()
""".strip().splitlines()


@pytest.mark.oracle
@pytest.mark.parametrize("text", REFUSED)
def test_what_pytorch_refuses_is_refused_with_its_exception(text: str) -> None:
    ours, theirs = refused_alike(text, names)
    assert str(ours)[:7] == str(theirs)[:7]


# ----------------------------------------------------------------------------- gradients at corners
CORNERS = """
x.sort()[0]
x.nanmedian()
x.cummax(1)[0]
x.cummin(0)[0]
x.cumprod(0)
x.cumprod(1)
x.logcumsumexp(1)
torch.aminmax(x).min
torch.aminmax(x, dim=0).max
torch.std_mean(x * 0, 0)[0]
x[:1].var(0)
x[:1].var(0, correction=2)
x[:1].std(0)
torch.var_mean(x[:1], 0)[0]
torch.quantile(x, 0.4, 1)
x.max()
""".strip().splitlines()


def ties(module: Any) -> dict[str, Any]:
    x = module.tensor([[1.0, 3, 3, 0], [2, 2, 2, 2], [0, -1, 0, 5]], dtype=module.float64)
    return {"x": x.requires_grad_()}


test_gradients_at_ties_and_zeros_are_pytorchs = derivatives(CORNERS, ties, 1e-12)


def test_where_everything_is_minus_infinity_the_gradient_of_logarithms_is_zero() -> None:
    """PyTorch: NaN."""
    x = gpugrad.tensor([-np.inf, -np.inf, 0.0], device="cpu", requires_grad=True)
    x.logcumsumexp(0).sum().backward()
    assert x.grad.tolist() == [0.0, 0.0, 1.0]


# ------------------------------------------------------------------------------------ larger inputs
@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "int32", "uint8"])
@pytest.mark.parametrize("shape", [(3000,), (30, 100), (100, 30)], ids=str)
def test_any_order_is_stable(dtype: str, shape: tuple[int, ...]) -> None:
    """Few different values, so that most are tied."""
    array = np.random.default_rng(0).integers(0, 50, shape).astype(dtype)
    x = gpugrad.tensor(array, device="cpu")
    for dim in range(len(shape)):
        order = np.argsort(array, dim, kind="stable")
        assert (x.sort(dim).indices.numpy() == order).all()
        opposite = np.argsort(-array.astype(float), dim, kind="stable")
        assert (x.argsort(dim, descending=True).numpy() == opposite).all()
        for k in (1, 7, 29):
            head = np.take(opposite, range(k), dim)
            assert (x.topk(k, dim).indices.numpy() == head).all()
            smallest = np.take(order, range(k), dim)
            assert (x.topk(k, dim, largest=False).indices.numpy() == smallest).all()
            assert (x.kthvalue(k, dim)[0].numpy() == np.sort(array, dim).take(k - 1, dim)).all()


def test_topk_of_different_numbers_takes_the_short_way_to_the_same_result() -> None:
    array = np.random.default_rng(0).permutation(6000).astype("float32")
    for x in (array, array.reshape(6, 1000)):
        found = gpugrad.tensor(x, device="cpu").topk(5)
        assert (found.indices.numpy() == np.argsort(-x)[..., :5]).all()


@pytest.mark.parametrize("reverse", [False, True])
def test_running_sums_of_many_floats_are_more_exact_than_one_after_the_other(reverse: bool) -> None:
    array = np.random.default_rng(0).random(100_001).astype("float32")
    x = gpugrad.tensor(array, device="cpu", requires_grad=True)
    found = x.cumsum(0)
    weights = gpugrad.tensor(array[::-1].copy(), device="cpu")
    if reverse:
        found.backward(weights)
        found, exact = x.grad, np.cumsum(array, dtype=float)[::-1]
    else:
        exact = np.cumsum(array, dtype=float)
    sequential = np.abs(np.cumsum(array) / np.cumsum(array, dtype=float) - 1).max()
    assert np.abs(found.detach().numpy() / exact - 1).max() < sequential / 8


@pytest.mark.oracle
@pytest.mark.parametrize("call", ["cumsum", "cumprod", "logcumsumexp", "cummax", "cummin"])
@pytest.mark.parametrize("length", [1, 2, 3, 31, 32, 33, 64, 65, 99])
def test_running_values_of_any_length_are_pytorchs(call: str, length: int) -> None:
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(length)
    array, weights = rng.uniform(-1.5, 1.5, (3, length, 2)), rng.standard_normal((3, length, 2))
    array[1, length // 2] = 0  # products after it are 0, and ties
    for dim, swapped in ((1, array), (-1, array.swapaxes(1, 2))):
        found = []
        for module in (gpugrad, torch):
            x = module.tensor(np.ascontiguousarray(swapped)).requires_grad_()
            y = getattr(x, call)(dim)
            y = y.values if call in ("cummax", "cummin") else y
            w = module.tensor(weights if dim == 1 else weights.swapaxes(1, 2).copy())
            (y * w).sum().backward()
            found.append((host(y), host(x.grad)))
        for ours, theirs in zip(*found, strict=True):
            assert_close(ours, theirs, 1e-11)


def test_positions_are_all_that_is_kept() -> None:
    x = gpugrad.rand(100, 50, device="cpu", requires_grad=True)
    for call in (x.topk(3, 1), x.kthvalue(3, 1), x.median(1), x.mode(1)):
        assert memory.graph(call.values).unique_bytes == call.indices.nbytes
        assert not call.indices.requires_grad


# ---------------------------------------------------------------------------------- named results
def test_results_have_names_and_are_tuples() -> None:
    found = gpugrad.tensor([3.0, 1.0], device="cpu").sort()
    values, indices = found
    assert values is found.values is found[0]
    assert indices is found.indices
    assert isinstance(found, tuple)
    assert repr(found) == (
        "gpugrad.return_types.sort(\nvalues=tensor([1., 3.]),\nindices=tensor([1, 0]))"
    )


def test_results_survive_pickling() -> None:
    found = pickle.loads(pickle.dumps(gpugrad.tensor([3.0, 1.0], device="cpu").aminmax()))
    assert found.min.item() == 1.0
    assert found.max.item() == 3.0
    assert type(found).__name__ == "aminmax"


def test_out_receives_all_results_under_their_names() -> None:
    values = gpugrad.empty(2, device="cpu")
    indices = gpugrad.empty(2, dtype=gpugrad.int64, device="cpu")
    x = gpugrad.tensor([3.0, 1.0], device="cpu")
    found = gpugrad.sort(x, out=(values, indices))
    assert found.values is values
    assert found.indices is indices
    assert values.tolist() == [1.0, 3.0]
    assert indices.tolist() == [1, 0]

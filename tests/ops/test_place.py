"""Reading and writing by index in all their variants: PyTorch's values, dtypes, errors, writes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import assert_same, both, derivatives, evaluate, refused_alike
from tests.ops.walk import assert_close, host

torch: Any = pytest.importorskip("torch")
# PyTorch announces changes: bytes as masks, lists as tuples, scatter's reduce=.
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore::UserWarning")]


def names(module: Any, device: str = "cpu") -> dict[str, Any]:
    """The variables of the expressions below, as tensors of ``module``."""

    def make(values: Any, dtype: str = "") -> Any:
        made = module.tensor(values, device=device)
        return made.to(getattr(module, dtype)) if dtype else made

    x = np.arange(12.0).reshape(3, 4) - 5
    return {
        "torch": module, "F": module.nn.functional, "np": np, "make": make,
        "x": make(x, "float32"), "n": make(x, "int64"), "b": make(x > 0), "h": make(x, "float16"),
        "i": make([0, 2, 2]), "j": make([[0, 1, 2, 0], [2, 0, 0, 1]]), "k": make([0, 2]),
        "m": make([True, False, True]), "e": make([], "int64"), "z": make(5.0),
        "s": make(np.ones((2, 4)) * 7, "float32"), "v": make([1.0, 2.0, 3.0]),
    }  # fmt: skip


def after(text: str, module: Any, device: str = "cpu") -> Any:
    """``x`` (or what the statement names first) after a statement."""
    scope = names(module, device)
    name = text.partition("[")[0].partition(".")[0]
    exec(text, scope)
    return host(scope[name])


VALUES = """
x.scatter(0, j, s)                              x.scatter(-1, j, s)
x.scatter(0, j, 1)                              n.scatter(0, j, 1.7)
x.scatter(0, j, value=2)                        x.scatter(0, j, src=s)
x.scatter(0, j, s, reduce="add")                x.scatter(0, j, 2.5, reduce="multiply")
x.scatter(0, j.int(), s)                        x.scatter(0, j[:, :3], s)
x.scatter(0, e, s)                              x.scatter(0, make(np.zeros((0, 7)), "int64"), s)
z.scatter(0, make([0]), make([3.0]))            z.scatter(0, make(0), make(3.0))
b.scatter(0, j, True)                           x.t().scatter(1, j.t(), s.t())
n.scatter(0, j, 1.7, reduce="add")              torch.scatter(x, dim=0, index=j, src=s)
x.scatter_add(0, j, s)                          x.scatter_add(0, j[:1, :2], s)
x.scatter_add(0, e, s)                          n.scatter_add(0, j, s.long())
x.scatter_add(1, j.expand(2, 4), s)             x.scatter_add(0, i[:, None].expand(3, 4), x)
x.scatter_add(1, k.expand(3, 2), x[:, :2])      h.scatter_add(0, i[:, None].expand(3, 4), h)
x.scatter_reduce(0, j, s, "sum")                x.scatter_reduce(0, j, s, reduce="mean")
x.scatter_reduce(0, j, s, "prod", include_self=False)   x.scatter_reduce(0, j, s, "amax")
x.scatter_reduce(0, j, -s, "amin", include_self=False)  n.scatter_reduce(0, j, -s.long(), "mean")
b.scatter_reduce(0, j, s > 0, "sum")            b.scatter_reduce(0, j, s > 0, "prod")
b.scatter_reduce(0, j, s > 9, "amin")           h.scatter_reduce(0, j, s.half(), "mean")
z.scatter_reduce(0, make([0, 0]), make([3.0, 4.0]), "prod")
x.scatter_reduce(0, make([[0]]), make([[float("nan")]]), "amax")
x.scatter_reduce(0, i[:, None].expand(3, 4), x, "amax")
x.index_add(0, i, x)                            x.index_add(1, k, x[:, :2], alpha=2)
n.index_add(0, i, n, alpha=2.5)                 x.index_add(0, make(1), x[1:2])
x.index_add(0, i.int(), x)                      z.index_add(0, make([0]), z)
h.index_add(0, i, h, alpha=0.3)                 b.index_add(0, i, b)
torch.index_add(x, dim=0, index=i, source=x, alpha=2)
x.index_copy(0, k, x[1:])                       x.index_copy(1, make(1), x[:, :1])
x[0].index_copy(0, make(1), z)                  z.index_copy(0, make([0]), make([3.0]))
x.index_fill(0, i, 2)                           x.index_fill(0, i, z)
x.index_fill(1, i - 1, 2.5)                     n.index_fill(0, i, 2.5)
b.index_fill(0, i, 2)                           x.index_fill(0, make(1), n.sum())
z.index_fill(0, make([0]), 9)                   torch.index_fill(x, 0, i, value=2)
x.index_put((i,), x[0])                         x.index_put([i], z, accumulate=True)
x.index_put((m,), z)                            x.index_put((k, k), v[1:])
x.index_put((make(1),), z)                      x.index_put((make(True),), z)
torch.index_put_(x, (i,), z)                    x.index_put((b,), v[0], True)
x.index_put((m,), make(2.0, "float64"))
torch.zeros(3).index_put((make([0, 0]),), make([1.0, 2.0]), True)
x.index_put((x > 0,), make(np.arange(6.0), "float32"), accumulate=True)
x.index_reduce(0, i, x, "prod")                 x.index_reduce(0, i, x, "mean")
x.index_reduce(0, i, x, "mean", include_self=False)
x.index_reduce(1, k, x[:, :2], "amax")          x.index_reduce(0, i, x, "amin", include_self=False)
n.index_reduce(0, i, -n, "mean")                z.index_reduce(0, make([0]), z, "amax")
x.index_select(0, i)                            x.index_select(1, make(1))
x.index_select(0, e)                            z.index_select(0, make([0]))
x.take(i)                                       x.take(j - 3)
x.take(make(3))                                 x.t().take(j)
x.take(e)                                       torch.zeros(0).take(e)
z.take(make([0]))                               torch.take(x, index=i)
x.put(i[:2], v[:2])                             x.put(i - 3, v, accumulate=True)
x.t().put(i[:2], v[:2])                         x.put(make(0), z)
x.put(j[:1, :3], v)                             torch.put(x, k, source=v[:2], accumulate=False)
x.take_along_dim(j)                             x.take_along_dim(j, 0)
x.take_along_dim(j - 1, 0)                      x.take_along_dim(j + 1, 0)
x.take_along_dim(make([[0], [1], [2]]), 1)      x.take_along_dim(make([[3]]), -1)
x.gather(0, e)                                  x.gather(0, make(np.zeros((5, 4)), "int64"))
z.gather(0, make(0))                            z.gather(0, make([0, 0]))
x.gather(1, k.expand(3, 2))                     x.t().gather(0, j.t()[:, :1])
x.masked_select(x > 0)                          x.masked_select(m[:, None])
torch.ones(4).masked_select(b)                  z.masked_select(make(False))
x.masked_select(make(True))                     x.t().masked_select(b.t())
x.masked_scatter(b, torch.arange(6.0))          x.masked_scatter(m[:, None], x * 10)
torch.ones(4).masked_scatter(b, x * 10)         x.t().masked_scatter(b.t(), x * 10)
x.masked_fill(b, 1)                             x.masked_fill(b, z.double())
n.masked_fill(b, 1.5)                           n.masked_fill(b, make(1.5))
torch.ones(4).masked_fill(b, 3)                 b.masked_fill(m[:, None], 2)
x.masked_fill(make(True), 2)                    h.masked_fill(b, 0.1)
torch.where(b)                                  torch.where(z)
torch.where(b, 1, 2)                            torch.where(b, 1.0, 2)
torch.where(b, True, False)                     torch.where(b, x, 1)
torch.where(b, n, 1.5)                          torch.where(b, n, x.double())
torch.where(b, n, z)                            torch.where(b.to(torch.uint8), x, n)
x.where(b, 0)                                   x.where(b, z)
torch.where(b, input=x, other=1)                torch.where(make(True), 1, 2)
torch.nonzero(b)                                torch.nonzero(x, as_tuple=True)
torch.nonzero(z)                                torch.nonzero(z, as_tuple=True)
torch.nonzero(z * 0)                            torch.nonzero(z * 0, as_tuple=True)
torch.nonzero(torch.zeros(0, 3))                x.nonzero(as_tuple=False)
torch.argwhere(b)                               torch.argwhere(z * 0)
torch.nonzero_static(b, size=9, fill_value=7)   torch.nonzero_static(z, size=2)
torch.unravel_index(j, (3, 4))                  torch.unravel_index(i - 1, 12)
torch.unravel_index(i.int(), (2, 2, 3))         torch.unravel_index(e, (3, 0))
F.embedding(j, x)                               F.embedding(i.int(), x, -1)
F.embedding(i, x * 1, max_norm=1.0)             F.embedding(make(1), x)
F.embedding(j, x * 1, None, 2.0, 1.0)           torch.embedding(x, i)
F.embedding_bag(j, x)                           F.embedding_bag(i, x, make([0, 1]))
F.embedding_bag(i, x, make([0, 0, 2, 2]), mode="sum")
F.embedding_bag(i, x, make([0, 0, 2, 2]), mode="max")
F.embedding_bag(i, x, make([0, 2, 3]), include_last_offset=True, mode="sum")
F.embedding_bag(j, x, padding_idx=0, mode="mean")
F.embedding_bag(j, x, padding_idx=-3, mode="max")
F.embedding_bag(j, x, padding_idx=0, mode="sum", per_sample_weights=s / 2)
F.embedding_bag(j, x * 1, max_norm=1.0, mode="sum")
F.embedding_bag(e, x, k * 0, mode="sum")
F.embedding_bag(i.int(), x, k.int(), mode="sum")
x[range(2)]                                     x[[True, False, True]]
x[[[0, 1], [1, 2]]]                             x[[slice(0, 2), 1]]
x[[None]]                                       x[[Ellipsis, 1]]
x[[i, i]]                                       x[[make(1), 0]]
x[[]]                                           x[()]
x[True, True]                                   x[False]
x[..., True]                                    x[0, True]
x[..., 0, ...]                                  x[range(2), range(2)]
x[np.array(1)]                                  x[np.int32(1)]
x[np.array([1, 0], np.int16)]                   x[make(1):]
x[1:2:make(2)]                                  x[i.to(torch.uint8)]
x[True, i]                                      x[True, :, i]
x[(0, 1), (1, 2)]                               x[m, [0, 1]]
x[torch.zeros(0, dtype=torch.long)]             x[i, ..., i]
x[10**9 :]                                      x[i.int()]
x.narrow(0, make(1), 2)                         x.narrow(1, -2, 1)
x.select(0, make(1))
"""

WRITES = """
x[0] = make(np.ones((1, 1, 1, 4)))              x[0, 0] = torch.ones(1, 1)
x[i] = torch.ones(1, 1, 1)                      x[i] = torch.ones(1, 3, 4)
x[m] = torch.ones(1, 2, 4)                      x[b] = torch.arange(6.0)
x[b] = torch.arange(6.0)[None]                  x[b] = torch.ones(1)
x[True] = 7                                     x[False] = 7
x[True] = torch.ones(4)                         x[0] = np.float64(3)
x[0] = torch.ones(4).double()                   n[0] = 1.7
n[i] = 1.7                                      n[0] = make(1.7)
b[0] = 2                                        b[i] = 0.5
x[()] = 2                                       x[None] = torch.ones(1, 3, 4)
x[[]] = torch.ones(0, 4)                        x[5:] = torch.ones(4)
x[i, :, None] = torch.ones(3, 4, 1)             x[:, i] = torch.ones(3, 3)
x[m, 0] = torch.ones(2)                         x[range(2)] = 9
z[...] = torch.ones(1)                          z[None] = torch.ones(1)
z[make(True)] = 3                               z[make(False)] = 3
x[m] = z.double()                               x.t()[b.t()] = 0.0
x.scatter_(0, j, s)                             x.scatter_(0, j, 2.0, reduce="multiply")
x.scatter_(0, j, s, reduce="add")               x.scatter_add_(0, j, s)
x.scatter_reduce_(0, j, s, "mean", include_self=False)  x.scatter_reduce_(0, j, s, "amax")
x.index_add_(0, i, x.clone(), alpha=2)          x.t().index_add_(1, i, x.t().clone())
x.index_copy_(0, k, s)                          x.index_fill_(0, i, 2)
x.index_fill_(0, i, z)                          x.index_put_((i,), z)
x.index_put_((i,), z, accumulate=True)          x.index_reduce_(0, i, x.clone(), "prod")
x.put_(k, v[:2])                                x.t().put_(i, v, accumulate=True)
x.masked_fill_(b, 1)                            x.t().masked_fill_(m, z)
x.masked_scatter_(b, x * 2)                     x.t().masked_scatter_(m, x * 2)
z.scatter_(0, make([0]), make([3.0]))           z.index_fill_(0, make([0]), 4)
z.index_add_(0, make([0]), make(2.0))           z.masked_fill_(make(True), 4)
z.index_copy_(0, make([0]), make([2.0]))        z.put_(make([0]), make([3.0]))
x.scatter_(0, e, s)
"""

ERRORS = """
x[m, m]                                         x[:, make([True, False])]
x[torch.ones(2, 4) > 0]                         x[torch.ones(3, 4, 2) > 0]
x[torch.zeros(0, 4) > 0]                        x[torch.zeros(0, 4) > 0] = 1
z[i] = n                                        z.index_select(0, i)
x.index_add_(0, i, x)                           x[i] = x
x[i + 9] = torch.ones(2, 4)                     z[i] = v
n[i + 9] = x                                    n[i] = x[:2]
x.masked_fill_(m, 1)                            z[:] = 1
z[:] = 1                                        x.index_select(1, i + 9)
x[:0].index_select(0, i)                        x[:0].index_select(1, i + 9)
x[i, k]                                         x[m, [0, 1, 2]]
x[1.0]                                          x["a"]
x[object()]                                     x[["a"]]
x[::-1]                                         x[::0]
x[1.5:2]                                        x["a":2]
x[make(1.5):]                                   x[0, 0, 0]
x[0, ..., 0, 0]                                 x[i, i, i]
x[3]                                            x[:, 4]
x[-4]                                           x[i + 1]
x[i - 4]                                        z[0]
z[:]                                            z[i]
z[..., 0]                                       x[i.float()]
x[i.to(torch.int16)]                            x[False, i]
x[0] = torch.ones(2, 4)                         x[0] = torch.ones(3)
x[0:2] = torch.ones(3, 4)                       x[i] = torch.ones(2, 4)
x[i] = torch.ones(5)                            x[m] = torch.ones(3, 4)
x[b] = torch.arange(5.0)                        x[b] = torch.zeros(2, 6)
x[5] = 1                                        x[i + 1] = 1
x[0] = "a"                                      x[0] = None
x[i] = torch.ones(4).double()                   n[i] = torch.ones(4)
x[:, i] = torch.ones(3, 2)                      z[0] = 3
x[torch.ones(2, 4) > 0] = 1                     x[m, i] = 0
x.scatter(0, j, z)                              x.scatter(0, j, s, reduce="bad")
x.scatter(0, j, s.double())                     x.scatter(0, j.to(torch.int16), s)
x.scatter(0, j + 1, s)                          x.scatter(0, j - 1, s)
x.scatter(0, j, s[:1])                          x.scatter(1, make(np.zeros((4, 1)), "int64"), s)
x.scatter(0, i, s)                              x.scatter(3, j, s)
x.scatter(0, j)                                 x.scatter_add(0, j, 2)
x.scatter_add(0, j, s.double())                 x.scatter_reduce(0, j, s, "add")
b.scatter_reduce(0, j, s > 0, "mean")           x.index_add(0, i, x[:2])
x.index_add(0, i, x[:, :3])                     x.index_add(0, i + 2, x)
x.index_add(0, i - 1, x)                        x.index_add(0, i, x.double())
x.index_add(0, i.to(torch.int16), x)                    x.index_add(0, j, x)
x.index_add(0, make(1), x[1])                   x.index_copy(0, i, x[:2])
x.index_copy(0, i, x[:, :3])                    x.index_copy(0, i, z)
x.index_copy(0, make(1), x[1])                  x.index_copy(0, i - 1, x)
x.index_copy(0, i.int(), x)                     x.index_copy(0, i, x.double())
x.index_copy(0, j, x)                           x.index_fill(0, i, x)
x.index_fill(0, i - 5, 2)                       x.index_fill(0, i + 1, 2)
x.index_fill(0, i.int(), 2)                     x.index_fill(0, j, 2)
x.index_put((i,), 2.0)                          x.index_put((i, i), torch.ones(2))
x.index_put(i, z)                               x.index_put((0,), z)
x.index_put((i, i, i), z)                       x.index_put((i + 1,), z)
x.index_put((i,), z.double())                   x.index_put((i,), z.double(), accumulate=True)
x.index_put((i,), torch.ones(2, 4), True)       x.index_reduce(0, i, x, "sum")
x.index_reduce(0, i, x[:2], "prod")             x.index_reduce(0, i + 1, x, "prod")
x.index_reduce(0, j, x, "prod")                 x.index_reduce(0, i, x.double(), "prod")
x.index_select(0, i.float())                    x.index_select(0, i - 1)
x.index_select(0, j)                            z.index_select(0, make([0, 0]))
x.take(i + 12)                                  x.take(i.int())
torch.zeros(0).take(i)                          x.put(i, v[:2])
x.put(i + 12, v)                                x.put(i, v.long())
x.put(i.int(), v)                               x.take_along_dim(j, 1)
x.take_along_dim(i, 1)                          x.take_along_dim(j.float(), 0)
x.gather(0, j.to(torch.int16))                          x.gather(0, make(np.zeros((5, 5)), "int64"))
x.masked_select(m)                              x.masked_select(i)
x.masked_scatter(b, torch.arange(5.0))          x.masked_scatter(b, n)
x.masked_scatter(n, x)                          torch.ones(4).masked_scatter_(b, x)
x.masked_fill(b, torch.ones(1))                 x.masked_fill(n, 1)
x.masked_fill(m, 1)                             torch.ones(4).masked_fill_(b, 3)
x.masked_fill(b, "a")                           torch.where(n, x, x)
torch.where(b, x)                               torch.where(m, x, x)
torch.where(True, x, x)                         torch.nonzero_static(b, size=-2)
torch.unravel_index(i.float(), (3, 4))          torch.unravel_index(i, (3, -4))
torch.unravel_index(i, 2.5)                     torch.unravel_index(i, (3, 0))
F.embedding(i.to(torch.int16), x)                       F.embedding(i, x[0])
F.embedding(i, x, 5)                            F.embedding(i + 1, x)
F.embedding_bag(i, x, k, mode="bad")            F.embedding_bag(i, x)
F.embedding_bag(j, x, k)                        F.embedding_bag(i, x, k + 1)
F.embedding_bag(i, x, make([0, 5]))             F.embedding_bag(j, x, padding_idx=5)
F.embedding_bag(j, x, per_sample_weights=s)     F.embedding_bag(j.float(), x, mode="sum")
F.embedding_bag(j, x, per_sample_weights=s[:1], mode="sum")
F.embedding_bag(j, x, scale_grad_by_freq=True, mode="max")
F.embedding_bag(i.reshape(3, 1, 1), x)          F.embedding_bag(i, x, make([[0, 1]]))
x.narrow(0, 4, 0)                               z.narrow(0, 0, 1)
x.select(0, 5)                                  z.select(0, 0)
"""


def listed(texts: str) -> list[str]:
    """The expressions of a table, which stand in columns."""
    return [t.strip() for line in texts.splitlines() for t in line.split("  ") if t.strip()]


def compare(ours: Any, theirs: Any, tolerance: float) -> None:
    """Tensors, or tuples of them; halves are not that close."""
    if isinstance(theirs, tuple):
        for a, b in zip(ours, theirs, strict=True):
            compare(a, b, tolerance)
    else:
        assert_same(ours, theirs, 2e-3 if theirs.dtype is torch.float16 else tolerance)


@pytest.mark.parametrize("text", listed(VALUES))
def test_values_and_dtypes_are_pytorchs(text: str) -> None:
    compare(*both(text, names), 1e-6)


@pytest.mark.parametrize("text", listed(WRITES))
def test_writes_change_what_pytorch_changes(text: str) -> None:
    assert_close(after(text, gpugrad), after(text, torch), 1e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("text", listed(VALUES))
def test_a_gpu_gives_the_values_of_the_cpu(text: str) -> None:
    ours = evaluate(text, gpugrad, **names(gpugrad, "cuda"))
    compare(ours, evaluate(text, torch, **names(torch)), 2e-6)


@pytest.mark.cuda
@pytest.mark.parametrize("text", listed(WRITES))
def test_a_gpu_is_written_like_the_cpu(text: str) -> None:
    assert_close(after(text, gpugrad, "cuda"), after(text, torch), 2e-6)


OWN_WORDS = ("invalid combination of arguments", "expand(", "not implemented for", "got false")


@pytest.mark.parametrize("text", listed(ERRORS))
def test_what_pytorch_refuses_is_refused_in_its_words(text: str) -> None:
    ours, theirs = refused_alike(text, names)
    if not any(words in str(theirs) for words in OWN_WORDS):
        assert str(ours).startswith(str(theirs)[:22])


# -------------------------------------------------------------------------------------- gradients
# With respect to x and s: ties, zeros, repeated places, writes in place.
GRADIENTS = """
x.scatter(0, j, s)                              x.scatter(0, j[:, :3], s[:, :3])
x.scatter_reduce(0, j, s, "amax")               x.scatter_reduce(0, j, x[:2], "amin")
x.scatter_reduce(0, j, s * 0, "prod")           x.scatter_reduce(0, j * 0, x[:2], "prod")
x.scatter_reduce(0, j, x[1:], "prod", include_self=False)
x.scatter_reduce(0, j, s, "mean", include_self=False)
x.index_reduce(0, i, x[:3], "amax")             x.index_reduce(0, i, x, "prod")
x.index_put((i,), s[0], True)                   x.index_put((i.view(3, 1), i), s[0, 0], True)
x.index_fill(0, i, s[0, 0])                     x.masked_fill(b, s[0, 0])
torch.where(b, x, s[:1])                        torch.where(b, s[0, 0], x)
x.take(j - 3)                                   x.put(i, x[0, :3], True)
x.masked_scatter(b, s)                          x.masked_select(b)
F.embedding(j, x, 0)                            F.embedding(j, x, scale_grad_by_freq=True)
F.embedding_bag(j, x, padding_idx=0)            F.embedding_bag(i, x, k * 0, mode="sum")
F.embedding_bag(i, x, make([0, 0, 2]), mode="max")
F.embedding_bag(j, x, mode="sum", per_sample_weights=s, padding_idx=2)
(x * 1).scatter_(0, j, s)                       (x * 1).scatter_add_(0, j, s)
(x * 1).scatter_reduce_(0, j, s, "amax")        (x * 1).index_add_(0, k, s, alpha=2)
(x * 1).index_copy_(0, k, s)                    (x * 1).index_fill_(0, k, s[0, 0])
(x * 1).index_put_((k,), s)                     (x * 1).index_put_((i,), s[0], accumulate=True)
(x * 1).put_(i[:2], s[0, :2])                   (x * 1).masked_fill_(b, s[0, 0])
(x * 1).masked_scatter_(b, s)                   (x * 1).index_reduce_(0, k, s, "amax")
x.detach().clone().scatter_add_(0, j, s)        x.detach().clone().index_copy_(0, k, s)
x[[[0, 1], [1, 2]]]                             x[np.array([[2, 2]]), 1:]
"""


def leaves(module: Any) -> dict[str, Any]:
    scope = names(module)
    return {**scope, **{n: scope[n].double().requires_grad_() for n in ("x", "s")}}


test_gradients_are_pytorchs = derivatives(listed(GRADIENTS), leaves, 1e-12)


def test_ties_with_a_value_that_takes_no_part_get_none_of_the_gradient() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    source = gpugrad.ones(2, device="cpu", requires_grad=True)
    index = gpugrad.tensor([0, 0], device="cpu")
    x.scatter_reduce(0, index, source, "amax", include_self=False).sum().backward()
    assert x.grad.tolist() == [0.0, 1.0]
    assert source.grad.tolist() == [0.5, 0.5]


def test_the_second_derivative_of_a_product_is_exact_where_two_factors_are_zero() -> None:
    source = gpugrad.tensor([0.0, 0.0, 3.0], device="cpu", requires_grad=True)
    x = gpugrad.tensor([2.0], device="cpu")
    y = x.scatter_reduce(0, gpugrad.tensor([0, 0, 0], device="cpu"), source, "prod")
    (first,) = gpugrad.autograd.grad(y.sum(), source, create_graph=True)
    assert first.tolist() == [0.0, 0.0, 0.0]
    (second,) = gpugrad.autograd.grad(first[0], source)
    assert second.tolist() == [0.0, 6.0, 0.0]


def test_a_write_that_no_graph_follows_goes_straight_into_the_array() -> None:
    x = gpugrad.zeros(4, device="cpu")
    bytes_of = x.array
    index = gpugrad.tensor([1, 1, 3], device="cpu")
    assert x.index_add_(0, index, gpugrad.ones(3, device="cpu")) is x
    assert x.array is bytes_of
    assert x.tolist() == [0.0, 2.0, 0.0, 1.0]
    assert x._version == 1


def test_a_row_of_bags_has_its_gradient_divided_by_how_often_it_was_asked_for() -> None:
    table = gpugrad.ones(3, 2, device="cpu", requires_grad=True)
    index = gpugrad.tensor([[0, 1, 2, 0], [2, 0, 0, 1]], device="cpu")
    bags = gpugrad.nn.functional.embedding_bag(index, table, mode="sum", scale_grad_by_freq=True)
    bags.sum().backward()
    assert table.grad.tolist() == [[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]]


def test_rows_that_are_too_long_are_shortened_in_the_table() -> None:
    table = gpugrad.tensor([[3.0, 4.0], [0.3, 0.4]], device="cpu", requires_grad=True)
    index = gpugrad.tensor([0, 1, 0], device="cpu")
    rows = gpugrad.nn.functional.embedding(index, table, max_norm=1.0)
    assert_close(host(table), [[0.6, 0.8], [0.3, 0.4]], 1e-6)
    assert_close(host(rows), [[0.6, 0.8], [0.3, 0.4], [0.6, 0.8]], 1e-6)
    rows.sum().backward()
    assert table.grad.tolist() == [[2.0, 2.0], [1.0, 1.0]]


@pytest.mark.parametrize("text", [
    "F.embedding(i, x, sparse=True)", "F.embedding_bag(j, x, sparse=True)",
    "x.gather(0, j, sparse_grad=True)",
])  # fmt: skip
def test_sparse_gradients_are_refused(text: str) -> None:
    with pytest.raises(NotImplementedError, match="sparse gradients are not available"):
        eval(text, names(gpugrad))

"""Attention: calls and errors beside PyTorch's, blocks, dropout, bytes, several heads, devices."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad import memory
from gpugrad.nn import functional as F  # noqa: N812  (PyTorch's name)
from gpugrad.ops import attention_cuda, attention_kernels
from tests.ops.walk import random_like

SIZES = {"q": (2, 6, 7, 4), "k": (2, 6, 9, 4), "v": (2, 6, 9, 5), "few": (2, 3, 9, 4),
         "one": (6, 9, 4), "bias": (2, 1, 7, 9), "flat": (7, 9), "row": (9,), "column": (7, 1),
         "per_head": (6, 7, 9), "long": (2, 150, 4), "longer": (2, 200, 4)}  # fmt: skip

CALLS = [
    "sdpa(q, k, v)", "sdpa(q, k, v, scale=0.3)", "sdpa(q, k, v, None, 0.0, True)",
    "sdpa(long, longer, longer)", "sdpa(long, longer, longer, is_causal=True)",
    "sdpa(longer, long, long, is_causal=True)", "sdpa(q, k, v, bias)", "sdpa(q, k, v, flat)",
    "sdpa(q, k, v, row)", "sdpa(q, k, v, column)", "sdpa(q, k, v, per_head)",
    "sdpa(q, k, v, bias > 0)", "sdpa(q, k, v, row > 0)", "sdpa(q, k, v, column > 0)",
    "sdpa(q, k, v, per_head > 0.5)", "sdpa(q, k, v, bias.masked_fill(bias < 0.5, -inf))",
    "sdpa(q, few, few, per_head, enable_gqa=True)", "sdpa(q, few, few, bias, enable_gqa=True)",
    "sdpa(q, few, few, flat > 0, enable_gqa=True)", "sdpa(q, one, v)", "sdpa(q[0, 0], one, v)",
    "sdpa(q, k[:, :, :0], v[:, :, :0])", "sdpa(q[:, :, :0], k, v)", "sdpa(q[:0], k[:0], v[:0])",
    "sdpa(q, k, v, dropout_p=1.0)", "sdpa(q[0, 0], k[0, 0], v[0, 0])",
]  # fmt: skip

WRONG = [
    "sdpa(row, row, row)", "sdpa(q[0, 0], v[0, 0], v[0, 0])", "sdpa(q, k.double(), v)",
    "sdpa(q, k, v, flat, is_causal=True)", "sdpa(q, k, v, torch.ones(3, 9))",
    "sdpa(q, k, v, flat.long())", "sdpa(q, k, v, flat.double())", "sdpa(q, k, v, dropout_p=2.0)",
    "sdpa(q, few, few)", "sdpa(q[:, :4], few, few, enable_gqa=True)",
]  # fmt: skip


def values() -> dict[str, Any]:
    rng = np.random.default_rng(5)
    return {name: rng.standard_normal(size) for name, size in SIZES.items()}


def evaluate(call: str, module: Any, device: str = "cpu", dtype: str = "float64"
             ) -> tuple[Any, dict[str, Any]]:  # fmt: skip
    """The value of a call, and the tensors in it."""
    leaves = {
        name: module.tensor(a, device=device).to(getattr(module, dtype)).requires_grad_()
        for name, a in values().items()
    }
    return with_leaves(call, module, leaves), leaves


def with_leaves(call: str, module: Any, leaves: dict[str, Any]) -> Any:
    sdpa = module.nn.functional.scaled_dot_product_attention
    return eval(call, {"torch": module, "sdpa": sdpa, "inf": float("inf"), **leaves})


def all_orders(call: str, module: Any, device: str = "cpu") -> list[Any]:
    """Value, gradients, those of a plain backward, and the gradients of their weighted sum."""
    value, leaves = evaluate(call, module, device)
    seed = module.tensor(random_like(np.empty(value.shape), 1), device=device, requires_grad=True)
    used = list(leaves.values())
    options = {"allow_unused": True, "materialize_grads": True}
    first = module.autograd.grad(value, used, seed, create_graph=True, **options)
    total = sum((g * (i + 1)).sum() for i, g in enumerate(first))
    second = module.autograd.grad(total, [seed, *used], **options)
    plain = module.autograd.grad(with_leaves(call, module, leaves), used, seed, **options)
    return [t.detach().cpu().numpy() for t in (value, *first, *plain, *second)]


def in_pytorch(call: str) -> list[Any]:
    torch = pytest.importorskip("torch")
    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return all_orders(call, torch)


@pytest.mark.oracle
@pytest.mark.parametrize("call", CALLS)
def test_calls_and_both_derivatives_are_pytorchs(call: str, device: str) -> None:
    for ours, theirs in zip(all_orders(call, gpugrad, device), in_pytorch(call), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


@pytest.mark.oracle
@pytest.mark.parametrize("call", WRONG)
def test_wrong_calls_raise_what_pytorch_raises(call: str) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(RuntimeError) as theirs:
        evaluate(call, torch, dtype="float32")
    with pytest.raises(RuntimeError) as ours:
        evaluate(call, gpugrad, dtype="float32")
    assert str(ours.value)[:25] == str(theirs.value)[:25]


def test_values_for_other_keys_are_refused() -> None:
    """PyTorch's kernel for float32 does not look."""
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        evaluate("sdpa(q, k, q)", gpugrad)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_halves_are_computed_in_float32_and_rounded_once(dtype: str, device: str) -> None:
    ours, leaves = evaluate("sdpa(q, k, v, flat)", gpugrad, device, dtype)
    wide = [leaves[n].detach().double() for n in ("q", "k", "v", "flat")]
    exact = F.scaled_dot_product_attention(*wide)
    assert ours.dtype is getattr(gpugrad, dtype)
    precision = {"float16": 2**-11, "bfloat16": 2**-8}[dtype]
    assert (ours.double() - exact).abs().max().item() < 4 * precision
    assert all(g.dtype is ours.dtype for g in gpugrad.autograd.grad(ours.sum(), [leaves["q"]]))


def test_a_float32_mask_goes_with_halves() -> None:
    q = gpugrad.randn(3, 4, device="cpu").half()
    assert F.scaled_dot_product_attention(q, q, q, gpugrad.zeros(3, 3)).dtype is gpugrad.float16


def test_blocks_of_any_size_give_the_same(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    calls = ("sdpa(long, longer, longer)", "sdpa(q, k, v, bias)", "sdpa(longer, longer, longer, "
             "is_causal=True, dropout_p=0.3)")  # fmt: skip
    for call in calls:
        gpugrad.manual_seed(1)
        before = all_orders(call, gpugrad, device)
        with monkeypatch.context() as patch:
            patch.setattr(attention_kernels, "_BLOCK", 700)
            patch.setattr(attention_cuda, "_SCORES", 700)
            gpugrad.manual_seed(1)
            for a, b in zip(before, all_orders(call, gpugrad, device), strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


# ----------------------------------------------------------------------------------------- dropout
def test_dropout_drops_its_share_and_backward_drops_the_same(device: str) -> None:
    gpugrad.manual_seed(0)
    q = gpugrad.zeros(2, 100, 4, device=device, requires_grad=True)
    eye = gpugrad.eye(80, device=device).expand(2, 80, 80).clone().requires_grad_()
    k = gpugrad.zeros(2, 80, 4, device=device)
    shares = F.scaled_dot_product_attention(q, k, eye, dropout_p=0.25)
    found = shares.detach().cpu().numpy() * 80
    assert np.unique(found.round(4)).tolist() == pytest.approx([0.0, 1 / 0.75], abs=1e-4)
    assert (found == 0).mean() == pytest.approx(0.25, abs=0.015)
    assert (found == 0).mean(1).std() < 0.1
    (g,) = gpugrad.autograd.grad(shares.sum(), eye)
    np.testing.assert_allclose(g.cpu().numpy()[:, :, 0], found.sum(1) / 80, rtol=1e-4)


def test_the_same_seed_drops_the_same_pairs_and_calls_differ(device: str) -> None:
    def call() -> Any:
        return evaluate("sdpa(q, k, v, dropout_p=0.5)", gpugrad, device)[0].tolist()

    gpugrad.manual_seed(4)
    first, second = call(), call()
    gpugrad.manual_seed(4)
    assert call() == first != second


@pytest.mark.cuda
def test_both_devices_drop_the_same_pairs() -> None:
    found = []
    for device in ("cpu", "cuda"):
        gpugrad.manual_seed(9)
        found.append(all_orders("sdpa(q, k, v, dropout_p=0.4)", gpugrad, device))
    for a, b in zip(*found, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)


# ------------------------------------------------------------------------------------------- bytes
@pytest.mark.parametrize("causal", [False, True])
def test_no_matrix_of_all_pairs_is_kept(causal: bool, device: str) -> None:
    q, k, v = (gpugrad.randn(2, 3, 64, 8, device=device, requires_grad=True) for _ in range(3))
    out = F.scaled_dot_product_attention(q, k, v, is_causal=causal)
    assert memory.graph(out).unique_bytes == 4 * q.nbytes + 2 * 3 * 64 * 4
    dropped = F.scaled_dot_product_attention(q, k, v, dropout_p=0.5)
    assert memory.graph(dropped).unique_bytes == 4 * q.nbytes + 2 * 3 * 64 * 4


# ----------------------------------------------------------------------------------- several heads
def heads(lib: Any, seed: int = 0, **changes: Any) -> Any:
    """multi_head_attention_forward of random inputs: L 4, S 5, N 2, 2 heads of 3 features."""
    rng = np.random.default_rng(seed)

    def tensor(*shape: int) -> Any:
        return lib.tensor(rng.standard_normal(shape), requires_grad=True)

    given = {
        "query": tensor(4, 2, 6), "key": tensor(5, 2, 6), "value": tensor(5, 2, 6),
        "in_proj_weight": tensor(18, 6), "in_proj_bias": tensor(18), "bias_k": tensor(1, 1, 6),
        "bias_v": tensor(1, 1, 6), "out_proj_weight": tensor(6, 6), "out_proj_bias": tensor(6),
        "q_proj_weight": tensor(6, 6), "k_proj_weight": tensor(6, 6), "v_proj_weight": tensor(6, 6),
        "static_k": tensor(4, 5, 3), "static_v": tensor(4, 5, 3), "flat": tensor(4, 5),
        "full": tensor(4, 4, 5), "keys": tensor(2, 5),
        "causal": lib.tensor(np.triu(np.ones((4, 4), bool), 1)),
    }  # fmt: skip
    scope = {**given, "torch": lib}
    changes = {n: eval(c, scope) if isinstance(c, str) else c for n, c in changes.items()}
    names = ("query", "key", "value", "in_proj_weight", "in_proj_bias", "out_proj_weight",
             "out_proj_bias")  # fmt: skip
    arguments = {
        **{n: given[n] for n in names}, "bias_k": None, "bias_v": None, "add_zero_attn": False,
        "dropout_p": 0.0, "embed_dim_to_check": 6, "num_heads": 2, **changes,
    }  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # both warn of masks of different dtypes
        out, weights = lib.nn.functional.multi_head_attention_forward(**arguments)
    total = (out**2).sum() + (0 if weights is None else (weights**2).sum())
    wanted = list(given.values())[:-1]
    grads = lib.autograd.grad(total, wanted, allow_unused=True, materialize_grads=True)
    return [t.detach().numpy() for t in (out, *([] if weights is None else [weights]), *grads)]


_SEPARATE = {"use_separate_proj_weight": True, "q_proj_weight": "q_proj_weight",
             "k_proj_weight": "k_proj_weight", "v_proj_weight": "v_proj_weight"}  # fmt: skip
MULTI: list[dict[str, Any]] = [
    {}, {"need_weights": False}, {"average_attn_weights": False}, {"in_proj_bias": None},
    {"key": "query", "value": "query"}, {"value": "key"}, _SEPARATE,
    {**_SEPARATE, "in_proj_bias": None, "need_weights": False},
    {"attn_mask": "flat"}, {"attn_mask": "full", "need_weights": False},
    {"attn_mask": "flat > 0.5", "need_weights": False}, {"key_padding_mask": "keys > 1"},
    {"key_padding_mask": "keys > 1", "attn_mask": "full > 1", "need_weights": False},
    {"key_padding_mask": "keys > 1", "attn_mask": "flat", "need_weights": False},
    {"key_padding_mask": "keys", "attn_mask": "full"},
    {"bias_k": "bias_k", "bias_v": "bias_v", "add_zero_attn": True},
    {"bias_k": "bias_k", "bias_v": "bias_v", "key_padding_mask": "keys > 1", "attn_mask": "flat",
     "need_weights": False},
    {"static_k": "static_k", "static_v": "static_v"}, {"add_zero_attn": True, "attn_mask": "flat"},
    {"key": "query", "value": "query", "attn_mask": "causal", "is_causal": True},
    {"key": "query", "value": "query", "attn_mask": "causal", "is_causal": True,
     "need_weights": False},
    {"query": "query[:, 0]", "key": "key[:, 0]", "value": "value[:, 0]",
     "key_padding_mask": "keys[0] > 1"},
    {"query": "query[:, 0]", "key": "key[:, 0]", "value": "value[:, 0]", "need_weights": False},
    {"dropout_p": 0.5, "training": False},
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("changes", MULTI, ids=str)
def test_several_heads_give_what_pytorch_gives(changes: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    for ours, theirs in zip(heads(gpugrad, **changes), heads(torch, **changes), strict=True):
        assert ours.shape == theirs.shape
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-10)


MULTI_WRONG: list[dict[str, Any]] = [
    {"embed_dim_to_check": 5}, {"num_heads": 4}, {"in_proj_weight": None}, {"bias_k": "bias_k"},
    {"use_separate_proj_weight": True}, {"attn_mask": "flat[:3]"}, {"attn_mask": "full[:3]"},
    {"attn_mask": "flat.long()"}, {"is_causal": True}, {"key": "key[:, 0]"},
    {"key": "key[:3]"}, {"query": "query[0, 0]"}, {"key_padding_mask": "keys[0]"},
    {"static_k": "static_k[:3]"}, {"static_v": "static_v[:, :, :2]"}, {"attn_mask": "flat[0]"},
    {"key_padding_mask": "keys[:, :3]"},
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("changes", MULTI_WRONG, ids=str)
def test_wrong_heads_raise_what_pytorch_raises(changes: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises((AssertionError, RuntimeError)) as theirs:
        heads(torch, **changes)
    with pytest.raises(type(theirs.value)) as ours:
        heads(gpugrad, **changes)
    assert str(ours.value)[:10] == str(theirs.value)[:10]


def test_dropout_thins_the_weights_of_several_heads() -> None:
    gpugrad.manual_seed(0)
    weights = heads(gpugrad, dropout_p=0.5, average_attn_weights=False)[1]
    assert 0.2 < (weights == 0).mean() < 0.8

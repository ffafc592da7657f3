"""A second backward works where nothing that is needed was released, and raises as in PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.beside import evaluate

EXPRESSIONS = """
x + 1; x - 1; x.neg(); x * 2; 2 * x; x / 2; 2 - x; x.true_divide(2); x.pow(1); x * x; x.exp()
torch.sub(x, c, alpha=2); torch.rsub(x, 2); torch.lerp(x, c, 0.3); x.rad2deg(); x.fmod(2)
torch.addcmul(x, c, c, value=0.3); x.remainder(2); x.copysign(-1.0); x.hypot(c); x.logit()
F.threshold(x, 0.1, 2.0); F.hardtanh(x); F.relu6(x); x.float_power(1); x.frexp()[0]; x.clamp(0, 1)
torch.addmm(s, m, s, alpha=2, beta=0.5); torch.baddbmm(m[None], s[None], s[None], beta=0.3)
x.sum(); x.mean(); x.var(); x.std(); x.nansum(); x.nanmean(); x.median(); torch.quantile(x, 0.3)
x.cumsum(0); x.sort()[0]; x.diff(); x.roll(1, 0); x[1:]; x[x > 0.25]; torch.cat([x, c])
torch.trapezoid(x); torch.trapezoid(x, dx=0.3); torch.trapezoid(m, dim=0); torch.trapezoid(x, c)
torch.cumulative_trapezoid(x); torch.cumulative_trapezoid(x, dx=0.5)
torch.cumulative_trapezoid(x, c); torch.gradient(x)[0]; torch.gradient(x, spacing=0.3)[0]
torch.gradient(x, edge_order=2)[0]; torch.gradient(m, spacing=[0.5, 2])[1]
torch.gradient(x, spacing=(c.cumsum(0),))[0]; F.mse_loss(x, c); F.l1_loss(x, c)
F.smooth_l1_loss(x, c); F.huber_loss(x, c); F.kl_div(x, c, reduction="batchmean")
F.normalize(x, dim=0); F.layer_norm(x, (4,)); x.softmax(0); F.dropout(x, 0.0)
F.interpolate(m[None, None], scale_factor=2); F.cross_entropy(m, i, label_smoothing=0.1)
F.lp_pool1d(m, 1, 2); F.embedding_bag(i[None], m, mode="mean"); torch.cov(m); m.renorm(2, 0, 1.0)
F.cosine_similarity(x, c, dim=0); F.scaled_dot_product_attention(m[None], s[None], s[None])
"""
PHRASE = "Trying to backward through the graph a second time"
TABLE = [text.strip() for text in EXPRESSIONS.replace("\n", ";").split(";") if text.strip()]


def second_pass(library: Any, text: str) -> str:
    """What a second backward through the sum of the expression does, with x or its matrix m."""
    x = library.tensor(np.array([0.3, 0.5, 0.2, 0.9]), requires_grad=True, device="cpu")
    c = library.tensor(np.array([0.35, 0.15, 0.7, 0.8]), device="cpu")
    i = library.tensor(np.array([0, 1]), device="cpu")
    names = {"x": x, "c": c, "i": i, "m": x.view(2, 2), "s": c.view(2, 2)}
    loss = evaluate(text, library, **names).sum()
    loss.backward()
    first = x.grad.clone()
    try:
        loss.backward()
    except RuntimeError as error:
        return str(error)[: len(PHRASE)]
    assert np.array_equal(x.grad.numpy(), 2 * first.numpy())
    return "works"


@pytest.mark.oracle
@pytest.mark.parametrize("text", TABLE)
def test_a_second_pass_does_what_it_does_in_pytorch(text: str) -> None:
    torch = pytest.importorskip("torch")
    assert second_pass(gpugrad, text) == second_pass(torch, text)


def test_numbers_within_trapezoid_and_gradient_are_not_released() -> None:
    for text in ("torch.trapezoid(x, dx=0.3)", "torch.gradient(x, edge_order=2)[0]"):
        assert second_pass(gpugrad, text) == "works"
    assert second_pass(gpugrad, "x * 2") == PHRASE

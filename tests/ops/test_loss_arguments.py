"""Losses beside PyTorch: every way of calling them, and every complaint.

Each line is evaluated with both libraries; ``x y z`` are matrices (4, 3) that need gradients, ``p
q`` the same between 0 and 1, ``c`` and ``v`` with four dimensions and with one; ``k`` are factors
of classes, ``f`` of elements, ``i j`` classes, ``u`` signs.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests.beside import derivatives, refused_alike

pytestmark = pytest.mark.filterwarnings("ignore:Using a target size")  # as PyTorch


def names(module: Any) -> dict[str, Any]:
    rng = np.random.default_rng(0)

    def make(*shape: int) -> Any:
        return module.tensor(rng.standard_normal(shape)).requires_grad_()

    def unit(*shape: int) -> Any:
        return module.tensor(rng.random(shape) * 0.9 + 0.05)

    return {
        "x": make(4, 3), "y": make(4, 3), "z": make(4, 3), "c": make(2, 3, 2, 2),
        "v": make(3), "s": make(), "e": make(0, 3), "w": make(5, 3), "b": make(5),
        "p": unit(4, 3).requires_grad_(), "q": unit(4, 3),
        "k": unit(3), "f": unit(4, 3), "i": module.tensor([0, 2, 1, 1]),
        "j": module.tensor(rng.integers(0, 3, (2, 2, 2))), "t": module.tensor,
        "u": module.tensor([1.0, -1.0, -1.0, 1.0]),
        "h": module.tensor([[0, 2, -1], [1, -1, 0], [-1, 2, 2], [0, 1, 2]]),
        "l": make(6, 2, 4), "o": module.tensor([[1, 2, 2], [3, 1, 0]]),
    }  # fmt: skip


REDUCED = """
F.mse_loss(x, y, @) | F.mse_loss(x, y, weight=f, @) | F.mse_loss(x, v, @) | F.mse_loss(s, s, @)
F.l1_loss(x, y, @) | F.l1_loss(x, y, weight=f, @) | F.l1_loss(v, x, @) | F.mse_loss(e, e, @)
F.smooth_l1_loss(x, y, @) | F.smooth_l1_loss(x, y, beta=0, @) | F.smooth_l1_loss(x, y, beta=2, @)
F.huber_loss(x, y, @) | F.huber_loss(x, y, delta=0.3, @) | F.huber_loss(x, y, weight=f, @)
F.binary_cross_entropy(p, q, @) | F.binary_cross_entropy(p, q, f, @)
F.binary_cross_entropy(p, q, k, @) | F.binary_cross_entropy(p, (q > 0.5).double(), weight=k, @)
F.binary_cross_entropy_with_logits(x, q, @) | F.binary_cross_entropy_with_logits(x, q, f, @)
F.binary_cross_entropy_with_logits(x, q, pos_weight=k, @)
F.binary_cross_entropy_with_logits(x, q, k, pos_weight=f, @)
F.kl_div(x, q, @) | F.kl_div(x, y, log_target=True, @) | F.kl_div(x, k, @) | F.kl_div(x, q * 0, @)
F.soft_margin_loss(x, q.sign(), @) | F.soft_margin_loss(x, u[:, None], @) | F.soft_margin_loss(s, k[0], @)
F.hinge_embedding_loss(x, u[:, None], @) | F.hinge_embedding_loss(x, q, 0.2, @)
F.hinge_embedding_loss(x, u[:, None].long(), @) | F.hinge_embedding_loss(v, -v.detach().sign(), 2, @)
F.margin_ranking_loss(x, y, u[:, None], @) | F.margin_ranking_loss(x, y, u[:, None], 0.5, @)
F.margin_ranking_loss(s, s, s.detach(), @) | F.nll_loss(x, i, @) | F.nll_loss(x, i, k, @)
F.nll_loss(x, i, ignore_index=1, @) | F.nll_loss(x, i, k, ignore_index=2, @) | F.nll_loss(c, j, @)
F.nll_loss(v, i[1], @) | F.nll_loss(v.detach(), i[:1], @) | F.nll_loss(c, j, k, @) | F.nll_loss(c[..., 0], j[..., 0], @)
F.nll_loss(c[..., None], j[..., None], @) | F.nll_loss(x, i.to(torch.uint8), @) | F.nll_loss(e, i[:0], @)
F.cross_entropy(x, i, @) | F.cross_entropy(x, i, k, @) | F.cross_entropy(x, i, ignore_index=1, @)
F.cross_entropy(x, i, k, label_smoothing=0.2, ignore_index=1, @) | F.cross_entropy(v, i[1], @)
F.cross_entropy(x, i, label_smoothing=1.0, @) | F.cross_entropy(v.detach(), i[:1], @) | F.cross_entropy(c, j, @)
F.cross_entropy(c, j, k, label_smoothing=0.1, @) | F.cross_entropy(c[..., 0], j[..., 0], @)
F.cross_entropy(x, q, @) | F.cross_entropy(x, q, k, @) | F.cross_entropy(x, q, label_smoothing=0.3, @)
F.cross_entropy(x, q, k, label_smoothing=0.3, @) | F.cross_entropy(v, k, @) | F.cross_entropy(c, c.detach(), @)
F.cross_entropy(x, i * 0 - 100, @) | F.cross_entropy(x, i.to(torch.uint8), @) | F.cross_entropy(x, q, ignore_index=-1, @)
F.cross_entropy(x, q.float(), @) | F.cross_entropy(e, i[:0], @) | F.cross_entropy(c, c.detach(), k, @)
F.linear_cross_entropy(x, w, i, @) | F.linear_cross_entropy(x, w, i, linear_bias=b, @)
F.linear_cross_entropy(v, w, i[1], @) | F.linear_cross_entropy(x, w, q @ w.detach().T, @)
F.linear_cross_entropy(x, w.reshape(5, 1, 3), i[:, None], linear_bias=b[:, None], @)
F.linear_cross_entropy(x, w, i, ignore_index=1, label_smoothing=0.1, weight=b.detach() ** 2, @)
F.gaussian_nll_loss(x, y, p, @) | F.gaussian_nll_loss(x, y, p, full=True, @) | F.gaussian_nll_loss(x, y, 0.4, @)
F.gaussian_nll_loss(x, y, p[:, 0], @) | F.gaussian_nll_loss(x, y, p[:1], @) | F.gaussian_nll_loss(x, y, p[:, :1], @)
F.gaussian_nll_loss(x, y, p, eps=0.5, @) | F.gaussian_nll_loss(x, v, p, @) | F.gaussian_nll_loss(s, s, p[0, 0], @)
F.gaussian_nll_loss(x, y, 0.0, eps=0.1, @) | F.poisson_nll_loss(x, q, @) | F.poisson_nll_loss(x, i[:, None], @)
F.poisson_nll_loss(p, q * 5, False, @) | F.poisson_nll_loss(x, q * 5, full=True, @)
F.poisson_nll_loss(p, q * 5, False, True, eps=0.1, @) | F.poisson_nll_loss(x, i[:, None], full=True, @)
F.cosine_embedding_loss(x, y, u, @) | F.cosine_embedding_loss(x, y, u, 0.4, @) | F.cosine_embedding_loss(v, v, u[1], @)
F.cosine_embedding_loss(x, y[:1], u.long(), -0.5, @) | F.cosine_embedding_loss(x, y, u * 2, @)
F.cosine_embedding_loss(x * 0, y, u, @)
F.triplet_margin_loss(x, y, z, @) | F.triplet_margin_loss(x, y, z, 0.3, 1, @) | F.triplet_margin_loss(v, v, v, @)
F.triplet_margin_loss(x, y, z, p=3, eps=0.1, @) | F.triplet_margin_loss(x, y, z, 2, swap=True, @)
F.triplet_margin_loss(x, y, z, p=float("inf"), @) | F.triplet_margin_loss(c, c * 2, c * 3, @)
F.triplet_margin_loss(x, y, y[:1], @) | F.triplet_margin_loss(x, x, x, @)
F.triplet_margin_with_distance_loss(x, y, z, @) | F.triplet_margin_with_distance_loss(x, y, z, swap=True, @)
F.triplet_margin_with_distance_loss(x, y, z, distance_function=lambda a, b: (a - b).abs().amax(1), @)
F.triplet_margin_with_distance_loss(x, y, z, distance_function=lambda a, b: a * b, margin=0.5, swap=True, @)
F.multi_margin_loss(x, i, @) | F.multi_margin_loss(x, i, 2, @) | F.multi_margin_loss(x, i, 2, 0.5, k, @)
F.multi_margin_loss(x, i, weight=k, margin=-0.5, @) | F.multi_margin_loss(v, i[1], p=2.0, @)
F.multi_margin_loss(v, i[1:2], @) | F.multi_margin_loss(s, i[0], @) | F.multi_margin_loss(v, i[1], weight=k, @)
F.multilabel_margin_loss(x, h, @) | F.multilabel_margin_loss(v, h[0], @) | F.multilabel_margin_loss(s, h[0, 0], @)
F.multilabel_margin_loss(x, h[:, :1].expand(4, 3), @) | F.multilabel_margin_loss(x, h * 0 - 1, @)
F.multilabel_soft_margin_loss(x, q, @) | F.multilabel_soft_margin_loss(x, q, k, @)
F.multilabel_soft_margin_loss(c, c.detach(), @) | F.multilabel_soft_margin_loss(v, k, f, @)
F.multilabel_soft_margin_loss(x, k, @) | F.multilabel_soft_margin_loss(x, i[:3], @)
F.ctc_loss(l.log_softmax(2), o, (6, 5), (3, 2), @) | F.ctc_loss(l.log_softmax(2), o, t([6, 4]), t([2, 1]), @)
F.ctc_loss(l.log_softmax(2), t([1, 2, 3, 3]), [6, 6], [1, 3], @) | F.ctc_loss(l, o, (6, 5), (3, 2), @)
F.ctc_loss(l.log_softmax(2), o - 1, (6, 5), (1, 2), 3, @) | F.ctc_loss(l[:, 0], o[0, :2], t(6), t(2), @)
F.ctc_loss(l[:, 0], o[0], (4,), (3,), @) | F.ctc_loss(l, o, (3, 6), (3, 2), zero_infinity=True, @)
F.ctc_loss(l, o, (6, 0), (0, 0), @) | F.ctc_loss(l, o, (0, 6), (2, 2), zero_infinity=True, @)
F.ctc_loss(l, o, (2, 6), (3, 2), @) | F.ctc_loss(l, o[:, :0], (4, 6), (0, 0), @)
F.ctc_loss(l, o[:, :1], (1, 6), (1, 1), @) | F.ctc_loss(l[:, :1], o[:1].int(), (5,), (2,), @)
"""  # noqa: E501

PLAIN = """
F.kl_div(x, q, reduction="batchmean") | F.kl_div(s, s.exp().detach(), reduction="batchmean")
F.mse_loss(x, y, False) | F.mse_loss(x, y, None, False) | F.mse_loss(x, y, True, True, "none")
F.l1_loss(x, y, reduce=False, size_average=False) | F.smooth_l1_loss(x, y, size_average=True)
F.cross_entropy(x, i, size_average=False) | F.nll_loss(x, i, reduce=False) | F.nll_loss(x, i, reduce=True)
F.kl_div(x, q, size_average=False) | F.kl_div(x, q, reduce=False) | F.kl_div(x, q, True, reduction="batchmean")
F.soft_margin_loss(x, q, False) | F.hinge_embedding_loss(x, q, size_average=False)
F.margin_ranking_loss(x, y, z.detach(), reduce=False) | F.multi_margin_loss(x, i, reduce=False)
F.multilabel_margin_loss(x, h, False) | F.multilabel_soft_margin_loss(x, q, None, None, False)
F.triplet_margin_loss(x, y, z, size_average=False) | F.cosine_embedding_loss(x, y, u, reduce=False)
F.poisson_nll_loss(x, q, size_average=False) | F.binary_cross_entropy(p, q, size_average=False)
F.binary_cross_entropy_with_logits(x, q, None, False) | F.mse_loss(x, y, reduction="elementwise_mean")
torch.kl_div(x, q) | torch.kl_div(x, y, 2, log_target=True) | torch.kl_div(x, q, 0)
torch.binary_cross_entropy_with_logits(x, q, k, f, 0) | torch.binary_cross_entropy_with_logits(x, q)
torch.hinge_embedding_loss(x, q, 0.5, 2) | torch.margin_ranking_loss(x, y, q, 0.1, 0)
torch.cosine_embedding_loss(x, y, u, 0.1, 2) | torch.triplet_margin_loss(x, y, z, 0.5, 2, 1e-6, True, 2)
torch.poisson_nll_loss(x, q, True, False, 1e-8, 1) | torch.ctc_loss(l, o, (6, 5), (3, 2))
torch.ctc_loss(l, o, t([6, 5]), t([3, 2]), 0, 2, True) | torch.triplet_margin_loss(x, y, z)
"""  # noqa: E501

COMPLAINTS = """
F.mse_loss(x, k[:2]) | F.mse_loss(x, y, weight=k) | F.mse_loss(x, y, reduction="avg") | F.l1_loss(x, u)
F.l1_loss(x, y, weight=k) | F.smooth_l1_loss(x, y, beta=-1) | F.smooth_l1_loss(x, y, reduction=1)
F.huber_loss(x, y, delta=0) | F.huber_loss(x, y, delta=-1.0) | F.huber_loss(x, y, weight=k)
F.mse_loss(x, y, weight=f, reduction="avg") | F.huber_loss(x, y, "avg")
F.binary_cross_entropy(x, q) | F.binary_cross_entropy(p, q + 1) | F.binary_cross_entropy(p, k)
F.binary_cross_entropy(p, q, u) | F.binary_cross_entropy(p, q, c.detach()[..., :1]) | F.binary_cross_entropy(p / 0 * 0, q)
F.binary_cross_entropy_with_logits(x, k) | F.binary_cross_entropy_with_logits(x, q, u)
F.binary_cross_entropy_with_logits(x, q, pos_weight=u) | F.binary_cross_entropy_with_logits(x, q, f[None])
F.binary_cross_entropy_with_logits(v, k, pos_weight=f) | F.binary_cross_entropy_with_logits(x, q, reduction="avg")
F.kl_div(x, u) | F.kl_div(x, q, reduction="avg") | F.soft_margin_loss(x, u) | F.soft_margin_loss(v, f)
F.hinge_embedding_loss(x, u) | F.margin_ranking_loss(x, y, u) | F.margin_ranking_loss(x, v, u)
F.nll_loss(x, i[:2]) | F.nll_loss(x, i[None]) | F.nll_loss(x, i + 1) | F.nll_loss(x, i, u) | F.nll_loss(x, i, f)
F.nll_loss(x, q) | F.nll_loss(c, i) | F.nll_loss(c, j[:1]) | F.nll_loss(c, j[..., :1]) | F.nll_loss(x, i.double())
F.nll_loss(x[:2], j[0]) | F.cross_entropy(x, i - 1) | F.cross_entropy(x, i + 1) | F.cross_entropy(x, i[:3])
F.cross_entropy(x, u) | F.cross_entropy(x, i, u) | F.cross_entropy(x, q, u) | F.cross_entropy(x, q, ignore_index=1)
F.cross_entropy(x, i, label_smoothing=1.5) | F.nll_loss(v, i) | F.cross_entropy(s, i[0])
F.cross_entropy(x, i, reduction="batchmean") | F.cross_entropy(c, j[0]) | F.cross_entropy(x, q[:2]) | F.cross_entropy(v, i)
F.linear_cross_entropy(c, w, i) | F.linear_cross_entropy(x, b, i) | F.linear_cross_entropy(x, b[:, None], i)
F.linear_cross_entropy(x, w, i, linear_bias=v) | F.linear_cross_entropy(v, w[:, None], i[0])
F.linear_cross_entropy(x, w, q @ w.T, ignore_index=1) | F.linear_cross_entropy(s, w, i)
F.gaussian_nll_loss(x, y, -p) | F.gaussian_nll_loss(x, y, -0.1) | F.gaussian_nll_loss(x, y, u[:2])
F.gaussian_nll_loss(x, y, k) | F.gaussian_nll_loss(x, y, p[:1, :1]) | F.gaussian_nll_loss(x, y, p, reduction="avg")
F.gaussian_nll_loss(x, u, p) | F.poisson_nll_loss(x, u) | F.poisson_nll_loss(x, q, reduction="avg")
F.cosine_embedding_loss(x, y, q) | F.cosine_embedding_loss(x, y, u[0]) | F.cosine_embedding_loss(v, v, u)
F.cosine_embedding_loss(x, y[:, :2], u) | F.cosine_embedding_loss(x, y, u, reduction="avg") | F.cosine_embedding_loss(x, v, u)
F.triplet_margin_loss(x, y, v) | F.triplet_margin_loss(x, y, z, 0) | F.triplet_margin_loss(x, y, z, margin=-1)
F.triplet_margin_loss(x, y, z[:, :2]) | F.triplet_margin_loss(x, y, z, reduction="avg")
F.triplet_margin_with_distance_loss(x, y, v) | F.triplet_margin_with_distance_loss(x, y, z, margin=0)
F.triplet_margin_with_distance_loss(x, y, z, reduction="avg")
F.multi_margin_loss(x, i + 1) | F.multi_margin_loss(x, i - 1) | F.multi_margin_loss(x, i[:2]) | F.multi_margin_loss(x, i, 3)
F.multi_margin_loss(x, i, weight=u) | F.multi_margin_loss(x, i, weight=f) | F.multi_margin_loss(x, u)
F.multi_margin_loss(c, i) | F.multi_margin_loss(x[:, :0], i) | F.multi_margin_loss(x.long(), i) | F.multi_margin_loss(x, h)
F.multilabel_margin_loss(x, h + 1) | F.multilabel_margin_loss(x, h - 1) | F.multilabel_margin_loss(x, h[:2])
F.multilabel_margin_loss(x, q) | F.multilabel_margin_loss(c, j) | F.multilabel_margin_loss(x, h, reduction="avg")
F.multilabel_soft_margin_loss(s, s) | F.multilabel_soft_margin_loss(x, q, u) | F.multilabel_soft_margin_loss(x, u)
F.multilabel_soft_margin_loss(x, q, reduction="avg")
F.ctc_loss(l, o, (7, 5), (3, 2)) | F.ctc_loss(l, o, (6,), (3, 2)) | F.ctc_loss(l, o, (6, 5), (3,)) | F.ctc_loss(l, o, (6, 5), (4, 2))
F.ctc_loss(l, o, (6, 5), (3, 2), 4) | F.ctc_loss(l, o, (6, 5), (3, 2), -1) | F.ctc_loss(l, o[:1], (6, 5), (3, 2))
F.ctc_loss(l, o, (6, 5), (3, 2), reduction="avg") | F.ctc_loss(l, o, (-1, 5), (3, 2))
F.ctc_loss(l, o[0], (6, 5), (3, 2)) | F.ctc_loss(l, o, t([6.0, 5.0]), t([3.0, 2.0])) | F.ctc_loss(l, o, (6, 5), (-3, 2))
F.ctc_loss(l.long(), o, (6, 5), (3, 2)) | F.ctc_loss(c, o, (6, 5), (3, 2)) | F.ctc_loss(v, o, (6, 5), (3, 2))
"""  # noqa: E501


def lines(text: str) -> list[str]:
    return [part.strip() for line in text.strip().splitlines() for part in line.split(" | ")]


def ways() -> list[str]:
    every = [line.replace(", @)", f', reduction="{each}")')
             for line in lines(REDUCED) for each in ("none", "mean", "sum")]  # fmt: skip
    return [*every, *lines(PLAIN)]


test_a_loss_and_its_gradients_are_pytorchs = derivatives(ways(), names, 1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("text", lines(COMPLAINTS))
def test_a_complaint_is_of_pytorchs_kind(text: str) -> None:
    refused_alike(text, names)

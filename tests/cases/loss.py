"""Losses and what they are made of."""

from tests.rows import row

__all__ = ["LOSSES", "SOFTMAX", "TERMS"]

TERMS = [
    row("F.mse_loss(x, y, reduction='none')", "(x - y) ** 2", "x y"),
    row("F.l1_loss(x, y, reduction='none')", "abs(x - y)", "48"),
    row("F.smooth_l1_loss(x, y, reduction='none', beta=0.8)",
        "np.where(abs(x - y) < 0.8, (x - y) ** 2 / 1.6, abs(x - y) - 0.4)", "x y"),
    row("F.huber_loss(x, y, reduction='none', delta=0.8)",
        "np.where(abs(x - y) < 0.8, (x - y) ** 2 / 2, 0.8 * (abs(x - y) - 0.4))", "x y"),
    row("F.poisson_nll_loss(x, y, reduction='none')", "np.exp(x) - y * x", "x y"),
    row("F.poisson_nll_loss(x, y, log_input=False, reduction='none')", "x - y * np.log(x + 1e-8)",
        "x y", domain=(0.2, 4)),
    row("F.binary_cross_entropy(x, y, reduction='none')",
        "-(y * np.maximum(np.log(x), -100) + (1 - y) * np.maximum(np.log1p(-x), -100))", "x y",
        domain=(0.05, 0.95)),
    row("F.binary_cross_entropy_with_logits(x, y, reduction='none')", "softplus(x) - x * y", "x y"),
    row("F.binary_cross_entropy_with_logits(x, y, pos_weight=k, reduction='none')",
        "k * y * softplus(-x) + (1 - y) * softplus(x)", "x y k", k=(3,)),
    row("F.kl_div(x, y, reduction='none')", "sp.xlogy(y, y) - y * x", "x y", domain=(0.1, 2)),
    row("F.kl_div(x, y, reduction='none', log_target=True)", "np.exp(y) * (y - x)", "x y"),
    # PyTorch has no gradient for the targets of soft_margin_loss.
    row("losses.soft_margin_loss(x, y, reduction='none')", "softplus(-y * x)", "x y",
        oracle="F.softplus(-y * x, threshold=99)"),
    row("losses.hinge_embedding_loss(x, k, 0.9, reduction='none')",
        "x + np.maximum(0.9 - x, 0)", "x 12 12",
        oracle="F.hinge_embedding_loss(x, k, 0.9, reduction='none')"),
    row("losses.margin_ranking_loss(x, y, z, 0.3, reduction='none')",
        "np.maximum(0.3 - z * (x - y), 0)", "48 z",
        oracle="F.margin_ranking_loss(x, y, z, 0.3, reduction='none')"),
]  # fmt: skip

SOFTMAX = [
    row("x.softmax(1)", "softmax(x, 1)", "result"),
    row("x.softmax(0)", "softmax(x, 0)", "result", x=(2, 3, 4)),
    row("x.log_softmax(-1)", "log_softmax(x, -1)", "result"),
    row("x.log_softmax(1)", "log_softmax(x, 1)", "result", x=(2, 3, 4)),
    row("softmin(x, 1)", "softmax(-x, 1)", "result", oracle="F.softmin(x, 1)"),
    row("F.nll_loss(x, i)", "-x[np.arange(4), i].mean()", "i 4", i=(4,)),
    row("F.nll_loss(x, i, k, reduction='none')", "-x[np.arange(4), i] * k[i]", "i k 4",
        i=(4,), k=(3,)),
    row("F.cross_entropy(x, i)", "-log_softmax(x, 1)[np.arange(4), i].mean()", "x i 4", i=(4,)),
    row("F.cross_entropy(x, i, reduction='sum', label_smoothing=0.1)",
        "-(0.9 * log_softmax(x, 1)[np.arange(4), i] + 0.1 * log_softmax(x, 1).mean(1)).sum()",
        "x i 4", i=(4,)),
    row("F.cross_entropy(x, i, k, ignore_index=1)",
        "-((i != 1) * k[i] * log_softmax(x, 1)[np.arange(9), i]).sum() / ((i != 1) * k[i]).sum()",
        "x i k 4", x=(9, 3), i=(9,), k=(3,)),
    row("F.cross_entropy(x, i, reduction='none')",
        "-np.take_along_axis(log_softmax(x, 1), i[:, None], 1)[:, 0]", "x i 4",
        x=(2, 3, 4), i=(2, 4)),
    row("F.cross_entropy(x, y)", "-(log_softmax(x, 1) * y).sum(1).mean()", "48 again y"),
]  # fmt: skip

LOSSES = [
    row("F.mse_loss(x, y)", "((x - y) ** 2).mean()", "x y"),
    row("F.mse_loss(x, k, reduction='sum')", "((x - k) ** 2).sum()", "x k"),
    row("F.l1_loss(x, y)", "abs(x - y).mean()", "48"),
    row("F.binary_cross_entropy_with_logits(x, k)", "(softplus(x) - x * k).mean()", "x k"),
    row("F.kl_div(x, y, reduction='batchmean')", "(sp.xlogy(y, y) - y * x).sum() / 4", "x y",
        domain=(0.1, 2)),
    row("F.poisson_nll_loss(x, y, full=True, reduction='none')", "np.exp(x) - y * x + "
        "np.where(y > 1, y * np.log(y) - y + 0.5 * np.log(2 * np.pi * y), 0)", "x y y",
        domain=(0.2, 4)),
    row("F.gaussian_nll_loss(x, y, z, reduction='none')", "(np.log(z) + (x - y) ** 2 / z) / 2",
        "48 48", domain=(0.5, 3)),
    row("F.cosine_embedding_loss(x, y, k.sign(), 0.1, reduction='none')",
        "np.where(k > 0, 1 - cosine(x, y), np.maximum(cosine(x, y) - 0.1, 0))",
        "x y 16 16 16 4 4", k=(4,)),
    row("F.triplet_margin_loss(x, y, z, 0.9, reduction='none')",
        "np.maximum(0.9 + distance(x, y) - distance(x, z), 0)", "48 16 48 16 16"),
    row("F.triplet_margin_loss(x, y, z, 0.9, p=1, eps=0.1, swap=True)",
        "np.maximum(0.9 + abs(x - y + 0.1).sum(1) - np.minimum(abs(x - z + 0.1).sum(1), "
        "abs(y - z + 0.1).sum(1)), 0).mean()", "48 48 48 16 16 16"),
    # PyTorch has no second derivatives of losses of margins between classes.
    row("F.multi_margin_loss(x, i, margin=0.8, reduction='none')",
        "(np.maximum(0.8 - x[np.arange(4), i][:, None] + x, 0).sum(1) - 0.8) / 3", "x i",
        oracle="((0.8 - x.gather(1, i[:, None]) + x).clamp_min(0).sum(1) - 0.8) / 3", i=(4,)),
    row("F.multi_margin_loss(x, i, 2, 0.8, k, reduction='none')",
        "k[i] * ((np.maximum(0.8 - x[np.arange(4), i][:, None] + x, 0) ** 2).sum(1) - 0.64) / 3",
        "x i k", i=(4,), k=(3,), oracle="k[i] * (((0.8 - x.gather(1, i[:, None]) + x).clamp_min(0)"
        " ** 2).sum(1) - 0.64) / 3"),
    row("F.multilabel_margin_loss(x, i - 1, reduction='none')", "multilabel_margin(x, i - 1)",
        "x 96", oracle="((1 - x.gather(1, (i - 1).clamp_min(0))[:, :, None] + x[:, None])"
        ".clamp_min(0) * (i > 0).cumprod(1)[:, :, None] * (1 - (F.one_hot((i - 1).clamp_min(0), 3)"
        " * (i > 0).cumprod(1)[:, :, None]).amax(1))[:, None]).sum((1, 2)) / 3"),
    row("F.multilabel_soft_margin_loss(x, k)", "(softplus(x) - x * k).mean()", "x k"),
    row("F.linear_cross_entropy(x, w, i)", "-log_softmax(x @ w.T, 1)[np.arange(4), i].mean()",
        "x w 80 i 4", i=(4,), w=(5, 3), below=5),
]  # fmt: skip

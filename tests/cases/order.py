"""Order, running values, quantiles, counts."""

from tests.rows import row

__all__ = ["ORDER", "POSITIONS"]

ORDER = [
    row("x.sort()[0]", "np.sort(x)", "96"),
    row("torch.sort(x, 1, descending=True)[0]", "np.sort(x, 1)[:, ::-1]", "192", x=(2, 3, 4)),
    row("torch.sort(x, dim=0, descending=True).values", "np.sort(x, 0)[::-1]", "96"),
    row("x.msort()", "np.sort(x, 0)", "96"),
    row("x.topk(2)[0]", "np.sort(x)[:, :0:-1]", "64"),
    row("torch.topk(x, 1, 0, largest=False).values", "np.sort(x, 0)[:1]", "24"),
    row("x.topk(3)[0]", "np.sort(x)[::-1][:3]", "24", x=(20,)),
    row("x.kthvalue(2)[0]", "np.sort(x)[:, 1]", "32"),
    row("x.kthvalue(3, 0, keepdim=True)[0]", "np.sort(x, 0)[2:3]", "24"),
    row("x.median()", "np.sort(x, None)[5]", "x result"),
    row("x.median(0)[0]", "np.sort(x, 0)[1]", "24"),
    row("torch.nanmedian(x)", "np.sort(x, None)[5]", "x result"),
    row("torch.nanmedian(x, 1, True)[0]", "np.sort(x, 1)[:, 1:2]", "32"),
    row("x.mode()[0]", "x.min(1)", "32"),
    row("x.cumsum(0)", "x.cumsum(0)"),
    row("torch.cumsum(x, -2)", "x.cumsum(1)", x=(2, 50, 3)),
    row("x.cumprod(1)", "x.cumprod(1)", "x result"),
    row("x.cumprod(0)", "x.cumprod(0)", "x result", x=(7, 2), domain=(0.5, 2.0)),
    row("x.logcumsumexp(0)", "np.logaddexp.accumulate(x, 0)", "x result"),
    row("x.logcumsumexp(1)", "np.logaddexp.accumulate(x, 1)", "x result", x=(2, 9)),
    row("x.cummax(0)[0]", "np.maximum.accumulate(x, 0)", "96"),
    row("x.cummin(-1)[0]", "np.minimum.accumulate(x, 1)", "96"),
    row("torch.add(*torch.aminmax(x))", "x.min() + x.max()", "x 4 4"),
    row("torch.sub(*torch.aminmax(x, dim=1))", "x.min(1) - x.max(1)", "x 16 16"),
    row("x.nansum(1)", "x.sum(1)", "x"),
    row("x.nanmean(0, True)", "x.mean(0, keepdims=True)", "x 12"),
    row("torch.sub(*torch.std_mean(x, 1))", "x.std(1, ddof=1) - x.mean(1)", "x 16"),
    row("torch.std_mean(x)[1]", "x.mean()", "x 4"),
    row("torch.var_mean(x)[0]", "x.var(ddof=1)", "x"),
    row("torch.max(x, y)", "np.maximum(x, y)", "x y"),
]  # fmt: skip

POSITIONS = []

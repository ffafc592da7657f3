"""One step of recurrent layers."""

from tests.rows import row

__all__ = ["CELLS"]

CELLS = [
    row("torch.rnn_tanh_cell(x, y, z, w, k, k)", "np.tanh(x @ z.T + y @ w.T + 2 * k)",
        "x z y w result", y=(4, 2), z=(2, 3), w=(2, 2), k=(2,)),
    row("torch.rnn_relu_cell(x, y, z, w, k, k)", "np.maximum(x @ z.T + y @ w.T + 2 * k, 0)",
        "x z y w result", y=(4, 2), z=(2, 3), w=(2, 2), k=(2,)),
    row("torch.lstm_cell(x, (y, w), z, k)[0]",
        "(lambda i, f, c, o: sp.expit(o) * np.tanh(sp.expit(f) * w + sp.expit(i) * np.tanh(c)))"
        "(*np.split(x @ z.T + y @ k.T, 4, 1))",
        "x z k 16 again w 16 16 again again 16 16 again again",
        y=(4, 1), z=(4, 3), w=(4, 1), k=(4, 1)),
    row("torch.gru_cell(x, y, z, w)",
        "(lambda a, b: (lambda n, u: n + u * (y - n))("
        "np.tanh(a[2] + sp.expit(a[0] + b[0]) * b[2]), sp.expit(a[1] + b[1])))"
        "(np.split(x @ z.T, 3, 1), np.split(y @ w.T, 3, 1))",
        "x z y w 32 again 96 32 32 again y again", y=(4, 2), z=(6, 3), w=(6, 2), fused=True),
]  # fmt: skip

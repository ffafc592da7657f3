"""One step of recurrent layers."""

from tests.rows import row

__all__ = ["CELLS"]

CELLS = [
    row("torch.rnn_tanh_cell(x, y, z, w, k, k)", "np.tanh(x @ z.T + y @ w.T + 2 * k)",
        "x z y w result", y=(4, 2), z=(2, 3), w=(2, 2), k=(2,)),
    row("torch.rnn_relu_cell(x, y, z, w, k, k)", "np.maximum(x @ z.T + y @ w.T + 2 * k, 0)",
        "x z y w result", y=(4, 2), z=(2, 3), w=(2, 2), k=(2,)),
]  # fmt: skip

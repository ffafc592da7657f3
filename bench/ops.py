"""What ops cost beside PyTorch: small calls in microseconds, large in milliseconds.

Both libraries run in one process and take turns, on the same number of threads; a ratio above one
means that gpugrad takes longer. Each line is one expression, forward alone and, where it has a
gradient, forward and backward.

    python bench/ops.py [--device cuda] [--threads N] [--rounds 7] [--only TEXT] [--out FILE]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import gpugrad
from gpugrad.expr import set_num_threads

try:
    import torch
except ImportError:
    sys.exit("bench/ops.py compares with PyTorch: pip install torch==2.13.0")

Shapes = dict[str, tuple[int, ...]]

SMALL: list[tuple[str, Shapes]] = [
    *((call, {"x": (4, 3), "y": (4, 3)}) for call in (
        "x + y", "x * 2", "x.exp()", "torch.where(b, x, y)", "x.masked_fill(b, 0.5)",
        "torch.lerp(x, y, 0.3)", "x[0]", "x[1:, 0]", "x[i]", "x[b]", "x.sum()", "x.sum(1)",
        "x.mean(0)", "x.max(1)[0]", "x.reshape(-1)", "x.t()", "x.unsqueeze(0)", "x.expand(2, 4, 3)",
        "torch.cat([x, y])", "torch.stack([x, y])", "x.softmax(1)", "x @ y.t()", "x.gather(1, j)",
        "F.mse_loss(x, y)", "x.cumsum(1)", "x.sort(1)[0]", "x.var(1)", "x.clamp(-1, 1)",
    )),
]  # fmt: skip
LARGE: list[tuple[str, Shapes]] = [
    ("x * y + z", dict.fromkeys("xyz", (1000, 1000))),
    ("x.sum(1)", {"x": (1000, 1000)}), ("x.mean(0)", {"x": (1000, 1000)}),
    ("x.max(1)[0]", {"x": (1000, 1000)}), ("x.var(1)", {"x": (1000, 1000)}),
    ("x.logsumexp(1)", {"x": (1000, 1000)}), ("x.cumsum(1)", {"x": (1000, 1000)}),
    ("x.sort(1)[0]", {"x": (1000, 1000)}), ("x.topk(10, 1)[0]", {"x": (1000, 1000)}),
    ("x.prod(1)", {"x": (1000, 1000)}), ("x.cummax(1)[0]", {"x": (1000, 1000)}),
    ("torch.where(b, x, y)", dict.fromkeys("xy", (1000, 1000))),
    ("x[i]", {"x": (10_000, 100)}), ("x[b]", {"x": (1000, 1000)}),
    ("x.gather(1, j)", {"x": (1000, 1000)}),
    ("torch.cat([x, y], 1)", dict.fromkeys("xy", (1000, 1000))),
    ("x.permute(2, 0, 1).contiguous()", {"x": (100, 100, 100)}),
    ("x @ y", dict.fromkeys("xy", (512, 512))),
    ("x @ y", {"x": (32, 128, 64), "y": (32, 64, 128)}),
    ("torch.einsum('bhqd,bhkd->bhqk', x, y)", dict.fromkeys("xy", (4, 8, 128, 64))),
    ("F.linear(x, y, z)", {"x": (64, 512), "y": (512, 512), "z": (512,)}),
    ("torch.linalg.solve(x, y)", {"x": (200, 200), "y": (200, 10)}),
    ("F.conv2d(x, y, padding=1)", {"x": (32, 32, 28, 28), "y": (64, 32, 3, 3)}),
    ("F.conv2d(x, y, padding=1)", {"x": (8, 64, 32, 32), "y": (64, 64, 3, 3)}),
    ("F.conv1d(x, y)", {"x": (16, 64, 1000), "y": (64, 64, 5)}),
    ("F.max_pool2d(x, 2)", {"x": (16, 64, 56, 56)}),
    ("F.avg_pool2d(x, 2)", {"x": (16, 64, 56, 56)}),
    ("F.interpolate(x, scale_factor=2, mode='bilinear')", {"x": (8, 32, 32, 32)}),
    ("F.layer_norm(x, (512,), y, z)", {"x": (4096, 512), "y": (512,), "z": (512,)}),
    ("F.batch_norm(x, None, None, y, z, True)", {"x": (32, 64, 28, 28), "y": (64,), "z": (64,)}),
    ("F.group_norm(x, 8, y, z)", {"x": (32, 64, 28, 28), "y": (64,), "z": (64,)}),
    ("x.softmax(1)", {"x": (4096, 512)}), ("F.gelu(x)", {"x": (1000, 1000)}),
    ("F.cross_entropy(x, c)", {"x": (4096, 512)}), ("F.dropout(x, 0.1)", {"x": (1000, 1000)}),
    ("F.scaled_dot_product_attention(x, y, z, is_causal=True)",
     dict.fromkeys("xyz", (4, 8, 256, 64))),
    ("F.embedding(i, x)", {"x": (10_000, 100)}),
]  # fmt: skip


def inputs(shapes: Shapes, module: Any, grad: bool, device: str) -> dict[str, Any]:
    """The tensors of one expression, the same numbers for both libraries."""
    rng = np.random.default_rng(0)
    first = next(iter(shapes.values()))
    arrays: dict[str, Any] = {
        name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()
    }
    arrays |= {
        "b": rng.random(first) < 0.5, "i": rng.integers(0, first[0], min(5000, 4 * first[0])),
        "c": rng.integers(0, first[-1], first[0]), "j": rng.integers(0, first[-1], first[:2])
    }  # fmt: skip
    where = {"device": device}
    made = {n: module.tensor(a, **where, **({"requires_grad": True} if grad and n in "xyz" else {}))
            for n, a in arrays.items()}  # fmt: skip
    return {**made, "torch": module, "F": module.nn.functional}


def timed(call: Callable[[], Any], repeat: int, device: str) -> float:
    """Seconds per call, the device's work included."""
    wait = torch.cuda.synchronize if device == "cuda" else lambda: None  # the whole device waits
    wait()
    begin = time.perf_counter()
    for _ in range(repeat):
        call()
    wait()
    return (time.perf_counter() - begin) / repeat


def calls(text: str, shapes: Shapes, module: Any, backward: bool, device: str
          ) -> Callable[[], Any]:
    """One expression as a function of nothing; with ``backward`` the gradients too."""
    scope = inputs(shapes, module, backward, device)
    function = eval(f"lambda: {text}", scope)
    if not backward:
        return function  # type: ignore[no-any-return]
    leaves = [scope[name] for name in shapes]
    seed = module.ones_like(function()).detach()
    return lambda: module.autograd.grad(function(), leaves, seed, allow_unused=True)


def compare(text: str, shapes: Shapes, backward: bool, rounds: int, device: str
            ) -> tuple[float, float]:
    """The best times of gpugrad and of PyTorch, in turns."""
    ours, theirs = (calls(text, shapes, m, backward, device) for m in (gpugrad, torch))
    for call in (ours, theirs):
        call()
    repeat = max(1, int(2e-2 / max(timed(theirs, 3, device), 1e-7)))
    pairs = [(timed(ours, repeat, device), timed(theirs, repeat, device)) for _ in range(rounds)]
    return min(a for a, _ in pairs), min(b for _, b in pairs)


def device_name(device: str) -> str:
    """Which GPU, or "cpu"."""
    return str(torch.cuda.get_device_name()) if device == "cuda" else device


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--only", default="")
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    set_num_threads(options.threads)
    rows = []
    print(f"{'expression':<58}{'forward':>22}{'with backward':>22}   gpugrad, / PyTorch")
    for title, table, unit in (("small", SMALL, 1e6), ("large", LARGE, 1e3)):
        for text, shapes in table:
            if options.only not in text:
                continue
            row: dict[str, Any] = {"table": title, "call": text, "shapes": list(shapes.values())}
            shown = f"{text:<58}"
            for name, backward in (("forward", False), ("backward", True)):
                ours, theirs = compare(text, shapes, backward, options.rounds, options.device)
                row |= {f"{name}_us": ours * 1e6, f"{name}_ratio": ours / theirs}
                mark = "µs" if unit == 1e6 else "ms"
                shown += f"{ours * unit:>12.2f} {mark} {ours / theirs:>6.2f}"
            rows.append(row)
            print(shown, flush=True)
    if options.out:
        about = {"device": device_name(options.device), "threads": options.threads,
                 "processor": platform.processor(), "python": platform.python_version(),
                 "torch": torch.__version__}  # fmt: skip
        options.out.write_text(json.dumps({**about, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()

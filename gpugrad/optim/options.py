"""The options that optimizers share: their checks, and the numbers they stand for.

Holds:     the messages are PyTorch's.
Must not:  know any optimizer.
"""

from __future__ import annotations

from typing import Any

__all__ = ["check_common", "check_flags", "number"]


def check_common(lr: Any, weight_decay: Any) -> None:
    """ValueError for a negative learning rate or weight decay."""
    if getattr(lr, "shape", ()) not in ((), (1,)):
        raise ValueError("Tensor lr must be 1-element")
    if not number(lr) >= 0.0:
        raise ValueError(f"Invalid learning rate: {lr}")
    if not number(weight_decay) >= 0.0:
        raise ValueError(f"Invalid weight_decay value: {weight_decay}")


def check_flags(foreach: bool | None, fused: bool | None, differentiable: bool) -> None:
    """Refuses what no update can do; ``foreach`` and ``fused`` alone change nothing."""
    if fused and differentiable:
        raise RuntimeError("`fused` does not support `differentiable`")
    if fused and foreach:
        raise RuntimeError("`fused` and `foreach` cannot be `True` together.")
    if differentiable:
        raise NotImplementedError(
            "differentiable=True: updates are made in place, outside the graph. Write the step "
            "with tensor operations (p - lr * g, with g from autograd.grad(create_graph=True))"
        )


def number(value: Any) -> float:
    """A setting as a float; a one-element tensor is read now."""
    return value if value.__class__ is float else float(value)

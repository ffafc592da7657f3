"""Stochastic gradient descent.

Holds:     one update of all parameters per device and dtype: one launch on CUDA.
Must not:  do arithmetic; that is update.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..graph import mutated, new_tensor
from .optimizer import Optimizer, ParamsT
from .options import check_common, check_flags, number
from .update import SgdConstants, update_sgd

__all__ = ["SGD"]


class SGD(Optimizer):
    """``p -= lr * g``, with momentum, Nesterov momentum and L2 weight decay.

    State:   momentum_buffer (bytes of the parameter), if momentum is not 0
    Source:  Sutskever et al. 2013; semantics of torch.optim.SGD. ``foreach`` and ``fused`` are
             accepted and change nothing: every update covers all parameters at once.
    """

    def __init__(self, params: ParamsT, lr: Any = 1e-3, momentum: float = 0, dampening: float = 0,
                 weight_decay: float = 0, nesterov: bool = False, *, maximize: bool = False,
                 foreach: bool | None = None, differentiable: bool = False,
                 fused: bool | None = None) -> None:  # fmt: skip
        check_common(lr, weight_decay)
        if momentum < 0.0:
            raise ValueError(f"Invalid momentum value: {momentum}")
        if nesterov and (momentum <= 0 or dampening != 0):
            raise ValueError("Nesterov momentum requires a momentum and zero dampening")
        check_flags(foreach, fused, differentiable)
        defaults = {
            "lr": lr, "momentum": momentum, "dampening": dampening, "weight_decay": weight_decay,
            "nesterov": nesterov, "maximize": maximize, "foreach": foreach,
            "differentiable": differentiable, "fused": fused,
        }  # fmt: skip
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient; returns what ``closure`` returned."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            buckets: dict[Any, list[Any]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    fresh = bool(group["momentum"]) and self._buffer(p) is None
                    buckets.setdefault((p.kind, fresh), []).append(p)
            for (_, fresh), params in buckets.items():
                self._update(params, group, fresh)
        return loss

    def _buffer(self, p: Any) -> Any:
        return self.state[p].get("momentum_buffer")

    def _update(self, params: list[Any], group: dict[str, Any], fresh: bool) -> None:
        constants = SgdConstants(
            number(group["lr"]), number(group["momentum"]), number(group["dampening"]),
            number(group["weight_decay"]), group["nesterov"], group["maximize"], fresh,
        )  # fmt: skip
        if fresh:
            for p in params:
                buffer = new_tensor(p.kind.xp.empty_like(p.array), p.kind)
                self.state[p]["momentum_buffer"] = buffer
        buffers = [self._buffer(p) for p in params] if group["momentum"] else []
        update_sgd(
            [p.array for p in params],
            [buffer.array for buffer in buffers] or None,
            [p.grad.array for p in params],
            constants,
        )
        for p in params:
            mutated(p)
        for buffer in buffers:
            if buffer.storage is not None:  # somebody else looks at the state
                mutated(buffer)

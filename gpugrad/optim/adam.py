"""Adam and AdamW.

Holds:     one update of all parameters per device, dtype and step count: one launch on CUDA.
           ``step`` is a host tensor, so reading it waits for nothing.
Must not:  do arithmetic; that is update.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..array import cpu, float32, kind_of
from ..graph import mutated, new_tensor
from .optimizer import Optimizer, ParamsT
from .options import check_common, check_flags, number
from .update import AdamConstants, update_adam

__all__ = ["Adam", "AdamW"]


class Adam(Optimizer):
    """Adaptive moments: ``p -= lr * m / (sqrt(v) + eps)`` with both moments bias-corrected.

    State:   exp_avg and exp_avg_sq (bytes of the parameter each), max_exp_avg_sq with ``amsgrad``
    Source:  Kingma & Ba 2015; Reddi et al. 2018 (amsgrad); semantics of torch.optim.Adam.
             ``foreach``, ``fused`` and ``capturable`` are accepted and change nothing.
    """

    def __init__(self, params: ParamsT, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0, amsgrad: bool = False, *,
                 foreach: bool | None = None, maximize: bool = False, capturable: bool = False,
                 differentiable: bool = False, fused: bool | None = None,
                 decoupled_weight_decay: bool = False) -> None:  # fmt: skip
        check_common(lr, weight_decay)
        if not eps >= 0.0:
            raise ValueError(f"Invalid epsilon value: {eps}")
        for index, beta in enumerate(betas):
            if not 0.0 <= number(beta) < 1.0:
                raise ValueError(f"Invalid beta parameter at index {index}: {beta}")
        check_flags(foreach, fused, differentiable)
        defaults = {
            "lr": lr, "betas": (number(betas[0]), number(betas[1])), "eps": eps,
            "weight_decay": weight_decay, "amsgrad": amsgrad, "maximize": maximize,
            "foreach": foreach, "capturable": capturable, "differentiable": differentiable,
            "fused": fused, "decoupled_weight_decay": decoupled_weight_decay,
        }  # fmt: skip
        super().__init__(params, defaults)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient; returns what ``closure`` returned."""
        loss = self._evaluate(closure)
        for group in self.param_groups:
            buckets: dict[Any, list[Any]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    count = self._advance(p, group["amsgrad"])
                    buckets.setdefault((p.kind, count), []).append(p)
            for (_, count), params in buckets.items():
                self._update(params, group, count)
        return loss

    def _advance(self, p: Any, amsgrad: bool) -> float:
        """The number of this step for ``p``; makes its state first, if it has none."""
        state = self.state[p]
        if not state:
            zeros = p.kind.xp.zeros_like
            state["step"] = new_tensor(np.zeros((), np.float32), kind_of(cpu, float32))
            state["exp_avg"] = new_tensor(zeros(p.array), p.kind)
            state["exp_avg_sq"] = new_tensor(zeros(p.array), p.kind)
        if amsgrad and "max_exp_avg_sq" not in state:
            state["max_exp_avg_sq"] = new_tensor(p.kind.xp.zeros_like(p.array), p.kind)
        counter = state["step"].array
        count = float(counter.item()) + 1.0
        counter.fill(count)
        return count

    def _update(self, params: list[Any], group: dict[str, Any], count: float) -> None:
        constants = AdamConstants.at_step(
            count, lr=number(group["lr"]), betas=group["betas"], eps=group["eps"],
            weight_decay=number(group["weight_decay"]), maximize=group["maximize"],
            decoupled=group["decoupled_weight_decay"],
        )  # fmt: skip
        states = [self.state[p] for p in params]
        peaks = [s["max_exp_avg_sq"].array for s in states] if group["amsgrad"] else None
        update_adam(
            [p.array for p in params],
            [s["exp_avg"].array for s in states],
            [s["exp_avg_sq"].array for s in states],
            peaks,
            [p.grad.array for p in params],
            constants,
        )
        for p, state in zip(params, states, strict=True):
            mutated(p)
            for tensor in state.values():
                if tensor.storage is not None:  # somebody else looks at the state
                    mutated(tensor)


class AdamW(Adam):
    """Adam whose weight decay shrinks the parameter directly instead of entering the gradient.

    State:   as Adam
    Source:  Loshchilov & Hutter 2019; semantics of torch.optim.AdamW
    """

    def __init__(self, params: ParamsT, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2, amsgrad: bool = False, *,
                 maximize: bool = False, foreach: bool | None = None, capturable: bool = False,
                 differentiable: bool = False, fused: bool | None = None) -> None:  # fmt: skip
        super().__init__(
            params, lr, betas, eps, weight_decay, amsgrad, foreach=foreach, maximize=maximize,
            capturable=capturable, differentiable=differentiable, fused=fused,
            decoupled_weight_decay=True,
        )  # fmt: skip

"""The base of all optimizers: parameter groups, state, and what a step is.

Holds:     ``state`` and ``param_groups`` have PyTorch's layout, and so has ``state_dict``. A
           finished ``step`` of any subclass, a user's too, runs the step hooks and ends a step of
           the memory ledger, once, however many ``step`` methods call each other.
Must not:  know how any optimizer updates.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import wraps
from itertools import chain
from typing import Any

from ..graph import enable_grad, mutated
from ..graph.handle import HookTable, RemovableHandle
from ..memory import step as end_of_step
from ..tensor import Tensor

__all__ = ["Optimizer", "ParamsT", "required"]

ParamsT = Iterable[Any]
"""Tensors, (name, tensor) pairs, or dicts that describe parameter groups."""


class _Required:
    def __repr__(self) -> str:
        return "<required parameter>"


required = _Required()
"""A default that every parameter group must give itself."""


class Optimizer:
    """Holds the parameters to optimize, in groups, and each optimizer's state for them.

    >>> class Plain(Optimizer):
    ...     def step(self, closure=None):
    ...         for group in self.param_groups:
    ...             for p in group["params"]:
    ...                 p.data -= group["lr"] * p.grad
    """

    _stepping = False
    _opt_called = False  # whether a step has been made: schedulers ask

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "step" in cls.__dict__:
            cls.step = _stepping(cls.__dict__["step"])  # type: ignore[method-assign]

    def __init__(self, params: ParamsT, defaults: dict[str, Any]) -> None:
        self.defaults = defaults
        self._make_hooks()
        if isinstance(params, Tensor):
            raise TypeError(
                "params argument given to the optimizer should be an iterable of Tensors or dicts, "
                f"but got {type(params).__name__}"
            )
        self.state: defaultdict[Any, Any] = defaultdict(dict)
        self.param_groups: list[dict[str, Any]] = []
        groups = list(params)
        if not groups:
            raise ValueError("optimizer got an empty parameter list")
        if not isinstance(groups[0], dict):
            groups = [{"params": groups}]
        for group in groups:
            self.add_param_group(group)

    def _make_hooks(self) -> None:
        self._step_pre_hooks = HookTable()
        self._step_post_hooks = HookTable()

    # --------------------------------------------------------------------------------------- steps
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Updates every parameter that has a gradient; returns what ``closure`` returned."""
        raise NotImplementedError

    def _evaluate(self, closure: Callable[[], Any] | None) -> Any:
        if closure is None:
            return None
        with enable_grad():
            return closure()

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients, or with ``set_to_none=False`` fills them with zeros in place."""
        for p in chain.from_iterable(group["params"] for group in self.param_groups):
            if set_to_none or p.grad is None:
                p.grad = None
                continue
            if p.grad.requires_grad:
                p.grad = p.grad.detach()
            p.grad.array.fill(0)
            mutated(p.grad)

    def register_step_pre_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """``hook(optimizer, args, kwargs)`` runs before each step and may return new arguments."""
        return self._step_pre_hooks.register(hook)

    def register_step_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """``hook(optimizer, args, kwargs)`` runs after each step."""
        return self._step_post_hooks.register(hook)

    # -------------------------------------------------------------------------------------- groups
    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Adds a group; options it does not give are the optimizer's defaults.

        Raises:  ValueError for a tensor that is not a leaf or is in another group already
        """
        if not isinstance(param_group, dict):
            raise TypeError(f"param_group must be a dict, but got {type(param_group)}")
        _unpack_params(param_group)
        for p in param_group["params"]:
            self._check_param(p)
        for name, default in self.defaults.items():
            if default is required and name not in param_group:
                raise ValueError(
                    "parameter group didn't specify a value of required optimization parameter "
                    f"{name}"
                )
            param_group.setdefault(name, default)
        self._check_overlap(param_group)
        self.param_groups.append(param_group)

    @staticmethod
    def _check_param(p: Any) -> None:
        if not isinstance(p, Tensor):
            raise TypeError(
                "optimizer can only optimize Tensors, but one of the params is "
                f"{type(p).__module__}.{type(p).__name__}"
            )
        if not (p.is_leaf or p.retains_grad):
            raise ValueError("can't optimize a non-leaf Tensor")

    def _check_overlap(self, param_group: dict[str, Any]) -> None:
        ids = {id(p) for p in param_group["params"]}
        if len(ids) != len(param_group["params"]):
            warnings.warn(
                "optimizer contains a parameter group with duplicate parameters; "
                "in future, this will cause an error",
                stacklevel=4,
            )
        for group in self.param_groups:
            if ("param_names" in param_group) != ("param_names" in group):
                raise ValueError("all optimizer param groups should be with/without names.")
            if not ids.isdisjoint(map(id, group["params"])):
                raise ValueError("some parameters appear in more than one parameter group")

    # --------------------------------------------------------------------------------------- state
    def state_dict(self) -> dict[str, Any]:
        """``{"state": {number: state}, "param_groups": [...]}``, parameters given as numbers."""
        numbers: dict[int, int] = {}
        for p in chain.from_iterable(group["params"] for group in self.param_groups):
            numbers.setdefault(id(p), len(numbers))
        groups = [
            {**{k: v for k, v in group.items() if k != "params"},
             "params": [numbers[id(p)] for p in group["params"]]}
            for group in self.param_groups
        ]  # fmt: skip
        state = {
            numbers[id(key)] if isinstance(key, Tensor) else key: value
            for key, value in self.state.items()
        }
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Takes over a ``state_dict``: tensors are copied, to each parameter's device and dtype."""
        saved = deepcopy(state_dict["param_groups"])
        if len(self.param_groups) != len(saved):
            raise ValueError("loaded state dict has a different number of parameter groups")
        if any(len(new["params"]) != len(old["params"])
               for new, old in zip(saved, self.param_groups, strict=True)):  # fmt: skip
            raise ValueError(
                "loaded state dict contains a parameter group that doesn't match the size of "
                "optimizer's group"
            )
        by_number: dict[Any, Any] = {}
        for new, old in zip(saved, self.param_groups, strict=True):
            by_number.update(zip(new["params"], old["params"], strict=True))
            new["params"] = old["params"]
            if "param_names" in old:
                new.setdefault("param_names", old["param_names"])
        state: defaultdict[Any, Any] = defaultdict(dict)
        for key, value in state_dict["state"].items():
            p = by_number.get(key)
            state[key if p is None else p] = value if p is None else _fitted(value, p)
        self.state = state
        self.param_groups = saved

    def __getstate__(self) -> dict[str, Any]:
        return {"defaults": self.defaults, "state": self.state, "param_groups": self.param_groups}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._make_hooks()

    def __repr__(self) -> str:
        text = f"{type(self).__name__} ("
        for number, group in enumerate(self.param_groups):
            text += f"\nParameter Group {number}\n"
            for key in sorted(group):
                if key != "params":
                    text += f"    {key}: {group[key]}\n"
        return text + ")"


def _stepping(step: Callable[..., Any]) -> Callable[..., Any]:
    """``step`` with the hooks around it and the ledger's step behind it."""

    @wraps(step)
    def wrapped(self: Optimizer, *args: Any, **kwargs: Any) -> Any:
        if self._stepping:  # super().step() from a subclass: the outer call does the rest
            return step(self, *args, **kwargs)
        self._stepping = self._opt_called = True
        try:
            for hook in list(self._step_pre_hooks.values()):
                result = hook(self, args, kwargs)
                if result is not None:
                    args, kwargs = result
            out = step(self, *args, **kwargs)
            for hook in list(self._step_post_hooks.values()):
                hook(self, args, kwargs)
        finally:
            self._stepping = False
        end_of_step()
        return out

    return wrapped


def _unpack_params(group: dict[str, Any]) -> None:
    """Makes ``group["params"]`` a list of tensors; names go to ``group["param_names"]``."""
    params = group["params"]
    if isinstance(params, set | frozenset):
        raise TypeError(
            "optimizer parameters need to be organized in ordered collections, but the ordering of "
            "tensors in sets will change between runs. Please use a list instead."
        )
    params = [params] if isinstance(params, Tensor) else list(params)
    names = [p[0] for p in params if isinstance(p, tuple)]
    if names:
        if len(names) != len(params):
            raise ValueError(
                "all optimizer params should be with/without names. Some param names are missing"
            )
        group["param_names"] = names
    group["params"] = [p[1] if isinstance(p, tuple) else p for p in params]


def _fitted(value: Any, p: Tensor, key: Any = None) -> Any:
    """A copy of a parameter's loaded state, on its device and, step counts apart, in its dtype."""
    if isinstance(value, Tensor):
        if key == "step":
            return value.clone()
        return value.to(device=p.device, dtype=p.dtype, copy=True)
    if isinstance(value, dict):
        return {k: _fitted(v, p, k) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_fitted(v, p) for v in value)
    return value

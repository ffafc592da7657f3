"""Hooks of modules: before and after ``forward``, before and after the backward through a module.

PyTorch's order: global pre-hooks, the module's pre-hooks, backward hooks around the inputs,
forward, global forward hooks, the module's, backward hooks around the outputs.

Holds:     a hook sees what its name says and may return a replacement.
Must not:  be looked at by a call of a module without hooks, but for whether there are any.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from ...graph.handle import HookTable, RemovableHandle
from .backward_hooks import BackwardHook, watch_output
from .checkpoint import STATE_HOOKS, Checkpoint

__all__ = [
    "EVERYWHERE", "Hooked", "register_module_backward_hook", "register_module_forward_hook",
    "register_module_forward_pre_hook", "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]  # fmt: skip


CALL_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


class _Hook(NamedTuple):
    function: Callable[..., Any]
    with_kwargs: bool = False
    always_call: bool = False


class _Everywhere:
    """The hooks of all modules; ``used`` once one was registered."""

    def __init__(self) -> None:
        self.used = False
        self.forward = HookTable()
        self.forward_pre = HookTable()
        self.backward = HookTable()
        self.backward_pre = HookTable()
        self.legacy_backward = HookTable()

    def register(self, table: HookTable, hook: Any) -> RemovableHandle:
        """Adds a hook."""
        self.used = True
        return table.register(hook)


EVERYWHERE = _Everywhere()


class Hooked(Checkpoint):
    """Calling with hooks; ``Module`` adds the rest."""

    _forward_hooks: HookTable
    _forward_pre_hooks: HookTable
    _backward_hooks: HookTable
    _backward_pre_hooks: HookTable
    _is_full_backward_hook: bool | None

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update({name: HookTable() for name in CALL_HOOKS})
        self.__dict__["_is_full_backward_hook"] = None

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Modules that were pickled before there were hooks of some kind have none."""
        fresh = {name: HookTable() for name in (*CALL_HOOKS, *STATE_HOOKS)}
        self.__dict__.update({**fresh, "_is_full_backward_hook": None, **state})

    # ------------------------------------------------------------------------------------- calling
    def _call_with_hooks(self, args: Any, kwargs: dict[str, Any]) -> Any:
        everywhere = [_Hook(hook) for hook in EVERYWHERE.forward_pre.values()]
        for hook in [*everywhere, *self._forward_pre_hooks.values()]:
            args, kwargs = self._prepared(hook, args, kwargs)
        around = self._backward_hook()
        if around is not None:
            args = around.inputs(args)
        hooks = [*EVERYWHERE.forward.values(), *self._forward_hooks.values()]
        result = None
        try:
            result = self.forward(*args, **kwargs)
            while hooks:
                result = self._after(hooks.pop(0), args, kwargs, result)
        except Exception:
            for hook in hooks:
                if hook.always_call:
                    self._after(hook, args, kwargs, result)
            raise
        if around is not None:
            result = around.outputs(result)
        legacy = [] if self._is_full_backward_hook else [*self._backward_hooks.values()]
        legacy = [*EVERYWHERE.legacy_backward.values(), *legacy]
        return watch_output(self, result, legacy) if legacy else result

    def _backward_hook(self) -> BackwardHook | None:
        own = self._backward_hooks.values() if self._is_full_backward_hook else ()
        after = [*EVERYWHERE.backward.values(), *own]
        before = [*EVERYWHERE.backward_pre.values(), *self._backward_pre_hooks.values()]
        return BackwardHook(self, after, before) if after or before else None

    def _prepared(self, hook: _Hook, args: Any, kwargs: dict[str, Any]) -> tuple[Any, Any]:
        """The arguments after a pre-hook saw them."""
        if not hook.with_kwargs:
            changed = hook.function(self, args)
            if changed is None:
                return args, kwargs
            return changed if isinstance(changed, tuple) else (changed,), kwargs
        changed = hook.function(self, args, kwargs)
        if changed is None:
            return args, kwargs
        if not (isinstance(changed, tuple) and len(changed) == 2):
            raise RuntimeError(
                "forward pre-hook must return None or a tuple of (new_args, new_kwargs), but got "
                f"{type(changed).__name__}."
            )
        return changed

    def _after(self, hook: _Hook, args: Any, kwargs: dict[str, Any], result: Any) -> Any:
        """The result after a forward hook saw it."""
        if hook.with_kwargs:
            changed = hook.function(self, args, kwargs, result)
        else:
            changed = hook.function(self, args, result)
        return result if changed is None else changed

    # --------------------------------------------------------------------------------- registering
    def register_forward_pre_hook(self, hook: Callable[..., Any], *, prepend: bool = False,
                                  with_kwargs: bool = False) -> RemovableHandle:
        """``hook(module, args)`` runs before ``forward`` and may return other arguments."""
        return self._forward_pre_hooks.register(_Hook(hook, with_kwargs), prepend)

    def register_forward_hook(self, hook: Callable[..., Any], *, prepend: bool = False,
                              with_kwargs: bool = False,
                              always_call: bool = False) -> RemovableHandle:
        """``hook(module, args, output)`` runs after ``forward`` and may return another output."""
        return self._forward_hooks.register(_Hook(hook, with_kwargs, always_call), prepend)

    def register_full_backward_pre_hook(self, hook: Callable[..., Any],
                                        prepend: bool = False) -> RemovableHandle:
        """``hook(module, grad_output)`` runs when the gradients of the outputs are there, and may
        return others.
        """
        return self._backward_pre_hooks.register(hook, prepend)

    def register_full_backward_hook(self, hook: Callable[..., Any],
                                    prepend: bool = False) -> RemovableHandle:
        """``hook(module, grad_input, grad_output)`` runs when the gradients of the inputs are
        there, and may return others.

        Raises:  RuntimeError beside hooks of the old kind
        """
        self._check_kind(True)
        return self._backward_hooks.register(hook, prepend)

    def register_backward_hook(self, hook: Callable[..., Any]) -> RemovableHandle:
        """The old kind: ``grad_input`` is that of the last op in the module.

        Raises:  RuntimeError beside full backward hooks
        """
        self._check_kind(False)
        return self._backward_hooks.register(hook)

    def _check_kind(self, full: bool) -> None:
        if self._is_full_backward_hook not in (None, full):
            raise RuntimeError("Cannot use both regular backward hooks and full backward hooks on "
                               "a single Module. Please use only one of them.")  # fmt: skip
        self._is_full_backward_hook = full


# --------------------------------------------------------------------------- hooks of all modules
def register_module_forward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``hook(module, args)`` before the ``forward`` of every module."""
    return EVERYWHERE.register(EVERYWHERE.forward_pre, hook)


def register_module_forward_hook(hook: Callable[..., Any], *, with_kwargs: bool = False,
                                 always_call: bool = False) -> RemovableHandle:
    """``hook(module, args, output)`` after the ``forward`` of every module."""
    return EVERYWHERE.register(EVERYWHERE.forward, _Hook(hook, with_kwargs, always_call))


def register_module_full_backward_pre_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``hook(module, grad_output)`` for every module."""
    return EVERYWHERE.register(EVERYWHERE.backward_pre, hook)


def register_module_full_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """``hook(module, grad_input, grad_output)`` for every module."""
    return EVERYWHERE.register(EVERYWHERE.backward, hook)


def register_module_backward_hook(hook: Callable[..., Any]) -> RemovableHandle:
    """The old kind of backward hook for every module."""
    return EVERYWHERE.register(EVERYWHERE.legacy_backward, hook)

"""A module's state as a flat dictionary, and back.

Holds:     keys are PyTorch's dotted names; values share the parameters' bytes (``detach``), loading
           copies into them in place. Every key that is missing, left over or of another shape is
           reported in one error.
Must not:  read or write files.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from ...errors import state_dict_errors
from ...graph import no_grad
from ...graph.handle import HookTable, RemovableHandle
from ...tensor import Tensor
from ..parameter import Parameter
from .members import Members

__all__ = ["Checkpoint", "IncompatibleKeys"]

_EXTRA = "_extra_state"
STATE_HOOKS = ("_state_dict_hooks", "_state_dict_pre_hooks", "_load_state_dict_pre_hooks",
               "_load_state_dict_post_hooks")  # fmt: skip


class IncompatibleKeys(NamedTuple):
    """What ``load_state_dict(strict=False)`` left alone."""

    missing_keys: list[str]
    unexpected_keys: list[str]

    def __repr__(self) -> str:
        if not self.missing_keys and not self.unexpected_keys:
            return "<All keys matched successfully>"
        return (
            f"IncompatibleKeys(missing_keys={self.missing_keys!r}, "
            f"unexpected_keys={self.unexpected_keys!r})"
        )


class _StateDict(OrderedDict[str, Any]):
    """An ordered dictionary with PyTorch's ``_metadata``: module path -> version."""

    _metadata: OrderedDict[str, dict[str, Any]]


class Checkpoint(Members):
    """``state_dict`` and ``load_state_dict``; ``Module`` adds behaviour."""

    _version = 1
    _state_dict_hooks: HookTable
    _state_dict_pre_hooks: HookTable
    _load_state_dict_pre_hooks: HookTable
    _load_state_dict_post_hooks: HookTable

    def __init__(self) -> None:
        super().__init__()
        self.__dict__.update({name: HookTable() for name in STATE_HOOKS})

    # --------------------------------------------------------------------------------------- hooks
    def register_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """``hook(module, prefix, keep_vars)`` runs before ``state_dict`` reads the module."""
        return self._state_dict_pre_hooks.register(hook)

    def register_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """``hook(module, state_dict, prefix, local_metadata)`` runs after it; it may change the
        dictionary.
        """
        return self._state_dict_hooks.register(hook)

    _register_state_dict_hook = register_state_dict_post_hook

    def register_load_state_dict_pre_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """``hook(module, state_dict, prefix, local_metadata, strict, missing_keys,
        unexpected_keys, error_msgs)`` runs before the module's entries are loaded.
        """
        return self._load_state_dict_pre_hooks.register(hook)

    def register_load_state_dict_post_hook(self, hook: Callable[..., None]) -> RemovableHandle:
        """``hook(module, incompatible_keys)`` runs when the module and all below are loaded; it may
        change the two lists.
        """
        return self._load_state_dict_post_hooks.register(hook)

    # -------------------------------------------------------------------------------------- saving
    def state_dict(self, *, destination: Any = None, prefix: str = "",
                   keep_vars: bool = False) -> dict[str, Any]:
        """Parameters and persistent buffers by dotted name, sharing their bytes."""
        if destination is None:
            destination = _StateDict()
            destination._metadata = OrderedDict()
        local = {"version": self._version}
        if hasattr(destination, "_metadata"):
            destination._metadata[prefix[:-1]] = local
        for hook in self._state_dict_pre_hooks.values():
            hook(self, prefix, keep_vars)
        self._save_to_state_dict(destination, prefix, keep_vars)
        for name, module in self._modules.items():
            if module is not None:
                module.state_dict(
                    destination=destination, prefix=f"{prefix}{name}.", keep_vars=keep_vars
                )
        for hook in self._state_dict_hooks.values():
            changed = hook(self, destination, prefix, local)
            destination = destination if changed is None else changed
        return destination  # type: ignore[no-any-return]

    def _save_to_state_dict(self, destination: Any, prefix: str, keep_vars: bool) -> None:
        """Writes this module's own entries; a subclass may override it."""
        for name, tensor in self._local_state().items():
            destination[prefix + name] = tensor if keep_vars else tensor.detach()
        if type(self).get_extra_state is not Checkpoint.get_extra_state:
            destination[prefix + _EXTRA] = self.get_extra_state()

    def _local_state(self) -> dict[str, Tensor]:
        hidden = self._non_persistent_buffers_set
        buffers = {name: b for name, b in self._buffers.items() if name not in hidden}
        members: dict[str, Tensor | None] = {**self._parameters, **buffers}
        return {name: tensor for name, tensor in members.items() if tensor is not None}

    def get_extra_state(self) -> Any:
        """What a subclass wants in its state_dict besides tensors."""
        raise RuntimeError("get_extra_state is to be overridden together with set_extra_state")

    def set_extra_state(self, state: Any) -> None:
        """Takes back what ``get_extra_state`` gave."""
        raise RuntimeError("set_extra_state is to be overridden together with get_extra_state")

    # ------------------------------------------------------------------------------------- loading
    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True,
                        assign: bool = False) -> IncompatibleKeys:
        """Copies a state_dict into this module in place, or with ``assign`` takes its tensors.

        Raises:  RuntimeError that lists every missing, unexpected or misshapen entry (the first two
                 only if ``strict``)
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"Expected state_dict to be dict-like, got {type(state_dict)}.")
        metadata = getattr(state_dict, "_metadata", None) or {}
        state = dict(state_dict)
        missing: list[str] = []
        unexpected: list[str] = []
        errors: list[str] = []
        for path, module in self.named_modules(remove_duplicate=False):
            prefix = f"{path}." if path else ""
            local = dict(metadata.get(path, {}), assign_to_params_buffers=assign)
            for hook in module._load_state_dict_pre_hooks.values():
                hook(module, state, prefix, local, True, missing, unexpected, errors)
            part = {key: value for key, value in state.items() if key.startswith(prefix)}
            module._load_from_state_dict(part, prefix, local, True, missing, unexpected, errors)
        incompatible = IncompatibleKeys(missing, unexpected)
        for module in reversed([*self.modules()]):
            for hook in module._load_state_dict_post_hooks.values():
                hook(module, incompatible)
        if errors or (strict and (missing or unexpected)):
            lists = (missing, unexpected) if strict else ([], [])
            raise state_dict_errors(type(self).__name__, *lists, errors)
        return incompatible

    def _load_from_state_dict(self, state_dict: dict[str, Any], prefix: str,
                              local_metadata: dict[str, Any], strict: bool,
                              missing_keys: list[str], unexpected_keys: list[str],
                              error_msgs: list[str]) -> None:
        """Loads this module's own entries; a subclass may override it, as in PyTorch."""
        local = self._local_state()
        assign = local_metadata.get("assign_to_params_buffers", False)
        for name, target in local.items():
            key = prefix + name
            if key in state_dict:
                self._load_one(name, key, target, state_dict[key], assign, error_msgs)
            elif strict:
                missing_keys.append(key)
        known = set(local)
        if type(self).set_extra_state is not Checkpoint.set_extra_state:
            known.add(_EXTRA)
            if prefix + _EXTRA in state_dict:
                self.set_extra_state(state_dict[prefix + _EXTRA])
            elif strict:
                missing_keys.append(prefix + _EXTRA)
        if strict:
            for key in state_dict:
                first, dot, _ = key[len(prefix) :].partition(".")
                if key.startswith(prefix) and first not in (self._modules if dot else known):
                    unexpected_keys.append(key)

    def _load_one(self, name: str, key: str, target: Tensor, value: Any, assign: bool,
                  errors: list[str]) -> None:
        if not isinstance(value, Tensor):
            errors.append(
                f'While copying the parameter named "{key}", expected gpugrad.Tensor from '
                f"checkpoint but received {type(value)}"
            )
            return
        if target.shape == () and value.shape == (1,):  # scalars were once saved like this
            value = value[0]
        if value.shape != target.shape:
            errors.append(
                f"size mismatch for {key}: copying a param with shape {value.shape} from "
                f"checkpoint, the shape in current model is {target.shape}."
            )
        elif assign:
            self._assign(name, target, value)
        else:
            with no_grad():
                target.copy_(value)

    def _assign(self, name: str, target: Tensor, value: Tensor) -> None:
        if isinstance(target, Parameter):
            if not isinstance(value, Parameter):
                value = Parameter(value, requires_grad=target.requires_grad)
            else:
                value.requires_grad_(target.requires_grad)
        setattr(self, name, value)

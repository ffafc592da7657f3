"""What a module is made of: parameters, buffers and child modules, found by attribute or by name.

Holds:     assigning a Parameter or a Module registers it, assigning anything else does not; a name
           lives in one place only. A child knows the name it is registered under, so that graph
           and ledger can say ``encoder.layers.3.attn``.
Must not:  know what a module computes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

from ...tensor import Tensor
from ..parameter import Buffer, Parameter

__all__ = ["Members"]

M = TypeVar("M", bound="Members")
_TABLES = ("_parameters", "_buffers", "_modules")


class Members:
    """Registration and lookup; ``Module`` adds behaviour."""

    training: bool
    _parameters: dict[str, Parameter | None]
    _buffers: dict[str, Tensor | None]
    _modules: dict[str, Any]
    _non_persistent_buffers_set: set[str]
    _scope_name: str

    def __init__(self) -> None:
        self.__dict__.update(
            training=True, _parameters={}, _buffers={}, _modules={},
            _non_persistent_buffers_set=set(), _scope_name=type(self).__name__,
        )  # fmt: skip

    # -------------------------------------------------------------------------------- registration
    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Adds ``param`` under ``name``; None reserves the name."""
        self._check_name("parameter", name, "_parameters")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(
                f"cannot assign '{_typename(param)}' object to parameter '{name}' "
                "(gpugrad.nn.Parameter or None required)"
            )
        if param is not None and param.grad_fn is not None:
            raise ValueError(
                f"Cannot assign non-leaf Tensor to parameter '{name}'. Model parameters must be "
                f"created explicitly. To express '{name}' as a function of another Tensor, compute "
                "the value in the forward() method."
            )
        self._parameters[name] = param

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Adds a tensor that moves with the module and, if ``persistent``, is in its state_dict."""
        self._check_name("buffer", name, "_buffers")
        if tensor is not None and not isinstance(tensor, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(tensor)}' object to buffer '{name}' "
                "(gpugrad Tensor or None required)"
            )
        self._buffers[name] = tensor
        if persistent:
            self._non_persistent_buffers_set.discard(name)
        else:
            self._non_persistent_buffers_set.add(name)

    def add_module(self, name: str, module: Members | None) -> None:
        """Adds a child module, reachable as an attribute of that name."""
        if module is not None and not isinstance(module, Members):
            raise TypeError(f"{_typename(module)} is not a Module subclass")
        self._check_name("module", name, "_modules")
        self._adopt(name, module)

    def register_module(self, name: str, module: Members | None) -> None:
        """Alias of ``add_module``."""
        self.add_module(name, module)

    def _check_name(self, what: str, name: str, table: str) -> None:
        if table not in self.__dict__:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")
        if not isinstance(name, str):
            raise TypeError(f"{what} name should be a string. Got {_typename(name)}")
        if hasattr(self, name) and name not in self.__dict__[table]:
            raise KeyError(f"attribute '{name}' already exists")
        if "." in name:
            raise KeyError(f'{what} name can\'t contain ".", got: {name}')
        if name == "":
            raise KeyError(f'{what} name can\'t be empty string ""')

    def _adopt(self, name: str, module: Members | None) -> None:
        self._modules[name] = module
        if module is not None:
            module._set_scope_name(name)

    def _set_scope_name(self, name: str) -> None:
        """Learns the name under which the graph will know this module."""
        self.__dict__["_scope_name"] = name

    # ---------------------------------------------------------------------------------- attributes
    def __getattr__(self, name: str) -> Any:
        state = self.__dict__
        for table in _TABLES:
            found = state.get(table)
            if found is not None and name in found:
                return found[name]
        raise AttributeError(f"'{type(self).__name__}' object has no attribute '{name}'")

    def __setattr__(self, name: str, value: Any) -> None:
        tables = self.__dict__
        params = tables.get("_parameters")
        if isinstance(value, Parameter):
            self._require_init(params, "parameters")
            self._forget(name, "_buffers", "_modules")
            self.register_parameter(name, value)
        elif isinstance(value, Members) and not (params and name in params):
            self._require_init(params, "module")
            self._forget(name, "_parameters", "_buffers")
            self._adopt(name, value)
        elif params is not None and name in params:
            self._replace_by_none(name, value, params, "parameter", "gpugrad.nn.Parameter")
        elif params is not None and name in tables["_modules"]:
            self._replace_by_none(
                name, value, tables["_modules"], "child module", "gpugrad.nn.Module"
            )
        elif params is not None and (name in tables["_buffers"] or isinstance(value, Buffer)):
            self._set_buffer(name, value)
        else:
            object.__setattr__(self, name, value)

    @staticmethod
    def _require_init(params: Any, what: str) -> None:
        if params is None:
            raise AttributeError(f"cannot assign {what} before Module.__init__() call")

    @staticmethod
    def _replace_by_none(name: str, value: Any, table: dict[str, Any], what: str,
                         expected: str) -> None:
        if value is not None:
            raise TypeError(
                f"cannot assign '{_typename(value)}' as {what} '{name}' "
                f"({expected} or None expected)"
            )
        table[name] = None

    def _set_buffer(self, name: str, value: Any) -> None:
        if value is not None and not isinstance(value, Tensor):
            raise TypeError(
                f"cannot assign '{_typename(value)}' as buffer '{name}' "
                "(gpugrad.nn.Buffer, gpugrad.Tensor or None expected)"
            )
        persistent = name not in self._non_persistent_buffers_set
        if isinstance(value, Buffer):
            self._forget(name)
            persistent = value.persistent
        self.register_buffer(name, value, persistent)

    def _forget(self, name: str, *tables: str) -> None:
        self.__dict__.pop(name, None)
        for table in tables:
            self.__dict__[table].pop(name, None)
        self._non_persistent_buffers_set.discard(name)

    def __delattr__(self, name: str) -> None:
        for table in _TABLES:
            if name in self.__dict__[table]:
                del self.__dict__[table][name]
                self._non_persistent_buffers_set.discard(name)
                return
        object.__delattr__(self, name)

    def __dir__(self) -> list[str]:
        names = [*dir(type(self)), *self.__dict__]
        for table in _TABLES:
            names += self.__dict__[table]
        return sorted({name for name in names if not name[0].isdigit()})

    # ----------------------------------------------------------------------------------- iteration
    def named_modules(self: M, memo: set[Any] | None = None, prefix: str = "",
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Any]]:
        """This module and all below it, each once, with dotted names."""
        memo = set() if memo is None else memo
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            name, module = stack.pop()
            if module is None or module in memo:
                continue
            if remove_duplicate:
                memo.add(module)
            yield name, module
            dot = f"{name}." if name else ""
            stack += [(dot + key, child) for key, child in reversed(module._modules.items())]

    def modules(self) -> Iterator[Any]:
        """This module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_children(self) -> Iterator[tuple[str, Any]]:
        """The direct children with their names, each once."""
        memo = set()
        for name, module in self._modules.items():
            if module is not None and module not in memo:
                memo.add(module)
                yield name, module

    def children(self) -> Iterator[Any]:
        """The direct children, each once."""
        for _, module in self.named_children():
            yield module

    def named_parameters(self, prefix: str = "", recurse: bool = True,
                         remove_duplicate: bool = True) -> Iterator[tuple[str, Parameter]]:
        """The parameters with dotted names, each once."""
        return self._named_members(
            lambda module: module._parameters.items(), prefix, recurse, remove_duplicate
        )

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """The parameters, each once."""
        for _, param in self.named_parameters(recurse=recurse):
            yield param

    def named_buffers(self, prefix: str = "", recurse: bool = True,
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """The buffers with dotted names, each once."""
        return self._named_members(
            lambda module: module._buffers.items(), prefix, recurse, remove_duplicate
        )

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """The buffers, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def _named_members(self, members: Callable[[Any], Iterable[tuple[str, Any]]], prefix: str,
                       recurse: bool, remove_duplicate: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        owners: Iterable[tuple[str, Any]] = [(prefix, self)]
        if recurse:
            owners = self.named_modules(prefix=prefix, remove_duplicate=remove_duplicate)
        for owner, module in owners:
            for name, member in members(module):
                if member is None or id(member) in seen:
                    continue
                if remove_duplicate:
                    seen.add(id(member))
                yield (f"{owner}.{name}" if owner else name), member

    # -------------------------------------------------------------------------------------- lookup
    def get_submodule(self, target: str) -> Any:
        """The module at a dotted path; ``""`` is this one."""
        module: Any = self
        for atom in target.split(".") if target else ():
            if not hasattr(module, atom):
                raise AttributeError(f"{type(module).__name__} has no attribute `{atom}`")
            module = getattr(module, atom)
            if not isinstance(module, Members):
                raise AttributeError(f"`{atom}` is not an nn.Module")
        return module

    def get_parameter(self, target: str) -> Any:
        """The parameter at a dotted path."""
        return self._member(target, "_parameters", "an nn.Parameter")

    def get_buffer(self, target: str) -> Any:
        """The buffer at a dotted path."""
        return self._member(target, "_buffers", "a buffer")

    def _member(self, target: str, table: str, what: str) -> Any:
        path, _, name = target.rpartition(".")
        module = self.get_submodule(path)
        if not hasattr(module, name):
            raise AttributeError(f"{type(module).__name__} has no attribute `{name}`")
        if name not in module.__dict__[table]:
            raise AttributeError(f"`{name}` is not {what}")
        return module.__dict__[table][name]


def _typename(value: Any) -> str:
    kind = type(value)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"

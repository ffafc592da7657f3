"""Modules that hold modules or parameters: in a row, in a list, by name.

Holds:     order is the order of registration, or of the list.
Must not:  compute anything.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ...tensor import Tensor
from ..parameter import Parameter
from .module import Module

__all__ = ["ModuleDict", "ModuleList", "ParameterDict", "ParameterList", "Sequential"]


class _Numbered(Module):
    """Children named "0", "1", ... with the behaviour of a list."""

    def _keys(self, modules: Iterable[Any]) -> None:
        self._modules.clear()
        for index, module in enumerate(modules):
            self.add_module(str(index), module)

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._modules.values())

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice):
            return self._part(list(self._modules.items())[index])
        return self._modules[self._key(index)]

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(*(module for _, module in items))

    def __setitem__(self, index: int, module: Any) -> None:
        setattr(self, self._key(index), module)

    def __delitem__(self, index: Any) -> None:
        modules = list(self)
        del modules[index]
        self._keys(modules)

    def _key(self, index: Any) -> str:
        """The name of the child at ``index``, which may be negative."""
        position: int = index.__index__()
        size = len(self._modules)
        if not -size <= position < size:
            raise IndexError(f"index {position} is out of range")
        return list(self._modules)[position]

    def append(self, module: Any) -> Any:
        """Adds a module at the end."""
        self.add_module(str(len(self)), module)
        return self

    def extend(self, modules: Iterable[Any]) -> Any:
        """Adds modules at the end."""
        for module in modules:
            self.append(module)
        return self

    def insert(self, index: int, module: Any) -> Any:
        """Adds a module before ``index``."""
        modules = list(self)
        modules.insert(index, module)
        self._keys(modules)
        return self

    def pop(self, index: Any = -1) -> Any:
        """Takes a module out."""
        module = self[index]
        del self[index]
        return module


class Sequential(_Numbered):
    """Calls its modules one after the other, each on the result of the one before.

    >>> Sequential(Linear(8, 16), ReLU(), Linear(16, 1))
    Sequential(
      (0): Linear(in_features=8, out_features=16, bias=True)
      (1): ReLU()
      (2): Linear(in_features=16, out_features=1, bias=True)
    )
    """

    def __init__(self, *args: Any) -> None:
        super().__init__()
        if len(args) == 1 and isinstance(args[0], Mapping):
            for key, module in args[0].items():
                self.add_module(key, module)
        else:
            self._keys(args)

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(dict(items))

    def __delitem__(self, index: Any) -> None:
        chosen = list(self._modules)[index] if isinstance(index, slice) else [self._key(index)]
        for key in chosen:
            delattr(self, key)
        if all(key.isdigit() for key in self._modules):
            self._keys(list(self))

    def forward(self, input: Any) -> Any:
        """The last module's result."""
        for module in self._modules.values():
            input = module(input)
        return input


class _Holder(Module):
    """A container that is never called: its children carry its name in front of their own."""

    def _adopt(self, name: str, module: Any) -> None:
        super()._adopt(name, module)
        self._name_child(name, module)

    def _set_scope_name(self, name: str) -> None:
        self.__dict__["_holder_name"] = name
        super()._set_scope_name(name)
        for key, module in self._modules.items():
            self._name_child(key, module)

    def _name_child(self, key: str, module: Any) -> None:
        holder = self.__dict__.get("_holder_name")
        if module is not None and holder is not None:
            module._set_scope_name(f"{holder}.{key}")


class ModuleList(_Holder, _Numbered):
    """A list of modules whose parameters are found."""

    def __init__(self, modules: Iterable[Any] | None = None) -> None:
        super().__init__()
        self._keys(modules or ())

    def _part(self, items: list[tuple[str, Any]]) -> Any:
        return type(self)(module for _, module in items)

    def __iadd__(self, modules: Iterable[Any]) -> ModuleList:
        return self.extend(modules)  # type: ignore[no-any-return]

    def __add__(self, other: Iterable[Any]) -> ModuleList:
        return ModuleList([*self, *other])

    def __repr__(self) -> str:
        if not self._modules:
            return f"{self._get_name()}()"
        lines = []
        for first, last, text in _runs(list(self)):
            key = f"({first})" if first == last else f"({first}-{last})"
            count = "" if first == last else f"{last - first + 1} x "
            lines.append(f"{key}: {count}{text}".replace("\n", "\n  "))
        return f"{self._get_name()}(\n  " + "\n  ".join(lines) + "\n)"


def _runs(modules: list[Any]) -> list[tuple[int, int, str]]:
    """First index, last index and text of each stretch of modules that print alike."""
    runs: list[tuple[int, int, str]] = []
    for index, module in enumerate(modules):
        text = repr(module)
        if runs and runs[-1][2] == text:
            runs[-1] = (runs[-1][0], index, text)
        else:
            runs.append((index, index, text))
    return runs


class ModuleDict(_Holder):
    """A dictionary of modules whose parameters are found."""

    def __init__(self, modules: Any = None) -> None:
        super().__init__()
        if modules is not None:
            self.update(modules)

    def __getitem__(self, key: str) -> Any:
        return self._modules[key]

    def __setitem__(self, key: str, module: Any) -> None:
        self.add_module(key, module)

    def __delitem__(self, key: str) -> None:
        del self._modules[key]

    def __len__(self) -> int:
        return len(self._modules)

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __contains__(self, key: str) -> bool:
        return key in self._modules

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._modules.keys()

    def values(self) -> Iterable[Any]:
        """The modules."""
        return self._modules.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names and modules."""
        return self._modules.items()

    def clear(self) -> None:
        """Takes everything out."""
        self._modules.clear()

    def pop(self, key: str) -> Any:
        """Takes a module out."""
        return self._modules.pop(key)

    def update(self, modules: Any) -> None:
        """Adds modules from a mapping or from (name, module) pairs."""
        items = modules.items() if hasattr(modules, "items") else modules
        for key, module in items:
            self[key] = module


# ------------------------------------------------------------------------------------- parameters
class _ParameterHolder(Module):
    """Named parameters; a tensor that is none yet becomes one."""

    def _put(self, key: str, value: Any) -> None:
        if isinstance(value, Tensor) and not isinstance(value, Parameter):
            value = Parameter(value)
        self.register_parameter(key, value)

    def __len__(self) -> int:
        return len(self._parameters)

    def __repr__(self) -> str:
        lines = [
            f"  ({key}): {type(p).__name__} containing: "
            f"[{p.dtype} of size {'x'.join(map(str, p.shape))}{_place(p)}]"
            for key, p in self._parameters.items()
            if p is not None
        ]
        return f"{self._get_name()}(\n" + "\n".join(lines) + "\n)" if lines else (
            f"{self._get_name()}()"
        )  # fmt: skip


def _place(p: Tensor) -> str:
    return f" ({p.device})" if p.is_cuda else ""


class ParameterList(_ParameterHolder):
    """A list of parameters that are found."""

    def __init__(self, values: Iterable[Any] | None = None) -> None:
        super().__init__()
        self.extend(values or ())

    def append(self, value: Any) -> ParameterList:
        """Adds a parameter at the end."""
        self._put(str(len(self)), value)
        return self

    def extend(self, values: Iterable[Any]) -> ParameterList:
        """Adds parameters at the end."""
        for value in values:
            self.append(value)
        return self

    __iadd__ = extend

    def __iter__(self) -> Iterator[Any]:
        return iter(self._parameters.values())

    def __getitem__(self, index: Any) -> Any:
        found = list(self)[index]
        return ParameterList(found) if isinstance(index, slice) else found

    def __setitem__(self, index: int, value: Any) -> None:
        self._put(list(self._parameters)[index], value)


class ParameterDict(_ParameterHolder):
    """A dictionary of parameters that are found."""

    def __init__(self, parameters: Any = None) -> None:
        super().__init__()
        self.update(parameters or {})

    def update(self, parameters: Any) -> None:
        """Adds parameters from a mapping or from (name, tensor) pairs."""
        for key, value in parameters.items() if hasattr(parameters, "items") else parameters:
            self[key] = value

    def __getitem__(self, key: str) -> Any:
        return self._parameters[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self._put(key, value)

    def __delitem__(self, key: str) -> None:
        del self._parameters[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._parameters)

    def __contains__(self, key: str) -> bool:
        return key in self._parameters

    def keys(self) -> Iterable[str]:
        """The names."""
        return self._parameters.keys()

    def values(self) -> Iterable[Any]:
        """The parameters."""
        return self._parameters.values()

    def items(self) -> Iterable[tuple[str, Any]]:
        """The names and parameters."""
        return self._parameters.items()

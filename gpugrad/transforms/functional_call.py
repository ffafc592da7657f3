"""A module called with other parameters and buffers than its own.

Holds:     the module has its own back when the call ends, whatever ends it.
Must not:  know the class of modules: anything with ``named_parameters`` and ``named_buffers`` will
           do.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..ops.join import stack

__all__ = ["functional_call", "stack_module_state"]


def functional_call(module: Any, parameter_and_buffer_dicts: Any, args: Any = None,
                    kwargs: dict[str, Any] | None = None, *, tie_weights: bool = True,
                    strict: bool = False) -> Any:
    """``module(*args, **kwargs)`` with the tensors of a dict (or several) in the place of its own.

    tie_weights   a tensor that the module has under several names is replaced under all of them
    strict        every parameter and buffer must be given, and nothing else

    Raises:  KeyError for names the module does not have; RuntimeError with ``strict``
    """
    dicts = parameter_and_buffer_dicts
    given: dict[str, Any] = {}
    for part in [dicts] if isinstance(dicts, dict) else dicts:
        for name, tensor in part.items():
            if name in given:
                raise ValueError(f"{name} appeared in multiple dictionaries; behavior of "
                                 "functional call is ambiguous")  # fmt: skip
            given[name] = tensor
    own = {**dict(_named(module, "parameters")), **dict(_named(module, "buffers"))}
    unknown, missing = given.keys() - own.keys(), own.keys() - given.keys()
    if strict and (unknown or missing):
        raise RuntimeError(f"Unexpected key(s): {sorted(unknown)}. Missing key(s): "
                           f"{sorted(missing)}.")  # fmt: skip
    for name in unknown:
        raise KeyError(f"{type(module).__name__} has no parameter or buffer {name!r}")
    if tie_weights:
        by_tensor = {id(own[name]): tensor for name, tensor in given.items()}
        given |= {n: by_tensor[id(t)] for n, t in own.items() if id(t) in by_tensor}
    args = () if args is None else args if isinstance(args, tuple) else (args,)
    before = [(*_holder(module, name), tensor) for name, tensor in given.items()]
    replaced = [(table, name, table[name]) for table, name, _ in before]
    try:
        for table, name, tensor in before:
            table[name] = tensor
        return module(*args, **(kwargs or {}))
    finally:
        for table, name, tensor in replaced:
            table[name] = tensor


def _named(module: Any, what: str) -> Any:
    return getattr(module, f"named_{what}")(remove_duplicate=False)


def _holder(module: Any, path: str) -> tuple[dict[str, Any], str]:
    """The table of the submodule that has the parameter or buffer, and its name there."""
    *parents, name = path.split(".")
    for parent in parents:
        module = getattr(module, parent)
    table = module._parameters if name in module._parameters else module._buffers
    return table, name


def stack_module_state(models: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parameters and the buffers of equal models, each stacked along a new first dimension.

    Raises:  RuntimeError for models of several classes or modes
    """
    if not models:
        raise RuntimeError("stack_module_state: Expected at least one model, got 0.")
    if len({type(model) for model in models}) > 1 or len({m.training for m in models}) > 1:
        raise RuntimeError("stack_module_state: Expected all models to be of the same class and in "
                           "the same train/eval mode.")  # fmt: skip
    made = []
    for what in ("parameters", "buffers"):
        tables = [dict(getattr(model, f"named_{what}")()) for model in models]
        made.append({n: stack([table[n].detach() for table in tables]) for n in tables[0]})
    for name, tensor in made[0].items():
        tensor.requires_grad_(dict(models[0].named_parameters())[name].requires_grad)
    return made[0], made[1]

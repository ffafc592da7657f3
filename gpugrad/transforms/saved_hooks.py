"""Hooks on saved values: pack them when a node saves them, unpack them when backward needs them.

Holds:     per thread, innermost first, as graph/packing.py has it.
Must not:  see values that are no tensors: numbers that a node keeps are not packed.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..array import cpu, kind_of, pinned
from ..errors import hooks_disabled
from ..graph import local, new_tensor
from ..ops.broadcast import convert

__all__ = ["disable_saved_tensors_hooks", "save_on_cpu", "saved_tensors_hooks"]


class _Disabled(threading.local):
    message: str | None = None


_disabled = _Disabled()


class saved_tensors_hooks:  # noqa: N801  (PyTorch's name)
    """Nodes recorded inside keep ``pack_hook(tensor)`` instead of each tensor they would save.

    ``unpack_hook`` gets that back when the node runs, and returns a tensor of the same shape.
    Tensors in what is packed (also in tuples, lists and dicts) are counted as saved.

    >>> import gpugrad
    >>> x = gpugrad.ones(2, requires_grad=True)
    >>> with saved_tensors_hooks(lambda t: t.tolist(), gpugrad.tensor):
    ...     y = (x * x).sum()
    >>> gpugrad.memory.graph(y).unique_bytes
    0
    >>> y.backward(); x.grad
    tensor([2., 2.])
    """

    def __init__(self, pack_hook: Callable[[Any], Any], unpack_hook: Callable[[Any], Any]) -> None:
        self.pack = pack_hook
        self.unpack = unpack_hook
        self._before: list[tuple[Any, ...]] = []

    def __enter__(self) -> None:
        if _disabled.message is not None:
            raise hooks_disabled(_disabled.message)
        mode = local.mode
        self._before.append(mode.pack_with((*mode.packing, self)))

    def __exit__(self, *_: object) -> None:
        local.mode.pack_with(self._before.pop())


class save_on_cpu(saved_tensors_hooks):  # noqa: N801
    """What nodes save inside waits in host memory for its backward, page-locked on request."""

    def __init__(self, pin_memory: bool = False, device_type: str = "cuda") -> None:
        def pack(tensor: Any) -> Any:
            kind = tensor.kind
            if not kind.is_cuda:
                return kind, tensor
            host = convert(tensor, kind_of(cpu, kind.dtype))
            return kind, new_tensor(pinned(host.array), host.kind) if pin_memory else host

        def unpack(packed: Any) -> Any:
            kind, tensor = packed
            return convert(tensor, kind)

        super().__init__(pack, unpack)


@contextmanager
def disable_saved_tensors_hooks(error_message: str) -> Iterator[None]:
    """Inside, entering ``saved_tensors_hooks`` raises with this message.

    Raises:  RuntimeError with it at once if such hooks are active
    """
    if any(isinstance(packing, saved_tensors_hooks) for packing in local.mode.packing):
        raise hooks_disabled(error_message)
    before = _disabled.message
    _disabled.message = error_message
    try:
        yield
    finally:
        _disabled.message = before

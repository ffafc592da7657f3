"""The base of all neural network modules: calling, hooks, conversion, printing.

Holds:     while a module's ``forward`` runs, the graph knows its path, so every node recorded in it
           can be named. A call without hooks does nothing else.
Must not:  know any layer.
"""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any, TypeVar

from ...array import as_device, as_dtype, bfloat16, dtype, float16, float32, float64
from ...graph import enter_module, leave_module, mutated
from ...tensor import Tensor
from ..parameter import convert_parameter
from .hooks import (
    EVERYWHERE,
    Hooked,
    register_module_backward_hook,
    register_module_forward_hook,
    register_module_forward_pre_hook,
    register_module_full_backward_hook,
    register_module_full_backward_pre_hook,
)

__all__ = [
    "Module", "register_module_backward_hook", "register_module_forward_hook",
    "register_module_forward_pre_hook", "register_module_full_backward_hook",
    "register_module_full_backward_pre_hook",
]  # fmt: skip

M = TypeVar("M", bound="Module")


class Module(Hooked):
    """A function with parameters; subclasses define ``forward``.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.factor = Parameter(gpugrad.ones(()))
    ...     def forward(self, x):
    ...         return self.factor * x
    """

    # ------------------------------------------------------------------------------------- calling
    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        token = enter_module(self._scope_name)
        own = self.__dict__
        try:
            if (own["_forward_hooks"] or own["_forward_pre_hooks"] or own["_backward_hooks"]
                    or own["_backward_pre_hooks"] or EVERYWHERE.used):
                return self._call_with_hooks(args, kwargs)
            return self.forward(*args, **kwargs)
        finally:
            leave_module(token)

    def _missing_forward(self, *input: Any) -> Any:
        raise NotImplementedError(
            f'Module [{type(self).__name__}] is missing the required "forward" function'
        )

    forward: Callable[..., Any] = _missing_forward

    # ------------------------------------------------------------------------------------ settings
    def train(self: M, mode: bool = True) -> M:
        """Sets training mode (dropout and the like) for this module and all below it."""
        if not isinstance(mode, bool):
            raise ValueError("training mode is expected to be boolean")
        self.training = mode
        for module in self.children():
            module.train(mode)  # a subclass may have its own
        return self

    def eval(self: M) -> M:
        """Sets evaluation mode."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Makes all parameters require gradients, or none of them."""
        for p in self.parameters():
            p.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forgets all gradients, or with ``set_to_none=False`` fills them with zeros in place."""
        for p in self.parameters():
            if set_to_none or p.grad is None:
                p.grad = None
                continue
            if p.grad.requires_grad:
                p.grad = p.grad.detach()
            p.grad.array.fill(0)
            mutated(p.grad)

    def apply(self: M, fn: Callable[[Any], Any]) -> M:
        """Calls ``fn`` on every module below, then on this one."""
        for module in self.children():
            module.apply(fn)
        fn(self)
        return self

    # ---------------------------------------------------------------------------------- conversion
    def to(self: M, *args: Any, **kwargs: Any) -> M:
        """Moves parameters and buffers: ``to(device)``, ``to(dtype)``, ``to(device, dtype)``,
        ``to(tensor)``. Only floating tensors change their dtype; parameters stay the same objects.
        """
        device, dtype = _parse_to(*args, **kwargs)
        if dtype is not None and not dtype.is_floating_point:
            raise TypeError(
                "nn.Module.to only accepts floating point or complex dtypes, but got desired "
                f"dtype={dtype}"
            )

        def convert(t: Tensor) -> Any:
            return t.to(device=device, dtype=dtype if t.is_floating_point() else None)

        return self._apply(convert)

    def cpu(self: M) -> M:
        """Moves everything to host memory."""
        return self.to("cpu")

    def cuda(self: M, device: Any = None) -> M:
        """Moves everything to a GPU."""
        return self.to("cuda" if device is None else as_device(device))

    def float(self: M) -> M:
        """Makes floating tensors float32."""
        return self.to(float32)

    def double(self: M) -> M:
        """Makes floating tensors float64."""
        return self.to(float64)

    def half(self: M) -> M:
        """Makes floating tensors float16."""
        return self.to(float16)

    def bfloat16(self: M) -> M:
        """Makes floating tensors bfloat16."""
        return self.to(bfloat16)

    def _apply(self: M, fn: Callable[[Any], Any]) -> M:
        """Replaces the bytes of every parameter, gradient and buffer by ``fn`` of them."""
        for module in self.children():
            module._apply(fn)
        for param in self._parameters.values():
            if param is not None:
                convert_parameter(param, fn)
        for name, buffer in self._buffers.items():
            if buffer is not None:
                self._buffers[name] = fn(buffer)
        return self

    # ------------------------------------------------------------------------------------ printing
    def extra_repr(self) -> str:
        """The part of the printed form between the parentheses; layers show their sizes."""
        return ""

    def _get_name(self) -> str:
        return type(self).__name__

    def __repr__(self) -> str:
        extra = self.extra_repr()
        extra_lines = extra.split("\n") if extra else []
        children = [
            f"({name}): " + repr(module).replace("\n", "\n  ")
            for name, module in self._modules.items()
        ]
        if not children and len(extra_lines) <= 1:
            return f"{self._get_name()}({extra})"
        body = "\n  ".join([*extra_lines, *children])
        return f"{self._get_name()}(\n  {body}\n)"


def _parse_to(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
    """Device and dtype from the arguments of ``to``, None for what is not given."""
    device, given = kwargs.pop("device", None), kwargs.pop("dtype", None)
    kwargs.pop("non_blocking", None)
    if kwargs:
        raise TypeError(f"to() received an invalid combination of arguments: {sorted(kwargs)}")
    for value in args:
        if isinstance(value, Tensor):
            device, given = value.device, value.dtype
        elif isinstance(value, dtype) or value in (builtins.float, int, bool):
            given = value
        elif value is not None and not isinstance(value, bool):
            device = value
    return None if device is None else as_device(device), None if given is None else as_dtype(given)

"""Operations that users differentiate themselves: ``Function``.

Holds:     forward runs without recording, backward too unless the pass is recorded.
Must not:  do more than say what a user writes and calls; function_call.py does what happens.
"""

from __future__ import annotations

import warnings
from typing import Any, ClassVar, NoReturn

from ..errors import function_lacks, legacy_function
from .function_call import applied
from .function_rule import FunctionRule, no_backward, no_setup

__all__ = ["Function", "InplaceFunction"]


class Function:
    """An operation with a backward of its own: subclass it, and call ``apply`` on the subclass.

    >>> import gpugrad
    >>> class Exp(Function):
    ...     @staticmethod
    ...     def forward(ctx, x):
    ...         y = x.exp()
    ...         ctx.save_for_backward(y)
    ...         return y
    ...
    ...     @staticmethod
    ...     def backward(ctx, g):
    ...         (y,) = ctx.saved_tensors
    ...         return g * y
    >>> x = gpugrad.zeros(2, requires_grad=True)
    >>> Exp.apply(x).sum().backward()
    >>> x.grad
    tensor([1., 1.])
    """

    generate_vmap_rule = False
    clear_saved_tensors_on_access = False
    boxed_grads_call = False
    _rules: ClassVar[dict[Any, FunctionRule]] = {}

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._rules = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        warnings.warn(
            f"{type(self)} should not be instantiated. Methods on autograd functions are all "
            "static, so you should invoke them on the class itself.",
            DeprecationWarning, stacklevel=2,
        )  # fmt: skip

    def __call__(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise legacy_function(type(self).__name__)

    # ------------------------------------------------------------------------------ to be written
    @staticmethod
    def forward(*args: Any, **kwargs: Any) -> Any:
        """``forward(ctx, *args)``; or ``forward(*args)`` together with ``setup_context``."""
        raise function_lacks("forward")

    setup_context = staticmethod(no_setup)
    backward = staticmethod(no_backward)
    vjp = backward  # another name for the same

    @staticmethod
    def jvp(ctx: Any, *grad_inputs: Any) -> Any:
        """The tangents of the outputs from those of the arguments, None for what is no tensor."""
        raise function_lacks("jvp")

    @staticmethod
    def vmap(info: Any, in_dims: Any, *args: Any) -> Any:
        """``(output, out_dims)`` for arguments with a batch dimension."""
        raise function_lacks("vmap")

    # ------------------------------------------------------------------------------------ applying
    @classmethod
    def apply(cls, *args: Any, **kwargs: Any) -> Any:
        """Runs forward and records it. Keyword arguments have no gradients."""
        return applied(cls, args, kwargs)


class InplaceFunction(Function):
    """A Function; old scripts derive from this."""

    def __init__(self, inplace: bool = False) -> None:
        super().__init__()
        self.inplace = inplace

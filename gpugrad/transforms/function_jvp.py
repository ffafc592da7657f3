"""The derivative of a custom Function at a point, for forward mode: ``linearize``.

Holds:     ``jvp`` runs under the grad mode of its caller, on tensors that are tied to the graph.
Must not:  know what carries tangents from one operation to the next.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from ..errors import function_jvp_count, function_jvp_shape, function_needs_setup
from ..graph import TensorBase
from .function import Function
from .function_call import applied
from .function_context import FunctionCtx
from .function_rule import no_setup, zeros

__all__ = ["linearize"]


def linearize(cls: type[Function], *args: Any) -> tuple[Any, Callable[..., tuple[Any, ...]]]:
    """``cls.apply(*args)``, and the function that ``cls.jvp`` is at this point.

    That function takes one tangent per argument (None for what has none) and returns one per
    output; it is for use right away, before the graph of the output is released. With arguments
    that are themselves traced, the Function needs a ``setup_context``.

    Raises:  NotImplementedError if there is no jvp; RuntimeError for wrong tangents
    """
    watched: list[Any] = []
    output = applied(cls, args, {}, watched)
    if not watched:
        if cls.setup_context is no_setup:
            raise function_needs_setup(cls.__name__)
        ctx = FunctionCtx()
        ctx.needs_input_grad = tuple([getattr(a, "requires_grad", False) for a in args])
        cls.setup_context(ctx, args, output)
        watched = [ctx, ctx.saved_for_forward or ctx.to_save]
    ctx, saved = watched
    outs = output if isinstance(output, tuple) else (output,)
    return output, functools.partial(_pushed, cls, ctx, saved, args, outs)


def _pushed(cls: type[Function], ctx: FunctionCtx, saved: tuple[Any, ...], args: tuple[Any, ...],
            outs: tuple[Any, ...], *tangents: Any) -> tuple[Any, ...]:
    """What ``cls.jvp`` makes of tangents."""
    given = [
        zeros((a.shape, a.kind)) if t is None and ctx.materialize_grads and _is_tensor(a) else t
        for t, a in zip(tangents, args, strict=True)
    ]
    ctx._for_jvp = saved
    try:
        results = cls.jvp(ctx, *given)
    finally:
        del ctx._for_jvp
    results = results if isinstance(results, tuple) else (results,)
    if len(results) != len(outs):
        raise function_jvp_count(cls.__name__, len(outs), len(results))
    for index, (t, out) in enumerate(zip(results, outs, strict=True)):
        if t is not None and _is_tensor(out) and tuple(t.shape) != tuple(out.shape):
            raise function_jvp_shape(cls.__name__, index, tuple(t.shape), tuple(out.shape))
    return results


def _is_tensor(value: Any) -> bool:
    return isinstance(value, TensorBase)

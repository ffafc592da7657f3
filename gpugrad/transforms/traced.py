"""What tensors with a tangent and tensors that stand for a batch have in common.

Holds:     a traced tensor has a true shape and kind and the methods of every tensor; it never has
           an array. Of the parts of a traced tensor none has a higher level than itself: what the
           innermost transformation made is outermost.
Must not:  let an op take a part for the whole: what needs an array raises NotConcrete.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import prod
from typing import Any, NoReturn

from ..errors import GraphError, no_values
from ..graph import NotConcrete, here, location
from ..tensor import Tensor

__all__ = ["TracedTensor", "new_level"]

_new = object.__new__


class _Levels(threading.local):
    depth = 0


_levels = _Levels()


@contextmanager
def new_level() -> Iterator[int]:
    """A level inside all that this thread has entered."""
    _levels.depth += 1
    try:
        yield _levels.depth
    finally:
        _levels.depth -= 1


class TracedTensor(Tensor):
    """A tensor without an array of its own; ``process`` says what an op makes of it."""

    level: int
    what = ""  # how messages call it

    @staticmethod
    def made(cls: type[Any], shape: Any, kind: Any, level: int) -> Any:
        """A bare tensor of class ``cls``."""
        out = _new(cls)
        out.shape, out.kind, out.level = shape, kind, level
        out.storage = out.node = out._grad = out.origin = out.lost = out.extra = None
        return out

    # ------------------------------------------------------------------------------- the protocol
    def process(self, op: Any, inputs: tuple[Any, ...], attrs: dict[str, Any]) -> Any:
        """What ``op`` makes of ``inputs``, of which this one has the highest level."""
        raise NotImplementedError

    def parts(self) -> tuple[Any, ...]:
        """The tensors it is made of."""
        raise NotImplementedError

    def rebuilt(self, change: Callable[[Any], Any]) -> Any:
        """The same made of ``change(part)``."""
        raise NotImplementedError

    def under(self, wrap: Callable[[Any], Any]) -> Any:
        """What ``wrap`` of a lower level makes of it: wrapped within its parts."""
        raise NotImplementedError

    def pair(self, first: Any, second: Any, wrap: Callable[[Any, Any], Any]) -> Any:
        """What ``wrap`` of a lower level makes of two tensors, of which it is one."""
        raise NotImplementedError

    @property
    def array(self) -> NoReturn:
        raise NotConcrete(no_values(self.what, str(location(*here()))))

    # -------------------------------------------------------------------------- what all have
    def numel(self) -> int:
        """The number of elements."""
        return prod(self.shape)

    nelement = numel

    @property
    def requires_grad(self) -> bool:
        """Whether a gradient flows to it."""
        return bool(self.parts()[0].requires_grad)

    @requires_grad.setter
    def requires_grad(self, wanted: bool) -> None:
        raise GraphError(f"requires_grad cannot be set on {self.what}; set it before, or use "
                         "gpugrad.func.grad")  # fmt: skip

    def requires_grad_(self, requires_grad: bool = True) -> Any:
        """Not available; see ``requires_grad``."""
        self.requires_grad = requires_grad

    def backward(self, *args: Any, **kwargs: Any) -> None:
        """Not available: gradients of a traced tensor are functions' results."""
        raise GraphError(
            "backward() called inside a functorch transform. This is not supported, please use "
            f"functorch.grad or functorch.vjp instead: the root is {self.what}, and .grad would "
            "mix its parts. gpugrad.func.grad, gpugrad.func.vjp and autograd.grad do work here."
        )

    def detach(self) -> Any:
        """Its values without the graph."""
        return self.rebuilt(lambda part: part.detach())

    @property
    def data(self) -> Any:
        """``detach()``."""
        return self.detach()

    @data.setter
    def data(self, value: Any) -> None:
        raise GraphError(f".data cannot be set on {self.what}")

    def replace_by(self, result: Any) -> Any:
        """Makes this tensor, of which no views exist, what ``result`` is; returns it."""
        if result.__class__ is not self.__class__ or result.level != self.level:
            raise GraphError(f"an in-place operation cannot turn {self.what} into something else")
        if tuple(result.shape) != tuple(self.shape):
            raise GraphError(f"output with shape {list(self.shape)} doesn't match the broadcast "
                             f"shape {list(result.shape)}")  # fmt: skip
        vars(self).update(vars(result))
        return self

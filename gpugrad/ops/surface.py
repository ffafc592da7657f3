"""Where users find an op: each declaration says so beside itself, in one line.

    @public("torch method inplace out", also="clip")
    def clamp(input, min=None, max=None): ...

is ``gpugrad.clamp`` (with ``out=``), ``Tensor.clamp`` and ``Tensor.clamp_``, and the same as
``clip``. The rooms to the right read the tables: no list of names is kept anywhere else.

Holds:     a name stands for one function in each place.
Must not:  know any op, or change a function that is called through ``Tensor``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from .writes import inplace, with_out

__all__ = ["PLACES", "public"]

F = TypeVar("F", bound=Callable[..., Any])

PLACES: dict[str, dict[str, Any]] = {
    place: {} for place in ("torch", "method", "inplace", "F", "linalg", "special")
}
"""For each place, its functions by name; those of "inplace" end in an underscore."""

_MODULES = ("torch", "linalg", "special")


def public(places: str, *, name: str = "", also: str = "", plain: Any = None
           ) -> Callable[[F], F]:
    """Publishes a function in ``places`` (words of ``PLACES``) under its own name or ``name``.

    "out" among the places gives the functions in modules an ``out=``; ``also`` are further names;
    ``plain`` is the elementwise op that a call without keyword arguments comes to.
    """
    wanted = places.split()

    def publish(function: F) -> F:
        called: Any = _with_numpy_names(function) if _takes_dim(function) else function
        shown = called
        if "out" in wanted:
            op = getattr(function, "op", None)
            if op is None:
                shown = with_out(called)
            else:
                op.takes_out = True  # its printed call has the argument
        for each in (name or function.__name__.rstrip("_"), *also.split()):
            for place in wanted:
                if place == "inplace":
                    _put(place, f"{each}_", inplace(function, f"{each}_", plain))
                elif place != "out":
                    _put(place, each, shown if place in _MODULES else called)
        return function

    return publish


_NUMPY_NAMES = {"axis": "dim", "keepdims": "keepdim"}
_VIEWS = ("shape", "pieces", "join")  # a view costs little more than a call: 0.1 µs would show


def _takes_dim(function: Callable[..., Any]) -> bool:
    code = getattr(function, "__wrapped__", function).__code__
    names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    views = function.__module__.rpartition(".")[2] in _VIEWS and "tensors" not in names
    return "dim" in names and not views


def _with_numpy_names(function: Callable[..., Any]) -> Callable[..., Any]:
    """``function`` that takes ``axis`` and ``keepdims`` for ``dim`` and ``keepdim``, too."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if kwargs and not _NUMPY_NAMES.keys().isdisjoint(kwargs):
            kwargs = {_NUMPY_NAMES.get(name, name): value for name, value in kwargs.items()}
        return function(*args, **kwargs)

    return call


def _put(place: str, name: str, function: Any) -> None:
    if name in PLACES[place]:
        raise ValueError(f"{name!r} is declared twice for {place!r}")
    PLACES[place][name] = function

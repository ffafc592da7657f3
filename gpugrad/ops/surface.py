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
        shown: Any = function
        if "out" in wanted:
            op = getattr(function, "op", None)
            if op is None:
                shown = with_out(function)
            else:
                op.takes_out = True  # its printed call has the argument
        for each in (name or function.__name__.rstrip("_"), *also.split()):
            for place in wanted:
                if place == "inplace":
                    _put(place, f"{each}_", inplace(function, f"{each}_", plain))
                elif place != "out":
                    _put(place, each, shown if place in _MODULES else function)
        return function

    return publish


def _put(place: str, name: str, function: Any) -> None:
    if name in PLACES[place]:
        raise ValueError(f"{name!r} is declared twice for {place!r}")
    PLACES[place][name] = function

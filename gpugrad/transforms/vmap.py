"""``vmap``: a function of one example made a function of a batch.

Holds:     the function runs once, on tensors that stand for all examples; with
           ``randomness="different"`` once per example, since each draws numbers of its own.
Must not:  hand a result that is not a tensor to anybody.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from ..errors import vmap_random
from ..graph import TensorBase
from ..ops.generators import forbid_draws
from ..ops.join import cat
from .batched import batched, unbatched
from .traced import new_level
from .trees import broadcast_prefix, flatten

__all__ = ["vmap"]


def vmap(func: Callable[..., Any], in_dims: Any = 0, out_dims: Any = 0, randomness: str = "error",
         *, chunk_size: int | None = None) -> Callable[..., Any]:
    """``func`` for every entry along a dimension of its arguments, results along another.

    in_dims      which dimension of each argument counts examples; None for what they share
    out_dims     where the results have it
    randomness   "error", "same" (all examples draw the same numbers) or "different"
    chunk_size   how many examples at most are handled at once

    Raises:  ValueError for dimensions or sizes that do not fit; RuntimeError where ``func`` asks
             for values
    >>> import gpugrad
    >>> dot = vmap(lambda a, b: (a * b).sum())
    >>> dot(gpugrad.ones(2, 3), gpugrad.ones(2, 3))
    tensor([3., 3.])
    """
    if randomness not in ("error", "different", "same"):
        raise RuntimeError(f"Only allowed values for randomness are 'error', 'different', or "
                           f"'same'. Got {randomness}")  # fmt: skip
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"vmap: chunk_size should be None or greater than 0. (got {chunk_size})")

    @wraps(func)
    def mapped(*args: Any, **kwargs: Any) -> Any:
        call = _Call(func, in_dims, out_dims, args, kwargs)
        if randomness == "different":
            return call.joined([call.run(i, i + 1) for i in range(call.count)])
        with forbid_draws(vmap_random if randomness == "error" else None):
            if chunk_size is None or chunk_size >= call.count:
                return call.joined([call.run(0, call.count)])
            starts = range(0, call.count, chunk_size)
            return call.joined([call.run(i, min(i + chunk_size, call.count)) for i in starts])

    return mapped


def _is_mapped(x: Any) -> bool:
    """Whether a keyword argument is mapped: every tensor with a dimension is, along the first."""
    return isinstance(x, TensorBase) and bool(x.shape)


class _Call:
    """One call of a mapped function."""

    def __init__(self, func: Callable[..., Any], in_dims: Any, out_dims: Any,
                 args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self.func, self.out_dims = func, out_dims
        self.name = getattr(func, "__name__", repr(func))
        leaves, self.structure = flatten(args)
        self.keywords, self.keyword_structure = flatten(kwargs)
        self.dims = self._in_dims(in_dims, args, leaves)
        # examples first, whatever the dimension was
        self.leaves = [
            x if d is None else x.movedim(d, 0) for x, d in zip(leaves, self.dims, strict=True)
        ]
        sizes = [x.shape[0] for x, d in zip(self.leaves, self.dims, strict=True) if d is not None]
        sizes += [x.shape[0] for x in self.keywords if _is_mapped(x)]
        if not sizes:
            raise ValueError(f"vmap({self.name}, in_dims={in_dims}, ...)(<inputs>): got no input "
                             "that it could map over")  # fmt: skip
        if len(set(sizes)) > 1:
            raise ValueError(
                "vmap: Expected all tensors to have the same size in the mapped dimension, got "
                f"sizes {sizes} for the mapped dimension"
            )
        self.count = sizes[0]

    def _in_dims(self, in_dims: Any, args: tuple[Any, ...], leaves: list[Any]) -> list[Any]:
        where = f"vmap({self.name}, in_dims={in_dims}, ...)(<inputs>)"
        if not isinstance(in_dims, (int, tuple, list, dict)):
            raise ValueError(
                f"{where}: expected `in_dims` to be int or a (potentially nested) tuple matching "
                f"the structure of inputs, got: {type(in_dims)}."
            )
        if not args and not self.keywords:
            raise ValueError(f"{where}: got no inputs. Maybe you forgot to add inputs, or you are "
                             "trying to vmap over a function with no inputs.")  # fmt: skip
        given = in_dims if isinstance(in_dims, int) else tuple(in_dims)
        dims = broadcast_prefix(given, self.structure, args)
        if dims is None:
            raise ValueError(f"{where}: in_dims is not compatible with the structure of `inputs`. "
                             f"in_dims has structure {in_dims} but inputs have {len(args)} "
                             "arguments.")  # fmt: skip
        return [self._checked(x, d, where) for x, d in zip(leaves, dims, strict=True)]

    def _checked(self, x: Any, d: Any, where: str) -> int | None:
        if d is None:
            return None
        if not isinstance(d, int):
            raise ValueError(f"{where}: Got in_dim={d} for an input but in_dim must be either an "
                             "integer dimension or None.")  # fmt: skip
        if not isinstance(x, TensorBase):
            raise ValueError(f"{where}: Got in_dim={d} for an input but the input is of type "
                             f"{type(x)}. We cannot vmap over non-Tensor arguments, please use "
                             "None as the respective in_dim")  # fmt: skip
        if not -len(x.shape) <= d < len(x.shape):
            raise ValueError(f"{where}: Got in_dim={d} for some input, but that input is a Tensor "
                             f"of dimensionality {len(x.shape)} so expected in_dim to satisfy "
                             f"0 <= in_dim < {len(x.shape)}.")  # fmt: skip
        return d % len(x.shape)

    def run(self, start: int, end: int) -> Any:
        """The results for some of the examples, each along its first dimension."""
        part = slice(start, end)
        with new_level() as level:
            args = self.structure.filled([
                x if d is None else batched(x[part], level)
                for x, d in zip(self.leaves, self.dims, strict=True)
            ])
            kwargs = self.keyword_structure.filled([
                batched(x[part], level) if _is_mapped(x) else x for x in self.keywords
            ])
            result = self.func(*args, **kwargs)
            leaves, structure = flatten(result)
            for leaf in leaves:
                if not isinstance(leaf, TensorBase):
                    raise ValueError(
                        f"vmap({self.name}, ...): `{self.name}` must only return Tensors, got type "
                        f"{type(leaf)}. Did you mean to set out_dims= to None for it?"
                    )
            return [unbatched(x, level, end - start) for x in leaves], structure, result

    def joined(self, parts: list[tuple[list[Any], Any, Any]]) -> Any:
        """The results of all examples, with the batch where ``out_dims`` says."""
        _, structure, result = parts[0]
        columns = zip(*[leaves for leaves, _, _ in parts], strict=True)
        leaves = [cat(list(c)) if len(c) > 1 else c[0] for c in columns]
        given = self.out_dims if self.out_dims is None or isinstance(self.out_dims, int) else (
            type(self.out_dims)(self.out_dims)
        )  # fmt: skip
        dims = broadcast_prefix(given, structure, result)
        if dims is None and isinstance(given, tuple) and len(given) == 1:
            dims = broadcast_prefix(given[0], structure, result)
        if dims is None:
            raise ValueError(f"vmap({self.name}, ..., out_dims={self.out_dims}): out_dims is not "
                             "compatible with the structure of the outputs.")  # fmt: skip
        moved = [x[0] if d is None else x.movedim(0, d) for x, d in zip(leaves, dims, strict=True)]
        return structure.filled(moved)

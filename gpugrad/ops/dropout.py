"""The family of dropout: of elements or whole channels, to zero or to what SELU tends to.

Holds:     which elements were kept is all that is saved: a byte for each, or for each channel.
Must not:  draw where nothing is dropped.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from typing import Any

from .. import errors
from .. import expr as s
from ..array import bool_
from ..expr import Bool, Expr, Float
from ..graph import new_tensor
from .families import elementwise
from .random import uniform
from .shape import reshape
from .surface import public
from .writes import write

__all__ = [
    "alpha_dropout", "dropout", "dropout1d", "dropout2d", "dropout3d", "feature_alpha_dropout",
    "kept_part", "native_dropout",
]  # fmt: skip

_SELU_FLOOR = -1.7580993408473766  # what selu(x) tends to for small x


# ----------------------------------------------------------------------------------------- the ops
@elementwise(node_name="NativeDropout")
def kept_part(input: Float, keep: Bool, *, scale: float) -> Expr:
    """``scale * input`` where ``keep`` holds, 0 elsewhere.

    Shape:   input (...), keep (...) broadcast -> (...)
    Saves:   keep
    """
    return s.where(keep, scale * input, 0)


@elementwise(node_name="AlphaDropout")
def kept_or_floor(input: Float, keep: Bool, *, scale: float, shift: float, floor: float) -> Expr:
    """``scale * input + shift`` where ``keep`` holds, ``floor`` elsewhere.

    Shape:   input (...), keep (...) broadcast -> (...)
    Saves:   keep
    """
    return s.where(keep, scale * input + shift, floor)


def _drawn(input: Any, p: float, features: bool) -> Any:
    """Where to keep ``input``: element by element, or channel by channel."""
    shape = tuple(input.shape)
    if features:
        shape = (*shape[:2], *[1] * (len(shape) - 2))
    return new_tensor(uniform(input.kind, shape) >= p, input.kind.with_dtype(bool_))


def _zeroed(input: Any, p: float, train: bool, features: bool = False) -> Any:
    if features and len(input.shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if not train or p == 0 or not input.shape.numel():
        return input
    scale = 0.0 if p == 1 else 1 / (1 - p)
    return kept_part(input, _drawn(input, p, features), scale=scale)


def _floored(input: Any, p: float, train: bool, features: bool = False) -> Any:
    if features and len(input.shape) < 2:
        raise RuntimeError("Feature dropout requires at least 2 dimensions in the input")
    if not train or p == 0 or not input.shape.numel():
        return input
    keep = _drawn(input, p, features)
    if p == 1:
        return kept_part(input, keep, scale=0.0)
    scale = 1 / math.sqrt((_SELU_FLOOR**2 * p + 1) * (1 - p))
    shift = -_SELU_FLOOR * scale * p
    floor = _SELU_FLOOR * scale + shift
    return kept_or_floor(input, keep, scale=scale, shift=shift, floor=floor)


def _run(thinned: Callable[..., Any], input: Any, p: float, train: bool, inplace: bool = False,
         features: bool = False, error: type[Exception] = ValueError) -> Any:
    if not 0 <= p <= 1:
        raise errors.bad_dropout(p, error)
    if not inplace:
        return thinned(input, p, train, features)
    if not train or p == 0:
        return input
    return write(input, lambda old: thinned(old, p, train, features))


# ------------------------------------------------------------------------------ nn.functional's
@public("F")
def dropout(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Zeroes elements with probability ``p`` and scales the others by 1 / (1 - p).

    Shape:   input (*) -> the same
    Saves:   which elements were kept, one byte each
    Raises:  ValueError for p outside [0, 1]
    Source:  Srivastava et al. 2014
    """
    return _run(_zeroed, input, p, training, inplace)


@public("F")
def alpha_dropout(input: Any, p: float = 0.5, training: bool = False, inplace: bool = False) -> Any:
    """Dropout to SELU's floor, then scaled and shifted so that mean and variance stay.

    Shape:   input (*) -> the same
    Saves:   which elements were kept, one byte each
    Source:  Klambauer et al. 2017
    """
    return _run(_floored, input, p, training, inplace)


@public("F")
def feature_alpha_dropout(input: Any, p: float = 0.5, training: bool = False,
                          inplace: bool = False) -> Any:
    """``alpha_dropout`` of whole channels.

    Shape:   input (N, C, *) -> the same
    Saves:   which channels were kept, one byte each
    """
    return _run(_floored, input, p, training, inplace, features=True)


@public("F")
def dropout1d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of sequences.

    Shape:   input (N, C, L) or (C, L) -> the same
    Saves:   which channels were kept, one byte each
    """
    dims = len(input.shape)
    if not 0 <= p <= 1:
        raise errors.bad_dropout(p)
    if dims not in (2, 3):
        raise RuntimeError(
            f"dropout1d: Expected 2D or 3D input, but received a {dims}D input. Note that "
            "dropout1d exists to provide channel-wise dropout on inputs with 1 spatial dimension, "
            "a channel dimension, and an optional batch dimension (i.e. 2D or 3D inputs)."
        )
    return _channels(input, p, training, inplace, batched=dims == 3)


@public("F")
def dropout2d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of images; (N, C, L) is taken too, with a warning.

    Shape:   input (N, C, H, W) -> the same
    Saves:   which channels were kept, one byte each
    """
    if not 0 <= p <= 1:
        raise errors.bad_dropout(p)
    dims = len(input.shape)
    if dims == 3:
        warnings.warn(
            "dropout2d: Received a 3D input to dropout2d and assuming that channel-wise 1D dropout "
            "behavior is desired - input is interpreted as shape (N, C, L), where C is the channel "
            "dim. To keep that, please switch to using dropout1d instead.", stacklevel=2,
        )  # fmt: skip
    elif dims != 4:
        _warn_of_dims("dropout2d", dims, "2 spatial dimensions", "3D or 4D")
    return _run(_zeroed, input, p, training, inplace, features=True)


@public("F")
def dropout3d(input: Any, p: float = 0.5, training: bool = True, inplace: bool = False) -> Any:
    """Dropout of whole channels of volumes.

    Shape:   input (N, C, D, H, W) or (C, D, H, W) -> the same
    Saves:   which channels were kept, one byte each
    """
    if not 0 <= p <= 1:
        raise errors.bad_dropout(p)
    dims = len(input.shape)
    if dims not in (4, 5):
        _warn_of_dims("dropout3d", dims, "3 spatial dimensions", "4D or 5D")
    return _channels(input, p, training, inplace, batched=dims == 5)


def _warn_of_dims(name: str, dims: int, spatial: str, expected: str) -> None:
    warnings.warn(
        f"{name}: Received a {dims}-D input to {name}, which is deprecated and will result in an "
        "error in a future release. To retain the behavior and silence this warning, please use "
        f"dropout instead. Note that {name} exists to provide channel-wise dropout on inputs with "
        f"{spatial}, a channel dimension, and an optional batch dimension (i.e. {expected} "
        "inputs).", stacklevel=3,
    )  # fmt: skip


def _channels(input: Any, p: float, training: bool, inplace: bool, batched: bool) -> Any:
    def thinned(x: Any, p: float, train: bool, features: bool) -> Any:
        if batched:
            return _zeroed(x, p, train, features)
        return reshape(_zeroed(reshape(x, (1, *x.shape)), p, train, features), x.shape)

    return _run(thinned, input, p, training, inplace, features=True)


# ----------------------------------------------------------------------------------------- torch's
def _of_torch(name: str, thinned: Callable[..., Any], features: bool, doc: str) -> None:
    """Publishes ``torch.name(input, p, train)`` and ``torch.name_``."""
    for inplace in (False, True):

        def function(input: Any, p: float, train: bool, *, _inplace: bool = inplace) -> Any:
            return _run(thinned, input, p, train, _inplace, features, RuntimeError)

        function.__name__ = function.__qualname__ = f"{name}_" if inplace else name
        function.__doc__ = f"{doc}, in place." if inplace else f"{doc}."
        public("torch", name=function.__name__)(function)


_of_torch("dropout", _zeroed, False, "``nn.functional.dropout``")
_of_torch("alpha_dropout", _floored, False, "``nn.functional.alpha_dropout``")
_of_torch("feature_dropout", _zeroed, True, "Dropout of whole channels (dim 1)")
_of_torch("feature_alpha_dropout", _floored, True, "``nn.functional.feature_alpha_dropout``")


@public("torch")
def native_dropout(input: Any, p: float, train: bool | None) -> tuple[Any, Any]:
    """``dropout``, and which elements were kept; ``train`` None means yes."""
    if not 0 <= p <= 1:
        raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p}")
    if train is False:
        every = new_tensor(input.kind.xp.ones(input.shape, bool), input.kind.with_dtype(bool_))
        return kept_part(input, every, scale=1.0), every
    keep = _drawn(input, p, features=False)
    return kept_part(input, keep, scale=0.0 if p == 1 else 1 / (1 - p)), keep

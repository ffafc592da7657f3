"""Random numbers: of a size, like a tensor, of a distribution.

Holds:     results are constants: where a parameter requires grad, so does the result, and the
           gradient is zero, as in PyTorch.
Must not:  draw on the host what is used on a device.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..array import float16, float64, iinfo, int64
from ..errors import DTypeError
from ..graph import TensorBase, new_tensor
from .broadcast import kind_of_value
from .creation import finished
from .families import custom
from .filled import chosen_kind, kind_like, sizes_of
from .generators import Generator, check_draws, default_generator
from .surface import public

__all__ = [
    "Generator", "bernoulli", "binomial", "bits_of", "default_generator", "draw",
    "integers", "multinomial", "normal", "normal_by_pairs", "poisson", "rand", "rand_like",
    "randint", "randint_like", "randn", "randn_like", "randperm", "range_of", "uniform",
]  # fmt: skip


# ------------------------------------------------------------------------------------------ draws
def bits_of(kind: Any, generator: Generator | None) -> Any:
    """NumPy's or CuPy's generator that draws for a kind."""
    check_draws("of gpugrad's generators")
    if generator is None:
        return default_generator(kind.device).bits
    if not isinstance(generator, Generator):
        raise TypeError(f"generator must be a Generator, not {type(generator).__name__}")
    if generator.device != kind.device:
        raise RuntimeError(
            f"Expected a '{kind.device.type}' device type for generator but found "
            f"'{generator.device.type}'"
        )
    return generator.bits


def draw(kind: Any, shape: tuple[int, ...], method: str, generator: Generator | None) -> Any:
    """``method`` ("random", "standard_normal", "standard_exponential") of the generator.

    Raises:  DTypeError for integers
    """
    if not kind.is_floating_point:
        raise DTypeError(f'"{method}" not implemented for {kind.dtype.name}')
    half = kind.dtype.itemsize < 4
    draw_in = np.dtype("float32") if half else kind.numpy
    bits = bits_of(kind, generator)
    if method == "standard_normal" and not kind.is_cuda and draw_in.itemsize == 4:
        drawn = normal_by_pairs(bits, shape)
    else:
        drawn = getattr(bits, method)(shape, dtype=draw_in)
    if half and method == "random":  # rounding to fewer digits must not give 1
        digits = 2.0 ** (11 if kind.dtype is float16 else 8)
        drawn = kind.xp.floor(drawn * digits) / digits
    return kind.xp.asarray(drawn, dtype=kind.numpy)


_PAIRS = 16_384  # at once, so that what is in between stays in cache


def normal_by_pairs(bits: Any, shape: tuple[int, ...]) -> Any:
    """Normal float32 numbers by Box and Muller's method: 5 ns each, NumPy's ziggurat takes 17."""
    count = math.prod(shape)
    out = np.empty(count + count % 2, np.float32)
    for start in range(0, count, 2 * _PAIRS):
        part = out[start : start + 2 * _PAIRS].reshape(2, -1)
        size, angle = bits.random(part.shape, np.float32)
        np.log1p(np.negative(size, size), size)  # of numbers above 0
        np.sqrt(np.multiply(size, np.float32(-2), size), size)
        angle *= np.float32(2 * math.pi)
        np.multiply(size, np.cos(angle), part[0])
        np.multiply(size, np.sin(angle), part[1])
    return out[:count].reshape(shape)


def uniform(kind: Any, shape: tuple[int, ...]) -> Any:
    """An array of uniform numbers in [0, 1) by the default generator, as ``kind``."""
    return draw(kind, shape, "random", None)


def integers(kind: Any, low: int, high: int, shape: tuple[int, ...], generator: Any) -> Any:
    """An array of integers from ``low`` to ``high`` (excluded), as ``kind``.

    Raises:  RuntimeError for an empty range, or one that the dtype does not hold
    """
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    least, most = range_of(kind)
    for name, number in (("from", low), ("to - 1", high - 1)):
        if not least <= number <= most:
            raise RuntimeError(f"{name} is out of bounds for {kind.dtype.name}")
    drawn = bits_of(kind, generator).integers(low, high, size=shape, dtype="int64")
    return kind.xp.asarray(drawn, dtype=kind.numpy)


_DIGITS = {"float16": 11, "bfloat16": 8, "float32": 24, "float64": 53}


def range_of(kind: Any) -> tuple[int, int]:
    """The least and the largest integer of a dtype; of a floating one those it has all of."""
    name = kind.dtype.name
    if kind.is_floating_point:
        return -(2 ** _DIGITS[name]), 2 ** _DIGITS[name]
    if name == "bool":
        return 0, 1
    limits = iinfo(kind.dtype)
    return limits.min, limits.max


# -------------------------------------------------------------------------------------- of a size
@public("torch out")
def rand(*sizes: Any, size: Any = None, generator: Generator | None = None, dtype: Any = None,
         layout: Any = None, device: Any = None, requires_grad: bool = False,
         pin_memory: bool = False) -> Any:
    """Uniform numbers in [0, 1)."""
    kind = chosen_kind(dtype, device)
    drawn = draw(kind, sizes_of("rand", sizes, size), "random", generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch out")
def randn(*sizes: Any, size: Any = None, generator: Generator | None = None, dtype: Any = None,
          layout: Any = None, device: Any = None, requires_grad: bool = False,
          pin_memory: bool = False) -> Any:
    """Normal numbers, mean 0 and variance 1."""
    kind = chosen_kind(dtype, device)
    drawn = draw(kind, sizes_of("randn", sizes, size), "standard_normal", generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch")
def rand_like(input: Any, *, generator: Generator | None = None, dtype: Any = None,
              layout: Any = None, device: Any = None, pin_memory: bool = False,
              requires_grad: bool = False, memory_format: Any = None) -> Any:
    """``rand`` in the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    drawn = draw(kind, input.shape, "random", generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch")
def randn_like(input: Any, *, generator: Generator | None = None, dtype: Any = None,
               layout: Any = None, device: Any = None, pin_memory: bool = False,
               requires_grad: bool = False, memory_format: Any = None) -> Any:
    """``randn`` in the shape, dtype and device of ``input``."""
    kind = kind_like(input, dtype, device)
    drawn = draw(kind, input.shape, "standard_normal", generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch out")
def randint(*limits: Any, low: Any = None, high: Any = None, size: Any = None,
            generator: Generator | None = None, dtype: Any = None, layout: Any = None,
            device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Any:
    """Integers from ``low`` (0) to ``high`` (excluded): ``randint(high, size)`` or with both."""
    given = list(limits)
    if given and isinstance(given[-1], (tuple, list)):
        size = given.pop()
    if given and high is None:
        high = given.pop()
    if given and low is None:
        low = given.pop()
    if given or high is None or size is None:
        raise TypeError("randint() received an invalid combination of arguments")
    kind = chosen_kind(dtype, device, int64)
    shape = sizes_of("randint", (size,))
    drawn = integers(kind, int(low or 0), int(high), shape, generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch")
def randint_like(input: Any, low: Any, high: Any = None, *, generator: Generator | None = None,
                 dtype: Any = None, layout: Any = None, device: Any = None,
                 pin_memory: bool = False, requires_grad: bool = False, memory_format: Any = None
                 ) -> Any:
    """``randint`` in the shape, dtype and device of ``input``; a single limit is ``high``."""
    if high is None:
        low, high = 0, low
    kind = kind_like(input, dtype, device)
    drawn = integers(kind, int(low), int(high), input.shape, generator)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


@public("torch out")
def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None, layout: Any = None,
             device: Any = None, requires_grad: bool = False, pin_memory: bool = False) -> Any:
    """The integers 0..n-1 in random order."""
    kind = chosen_kind(dtype, device, int64)
    keys = bits_of(kind, generator).random(sizes_of("randperm", (n,)), dtype="float64")
    drawn = keys.argsort().astype(kind.numpy)
    return finished(new_tensor(drawn, kind), requires_grad, layout, pin_memory)


# -------------------------------------------------------------------------------- of distributions
@custom(node_name="Sample")
def sample(xp: Any, values: Any, first: Any, second: Any) -> Any:
    """``values``, drawn with up to two parameters, whose gradients are zero."""
    return values


@sample.vjp
def _(g: Any, *, shapes: Any) -> Any:
    return None, *(None if shape is None else _zeros(g, shape) for shape in shapes[1:])


def _zeros(g: Any, shape: Any) -> Any:
    kind = kind_of_value(g)
    array = kind.xp.zeros(shape, kind.numpy)
    return new_tensor(array, kind) if isinstance(g, TensorBase) else array


def _sampled(values: Any, kind: Any, first: Any, second: Any = None) -> Any:
    out = new_tensor(kind.xp.asarray(values, dtype=kind.numpy), kind)
    needs = any(isinstance(t, TensorBase) and t.node is not None for t in (first, second))
    return sample(out, first, second) if needs else out


@public("torch out")
def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None,
           dtype: Any = None, layout: Any = None, device: Any = None, requires_grad: bool = False,
           pin_memory: bool = False) -> Any:
    """Normal numbers of given mean and standard deviation (numbers, or tensors that broadcast).

    Raises:  RuntimeError for a negative standard deviation (of tensors: on the CPU)
    """
    like = next((t for t in (mean, std) if isinstance(t, TensorBase)), None)
    center, spread = (t.array if isinstance(t, TensorBase) else t for t in (mean, std))
    kind = chosen_kind(dtype, device) if like is None else like.kind
    if not isinstance(std, TensorBase):
        if std < 0:
            raise RuntimeError(f"normal expects std >= 0.0, but found std {std:g}")
    elif not kind.is_cuda and (spread < 0).any():
        raise RuntimeError("normal expects all elements of std >= 0.0")
    if like is None:
        shape: tuple[int, ...] = sizes_of("normal", (size,))
    else:
        shape = np.broadcast_shapes(np.shape(center), np.shape(spread))
    values = draw(kind, shape, "standard_normal", generator) * spread + center
    return finished(_sampled(values, kind, *(t if isinstance(t, TensorBase) else None
                                             for t in (mean, std))),
                    requires_grad, layout, pin_memory)  # fmt: skip


@public("torch method out")
def bernoulli(input: Any, p: float | None = None, *, generator: Generator | None = None) -> Any:
    """1 with the probability that ``input`` gives (or ``p``, if it is given), else 0.

    Raises:  RuntimeError for a probability outside 0..1 (on the CPU)
    """
    kind = input.kind
    if p is not None:
        chance: Any = p
        if not 0 <= p <= 1:
            raise RuntimeError(f"bernoulli_ expects p to be in [0, 1], but got p={p:g}")
    else:
        chance = input.array
        if not kind.is_floating_point:
            raise DTypeError(f'"bernoulli" not implemented for {kind.dtype.name}')
        if not kind.is_cuda and not ((chance >= 0) & (chance <= 1)).all():
            raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    uniform = draw(kind.with_dtype(float64), input.shape, "random", generator)
    return _sampled(uniform < chance, kind, input)


@public("torch out")
def poisson(input: Any, generator: Generator | None = None) -> Any:
    """Poisson numbers with the rates ``input``.

    Raises:  RuntimeError for negative rates (on the CPU) and for integers
    """
    kind = input.kind
    if not kind.is_floating_point:
        raise DTypeError(f'"poisson" not implemented for {kind.dtype.name}')
    rates = input.array.astype("float64")
    if not kind.is_cuda and not (rates >= 0).all():
        raise RuntimeError("invalid Poisson rate, expected rate to be non-negative")
    return _sampled(bits_of(kind, generator).poisson(rates), kind, input)


@public("torch out")
def binomial(count: Any, prob: Any, generator: Generator | None = None) -> Any:
    """How many of ``count`` trials succeed with probability ``prob``; both broadcast.

    Raises:  ValueError for integers
    """
    for name, t in (("count", count), ("prob", prob)):
        if not t.kind.is_floating_point:
            raise ValueError(
                f"binomial only supports floating-point dtypes for {name}, got: {t.kind.dtype.name}"
            )
    kind = count.kind
    trials, chance = kind.xp.broadcast_arrays(count.array, prob.array)
    chance = kind.xp.clip(chance.astype("float64"), 0, 1)
    drawn = bits_of(kind, generator).binomial(trials.astype("int64"), chance)
    return _sampled(drawn, kind, count, prob)


@public("torch method out")
def multinomial(input: Any, num_samples: int, replacement: bool = False, *,
                generator: Generator | None = None) -> Any:
    """Indices drawn with the (unnormalised) probabilities in the last dimension of ``input``.

    Raises:  RuntimeError for what are no probabilities (on the CPU), and for too many samples
    """
    kind = input.kind
    _check_multinomial(input, num_samples, replacement)
    weights = input.array.reshape(-1, input.shape[-1]).astype("float64")
    if not kind.is_cuda:
        if not kind.xp.isfinite(weights).all() or (weights < 0).any():
            raise RuntimeError(
                "probability tensor contains either `inf`, `nan` or element < 0"
            )
        if not (weights.sum(1) > 0).all():
            raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    count, classes = weights.shape
    shape = (count, num_samples if replacement else classes)
    drawn = draw(kind.with_dtype(float64), shape, "random", generator)
    if replacement:
        found = _by_edges(kind.xp, weights, drawn)
    else:  # the earliest of exponential clocks, one per class
        clocks = -kind.xp.log1p(-drawn) / kind.xp.where(weights > 0, weights, 1)
        keys = kind.xp.where(weights > 0, clocks, kind.xp.inf)
        found = keys.argsort(1)[:, :num_samples]
    out = found.reshape(*input.shape[:-1], num_samples).astype("int64")
    return new_tensor(out, kind.with_dtype(int64))


def _check_multinomial(input: Any, num_samples: int, replacement: bool) -> None:
    if not input.kind.is_floating_point:
        raise DTypeError("multinomial only supports floating-point dtypes for input, got: "
                         f"{input.kind.dtype.name}")  # fmt: skip
    if len(input.shape) not in (1, 2):
        raise RuntimeError("prob_dist must be 1 or 2 dim")
    if num_samples <= 0:
        raise RuntimeError("cannot sample n_sample <= 0 samples")
    if not replacement and num_samples > input.shape[-1]:
        raise RuntimeError(
            "cannot sample n_sample > prob_dist.size(-1) samples without replacement"
        )


def _by_edges(xp: Any, weights: Any, drawn: Any) -> Any:
    """The class whose part of 0..1 a draw falls into: all rows by one search, row r in r..r+1."""
    edges = weights.cumsum(1)
    edges /= edges[:, -1:]
    rows = xp.arange(len(weights), dtype="float64")[:, None]
    wanted = xp.minimum(drawn, 1 - 1e-9) + rows  # so that no sum rounds up to the next row
    found = xp.searchsorted((edges + rows).ravel(), wanted.ravel(), side="right")
    return found.reshape(drawn.shape) - (rows * weights.shape[1]).astype("int64")

"""Random numbers.

Holds:     one generator per device, seeded together by ``manual_seed``: same seed, same run, on the
           same device.
Must not:  draw on the host what is used on a device.
"""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from ..array import (
    as_device,
    as_dtype,
    cpu,
    default_dtype,
    device,
    float16,
    float64,
    int64,
    kind_of,
)
from ..graph import new_tensor
from .creation import require_grad
from .dims import flat_sizes
from .surface import public

__all__ = [
    "Generator", "bernoulli", "bernoulli_", "default_generator", "initial_seed",
    "manual_seed", "multinomial", "normal", "normal_", "rand", "rand_like", "randint", "randn",
    "randn_like", "randperm", "seed", "uniform", "uniform_",
]  # fmt: skip


class Generator:
    """A stream of random numbers on one device."""

    def __init__(self, device: Any = "cpu") -> None:
        self.device = as_device(device)
        self.bits: Any = None
        self._seed = 0
        self.seed()

    def manual_seed(self, seed: int) -> Generator:
        """Starts the stream again at ``seed``."""
        self._seed = int(seed) % 2**64
        if self.device.type == "cuda":
            module = kind_of(self.device, default_dtype()).xp
            self.bits = module.random.default_rng(self._seed)
        else:
            self.bits = np.random.Generator(np.random.Philox(self._seed))
        return self

    def seed(self) -> int:
        """Starts at a seed from the operating system; returns it."""
        self.manual_seed(int.from_bytes(os.urandom(8), "little") >> 1)
        return self._seed

    def initial_seed(self) -> int:
        """The seed the stream began with."""
        return self._seed


_generators: dict[device, Generator] = {}
_process_seed: list[int] = []


def default_generator(on: device) -> Generator:
    """The generator that draws on a device when none is given."""
    found = _generators.get(on)
    if found is None:
        found = _generators.setdefault(on, Generator(on))
        if _process_seed:
            found.manual_seed(_process_seed[0])
    return found


@public("torch")
def manual_seed(seed: int) -> Generator:
    """Seeds the generators of all devices; returns the CPU's."""
    _process_seed[:] = [int(seed)]
    for generator in list(_generators.values()):
        generator.manual_seed(seed)
    return default_generator(cpu)


@public("torch")
def seed() -> int:
    """Seeds all devices from the operating system; returns the seed."""
    drawn = int.from_bytes(os.urandom(8), "little") >> 1
    manual_seed(drawn)
    return drawn


@public("torch")
def initial_seed() -> int:
    """The seed of the CPU's generator."""
    return default_generator(cpu).initial_seed()


# ------------------------------------------------------------------------------------------ draws
def _bits(kind: Any, generator: Generator | None) -> Any:
    return (generator or default_generator(kind.device)).bits


def _kind(dtype: Any, on: Any) -> Any:
    return kind_of(as_device(on), default_dtype() if dtype is None else as_dtype(dtype))


def _draw(kind: Any, shape: tuple[int, ...], method: str, generator: Generator | None) -> Any:
    """``method`` ("random" or "standard_normal") of the generator, as ``kind``."""
    half = kind.dtype.itemsize < 4
    draw_in = np.dtype("float32") if half else kind.numpy
    drawn = getattr(_bits(kind, generator), method)(shape, dtype=draw_in)
    if half and method == "random":  # rounding to fewer digits must not give 1
        digits = 2.0 ** (11 if kind.dtype is float16 else 8)
        drawn = kind.xp.floor(drawn * digits) / digits
    return kind.xp.asarray(drawn, dtype=kind.numpy)


def uniform(kind: Any, shape: tuple[int, ...]) -> Any:
    """An array of uniform numbers in [0, 1) by the default generator, as ``kind``."""
    return _draw(kind, shape, "random", None)


def _made(array: Any, kind: Any, requires_grad: bool) -> Any:
    out = new_tensor(array, kind)
    return require_grad(out) if requires_grad else out


@public("torch out")
def rand(*size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
         requires_grad: bool = False) -> Any:
    """Uniform numbers in [0, 1)."""
    kind = _kind(dtype, device)
    return _made(_draw(kind, flat_sizes(size), "random", generator), kind, requires_grad)


@public("torch out")
def randn(*size: Any, generator: Generator | None = None, dtype: Any = None, device: Any = None,
          requires_grad: bool = False) -> Any:
    """Normal numbers, mean 0 and variance 1."""
    kind = _kind(dtype, device)
    return _made(_draw(kind, flat_sizes(size), "standard_normal", generator), kind, requires_grad)


@public("torch out")
def rand_like(input: Any, *, dtype: Any = None, device: Any = None,
              requires_grad: bool = False) -> Any:
    """``rand`` in the shape, dtype and device of ``input``."""
    return rand(input.shape, dtype=dtype or input.kind.dtype,
                device=device or input.kind.device, requires_grad=requires_grad)  # fmt: skip


@public("torch out")
def randn_like(input: Any, *, dtype: Any = None, device: Any = None,
               requires_grad: bool = False) -> Any:
    """``randn`` in the shape, dtype and device of ``input``."""
    return randn(input.shape, dtype=dtype or input.kind.dtype,
                 device=device or input.kind.device, requires_grad=requires_grad)  # fmt: skip


@public("torch out")
def randint(low: int, high: Any = None, size: Any = None, *, generator: Generator | None = None,
            dtype: Any = None, device: Any = None) -> Any:
    """Integers from ``low`` to ``high`` (excluded)."""
    if size is None:
        low, high, size = 0, low, high
    if low >= high:
        raise RuntimeError(
            f"random_ expects 'from' to be less than 'to', but got from={low} >= to={high}"
        )
    kind = _kind(dtype or int64, device)
    drawn = _bits(kind, generator).integers(low, high, size=flat_sizes((size,)), dtype="int64")
    return new_tensor(kind.xp.asarray(drawn, dtype=kind.numpy), kind)


@public("torch out")
def randperm(n: int, *, generator: Generator | None = None, dtype: Any = None,
             device: Any = None) -> Any:
    """The integers 0..n-1 in random order."""
    kind = _kind(dtype or int64, device)
    keys = _bits(kind, generator).random((n,), dtype="float64")
    return new_tensor(keys.argsort().astype(kind.numpy), kind)


@public("torch out")
def normal(mean: Any, std: Any = 1.0, size: Any = None, *, generator: Generator | None = None,
           dtype: Any = None, device: Any = None) -> Any:
    """Normal numbers of given mean and standard deviation (numbers or tensors)."""
    like = next((t for t in (mean, std) if hasattr(t, "kind")), None)
    if like is None:
        return randn(size, generator=generator, dtype=dtype, device=device) * std + mean
    draw = _draw(like.kind, tuple(like.shape), "standard_normal", generator)
    return new_tensor(draw, like.kind) * std + mean


@public("torch method out")
def bernoulli(input: Any, *, generator: Generator | None = None) -> Any:
    """1 with the probability that ``input`` gives, else 0.

    Raises:  RuntimeError for a probability outside 0..1 (on the CPU)
    """
    p = input.array
    if not input.kind.is_cuda and not ((p >= 0) & (p <= 1)).all():
        raise RuntimeError("Expected p_in >= 0 && p_in <= 1 to be true, but got false.")
    draw = _draw(input.kind, tuple(input.shape), "random", generator)
    return new_tensor((draw < input.array).astype(input.kind.numpy), input.kind)


@public("torch method out")
def multinomial(input: Any, num_samples: int, replacement: bool = False, *,
                generator: Generator | None = None) -> Any:
    """Indices drawn with the (unnormalised) probabilities in the last dimension of ``input``."""
    kind = input.kind
    weights = input.array.reshape(-1, input.shape[-1]).astype("float64")
    if float(weights.min()) < 0 or not bool((weights.sum(1) > 0).all()):
        raise RuntimeError("invalid multinomial distribution (sum of probabilities <= 0)")
    rows = (weights.shape[0], num_samples if replacement else weights.shape[1])
    draw = _draw(kind.with_dtype(float64), rows, "random", generator)
    if replacement:
        edges = weights.cumsum(1)
        edges /= edges[:, -1:]
        found = (draw[:, :, None] >= edges[:, None, :]).sum(2)
    else:  # the largest of weight-scaled exponential clocks, one per class
        if num_samples > weights.shape[1]:
            raise RuntimeError("cannot sample n_sample > prob_dist.size(-1) samples without "
                               "replacement")  # fmt: skip
        clocks = -kind.xp.log1p(-draw) / kind.xp.where(weights > 0, weights, 1)
        keys = kind.xp.where(weights > 0, clocks, kind.xp.inf)
        found = keys.argsort(1)[:, :num_samples]
    out = found.reshape(*input.shape[:-1], num_samples).astype("int64")
    return new_tensor(out, kind.with_dtype(int64))


# --------------------------------------------------------------------------------------- in place
def uniform_(tensor: Any, a: float = 0.0, b: float = 1.0,
             generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with uniform numbers in [a, b)."""
    if a > b:
        raise RuntimeError(
            f"uniform_ expects to return a [from, to) range, but found from={a} > to={b}"
        )
    draw = _draw(tensor.kind, tuple(tensor.shape), "random", generator)
    return tensor.copy_(new_tensor(draw * (b - a) + a, tensor.kind))


def normal_(tensor: Any, mean: float = 0.0, std: float = 1.0,
            generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with normal numbers."""
    if std < 0:
        raise RuntimeError(f"normal expects std >= 0.0, but found std {std}")
    draw = _draw(tensor.kind, tuple(tensor.shape), "standard_normal", generator)
    return tensor.copy_(new_tensor(draw * std + mean, tensor.kind))


def bernoulli_(tensor: Any, p: float = 0.5, *, generator: Generator | None = None) -> Any:
    """Overwrites ``tensor`` with ones, each with probability ``p``, and zeros."""
    draw = _draw(kind_of(tensor.kind.device, float64), tuple(tensor.shape), "random", generator)
    return tensor.copy_(new_tensor((draw < p).astype(tensor.kind.numpy), tensor.kind))

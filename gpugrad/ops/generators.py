"""Streams of random numbers: one generator per device, and those that users make.

Holds:     the default generators are seeded together by ``manual_seed``: same seed, same run, on
           the same device.
Must not:  draw anything.
"""

from __future__ import annotations

import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..array import accounts, as_device, cpu, default_dtype, device, kind_of, uint8
from ..errors import DTypeError
from ..graph import new_tensor
from .surface import public

__all__ = [
    "Generator", "check_draws", "default_generator", "forbid_draws", "fork_rng", "get_rng_state",
    "initial_seed", "manual_seed", "rng_states", "seed", "set_rng_state", "set_rng_states",
]  # fmt: skip

_FIRST_SEED = 67280421310721  # PyTorch's, for generators that nobody has seeded
_PHILOX = struct.Struct("<11QqqQ")  # seed, counter, key, buffer, its position, half a number


class Generator:
    """A stream of random numbers on one device."""

    def __init__(self, device: Any = "cpu") -> None:
        self.device = as_device(device)
        self.bits: Any = None
        self._seed = 0
        self.manual_seed(_FIRST_SEED)

    def manual_seed(self, seed: int) -> Generator:
        """Starts the stream again at ``seed``.

        Raises:  ValueError for what does not fit 64 bits
        """
        if not -(2**63) <= int(seed) < 2**64:
            raise ValueError("Overflow when unpacking long long")
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

    # ------------------------------------------------------------------------------------ the state
    def get_state(self) -> Any:
        """Where the stream is, as a tensor of bytes on the CPU."""
        if self.device.type == "cuda":
            held = bytes(self.bits.bit_generator._state.get())
            return _as_bytes(struct.pack("<Q", self._seed) + held)
        state = self.bits.bit_generator.state
        return _as_bytes(_PHILOX.pack(
            self._seed, *state["state"]["counter"], *state["state"]["key"], *state["buffer"],
            state["buffer_pos"], state["has_uint32"], state["uinteger"],
        ))  # fmt: skip

    def set_state(self, new_state: Any) -> None:
        """Goes on from a state that ``get_state`` of a generator of this device type returned.

        Raises:  TypeError for what is no tensor of bytes, RuntimeError for a wrong size
        """
        if getattr(new_state, "kind", None) is not kind_of(cpu, uint8):
            raise TypeError("RNG state must be a torch.ByteTensor")
        held = new_state.array.tobytes()
        if self.device.type == "cuda":
            _check_size(held, 8 + self.bits.bit_generator._state.nbytes)
            self.manual_seed(*struct.unpack("<Q", held[:8]))
            self.bits.bit_generator._state.set(np.frombuffer(held[8:], np.int8))
            return
        _check_size(held, _PHILOX.size)
        number, *rest = _PHILOX.unpack(held)
        self.manual_seed(number)
        self.bits.bit_generator.state = {
            "bit_generator": "Philox", "buffer": np.array(rest[6:10], np.uint64),
            "state": {"counter": np.array(rest[:4], np.uint64),
                      "key": np.array(rest[4:6], np.uint64)},
            "buffer_pos": rest[10], "has_uint32": rest[11], "uinteger": rest[12],
        }  # fmt: skip

    def clone_state(self) -> Generator:
        """Another generator that goes on from the same place."""
        twin = Generator(self.device)
        twin.set_state(self.get_state())
        return twin


def _as_bytes(held: bytes) -> Any:
    return new_tensor(np.frombuffer(bytearray(held), np.uint8), kind_of(cpu, uint8))


def _check_size(held: bytes, wanted: int) -> None:
    if len(held) != wanted:
        raise DTypeError(f"RNG state is wrong size: {len(held)} bytes, not {wanted}")


# ----------------------------------------------------------------------------------- the defaults
_generators: dict[device, Generator] = {}
_process_seed: list[int] = []


def default_generator(on: device) -> Generator:
    """The generator that draws on a device when none is given."""
    found = _generators.get(on)
    if found is None:
        found = _generators.setdefault(on, Generator(on))
        if _process_seed:
            found.manual_seed(_process_seed[0])
        else:
            found.seed()
    return found


@public("torch")
def manual_seed(seed: int) -> Generator:
    """Seeds the generators of all devices; returns the CPU's."""
    first = default_generator(cpu).manual_seed(seed)
    _process_seed[:] = [int(seed)]
    for generator in list(_generators.values()):
        generator.manual_seed(seed)
    return first


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


@public("torch")
def get_rng_state() -> Any:
    """Where the CPU's generator is, as a tensor of bytes."""
    return default_generator(cpu).get_state()


@public("torch")
def set_rng_state(new_state: Any) -> None:
    """Makes the CPU's generator go on from ``new_state``."""
    default_generator(cpu).set_state(new_state)


class _Forbidden(threading.local):
    """The error to raise instead of drawing, made from the op's name; or None."""

    error: Any = None


_forbidden = _Forbidden()


@contextmanager
def forbid_draws(error: Any) -> Iterator[None]:
    """Inside, drawing raises ``error(name)``; with None, drawing is allowed again."""
    before, _forbidden.error = _forbidden.error, error
    try:
        yield
    finally:
        _forbidden.error = before


def check_draws(name: str) -> None:
    """Raises where nothing may be drawn."""
    if _forbidden.error is not None:
        raise _forbidden.error(name)


def rng_states() -> dict[device, Any]:
    """Where the default generators of all devices in use are."""
    return {on: default_generator(on).get_state() for on in {cpu: None, **accounts}}


def set_rng_states(states: dict[device, Any]) -> None:
    """Makes the default generators go on from ``states``."""
    for on, state in states.items():
        default_generator(on).set_state(state)


@contextmanager
def fork_rng(devices: Any = None, enabled: bool = True, _caller: str = "fork_rng",
             _devices_kw: str = "devices", device_type: str | None = None) -> Iterator[None]:
    """Runs a block whose draws leave no trace: the default generators go on as if it were not.

    ``devices`` (all) are the GPUs meant; the CPU always is.
    """
    if not enabled:
        yield
        return
    chosen = None if devices is None else {cpu, *(as_device(d) for d in devices)}
    states = {on: at for on, at in rng_states().items() if chosen is None or on in chosen}
    try:
        yield
    finally:
        set_rng_states(states)

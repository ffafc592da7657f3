"""10,000 random programs do what they do in PyTorch, and leave nothing: see tests/programs.py."""

from __future__ import annotations

import pytest

import gpugrad
from gpugrad import memory
from tests.fixtures import no_garbage_collection
from tests.programs import Program

__all__ = ["no_garbage_collection"]

AT_ONCE = 100


@pytest.mark.oracle
@pytest.mark.parametrize("first", range(0, 10_000, AT_ONCE))
def test_random_programs_agree_with_pytorch(first: int) -> None:
    torch = pytest.importorskip("torch")
    compared = 0
    for seed in range(first, first + AT_ONCE):
        program = Program(seed, torch)
        try:
            program.run()
        except AssertionError as error:
            pytest.fail(f"program {seed}\n{program.text}\n{error}")
        compared += program.compared
    assert compared > 10 * AT_ONCE


def test_what_random_programs_leave_is_freed_at_once_without_the_collector() -> None:
    start = memory.held()
    for seed in range(300):
        program = Program(seed, gpugrad)
        program.run()
        del program
        assert memory.held() == start, f"program {seed}"


@pytest.mark.cuda
@pytest.mark.parametrize("first", range(0, 200, 50))
def test_random_programs_on_a_gpu_agree_with_the_cpu(first: int) -> None:
    gpugrad.set_default_device("cpu")  # what names no device is the same on both sides
    for seed in range(first, first + 50):
        program = Program(seed, gpugrad, device="cuda")
        try:
            program.run()
        except AssertionError as error:
            pytest.fail(f"program {seed}\n{program.text}\n{error}")

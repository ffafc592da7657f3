"""5,000 random programs do what they do in PyTorch: see tests/programs.py."""

from __future__ import annotations

import pytest

import gpugrad
from tests.programs import Program

AT_ONCE = 100


@pytest.mark.oracle
@pytest.mark.parametrize("first", range(0, 5000, AT_ONCE))
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

"""The second-backward error, one whole program per way of meeting it.

Each program in ``programs/`` fails, as a user's would, and marks its lines: ``# recorded`` made the
node, ``# freed`` released it, ``# root`` made the tensor whose backward failed. Beside it lies the
message it must fail with, to the letter.
"""

from __future__ import annotations

import os
import runpy
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from gpugrad.errors import GraphError, GraphFreedError

PROGRAMS = Path(__file__).parent / "programs"
ROOT = Path(__file__).parents[2]


class Expected(NamedTuple):
    program: str
    situation: str
    node: str
    variable: str
    fix: str


CASES = [
    Expected("shared_trunk", "shared", "MulBackward0", "z", "retain_graph=True"),
    Expected("same_loss", "same", "TanhBackward0", "output", "retain_graph=True"),
    Expected("data_outside_loop", "data", "MulBackward0", "y", "x with requires_grad=False"),
    Expected("hidden_state", "carried", "", "self.hidden", "self.hidden = self.init_hidden()"),
    Expected("recurrence", "carried", "TanhBackward0", "h", "h = h.detach()"),
    Expected("two_networks", "reused", "TanhBackward0", "fake", "retain_graph=True"),
    Expected("computed_once", "stale", "ReluBackward0", "features", "compute features again"),
    Expected("released", "released", "ExpBackward0", "y", "compute the loss again"),
]
each_program = pytest.mark.parametrize("case", CASES, ids=lambda case: case.program)


def failure_of(program: str, monkeypatch: pytest.MonkeyPatch) -> GraphFreedError:
    """The error that the program ends with, its lines told relative to ``programs/``."""
    monkeypatch.chdir(PROGRAMS)
    with pytest.raises(GraphFreedError) as caught:
        runpy.run_path(f"{program}.py")
    return caught.value


@cache
def printed_by(program: str) -> str:
    """What a user sees: the end of the program's traceback, from the error's name on."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GPUGRAD_DEVICE": "cpu"}
    command = [sys.executable, f"{program}.py"]
    run = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=PROGRAMS, env=environment
    )
    return run.stderr[run.stderr.rindex("gpugrad.errors.GraphFreedError") :]


def marked(program: str, mark: str) -> str:
    """``program.py:LINE`` of the line that ends with ``# mark``."""
    lines = (PROGRAMS / f"{program}.py").read_text("utf-8").splitlines()
    (number,) = (i for i, line in enumerate(lines, 1) if line.endswith(f"# {mark}"))
    return f"{program}.py:{number}"


@each_program
def test_the_error_names_node_line_freer_variable_and_fix(case, monkeypatch) -> None:
    error = failure_of(case.program, monkeypatch)
    assert error.situation == case.situation
    assert error.node == case.node or not case.node
    assert error.where.partition(" in ")[0] == marked(case.program, "recorded")
    assert error.freed_where == marked(case.program, "freed")
    assert error.root_where == marked(case.program, "root")
    assert error.variable == case.variable
    assert case.fix in error.fix


@each_program
def test_the_message_is_the_one_on_file(case) -> None:
    golden = PROGRAMS / f"{case.program}.txt"
    if os.environ.get("GPUGRAD_UPDATE_GOLDEN"):
        golden.write_text(printed_by(case.program), "utf-8")
    assert printed_by(case.program) == golden.read_text("utf-8")


@each_program
def test_the_message_fits_a_terminal_and_keeps_the_familiar_phrase(case) -> None:
    first, *rest = printed_by(case.program).splitlines()
    assert "GraphFreedError: Trying to backward through the graph a second time" in first
    assert max(len(line) for line in rest) <= 100


def test_the_error_is_caught_as_pytorch_programs_catch_it() -> None:
    assert issubclass(GraphFreedError, GraphError)
    assert issubclass(GraphFreedError, RuntimeError)

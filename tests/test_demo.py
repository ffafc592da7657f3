"""The demo shows what it says: kept graphs grow, and give back what the ledger promised."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
REGIMES = ["freed", "two_losses", "kept_losses", "carried_state", "gradient_penalty"]
SIZES = ["--steps", "5", "--hidden", "8", "--batch", "4", "--window", "6"]


@pytest.fixture(
    scope="module", params=["cpu", pytest.param("cuda", marks=pytest.mark.cuda)], name="report"
)
def run_demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One short run of all regimes: what it printed, its JSON by regime, its folder."""
    out = tmp_path_factory.mktemp("out")
    script = [sys.executable, ROOT / "bench" / "vram_growth.py"]
    command = [*script, *SIZES, "--device", request.param, "--out", out]
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"PYTHONPATH": paths}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    record = json.loads((out / "vram_growth.json").read_text())
    return done.stdout, {regime["name"]: regime for regime in record["regimes"]}, out


def test_every_regime_runs_to_the_end(report: Any) -> None:
    _, regimes, _ = report
    assert list(regimes) == REGIMES
    assert [len(regime["steps"]) for regime in regimes.values()] == [5] * 5
    assert not any(regime["stopped"] for regime in regimes.values())


@pytest.mark.parametrize("name", ["freed", "two_losses", "gradient_penalty"])
def test_freed_graphs_hold_nothing_after_a_step(report: Any, name: str) -> None:
    regime = report[1][name]
    assert [step["held"] for step in regime["steps"]] == [0] * 5
    assert max(reading["held"] for reading in regime["readings"]) > 0


@pytest.mark.parametrize("name", ["kept_losses", "carried_state"])
def test_retained_graphs_grow_by_the_same_bytes_every_step(report: Any, name: str) -> None:
    held = [step["held"] for step in report[1][name]["steps"]]
    growth = {later - earlier for earlier, later in pairwise(held[1:])}
    assert growth == {report[1][name]["growth_per_step"]["held"]}
    assert min(growth) > 0


@pytest.mark.parametrize("name", REGIMES)
def test_release_gives_back_what_the_ledger_promised(report: Any, name: str) -> None:
    release = report[1][name]["release"]
    assert release["returned"] == release["promised"] > 0
    assert release["held_after"] == 0


def test_keeping_the_graph_does_not_change_the_training(report: Any) -> None:
    freed, kept = (
        [step["loss"] for step in report[1][name]["steps"]] for name in ("freed", "kept_losses")
    )
    assert freed == kept
    assert len(set(freed)) == 5


def test_the_table_fits_a_terminal(report: Any) -> None:
    printed = report[0]
    assert max(map(len, printed.splitlines())) <= 100
    assert all(regime["title"] in printed for regime in report[1].values())


def test_the_picture_is_drawn(report: Any) -> None:
    pytest.importorskip("matplotlib")
    assert (report[2] / "vram_growth.png").read_bytes().startswith(b"\x89PNG")

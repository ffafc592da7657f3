"""The README's example is run, and prints what the README says."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BLOCKS = re.findall(r"```(python|text)\n(.*?)```", (ROOT / "README.md").read_text("utf-8"), re.S)


def run_example(folder: Path, text: str) -> subprocess.CompletedProcess[str]:
    (folder / "train.py").write_text(text)
    environment = os.environ | {"PYTHONPATH": str(ROOT), "GPUGRAD_DEVICE": "cpu"}
    command = [sys.executable, "train.py"]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def without_frames(text: str) -> str:
    """Python 3.12 has no frames for comprehensions."""
    return text.replace(" in <listcomp>", "")


def test_the_example_prints_what_the_readme_shows(tmp_path: Path) -> None:
    (_, example), (_, output), (_, error) = BLOCKS[:3]
    done = run_example(tmp_path, example)
    assert done.stdout == output, done.stderr
    failed = run_example(tmp_path, f"{example}\nlosses[-1].backward()\n")
    assert without_frames(error) in without_frames(failed.stderr)


def test_the_example_is_short() -> None:
    assert len([line for line in BLOCKS[0][1].splitlines() if line.strip()]) <= 20

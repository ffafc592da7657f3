"""The house keeps its shape: rooms import leftwards, without cycles, and files stay small."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import layout
import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "gpugrad"
SOURCES = layout.read_package(PACKAGE)
HAND_WRITTEN_KERNELS = sorted((ROOT / "kernels").glob("*.cu*"))


def test_rooms_import_only_leftwards() -> None:
    wrong = layout.rooms_out_of_order(SOURCES)
    assert not wrong, "\n".join(wrong)


def test_no_module_imports_itself_round_a_corner() -> None:
    wrong = layout.import_cycles(SOURCES)
    assert not wrong, "\n".join(wrong)


def test_only_optional_packages_are_imported_inside_functions() -> None:
    wrong = layout.imports_in_functions(SOURCES)
    assert not wrong, "\n".join(wrong)


def test_only_three_places_touch_the_device_packages() -> None:
    wrong = layout.stray_device_imports(SOURCES, PACKAGE)
    assert not wrong, "\n".join(wrong)


def test_files_and_lines_stay_within_budget() -> None:
    texts = {source.path: source.text for source in SOURCES.values()}
    texts |= {path: path.read_text("utf-8") for path in HAND_WRITTEN_KERNELS}
    wrong = [line for path, text in texts.items() for line in layout.oversized_text(path, text)]
    assert not wrong, "\n".join(wrong)


def test_functions_stay_within_budget() -> None:
    wrong = [line for source in SOURCES.values() for line in layout.oversized_functions(source)]
    assert not wrong, "\n".join(wrong)


def test_import_loads_no_optional_package() -> None:
    heavy = ["cupy", "matplotlib", "ml_dtypes", "pynvml", "scipy", "torch"]
    program = f"import sys, gpugrad; print(*[m for m in {heavy} if m in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert run.stdout.split() == []


# -------------------------------------------------------------------------- the checks can say no
def broken_package(root: Path, **files: str) -> dict[str, layout.Source]:
    """A package named gpugrad whose files have the given texts; a dash in a name is a slash."""
    package = root / "gpugrad"
    texts = {"__init__": "", **files}
    for name, text in texts.items():
        path = package / (name.replace("-", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return layout.read_package(package)


@pytest.mark.parametrize(
    "statement",
    [
        "from .tensor import Tensor",
        "from gpugrad import tensor",
        "import gpugrad.tensor",
        "def f():\n    from .tensor import Tensor",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .tensor import Tensor",
        "import importlib\nimportlib.import_module('.tensor')",
        "import gpugrad",
    ],
)
def test_an_import_to_the_right_is_found(tmp_path: Path, statement: str) -> None:
    sources = broken_package(tmp_path, errors=statement, tensor="Tensor = 1")
    assert len(layout.rooms_out_of_order(sources)) == 1


def test_a_room_nobody_planned_is_found(tmp_path: Path) -> None:
    sources = broken_package(tmp_path, attic="")
    assert len(layout.rooms_out_of_order(sources)) == 1


def test_a_cycle_inside_one_room_is_found(tmp_path: Path) -> None:
    files = {"array-__init__": "", "array-a": "from .b import x", "array-b": "from . import a"}
    assert len(layout.import_cycles(broken_package(tmp_path, **files))) == 1


def test_a_lazy_import_of_the_standard_library_is_found(tmp_path: Path) -> None:
    sources = broken_package(tmp_path, errors="def f():\n    import json\n    import cupy")
    assert len(layout.imports_in_functions(sources)) == 1


def test_a_stray_device_import_is_found(tmp_path: Path) -> None:
    text = "def f():\n    import cupy"
    sources = broken_package(tmp_path, **{"errors": text, "array-__init__": text})
    assert len(layout.stray_device_imports(sources, tmp_path / "gpugrad")) == 1


def test_long_deep_functions_are_found(tmp_path: Path) -> None:
    body = "    x = 1\n" * 40
    deep = "def g():\n for a in b:\n  if a:\n   with a:\n    if a:\n     pass\n"
    chain = "def h(a):\n    if a: pass\n" + "    elif a: pass\n" * 6
    text = f'def f():\n    """A docstring\n    is free."""\n{body}{deep}{chain}'
    (source,) = (s for s in broken_package(tmp_path, errors=text).values() if s.room == "errors")
    wrong = layout.oversized_functions(source)
    assert [line.split(" ", 1)[1] for line in wrong] == ["f has 41 lines", "g nests 4 deep"]

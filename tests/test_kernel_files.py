"""The CUDA texts are found wherever gpugrad is installed from."""

from __future__ import annotations

from pathlib import Path

import pytest

from gpugrad.array.kernel_files import find_kernels, kernel_directory, kernel_text
from gpugrad.errors import KernelFilesError


def place_kernels(directory: Path) -> Path:
    directory.mkdir(parents=True)
    (directory / "common.cuh").write_text("// a header\n")
    return directory


def test_this_installation_has_its_kernels() -> None:
    assert kernel_text("common.cuh") == (kernel_directory() / "common.cuh").read_text("utf-8")
    assert "GG_FN" in kernel_text("common.cuh")


def test_kernels_beside_the_package_are_found(tmp_path: Path) -> None:
    beside = place_kernels(tmp_path / "kernels")
    assert find_kernels(tmp_path / "gpugrad") == beside


def test_kernels_inside_the_package_come_first(tmp_path: Path) -> None:
    place_kernels(tmp_path / "kernels")
    inside = place_kernels(tmp_path / "gpugrad" / "kernels")
    assert find_kernels(tmp_path / "gpugrad") == inside


def test_somebody_elses_kernels_directory_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "kernels").mkdir()
    with pytest.raises(KernelFilesError, match="missing") as caught:
        find_kernels(tmp_path / "gpugrad")
    assert str(tmp_path / "kernels") in str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)

"""kernels/optimizer.cu compiles everywhere, and reads the table that the host packs."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from kernels.nvrtc import compile_text

from gpugrad.array import multi_tensor
from gpugrad.array.kernel_files import kernel_directory, kernel_text

# Explicit instances; taking addresses would need a device.
INSTANCES = """
template __global__ void gg::adam<T>(const __grid_constant__ gg::Table<5>, double, double, double,
                                     double, double, double, double);
template __global__ void gg::sgd<T>(const __grid_constant__ gg::Table<3>, double, double, double,
                                    double, double, long long, long long);
template __global__ void gg::scale<T>(const __grid_constant__ gg::Table<1>, const double*);
template __global__ void gg::clamp<T>(const __grid_constant__ gg::Table<1>, double);
template __global__ void gg::norm<T>(const __grid_constant__ gg::Table<1>, double*, double);
"""
NORM = """
template __global__ void gg::finish_norm<double>(const double*, long long, double, double, double*);
"""


@pytest.mark.parametrize("architecture", ["sm_75", "sm_80", "sm_90", "sm_100"])
def test_every_kernel_compiles_with_nvrtc(architecture: str) -> None:
    text = kernel_text("optimizer.cu") + NORM
    text += INSTANCES.replace("<T>", "<float>") + INSTANCES.replace("<T>", "<double>")
    assert compile_text(text, architecture) == ""


@pytest.mark.parametrize("roles", [1, 3, 5])
def test_the_host_packs_the_table_the_device_reads(roles: int, tmp_path: Path) -> None:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed")
    layout, capacity = multi_tensor._layout(roles)
    assert layout.fields is not None
    offsets = [layout.fields[name][1] for name in ("address", "size", "first", "count")]
    source = tmp_path / "layout.cpp"
    source.write_text(f"""
#include <cstddef>
#include "optimizer.cu"
typedef gg::Table<{roles}> Table;
static_assert(Table::capacity == {capacity}, "capacity");
static_assert(sizeof(Table) == {layout.itemsize} && sizeof(Table) <= 4096, "size");
static_assert(offsetof(Table, address) == {offsets[0]}, "address");
static_assert(offsetof(Table, size) == {offsets[1]}, "size");
static_assert(offsetof(Table, first) == {offsets[2]}, "first");
static_assert(offsetof(Table, count) == {offsets[3]}, "count");
static_assert(gg::SPAN == {multi_tensor._SPAN} && gg::BLOCK == {multi_tensor._BLOCK}, "blocks");
""")
    command = [compiler, "-std=c++17", "-Wall", "-Wextra", "-Werror", "-fsyntax-only",
               f"-I{kernel_directory()}", str(source)]  # fmt: skip
    done = subprocess.run(command, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr

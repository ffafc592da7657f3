"""Pooling and resampling on raw arrays: transposes, blocks and bands, values that are not finite,
and the GPU's kernels beside NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.array import as_dtype, cupy
from gpugrad.nn import functional
from gpugrad.ops.spatial import grid_kernels, max_kernels
from gpugrad.ops.spatial.apply import apply
from gpugrad.ops.spatial.axis_maps import AxisMap, bands, table
from gpugrad.ops.spatial.windows import windows_of
from tests.ops.walk import assert_close, host

# One of each kind, shrinking and growing, with edges, gaps and more than one band of a matrix.
MAPS = [
    (AxisMap("Window", 9, 4, 3, 2, 0, 1),), (AxisMap("Window", 9, 5, 3, 2, 1, 2),),
    (AxisMap("Window", 9, 3, 1, 4, 0, 0),), (AxisMap("Window", 40, 41, 20, 1, 10, 1),),
    (AxisMap("Window", 16, 2, 8, 8, 0, 1), AxisMap("Adaptive", 7, 3)),
    (AxisMap("Window", 4, 1, 4, 4, 0, 1), AxisMap("Window", 6, 1, 6, 6, 0, 1)),
    (AxisMap("Adaptive", 5, 8), AxisMap("Adaptive", 150, 70)),
    (AxisMap("Nearest", 5, 10, scale=0.5), AxisMap("Nearest", 7, 3, flag=1, scale=7 / 3)),
    (AxisMap("Linear", 30, 150, scale=0.2), AxisMap("Linear", 9, 5, flag=1, scale=2.0)),
    (AxisMap("Linear", 3, 4, scale=0.75), AxisMap("Linear", 1, 3), AxisMap("Linear", 5, 2)),
    (AxisMap("Cubic", 1, 3, scale=1 / 3), AxisMap("Cubic", 80, 100, scale=0.8)),
    (AxisMap("Smooth", 50, 7, flag=0, scale=50 / 7), AxisMap("Smooth", 9, 12, flag=1, scale=0.75)),
    (AxisMap("Smooth", 3, 1, flag=2, scale=3.0), AxisMap("Smooth", 11, 4, flag=2, scale=2.75)),
]  # fmt: skip


def draw(shape: tuple[int, ...], dtype: str = "float64", seed: int = 0) -> Any:
    values = np.random.default_rng(seed).standard_normal(shape) * 4
    return values.astype(as_dtype(dtype).numpy)


def shapes(maps: tuple[AxisMap, ...]) -> tuple[tuple[int, ...], tuple[int, ...]]:
    return (2, *[m.size for m in maps]), (2, *[m.out for m in maps])


@pytest.mark.parametrize("maps", MAPS, ids=str)
def test_a_map_is_its_table_and_the_transpose_its_adjoint(maps: tuple[AxisMap, ...]) -> None:
    old, new = shapes(maps)
    x, g = draw(old), draw(new, seed=1)
    want = x
    for axis, m in enumerate(maps, 1):
        first, last, weights = table(m)
        matrix = np.zeros((m.out, m.size))
        for o in range(m.out):
            matrix[o, first[o] : last[o] + 1] = weights[o, : last[o] + 1 - first[o]]
        want = np.moveaxis(np.tensordot(matrix, want, (1, axis)), 0, axis)
    y = apply(x, maps, False)
    assert_close(y, want, 1e-13)
    assert (y * g).sum() == pytest.approx((x * apply(g, maps, True)).sum(), rel=1e-12)


def test_large_maps_are_cut_into_bands_that_leave_most_zeros_out() -> None:
    m = AxisMap("Linear", 1000, 2000, scale=0.5)
    for transposed in (False, True):
        cut = bands(m, transposed, "float32")
        assert len(cut) > 10
        assert sum(matrix.size for _, _, matrix in cut) < 200_000


HUGE = [
    "F.max_pool2d(x, 2)", "F.max_pool2d(x, 3, 2, 1)", "F.max_pool2d(x, 3, 1, 1, 1)",
    "F.avg_pool2d(x, 3, 2, 1)", "F.avg_pool2d(x, 2)", "F.adaptive_avg_pool2d(x, 5)",
    "F.adaptive_max_pool2d(x, 5)", "F.adaptive_max_pool2d(x, 1)",
    "F.adaptive_avg_pool2d(x, (1, 7))",
    "F.interpolate(x, 150, mode='bilinear')", "F.interpolate(x, scale_factor=2)",
    "F.interpolate(x, (20, 99), mode='bicubic')", "F.pad(x, (1, 2, 3, 4))",
    "F.pad(x, (1, 2, 3, 4), 'reflect')",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("call", HUGE)
def test_many_planes_are_computed_as_few(call: str) -> None:
    torch = pytest.importorskip("torch")
    values = draw((9, 10, 56, 48))
    found = []
    for module, nn in ((gpugrad, functional), (torch, torch.nn.functional)):
        x = module.tensor(values, requires_grad=True, device="cpu")
        y = eval(call, {"x": x, "F": nn})
        y.backward(module.tensor(draw(tuple(y.shape), seed=1), device="cpu"))
        found.append((host(y), host(x.grad)))
    for ours, theirs in zip(*found, strict=True):
        assert_close(ours, theirs, 1e-12)


ODD = [
    "F.avg_pool1d(x, 20, 7)", "F.avg_pool1d(x, 2)", "F.adaptive_avg_pool1d(x, 7)",
    "F.adaptive_avg_pool1d(x, 1)", "F.interpolate(x, 37, mode='linear')", "F.interpolate(x, 90)",
    "F.interpolate(x, 37)", "F.max_pool1d(x, 3, 2, 1)", "F.adaptive_max_pool1d(x, 1)",
    "F.adaptive_max_pool1d(x, 7)",
]  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan, 1e200])
@pytest.mark.parametrize("call", ODD)
def test_a_value_that_is_not_finite_stays_where_it_belongs(call: str, bad: float) -> None:
    torch = pytest.importorskip("torch")
    values = draw((1, 2, 45))
    values[0, 0, [3, 17]] = bad
    found = []
    for module, nn in ((gpugrad, functional), (torch, torch.nn.functional)):
        x = module.tensor(values, requires_grad=True, device="cpu")
        y = eval(call, {"x": x, "F": nn})
        g = draw(tuple(y.shape), seed=1)
        g[0, 1, -1] = bad
        y.backward(module.tensor(g, device="cpu"))
        found.append((host(y), host(x.grad)))
    for ours, theirs in zip(*found, strict=True):
        assert_close(ours, theirs, 1e-12)


@pytest.mark.oracle
def test_nearest_takes_pytorchs_entries_for_all_sizes() -> None:
    torch = pytest.importorskip("torch")
    for old in (1, 2, 3, 5, 7, 10, 30, 49, 100, 255):
        x = torch.arange(float(old))[None, None]
        for new in range(1, 230, 3):
            for flag, mode in enumerate(("nearest", "nearest-exact")):
                want = torch.nn.functional.interpolate(x, new, mode=mode).numpy()[0, 0]
                m = AxisMap("Nearest", old, new, flag=flag, scale=old / new)
                assert np.array_equal(table(m).first, want.astype(int)), m


# ------------------------------------------------------------------------------------ max pooling
SLIDES: list[tuple[tuple[int, ...], tuple[Any, ...]]] = [
    ((3, 11), (1, 3, 2, 1)), ((3, 11), (1, 4, 3, 2, 1, True)), ((2, 9, 10), (2, 2, None, 0)),
    ((2, 9, 10), (2, 3, 2, 1)), ((2, 9, 10), (2, (2, 3), (1, 2), (1, 0), (2, 1), True)),
    ((2, 5, 6, 7), (3, 3, 2, 1)), ((2, 18, 20), (2, 17, 1, 0)), ((2, 9, 10), (2, 2, 3, 0)),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "arguments"), SLIDES, ids=str)
def test_winners_are_those_of_the_definition(shape: Any, arguments: Any) -> None:
    windows = windows_of("max", shape, *arguments)
    x = np.round(draw(shape))  # with equal entries
    values, places = max_kernels.max_pool(x, windows)
    padded = max_kernels._Padded(windows, x.dtype)
    best, code = max_kernels.window_max(padded.around(x), windows)
    assert np.array_equal(values, best)
    assert np.array_equal(places, code)
    assert np.array_equal(max_kernels.pick(x, places, windows), values)
    assert np.array_equal(max_kernels.max_pool(x, windows, places=False), values)


DTYPES = ("float64", "float32", "float16", "bfloat16", "int64", "int32", "int8", "uint8")


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize(("shape", "arguments"), SLIDES, ids=str)
def test_gpu_finds_the_cpus_winners(shape: Any, arguments: Any, dtype: str) -> None:
    windows = windows_of("max", shape, *arguments)
    x = np.abs(np.round(draw(shape))).astype(as_dtype(dtype).numpy)
    if x.dtype.itemsize > 2 and x.dtype.kind == "f":
        x.reshape(-1)[::7] = np.nan
        x.reshape(-1)[:15] = -np.inf
    values, places = max_kernels.max_pool(x, windows)
    ours = max_kernels.max_pool(cupy().asarray(x), windows)
    assert np.array_equal(cupy().asnumpy(ours[0]), values, equal_nan=x.dtype.kind == "f")
    assert np.array_equal(cupy().asnumpy(ours[1]), places)
    g = np.round(draw(values.shape)).astype(x.dtype)
    put = max_kernels.put(cupy().asarray(g), ours[1], windows)
    assert np.array_equal(cupy().asnumpy(put), max_kernels.put(g, places, windows))
    pick = max_kernels.pick(put, ours[1], windows)
    assert np.array_equal(cupy().asnumpy(pick),
                          max_kernels.pick(cupy().asnumpy(put), places, windows))  # fmt: skip


@pytest.mark.cuda
@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("maps", MAPS, ids=str)
def test_gpu_maps_as_the_cpu_does(maps: tuple[AxisMap, ...], dtype: str) -> None:
    tolerance = {"float64": 1e-12, "float32": 2e-5, "float16": 2e-3, "bfloat16": 1.6e-2}[dtype]
    for shape, transposed in zip(shapes(maps), (False, True), strict=True):
        x = draw(shape, dtype)
        got = apply(cupy().asarray(x), maps, transposed)
        want = apply(x, maps, transposed)
        assert got.dtype == want.dtype
        scale = max(1.0, float(np.abs(want.astype(np.float64)).max()))
        assert_close(cupy().asnumpy(got).astype(np.float64) / scale,
                     want.astype(np.float64) / scale, tolerance)  # fmt: skip


@pytest.mark.cuda
@pytest.mark.parametrize("padding", [0, 1, 2])
@pytest.mark.parametrize(("mode", "most"), [(0, 2), (1, 1), (2, 4)])
def test_gpu_reads_places_as_the_cpu_does(mode: int, most: int, padding: int) -> None:
    """In every order of derivative, and one beyond the last that is not zero."""
    for dims in (2, 3) if mode < 2 else (2,):
        size = (2, 3, *(3, 4, 5)[:dims])
        x, g, grid = draw(size), draw((2, 3, 11), seed=1), draw((2, 11, dims), seed=2) / 3
        grid[0, 0] = np.nan
        for orders in np.ndindex(*[most + 1] * dims):
            how = grid_kernels.Sampling(mode, padding, bool(sum(orders) % 2), orders)
            for ours, want in zip(read(cupy(), x, g, grid, how), read(np, x, g, grid, how),
                                  strict=True):  # fmt: skip
                assert_close(cupy().asnumpy(ours), want, 1e-11)


def read(xp: Any, x: Any, g: Any, grid: Any, how: Any) -> list[Any]:
    x, g, grid = (xp.asarray(a) for a in (x, g, grid))
    return [grid_kernels.sample(xp, x, grid, how), grid_kernels.spread(xp, g, grid, how, x.shape),
            grid_kernels.slopes(xp, g, x, grid, how)]  # fmt: skip


LAUNCHES = {
    "F.max_pool2d(x, 3, 2, 1)": (1, 1), "F.max_pool2d(x, 2)": (1, 1),
    "F.adaptive_max_pool2d(x, 1)": (1, 1), "F.avg_pool2d(x, 3, 2, 1)": (1, 1),
    "F.adaptive_avg_pool2d(x, 5)": (1, 1), "F.interpolate(x, scale_factor=2)": (1, 1),
    "F.interpolate(x, 13, mode='bilinear')": (1, 1), "F.interpolate(x, 9, mode='bicubic')": (1, 1),
    "F.interpolate(x, 5, mode='bilinear', antialias=True)": (1, 1),
    "F.grid_sample(x, x[:, :2].permute(0, 2, 3, 1), align_corners=False)": (2, 6),
    "F.pad(x, (1, 1, 1, 1))": (2, 3), "F.pad(x, (1, 1, 1, 1), 'reflect')": (6, 10),
}  # fmt: skip


@pytest.mark.cuda
@pytest.mark.parametrize("call", LAUNCHES)
def test_launches_are_counted_and_nothing_waits(call: str) -> None:
    cudasim = pytest.importorskip("cudasim", reason="launches are counted by the emulated device")
    x = gpugrad.tensor(draw((2, 3, 12, 12), "float32"), device="cuda", requires_grad=True)
    y = eval(call, {"F": functional, "x": x})
    seed = gpugrad.ones_like(y).detach()
    y.backward(seed)  # compiles
    x.grad = None
    with cudasim.measure() as forward:
        y = eval(call, {"F": functional, "x": x})
    with cudasim.measure() as backward:
        y.backward(seed)
    most = LAUNCHES[call]
    assert forward.launches <= most[0]
    assert backward.launches <= most[1]
    for counted in (forward, backward):
        assert counted.d2h_count == counted.h2d_count == counted.synchronizes == 0

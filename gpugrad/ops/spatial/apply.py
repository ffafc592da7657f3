"""Maps along the last dimensions of raw arrays, and their transposes.

NumPy here: slices for small windows, else products with the bands of a matrix, block by block so
that what lies between two dimensions stays in cache. kernels/resample.cu on a GPU: one launch for
all dimensions, either way.

Holds:     half types are computed in float32 and rounded once; an entry that is not finite reaches
           the outputs it belongs to and no others, though a matrix multiplies it by zeros.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from ...array import hostpool, module_of
from ...expr import share_out
from ..broadcast import wide_dtype
from ..rows import CUDA_NAMES, row_kernel
from .axis_maps import AxisMap, bands, table
from .windows import position_type

__all__ = ["apply"]

Maps = tuple[AxisMap, ...]

_BLOCK = 1 << 16
"""Elements of a block: a megabyte with all that is made of it."""

_FEW = 6
"""Windows of so many entries are added up slice by slice; above, a product is faster."""


def apply(x: Any, maps: Maps, transposed: bool) -> Any:
    """``x`` mapped along its last ``len(maps)`` dimensions."""
    lead, old = x.shape[: -len(maps)], x.shape[-len(maps) :]
    new = tuple([m.size if transposed else m.out for m in maps])
    planes = prod(lead)
    if not isinstance(x, np.ndarray):
        return _on_cuda(x, maps, transposed, planes, new).reshape(*lead, *new)
    out = hostpool.empty((planes, *new), x.dtype)
    if not out.size:
        return out.reshape(*lead, *new)
    flat = x.reshape(planes, *old)
    if whole(maps):
        _whole(flat, maps, transposed, out)
        return out.reshape(*lead, *new)
    order = _order(maps, transposed)
    step = max(1, _BLOCK // max(prod(old), prod(new)))

    def work(start: int) -> None:
        part = slice(start, start + step)
        _block(flat[part], maps, transposed, order, out[part])

    share_out(range(0, planes, step), work, max(flat.size, out.size))
    return out.reshape(*lead, *new)


def whole(maps: Maps) -> bool:
    """Whether a single mean (or sum) is taken over everything."""
    return all(m.kind == "Window" and m.out == 1 and m.kernel == m.size for m in maps)


def _whole(flat: Any, maps: Maps, transposed: bool, out: Any) -> None:
    count = prod([m.size if m.flag else 1 for m in maps])
    wide = flat.astype(np.float32) if flat.dtype.itemsize == 2 else flat
    if transposed:
        out[...] = wide / wide.dtype.type(count)
        return
    rows = wide.reshape(len(flat), -1)
    out[...] = (rows @ np.ones(rows.shape[1], rows.dtype) / count).reshape(out.shape)


def _order(maps: Maps, transposed: bool) -> list[int]:
    """Dimensions that shrink first, so that there is less to do for the rest; neighbours in memory
    last if they shrink, first if they grow, so that fewer of them are picked apart."""

    def growth(i: int) -> tuple[float, int]:
        ratio = maps[i].out / maps[i].size
        ratio = 1 / ratio if transposed else ratio
        return ratio, -i if ratio > 1 else i

    return sorted([i for i, m in enumerate(maps) if not m.plain], key=growth)


def _block(b: Any, maps: Maps, transposed: bool, order: list[int], out: Any) -> None:
    half = b.dtype.itemsize == 2
    b = b.astype(np.float32) if half and b.dtype.kind not in "iub" else b
    for i in order:
        last = i == order[-1] and b.dtype == out.dtype
        b = _along(b, i + 1, maps[i], transposed, out if last else None)
    if b is not out:
        out[...] = b


def _along(b: Any, axis: int, m: AxisMap, transposed: bool, out: Any) -> Any:
    """``b`` mapped along one dimension, into ``out`` if there is one."""
    if m.kind == "Nearest" and not transposed:
        return b.take(table(m).first, axis, out=out, mode="clip")
    if out is None:
        shape = list(b.shape)
        shape[axis] = m.size if transposed else m.out
        out = np.empty(shape, b.dtype)
    m, transposed = _repeats(m, transposed)
    if m.kind == "Window" and (m.kernel <= _FEW or m.parts):
        (_spread_windows if transposed else _sum_windows)(b, axis, m, out)
    else:
        _product(b, axis, m, transposed, out)
    return out


def _repeats(m: AxisMap, transposed: bool) -> tuple[AxisMap, bool]:
    """The transpose of repeating every entry as often: sums over windows beside each other."""
    times = m.out // m.size
    if m.kind == "Nearest" and m.out == times * m.size and m.scale == 1 / times:
        return AxisMap("Window", m.out, m.size, times, times), not transposed
    return m, transposed


# ----------------------------------------------------------------------------------- small windows
def _at(axis: int, entries: slice) -> tuple[slice, ...]:
    return (*[slice(None)] * axis, entries)


def _tap(m: AxisMap, j: int) -> tuple[slice, slice]:
    """The windows whose entry ``j`` is not padding, and these entries."""
    low = max(0, -((j - m.padding) // m.stride))
    high = max(low, min(m.out, (m.size - 1 + m.padding - j) // m.stride + 1))
    start = low * m.stride - m.padding + j
    return slice(low, high), slice(start, start + (high - low - 1) * m.stride + 1, m.stride)


def _factors(m: AxisMap, ndim: int, axis: int, dtype: Any) -> Any:
    """What sums over windows are multiplied by."""
    factors = table(m).weights[:, 0]
    if (factors == factors[0]).all():
        return dtype.type(factors[0])
    return factors.astype(dtype).reshape([-1 if i == axis else 1 for i in range(ndim)])


def _sum_windows(b: Any, axis: int, m: AxisMap, out: Any) -> None:
    if m.parts and m.kernel > 2:
        cut = b.reshape(*b.shape[:axis], m.out, m.kernel, *b.shape[axis + 1 :])
        np.add.reduce(cut, axis + 1, out=out)
    else:
        _sum_taps(b, axis, m, out)
    if m.flag:
        out *= _factors(m, b.ndim, axis, b.dtype)


def _sum_taps(b: Any, axis: int, m: AxisMap, out: Any) -> None:
    if m.parts and m.kernel == 2:
        first, second = (b[_at(axis, slice(j, None, 2))] for j in range(2))
        np.add(first, second, out=out)
        return
    started = False
    for j in range(m.kernel):
        windows, entries = _tap(m, j)
        if windows.start == windows.stop:
            continue
        part = b[_at(axis, entries)]
        if started:
            out[_at(axis, windows)] += part
        elif windows == slice(0, m.out):
            out[...] = part
        else:
            out.fill(0)
            out[_at(axis, windows)] = part
        started = True


def _spread_windows(b: Any, axis: int, m: AxisMap, out: Any) -> None:
    apart = m.stride >= m.kernel
    if m.flag:
        b = b * _factors(m, b.ndim, axis, b.dtype)
    if m.parts and m.kernel > _FEW:
        cut = out.reshape(*b.shape[: axis + 1], m.kernel, *b.shape[axis + 1 :])
        cut[...] = np.expand_dims(b, axis + 1)
        return
    if not m.parts:
        out.fill(0)
    for j in range(m.kernel):
        windows, entries = _tap(m, j)
        if windows.start == windows.stop:
            continue
        if apart:
            out[_at(axis, entries)] = b[_at(axis, windows)]
        else:
            out[_at(axis, entries)] += b[_at(axis, windows)]


# ---------------------------------------------------------------------------------------- products
def _product(b: Any, axis: int, m: AxisMap, transposed: bool, out: Any) -> None:
    if axis == b.ndim - 1:
        for to, come, matrix in bands(m, transposed, b.dtype.name):
            np.matmul(b[..., come], matrix.T, out=out[..., to])
    else:
        inner = prod(b.shape[axis + 1 :])
        lead = prod(b.shape[:axis])
        planes = b.reshape(lead, b.shape[axis], inner)
        results = out.reshape(lead, out.shape[axis], inner)
        for to, come, matrix in bands(m, transposed, b.dtype.name):
            np.matmul(matrix, planes[:, come], out=results[:, to])
    fewer = np.ravel(b if b.size < out.size else out)
    if not np.isfinite(np.dot(fewer, fewer)):
        out[...] = _one_by_one(b, axis, m, transposed)


def _one_by_one(b: Any, axis: int, m: AxisMap, transposed: bool) -> Any:
    """The same without products by zeros, for values that are not finite (or nearly so)."""
    first, last, weights = table(m)
    source = np.moveaxis(b, axis, 0)
    result = np.zeros((m.size if transposed else m.out, *source.shape[1:]), b.dtype)
    for k in range(weights.shape[1]):
        used = np.nonzero(first + k <= last)[0]
        entries = (first + k)[used]
        factors = weights[used, k].astype(b.dtype).reshape(-1, *[1] * (b.ndim - 1))
        if transposed:
            np.add.at(result, entries, factors * source[used])
        else:
            result[used] += factors * source[entries]
    return np.moveaxis(result, 0, axis)


# --------------------------------------------------------------------------------------- on a GPU
def _on_cuda(x: Any, maps: Maps, transposed: bool, planes: int, new: tuple[int, ...]) -> Any:
    xp = module_of(x)
    if whole(maps) and not transposed:
        rows = x.reshape(planes, -1)
        total = rows.mean if maps[0].flag else rows.sum
        return total(axis=1, dtype=wide_dtype(x)).astype(x.dtype, copy=False)
    out = xp.empty((planes, *new), x.dtype)
    if not out.size:
        return out
    kinds = {m.kind for m in maps}
    if len(kinds) > 1:  # where sizes divide, adaptive means are windows
        maps = tuple([m._replace(kind="Adaptive") for m in maps])
    kind = maps[0].kind
    three = (*[AxisMap(kind, 1, 1)] * (3 - len(maps)), *maps)
    numbers = [n for m in three for n in (m.size, m.out, m.kernel, m.stride, m.padding, m.flag)]
    template = "spread" if transposed else "collect"
    position = position_type(prod([max(m.size, m.out) for m in maps]))
    kernel = row_kernel("resample", template, CUDA_NAMES[x.dtype.name], position, f"gg::{kind}")
    kernel((min(1 << 20, -(-out.size // 256)),), (256,), (
        xp.ascontiguousarray(x), out, out.size, *numbers, *[np.float64(m.scale) for m in three],
    ))  # fmt: skip
    return out

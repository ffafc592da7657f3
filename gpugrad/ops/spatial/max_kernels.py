"""The largest entries of windows, of raw arrays: forward, and both ways between results and input.

NumPy here, dimension by dimension in blocks that stay in cache; kernels/pooling.cu on a GPU, one
launch each.

Holds:     the place of a winner is its number in the window, in the order of memory; places are
           uint8, int16 or int32, as windows need. The place named is never padding.
Must not:  know tensors or graphs.
"""

from __future__ import annotations

from itertools import product
from math import prod
from typing import Any

import numpy as np

from ...array import hostpool, module_of
from ...expr import share_out
from ..rows import CUDA_NAMES, row_kernel
from .windows import Windows, position_type

__all__ = ["adaptive_max", "indices", "max_pool", "pick", "prod", "put", "window_max"]

_BLOCK = 1 << 16
"""Elements of a block: what is made of it stays in cache too."""


def place_dtype(windows: Windows) -> Any:
    """The smallest dtype for places in a window."""
    count = prod(windows.kernel)
    return np.uint8 if count < 256 else np.int16 if count < 32768 else np.int32


def max_pool(x: Any, windows: Windows, places: bool = True) -> Any:
    """The largest entry of each window, and (unless that is not wanted) its place."""
    dims = len(windows.size)
    lead = x.shape[:-dims]
    if not isinstance(x, np.ndarray):
        return _max_on_cuda(x, windows, places)
    flat = x.reshape(-1, *windows.size) if x.size else x.reshape(0, *windows.size)
    values = hostpool.empty((len(flat), *windows.out), x.dtype)
    codes = hostpool.empty(values.shape, place_dtype(windows)) if places else None
    if prod(windows.out) == 1 and windows.kernel == windows.size and flat.size:
        values[...], code = _whole(flat, places, values.shape)
        code = code if code is None else code.astype(place_dtype(windows))
        return _shaped(values, code, (*lead, *windows.out))
    padded = _Padded(windows, x.dtype)
    step = max(1, _BLOCK // prod(padded.sizes))

    def work(start: int) -> None:
        part = slice(start, start + step)
        values[part], code = padded.reduce(flat[part], codes is not None)
        if codes is not None:
            codes[part] = code

    share_out(range(0, len(flat), step), work, x.size)
    return _shaped(values, codes, (*lead, *windows.out))


def _shaped(values: Any, codes: Any, shape: tuple[int, ...]) -> Any:
    return values.reshape(shape) if codes is None else (values.reshape(shape), codes.reshape(shape))


def _whole(flat: Any, places: bool, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """The largest entry of each plane, and its number: the last NaN's if there is one."""
    rows = flat.reshape(len(flat), -1)
    if not places:
        return rows.max(1).reshape(shape), None
    code = last_nan(rows, rows.argmax(1))
    return rows[np.arange(len(rows)), code].reshape(shape), code.reshape(shape)


def last_nan(rows: Any, index: Any) -> Any:
    """Where the largest entries of ``rows`` are, from where the first of them are."""
    if rows.dtype.kind in "iu":
        return index
    found = rows[np.arange(len(rows)), index]
    for row in np.nonzero(found != found)[0]:
        index[row] = np.nonzero(rows[row] != rows[row])[0][-1]
    return index


def indices(places: Any, windows: Windows) -> Any:
    """Positions in the flattened plane, from places in windows."""
    xp = module_of(places)
    dims = len(windows.size)
    rest, index, unit = places.astype(np.int64), 0, 1
    for d in reversed(range(dims)):
        start = xp.arange(windows.out[d]) * windows.stride[d] - windows.padding[d]
        along = start.reshape(-1, *[1] * (dims - 1 - d)) + rest % windows.kernel[d] * (
            windows.dilation[d]
        )
        index = index + along * unit
        rest = rest // windows.kernel[d]
        unit *= windows.size[d]
    return index


def put(g: Any, places: Any, windows: Windows) -> Any:
    """``g`` added where the winners were, zeros elsewhere."""
    dims = len(windows.size)
    shape = (*g.shape[:-dims], *windows.size)
    if not isinstance(g, np.ndarray):
        return _put_on_cuda(g, places, windows, shape)
    out = hostpool.empty((prod(g.shape[:-dims]), prod(windows.size)), g.dtype)
    half = g.dtype.itemsize == 2
    apart = all(s >= d * (k - 1) + 1 for s, k, d in zip(
        windows.stride, windows.kernel, windows.dilation, strict=True))  # fmt: skip
    for part, index, values in _blocks(g, places, windows, out):
        flat = out[part].reshape(-1)
        target = np.zeros(flat.size, np.float32) if half else flat
        target.fill(0)
        if apart:
            target[index] = values
        else:
            np.add.at(target, index, values.astype(target.dtype, copy=False))
        if half:
            flat[...] = target
    return out.reshape(shape)


def pick(x: Any, places: Any, windows: Windows) -> Any:
    """The entries of ``x`` where the winners were."""
    if not isinstance(x, np.ndarray):
        return _pick_on_cuda(x, places, windows)
    dims = len(windows.size)
    flat = x.reshape(prod(x.shape[:-dims]), prod(windows.size))
    out = hostpool.empty(places.shape, x.dtype)
    for part, index, values in _blocks(out, places, windows, flat):
        values[...] = flat[part].reshape(-1).take(index)
    return out


def _blocks(results: Any, places: Any, windows: Windows, planes: Any) -> Any:
    """Some planes at a time: which, positions in them laid end to end, and the results there."""
    dims = len(windows.size)
    count, size = prod(windows.out), planes.shape[1]
    results = results.reshape(len(planes), count)
    places = places.reshape(len(planes), count)
    step = max(1, _BLOCK // max(size, 1))
    one = np.zeros((prod(windows.kernel), *windows.out), places.dtype)
    begin = indices(one[0], windows).reshape(-1)
    offsets = _offsets(windows)
    starts = begin + np.arange(min(step, len(planes)))[:, None] * size
    for start in range(0, len(planes) if dims and size else 0, step):
        part = slice(start, min(start + step, len(planes)))
        index = offsets.take(places[part])
        index += starts[: part.stop - start]
        yield part, index.reshape(-1), results[part].reshape(-1)


def _offsets(windows: Windows) -> Any:
    """How far in the flattened plane each place of a window is from its first."""
    offsets: Any = np.zeros(1, np.int64)
    for d, size in enumerate(windows.size):
        along = np.arange(windows.kernel[d]) * windows.dilation[d]
        offsets = (offsets[:, None] * size + along).reshape(-1)
    return offsets


# ------------------------------------------------------------------------------------- on the CPU
class _Padded:
    """Blocks of planes, surrounded by the least value there is."""

    def __init__(self, windows: Windows, dtype: Any) -> None:
        self.windows = windows
        half = dtype.itemsize == 2 and dtype.kind not in "iu"
        self.dtype = np.dtype(np.float32) if half else dtype
        self.least: Any = -np.inf if dtype.kind not in "iu" else np.iinfo(dtype).min
        self.sizes = tuple(
            max((o - 1) * s + d * (k - 1) + 1, p + n)
            for n, o, k, s, p, d in zip(*windows, strict=True)
        )
        self.unused: list[Any] = []  # buffers; a thread takes one for each of its blocks

    def around(self, block: Any) -> Any:
        """The block with its padding: itself where there is none."""
        if self.sizes == self.windows.size:
            return block.astype(self.dtype, copy=False)
        try:
            buffer = self.unused.pop()[: len(block)]
        except IndexError:
            buffer = np.full((len(block), *self.sizes), self.least, self.dtype)
        inside = [slice(p, p + n) for p, n in zip(
            self.windows.padding, self.windows.size, strict=True)]  # fmt: skip
        buffer[(slice(None), *inside)] = block
        return buffer

    def reduce(self, block: Any, places: bool) -> tuple[Any, Any]:
        """Winners and their places, along one dimension after the other, the last one first.

        Neither NaN nor windows without any value above the least come out right that way; a look
        at the few results finds them, and then all entries of a window are compared in turn.
        """
        values, codes, unit = self.around(block), None, 1
        dtype = place_dtype(self.windows)
        whole = values
        for axis in reversed(range(1, block.ndim)):
            values, codes = _along(values, codes, axis, self.windows, dtype(unit), places)
            unit *= self.windows.kernel[axis - 1]
        if places and values.size and self._special(values):
            values, codes = window_max(whole, self.windows)
        if self.sizes != self.windows.size:
            self.unused.append(whole)
        return values, codes

    def _special(self, values: Any) -> bool:
        if values.dtype.kind in "iu":
            return bool(values.min() == self.least)
        return not (values.min() > self.least)  # NaN goes through minimum


def _taps(values: Any, axis: int, windows: Windows) -> list[Any]:
    """For each place along one dimension, that entry of every window."""
    d = axis - 1
    before = (slice(None),) * axis
    stop = (windows.out[d] - 1) * windows.stride[d] + 1
    starts = [j * windows.dilation[d] for j in range(windows.kernel[d])]
    return [values[(*before, slice(s, s + stop, windows.stride[d]))] for s in starts]


def _along(values: Any, codes: Any, axis: int, windows: Windows, unit: Any, places: bool) -> Any:
    """The largest entries along one dimension; places of later dimensions are in ``codes``."""
    taps = _taps(values, axis, windows)
    best = np.array(taps[0], order="C")
    if not places:
        for tap in taps[1:]:
            np.maximum(best, tap, out=best)
        return best, None
    inner = [None] * len(taps) if codes is None else _taps(codes, axis, windows)
    code = np.zeros(best.shape, unit.dtype) if codes is None else np.array(inner[0], order="C")
    for j, tap in enumerate(taps[1:], 1):
        tap = np.ascontiguousarray(tap)
        won = (tap > best).view(np.uint8)
        np.maximum(best, tap, out=best)
        place = unit * unit.dtype.type(j)
        here = won * place if codes is None else (inner[j] + place) * won
        np.maximum(code, here, out=code)  # later places are larger numbers
    return best, code


def window_max(whole: Any, windows: Windows) -> tuple[Any, Any]:
    """Winners and places by the definition: entry after entry, those of the padding left out."""
    best: Any = None
    for number, entry in enumerate(product(*map(range, windows.kernel))):
        tap, inside = whole, np.ones((), bool)
        for axis, j in enumerate(entry, 1):
            tap = _taps(tap, axis, windows)[j]
            inside = inside[..., None] & _inside(windows, axis - 1, j)
        if best is None:
            best, seen = np.array(tap, order="C"), np.zeros(tap.shape, bool)
            code = np.zeros(tap.shape, place_dtype(windows))
        won = inside & (~seen | (tap > best) | (tap != tap))
        np.copyto(best, tap, where=won)
        np.copyto(code, code.dtype.type(number), where=won)
        seen |= inside
    return best, code


def _inside(windows: Windows, d: int, j: int) -> Any:
    at = np.arange(windows.out[d]) * windows.stride[d] - windows.padding[d]
    at = at + j * windows.dilation[d]
    return (at >= 0) & (at < windows.size[d])


# --------------------------------------------------------------------------- windows of many sizes
def adaptive_max(x: Any, sizes: tuple[int, ...]) -> Any:
    """The largest entries of ``sizes`` parts, and their positions in the plane (int32)."""
    lead, space = x.shape[: -len(sizes)], x.shape[-len(sizes) :]
    xp = module_of(x)
    values = xp.empty((prod(lead), *sizes), x.dtype)
    index = xp.empty(values.shape, np.int32)
    shape = (*lead, *sizes)
    if values.size and xp is np:
        wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
        _part_by_part(wide.reshape(-1, *space), values, index)
    elif values.size:
        ones = (1,) * len(sizes)
        _launch("adaptive_max", x, index, values, values.size,
                Windows(space, sizes, ones, ones, ones, ones))  # fmt: skip
    return values.reshape(shape), index.reshape(shape)


def _part_by_part(planes: Any, values: Any, index: Any) -> None:
    space, sizes = planes.shape[1:], values.shape[1:]
    numbers = np.arange(prod(space)).reshape(space)
    for at in np.ndindex(*sizes):
        part = tuple([
            slice(o * n // m, -(-(o + 1) * n // m))
            for o, n, m in zip(at, space, sizes, strict=True)
        ])  # fmt: skip
        rows = planes[(slice(None), *part)].reshape(len(planes), -1)
        found = last_nan(rows, rows.argmax(1))
        values[(slice(None), *at)] = rows[np.arange(len(rows)), found]
        index[(slice(None), *at)] = numbers[part].reshape(-1)[found]


def best_of(x: Any, dims: int, sizes: tuple[int, ...], parts: Any) -> Any:
    """The largest of the entries at ``parts``: for each dimension, the positions of each tap.

    Repeated entries change nothing: only a larger one, or NaN, takes the lead.
    """
    xp = module_of(x)
    wide = x.astype(np.float32) if x.dtype.itemsize == 2 else x
    lead, size = x.shape[:-dims], x.shape[-dims:]
    flat = wide.reshape(*lead, prod(size))
    shape = (*lead, *sizes)
    best: Any = None
    for taps in product(*parts):
        at: Any = 0
        for n, tap in zip(size, taps, strict=True):
            at = at * n + tap
        at = xp.broadcast_to(at, shape).reshape(*lead, prod(sizes))
        entries = xp.take_along_axis(flat, at, -1)
        if best is None:
            best, index = entries, at
        won = (entries > best) | (entries != entries)
        best, index = xp.where(won, entries, best), xp.where(won, at, index)
    return best.astype(x.dtype).reshape(shape), index.astype(np.int32).reshape(shape)


# --------------------------------------------------------------------------------------- on a GPU
def _launch(template: str, x: Any, places: Any, out: Any, count: int, windows: Windows) -> None:
    dtype = np.uint8 if places is None else places.dtype
    names = {"uint8": "unsigned char", "int16": "short", "int32": "int"}
    position = position_type(prod(map(max, windows.size, windows.out)))
    kernel = row_kernel("pooling", template, _cuda_name(x.dtype.name), names[np.dtype(dtype).name],
                        position)  # fmt: skip
    front = 3 - len(windows.size)
    fill = (1, 1, 1, 1, 0, 1)
    rows = [(*[n] * front, *given) for n, given in zip(fill, windows, strict=True)]
    numbers = [n for axis in zip(*rows, strict=True) for n in axis]
    xp = module_of(x)
    given = np.intp(0) if places is None else xp.ascontiguousarray(places)
    kernel((min(1 << 20, -(-count // 256)),), (256,), (
        xp.ascontiguousarray(x), given, out, count, *numbers,
    ))  # fmt: skip


def _cuda_name(name: str) -> str:
    return {"int16": "short", "int8": "signed char"}.get(name) or CUDA_NAMES[name]


def _max_on_cuda(x: Any, windows: Windows, places: bool) -> Any:
    xp = module_of(x)
    shape = (*x.shape[: -len(windows.size)], *windows.out)
    values = xp.empty(shape, x.dtype)
    codes = xp.empty(shape, place_dtype(windows)) if places else None
    if values.size:
        _launch("max_pool", x, codes, values, values.size, windows)
    return values if codes is None else (values, codes)


def _put_on_cuda(g: Any, places: Any, windows: Windows, shape: tuple[int, ...]) -> Any:
    out = module_of(g).empty(shape, g.dtype)
    if out.size:
        _launch("put", g, places, out, out.size, windows)
    return out


def _pick_on_cuda(x: Any, places: Any, windows: Windows) -> Any:
    out = module_of(x).empty(places.shape, x.dtype)
    if out.size:
        _launch("pick", x, places, out, out.size, windows)
    return out

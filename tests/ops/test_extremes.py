"""Zeros of both signs, tiny, huge, infinite and missing numbers: as PyTorch, or as NumPy."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.cases import CONDITIONS, ELEMENTWISE, Case
from tests.ops.walk import assert_close, gradient, host

VALUES = np.array([0.0, -0.0, 1e-30, -1e-30, 89.0, -89.0, 1e4, -1e4, np.inf, -np.inf, np.nan])


def extreme(case: Case) -> tuple[Case, dict[str, Any]]:
    """The row on all pairs of extreme values; third operands go through them too."""
    first, second = (a.reshape(-1) for a in np.meshgrid(VALUES, VALUES))
    columns = [first, second, np.roll(first, 3)]
    if case.call.startswith("F.binary_cross_entropy("):  # both refuse what is no probability
        columns[:2] = np.clip(np.nan_to_num([first, second]), 0, 1)
    arrays = {}
    for name in case.shapes:
        if name in "bcij":
            arrays[name] = np.arange(first.size) % 2 == 0 if name in "bc" else np.arange(first.size)
        else:
            arrays[name] = columns.pop(0)
    shapes = dict.fromkeys(case.shapes, first.shape)
    return replace(case, shapes=shapes, functions={}), arrays


SAME_SHAPE = [c for c in (*ELEMENTWISE, *CONDITIONS) if set(c.shapes.values()) == {(4, 3)}]


@pytest.mark.parametrize("case", SAME_SHAPE, ids=str)
def test_values_at_extremes_are_numpys(case: Case) -> None:
    wide, arrays = extreme(case)
    assert_close(host(wide(wide.tensors(arrays, ()))), wide.reference(arrays), 1e-12)


# ---------------------------------------------------------------------------------- beside PyTorch
def nan(*columns: Any) -> Any:
    return np.any(np.isnan(columns), 0)


def infinite(*columns: Any) -> Any:
    return nan(*columns) | np.any(np.isinf(columns), 0)


NAN_IS_FLAT = "at NaN PyTorch's gradient is 0 or 1; here it is NaN or that of the branch in between"
DIFFERENT = {  # where, and why
    "torch.abs(x)": (nan, NAN_IS_FLAT),
    "torch.sign(x)": (nan, "PyTorch's sign of NaN is 0"),
    "torch.logit(x, 0.2)": (nan, NAN_IS_FLAT),
    "F.relu6(x)": (nan, NAN_IS_FLAT),
    "F.hardtanh(x, -1.5)": (nan, NAN_IS_FLAT),
    "F.hardsigmoid(x)": (nan, NAN_IS_FLAT),
    "F.hardshrink(x)": (nan, NAN_IS_FLAT),
    "F.softshrink(x)": (nan, NAN_IS_FLAT),
    "F.elu(x, 0.7)": (nan, NAN_IS_FLAT),
    "F.selu(x)": (nan, NAN_IS_FLAT),
    "F.l1_loss(x, y, reduction='none')":
        (lambda x, y: nan(x, y) | (np.isinf(x) & (x == y)), NAN_IS_FLAT),
    "torch.lerp(x, y, z)": (infinite, "PyTorch adds from the nearer end: inf where this is NaN"),
    "x % y": (infinite, "the gradient of y at x = inf is NaN in PyTorch, an infinity here"),
    "2 % x": (infinite, "at inf PyTorch's composition makes NaN of 0 * inf"),
    "F.hardswish(x)": (infinite, "at -inf PyTorch makes NaN of 0 * inf"),
    "torch.polygamma(2, x)": (infinite, "PyTorch's is NaN at inf, this one 0"),
    "F.gelu(x)": (infinite, "PyTorch's vectorised float32 kernel gives NaN at inf"),
    "F.binary_cross_entropy_with_logits(x, y, reduction='none')":
        (infinite, "x * y at inf is inf - inf in one of two forms: PyTorch's and ours differ"),
    "losses.margin_ranking_loss(x, y, z, 0.3, reduction='none')":
        (infinite, "outside its margin the gradient is an exact zero here, 0 * inf in PyTorch"),
    "torch.clamp(x, y, z)":
        (lambda x, y, z: nan(x, y, z) | (y >= z), "the form for PyTorch clamps in two steps"),
    "F.binary_cross_entropy(x, y, reduction='none')":
        (lambda x, y: x * (1 - x) < 1e-12, "PyTorch divides by at least 1e-12, whatever the slope"),
    "F.celu(x, 0.7)": (lambda x: nan(x) | (x > 88), "the composition for PyTorch makes 0 * inf"),
    "torch.digamma(x)": (lambda x: nan(x) | (x < -1), "PyTorch misses the poles below -1"),
    "torch.logit(x)": (lambda x: np.signbit(x) | ~(x <= 1),
                       "PyTorch's gradient outside 0..1 is NaN, at -0.0 either infinity"),
    "torch.sinh(x)": (lambda x: abs(x) == 89, "PyTorch's float32 overflows before the result does"),
    "torch.cosh(x)": (lambda x: abs(x) == 89, "PyTorch's float32 overflows before the result does"),
    "torch.i0(x)": (lambda x: abs(x) == 89, "PyTorch's float32 overflows before the result does"),
    "torch.special.i1(x)":
        (lambda x: nan(x) | (abs(x) == 89), "PyTorch's float32 overflows early; NaN is 0 to it"),
    "torch.special.i1e(x)": (nan, "PyTorch's gradient at NaN is the one at 0"),
    "torch.special.log_ndtr(x)":
        (lambda x: x < -80, "PyTorch's erfcx is off by 1e-8 at 1e4, and -inf gives it NaN"),
    "torch.special.ndtri(x)":
        (lambda x: abs(x) < 1e-29, "exp(y * y / 2) at y = -11.5 multiplies y's last bit by 130"),
    "torch.ldexp(x, i)":
        (lambda x, i: i > 62, "PyTorch's backward takes 2**other in int64, which overflows"),
    "torch.addcdiv(x, y, z, value=0.7)":
        (lambda x, y, z: abs(z) < 1e-20, "PyTorch squares the divisor: too small for float32"),
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize("case", SAME_SHAPE, ids=str)
def test_values_and_gradients_at_extremes_are_pytorchs(case: Case, dtype: str) -> None:
    torch = pytest.importorskip("torch")
    wide, arrays = extreme(case)
    arrays = {n: a.astype(dtype) if n in "xyzwk" else a for n, a in arrays.items()}
    tolerance = 1e-12 if dtype == "float64" else 2e-6
    where, _why = DIFFERENT.get(case.call, (lambda *columns: False, ""))
    same = ~np.asarray(where(*arrays.values())) & np.ones(VALUES.size**2, bool)
    tensors, inputs = wide.tensors(arrays), wide.tensors(arrays, module=torch)
    ours, theirs = wide(tensors), wide(inputs, torch)
    assert_close(host(ours)[same], host(theirs)[same], tolerance)
    if theirs.requires_grad:
        found = gradient(wide, tensors, gpugrad.ones_like(ours).detach())
        expected = gradient(wide, inputs, torch.ones_like(theirs).detach(), torch)
        for name, a, b in zip(case.differentiable, found, expected, strict=True):
            assert_close(host(a)[same], host(b)[same], tolerance, f"gradient of {name}")

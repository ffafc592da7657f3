"""Every dtype: PyTorch's result dtypes, halves computed in float32 and rounded once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import gpugrad
from tests.cases import CASES, CONDITIONS, ELEMENTWISE, Case
from tests.ops.walk import assert_close, gradient, host, random_like

FLOATS = {"float16": 2**-11, "bfloat16": 2**-8, "float32": 2**-24}
WHOLE = ("int64", "int32", "int8", "uint8", "bool")

def of_dtype(case: Case, dtype: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """Leaves of a floating dtype, and their exact values as float64 arrays."""
    tensors = {}
    for name, array in case.arrays().items():
        t = gpugrad.tensor(array, device="cpu")
        tensors[name] = t.to(getattr(gpugrad, dtype)) if t.is_floating_point() else t
    exact = {n: host(t) if t.is_floating_point() else t.numpy() for n, t in tensors.items()}
    leaves = {n: t.requires_grad_() if n in "xyzw" else t for n, t in tensors.items()}
    return leaves, exact


PAIRS = [
    pytest.param(case, dtype, id=f"{case}-{dtype}")
    for case in CASES for dtype in FLOATS if case.halves or dtype == "float32"
]  # fmt: skip


@pytest.mark.parametrize(("case", "dtype"), PAIRS)
def test_a_floating_dtype_is_kept_and_rounded_to_once(case: Case, dtype: str) -> None:
    tensors, exact = of_dtype(case, dtype)
    value = case(tensors)
    assert value.dtype is getattr(gpugrad, dtype)
    assert value.array.dtype == value.dtype.numpy
    expected = case.reference(exact)
    tolerance = 4 * FLOATS[dtype] if dtype != "float32" else 64 * FLOATS[dtype]
    assert_close(host(value), expected, tolerance)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
@pytest.mark.parametrize("case", [case for case in CASES if not case.halves], ids=str)
def test_a_half_that_neither_library_takes_is_refused(case: Case, dtype: str) -> None:
    tensors, _ = of_dtype(case, dtype)
    with pytest.raises(RuntimeError, match="Low precision dtypes not supported"):
        case(tensors)


@pytest.mark.parametrize(("case", "dtype"), PAIRS)
def test_gradients_have_the_dtype_of_their_inputs(case: Case, dtype: str) -> None:
    tensors, exact = of_dtype(case, dtype)
    value = case(tensors)
    seed = gpugrad.tensor(random_like(host(value), 1), device="cpu").to(value.dtype)
    found = gradient(case, tensors, seed)
    wide = case.tensors(exact)
    expected = gradient(case, wide, seed.double())
    for ours, theirs in zip(found, expected, strict=True):
        assert ours.array.dtype == ours.dtype.numpy == value.dtype.numpy
        assert_close(host(ours), host(theirs), 128 * FLOATS[dtype])


# ---------------------------------------------------------------------------------- whole numbers
def whole_arrays(case: Case, dtype: str) -> dict[str, Any]:
    rng = np.random.default_rng(5)
    low, high = (0, 2) if dtype == "bool" else (1, 5)
    return {
        n: a if n in "bcij" else rng.integers(low, high, a.shape).astype(dtype)
        for n, a in case.arrays().items()
    }


# PyTorch drops the fraction of a bound or factor without a word; NumPy has no sign of booleans.
FRACTIONS = ("F.hardtanh", "F.threshold", "torch.addcmul", "torch.sign(")
OPS = [c for c in (*ELEMENTWISE, *CONDITIONS) if not c.call.startswith(("F.", "terms.", "losses."))]
ON_INTEGERS = [c for c in OPS if not any(f in c.call for f in FRACTIONS)]
FLOATING_ONLY = {
    "frac", "lerp", "addcdiv", "hypot", "logaddexp", "logaddexp2", "add", "sub", "prelu", "round",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("case", ON_INTEGERS, ids=str)
def test_integers_and_booleans_give_what_pytorch_gives(case: Case) -> None:
    torch = pytest.importorskip("torch")
    compared = 0
    for dtype in WHOLE:
        arrays = whole_arrays(case, dtype)
        try:
            theirs = case({n: torch.tensor(a) for n, a in arrays.items()}, torch)
        except (RuntimeError, TypeError):  # PyTorch has no such op for this dtype
            continue
        ours = case({n: gpugrad.tensor(a, device="cpu") for n, a in arrays.items()})
        assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
        assert_close(host(ours), host(theirs), 1e-6)
        compared += 1
    assert compared or case.call.split("(")[0].removeprefix("torch.") in FLOATING_ONLY

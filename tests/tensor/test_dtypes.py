"""What dtypes say about themselves, and what there is no dtype for: complex numbers."""

from __future__ import annotations

import copy
import pickle
from itertools import product
from typing import Any

import numpy as np
import pytest

import gpugrad
from gpugrad.array import DTYPES
from tests.beside import both, evaluate

FIELDS = ("bits", "eps", "max", "min", "tiny", "smallest_normal", "resolution", "dtype")


@pytest.mark.oracle
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_limits_are_pytorchs(dtype: Any) -> None:
    torch = pytest.importorskip("torch")
    name = "finfo" if dtype.is_floating_point else "iinfo"
    theirs_of = getattr(torch, dtype.name)
    if dtype is gpugrad.bool:
        with pytest.raises(TypeError, match="is not supported by"):
            gpugrad.iinfo(dtype)
        return
    ours, theirs = getattr(gpugrad, name)(dtype), getattr(torch, name)(theirs_of)
    for field in FIELDS:
        if hasattr(theirs, field):
            assert getattr(ours, field) == getattr(theirs, field), field
    assert repr(ours) == repr(theirs)
    assert ours == getattr(gpugrad, name)(dtype)
    assert hash(ours) == hash(getattr(gpugrad, name)(dtype))


def test_limits_of_the_other_category_are_refused() -> None:
    with pytest.raises(TypeError, match="requires a floating point input type"):
        gpugrad.finfo(gpugrad.int32)
    with pytest.raises(TypeError, match="requires an integer input type"):
        gpugrad.iinfo(gpugrad.float32)
    assert gpugrad.finfo() == gpugrad.finfo(gpugrad.get_default_dtype())


@pytest.mark.oracle
def test_promotion_and_casts_of_all_pairs_are_pytorchs() -> None:
    torch = pytest.importorskip("torch")
    for a, b in product(DTYPES, repeat=2):
        x, y = getattr(torch, a.name), getattr(torch, b.name)
        assert gpugrad.can_cast(a, b) == torch.can_cast(x, y), (a, b)
        assert gpugrad.promote_types(a, b).name == str(torch.promote_types(x, y))[6:], (a, b)


RESULTS = [
    "torch.result_type(i, 1.5)", "torch.result_type(e, i)", "torch.result_type(x, d[0])",
    "torch.result_type(1, 2)", "torch.result_type(h, 2.5)", "torch.result_type(b, 1)",
    "torch.result_type(i[0], e)", "torch.result_type(h, x[0])", "torch.result_type(True, b)",
    "torch.float, torch.double, torch.half, torch.long, torch.int, torch.short, torch.bool",
    "torch.int64.is_signed, torch.uint8.is_signed, torch.bool.itemsize, torch.half.itemsize",
    "torch.float64.is_complex, torch.float64.is_floating_point, torch.float16.to_real()",
    "torch.get_default_dtype()", "i.dtype == torch.long", "torch.int32 in {torch.int32: 1}",
]


def names(module: Any) -> dict[str, Any]:
    x = module.tensor([1.0, 2.0])
    return {"x": x, "i": x.long(), "e": x.to(module.int8), "h": x.half(), "d": x.double(),
            "b": x.bool()}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("text", RESULTS)
def test_answers_about_dtypes_are_pytorchs(text: str) -> None:
    ours, theirs = both(text, names)
    assert repr(ours).replace("gpugrad", "torch") == repr(theirs)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.name)
def test_copies_of_a_dtype_are_the_dtype(dtype: Any) -> None:
    assert pickle.loads(pickle.dumps(dtype)) is dtype
    assert copy.deepcopy([dtype])[0] is dtype


def test_the_default_dtype_follows_a_tensor_type() -> None:
    gpugrad.set_default_tensor_type(gpugrad.DoubleTensor)
    assert gpugrad.zeros(1).dtype is gpugrad.float64
    gpugrad.set_default_tensor_type("torch.FloatTensor")
    assert gpugrad.zeros(1).dtype is gpugrad.float32
    with pytest.raises(RuntimeError, match="only floating-point types"):
        gpugrad.set_default_tensor_type(gpugrad.LongTensor)
    with pytest.raises(TypeError, match="invalid type object"):
        gpugrad.set_default_tensor_type("torch.BananaTensor")


# ---------------------------------------------------------------------------------- complex numbers
@pytest.mark.parametrize("name", ["complex64", "cfloat", "complex", "polar", "view_as_complex"])
def test_names_of_complex_numbers_are_absent_and_say_why(name: str) -> None:
    assert not hasattr(gpugrad, name)
    with pytest.raises(AttributeError, match="complex numbers are not part of gpugrad yet"):
        getattr(gpugrad, name)


@pytest.mark.parametrize("text", [
    "torch.tensor(1j)", "torch.tensor([1, 2j])", "torch.as_tensor(np.zeros(2, complex))",
    "torch.float32.to_complex()", "torch.zeros(2, dtype='complex64')", "x.to(np.complex64)",
])  # fmt: skip
def test_complex_data_is_refused(text: str) -> None:
    with pytest.raises((RuntimeError, TypeError)):
        evaluate(text, gpugrad, x=gpugrad.ones(1))


def test_real_tensors_are_not_complex() -> None:
    x = gpugrad.ones(2)
    assert not x.is_complex()
    assert x.real is x.conj() is x
    assert x.isreal().all()
    assert np.asarray(x.angle()).tolist() == [0, 0]

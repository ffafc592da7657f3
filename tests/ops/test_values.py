"""Every op has the value that NumPy and PyTorch give."""

from __future__ import annotations

import pytest

from tests.cases import BROADCAST, CASES, CONDITIONS, NONDIFF, Case
from tests.ops.walk import assert_close, host


@pytest.mark.parametrize("case", [*CASES, *CONDITIONS, *NONDIFF, *BROADCAST], ids=str)
def test_the_value_is_numpys(case: Case) -> None:
    arrays = case.arrays()
    assert_close(host(case(case.tensors(arrays))), case.reference(arrays), 1e-12)


@pytest.mark.oracle
@pytest.mark.parametrize("case", [*CASES, *CONDITIONS, *NONDIFF, *BROADCAST], ids=str)
def test_the_value_is_pytorchs(case: Case) -> None:
    torch = pytest.importorskip("torch")
    arrays = case.arrays()
    ours = case(case.tensors(arrays))
    theirs = case(case.tensors(arrays, module=torch), torch)
    own = not case.differentiable and case.tolerance > 1e-10  # the row says why
    assert_close(host(ours), host(theirs), case.tolerance if own else 1e-12)
    assert str(ours.dtype).partition(".")[2] == str(theirs.dtype).partition(".")[2]
    assert ours.requires_grad == theirs.requires_grad

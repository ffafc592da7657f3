"""Where a gradient was lost, told by the tensor and by the error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

import gpugrad


def leaf() -> gpugrad.Tensor:
    return gpugrad.linspace(0.5, 1.5, 4, device="cpu").requires_grad_()


def in_a_block() -> gpugrad.Tensor:
    with gpugrad.no_grad():  # here: no_grad
        return leaf() * 2


@gpugrad.no_grad()  # here: decorated
def decorated() -> gpugrad.Tensor:
    return leaf() * 2


@gpugrad.no_grad()  # here: generated
def generated() -> Iterator[gpugrad.Tensor]:
    yield leaf() * 2


def switched_off() -> gpugrad.Tensor:
    with gpugrad.set_grad_enabled(False):  # here: set_grad_enabled
        return leaf().exp()


def inferred() -> gpugrad.Tensor:
    with gpugrad.inference_mode():  # here: inference_mode
        return leaf()[1:]


def detached_in_place() -> gpugrad.Tensor:
    y = leaf() * 2
    y.detach_()  # here: detach_
    return y


WAYS: dict[str, tuple[Callable[[], gpugrad.Tensor], str]] = {
    "no_grad": (in_a_block, "computed under no_grad()"),
    "decorated": (decorated, "computed under no_grad()"),
    "generated": (lambda: next(generated()), "computed under no_grad()"),
    "set_grad_enabled": (switched_off, "computed under set_grad_enabled()"),
    "inference_mode": (inferred, "computed under inference_mode()"),
    "detach": (lambda: leaf().detach(), "detach() at"),  # here: detach
    "detach_": (detached_in_place, "detach_() at"),
    "data": (lambda: leaf().data, ".data at"),  # here: data
    "cast": (lambda: leaf().long(), "the conversion to int64"),  # here: cast
    "compare": (lambda: leaf() > 1, "gt() at"),  # here: compare
    "argmax": (lambda: leaf().argmax(), "argmax() at"),  # here: argmax
    "argsort": (lambda: leaf().argsort(), "argsort() at"),  # here: argsort
    "indices": (lambda: leaf().max(0)[1], "max_dim() at"),  # here: indices
    "copy": (lambda: gpugrad.tensor(leaf()), "copied values, not their graph"),  # here: copy
    "numpy": (
        lambda: gpugrad.from_numpy(np.sin(leaf().detach().numpy())),  # here: numpy
        "made from a numpy array",
    ),
}


def line_of(name: str) -> int:
    lines = Path(__file__).read_text("utf-8").splitlines()
    return 1 + next(i for i, line in enumerate(lines) if line.endswith(f"# here: {name}"))


@pytest.mark.parametrize("name", WAYS)
def test_the_first_break_is_named_with_its_line(name: str) -> None:
    make, words = WAYS[name]
    later = make().float() * 2 + 1  # what is computed from it knows as well
    for said in (later.why_no_grad(), error_of(later.sum())):
        if name != "compare" or "gt" in said:
            assert words in said
            assert f"test_why_no_grad.py:{line_of(name)}" in said


def error_of(root: gpugrad.Tensor) -> str:
    with pytest.raises(RuntimeError, match="does not require grad") as caught:
        root.backward()
    return str(caught.value)


def test_the_first_of_several_breaks_counts() -> None:
    with gpugrad.no_grad():
        y = leaf().detach() * 2
    assert "detach()" in y.exp().why_no_grad()


def test_an_input_of_grad_says_it_too() -> None:
    x = leaf()
    with pytest.raises(RuntimeError, match="One of the differentiated Tensors") as caught:
        gpugrad.autograd.grad(x.sum(), x.detach())
    assert "detach() at" in str(caught.value)


def test_what_never_had_a_gradient_says_so() -> None:
    assert "nothing it was computed from requires grad" in gpugrad.ones(2).exp().why_no_grad()
    assert "int64 tensors cannot require gradients" in gpugrad.arange(2).why_no_grad()


def test_what_requires_grad_has_nothing_to_say() -> None:
    assert leaf().why_no_grad() == (leaf() * 2).why_no_grad() == ""

"""gradcheck and gradgradcheck: what they accept, what they find, and what they say."""

from __future__ import annotations

import warnings
from typing import Any

import pytest

import gpugrad
from gpugrad import autograd
from gpugrad.autograd import gradcheck, gradgradcheck
from gpugrad.errors import GradcheckError
from tests.alike import data


def leaf(*shape: int, seed: int = 0) -> Any:
    return (data(gpugrad, *shape, seed=seed, device="cpu") * 0.5 + 1).detach().requires_grad_()


def right(x: Any, y: Any) -> Any:
    return x.sin() * y, (x @ y).exp()


class Wrong(autograd.Function):
    """Twice its input, with three times the gradient."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        return g * 3


class WrongTwice(autograd.Function):
    """The first derivative is right, the second is not."""

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        ctx.save_for_backward(x)
        return x**3

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        (x,) = ctx.saved_tensors
        return 3 * x.detach() ** 2 * g


class Unsteady(autograd.Function):
    """Its gradient is another one each time."""

    calls = 0

    @staticmethod
    def forward(ctx: Any, x: Any) -> Any:
        return x * 2

    @staticmethod
    def backward(ctx: Any, g: Any) -> Any:
        Unsteady.calls += 1
        return g * (2 + 1e-9 * Unsteady.calls)


@pytest.mark.parametrize("fast", [False, True])
def test_right_gradients_pass_in_every_mode(fast: bool) -> None:
    inputs = leaf(2, 3), leaf(3, seed=1)
    everything = {"check_forward_ad": True, "check_batched_grad": True, "check_grad_dtypes": True,
                  "check_batched_forward_grad": True}  # fmt: skip
    assert gradcheck(right, inputs, fast_mode=fast, **everything)
    assert gradgradcheck(right, inputs, fast_mode=fast)
    assert gradgradcheck(right, inputs, check_fwd_over_rev=True, gen_non_contig_grad_outputs=True)


@pytest.mark.parametrize("fast", [False, True])
def test_a_wrong_gradient_is_found_and_shown(fast: bool) -> None:
    x = leaf(2)
    with pytest.raises(GradcheckError, match="Jacobian mismatch for output 0"):
        gradcheck(Wrong.apply, x, fast_mode=fast)
    assert not gradcheck(Wrong.apply, x, fast_mode=fast, raise_exception=False)
    assert issubclass(GradcheckError, RuntimeError)


def test_a_wrong_second_derivative_is_found() -> None:
    x = leaf(2)
    assert gradcheck(WrongTwice.apply, x)
    with pytest.raises(GradcheckError):
        gradgradcheck(WrongTwice.apply, x)


def test_a_gradient_that_changes_is_found() -> None:
    x = leaf(2)
    with pytest.raises(GradcheckError, match="not reentrant"):
        gradcheck(Unsteady.apply, x)
    assert gradcheck(Unsteady.apply, x, nondet_tol=1e-6)


def test_the_inputs_are_what_they_were() -> None:
    x = leaf(2)
    before, version = x.tolist(), x._version
    gradcheck(gpugrad.exp, x)
    assert (x.tolist(), x._version, x.grad) == (before, version, None)


def test_single_precision_is_warned_of() -> None:
    x = gpugrad.ones(2, device="cpu", requires_grad=True)
    with pytest.warns(UserWarning, match="not a double precision"):
        gradcheck(lambda t: t * 2, x, eps=1e-2, atol=1e-2)


def test_something_has_to_require_a_gradient() -> None:
    with pytest.raises(ValueError, match="at least one input tensor to require gradient"):
        gradcheck(gpugrad.exp, data(gpugrad, 2))


@pytest.mark.oracle
@pytest.mark.parametrize("name", ["exp", "sort", "softmax"])
def test_pytorch_passes_what_passes_here(name: str) -> None:
    torch = pytest.importorskip("torch")

    def check(m: Any) -> bool:
        functions = {"exp": lambda t: t.exp(), "sort": lambda t: t.sort()[0],
                     "softmax": lambda t: t.softmax(-1)}  # fmt: skip
        x = data(m, 4).requires_grad_()
        return bool(m.autograd.gradcheck(functions[name], x))

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert check(torch)
    assert check(gpugrad)

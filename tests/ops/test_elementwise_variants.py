"""The ways of calling elementwise functions: numbers on either side, mixed dtypes, out, in place.

Holds:     both libraries evaluate the same expression; values, dtypes and exceptions agree.
"""

from __future__ import annotations

from typing import Any

import pytest

import gpugrad
from tests.beside import refused_alike, results

SAME = [  # x y floats, i j integers, e int8, b c booleans, h float16, d float64, s 0-d
    # whole numbers
    "i << 1", "1 << i", "i >> j", "j >> i", "b << 1", "e << 7", "e << 8", "e << s.long() * 0 - 1",
    "(-e) >> 9", "torch.bitwise_left_shift(1, i)", "torch.bitwise_right_shift(i, 1)",
    "i.bitwise_left_shift(j)", "i.clone().bitwise_left_shift_(2)", "torch.gcd(i, j)",
    "torch.gcd(e, i)", "torch.lcm(e, torch.tensor([0, -4, 6]))", "i.clone().gcd_(j)",
    "i.clone().lcm_(j)", "torch.gcd(torch.tensor(12), i)",
    "torch.lcm(i, j, out=torch.empty(3).long())",
    # bits
    "i & 1", "1 & i", "b & 1", "b ^ True", "1 | b", "True & b", "torch.bitwise_and(1, i)",
    "~e", "i.clone().bitwise_xor_(j)", "i.logical_xor(j)", "x.logical_not()",
    "b.clone().logical_or_(c)",
    "x.clone().logical_and_(i)", "torch.logical_and(i, x)", "i.bitwise_not()",
    # sums and products
    "torch.add(2, i)", "torch.sub(i, 1, alpha=2)", "torch.rsub(x, 1, alpha=2)", "torch.rsub(i, j)",
    "torch.mul(2, i)", "torch.add(b, b, alpha=True)", "torch.add(b, c, alpha=2)",
    "torch.add(b, c, alpha=0)",
     "x.addcmul(i, j)", "torch.addcmul(i, i, x)",
    "torch.addcmul(i, i, j, value=2)", "torch.addcmul(i, i, j, value=2.7)",
    "torch.addcdiv(x, i, y, value=2)", "x.addcdiv(y, y)",
    "x.clone().addcmul_(y, y, value=0.5)", "torch.lerp(x, y, 0.3)", "torch.lerp(x, y, weight=0.3)",
    "torch.lerp(x, y, s)", "x.clone().lerp_(y, 0.25)", "torch.square(e)", "torch.square(b)",
    "torch.fill(x, 2)", "torch.fill(i, 2)", "torch.fill(x, s)", "torch.positive(x)", "+x", "+i",
    # quotients
    "i / 2", "2 / i", "torch.true_divide(i, 2)", "torch.div(i, 2, rounding_mode='floor')",
    "torch.div(-i, 2, rounding_mode='trunc')", "torch.div(x, 2, rounding_mode='trunc')",
    "torch.div(2, x, rounding_mode='floor')", "torch.floor_divide(5, i)", "5 // i", "i // 2.5",
    "-i // 2", "5 % i", "torch.remainder(5, i)", "torch.remainder(-i, 2)", "torch.fmod(-i, 2)",
    "torch.fmod(x, 0.7)", "torch.remainder(x, -0.7)", "i.clone().div_(2, rounding_mode='floor')",
    "i.clone().floor_divide_(2)", "x.clone().fmod_(1)", "x.clone().remainder_(1)", "x % y",
    "x // y",
    "torch.divide(i, 2, rounding_mode='trunc')", "e // 2", "b / 2", "torch.reciprocal(i)",
    # powers
    "i ** 2", "i ** 2.0", "2 ** i", "2.5 ** i", "torch.pow(i, y)", "True ** i", "b ** 2", "x ** b",
    "i ** torch.tensor(-1)", "x ** 0", "x ** 1", "i ** 0", "h ** 2", "h ** 0.5", "e ** 3",
    "torch.pow(2, i)", "torch.float_power(x, 2)", "torch.float_power(2, x)",
    "torch.float_power(i, j)",
    "d.clone().float_power_(2)", "x.clone().pow_(2)", "torch.ldexp(x, i)", "torch.ldexp(i, j)",
    "torch.ldexp(h, i)", "x.clone().ldexp_(i)", "torch.frexp(x)", "torch.frexp(h)", "d.frexp()",
    "torch.frexp(torch.tensor([0.0, float('inf')])).mantissa",
    # rounding
    "torch.round(x, decimals=1)", "torch.round(x * 100, decimals=-2)", "torch.round(i)", "x.fix()",
    "torch.trunc(i)", "x.clone().round_(decimals=1)", "torch.special.round(y)", "torch.frac(x)",
    "torch.sgn(x)", "x.sgn()", "torch.sgn(i)", "torch.sign(b)", "x.clone().sgn_()",
    "torch.deg2rad(i)", "torch.rad2deg(x)", "torch.angle(x)", "torch.angle(i)", "torch.angle(h)",
    "torch.heaviside(x, s)", "torch.heaviside(i - 2, j)", "x.heaviside(y)",
    "torch.nextafter(x, y)", "torch.nextafter(h, -h)", "torch.nextafter(h * 0, h)",
    "torch.nextafter(h.bfloat16(), h.bfloat16() * 2)", "torch.nextafter(d, d)",
    "torch.copysign(i, -1)", "torch.copysign(x, -1.0)", "torch.copysign(x, y)",
    # bounds and choices
    "torch.clamp(i, 0.5)", "torch.clamp(x, s)", "torch.clamp(x, s, y)", "torch.clamp(x, min=y)",
    "torch.clip(x, max=0.2)", "torch.clamp(b, 0, 1)", "torch.clamp(i, s.long())", "x.clamp(0, 1)",
    "torch.clamp(x, min=d)", "torch.clamp_min(x, 0)", "torch.clamp_max(x, s)", "x.clone().clip_(0)",
    "torch.clamp(x, 2, 1)", "x.clone().clamp_(max=0)", "x.clamp_min(y)", "x.clone().clamp_max_(0)",
    "torch.maximum(i, x)", "torch.fmax(x, i)", "torch.minimum(b, c)", "torch.fmin(h, d)",
    "torch.nan_to_num(i)", "torch.nan_to_num(n)",
    "torch.nan_to_num(n, nan=1.0, posinf=2.0, neginf=3.0)",
    "torch.nan_to_num(n.half())", "n.clone().nan_to_num_(0.5)", "x.clone().nan_to_num()",
    # comparisons
    "torch.isclose(x, y, 1e-3, 1e-3)", "torch.isclose(n, n)", "torch.isclose(n, n, equal_nan=True)",
    "torch.isclose(i, j, rtol=0.4)", "torch.allclose(x, x)", "torch.allclose(n, n, equal_nan=True)",
    "torch.equal(x, y)", "torch.equal(i, i.int())", "torch.equal(x, x[:2])", "torch.isreal(i)",
    "torch.is_nonzero(s)", "torch.is_complex(x)", "torch.is_conj(x)", "torch.is_neg(x)",
    "x.is_neg()",
    "torch.conj(x)", "x.conj_physical()", "torch.resolve_conj(i)", "torch.real(x)", "x.real",
    "x.clone().eq_(1)", "torch.gt(i, 1.5)", "i.ne(2)", "x.lt(y)", "torch.signbit(-i)",
    "torch.is_floating_point(x)", "torch.is_signed(e)", "torch.is_same_size(x, y)",
    # special functions
    "torch.special.expit(i)", "torch.special.ndtr(i)", "torch.special.logit(x)",
    "torch.logit(x, 0.1)", "torch.special.logit(x, eps=0.1)", "torch.special.i0(i)", "torch.i0(h)",
    "torch.special.xlogy(2, i)", "torch.xlogy(i, 2)", "torch.special.xlog1py(x, 2)",
    "torch.special.xlog1py(2, y)", "torch.special.zeta(2, y)", "torch.special.zeta(y + 1, 2)",
    "torch.special.zeta(y + 1, d)", "torch.igamma(y, y + 1)", "torch.igammac(d, y)",
    "torch.special.gammainc(y, d)", "torch.special.gammaincc(y[:, None], y)", "y.igamma(y)",
    "torch.mvlgamma(y + 2, 2)", "torch.mvlgamma(i + 2, 2)", "torch.special.multigammaln(y + 2, 1)",
    "y.mvlgamma(1)", "torch.special.psi(y)", "torch.special.gammaln(i)", "torch.polygamma(1, y)",
    "y.polygamma(2)", "torch.special.polygamma(0, y)", "torch.special.sinc(x)", "torch.exp2(i)",
    "torch.special.log_softmax(x, 0)", "torch.special.softmax(i, 0, dtype=torch.float64)",
    "torch.special.logsumexp(x, 0)", "torch.special.entr(torch.tensor([0.0, 1.0, -1.0]))",
    "torch.special.ndtri(torch.tensor([0.0, 0.5, 1.0]))",
    "torch.special.erfcx(torch.tensor([30.0]))",
    "torch.special.expm1(x)", "torch.special.spherical_bessel_j0(x)", "torch.special.log_ndtr(x)",
    "torch.atan2(i, j)", "torch.exp(b)", "torch.arctan2(x, y)", "torch.arccosh(y + 1)",
    "torch.special.chebyshev_polynomial_t(x, 3)", "torch.special.hermite_polynomial_h(2.0, i)",
    "torch.special.laguerre_polynomial_l(x, torch.tensor([-1.0, 2.7, 0.0]))",
    "torch.special.legendre_polynomial_p(x.double(), i)",
    # activations
    "torch.celu(x, alpha=0.5)", "torch.celu_(x.clone())", "torch.selu(x)", "torch.selu_(x.clone())",
    "torch.threshold(x, 0.1, 2)", "torch.threshold_(x.clone(), 0.1, 2)", "torch.rrelu(x)",
    "torch.rrelu_(x.clone())", "F.rrelu(x, 0.1, 0.2, inplace=True)", "torch.hardshrink(x, 0.4)",
    "x.hardshrink(0.4)", "torch.prelu(x, s)", "torch.prelu(x, s.reshape(1))", "x.prelu(s)",
    "F.prelu(torch.ones(2, 3, 2) * -1, y)", "F.glu(torch.arange(8.0).reshape(2, 4))",
    "F.glu(torch.arange(8.0).reshape(2, 4), 0)", "F.threshold_(x.clone(), 0.1, 2.0)",
]  # fmt: skip


def tensors(module: Any) -> dict[str, Any]:
    def make(data: Any, dtype: str = "float32") -> Any:
        return module.tensor(data, dtype=getattr(module, dtype), device="cpu")

    return {
        "x": make([1.25, -2.5, 0.3]), "y": make([0.75, 1.5, 2.0]),
        "n": make([float("nan"), 1, -1e999]),
        "i": make([1, 2, 3], "int64"), "j": make([4, 1, 2], "int64"), "e": make([1, -2, 3], "int8"),
        "b": make([True, False, True], "bool"), "c": make([True, True, False], "bool"),
        "h": make([1.0, 2.0, 3.0], "float16"), "d": make([1.0, 2.5, 3.0], "float64"),
        "s": make(0.25),
    }  # fmt: skip


test_a_way_of_calling_gives_what_pytorch_gives = results(SAME, tensors, 2e-6)


REFUSED = {
    "x << 1": "not implemented", "x >> i": "not implemented", "b << b": "not implemented",
    "torch.gcd(x, x)": "not implemented", "torch.lcm(b, b)": "not implemented",
    "i & 1.5": "not implemented", "~x": "only implemented on integer and Boolean",
    "torch.heaviside(i, x)": "not yet implemented for tensors with different dtypes",
    "torch.nextafter(i, j)": "not implemented", "torch.frexp(i)": "only supports floating-point",
    "+b": "on a bool tensor is not supported", "-b": "on a bool tensor is not supported",
    "b.relu()": "Boolean inputs not supported for relu", "b[:1] - c": "the `-` op",
    "b.clone().neg_()": "on a bool tensor", "b - c": "the `-` operator, with",
    "b - 1": "the `-` operator, with a bool tensor",
    "1 - b": "the `-` operator, with a bool tensor",
    "i - b": "the `-` operator, with a bool tensor",
    "torch.imag(x)": "not implemented for tensors with non-complex dtypes",
    "torch.isclose(x, d)": "did not match", "torch.allclose(x, i)": "did not match",
    "torch.isclose(x, x, -1)": "rtol must be greater than or equal to zero, but got -1",
    "torch.isclose(x, x, atol=-1)": "atol must be greater than or equal to zero, but got -1",
    "torch.is_nonzero(x)": "Boolean value of Tensor with more than one value is ambiguous",
    "torch.addcdiv(i, i, i)": "Integer division with addcdiv is no longer supported",
    "torch.lerp(x, d, 0.5)": "expected dtype float.* for `end` but got dtype",
    "torch.lerp(x, y, d)": "expected dtype float.* for `weight` but got dtype",
    "torch.add(i, i, alpha=0.5)": "argument alpha must not be a floating point number",
    "torch.sub(i, i, alpha=0.5)": "argument alpha must not be a floating point number",
    "torch.rsub(i, 1, alpha=2.5)": "argument alpha must not be a floating point number",
    "i ** -1": "Integers to negative integer powers are not allowed",
    "torch.round(i, decimals=1)": "not implemented for",
    "torch.clamp(x)": "At least one of 'min' or 'max' must not be None",
    "torch.div(x, y, rounding_mode='up')": "expected rounding_mode to be one of",
    "i.div_(2)": "can't be cast to the desired output type",
    "torch.polygamma(-1, x)": "does not support negative n",
    "torch.mvlgamma(x, 0)": "p has to be greater than or equal to 1",
    "torch.special.zeta((y + 1).requires_grad_(), y).sum().backward()": "is not implemented",
    "torch.igamma(y.requires_grad_(), y).sum().backward()": "the derivative for 'igamma: input'",
    "torch.prelu(x, y)": "Mismatch of parameter numbers and input channel size",
    "F.glu(x)": "Halving dimension must be even, but dimension 0 is size 3",
    "torch.fill(x, y)": "0-dimension value tensor",
    "torch.float_power(2, 3)": "invalid combination", "torch.conj(1)": "must be Tensor, not int",
}  # fmt: skip


@pytest.mark.oracle
@pytest.mark.parametrize("text", REFUSED)
def test_what_pytorch_refuses_is_refused_alike(text: str) -> None:
    refused_alike(text, tensors, REFUSED[text], exactly=False)


def test_random_slopes_lie_between_their_bounds() -> None:
    gpugrad.manual_seed(0)
    x = gpugrad.full((1000,), -1.0, requires_grad=True)
    y = gpugrad.rrelu(x, 0.1, 0.3, training=True)
    y.sum().backward()
    assert 0.1 <= x.grad.min() < 0.12
    assert 0.28 < x.grad.max() <= 0.3
    assert (y == -x.grad).all()

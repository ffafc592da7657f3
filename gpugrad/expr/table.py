"""The table of scalar functions: the only place where each is spelled for CUDA and for NumPy.

Holds:     partial derivatives are stated as cotangents, in the form that is stable and saves least,
           with PyTorch's choices at kinks; a test compares the two spellings, another one the
           derivatives with PyTorch's.
Must not:  know how code is printed. Functions made of others need no row: they are ops.
"""

from __future__ import annotations

import math

from ..errors import no_derivative
from . import scalars as rules
from .nodes import Expr
from .scalars import Scalar, is_constant, scalar

# -------------------------------------------------------------------------------------- arithmetic
add: Scalar = scalar(
    "add", 2, "({0} + {1})", "numpy.add", python="({0} + {1})", simplify=rules.simplify_add,
    cotangents=lambda g, y, a, b: (g, g),
)
sub: Scalar = scalar(
    "sub", 2, "({0} - {1})", "numpy.subtract", python="({0} - {1})", simplify=rules.simplify_sub,
    cotangents=lambda g, y, a, b: (g, -g),
)
mul: Scalar = scalar(
    "mul", 2, "({0} * {1})", "numpy.multiply", python="({0} * {1})", simplify=rules.simplify_mul,
    cotangents=lambda g, y, a, b: (g * b, g * a),
)
div: Scalar = scalar(
    "div", 2, "({0} / {1})", "numpy.true_divide", simplify=rules.simplify_div, floating=True,
    cotangents=lambda g, y, a, b: (g / b, -(g / b * y)),
)
neg: Scalar = scalar(
    "neg", 1, "(-{0})", "numpy.negative", python="(-{0})", simplify=rules.simplify_neg,
    cotangents=lambda g, y, x: (-g,),
)
reciprocal: Scalar = scalar(
    "reciprocal", 1, "gg::reciprocal({0})", "numpy.reciprocal", floating=True, result=True,
    cotangents=lambda g, y, x: (-(g * (y * y)),),
)
abs: Scalar = scalar(  # the Python name
    "abs", 1, "gg::abs({0})", "numpy.absolute",
    cotangents=lambda g, y, x: (g * sign(x),),
)
sign: Scalar = scalar(
    "sign", 1, "gg::sign({0})", "gpugrad.expr.host_functions.sign",
    cotangents=lambda g, y, x: (None,),
)
floor: Scalar = scalar(
    "floor", 1, "gg::floor({0})", "numpy.floor", whole=True,
    cotangents=lambda g, y, x: (None,),
)
ceil: Scalar = scalar(
    "ceil", 1, "gg::ceil({0})", "numpy.ceil", whole=True,
    cotangents=lambda g, y, x: (None,),
)
trunc: Scalar = scalar(
    "trunc", 1, "gg::trunc({0})", "numpy.trunc", whole=True,
    cotangents=lambda g, y, x: (None,),
)
round: Scalar = scalar(
    "round", 1, "gg::round({0})", "numpy.rint", whole=True,
    cotangents=lambda g, y, x: (None,), doc="To the nearest whole number, ties to even.",
)
fmod: Scalar = scalar(
    "fmod", 2, "gg::fmod({0}, {1})", "numpy.fmod",
    cotangents=lambda g, y, a, b: (g, -(g * trunc(a / b))),
    doc="The remainder with the sign of the first operand.",
)
remainder: Scalar = scalar(
    "remainder", 2, "gg::remainder({0}, {1})", "numpy.remainder",
    cotangents=lambda g, y, a, b: (g, -(g * floor(a / b))),
    doc="The remainder with the sign of the second operand, as Python's ``%``.",
)
floor_divide: Scalar = scalar(
    "floor_divide", 2, "gg::floor_divide({0}, {1})", "numpy.floor_divide",
    cotangents=lambda g, y, a, b: (None, None),
    doc="The quotient rounded down.",
)
trunc_divide: Scalar = scalar(
    "trunc_divide", 2, "gg::trunc_divide({0}, {1})", "gpugrad.expr.host_functions.trunc_divide",
    cotangents=lambda g, y, a, b: (None, None),
    doc="The quotient rounded towards zero.",
)
maximum: Scalar = scalar(
    "maximum", 2, "gg::maximum({0}, {1})", "numpy.maximum",
    cotangents=lambda g, y, a, b: (_winner(g, a, b, a < b), _winner(g, a, b, b < a)),
    doc="The larger; NaN if either is. Equal operands share the cotangent.",
)
minimum: Scalar = scalar(
    "minimum", 2, "gg::minimum({0}, {1})", "numpy.minimum",
    cotangents=lambda g, y, a, b: (_winner(g, a, b, a > b), _winner(g, a, b, b > a)),
    doc="The smaller; NaN if either is. Equal operands share the cotangent.",
)
fmax: Scalar = scalar(
    "fmax", 2, "gg::fmax({0}, {1})", "numpy.fmax",
    cotangents=lambda g, y, a, b: (where(_first_stays(a, b, a >= b), g, 0),
                                   where(_first_stays(a, b, a >= b), 0, g)),
    doc="The larger; the other operand if one is NaN.",
)
fmin: Scalar = scalar(
    "fmin", 2, "gg::fmin({0}, {1})", "numpy.fmin",
    cotangents=lambda g, y, a, b: (where(_first_stays(a, b, a <= b), g, 0),
                                   where(_first_stays(a, b, a <= b), 0, g)),
    doc="The smaller; the other operand if one is NaN.",
)
clamp_min: Scalar = scalar(
    "clamp_min", 2, "gg::maximum({0}, {1})", "numpy.maximum",
    cotangents=lambda g, y, x, low: (where(x >= low, g, 0), where(x < low, g, 0)),
    doc="``maximum`` whose whole cotangent goes to the first operand at the bound.",
)
clamp_max: Scalar = scalar(
    "clamp_max", 2, "gg::minimum({0}, {1})", "numpy.minimum",
    cotangents=lambda g, y, x, high: (where(x <= high, g, 0), where(x > high, g, 0)),
    doc="``minimum`` whose whole cotangent goes to the first operand at the bound.",
)
clamp: Scalar = scalar(
    "clamp", 3, "gg::minimum(gg::maximum({0}, {1}), {2})",
    lowering=lambda x, low, high: minimum(maximum(x, low), high),
    cotangents=lambda g, y, x, low, high: (
        where((x >= low) & (x <= high), g, 0),
        where((low < high) & (x < low), g, 0),
        where((high < low) | (x > high), g, 0),
    ),
    doc="Between two bounds, both inclusive for the cotangent.",
)
relu: Scalar = scalar(
    "relu", 1, "gg::relu({0})", lowering=lambda x: maximum(x, 0), result=True,
    cotangents=lambda g, y, x: (where(y <= 0, 0, g),),
    doc="The positive part; its derivative at 0 is 0.",
)
copysign: Scalar = scalar(
    "copysign", 2, "gg::copysign({0}, {1})", "numpy.copysign", floating=True,
    cotangents=lambda g, y, a, b: (where(eq(a, 0), 0, g * (y / a)), None),
)


def _winner(g: Expr, a: Expr, b: Expr, loses: Expr) -> Expr:
    return where(loses, 0, where(eq(a, b), g * 0.5, g))


def _first_stays(a: Expr, b: Expr, wins: Expr) -> Expr:
    return wins | isnan(b)


# --------------------------------------------------------------- powers, exponentials, logarithms
sqrt: Scalar = scalar(
    "sqrt", 1, "gg::sqrt({0})", "numpy.sqrt", floating=True, result=True,
    cotangents=lambda g, y, x: (g / (2 * y),),
)
rsqrt: Scalar = scalar(
    "rsqrt", 1, "gg::rsqrt({0})", lowering=lambda x: reciprocal(sqrt(x)), floating=True,
    result=True, cotangents=lambda g, y, x: (-0.5 * g * (y * y * y),),
)
pow: Scalar = scalar(  # the Python name
    "pow", 2, "gg::pow({0}, {1})", "gpugrad.expr.host_functions.power",
    simplify=rules.simplify_pow,
    cotangents=lambda g, y, x, p: (_power_base(g, x, p), _power_exponent(g, y, x, p)),
)
hypot: Scalar = scalar(
    "hypot", 2, "gg::hypot({0}, {1})", "numpy.hypot", floating=True,
    cotangents=lambda g, y, a, b: (g * (a / y), g * (b / y)),
)
exp: Scalar = scalar(
    "exp", 1, "gg::exp({0})", "numpy.exp", floating=True, result=True,
    cotangents=lambda g, y, x: (g * y,),
)
exp2: Scalar = scalar(
    "exp2", 1, "gg::exp2({0})", "numpy.exp2", floating=True, result=True,
    cotangents=lambda g, y, x: (g * y * math.log(2),),
)
expm1: Scalar = scalar(
    "expm1", 1, "gg::expm1({0})", "numpy.expm1", floating=True, result=True,
    cotangents=lambda g, y, x: (g * (y + 1),),
)
log: Scalar = scalar(
    "log", 1, "gg::log({0})", "numpy.log", floating=True,
    cotangents=lambda g, y, x: (g / x,),
)
log2: Scalar = scalar(
    "log2", 1, "gg::log2({0})", "numpy.log2", floating=True,
    cotangents=lambda g, y, x: (g / (x * math.log(2)),),
)
log10: Scalar = scalar(
    "log10", 1, "gg::log10({0})", "numpy.log10", floating=True,
    cotangents=lambda g, y, x: (g / (x * math.log(10)),),
)
log1p: Scalar = scalar(
    "log1p", 1, "gg::log1p({0})", "numpy.log1p", floating=True,
    cotangents=lambda g, y, x: (g / (x + 1),),
)
logaddexp: Scalar = scalar(
    "logaddexp", 2, "gg::logaddexp({0}, {1})", "numpy.logaddexp", floating=True,
    cotangents=lambda g, y, a, b: (g * sigmoid(a - b), g * sigmoid(b - a)),
)
logaddexp2: Scalar = scalar(
    "logaddexp2", 2, "gg::logaddexp2({0}, {1})", "numpy.logaddexp2", floating=True,
    cotangents=lambda g, y, a, b: (g * sigmoid((a - b) * math.log(2)),
                                   g * sigmoid((b - a) * math.log(2))),
)
xlogy: Scalar = scalar(
    "xlogy", 2, "gg::xlogy({0}, {1})", floating=True,
    lowering=lambda a, b: where(eq(a, 0) & eq(b, b), 0, a * log(b)),
    cotangents=lambda g, y, a, b: (where(eq(a, 0) & (b <= 0), 0, xlogy(g, b)), g * a / b),
    doc="``a * log(b)``, 0 where a is 0.",
)


def _power_base(g: Expr, x: Expr, p: Expr) -> Expr:
    if p.uniform:  # a condition on keyword arguments only costs nothing per element
        return g * (p * pow(x, where(eq(p, 0), p, p - 1)))
    return where(eq(p, 0), 0, g * (p * pow(x, p - 1)))


def _power_exponent(g: Expr, y: Expr, x: Expr, p: Expr) -> Expr | None:
    if is_constant(p):
        return None
    return where(eq(x, 0) & (p >= 0), 0, g * (y * log(x)))


# -------------------------------------------------------------------- trigonometry and hyperbolas
sin: Scalar = scalar(
    "sin", 1, "gg::sin({0})", "numpy.sin", floating=True,
    cotangents=lambda g, y, x: (g * cos(x),),
)
cos: Scalar = scalar(
    "cos", 1, "gg::cos({0})", "numpy.cos", floating=True,
    cotangents=lambda g, y, x: (-(g * sin(x)),),
)
tan: Scalar = scalar(
    "tan", 1, "gg::tan({0})", "numpy.tan", floating=True, result=True,
    cotangents=lambda g, y, x: (g * (y * y + 1),),
)
asin: Scalar = scalar(
    "asin", 1, "gg::asin({0})", "numpy.arcsin", floating=True,
    cotangents=lambda g, y, x: (g * rsqrt(1 - x * x),),
)
acos: Scalar = scalar(
    "acos", 1, "gg::acos({0})", "numpy.arccos", floating=True,
    cotangents=lambda g, y, x: (-(g * rsqrt(1 - x * x)),),
)
atan: Scalar = scalar(
    "atan", 1, "gg::atan({0})", "numpy.arctan", floating=True,
    cotangents=lambda g, y, x: (g / (x * x + 1),),
)
atan2: Scalar = scalar(
    "atan2", 2, "gg::atan2({0}, {1})", "numpy.arctan2", floating=True,
    cotangents=lambda g, y, a, b: (_angle(g, b, a, b), -_angle(g, a, a, b)),
    doc="The angle of the point (b, a); no gradient at the origin.",
)
sinh: Scalar = scalar(
    "sinh", 1, "gg::sinh({0})", "numpy.sinh", floating=True,
    cotangents=lambda g, y, x: (g * cosh(x),),
)
cosh: Scalar = scalar(
    "cosh", 1, "gg::cosh({0})", "numpy.cosh", floating=True,
    cotangents=lambda g, y, x: (g * sinh(x),),
)
tanh: Scalar = scalar(
    "tanh", 1, "gg::tanh({0})", "numpy.tanh", floating=True, result=True,
    cotangents=lambda g, y, x: (g * (1 - y * y),),
)
asinh: Scalar = scalar(
    "asinh", 1, "gg::asinh({0})", "numpy.arcsinh", floating=True,
    cotangents=lambda g, y, x: (g * rsqrt(x * x + 1),),
)
acosh: Scalar = scalar(
    "acosh", 1, "gg::acosh({0})", "numpy.arccosh", floating=True,
    cotangents=lambda g, y, x: (g * rsqrt(x * x - 1),),
)
atanh: Scalar = scalar(
    "atanh", 1, "gg::atanh({0})", "numpy.arctanh", floating=True,
    cotangents=lambda g, y, x: (g / (1 - x * x),),
)


def _angle(g: Expr, numerator: Expr, a: Expr, b: Expr) -> Expr:
    square = a * a + b * b
    return where(eq(square, 0), 0, g * (numerator / square))


# ------------------------------------------------------------------------------ special functions
sigmoid: Scalar = scalar(
    "sigmoid", 1, "gg::sigmoid({0})", lowering=lambda x: reciprocal(exp(-x) + 1), floating=True,
    result=True, cotangents=lambda g, y, x: (g * (1 - y) * y,),
)
softplus: Scalar = scalar(
    "softplus", 1, "gg::softplus({0})", floating=True,
    lowering=lambda x: maximum(x, 0) + log1p(exp(-abs(x))),
    cotangents=lambda g, y, x: (g * sigmoid(x),),
    doc="``log(1 + exp(x))`` without overflow.",
)
erf: Scalar = scalar(
    "erf", 1, "gg::erf({0})", "gpugrad.expr.host_functions.erf", floating=True,
    cotangents=lambda g, y, x: (g * exp(-(x * x)) * (2 / math.sqrt(math.pi)),),
)
erfc: Scalar = scalar(
    "erfc", 1, "gg::erfc({0})", "scipy.special.erfc", floating=True,
    cotangents=lambda g, y, x: (g * exp(-(x * x)) * (-2 / math.sqrt(math.pi)),),
)
erfinv: Scalar = scalar(
    "erfinv", 1, "gg::erfinv({0})", "scipy.special.erfinv", floating=True, result=True,
    cotangents=lambda g, y, x: (g * exp(y * y) * (math.sqrt(math.pi) / 2),),
)
lgamma: Scalar = scalar(
    "lgamma", 1, "gg::lgamma({0})", "gpugrad.expr.host_functions.lgamma", floating=True,
    cotangents=lambda g, y, x: (g * digamma(x),),
    doc="Logarithm of the absolute value of the gamma function.",
)
digamma: Scalar = scalar(
    "digamma", 1, "gg::digamma({0})", "scipy.special.psi",
    floating=True, cotangents=lambda g, y, x: (g * zeta(2, x),),
    doc="Derivative of lgamma.",
)
zeta: Scalar = scalar(
    "zeta", 2, "gg::zeta({0}, {1})", "scipy.special.zeta", floating=True,
    cotangents=lambda g, y, s, q: (_order_bar(s), -(g * s * zeta(s + 1, q))),
    doc="Hurwitz's zeta function; its multiples are digamma's derivatives, of any order.",
)


def _order_bar(s: Expr) -> Expr | None:
    if s.uniform:
        return None
    raise no_derivative("zeta", 0)


# -------------------------------------------------------------------------- conditions and choice
def _comparison(name: str, sign: str, ufunc: str) -> Scalar:
    text = f"({{0}} {sign} {{1}})"
    return scalar(name, 2, text, ufunc, python=text, boolean=True)


gt: Scalar = _comparison("gt", ">", "numpy.greater")
ge: Scalar = _comparison("ge", ">=", "numpy.greater_equal")
lt: Scalar = _comparison("lt", "<", "numpy.less")
le: Scalar = _comparison("le", "<=", "numpy.less_equal")
eq: Scalar = _comparison("eq", "==", "numpy.equal")
ne: Scalar = _comparison("ne", "!=", "numpy.not_equal")

bitwise_and: Scalar = scalar("bitwise_and", 2, "({0} & {1})", "numpy.bitwise_and")
bitwise_or: Scalar = scalar("bitwise_or", 2, "({0} | {1})", "numpy.bitwise_or")
bitwise_xor: Scalar = scalar("bitwise_xor", 2, "({0} ^ {1})", "numpy.bitwise_xor")
bitwise_not: Scalar = scalar("bitwise_not", 1, "gg::bitwise_not({0})", "numpy.invert")

logical_and: Scalar = scalar(
    "logical_and", 2, "({0} && {1})", "numpy.logical_and", python="({0} and {1})", boolean=True,
    conditions=(0, 1), simplify=rules.simplify_and,
)
logical_or: Scalar = scalar(
    "logical_or", 2, "({0} || {1})", "numpy.logical_or", python="({0} or {1})", boolean=True,
    conditions=(0, 1), simplify=rules.simplify_or,
)
logical_xor: Scalar = scalar(
    "logical_xor", 2, "({0} != {1})", "numpy.logical_xor", python="({0} != {1})", boolean=True,
    conditions=(0, 1),
)
logical_not: Scalar = scalar(
    "logical_not", 1, "(!{0})", "numpy.logical_not", python="(not {0})", boolean=True,
    conditions=(0,), simplify=rules.simplify_not,
)
isnan: Scalar = scalar(
    "isnan", 1, "gg::isnan({0})", "numpy.isnan", boolean=True,
)
isinf: Scalar = scalar(
    "isinf", 1, "gg::isinf({0})", "numpy.isinf", boolean=True,
)
isfinite: Scalar = scalar(
    "isfinite", 1, "gg::isfinite({0})", "numpy.isfinite", boolean=True,
)
signbit: Scalar = scalar(
    "signbit", 1, "gg::signbit({0})", "numpy.signbit", boolean=True,
)
where: Scalar = scalar(
    "where", 3, "({0} ? {1} : {2})", "gpugrad.expr.host_functions.select",
    python="({1} if {0} else {2})", conditions=(0,), simplify=rules.simplify_where,
    cotangents=lambda g, y, c, a, b: (None, where(c, g, 0), where(c, 0, g)),
)

"""Rows of the scalar table that fewer programs need: error functions, gamma, Bessel, bits.

Holds:     what table.py holds; every row has a SciPy or NumPy function of the same value.
Must not:  be imported before table.py, which its cotangents are made of.
"""

from __future__ import annotations

import math

from . import scalars as rules
from .scalars import Scalar, scalar
from .table import eq, exp, isnan, log, log1p, lt, sign, where

# ------------------------------------------------------------------- around the normal distribution
erfcx: Scalar = scalar(
    "erfcx", 1, "gg::erfcx({0})", "scipy.special.erfcx", floating=True,
    cotangents=lambda g, y, x: (g * (2 * x * y - 2 / math.sqrt(math.pi)),),
    doc="``exp(x * x) * erfc(x)``, which does not vanish for large x.",
)
ndtri: Scalar = scalar(
    "ndtri", 1, "gg::ndtri({0})", "scipy.special.ndtri", floating=True, result=True,
    cotangents=lambda g, y, x: (g * exp(y * y * 0.5) * math.sqrt(2 * math.pi),),
    doc="Inverse of the normal distribution function.",
)
log_ndtr: Scalar = scalar(
    "log_ndtr", 1, "gg::log_ndtr({0})", "scipy.special.log_ndtr", floating=True,
    cotangents=lambda g, y, x: (g / erfcx(x * -math.sqrt(0.5)) * math.sqrt(2 / math.pi),),
    doc="Logarithm of the normal distribution function.",
)
entr: Scalar = scalar(
    "entr", 1, "gg::entr({0})", "scipy.special.entr", floating=True,
    cotangents=lambda g, y, x: (g * (-log(x) - 1),),
    doc="``-x * log(x)``, 0 at 0 and -inf below.",
)
xlog1py: Scalar = scalar(
    "xlog1py", 2, "gg::xlog1py({0}, {1})", floating=True,
    lowering=lambda a, b: where(eq(a, 0) & eq(b, b), 0, a * log1p(b)),
    cotangents=lambda g, y, a, b: (where(eq(a, 0) & (b <= -1), 0, xlog1py(g, b)), g * a / (b + 1)),
    doc="``a * log(1 + b)``, 0 where a is 0.",
)

# --------------------------------------------------------------------------------- Bessel functions
i0: Scalar = scalar(
    "i0", 1, "gg::i0({0})", "scipy.special.i0", floating=True,
    cotangents=lambda g, y, x: (g * i1(x),),
    doc="Modified Bessel function of the first kind, order 0.",
)
i0e: Scalar = scalar(
    "i0e", 1, "gg::i0e({0})", "scipy.special.i0e", floating=True,
    cotangents=lambda g, y, x: (g * (i1e(x) - sign(x) * y),),
    doc="``exp(-abs(x)) * i0(x)``.",
)
i1: Scalar = scalar(
    "i1", 1, "gg::i1({0})", "scipy.special.i1", floating=True,
    cotangents=lambda g, y, x: (g * where(eq(x, 0), 0.5, i0(x) - y / x),),
    doc="Modified Bessel function of the first kind, order 1.",
)
i1e: Scalar = scalar(
    "i1e", 1, "gg::i1e({0})", "scipy.special.i1e", floating=True,
    cotangents=lambda g, y, x: (
        g * where(eq(x, 0), 0.5, i0e(x) - y * (sign(x) + 1 / x)),
    ),
    doc="``exp(-abs(x)) * i1(x)``.",
)


def _value_only(name: str, numpy: str) -> Scalar:
    """A function that PyTorch gives no derivative: its results are constants."""
    return scalar(name, 1, f"gg::{name}({{0}})", numpy, floating=True, constant=True)


_HOST = "gpugrad.expr.host_functions"
bessel_j0: Scalar = _value_only("bessel_j0", f"{_HOST}.bessel_j0")
bessel_j1: Scalar = _value_only("bessel_j1", f"{_HOST}.bessel_j1")
bessel_y0: Scalar = _value_only("bessel_y0", f"{_HOST}.bessel_y0")
bessel_y1: Scalar = _value_only("bessel_y1", f"{_HOST}.bessel_y1")
modified_bessel_k0: Scalar = _value_only("modified_bessel_k0", "scipy.special.k0")
modified_bessel_k1: Scalar = _value_only("modified_bessel_k1", "scipy.special.k1")
scaled_modified_bessel_k0: Scalar = _value_only("scaled_modified_bessel_k0", "scipy.special.k0e")
scaled_modified_bessel_k1: Scalar = _value_only("scaled_modified_bessel_k1", "scipy.special.k1e")

gammainc: Scalar = scalar(
    "gammainc", 2, "gg::gammainc({0}, {1})", "scipy.special.gammainc", floating=True,
    constant=True, doc="The regularised lower incomplete gamma function.",
)
gammaincc: Scalar = scalar(
    "gammaincc", 2, "gg::gammaincc({0}, {1})", "scipy.special.gammaincc", floating=True,
    constant=True, doc="The regularised upper incomplete gamma function.",
)

hurwitz: Scalar = scalar(
    "hurwitz", 2, "gg::zeta({0}, {1})", "scipy.special.zeta", floating=True, constant=True,
    doc="``zeta`` of an order that varies, in which it has no derivative.",
)

# ------------------------------------------------------------------------- orthogonal polynomials
def _polynomial(name: str) -> Scalar:
    """A polynomial of ``x`` of degree ``n``, to which PyTorch gives no derivative."""
    path = f"gpugrad.expr.polynomials.{name}"
    return scalar(name, 2, f"gg::{name}({{0}}, {{1}})", path, floating=True, constant=True)


chebyshev_t: Scalar = _polynomial("chebyshev_t")
chebyshev_u: Scalar = _polynomial("chebyshev_u")
chebyshev_v: Scalar = _polynomial("chebyshev_v")
chebyshev_w: Scalar = _polynomial("chebyshev_w")
hermite_h: Scalar = _polynomial("hermite_h")
hermite_he: Scalar = _polynomial("hermite_he")
laguerre_l: Scalar = _polynomial("laguerre_l")
legendre_p: Scalar = _polynomial("legendre_p")

# ------------------------------------------------------------------------------ numbers as they lie
angle: Scalar = scalar(
    "angle", 1, "gg::angle({0})", floating=True,
    lowering=lambda x: where(isnan(x), x, where(lt(x, 0), math.pi, 0)),
    cotangents=lambda g, y, x: (None,),
    doc="The angle of a real number in the complex plane: 0, or pi below 0.",
)
nextafter: Scalar = scalar(
    "nextafter", 2, "gg::nextafter({0}, {1})", "numpy.nextafter", floating=True,
    constant=True,
    doc="The next number from a towards b.",
)

# ----------------------------------------------------------------------------------------- integers
bitwise_left_shift: Scalar = scalar(
    "bitwise_left_shift", 2, "gg::left_shift({0}, {1})", "numpy.left_shift"
)
bitwise_right_shift: Scalar = scalar(
    "bitwise_right_shift", 2, "gg::right_shift({0}, {1})", "numpy.right_shift"
)
gcd: Scalar = scalar("gcd", 2, "gg::gcd({0}, {1})", "numpy.gcd")
lcm: Scalar = scalar("lcm", 2, "gg::lcm({0}, {1})", "numpy.lcm")

SCALARS: tuple[Scalar, ...] = tuple(rules.TABLE.values())

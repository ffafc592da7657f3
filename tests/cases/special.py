"""Special functions, numbers taken apart, whole numbers."""

from tests.rows import row

__all__ = ["INCOMPLETE", "SPECIAL", "VALUES"]

SPECIAL = [
    row("torch.special.ndtr(x)", "sp.ndtr(x)", "x"),
    row("torch.special.log_ndtr(x)", "sp.log_ndtr(x)", "x", domain=(-9, 4)),
    row("torch.special.ndtri(x)", "sp.ndtri(x)", "result", domain=(0.01, 0.99)),
    row("torch.special.erfcx(x)", "sp.erfcx(x)", "x"),
    row("torch.special.entr(x)", "sp.entr(x)", "x", domain=(0.1, 5)),
    row("torch.special.xlog1py(x, y)", "sp.xlog1py(x, y)", "x y", domain=(0.1, 5)),
    row("torch.i0(x)", "sp.i0(x)", "x", domain=(-9, 9)),
    row("torch.special.i0e(x)", "sp.i0e(x)", "x", domain=(-12, 12)),
    row("torch.special.i1(x)", "sp.i1(x)", "x", domain=(-9, 9)),
    row("torch.special.i1e(x)", "sp.i1e(x)", "x", domain=(-12, 12)),
    row("torch.angle(x)", "np.where(np.isnan(x), x, np.where(x < 0, np.pi, 0))"),
    row("torch.round(x, decimals=1)", "np.rint(x * 10) / 10"),
    row("torch.round(x, decimals=-1)", "np.rint(x / 10) * 10", domain=(-50, 50)),
    row("torch.ldexp(x, i)", "np.ldexp(x, i)", "48", below=9),
    row("F.rrelu(x)", "np.where(x > 0, x, 11 / 48 * x)", "x"),
    row("F.glu(x)", "x[..., :2] * sp.expit(x[..., 2:])", "x x", x=(3, 4)),
]  # fmt: skip

INCOMPLETE = [  # made of ops, or with a derivative in one argument only
    row("torch.fill(x, 2.5)", "np.full_like(x, 2.5)"),
    row("torch.fill(x, y)", "np.full_like(x, y)", y=()),
    row("torch.frexp(x)[0]", "np.frexp(x)[0]", "48"),
    row("torch.mvlgamma(x, 3)", "sp.multigammaln(x, 3)", "x", domain=(1.5, 9), tolerance=2e-9),
    row("torch.igamma(k, x)", "sp.gammainc(k, x)", "k x", domain=(0.2, 5)),
    row("torch.igammac(k, x)", "sp.gammaincc(k, x)", "k x", domain=(0.2, 5)),
    row("torch.special.zeta(k, x)", "sp.zeta(k, x)", "k x", domain=(1.2, 5)),
    # PyTorch has no gradient for either argument of heaviside.
    row("torch.heaviside(k, x)", "np.where(k == 0, x, np.where(k > 0, 1, 0))", "12",
        oracle="torch.where(k == 0, x, torch.where(k > 0, 1.0, 0.0).to(k.dtype))"),
]  # fmt: skip

VALUES = [
    # PyTorch's Bessel functions of 5 < abs(k) are off by 1e-5; SciPy's are not.
    *(row(f"torch.special.bessel_{name}(k)", f"sp.{name}(k)", domain=(0.1, 9), tolerance=1e-5)
      for name in ("j0", "j1", "y0", "y1")),
    *(row(f"torch.special.modified_bessel_{name}(k)", f"sp.{name}(k)", domain=(0.1, 9))
      for name in ("i0", "i1", "k0", "k1")),
    *(row(f"torch.special.scaled_modified_bessel_{name}(k)", f"sp.{name}e(k)", domain=(0.1, 9))
      for name in ("k0", "k1")),
    *(row(f"torch.special.{name}(k, i)", f"sp.{short}(i, k)", domain=(-1.5, 1.5), below=7)
      for name, short in {
          "chebyshev_polynomial_t": "eval_chebyt", "chebyshev_polynomial_u": "eval_chebyu",
          "hermite_polynomial_h": "eval_hermite", "hermite_polynomial_he": "eval_hermitenorm",
          "laguerre_polynomial_l": "eval_laguerre", "legendre_polynomial_p": "eval_legendre",
          "shifted_chebyshev_polynomial_t": "eval_sh_chebyt",
          "shifted_chebyshev_polynomial_u": "eval_sh_chebyu",
      }.items()),
    *(row(f"torch.special.{prefix}chebyshev_polynomial_{kind}(k, i)",
          f"sp.eval_{short}chebyu(i, k) {sign} (i > 0) * sp.eval_{short}chebyu(i - (i > 0), k)",
          domain=(-1.5, 1.5), below=7)
      for prefix, short in (("", ""), ("shifted_", "sh_")) for kind, sign in ("v-", "w+")),
    row("torch.special.spherical_bessel_j0(k)", "np.sinc(k / np.pi)"),
    row("torch.bitwise_left_shift(i, j)", "i << j", below=9),
    row("torch.bitwise_right_shift(i, j)", "i >> j", below=9),
    row("i << 2", below=9),
    row("2 >> i", below=9),
    row("torch.gcd(i, j)", "np.gcd(i, j)", below=30),
    row("torch.lcm(i, j)", "np.lcm(i, j)", below=30),
    row("torch.nextafter(k, -k)", "np.nextafter(k, -k)"),
    row("torch.frexp(k)[1]", "np.frexp(k)[1]"),
    row("torch.isreal(k)", "np.isreal(k)"),
    row("torch.float_power(i, j)", "i.astype(float) ** j"),
]  # fmt: skip

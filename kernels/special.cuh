// kernels/special.cuh
// Special functions: around the normal distribution, Bessel, incomplete gamma, and integers.
//
// scalar.cuh ends with this file. Each function states its domain and why it is stable. Series in
// Chebyshev polynomials were fitted with 40 digits and cut below a double's last bit.
#pragma once

namespace gg {

// ---------------------------------------------------------------------------------------- integers
// Shifts by as many bits as there are, or more, or by a negative number, leave 0 or the sign.
template <typename T> GG_FN T left_shift(T a, T b) {
  return b < T(0) || b >= T(8 * sizeof(T)) ? T(0) : T((unsigned long long)a << b);
}
template <typename T> GG_FN T right_shift(T a, T b) {
  return T(a >> (b < T(0) || b >= T(8 * sizeof(T)) ? T(8 * sizeof(T) - 1) : b));
}

// Euclid's algorithm; never negative.
template <typename T> GG_FN T gcd(T a, T b) {
  while (b != T(0)) {
    const T rest = T(a % b);
    a = b;
    b = rest;
  }
  return a < T(0) ? T(-a) : a;
}
template <typename T> GG_FN T lcm(T a, T b) {
  const T common = gcd(a, b);
  return common == T(0) ? T(0) : abs(T(a / common * b));
}

// ------------------------------------------------------------------------------------ real numbers
// The angle in the complex plane: 0 or pi; NaN stays NaN.
template <typename T> GG_FN T angle(T x) {
  return x != x ? x : x < T(0) ? T(3.14159265358979323846) : T(0);
}

// -x log(x): 0 at 0, -inf below.
template <typename T> GG_FN T entr(T x) {
  if (x != x) return x;
  return x > T(0) ? -x * log(x) : x == T(0) ? T(0) : -T(1) / T(0);
}

// a * log(1 + b), 0 where a is 0 whatever b is, unless b is NaN.
template <typename T> GG_FN T xlog1py(T a, T b) {
  return a == T(0) && b == b ? T(0) : a * log1p(b);
}

// sum of c[k] T_k(t) for t in [-1, 1], c[0] halved already; Clenshaw's recurrence.
template <int N, typename T> GG_FN T chebyshev(const double (&c)[N], T t) {
  T b1 = T(0), b2 = T(0);
  for (int k = N - 1; k > 0; --k) {
    const T b0 = T(2) * t * b1 - b2 + T(c[k]);
    b2 = b1;
    b1 = b0;
  }
  return t * b1 - b2 + T(c[0]);
}

// ------------------------------------------------------------------ around the normal distribution
// exp(x^2) erfc(x). For x >= 0 a series in (x - 3) / (x + 3) times 1 / (1 + x): nothing vanishes.
// Below 0 it is reflected, where the exponential is the large part.
template <typename T> GG_FN T erfcx(T x) {
  const double series[] = {
      0.7537126744747984, -0.2241538079990932, 0.03331141869936043, 0.004729202203160197,
      -0.004667584028574755, 0.001505458991859158, -0.00026627940185075776,
      1.4873372028813446e-05, 4.608056130651457e-06, -9.676802292406137e-07,
      -4.580496022125077e-08, 3.403835840664566e-08, -2.5183402321363754e-10,
      -1.1966477481246857e-09, 3.164433134105992e-11, 4.632116431522466e-11,
      -8.079023772841502e-13, -1.962398338112284e-12, -3.400898553104142e-14,
      8.654949127746541e-14, 6.547147159229033e-15, -3.6838636129200996e-15,
      -6.061318726312009e-16, 1.3273121984901985e-16, 4.3939552352609764e-17};
  const T size = fabs(x);
  const T right = size > T(1e8) ? T(0.56418958354775628695) / size
                                : chebyshev(series, (size - T(3)) / (size + T(3))) / (T(1) + size);
  return x < T(0) ? T(2) * exp(x * x) - right : right;
}

// log of the normal distribution function. Left of -1 the exponent is taken out of the logarithm,
// right of it log1p keeps what is missing to 1.
template <typename T> GG_FN T log_ndtr(T x) {
  const T z = x * T(0.70710678118654752440);
  if (x < T(-1)) return log(erfcx(-z) / T(2)) - z * z;
  return log1p(-erfc(z) / T(2));
}

// Inverse of the normal distribution function on [0, 1], NaN outside. Near 1/2 by erfinv. In the
// tails Newton's method on the logarithm of erfc(x) = 2 p, which is nearly a parabola there.
template <typename T> GG_FN T ndtri(T p) {
  if (!(p >= T(0) && p <= T(1))) return T(0) / T(0);
  const T root = T(1.41421356237309504880);
  const T half = p <= T(0.5) ? p : T(1) - p;
  if (half == T(0)) return p == T(0) ? -T(1) / T(0) : T(1) / T(0);
  if (half > T(0.15)) return root * erfinv(T(2) * p - T(1));
  const T goal = log(T(2) * half), z = sqrt(-log(half));
  const T top = ((T(1.641345311) * z + T(3.429567803)) * z - T(1.624906493)) * z - T(1.970840454);
  T x = top / ((T(1.637067800) * z + T(3.543889200)) * z + T(1));
  for (int step = 0; step < 3; ++step) {
    const T scaled = erfcx(x);
    x += (log(scaled) - x * x - goal) * T(0.8862269254527580) * scaled;
  }
  return p <= T(0.5) ? -root * x : root * x;
}

// -------------------------------------------------------------------------------- Bessel functions
// exp(-|x|) I0(x) and exp(-|x|) I1(x): a series in |x| up to 8, in 1 / |x| beyond.
template <typename T> GG_FN T i0e(T x) {
  const double small[] = {
      0.33839763720473803, -0.3046826723431984, 0.17162090152220877, -0.09490109704804764,
      0.04930528423967071, -0.02373741480589947, 0.010546460394594998, -0.004324309995050576,
      0.0016394756169413357, -0.0005763755745385824, 0.00018850288509584165,
      -5.754195010082104e-05, 1.6448448070728896e-05, -4.4167383584587505e-06,
      1.1173875391201037e-06, -2.670793853940612e-07, 6.046995022541919e-08,
      -1.300025009986248e-08, 2.6598237246823866e-09, -5.189795601635263e-10,
      9.675809035373237e-11, -1.726826291441556e-11, 2.95505266312964e-12, -4.856446783111929e-13,
      7.676185498604936e-14, -1.1685332877993451e-14, 1.715391285555133e-15,
      -2.431279846547955e-16, 3.3307945188222384e-17};
  const double large[] = {
      0.4022452055070544, 0.0033691164782556943, 6.889758346916825e-05, 2.8913705208347567e-06,
      2.0489185894690638e-07, 2.266668990498178e-08, 3.3962320257083865e-09, 4.94060238822497e-10,
      1.1889147107846439e-11, -3.1499165279632416e-11, -1.3215811840447713e-11,
      -1.7941785315068062e-12, 7.180124451383666e-13, 3.8527783827421426e-13,
      1.54008621752141e-14, -4.150569347287222e-14, -9.554846698828307e-15,
      3.8116806693526224e-15, 1.7725601330565263e-15, -3.425485619677219e-16,
      -2.8276239805165836e-16, 3.461222867697461e-17, 4.46562142029676e-17};
  const T size = fabs(x);
  if (size <= T(8)) return chebyshev(small, size / T(4) - T(1));
  return chebyshev(large, T(16) / size - T(1)) / sqrt(size);
}
template <typename T> GG_FN T i1e(T x) {
  const double small[] = {
      0.12629359322181682, -0.17641651835783406, 0.1026436586898471, -0.05294598120809499,
      0.024726449030626516, -0.010564084894626197, 0.004156422944312888, -0.0015135724506312532,
      0.0005122859561685758, -0.00016176081582589674, 4.781565107550054e-05,
      -1.3273163656039436e-05, 3.4702513081376785e-06, -8.568720264695455e-07,
      2.0032947535521353e-07, -4.445059128796328e-08, 9.381537386495773e-09,
      -1.8872497517228294e-09, 3.625590281552117e-10, -6.663489723502027e-11,
      1.1736186298890901e-11, -1.9839743977649436e-12, 3.223793365945575e-13,
      -5.042185504727912e-14, 7.600684294735408e-15, -1.1055969477353862e-15,
      1.5536319577362005e-16, -2.111421214358166e-17};
  const double large[] = {
      0.38928811750914005, -0.009761097491361469, -0.00011058893876262371, -3.882564808877691e-06,
      -2.512236237870209e-07, -2.6314688468895196e-08, -3.835380385964237e-09,
      -5.589743462196584e-10, -1.8974958123505413e-11, 3.2526035830154884e-11,
      1.4125807436613782e-11, 2.0356285441470896e-12, -7.198551776245908e-13,
      -4.0835511110921974e-13, -2.1015418427726643e-14, 4.272440016711951e-14,
      1.0420276984128802e-14, -3.8144030724370075e-15, -1.8803547755107825e-15,
      3.3082023109209285e-16, 2.96262899764595e-16, -3.209525921993424e-17,
      -4.6503053684893586e-17};
  const T size = fabs(x);
  if (size <= T(8)) return x * chebyshev(small, size / T(4) - T(1));
  return copysign(chebyshev(large, T(16) / size - T(1)) / sqrt(size), x);
}
// The exponential in two factors: it overflows before the product does.
template <typename T> GG_FN T i0(T x) {
  const T root = exp(fabs(x) / T(2));
  return root * (root * i0e(x));
}
template <typename T> GG_FN T i1(T x) {
  const T root = exp(fabs(x) / T(2));
  return root * (root * i1e(x));
}

// exp(x) K0(x) and exp(x) K1(x): infinite at 0, NaN below. Up to 2 the logarithm is taken out.
template <typename T> GG_FN T scaled_modified_bessel_k0(T x) {
  const double small[] = {
      -0.2676636966169514, 0.3442898999246285, 0.0359799365153615, 0.001264615411446926,
      2.286212103119452e-05, 2.5347910790261494e-07, 1.904516377220209e-09,
      1.0349695257633625e-11, 4.2598161427910826e-14, 1.3744654358807508e-16};
  const double large[] = {
      1.2201515410329777, -0.0314481013119645, 0.0015698838857300533, -0.00012849549581627802,
      1.39498137188765e-05, -1.8317555227191195e-06, 2.766813639445015e-07,
      -4.660489897687948e-08, 8.574034017414225e-09, -1.6975345093890614e-09,
      3.5773972814003283e-10, -7.957489244477396e-11, 1.8559491149549264e-11,
      -4.514597883374519e-12, 1.1403405882073441e-12, -2.9800969231481784e-13,
      8.032890775068375e-14, -2.2275133267462965e-14, 6.340076476276646e-15,
      -1.848593377920907e-15, 5.5120559994043335e-16, -1.6782311257549006e-16,
      5.2103917776435543e-17};
  if (x == T(0)) return T(1) / T(0);
  if (!(x > T(0))) return T(0) / T(0);
  if (x > T(2)) return chebyshev(large, T(4) / x - T(1)) / sqrt(x);
  return (chebyshev(small, x * x / T(2) - T(1)) - log(x / T(2)) * i0(x)) * exp(x);
}
template <typename T> GG_FN T scaled_modified_bessel_k1(T x) {
  const double small[] = {
      0.7626501136694739, -0.3531559607765449, -0.12261118082265715, -0.006975723859639864,
      -0.0001730288957513052, -2.4334061415659684e-06, -2.213387630734726e-08,
      -1.4114883926335278e-10, -6.666901694199329e-13, -2.427449850519366e-15};
  const double large[] = {
      1.3603130952422213, 0.10392373657681724, -0.002857816859622779, 0.00019521551847135162,
      -1.936197974166083e-05, 2.406484947837217e-06, -3.5019606030878126e-07,
      5.7410841254500495e-08, -1.0345762465678097e-08, 2.0150497551970347e-09,
      -4.1903547593419254e-10, 9.218315187605315e-11, -2.129967838427791e-11,
      5.139639673482343e-12, -1.2891739609498229e-12, 3.348419666052243e-13,
      -8.976705182010146e-14, 2.4771544242195988e-14, -7.0198370892147685e-15,
      2.038703166239861e-15, -6.057047270643018e-16, 1.8380935752430455e-16,
      -5.689462849193648e-17};
  if (x == T(0)) return T(1) / T(0);
  if (!(x > T(0))) return T(0) / T(0);
  if (x > T(2)) return chebyshev(large, T(4) / x - T(1)) / sqrt(x);
  return (chebyshev(small, x * x / T(2) - T(1)) / x + log(x / T(2)) * i1(x)) * exp(x);
}
template <typename T> GG_FN T modified_bessel_k0(T x) {
  return scaled_modified_bessel_k0(x) * exp(-x);
}
template <typename T> GG_FN T modified_bessel_k1(T x) {
  return scaled_modified_bessel_k1(x) * exp(-x);
}

// The C library's; 0 at infinity, of the second kind NaN below 0.
template <typename T> GG_FN T bessel_j0(T x) { return isinf(x) ? T(0) : j0(x); }
template <typename T> GG_FN T bessel_j1(T x) { return isinf(x) ? T(0) : j1(x); }
template <typename T> GG_FN T bessel_y0(T x) {
  return x < T(0) ? T(0) / T(0) : isinf(x) ? T(0) : y0(x);
}
template <typename T> GG_FN T bessel_y1(T x) {
  return x < T(0) ? T(0) / T(0) : isinf(x) ? T(0) : y1(x);
}

// ---------------------------------------------------------------------- incomplete gamma functions
// x^a exp(-x) / gamma(a) by logarithms; for large a by Stirling's series, in which the large parts
// have been subtracted already.
template <typename T> GG_FN T gamma_density(T a, T x) {
  if (a < T(12)) return exp(a * log(x) - x - lgamma(a));
  const T z = T(1) / (a * a), d = (x - a) / a;
  const T rest = (T(1) / T(12) - z * (T(1) / T(360) - z * (T(1) / T(1260) - z / T(1680)))) / a;
  const T apart = fabs(d) < T(0.5) ? log1p(d) - d : log(x / a) - d;
  return exp(a * apart - rest) * sqrt(a / T(6.28318530717958647693));
}

// log(gamma(1 + a)) with all its digits near 0.
template <typename T> GG_FN T lgamma_from_one(T a) {
  if (fabs(a) > T(0.03)) return lgamma(T(1) + a);
  const T tail = T(0.20738555102867398527) - a * (T(0.16955717699740818995)
      - a * (T(0.14404989676884611812) - a * T(0.12550966952474304242)));
  return a * (T(-0.57721566490153286061) + a * (T(0.82246703342411321824)
      - a * (T(0.40068563438653142847) - a * (T(0.27058080842778454788) - a * tail))));
}

// The lower part's series: good for x < a + 1.
template <typename T> GG_FN T gamma_series(T a, T x) {
  T term = T(1) / a, total = term;
  for (int k = 1; k < 5000 && term > total * T(1e-17); ++k) {
    term *= x / (a + T(k));
    total += term;
  }
  return total * gamma_density(a, x);
}

// The upper part's continued fraction, by Lentz's method: good for x >= a + 1.
template <typename T> GG_FN T gamma_fraction(T a, T x) {
  const T least = T(1e-30);
  T b = x + T(1) - a, c = T(1) / least, d = T(1) / b, total = d;
  for (int k = 1; k < 5000; ++k) {
    const T step = -T(k) * (T(k) - a);
    b += T(2);
    d = step * d + b;
    d = fabs(d) < least ? T(1) / least : T(1) / d;
    c = b + step / c;
    c = fabs(c) < least ? least : c;
    total *= c * d;
    if (fabs(c * d - T(1)) < T(1e-16)) break;
  }
  return total * gamma_density(a, x);
}

// The upper part for small a and x: what the lower part leaves of 1 would be lost in rounding.
template <typename T> GG_FN T gamma_remainder(T a, T x) {
  T factor = T(1), total = T(0);
  for (int k = 1; k < 200; ++k) {
    factor *= -x / T(k);
    const T term = factor / (a + T(k));
    total += term;
    if (fabs(term) <= fabs(total) * T(1e-17)) break;
  }
  const T power = a * log(x), size = lgamma_from_one(a);
  return -expm1(power - size) - exp(power - size) * a * total;
}

// Regularised, of a >= 0 and x >= 0; NaN elsewhere.
template <typename T> GG_FN T gammainc(T a, T x) {
  if (!(a >= T(0) && x >= T(0))) return T(0) / T(0);
  if (a == T(0)) return x > T(0) ? T(1) : T(0) / T(0);
  if (x == T(0)) return T(0);
  if (a - a != T(0)) return x - x != T(0) ? T(0) / T(0) : T(0);
  if (x - x != T(0)) return T(1);
  return x < a + T(1) ? gamma_series(a, x) : T(1) - gamma_fraction(a, x);
}
template <typename T> GG_FN T gammaincc(T a, T x) {
  if (!(a >= T(0) && x >= T(0))) return T(0) / T(0);
  if (a == T(0)) return x > T(0) ? T(0) : T(0) / T(0);
  if (x == T(0)) return T(1);
  if (a - a != T(0)) return x - x != T(0) ? T(0) / T(0) : T(1);
  if (x - x != T(0)) return T(0);
  if (x >= a + T(1)) return gamma_fraction(a, x);
  return a < T(1) && x < T(1) ? gamma_remainder(a, x) : T(1) - gamma_series(a, x);
}

// ------------------------------------------------------------------------ orthogonal polynomials
// The polynomial of degree n by its recurrence of three terms. The fraction of n is dropped; 0 for
// a negative degree, NaN for one above 100,000. ``following(now, before, k)`` is the next one.
template <typename T, typename F> GG_FN T polynomial(T n, T first, F following) {
  const T degree = trunc(n);
  if (degree < T(0)) return T(0);
  if (!(degree <= T(100000))) return T(0) / T(0);
  T before = T(1), now = first;
  if (degree == T(0)) return before;
  for (int k = 1; T(k) < degree; ++k) {
    const T next = following(now, before, T(k));
    before = now;
    now = next;
  }
  return now;
}
#define GG_POLYNOMIAL(name, first, following)                               \
  template <typename T> GG_FN T name(T x, T n) {                            \
    auto next = [x](T p, T q, T k) { (void)k; (void)x; return following; }; \
    return polynomial(n, first, next);                                      \
  }

GG_POLYNOMIAL(chebyshev_t, x, (x + x) * p - q)
GG_POLYNOMIAL(chebyshev_u, x + x, (x + x) * p - q)
GG_POLYNOMIAL(chebyshev_v, x + x - T(1), (x + x) * p - q)
GG_POLYNOMIAL(chebyshev_w, x + x + T(1), (x + x) * p - q)
GG_POLYNOMIAL(hermite_h, x + x, (x + x) * p - (k + k) * q)
GG_POLYNOMIAL(hermite_he, x, x * p - k * q)
GG_POLYNOMIAL(laguerre_l, T(1) - x, ((k + k + T(1) - x) * p - k * q) / (k + T(1)))
GG_POLYNOMIAL(legendre_p, x, ((k + k + T(1)) * x * p - k * q) / (k + T(1)))

#undef GG_POLYNOMIAL

}  // namespace gg

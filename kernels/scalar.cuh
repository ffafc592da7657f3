// kernels/scalar.cuh
// The scalar functions of gpugrad.expr.table that C++ has no operator or library function for.
//
// Each states its domain and why it is stable. Values agree with the NumPy path (a test compares).
// Integers reach only the functions that are templates here.
#pragma once
#include "common.cuh"

namespace gg {

// ------------------------------------------------------------------------------------- any type
template <typename T> GG_FN bool isnan(T x) { return x != x; }
template <typename T> GG_FN bool isfinite(T x) { return x - x == T(0); }
template <typename T> GG_FN bool isinf(T x) { return x == x && !(x - x == T(0)); }
template <typename T> GG_FN bool signbit(T x) { return x < T(0); }
template <> GG_FN bool signbit(float x) { return copysign(1.0f, x) < 0.0f; }
template <> GG_FN bool signbit(double x) { return copysign(1.0, x) < 0.0; }

template <typename T> GG_FN T abs(T x) { return x < T(0) ? T(-x) : x; }
template <> GG_FN float abs(float x) { return fabs(x); }    // also of -0
template <> GG_FN double abs(double x) { return fabs(x); }

// -1, 0 or 1; NaN stays NaN.
template <typename T> GG_FN T sign(T x) {
  return x != x ? x : T((x > T(0)) - (x < T(0)));
}

// NaN if either operand is.
template <typename T> GG_FN T maximum(T a, T b) { return a != a || a > b ? a : b; }
template <typename T> GG_FN T minimum(T a, T b) { return a != a || a < b ? a : b; }

// The other operand if one is NaN.
template <typename T> GG_FN T fmax(T a, T b) { return b != b || a >= b ? a : b; }
template <typename T> GG_FN T fmin(T a, T b) { return b != b || a <= b ? a : b; }

template <typename T> GG_FN T relu(T x) { return x != x || x > T(0) ? x : T(0); }

// Integers and truth values only.
template <typename T> GG_FN T bitwise_not(T x) { return T(~x); }
template <> GG_FN bool bitwise_not(bool x) { return !x; }

// To the nearest whole number, ties to even. Integers are whole.
template <typename T> GG_FN T round(T x) { return x; }
template <> GG_FN float round(float x) { return rint(x); }
template <> GG_FN double round(double x) { return rint(x); }
template <typename T> GG_FN T floor(T x) { return x; }
template <typename T> GG_FN T ceil(T x) { return x; }
template <typename T> GG_FN T trunc(T x) { return x; }

// Remainder with the sign of a. Integers: 0 when b is 0, as NumPy has it.
template <typename T> GG_FN T fmod(T a, T b) { return b == T(0) ? T(0) : T(a % b); }

// Remainder with the sign of b.
template <typename T> GG_FN T remainder(T a, T b) {
  const T r = fmod(a, b);
  return r != T(0) && (r < T(0)) != (b < T(0)) ? T(r + b) : r;
}
GG_FN float remainder(float a, float b) {
  const float r = fmod(a, b);
  if (r == 0.0f) return copysign(0.0f, b);
  return (r < 0.0f) != (b < 0.0f) ? r + b : r;
}
GG_FN double remainder(double a, double b) {
  const double r = fmod(a, b);
  if (r == 0.0) return copysign(0.0, b);
  return (r < 0.0) != (b < 0.0) ? r + b : r;
}

// The quotient rounded down, and towards zero. Integers: 0 when b is 0, as NumPy has it.
template <typename T> GG_FN T trunc_divide(T a, T b) { return b == T(0) ? T(0) : T(a / b); }
template <> GG_FN float trunc_divide(float a, float b) { return trunc(a / b); }
template <> GG_FN double trunc_divide(double a, double b) { return trunc(a / b); }
template <typename T> GG_FN T floor_divide(T a, T b) {
  const T q = trunc_divide(a, b);
  return b != T(0) && q * b != a && (a < T(0)) != (b < T(0)) ? T(q - T(1)) : q;
}
// The remainder is taken first: a / b may round up to the next whole number.
template <typename T> GG_FN T floor_quotient(T a, T b) {
  if (b == T(0)) return a / b;
  const T r = fmod(a, b);
  T q = (a - r) / b;
  if (r != T(0) && (r < T(0)) != (b < T(0))) q -= T(1);
  if (q == T(0)) return copysign(T(0), a / b);
  const T down = floor(q);
  return q - down > T(0.5) ? down + T(1) : down;
}
template <> GG_FN float floor_divide(float a, float b) { return floor_quotient(a, b); }
template <> GG_FN double floor_divide(double a, double b) { return floor_quotient(a, b); }

// Integers: by squaring; a negative exponent leaves 0, or the sign where |x| is 1.
template <typename T> GG_FN T pow(T x, T p) {
  if (p < T(0)) return x == T(1) ? T(1) : x == T(-1) ? (p % 2 ? T(-1) : T(1)) : T(0);
  T result = T(1);
  for (T base = x; p > T(0); p = T(p / 2), base = T(base * base))
    if (p % 2) result = T(result * base);
  return result;
}

// --------------------------------------------------------------------------- floating point only
template <typename T> GG_FN T reciprocal(T x) { return T(1) / x; }

#if defined(__CUDACC__) || defined(__CUDACC_RTC__) || defined(__CUDA_ARCH__)
GG_FN float rsqrt(float x) { return ::rsqrtf(x); }
GG_FN double rsqrt(double x) { return ::rsqrt(x); }
#else
template <typename T> GG_FN T rsqrt(T x) { return T(1) / sqrt(x); }
#endif

// Logistic function. exp() only ever sees a non-positive argument, so neither tail overflows.
template <typename T> GG_FN T sigmoid(T x) {
  const T z = exp(-fabs(x));
  return x >= T(0) ? T(1) / (T(1) + z) : z / (T(1) + z);
}

// log(1 + exp(x)). The large part is added outside the logarithm, so nothing overflows, and log1p
// keeps the small one.
template <typename T> GG_FN T softplus(T x) { return maximum(x, T(0)) + log1p(exp(-fabs(x))); }

// log(exp(a) + exp(b)): the larger comes out of the logarithm. Equal infinities stay what they are.
template <typename T> GG_FN T logaddexp(T a, T b) {
  if (a == b) return a + log(T(2));
  const T d = a - b;
  return d != d ? d : maximum(a, b) + log1p(exp(-fabs(d)));
}
template <typename T> GG_FN T logaddexp2(T a, T b) {
  if (a == b) return a + T(1);
  const T d = a - b;
  return d != d ? d : maximum(a, b) + log1p(exp2(-fabs(d))) * T(1.4426950408889634);
}

// a * log(b), 0 where a is 0 whatever b is, unless b is NaN.
template <typename T> GG_FN T xlogy(T a, T b) { return a == T(0) && b == b ? T(0) : a * log(b); }

// Inverse of erf on [-1, 1], NaN outside. A rational first guess, then two Newton steps; in the
// tails these solve erfc(x) = 1 - |y|, where nothing cancels.
template <typename T> GG_FN T erfinv(T y) {
  const T size = fabs(y), rest = T(1) - size;
  if (!(rest >= T(0))) return T(0) / T(0);
  if (rest == T(0)) return y / T(0);
  const T scale = T(0.8862269254527580);   // sqrt(pi) / 2
  if (size <= T(0.7)) {
    const T z = y * y;
    const T top = ((T(-0.140543331) * z + T(0.914624893)) * z - T(1.645349621)) * z
                  + T(0.886226899);
    const T bottom = (((T(0.012229801) * z - T(0.329097515)) * z + T(1.442710462)) * z
                      - T(2.118377725)) * z + T(1);
    T x = y * top / bottom;
    x -= (erf(x) - y) * scale * exp(x * x);
    return x - (erf(x) - y) * scale * exp(x * x);
  }
  const T z = sqrt(-log(rest / T(2)));
  const T top = ((T(1.641345311) * z + T(3.429567803)) * z - T(1.624906493)) * z - T(1.970840454);
  T x = top / ((T(1.637067800) * z + T(3.543889200)) * z + T(1));
  x += (erfc(x) - rest) * scale * exp(x * x);
  return copysign(x + (erfc(x) - rest) * scale * exp(x * x), y);
}

// Derivative of lgamma, everywhere but at the poles 0, -1, ... Reflected for x < 0, with the
// fraction of x taken first so that tan() sees a small argument; raised to 10 by the recurrence;
// then the asymptotic series.
template <typename T> GG_FN T digamma(T x) {
  if (x == T(0)) return copysign(T(1) / T(0), -x);
  T reflected = T(0);
  if (x < T(0)) {
    const T fraction = x - trunc(x);
    if (fraction == T(0) || fraction != fraction) return T(0) / T(0);
    const T pi = T(3.14159265358979323846);
    reflected = pi / tan(pi * fraction);
    x = T(1) - x;
  }
  T sum = T(0);
  for (; x < T(10); x += T(1)) sum -= T(1) / x;
  const T z = T(1) / (x * x);
  const T series = z * (T(8.33333333333333333333E-2) - z * (T(8.33333333333333333333E-3)
      - z * (T(3.96825396825396825397E-3) - z * (T(4.16666666666666666667E-3)
      - z * (T(7.57575757575757575758E-3) - z * (T(2.10927960927960927961E-2)
      - z * T(8.33333333333333333333E-2)))))));
  return sum + (log(x) - T(0.5) / x - series) - reflected;
}

// Hurwitz's zeta function, sum over k >= 0 of (k + q)^-s, for s > 1; Euler-Maclaurin after nine
// terms (Cephes). Infinite at the poles q = 0, -1, ...
template <typename T> GG_FN T zeta(T s, T q) {
  if (s == T(1)) return T(1) / T(0);
  if (s < T(1) || q != q) return T(0) / T(0);
  if (q <= T(0)) {
    if (q == floor(q)) return T(1) / T(0);
    if (s != floor(s)) return T(0) / T(0);
  }
  if (q - q != T(0)) return s == s ? T(0) : s;
  T total = pow(q, -s), a = q, b = T(0);
  for (int k = 0; k < 9 || a <= T(9); ++k) {
    a += T(1);
    b = pow(a, -s);
    total += b;
    // Before 0 meets infinity below; an infinite order stays NaN beyond 1, as SciPy has it.
    if (fabs(b) <= fabs(total) * T(1e-17) && (s - s == T(0) || q <= T(1))) return total;
  }
  total += b * a / (s - T(1)) - T(0.5) * b;
  // (2j)! / B(2j)
  const double denominators[] = {
      12.0, -720.0, 30240.0, -1209600.0, 47900160.0, -1.8924375803183791606e9,
      7.47242496e10, -2.950130727918164224e12, 1.1646782814350067249e14,
      -4.5979787224074726105e15, 1.8152105401943546773e17, -7.1661652561756670113e18};
  T factor = T(1), k = T(0);
  for (int j = 0; j < 12; ++j) {
    factor *= s + k;
    b /= a;
    total += factor * b / T(denominators[j]);
    factor *= s + k + T(1);
    b /= a;
    k += T(2);
  }
  return total;
}

}  // namespace gg

#include "special.cuh"

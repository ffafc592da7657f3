// kernels/elementwise/polynomials.cu
// The elementwise ops of gpugrad/ops/polynomials.py, forward and backward, for every
// combination of inputs that need gradients (all of them from three on).
//
// Printed by tools/print_kernels.py from the declarations: change those, not this file.
#include "../scalar.cuh"

namespace gg {
namespace op {

// Chebyshev's polynomial of the first kind; no gradient.
template <typename T> GG_FN T chebyshev_polynomial_t(T input, T n) {
  return gg::chebyshev_t(input, n);
}

// Chebyshev's polynomial of the second kind; no gradient.
template <typename T> GG_FN T chebyshev_polynomial_u(T input, T n) {
  return gg::chebyshev_u(input, n);
}

// Chebyshev's polynomial of the third kind; no gradient.
template <typename T> GG_FN T chebyshev_polynomial_v(T input, T n) {
  return gg::chebyshev_v(input, n);
}

// Chebyshev's polynomial of the fourth kind; no gradient.
template <typename T> GG_FN T chebyshev_polynomial_w(T input, T n) {
  return gg::chebyshev_w(input, n);
}

// Hermite's polynomial of the physicists; no gradient.
template <typename T> GG_FN T hermite_polynomial_h(T input, T n) {
  return gg::hermite_h(input, n);
}

// Hermite's polynomial of the probabilists; no gradient.
template <typename T> GG_FN T hermite_polynomial_he(T input, T n) {
  return gg::hermite_he(input, n);
}

// Laguerre's polynomial; no gradient.
template <typename T> GG_FN T laguerre_polynomial_l(T input, T n) {
  return gg::laguerre_l(input, n);
}

// Legendre's polynomial; no gradient.
template <typename T> GG_FN T legendre_polynomial_p(T input, T n) {
  return gg::legendre_p(input, n);
}

// Chebyshev's polynomial of the first kind, of 2 * input - 1; no gradient.
template <typename T> GG_FN T shifted_chebyshev_polynomial_t(T input, T n) {
  return gg::chebyshev_t((T(2) * input) - T(1), n);
}

// Chebyshev's polynomial of the second kind, of 2 * input - 1; no gradient.
template <typename T> GG_FN T shifted_chebyshev_polynomial_u(T input, T n) {
  return gg::chebyshev_u((T(2) * input) - T(1), n);
}

// Chebyshev's polynomial of the third kind, of 2 * input - 1; no gradient.
template <typename T> GG_FN T shifted_chebyshev_polynomial_v(T input, T n) {
  return gg::chebyshev_v((T(2) * input) - T(1), n);
}

// Chebyshev's polynomial of the fourth kind, of 2 * input - 1; no gradient.
template <typename T> GG_FN T shifted_chebyshev_polynomial_w(T input, T n) {
  return gg::chebyshev_w((T(2) * input) - T(1), n);
}

}  // namespace op
}  // namespace gg

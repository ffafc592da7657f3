// kernels/planes.cuh
// Arrays seen as planes of up to three dimensions: which entry of which plane a thread makes.
//
// I is the type of positions in a plane: int where planes are small enough, because a GPU divides
// long long slowly.
#pragma once
#include "rows.cuh"

namespace gg {

template <typename I> struct Place {
  Count plane;
  I i0, i1, i2;
  GG_FN Place(Count at, I n0, I n1, I n2) {
    const I volume = n0 * n1 * n2;
    plane = at <= 0x7fffffff ? Count(unsigned(at) / unsigned(volume)) : at / volume;
    const I rest = I(at - plane * volume), line = rest / n2;
    i0 = line / n1;
    i1 = line - i0 * n1;
    i2 = rest - line * n2;
  }
};

}  // namespace gg

#pragma once
#include "kernels/gpu.h"

namespace glpose {

struct Best {
  float value;
  int cell;
};

/// The cell with the largest value(cell), the first of equals, and cell 0 where none is a number above −∞; found by a whole warp, all of whose
/// lanes get it. Lanes look at cells 32 apart and keep their first best; a butterfly finds the warp's.
template <class Value>
__device__ inline Best best_of_warp(int cells, Value value) {
  Best best{-INFINITY, cells};
  for (int cell = threadIdx.x % 32; cell < cells; cell += 32) {
    const float own = value(cell);
    if (own > best.value) best = {own, cell};
  }
  for (int step = 16; step > 0; step /= 2) {
    const float other = __shfl_xor_sync(kWholeWarp, best.value, step);
    const int cell = __shfl_xor_sync(kWholeWarp, best.cell, step);
    if (other > best.value || (other == best.value && cell < best.cell)) best = {other, cell};
  }
  if (best.cell == cells) best.cell = 0;
  return best;
}

}  // namespace glpose

#pragma once
#include "backend/tensor.h"
#include "kernels/for_this_cpu.h"

namespace glpose {

/// Where a cell of one window's grid lies on another's: x' = scale·x + shift_x, y' = scale·y + shift_y, in cells.
struct WarpTransform {
  float scale, shift_x, shift_y;
};

/*
 * warp: maps resampled into other windows of the same aspect, so that a neighbour's own map serves as the map of the key's
 * window: out(x, y) = in(x', y'), bilinear over the four cells around, cells outside count as 0. Padding channels stay 0.
 * Tolerance: 1e-5 of the largest |in| (on a GPU 2^-10, the rounding of a half). No aliasing.
 */
struct WarpArgs {
  int count, height, width, channels;
  const Map* from;                  // [N]
  const Map* to;                    // [N], out
  const WarpTransform* transforms;  // [N], backend memory
};

/// Row y of map n on the CPU.
void warp_row_cpu(const WarpArgs& args, int n, int y, Isa isa);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void warp_reference(const WarpArgs& args);

}  // namespace glpose

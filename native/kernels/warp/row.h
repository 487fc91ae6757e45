#pragma once

namespace glpose {

/*
 * One row of a warp (warp.h), once per instruction set (row.inc compiled with different flags). Plain data and no
 * standard-library types, as in conv/strip.h.
 */
struct WarpRow {
  int height, width, stride;  // of both maps; stride: floats of a pixel
  const float* in;            // whole map
  float* out;                 // the row
  float from_y;               // y', in cells
  float scale, shift_x;       // x' = scale·x + shift_x
};

void warp_row_baseline(const WarpRow& row);
#ifdef GLPOSE_X86
void warp_row_avx2(const WarpRow& row);
void warp_row_avx512(const WarpRow& row);
#endif
#ifdef GLPOSE_ARM64
void warp_row_neon(const WarpRow& row);
#endif

}  // namespace glpose

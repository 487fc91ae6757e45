#pragma once
#include "backend/tensor.h"

namespace glpose {

enum class DecodeMethod { quarter, dark };

/*
 * decode: joints from heat maps H. (x, y) = argmax (the first in row order); both 0 where the maximum is not above 0;
 * the score is the maximum.
 *   quarter  ±0.25 towards the higher neighbour on both axes, only where 1 < x < w−1 and 1 < y < h−1 both hold (the
 *            official HRNet code).
 *   dark     Zhang et al. 2020: one Newton step on the logarithm of the blurred map, only where 1 < x < w−2 and
 *            1 < y < h−2. Gaussian blur with OpenCV's σ for its width, zero border, width 11 (17 on maps over 80 rows
 *            high, whose targets are wider). The blurred map is not rescaled to its old maximum: a factor shifts the
 *            logarithm and moves nothing.
 * Tolerance: argmax exact; dark 1e-3 cells.
 */
struct DecodeArgs {
  int people, joints, height, width;
  DecodeMethod method;
  const Map* heatmaps;  // [B] maps with `joints` channels
  float* out;           // [B, K, 3]: x, y in cells, score
};

/// One joint on the CPU. `pixel_step`: elements from one pixel of the map to the next.
void decode_joint(const float* map, size_t pixel_step, int height, int width, DecodeMethod method, float out[3]);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void decode_reference(const DecodeArgs& args);

}  // namespace glpose

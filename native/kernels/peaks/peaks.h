#pragma once
#include "backend/tensor.h"
#include "kernels/everywhere.h"
#include "kernels/view.h"

namespace glpose {

/// Lower ones are noise; the 0.02 of doubles lies above it.
constexpr float kLowestPeak = 0.02f;
/// Of a heat map, at most.
constexpr int kMostPeaks = 12;

/*
 * peaks: the places that heat maps H offer for their joints. A peak is a cell above kLowestPeak that is the highest of the 3×3 around
 * it, the first of equals in row order.
 *
 *   out[q, i] = x, y in cells, H_q of the i-th of H_q's peaks, by descending height (of equals the first in row order); 0 of what is not
 *   (x, y) = cell + offsets[2q + 1, 2q]              where there are offsets
 *            cell ± 0.25 as decode.h's `quarter`     elsewhere
 *
 * Tolerance: cells exact; places 1e-5 cells on the CPU, what halves hold on a GPU.
 */
struct PeaksArgs {
  int people, joints, height, width;
  const Map* heatmaps;  // [B] maps with `joints` channels
  const Map* offsets;   // [B] maps with y, x of each joint in turns; or null
  float* out;           // [B, K, kMostPeaks, 3]
};

/// Of one joint on the CPU. @param offsets or null @param out [kMostPeaks, 3]
void peaks_of_joint(const View& heatmaps, const View* offsets, int joint, int height, int width, float* out);

/// Whether cell (x, y) is the highest of the 3×3 around it, the first of equals. `at(x, y)` gives the map's value.
template <class At>
GLPOSE_EVERYWHERE bool is_highest(At at, int height, int width, int x, int y) {
  const float value = at(x, y);
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) {
      if (x + dx < 0 || x + dx >= width || y + dy < 0 || y + dy >= height) continue;
      const float other = at(x + dx, y + dy);
      const bool earlier = dy < 0 || (dy == 0 && dx < 0);
      if (other > value || (earlier && other == value)) return false;
    }
  return true;
}

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void peaks_reference(const PeaksArgs& args);

}  // namespace glpose

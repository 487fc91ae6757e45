#pragma once
#include "kernels/layers/layers.h"
#include "kernels/view.h"

namespace glpose {

/// What `pose` says of a joint: x, y, score; and where it was expected, x, y.
constexpr int kPoseNumbers = 5;

/// How far the places in MoveNet's maps are trusted.
struct PoseTrust {
  float offset;    // cells, above 0: of where the maps themselves expect a joint
  float softness;  // cells, above 0: of where the caller does
};

/*
 * pose: the joints of the person who is meant, out of MoveNet's maps (src/estimation/movenet-pose.ts). Places are (y, x) in cells of
 * the h×w map; Q joints; person and own_q as in kernels/locate/locate.h.
 *
 *   e_q    = (h, w) ⊙ expected_q,  weight(d) = (softness / (d + softness))²   where the caller knows
 *            own_q,                weight(d) = 1 / (d + offset)               elsewhere
 *   cell_q = argmax_p heatmaps[q](p) · weight(|p − e_q|)                      the first of equals
 *   out[q] = cell_q + offsets[2q, 2q + 1](cell_q) as x, y;  heatmaps[q](cell_q);  e_q as x, y
 *
 * Heat maps are nowhere below 0.
 * Tolerance, for the same cells: 1e-4 cells on the CPU, what halves hold on a GPU.
 */
struct PoseArgs {
  int batch = 0;
  MapSize size;  // of heatmaps; its channels are Q
  PoseTrust trust;
  const Map* heatmaps = nullptr;  // [Q, h, w]
  const Map* offsets = nullptr;   // [2Q, h, w]
  const Map* regress = nullptr;   // [2Q, h, w]
  const Map* center = nullptr;    // [1, h, w]
  const Map* expected = nullptr;  // [3Q, 1, 1]: y, x as shares of the map, known (0 or 1)
  float* out = nullptr;           // [N, Q, kPoseNumbers]
};

/// One image's maps on the CPU.
struct PoseViews {
  View heatmaps, offsets, regress, center;
  const float* expected;  // [3Q]
};
/// One image on the CPU. @param out [Q, kPoseNumbers]
void pose_of_image(const PoseViews& maps, MapSize size, PoseTrust trust, float* out);

/// The specification as plain loops (reference.cpp, which only the tests compile). Maps as on the CPU.
void pose_reference(const PoseArgs& args);

}  // namespace glpose
